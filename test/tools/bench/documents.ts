/**
 * `report-single`, `report-batch`: from a report's model to its signed PDF, one after the other and a hundred at once
 * on two threads.
 */
import { join } from 'node:path';
import { pdfPool } from '../../../gateway/documents/pdf/pool.js';
import { openDocumentSigner } from '../../../gateway/documents/pdf/signer.js';
import { initPki, issueDocumentSigner } from '../../../gateway/operate/pki/authority.js';
import { sampleReport } from '../../documents/reports/sample.js';
import { type BenchRow, median, quantile, round, spread } from './rows.js';

const DOMAINS = 41;
const ONE_BY_ONE = 200;
const BATCH = 100;
const ROUNDS = 5;
/** ms */
const SINGLE = { floor: 100, aim: 50 };
/** s */
const MANY = { floor: 3, aim: 1.5 };

export async function documentRows(dir: string, wanted: (id: string) => boolean): Promise<BenchRow[]> {
  const pki = join(dir, 'pki');
  await initPki(pki);
  await issueDocumentSigner(pki, 'Bench');
  const sign = openDocumentSigner(join(pki, 'documents'));
  const pool = pdfPool({ threads: 2 });
  const at = new Date();
  const render = (n: number): Promise<number> => {
    const code = `BENCH-${String(n)}`;
    return pool
      .render(sampleReport({ domains: DOMAINS, seed: n }), {
        code,
        url: `https://verify.yunzhou.example/verify/${code}`,
        sign,
        at,
      })
      .then(({ bytes }) => bytes.length);
  };
  // threads that run for hours are warm
  await Promise.all(Array.from({ length: 20 }, (_, n) => render(n)));
  const rows: BenchRow[] = [];
  let size = 0;
  if (wanted('report-single')) {
    const p95s: number[] = [];
    const medians: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) {
      const times: number[] = [];
      for (let n = 0; n < ONE_BY_ONE / ROUNDS; n++) {
        const started = performance.now();
        size = await render(turn * ONE_BY_ONE + n);
        times.push(performance.now() - started);
      }
      p95s.push(quantile(times, 0.95));
      medians.push(median(times));
    }
    const value = median(p95s);
    rows.push({
      id: 'report-single',
      what: `model of one company and ${String(DOMAINS)} domains → signed PDF, p95`,
      value: round(value),
      unit: 'ms',
      reference: null,
      ratio: null,
      floor: `< ${String(SINGLE.floor)}`,
      aim: String(SINGLE.aim),
      holds: value < SINGLE.floor,
      runs: ROUNDS,
      spread: [round(spread(p95s)[0]), round(spread(p95s)[1])],
      note: `median ${String(round(median(medians)))} ms; ${String(Math.round(size / 1024))} kB`,
    });
  }
  if (wanted('report-batch')) {
    const seconds: number[] = [];
    const cpu: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) {
      const before = process.cpuUsage();
      const started = performance.now();
      await Promise.all(Array.from({ length: BATCH }, (_, n) => render(turn * BATCH + n)));
      seconds.push((performance.now() - started) / 1000);
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1e6);
    }
    const value = median(seconds);
    rows.push({
      id: 'report-batch',
      what:
        `${String(BATCH)} signed PDFs of one company and ${String(DOMAINS)} domains, asked for at once, two ` +
        'threads',
      value: round(value),
      unit: 's',
      reference: null,
      ratio: null,
      floor: `< ${String(MANY.floor)}`,
      aim: String(MANY.aim),
      holds: value < MANY.floor,
      runs: ROUNDS,
      spread: [round(spread(seconds)[0]), round(spread(seconds)[1])],
      note: `${String(round(median(cpu)))} s of processor time`,
    });
  }
  await pool.close();
  return rows;
}
