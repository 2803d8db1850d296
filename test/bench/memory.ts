/** `memory`: RssAnon of the gateway's processes (supervisor, writer, worker) with a million records in the view. */
import { get } from 'node:https';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { round, type BenchRow } from './rows.js';
import { childrenOf, rssAnon, startCity } from './servers.js';

/** Records a company in the reference city, about; found again at each run from what was loaded. */
const COMPANIES = Number(process.env['YITONG_BENCH_COMPANIES'] ?? 77_500);

function recordsShown(people: string, ca: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${people}/?lang=en`, { ca }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(Number((/<b>([\d,]+)<\/b><span>current records/.exec(text)?.[1] ?? 'NaN').replaceAll(',', ''))));
    }).on('error', reject);
  });
}

export async function memoryRow(dir: string): Promise<BenchRow[]> {
  const city = await startCity(join(dir, 'memory'), ['--companies', String(COMPANIES)]);
  try {
    const records = await recordsShown(city.people, readFileSync(join(city.pki, 'ca.pem')));
    const parent = city.process.pid ?? 0;
    const samples: number[] = [];
    const parts = { supervisor: [parent], writer: childrenOf(parent, 'writer.js'), worker: childrenOf(parent, 'worker.js') };
    for (let i = 0; i < 5; i++) {
      samples.push(Object.values(parts).flat().reduce((sum, pid) => sum + rssAnon(pid), 0) / 1e6);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    const value = Math.max(...samples);
    const each = Object.entries(parts).map(([name, pids]) => `${name} ${round(pids.reduce((sum, pid) => sum + rssAnon(pid), 0) / 1e6)} MB`);
    return [
      {
        id: 'memory',
        what: `RssAnon of the gateway's processes at ${records.toLocaleString('en')} records`,
        value: round(value),
        unit: 'MB',
        reference: null,
        ratio: null,
        floor: '< 400',
        aim: '< 200',
        holds: value < 400,
        runs: samples.length,
        spread: [round(Math.min(...samples)), round(value)],
        note: each.join(', '),
      },
    ];
  } finally {
    await city.stop();
  }
}
