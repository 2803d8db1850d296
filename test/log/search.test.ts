import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import t from 'tap';
import { present } from '../../contracts/present.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { openJournal } from '../../gateway/log/journal/journal.js';
import { BLOCK } from '../../gateway/log/search/block.js';
import type { Evidence } from '../../gateway/log/search/export/evidence.js';
import { checkExport, type ExportFormat, exportEntries } from '../../gateway/log/search/export/export.js';
import { type FoundEntry, openSearch, type SearchIndex, type SearchQuery } from '../../gateway/log/search/index.js';
import { HOUR, latencyQuantile } from '../../gateway/log/search/summary.js';
import { startSequencer } from '../../gateway/log/sequencer/sequencer.js';
import { openAuditSigners } from '../../gateway/log/store/signer.js';
import { type Draft, storedLog } from './stored.js';

// twenty thousand entries, decrypted by every question
t.setTimeout(180_000);

const START = Date.parse('2026-03-01T00:00:00Z');
const CLIENTS = ['tax-app', 'bank-app', 'credit-centre'];
const DATASETS = ['samr.company', 'tax.arrears', 'court.judgment'];
const SUBJECTS = 40;

const itemOf = (n: number): string => `i-${n % 4}`;
/** Entries of before the item stood under the subject's key. */
const isOld = (n: number): boolean => n % 3 === 0;

/** Entry `n` of a log that is the same on each run. */
function draft(n: number): Draft {
  const pick = <T>(of: readonly T[], salt: number): T | undefined => of[(n * 7919 + salt * 104_729) % of.length];
  const datasets = DATASETS.filter((_, i) => (n >> i) % 2 === 0).map((dataset, i) => ({
    dataset,
    grant: `g-${dataset}`,
    effect: (n + i) % 11 === 0 ? 'deny' : 'allow',
    fields: ['name'],
    records: n % 3,
  }));
  return {
    clear: {
      type: 'released',
      time: new Date(START + n * 250).toISOString(),
      requestId: `r-${n}`,
      client: pick(CLIENTS, 1),
      authority: 'tax',
      purpose: n % 5 === 0 ? 'audit' : 'loan',
      ...(isOld(n) ? { item: itemOf(n) } : {}),
      datasets,
      bytes: n,
    },
    subject: `uscc:${(n * 31) % SUBJECTS}`,
    details: { ...(isOld(n) ? {} : { item: itemOf(n) }), caseId: `case-${n % 97}`, actor: `officer-${n % 13}` },
  };
}

async function all(search: SearchIndex, query: SearchQuery, pageSize: number, oldestFirst = false): Promise<number[]> {
  const found: number[] = [];
  for (let after: number | undefined; ; ) {
    const page = await search.page(query, { limit: pageSize, oldestFirst, ...present({ after }) });
    found.push(...page.entries.map(({ index }) => index));
    if (page.next === undefined) return found;
    after = page.next;
  }
}

interface Body {
  readonly client: string;
  readonly purpose: string;
  readonly datasets: readonly { readonly dataset: string; readonly effect: string }[];
}

/** The same question asked of each draft by hand. */
function byHand(size: number, query: SearchQuery): number[] {
  return Array.from({ length: size }, (_, n) => n).filter((n) => {
    const { clear, subject, details } = draft(n);
    const body = clear as unknown as Body;
    const time = START + n * 250;
    return (
      (query.client === undefined || body.client === query.client) &&
      (query.purpose === undefined || body.purpose === query.purpose) &&
      (query.item === undefined || itemOf(n) === query.item) &&
      (query.dataset === undefined || body.datasets.some(({ dataset }) => dataset === query.dataset)) &&
      (query.provider === undefined || body.datasets.some(({ dataset }) => dataset.startsWith(`${query.provider}.`))) &&
      (query.result === undefined || body.datasets.some(({ effect }) => effect === query.result)) &&
      (query.subject === undefined || subject === query.subject) &&
      (query.caseId === undefined || details?.['caseId'] === query.caseId) &&
      (query.actor === undefined || details?.['actor'] === query.actor) &&
      (query.request === undefined || clear['requestId'] === query.request) &&
      (query.since === undefined || time >= query.since) &&
      (query.until === undefined || time < query.until)
    );
  });
}

