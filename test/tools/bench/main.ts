/**
 * `yitong bench` runs this. argv: `--json`, `--only ID`, `--records N`. Each figure in its own temporary folder on a
 * real disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addedRow } from './added.js';
import { auditRow } from './audit.js';
import { documentRows } from './documents.js';
import { freshnessRow } from './freshness.js';
import { integrateRows } from './integrate.js';
import { largeRows } from './large.js';
import { limitsRow } from './limits.js';
import { publishRow } from './publish.js';
import { queryRows } from './query.js';
import { replayRow } from './replay.js';
import { reportRow } from './reports.js';
import type { BenchRow } from './rows.js';
import { searchRow } from './search.js';
import { fileSystem } from './servers.js';
import { tracedRow } from './traced.js';

const benches: readonly {
  readonly ids: readonly string[];
  run(dir: string, wanted: (id: string) => boolean, records?: number): Promise<BenchRow[]>;
}[] = [
  { ids: ['query', 'query-p99'], run: queryRows },
  { ids: ['query-traced'], run: tracedRow },
  { ids: ['publish'], run: publishRow },
  { ids: ['freshness'], run: freshnessRow },
  { ids: ['audit'], run: auditRow },
  { ids: ['audit-added-p99'], run: addedRow },
  { ids: ['memory', 'flatness', 'restart', 'rebuild'], run: largeRows },
  { ids: ['limits'], run: limitsRow },
  { ids: ['integrate', 'integrate-p99'], run: integrateRows },
  { ids: ['replay'], run: replayRow },
  { ids: ['report-compute'], run: reportRow },
  { ids: ['report-single', 'report-batch'], run: documentRows },
  // ten million entries take a quarter of an hour to make: only where nothing else is asked for
  {
    ids: ['search'],
    run: (dir, _, records) => searchRow(dir, records ?? (values.only === 'search' ? 10_000_000 : 1_000_000)),
  },
];

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, only: { type: 'string' }, records: { type: 'string' } },
});
const rows: BenchRow[] = [];
const known = benches.flatMap(({ ids }) => ids);
if (values.only !== undefined && !known.includes(values.only)) {
  console.error(`there is no figure \`${values.only}\`; there are ${known.join(', ')}`);
  process.exit(2);
}
const records = values.records === undefined ? undefined : Number(values.records);
if (records !== undefined && !(Number.isInteger(records) && records >= 10_000 && records <= 100_000_000)) {
  console.error('`--records` is a whole number from 10000 to 100000000');
  process.exit(2);
}
const wanted = (id: string): boolean => values.only === undefined || values.only === id;
for (const bench of benches) {
  if (values.only !== undefined && !bench.ids.includes(values.only)) continue;
  const dir = mkdtempSync(join(tmpdir(), 'yitong-bench-'));
  try {
    const system = fileSystem(dir);
    process.stderr.write(`measuring ${bench.ids.join(', ')} on ${system}, ${cpus().length} cores …\n`);
    rows.push(...(await bench.run(dir, wanted, records)));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
if (values.json === true) console.log(JSON.stringify({ rows }));
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
  }
}
process.exitCode = rows.every((row) => row.holds) ? 0 : 1;
