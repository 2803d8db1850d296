/** All grants of one system are stopped by one act and one reason, each on record by itself, and go on as they were. */
import t from 'tap';
import { readSuspensions, suspensionsDir } from '../../../gateway/answer/inforce/suspensions.js';
import { type Faces, faces } from '../api/faces.js';

const AUTHORITY = { roles: ['sharing-authority'], authority: 'data-bureau' } as const;
const CLIENT = 'food-inspector';
const PATH = `/console/grants/clients/${CLIENT}`;
const HTML = { accept: 'text/html' };

const pageOf = async (here: Faces, path = PATH): Promise<string> =>
  (await here.visit({ path: `${path}?lang=zh`, headers: HTML }, AUTHORITY)).text;
/** Grants of a form of the page, and those of them that are picked. */
function picks(text: string, action: string): { readonly all: readonly string[]; readonly picked: readonly string[] } {
  const from = text.indexOf(`action="${PATH}/${action}"`);
  const form = from < 0 ? '' : text.slice(from, text.indexOf('</form>', from));
  const boxes = [...form.matchAll(/<input\b[^>]*name="grant"[^>]*>/g)].map(([box]) => box);
  const valueOf = (box: string): string => /value="([^"]*)"/.exec(box)?.[1] ?? '';
  return { all: boxes.map(valueOf), picked: boxes.filter((box) => / checked/.test(box)).map(valueOf) };
}
async function send(here: Faces, action: string, reason: string, grants: readonly string[]) {
  const body = new URLSearchParams([
    ['csrf', await here.csrf(AUTHORITY)],
    ['reason', reason],
    ...grants.map((id): [string, string] => ['grant', id]),
  ]);
  return here.visit({ method: 'POST', path: `${PATH}/${action}`, body: body.toString(), headers: HTML }, AUTHORITY);
}

t.test('a system is stopped by one act', async (t) => {
  const here = await faces(t);
  const suspended = (): readonly string[] => [...readSuspensions(suspensionsDir(here.dataDir)).grants.keys()].sort();
  const deeds = (action: string): readonly unknown[] =>
    here.entries.filter(({ body }) => body['action'] === action).map(({ body }) => body['target']);
  const { all, picked } = picks(await pageOf(here), 'suspend');
  t.ok(all.length > 1, `${String(all.length)} grants`);
  t.same(picked, all, 'all of them, unless somebody says otherwise');

  const [first = '', ...others] = all;
  t.equal((await send(here, 'suspend', '单独核查的一项', [first])).status, 303);
  t.same(suspended(), [first]);
  t.equal(
    (await send(here, 'suspend', '疑似超出用途，全部停用', picks(await pageOf(here), 'suspend').all)).status,
    303,
  );
  t.same(suspended(), [...all].sort(), 'nothing is left');
  t.same([...deeds('grant_suspended')].sort(), [...all].sort(), 'each is on record once, under its own name');
  const standing = readSuspensions(suspensionsDir(here.dataDir)).grants;
  t.equal(new Set([...standing.values()].map(({ entry }) => entry)).size, all.length, 'each points to its own entry');
  const text = await pageOf(here);
  t.match(text, new RegExp(`有效 0 项，已暂停 ${String(all.length)} 项`));
  t.notMatch(text, /已全部停用/, 'what this process does not refuse yet is not said to be');

  const again = picks(text, 'resume');
  t.same([...again.all].sort(), [...all].sort());
  t.same([...again.picked].sort(), [...others].sort(), 'what was suspended for another reason is left as it is');
  t.equal((await send(here, 'resume', '核查无异常', again.picked)).status, 303);
  t.same(suspended(), [first]);
  t.same([...deeds('grant_resumed')].sort(), [...others].sort());
});

t.test('nothing is stopped without its entry, nor what is another system’s', async (t) => {
  const here = await faces(t);
  const { all } = picks(await pageOf(here), 'suspend');
  t.equal((await send(here, 'suspend', '疑似超出用途', ['counter-company-register'])).status, 400, 'of another system');
  here.healthy = false;
  t.equal((await send(here, 'suspend', '疑似超出用途', all)).status, 503);
  here.healthy = true;
  t.equal(readSuspensions(suspensionsDir(here.dataDir)).grants.size, 0);
  t.equal((await here.visit({ path: '/console/grants/clients/nobody' }, AUTHORITY)).status, 404);
  t.match(await pageOf(here, '/console/grants'), new RegExp(`href="${PATH}"`), 'the list leads there');
  t.match(
    (
      await here.visit(
        { path: `/console/grants?q=${encodeURIComponent('食品安全监督检查')}`, headers: HTML },
        AUTHORITY,
      )
    ).text,
    new RegExp(`href="${PATH}"`),
    'a purpose is found by its name',
  );
});