t.test('whatever is asked, search finds exactly what a walk over all entries finds', async (t) => {
  const data = t.testdir();
  const log = storedLog(data);
  const size = BLOCK + 3000;
  log.add(Array.from({ length: size }, (_, n) => draft(n)));
  const search = openSearch(data);
  t.teardown(async () => {
    await search.close();
    await log.close();
  });
  const some = <T>(of: readonly T[]): fc.Arbitrary<T | undefined> =>
    fc.option(fc.constantFrom(...of), { nil: undefined });
  const n = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
  const query = fc.record(
    {
      client: some([...CLIENTS, 'nobody']),
      purpose: some(['loan', 'audit']),
      item: some(['i-1', 'i-9']),
      dataset: some(DATASETS),
      provider: some(['samr', 'court']),
      result: some(['allow', 'deny'] as const),
      subject: fc.option(
        n(SUBJECTS).map((i) => `uscc:${i}`),
        { nil: undefined },
      ),
      caseId: fc.option(
        n(99).map((i) => `case-${i}`),
        { nil: undefined },
      ),
      actor: fc.option(
        n(13).map((i) => `officer-${i}`),
        { nil: undefined },
      ),
      since: fc.option(
        n(size).map((i) => START + i * 250),
        { nil: undefined },
      ),
      until: fc.option(
        n(size).map((i) => START + i * 250),
        { nil: undefined },
      ),
    },
    { requiredKeys: [] },
  );
  const defined = (asked: Record<string, unknown>): SearchQuery =>
    Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  await fc.assert(
    fc.asyncProperty(query, fc.boolean(), async (given, oldestFirst) => {
      const asked = defined({ client: 'tax-app', ...given });
      const expected = byHand(size, asked);
      const found = await all(search, asked, 700, oldestFirst);
      return JSON.stringify(found) === JSON.stringify(oldestFirst ? expected : expected.reverse());
    }),
    { numRuns: 20 },
  );
  t.same(await all(search, { request: 'r-19000' }, 10), [19_000]);
  t.equal(readdirSync(auditLayout(data).search).length, 1, 'a full block is kept');

  // more entries come, and the index of what was the last block goes on; then a process without any memory sees the
  // same
  log.add(Array.from({ length: BLOCK }, (_, i) => draft(size + i)));
  const asked = { caseId: 'case-5', client: 'bank-app' };
  const expected = byHand(size + BLOCK, asked).reverse();
  t.ok(expected.length > 100);
  t.same(await all(search, asked, 50), expected);
  rmSync(auditLayout(data).search, { recursive: true });
  writeFileSync(join(data, 'unrelated'), '');
  const other = openSearch(data);
  t.same(await all(other, asked, 50), expected, 'made again from the bodies alone');
  t.equal(await other.catchUp(), 0);
  await other.close();
});

t.test('an erased subject is found by nothing, and the rest stays', async (t) => {
  const data = t.testdir();
  const log = storedLog(data);
  log.add(Array.from({ length: 300 }, (_, n) => draft(n)));
  const search = openSearch(data);
  const of = await all(search, { subject: 'uscc:31' }, 100);
  t.ok(of.length > 5);
  const entry = search.entry(of[0] ?? 0, true);
  t.match(entry, { opened: { subject: 'uscc:31', details: { actor: String } } });
  const details = entry?.opened?.details as { caseId: string; actor: string };
  log.add([{ clear: { type: 'administration', action: 'erasure', time: new Date(START).toISOString(), by: 'test' } }]);
  for (const index of of) log.erase(index, 300);
  log.keys.destroy(log.keys.get('uscc:31')?.pseudonym ?? '');
  await search.close();
  const after = openSearch(data);
  t.teardown(async () => {
    await after.close();
    await log.close();
  });
  t.same(await all(after, { subject: 'uscc:31' }, 100), []);
  t.notOk(
    (await all(after, { caseId: details.caseId }, 100)).some((index) => of.includes(index)),
    'nor by its case',
  );
  t.notOk(
    (await all(after, { actor: details.actor }, 100)).some((index) => of.includes(index)),
    'nor by who asked',
  );
  t.match(after.entry(of[0] ?? 0, true), {
    erasedBy: 300,
    body: { type: 'released', subject: undefined },
    opened: undefined,
  });
  t.equal(
    (await all(after, { client: 'tax-app' }, 1000)).length,
    byHand(300, { client: 'tax-app' }).length,
    'that somebody asked stays on record',
  );
});

t.test('an overview of any hours adds up to what the entries say', async (t) => {
  const data = t.testdir();
  const log = storedLog(data);
  const size = BLOCK + 5000;
  log.add(Array.from({ length: size }, (_, n) => draft(n)));
  log.add([
    {
      clear: {
        type: 'completed',
        time: new Date(START).toISOString(),
        client: 'tax-app',
        answers: [100, 100, 100, 9000].map((microseconds, i) => ({
          requestId: `r-${i}`,
          status: 200,
          bytes: 1,
          microseconds,
          aborted: false,
        })),
      },
    },
    {
      clear: {
        type: 'refused_before_identity',
        time: new Date(START).toISOString(),
        source: '10.0.0.1',
        code: 'certificate_expired',
        count: 7,
      },
    },
  ]);
  const search = openSearch(data);
  t.teardown(async () => {
    await search.close();
    await log.close();
  });
  const second = await search.overview(START + HOUR, START + 2 * HOUR);
  const expected = byHand(size, { since: START + HOUR, until: START + 2 * HOUR });
  t.same(Object.keys(second.hours), [String(START + HOUR)]);
  const hour = second.hours[String(START + HOUR)];
  t.equal(hour?.requests, expected.length);
  t.same(
    hour?.clients['bank-app']?.[0],
    byHand(size, { since: START + HOUR, until: START + 2 * HOUR, client: 'bank-app' }).length,
  );
  t.same(
    hour?.datasets['tax.arrears']?.[0],
    byHand(size, { since: START + HOUR, until: START + 2 * HOUR, dataset: 'tax.arrears' }).length,
  );
  const whole = await search.overview(START, START + 24 * HOUR);
  const first = whole.hours[String(START)];
  t.equal(
    Object.values(whole.hours).reduce((sum, { requests }) => sum + requests, 0),
    size,
  );
  t.same(first?.refused, { certificate_expired: 7 });
  const p50 = latencyQuantile(first?.latency ?? {}, 0.5) ?? 0;
  t.ok(p50 > 80 && p50 < 125, 'a quantile is right within a fifth');
  t.ok((latencyQuantile(first?.latency ?? {}, 0.99) ?? 0) > 7200);
  t.equal(whole.grants['g-tax.arrears']?.fields['name'], whole.grants['g-tax.arrears']?.last);
});

