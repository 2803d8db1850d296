/**
 * A mend by three ways: pages, API and command line refuse the same for the same reasons, and one person is one person
 * whichever way they come. Two people's decision is in the feed's file, by whatever way each of them took it.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { GatewayError, type MendAct } from '../../gateway/client/index.js';
import { until } from './ask.js';
import { Browser } from './browser.js';
import { city, cli } from './city.js';
import { entries, run } from './command.js';

t.setTimeout(240_000);

type Json = Readonly<Record<string, unknown>>;
const DATASET = 'office.shops';
const FEED = 'connectors/feeds/office/shops.json';
const PAGE = `/console/feeds/${DATASET}`;
const CAUSE = { code: 'bad_value', field: 'openedOn' } as const;
const NAMED = `${CAUSE.code}:${CAUSE.field}`;
const CHEN = '陈小静';
const SHEN = '沈大为';

const workspace = join(t.testdir(), 'workspace');
execFileSync(process.execPath, [cli, 'init', workspace]);
const file = (path: string): string => join(workspace, path);
const read = async (path: string): Promise<Json> => JSON.parse(await readFile(file(path), 'utf8')) as Json;
const write = (path: string, content: object): Promise<void> => writeFile(file(path), JSON.stringify(content));

const feed = (await read(FEED)) as { readonly mapping: { readonly fields: Json } };
const before = {
  ...feed,
  schedule: 'PT1H',
  mapping: {
    ...feed.mapping,
    fields: { ...feed.mapping.fields, openedOn: { from: '开业日期', steps: ['trim', { date: 'yyyy-MM-dd' }] } },
  },
};
await write(FEED, before);
await writeFile(
  file('inbox/shops.csv'),
  [
    '统一社会信用代码,店铺名称,所在区,开业日期,座位数',
    ...[1, 2, 3, 4, 5].map(
      (n) => `${uscc.make(n)},店${String(n)},东湖区,${n === 1 ? '2024-03-18' : `2025/06/2${String(n)}`},4`,
    ),
  ].join('\n'),
);
await write('policies/people.json', [
  { id: 'chen', name: CHEN, roles: ['data-officer'], authority: 'office' },
  { id: 'shen', name: SHEN, roles: ['data-officer'], authority: 'office' },
]);
const desk = await read('policies/clients/front-desk.json');
for (const id of ['back-office', 'stranger'])
  await write(`policies/clients/${id}.json`, {
    ...desk,
    ...(id === 'stranger' ? { authority: 'other' } : {}),
    identity: { spiffe: `spiffe://yitong.example/client/${id}` },
  });
await mkdir(file('contracts/datasets/other'));
await write('contracts/datasets/other/authority.json', await read('contracts/datasets/office/authority.json'));

const town = await city(t, { workspace });
const [office, back, stranger] = [await town.as('front-desk'), await town.as('back-office'), await town.as('stranger')];
const browsers = new Map<string, Browser>();
for (const person of ['chen', 'shen']) {
  const browser = new Browser();
  await browser.signIn(town, person);
  browsers.set(person, browser);
}
const browserOf = (person: string): Browser => browsers.get(person) ?? new Browser();

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
  );
const FORMS: Readonly<Record<MendAct, string>> = {
  approve: 'approve',
  refuse: 'withdraw',
  write: 'write',
  undo: 'undo',
};
const CODES = /second_person_needed|state_conflict|not_found|bad_request/;
const cliWith = async (...args: readonly string[]) => {
  const ended = await run('mends', ...args, '--as', 'front-desk', '--api', town.api, '--pki', town.pki, '--json');
  return { ...ended, json: ended.stdout === '' ? {} : (JSON.parse(ended.stdout) as Json) };
};

/** What each way answers to a step: `done`, or the code. */
async function each(act: MendAct, draft: string, who: string): Promise<Readonly<Record<string, string>>> {
  const officer = { id: who };
  const page = await browserOf(who).post(town, PAGE, `${PAGE}/mends/${draft}/${FORMS[act]}`, {});
  const shell = await cliWith(act, DATASET, draft, '--officer', who);
  return {
    page: /\/mends\/[0-9a-f]{16}$/.test(page.location)
      ? 'done'
      : (CODES.exec(page.text)?.[0] ?? `${String(page.status)} ${page.text}`),
    api: await codeOf(office.actOnMend(DATASET, draft, { act, officer })),
    shell: shell.code === 0 ? 'done' : String(shell.json['code'] ?? shell.stderr),
  };
}
const all = (code: string) => ({ page: code, api: code, shell: code });

const rowsHeld = async (): Promise<number> => (await office.quarantine(DATASET)).count;
await until('the rows that are held back', rowsHeld, (count) => count === 4);

t.test('the same is told of why rows are held back, and nobody else is told it', async (t) => {
  const found = await office.mends(DATASET);
  t.same(found, { dataset: DATASET, causes: [{ ...CAUSE, rows: 4 }], drafts: [] });
  t.same((await cliWith('list', DATASET)).json, found);
  const proposed = await office.proposedMend(DATASET, CAUSE);
  t.match(proposed, { rows: 4, looked: 4, left: 0, parts: [{ kind: 'date', good: 4 }] });
  t.match(proposed.parts[0]?.words.zh, /按这样的写法读取日期/);
  t.same((await cliWith('propose', DATASET, '--cause', NAMED, '--dry-run')).json, proposed);
  for (const asked of [
    () => stranger.mends(DATASET),
    () => stranger.proposedMend(DATASET, CAUSE),
    () => stranger.proposeMend(DATASET, { ...CAUSE, officer: { id: 'chen' } }),
    () => stranger.mend(DATASET, '0'.repeat(16)),
    () => stranger.actOnMend(DATASET, '0'.repeat(16), { act: 'approve', officer: { id: 'chen' } }),
  ])
    t.equal(await codeOf(asked()), 'not_publisher');
});

