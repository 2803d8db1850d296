/**
 * An inbox that is longer than what is sorted together: every item is reached, each part is sorted and narrowed as a
 * plain list, and what goes on record is what was shown.
 */
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { Change } from '../../../gateway/ground/state/port.js';
import type { CaseState } from '../../../gateway/procedures/cases/machine.js';
import { waitingChanges } from '../../../gateway/procedures/cases/waiting.js';
import { calendar } from '../../procedures/cases/office.js';
import { faces } from '../api/faces.js';
import { TANG } from './casework-town.js';
import { linesOf } from './csv.js';

t.setTimeout(120_000);

const HTML = { accept: 'text/html', 'accept-language': 'zh' };
const DAY = 86_400_000;
const MANY = 1130;
const idOf = (n: number): string => `w${String(n).padStart(15, '0')}`;

/** One item that waits, `n` minutes after the first, each with a term of its own. */
function waiting(n: number): CaseState {
  const at = Date.now() - 4 * DAY + n * 60_000;
  const [bundle, item] = n % 3 === 0 ? ['open-company', 'registration'] : ['open-restaurant', 'food-licence'];
  const term = { unit: 'working-days', days: 1 + ((n * 7) % 20) } as const;
  const planned = { authority: 'samr', sure: true, term, after: [], told: false, issues: [], unknown: [] };
  return {
    bundle,
    events: 1,
    phase: 'submitted',
    openedAt: at,
    at,
    submittedAt: at,
    plan: { bundle, authority: 'samr', items: { [item]: planned }, steps: {}, outcomes: {} },
    items: { [item]: { status: 'held', since: at, heldAt: at } },
    steps: {},
    tasks: {},
  };
}

t.test('every item of a long inbox is reached, and each part is sorted and narrowed as a plain list', async (t) => {
  const here = await faces(t);
  const state = openEmbeddedState({ dir: join(here.dataDir, 'state') });
  t.teardown(() => state.close());
  const counts = new Map<string, number>();
  for (let from = 0; from < MANY; from += 200) {
    const all = Array.from({ length: Math.min(200, MANY - from) }, (_, n) =>
      waitingChanges(calendar, { id: idOf(from + n), owner: 'somebody' }, undefined, waiting(from + n)),
    ).flat();
    // a counter once a commit
    for (const change of all)
      if (change.do === 'count') counts.set(change.counter, (counts.get(change.counter) ?? 0) + change.by);
    await state.commit(all.filter(({ do: what }) => what === 'put'));
  }
  await state.commit([...counts].map(([counter, by]): Change => ({ do: 'count', counter, by })));

  const visit = async (path: string): Promise<string> => {
    const { status, text } = await here.visit({ path, headers: HTML }, TANG);
    t.equal(status, 200, path);
    return text;
  };
  const casesIn = (text: string): readonly string[] => {
    const body = text.slice(text.indexOf('<tbody'), text.indexOf('</tbody>'));
    return [...body.matchAll(/href="\/console\/casework\/(w\d{15})"/g)].map(([, id = '']) => id);
  };
  const linkTo = (text: string, words: RegExp): string | undefined =>
    new RegExp(`<a href="([^"]*)"[^>]*>${words.source}`).exec(text)?.[1]?.replaceAll('&amp;', '&');

  const found: string[] = [];
  const parts: number[] = [];
  for (let part: string | undefined = '/console/casework'; part !== undefined; ) {
    const before = found.length;
    let first = '';
    for (let next: string | undefined = part; next !== undefined; ) {
      const text: string = await visit(next);
      if (first === '') first = text;
      const shown = casesIn(text);
      t.match(here.entries.at(-1)?.body, { detail: { ids: shown } }, 'on record is what is shown, and no more');
      found.push(...shown);
      next = /href="([^"]*)" rel="next"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    }
    parts.push(found.length - before);
    part = linkTo(first, /查看其后的部分/);
  }
  t.same(parts, [1000, MANY - 1000]);
  t.equal(new Set(found).size, MANY, 'each once');

  const text = await visit('/console/casework');
  t.match(text, /待办理 1,130/);
  t.match(text, /共 1000 项|共 1,000 项/);
  t.match(text, /以上按最先到期的 1,000 项排序和筛选/);
  const csvOf = async (path: string) => {
    const { status, text } = await here.visit({ path, headers: { ...HTML, accept: '*/*' } }, TANG);
    t.equal(status, 200, path);
    const [heads = [], ...lines] = linesOf(text);
    return { heads, lines };
  };
  const { heads, lines } = await csvOf('/console/casework.csv');
  t.same(heads, ['事项', '所属一件事', '期限', '剩余工作日', '状态', '收到（北京时间）']);
  t.equal(lines.length, 1000);
  t.match(here.entries.at(-1)?.body, { detail: { export: true }, results: 1000 }, 'a file is on record as one');
  for (const [column, at] of [
    ['left', 3],
    ['since', 5],
    ['matter', 1],
  ] as const) {
    const plain = [...lines].sort((a, b) => {
      const [x = '', y = ''] = [a[at], b[at]];
      return at === 3 ? Number(y) - Number(x) : -new Intl.Collator('zh').compare(x, y);
    });
    t.same((await csvOf(`/console/casework.csv?sort=${column}&down=1`)).lines, plain, column);
  }
  await csvOf('/console/casework.csv?sort=');
  const company = await csvOf('/console/casework.csv?matter=open-company');
  t.equal(company.lines.length, Math.ceil(MANY / 3), 'a matter is looked for in all of them, not in the first part');
  const [some] = company.lines;
  const one = await csvOf(`/console/casework.csv?q=${encodeURIComponent(some?.[0]?.split(' · ')[1] ?? '-')}`);
  t.equal(one.lines.length, 1, 'by its number');
  t.match(await visit('/console/casework?state=decide&show=over'), /已逾期/);
  for (const wrong of ['?sort=nothing', '?cols=nothing', '?show=nothing', '?since=2026-13-01'])
    t.equal((await here.visit({ path: `/console/casework${wrong}`, headers: HTML }, TANG)).status, 400, wrong);
  t.equal(
    (await here.visit({ path: '/console/casework.csv', headers: HTML }, { ...TANG, roles: ['case-manager'] })).status,
    403,
    'the inbox is for officers',
  );
});

t.test('cases under way and closed sort as well, what was closed last in front', async (t) => {
  const here = await faces(t);
  const text = (await here.visit({ path: '/console/casework?show=closed', headers: HTML }, TANG)).text;
  t.match(text, /没有办件/);
  const { text: csv } = await here.visit(
    { path: '/console/casework.csv?show=open', headers: { ...HTML, accept: '*/*' } },
    TANG,
  );
  t.same(linesOf(csv), [['办件', '整体状态', '本单位事项', '提交（北京时间）']]);
});