/** The evidence of each line, read as somebody else would. */
function evidenceOf(format: ExportFormat, text: string): Evidence[] {
  if (format === 'csv') {
    // further rows of an entry repeat no evidence; a text that begins like a formula has an apostrophe before it
    const plain = (cell: string | undefined): string => cell?.replace(/^'(?=[=+@-])/, '') ?? '';
    return (parse(text, { columns: true, bom: true }) as Record<string, string>[])
      .filter((row) => row['body'] !== '')
      .map((row) => ({
        index: Number(row['index']),
        text: plain(row['body']),
        salt: plain(row['salt']),
        path: plain(row['path (between them `; `)'])
          .split('; ')
          .filter((hash) => hash !== ''),
        ...(row['checkpoint'] === '' ? {} : { checkpoint: Buffer.from(row['checkpoint'] ?? '', 'base64').toString() }),
      }));
  }
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const value = JSON.parse(line) as Evidence & { body: unknown; unmapped: { evidence: Evidence } };
      return format === 'ocsf' ? value.unmapped.evidence : { ...value, text: JSON.stringify(value.body) };
    });
}

t.test("each line of an export is proved by the log's key alone, and a changed one is found", async (t) => {
  const data = t.testdir();
  const origin = 'log.test/city';
  const signers = openAuditSigners(data, { origin, replica: 'replica-1.test' });
  const journal = await openJournal({
    dir: join(data, 'journal'),
    name: 'w1',
    keys: { dir: auditLayout(data).subjectKeys },
    signer: signers.replica,
    now: Date.now,
  });
  await Promise.all(
    Array.from({ length: 700 }, (_, n) => {
      const { clear, subject = '', details } = draft(n);
      return journal.append({ clear: JSON.stringify(clear), subject: { subject, json: JSON.stringify(details) } });
    }),
  );
  await journal.close();
  const sequencer = startSequencer({
    dataDir: data,
    signer: signers.log,
    origin,
    now: Date.now,
    interval: 0,
    onAlert: () => undefined,
  });
  await sequencer.runOnce();
  await sequencer.stop();
  const search = openSearch(data);
  t.teardown(() => search.close());
  for (const format of ['ndjson', 'csv', 'ocsf'] as const) {
    let text = '';
    for await (const piece of exportEntries(data, search, format, { client: 'tax-app' }, { open: true })) text += piece;
    const lines = evidenceOf(format, text);
    t.equal(lines.length, byHand(700, { client: 'tax-app' }).length);
    t.same(checkExport(lines, origin, [signers.log]), { proved: lines.length, erased: 0, unproved: 0 });
    const changed = lines.map((line, i) =>
      i === 17 ? { ...line, text: line.text.replace('tax-app', 'bad-app') } : line,
    );
    t.throws(() => checkExport(changed, origin, [signers.log]), { code: 'log_invalid' });
    const moved = lines.map((line, i) => (i === 17 ? { ...line, index: line.index + 1 } : line));
    t.throws(() => checkExport(moved, origin, [signers.log]), { code: 'log_invalid' });
    t.match(text, 'officer-', 'whoever may resolve subjects sees the case handler');
  }
  let closed = '';
  for await (const piece of exportEntries(data, search, 'csv', {})) closed += piece;
  t.notMatch(closed, 'officer-');
  t.notMatch(closed, /uscc:/);
});

t.test('a cell that a spreadsheet would run is text', async (t) => {
  const data = t.testdir();
  const log = storedLog(data);
  log.add([
    {
      clear: {
        type: 'released',
        time: new Date(START).toISOString(),
        client: '=cmd|calc',
        item: 'a"b,c',
        datasets: [],
      },
    },
  ]);
  const search = openSearch(data);
  t.teardown(async () => {
    await search.close();
    await log.close();
  });
  let text = '';
  for await (const piece of exportEntries(data, search, 'csv', {})) text += piece;
  const [row] = parse(text, { columns: true, bom: true }) as Record<string, string>[];
  t.match(row, { client: "'=cmd|calc", item: 'a"b,c' });
  t.match((await search.page({}, { limit: 1 })).entries[0] as FoundEntry, { index: 0 });
});