t.test('what is asked for wrongly is refused before anything is on record', async (t) => {
  const officer = { id: 'chen' };
  t.equal(await codeOf(office.proposedMend(DATASET, { code: 'no_such_code' })), 'bad_request');
  t.equal(await codeOf(office.proposeMend(DATASET, { code: 'no_such_code', officer })), 'bad_request');
  t.equal(await codeOf(office.proposeMend(DATASET, { ...CAUSE, officer: { id: '' } })), 'bad_request');
  t.equal(await codeOf(office.proposeMend(DATASET, { ...CAUSE, officer: { id: 'x|y' } })), 'bad_request');
  t.equal(
    await codeOf(office.proposeMend(DATASET, { ...CAUSE, parts: ['0'.repeat(16)], officer })),
    'state_conflict',
    'a part that nobody proposed',
  );
  t.same(await each('approve', '0'.repeat(16), 'chen'), all('not_found'));
  t.same(await each('undo', '0'.repeat(16), 'chen'), all('not_found'));
  t.same(await entries(town.data, '--action', 'mend_proposed'), []);
});

t.test('whoever proposed it does not approve it, by whatever way they come', async (t) => {
  const { id } = await office.proposeMend(DATASET, { ...CAUSE, officer: { id: 'chen', name: CHEN } });
  t.same(await each('approve', id, 'chen'), all('second_person_needed'));
  for (const [client, spelt] of [
    [office, ' Chen'],
    [back, 'chen'],
    [back, 'ＣＨＥＮ'],
  ] as const)
    t.equal(
      await codeOf(client.actOnMend(DATASET, id, { act: 'approve', officer: { id: spelt } })),
      'second_person_needed',
      `as ${spelt} of whichever system`,
    );
  t.match(await office.mend(DATASET, id), {
    standing: 'open',
    acts: ['approve', 'refuse'],
    held: { good: 4 },
    source: { comesIn: 4, changed: 0, goesOut: 0 },
    proposed: { name: CHEN, via: 'front-desk' },
    file: /yyyy\/MM\/dd/,
  });
  t.match(await cliWith('refuse', DATASET, id, '--officer', 'shen', '--name', SHEN), {
    code: 0,
    json: { standing: 'withdrawn', refused: true, acts: [], withdrawn: { name: SHEN } },
  });
  for (const act of ['approve', 'refuse', 'write', 'undo'] as const)
    t.same(await each(act, id, 'shen'), all('state_conflict'), `${act} of one that was refused`);
  const shown = await browserOf('chen').get(town, `${PAGE}/mends/${id}`);
  t.match(shown.text, /已退回[^]*陈小静[^]*经综合窗口[^]*沈大为[^]*经综合窗口/);
});

t.test('proposed on a page and approved over HTTP it is in the file; undone in a shell and on a page', async (t) => {
  const [part] = (await office.proposedMend(DATASET, CAUSE)).parts;
  const rows = `${PAGE}/rows?${new URLSearchParams(CAUSE).toString()}`;
  const made = await browserOf('chen').post(town, rows, `${PAGE}/mends`, { ...CAUSE, part: part?.key ?? '' });
  const id = made.location.slice(made.location.lastIndexOf('/') + 1);
  t.same(await each('approve', id, 'chen'), all('second_person_needed'));
  t.equal(JSON.stringify(await read(FEED)), JSON.stringify(before), 'a draft changes nothing');
  const done = await office.actOnMend(DATASET, id, { act: 'approve', officer: { id: 'shen', name: SHEN } });
  t.match(done, { standing: 'in-force', acts: ['undo'], proposed: { name: CHEN }, approved: { via: 'front-desk' } });
  t.notOk('via' in done.proposed, 'on a page');
  t.match(JSON.stringify(await read(FEED)), 'yyyy/MM/dd');
  t.equal(await until('the rows that were held back', rowsHeld, (count) => count === 0, 60_000), 0);
  for (const act of ['approve', 'refuse', 'write'] as const)
    t.same(await each(act, id, 'shen'), all('state_conflict'), `${act} of one in force`);

  const undo = await cliWith('undo', DATASET, id, '--officer', 'shen');
  t.match(undo, { code: 0, json: { standing: 'open', undoes: id, parts: [], source: { goesOut: 4 } } });
  const undoing = String(undo.json['id']);
  t.same(await each('approve', undoing, 'shen'), all('second_person_needed'));
  const put = await browserOf('chen').post(town, PAGE, `${PAGE}/mends/${undoing}/approve`, {});
  t.equal(put.status, 303);
  t.same(await read(FEED), before, 'the mapping of before');
  t.same(await each('undo', id, 'chen'), all('state_conflict'));
  t.match(
    (await office.mends(DATASET)).drafts.map(({ standing }) => standing),
    ['in-force', 'undone', 'withdrawn'],
  );
});

t.test('each step is on record, by the system, and names nobody in clear', async (t) => {
  const steps = await until(
    'the steps',
    async () =>
      (
        await Promise.all(
          ['mend_proposed', 'mend_approved', 'mend_withdrawn'].map((action) =>
            entries<Json & { readonly by: string }>(town.data, '--action', action),
          ),
        )
      ).map((found) => found.map(({ by }) => by).sort()),
    (found) => found.flat().length >= 6,
  );
  t.same(steps, [['data-officer', 'front-desk', 'front-desk'], ['data-officer', 'front-desk'], ['front-desk']]);
  const shown = await entries(town.data, '--action', 'mends_shown');
  t.ok(shown.length > 3);
  t.notMatch(JSON.stringify([shown, town.said()]), /陈小静|沈大为|2025\/06/);
});
