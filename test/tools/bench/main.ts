/**
 * `yitong bench` runs this. argv: `--json`, `--only ID`, `--records N`, `--entries N`, `--minutes N`, `--quick`. Each
 * figure in its own temporary folder on a real disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addedRow } from './added.js';
import { auditRow } from './audit.js';
import { caseRows, inboxRow } from './cases.js';
import { documentRows } from './documents.js';
import { fileRow } from './file.js';
import { freshnessRow } from './freshness.js';
import { heldRows } from './held.js';
import { integrateRows } from './integrate.js';
import { largeRows } from './large.js';
import { limitsRow } from './limits.js';
import { pagesRow } from './pages.js';
import { queryPeerRow } from './peer.js';
import { publishRow } from './publish.js';
import { queryRows } from './query.js';
import { replayRow } from './replay.js';
import { reportRow } from './reports.js';
import type { BenchRow } from './rows.js';
import { searchRow } from './search.js';
import { fileSystem } from './servers.js';
import { steadyRow } from './steady.js';
import { tracedRow } from './traced.js';
import { viewPostgresRows } from './view-postgres.js';

interface Call {
  wanted(id: string): boolean;
  readonly records: number | undefined;
  readonly entries: number | undefined;
  readonly quick: boolean;
  /** Of `steady`. */
  readonly minutes: number;
}

interface Bench {
  readonly ids: readonly string[];
  /** Those of them that `--quick` measures, by fewer rounds and in smaller cities. */
  readonly quick?: readonly string[];
  /** What must be there for them; without it they are skipped. */
  readonly needs?: string;
  /** Undefined where what it needs is not there. */
  run(dir: string, call: Call): Promise<BenchRow[] | undefined>;
}

/** Records and log entries of the city of `pages`, alone and among all figures. */
const PAGES_ALONE = 1_000_000;
const PAGES_AMONG = 100_000;
/** Records of the city of `restart` under `--quick`. */
const QUICK_RECORDS = 20_000;

const benches: readonly Bench[] = [
  { ids: ['query', 'query-p99'], quick: ['query', 'query-p99'], run: (dir, { quick }) => queryRows(dir, quick) },
  {
    ids: ['query-peer'],
    quick: ['query-peer'],
    needs: 'PostgreSQL: install its server, or set YITONG_TEST_POSTGRES',
    run: (dir, { quick }) => queryPeerRow(dir, quick),
  },
  {
    ids: ['query-postgres', 'query-postgres-p99', 'apply-postgres'],
    needs: 'PostgreSQL: install its server, or set YITONG_TEST_POSTGRES',
    run: async (dir, { records, quick, wanted }) =>
      (await viewPostgresRows(dir, { records, quick }))?.filter(({ id }) => wanted(id)),
  },
  { ids: ['query-traced'], run: tracedRow },
  { ids: ['publish'], run: publishRow },
  { ids: ['freshness'], quick: ['freshness'], run: (dir, { quick }) => freshnessRow(dir, quick) },
  { ids: ['audit'], quick: ['audit'], run: (dir, { quick }) => auditRow(dir, quick) },
  { ids: ['audit-added-p99'], run: addedRow },
  {
    ids: ['memory', 'flatness', 'restart', 'rebuild'],
    quick: ['restart'],
    run: (dir, { wanted, records, quick }) => largeRows(dir, wanted, records ?? (quick ? QUICK_RECORDS : undefined)),
  },
  { ids: ['file'], run: (dir, { records }) => fileRow(dir, records) },
  { ids: ['limits'], run: limitsRow },
  { ids: ['held', 'held-tried', 'held-applied'], run: (dir, { records }) => heldRows(dir, records) },
  { ids: ['integrate', 'integrate-p99'], run: integrateRows },
  { ids: ['replay'], run: replayRow },
  { ids: ['report-compute'], quick: ['report-compute'], run: reportRow },
  { ids: ['report-single', 'report-batch'], run: (dir, { wanted }) => documentRows(dir, wanted) },
  { ids: ['cases', 'cases-p99'], run: async (dir, { wanted }) => (await caseRows(dir)).filter(({ id }) => wanted(id)) },
  { ids: ['cases-inbox'], run: inboxRow },
  {
    ids: ['pages'],
    run: (dir, { records, entries }) => {
      const usual = values.only === 'pages' ? PAGES_ALONE : PAGES_AMONG;
      return pagesRow(dir, records ?? usual, entries ?? usual);
    },
  },
  // an hour: only where nothing else is asked for
  {
    ids: ['steady'],
    run: (dir, { minutes }) => (values.only === 'steady' ? steadyRow(dir, minutes) : Promise.resolve([])),
  },
  // ten million entries take a quarter of an hour to make: only where nothing else is asked for
  {
    ids: ['search'],
    run: (dir, { records }) => searchRow(dir, records ?? (values.only === 'search' ? 10_000_000 : 1_000_000)),
  },
];

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    only: { type: 'string' },
    records: { type: 'string' },
    entries: { type: 'string' },
    minutes: { type: 'string' },
    quick: { type: 'boolean' },
  },
});
const refuse = (why: string): never => {
  console.error(why);
  process.exit(2);
};
const quick = values.quick === true;
const known = benches.flatMap(({ ids }) => ids);
if (values.only !== undefined && !known.includes(values.only))
  refuse(`there is no figure \`${values.only}\`; there are ${known.join(', ')}`);
