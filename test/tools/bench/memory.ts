/** `memory`: RssAnon of the gateway's processes (supervisor, writer, worker) with a million records in the view. */
import { rssAnon } from '../../ground/sockets/city.js';
import type { LargeCity } from './large.js';
import { type BenchRow, round } from './rows.js';
import { childrenOf } from './servers.js';

export async function memoryRow(city: LargeCity): Promise<BenchRow> {
  const parent = city.process.pid ?? 0;
  const samples: number[] = [];
  const parts = {
    supervisor: [parent],
    writer: childrenOf(parent, 'writer.js'),
    worker: childrenOf(parent, 'worker.js'),
  };
  for (let i = 0; i < 5; i++) {
    samples.push(
      Object.values(parts)
        .flat()
        .reduce((sum, pid) => sum + rssAnon(pid), 0) / 1e6,
    );
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const value = Math.max(...samples);
  const each = Object.entries(parts).map(
    ([name, pids]) => `${name} ${round(pids.reduce((sum, pid) => sum + rssAnon(pid), 0) / 1e6)} MB`,
  );
  return {
    id: 'memory',
    what: `RssAnon of the gateway's processes at ${city.records.toLocaleString('en')} records`,
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
  };
}
