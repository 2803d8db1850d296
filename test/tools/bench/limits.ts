/**
 * `limits`: what a connector holds more than for three rows, for poison of every source kind and for a large register;
 * and the writer, for poison on a topic.
 */

import { once } from 'node:events';
import { createWriteStream, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { key, makeCity, type Outcome, runConnector, writeFeed } from '../../ground/sockets/city.js';
import { poisons } from '../../ground/sockets/poison.js';
import { poisonTopic } from '../../ground/sockets/topic.js';
import { type BenchRow, round } from './rows.js';

const POISON_BYTES = Number(process.env['YITONG_BENCH_POISON_BYTES'] ?? 10_000_000);
const CSV_BYTES = Number(process.env['YITONG_BENCH_CSV_BYTES'] ?? 1_000_000_000);
const FLOOR = 100;

/** Rows of about 200 bytes, each another key. */
async function writeRegister(file: string, bytes: number): Promise<void> {
  const out = createWriteStream(file);
  out.write('k,n,d\n');
  let written = 0;
  for (let n = 0; written < bytes; ) {
    let piece = '';
    for (const end = n + 500; n < end; n++)
      piece += `${key(n)},company number ${n} ${'of the register '.repeat(10)},district ${n % 100}\n`;
    written += piece.length;
    if (!out.write(piece)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
}

export async function limitsRow(dir: string): Promise<BenchRow[]> {
  const city = join(dir, 'city');
  const inbox = join(city, 'inbox');
  await makeCity(city);
  let count = 0;
  const run = async (source: object): Promise<Outcome> => {
    writeFeed(city, source);
    const data = join(dir, `data${++count}`);
    mkdirSync(data);
    try {
      return await runConnector(city, data);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  };
  writeFileSync(join(inbox, 'few.csv'), `k,n,d\n${[1, 2, 3].map((n) => `${key(n)},shop ${n},east\n`).join('')}`);
  const base = (await run({ kind: 'csv', path: 'inbox/few.csv' })).most;
  const grown: { what: string; megabytes: number }[] = [];
  let wrong = 0;
  for (const { what, make, published, code, failed } of poisons) {
    const { source, close } = await make(inbox, POISON_BYTES);
    const { report, stderr, most } = await run(source);
    await close?.();
    const right =
      failed === true
        ? report === undefined && stderr.includes(code)
        : report?.published === published && (report.codes[code] ?? 0) > 0;
    if (!right) wrong += 1;
    grown.push({ what, megabytes: (most - base) / 1e6 });
    process.stderr.write(`  ${right ? '' : 'WRONG OUTCOME '}${what}: ${round((most - base) / 1e6)} MB\n`);
  }
  writeFeed(city, { kind: 'csv', path: 'inbox/few.csv' });
  const topic = await poisonTopic(city, join(dir, 'topic'), POISON_BYTES);
  grown.push({ what: 'poison on a topic, the writer', megabytes: topic.grown / 1e6 });
  if (topic.poisoned !== topic.sent || topic.records !== 1) wrong += 1;
  process.stderr.write(`  ${topic.sent} poisoned records on a topic: the writer ${round(topic.grown / 1e6)} MB\n`);
  const file = join(inbox, 'register.csv');
  await writeRegister(file, CSV_BYTES);
  const started = performance.now();
  const { report, most } = await run({ kind: 'csv', path: 'inbox/register.csv' });
  grown.push({ what: 'csv register', megabytes: (most - base) / 1e6 });
  if (report?.state !== 'complete' || report.quarantined > 0 || report.published !== report.rows) wrong += 1;
  const register =
    `${round(statSync(file).size / 1e9)} GB CSV of ${report?.rows.toLocaleString('en') ?? '?'} rows in ` +
    `${Math.round((performance.now() - started) / 1000)} s: ${round((most - base) / 1e6)} MB`;
  process.stderr.write(`  ${register}\n`);
  grown.sort((a, b) => b.megabytes - a.megabytes);
  const [largest, least] = [grown[0]?.megabytes ?? NaN, grown.at(-1)?.megabytes ?? NaN];
  return [
    {
      id: 'limits',
      what:
        `RssAnon of the connector above that for three rows (${round(base / 1e6)} MB): ${poisons.length} kinds ` +
        `of poison of ${round(POISON_BYTES / 1e6)} MB, and a large register`,
      value: round(largest),
      unit: 'MB',
      reference: null,
      ratio: null,
      floor: `< ${FLOOR}`,
      aim: '< 50',
      holds: largest < FLOOR && wrong === 0,
      runs: grown.length,
      spread: [round(least), round(largest)],
      note: `${register}; most: ${grown
        .slice(0, 3)
        .map(({ what, megabytes }) => `${what} ${round(megabytes)} MB`)
        .join('; ')}${wrong === 0 ? '' : `; ${wrong} outcomes were wrong`}`,
    },
  ];
}
