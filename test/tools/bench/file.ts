/**
 * `file`: a file of a million records, made beside a gateway: memory of its maker, its time of processor a record, which
 * says more than the time of the clock where the machine has other work, and both.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { connect, connectionOf, type OrderedFile } from '../../../gateway/client/index.js';
import { DATASET, PURPOSE, publishShops, shopOf, shopsWorkspace } from '../../e2e/shops.js';
import { rssAnon } from '../../ground/sockets/city.js';
import { type BenchRow, round } from './rows.js';
import { childrenOf, startCity } from './servers.js';

const LOOK = 200;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** µs of processor that a process and its threads have had; a tick of the kernel is 10 ms. */
function cpuOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return 0;
  }
}

export async function fileRow(dir: string, records = 1_000_000): Promise<BenchRow[]> {
  const workspace = join(dir, 'workspace');
  await shopsWorkspace(workspace, 1);
  const city = await startCity(join(dir, 'file'), ['--workspace', workspace]);
  const desk = connect(await connectionOf(city.api, city.pki, 'front-desk'));
  try {
    await publishShops(workspace, city.data, records, '店');
    const query = { purpose: PURPOSE, subject: shopOf(records - 1), datasets: [{ id: DATASET }] };
    while ((await desk.query(query)).datasets[0]?.records.length !== 1) await pause(LOOK);
    const began = performance.now();
    const { id } = await desk.orderFile({ purpose: PURPOSE, dataset: DATASET, format: 'ndjson' });
    const samples: number[] = [];
    let cpu = 0;
    let file: OrderedFile;
    for (;;) {
      file = await desk.file(id);
      if (file.state !== 'ordered' && file.state !== 'making') break;
      for (const pid of childrenOf(city.process.pid ?? 0, 'files.js')) {
        samples.push(rssAnon(pid) / 1e6);
        cpu = Math.max(cpu, cpuOf(pid));
      }
      await pause(LOOK);
    }
    const seconds = (performance.now() - began) / 1000;
    const value = Math.max(...samples);
    return [
      {
        id: 'file',
        what: `RssAnon of the maker of a file of ${file.progress.records.toLocaleString('en')} records`,
        value: round(value),
        unit: 'MB',
        reference: null,
        ratio: null,
        floor: '< 200',
        aim: '< 120',
        holds: file.state === 'ready' && value < 200,
        runs: samples.length,
        spread: [round(Math.min(...samples)), round(value)],
        note:
          `${file.state}, ${String(file.bytes ?? 0)} bytes of NDJSON in ${String(Math.round(seconds))} s, ` +
          `${String(Math.round(file.progress.records / seconds))} records a second, ` +
          `${String(Math.round(cpu / Math.max(file.progress.records, 1)))} µs of processor a record, load ` +
          `${String(Math.round(loadavg()[0] ?? 0))}; each subject has an entry of its own`,
      },
    ];
  } finally {
    desk.close();
    await city.stop();
  }
}
