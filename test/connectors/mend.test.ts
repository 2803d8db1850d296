/** Mends are proposed where a mapping can be said otherwise without a guess, and tried by the code that reads rows. */
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Expression, Feed } from '../../connectors/feed.js';
import { type Mend, mendedMapping, proposeMend } from '../../connectors/propose/mend.js';
import { previewHeld, previewSource } from '../../connectors/propose/mend-preview.js';
import { readTerms } from '../../connectors/propose/terms.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { asked, askForRun } from '../../connectors/run/asked.js';
import { loadSourceKinds } from '../../connectors/sources/load.js';
import type { Workspace } from '../../contracts/types.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { digit9, feed as makeFeed } from './fixtures.js';
import { openOffice } from './office.js';

const now = () => new Date('2024-06-01T00:00:00Z');
const { signal } = new AbortController();
const terms = await readTerms(join(packageRoot(), 'connectors/propose/terms.json'));
const csv = { kind: 'csv', path: 'in.csv' };

/** A run of rows that have these cells in one column, and the mend for what came of it. */
async function mendOf(
  t: Tap.Test,
  column: string,
  cells: readonly string[],
  expression: Expression,
  workspace: Partial<Workspace> = {},
): Promise<{ readonly mend: Mend; readonly feed: Feed }> {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const others = ['code', 'name', 'status'].filter((one) => one !== column);
  const rows = cells.map((cell, i) => {
    const own: Readonly<Record<string, string>> = { code: digit9.make(i + 1), name: 'one', status: '' };
    return `${[quote(cell), ...others.map((one) => own[one])].join(',')}\n`;
  });
  writeFileSync(join(dir, 'in.csv'), `${[column, ...others].join(',')}\n${rows.join('')}`);
  const feed = makeFeed(csv, {}, { [column]: expression });
  await office.run({ mapping: feed.mapping });
  const held = await office.quarantine();
  const [first] = held;
  const cause = { code: first?.problems[0]?.code ?? '', field: first?.problems[0]?.field ?? '' };
  const ground = { feed, contract: office.contract, workspace: { ...office.workspace, ...workspace } };
  return { mend: proposeMend(ground, cause, held, terms), feed };
}
declare namespace Tap {
  type Test = import('tap').Test;
}

const kinds = ({ parts }: Mend): readonly string[] => parts.map(({ kind }) => kind);

t.test('a word that is a code by another way of writing is given its code; one that nobody knows is not', async (t) => {
  const words: Expression = { from: 'status', steps: [{ codes: { 开业: 'open', 注销: 'closed', A: 'a' } }] };
  const { mend } = await mendOf(t, 'status', ['開業', '（注销）', 'ａ', '歇业', '开 业'], words);
  t.strictSame(
    new Set(kinds(mend)),
    new Set(['words', 'halfwidth', 'spaces', 'upper'].filter((kind) => kinds(mend).includes(kind))),
  );
  t.equal(mend.left, 1, 'only the word that nobody knows stays');
  const all = JSON.stringify(mend.parts);
  t.notMatch(all, /歇业/, 'and nothing is said of it');
});

t.test('dates are read in another form only where it can be one form', async (t) => {
  const date: Expression = { from: 'since', steps: [{ date: 'yyyy-MM-dd' }] };
  const sure = await mendOf(t, 'since', ['2024/03/31', '2023/12/05', '2024年3月5日', '２０２４－０１－０２'], date);
  t.equal(sure.mend.left, 0);
  t.ok(kinds(sure.mend).includes('date'));
  const mended = mendedMapping(sure.feed.mapping, 'since', sure.mend.parts);
  t.match(JSON.stringify(mended), /yyyy-MM-dd","yyyy\/MM\/dd|yyyy\/MM\/dd/);
});

t.test('a day that could be a month is not touched, nor one that does not exist', async (t) => {
  const date: Expression = { from: 'since', steps: [{ date: 'yyyy-MM-dd' }] };
  t.strictSame(kinds((await mendOf(t, 'since', ['03/04/2020', '05/06/2021'], date)).mend), []);
});

t.test('a day that tells day from month in one row tells it for its column', async (t) => {
  const date: Expression = { from: 'since', steps: [{ date: 'yyyy-MM-dd' }] };
  const { mend } = await mendOf(t, 'since', ['03/04/2020', '31/06/2021', '25/12/2021'], date);
  t.strictSame(kinds(mend), ['date']);
  t.equal(mend.left, 1, 'the thirty-first of June does not exist');
});

t.test('signs within a key go where its check digit holds then; a wrong digit stays wrong', async (t) => {
  const key: Expression = { from: 'code', steps: [{ key: 'digit9' }] };
  const dashed = [1, 22, 333, 4444].map((n) => digit9.make(n).replace(/^(\d{3})(\d{3})/, '$1-$2-'));
  const { mend } = await mendOf(t, 'code', [...dashed, '123-456-780'], key);
  t.strictSame(kinds(mend), ['separator']);
  t.equal(mend.parts[0]?.good, 4);
  t.equal(mend.left, 1, 'the wrong one is not made right');
});

t.test('lost zeros are put back where nearly all are keys then, and not for a single row', async (t) => {
  const key: Expression = { from: 'code', steps: [{ key: 'digit9' }] };
  const short = [11, 12, 13, 14, 15, 16].map((n) => digit9.make(n * 100_000).replace(/^0+/, ''));
  t.strictSame(kinds((await mendOf(t, 'code', short, key)).mend), ['zeros']);
});