const offered = quick ? benches.flatMap(({ quick: some = [] }) => some) : known;
if (values.only !== undefined && !offered.includes(values.only))
  refuse(`\`--quick\` does not measure \`${values.only}\`; it measures ${offered.join(', ')}`);
const records = values.records === undefined ? undefined : Number(values.records);
if (records !== undefined && !(Number.isInteger(records) && records >= 10_000 && records <= 100_000_000))
  refuse('`--records` is a whole number from 10000 to 100000000');
const entries = values.entries === undefined ? undefined : Number(values.entries);
if (entries !== undefined && !(Number.isInteger(entries) && entries >= 1000 && entries <= 100_000_000))
  refuse('`--entries` is a whole number from 1000 to 100000000');
const minutes = Number(values.minutes ?? '60');
if (!(Number.isInteger(minutes) && minutes >= 1 && minutes <= 1440))
  refuse('`--minutes` is a whole number from 1 to 1440');
const wanted = (id: string): boolean => offered.includes(id) && (values.only === undefined || values.only === id);
const rows: BenchRow[] = [];
const skipped: { readonly id: string; readonly needs: string }[] = [];
for (const bench of benches) {
  const ids = bench.ids.filter(wanted);
  if (ids.length === 0) continue;
  const dir = mkdtempSync(join(tmpdir(), 'yitong-bench-'));
  try {
    const system = fileSystem(dir);
    process.stderr.write(`measuring ${ids.join(', ')} on ${system}, ${cpus().length} cores …\n`);
    const found = await bench.run(dir, { wanted, records, entries, quick, minutes });
    if (found === undefined) skipped.push(...ids.map((id) => ({ id, needs: bench.needs ?? '' })));
    else rows.push(...found);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
if (values.json === true) console.log(JSON.stringify({ rows, skipped }));
else {
  for (const row of rows) {
    const against =
      row.reference === null ? '' : `; reference ${row.reference} ${row.unit}, ratio ${String(row.ratio)}`;
    console.log(
      `${row.holds ? 'holds ' : 'BELOW '} ${row.id}: ${row.value} ${row.unit}${against} ` +
        `[${row.spread.join(' – ')}, ${row.runs} runs]; floor ${row.floor}, aim ${row.aim}`,
    );
    console.log(`       ${row.what}`);
    if (row.note !== undefined) console.log(`       ${row.note}`);
    for (const { name, value, worst, bytes } of row.parts ?? [])
      console.log(`       ${String(value)} ${row.unit}, worst ${String(worst)}, ${String(bytes)} B: ${name}`);
  }
  for (const { id, needs } of skipped) console.log(`skipped ${id}: needs ${needs}`);
  if (quick)
    console.log('quick: fewer rounds and smaller cities, for a look; the figures on record are of `yitong bench`');
}
// what was asked for alone and could not be measured is no yes
if (rows.length === 0) process.exitCode = 2;
else process.exitCode = rows.every((row) => row.holds) ? 0 : 1;