t.test('of one short key nothing is said: it may be right by chance', async (t) => {
  const key: Expression = { from: 'code', steps: [{ key: 'digit9' }] };
  t.strictSame(kinds((await mendOf(t, 'code', [digit9.make(5_000_000).replace(/^0+/, '')], key)).mend), []);
});

t.test('numbers by thousands, words for yes and no, words for nothing', async (t) => {
  const score: Expression = { from: 'score', steps: [{ number: {} }] };
  t.strictSame(kinds((await mendOf(t, 'score', ['1,234.5', '12,345,678'], score)).mend), ['group']);
});
t.test('a number that could be two is not read', async (t) => {
  const score: Expression = { from: 'score', steps: [{ number: {} }] };
  t.strictSame(kinds((await mendOf(t, 'score', ['12,34', '七'], score)).mend), []);
});
t.test('words for yes and no', async (t) => {
  const active: Expression = { from: 'active', steps: [{ boolean: { true: ['是'], false: ['否'] } }] };
  const { mend } = await mendOf(t, 'active', ['Y', 'N', '也许'], active);
  t.strictSame(kinds(mend), ['booleans']);
  t.equal(mend.left, 1);
});
t.test('words for nothing, where the field may be without a value', async (t) => {
  const staff: Expression = { from: 'staff', steps: [{ integer: true }] };
  const { mend } = await mendOf(t, 'staff', ['无', '不详', '五人'], staff);
  t.strictSame(kinds(mend), ['empty']);
  t.equal(mend.left, 1);
});

t.test('what a mend would do is what the run does then, for rows that left their source as well', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  const line = (n: number, date: string): string => `${digit9.make(n)},n${String(n)},${date},\n`;
  const head = 'code,name,since,status\n';
  const held = [1, 2, 3].map((n) => line(n, `2024/03/0${String(n)}`)).join('');
  const fine = [4, 5].map((n) => line(n, `2024-03-0${String(n)}`)).join('');
  mkdirSync(join(dir, 'drop'));
  const file = join(dir, 'drop', 'a.csv');
  writeFileSync(file, `${head}${held}${fine}${line(6, '待定')}`);
  utimesSync(file, new Date('2024-01-01T00:00:00Z'), new Date('2024-01-01T00:00:00Z'));
  const source = { kind: 'csv', folder: 'drop', settle: 'PT1S' };
  const feed = makeFeed(source, { snapshot: false }, { since: { from: 'since', steps: [{ date: 'yyyy-MM-dd' }] } });
  await office.run(feed);
  const quarantine = Quarantine.open(office.dataDir, office.contract.id, now);
  const cause = { code: 'bad_value', field: 'since' };
  t.strictSame(await quarantine.causes(), [{ ...cause, rows: 4 }]);
  const ground = { feed, contract: office.contract, workspace: office.workspace };
  const mend = proposeMend(ground, cause, await quarantine.list(), terms);
  t.strictSame(kinds(mend), ['date']);
  const mapping = mendedMapping(feed.mapping, 'since', mend.parts);
  if (mapping === undefined) throw new Error('there is no mend');
  const before = readFileSync(file);
  t.strictSame(await previewHeld(ground, { mapping, cause }, quarantine, { signal }), {
    looked: 4,
    good: 3,
    skipped: 0,
    otherwise: 0,
    same: 1,
    goodOfOthers: 0,
  });
  const kind = (await loadSourceKinds()).get('csv');
  if (kind === undefined) throw new Error('no kind');
  const limits = { most: Infinity, until: Infinity, baseDir: dir, now, signal };
  t.strictSame(await previewSource(ground, mapping, kind, limits), {
    looked: 6,
    whole: true,
    same: 2,
    changed: 0,
    comesIn: 3,
    goesOut: 0,
    bad: 1,
  });
  t.match(await previewSource(ground, mapping, kind, { ...limits, most: 2 }), { looked: 2, whole: false });
  t.same(readFileSync(file), before);
  await quarantine.close();
  t.strictSame(Object.keys(await office.current()).length, 2, 'a preview publishes nothing');

  // the file has left its folder meanwhile, and one of the rows comes again
  rmSync(file);
  const next = join(dir, 'drop', 'b.csv');
  writeFileSync(next, `${head}${line(1, '2024/03/01')}${fine}`);
  utimesSync(next, new Date('2024-02-01T00:00:00Z'), new Date('2024-02-01T00:00:00Z'));
  const report = await office.run({ ...feed, mapping });
  t.match(report, { published: 1, unchanged: 2, notes: { mended_by_mapping: 3 } });
  t.strictSame(Object.values(await office.current()).sort(), ['n1', 'n2', 'n3', 'n4', 'n5']);
  t.equal(report.inQuarantine, 1);
  t.notOk('mended_by_mapping' in (await office.run({ ...feed, mapping })).notes, 'once');

  t.equal(asked(office.state, office.contract.id), false);
  await askForRun(office.state, office.contract.id, now());
  t.equal(asked(office.state, office.contract.id), true);
  await office.run(feed);
  t.equal(asked(office.state, office.contract.id), false, 'the run that was asked for');
  await office.close();
});
