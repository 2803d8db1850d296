/**
 * `flatness`: main-thread CPU of one query among few records and among many, in alternating rounds; its reference is
 * itself at 10,000.
 */
import { statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { stories } from '../../e2e/stories.js';
import { type LargeCity, loadCity, viewFile } from './large.js';
import type { LoadOptions, LoadResult } from './load.js';
import { answerBytes, spreadOver, writeBodies } from './question.js';
import { type BenchRow, median, ratioRow, round } from './rows.js';
import { childrenOf, keepAwake, load, pinMainThread } from './servers.js';

const FEW = 10_000;
const ROUNDS = 5;
const MS = 4000;
/** Of the many, asked in turn: far more than would stay in a processor's caches. */
const ASKED = 20_000;

function optionsFor(dir: string, city: LargeCity): LoadOptions {
  const worker = childrenOf(city.process.pid ?? 0, 'worker.js')[0];
  if (worker === undefined) throw new Error('no worker process was found');
  pinMainThread(worker, 0);
  const bodies = join(dir, `bodies-${city.records}`);
  writeBodies(bodies, spreadOver(city.subjects, ASKED));
  const { client } = stories.allowed;
  return {
    port: Number(new URL(city.api).port),
    ca: join(city.pki, 'ca.pem'),
    cert: join(city.pki, 'clients', client, 'cert.pem'),
    key: join(city.pki, 'clients', client, 'key.pem'),
    connections: 32,
    warmupMs: 1500,
    ms: MS,
    path: '/v1/query',
    bodies,
    pid: worker,
  };
}

export async function flatnessRow(dir: string, large: LargeCity): Promise<BenchRow> {
  const small = await loadCity(join(dir, 'small'), FEW);
  try {
    const [few, many] = [optionsFor(dir, small), optionsFor(dir, large)];
    const bytes = [await answerBytes(small, small.subjects), await answerBytes(large, large.subjects)];
    const rounds: { few: LoadResult; many: LoadResult }[] = [];
    const sleep = keepAwake([0, 1]);
    try {
      for (let i = 0; i < ROUNDS; i++) rounds.push({ few: await load(few, 1), many: await load(many, 1) });
    } finally {
      sleep();
    }
    const errors = rounds.reduce((sum, one) => sum + one.few.errors + one.many.errors, 0);
    if (errors > 0) throw new Error(`${errors} answers were errors`);
    const file = statSync(viewFile(large.data)).size;
    const rates = (of: 'few' | 'many'): number => round(median(rounds.map((one) => one[of].perSecond)));
    return ratioRow(
      {
        id: 'flatness',
        what:
          `main-thread CPU of a query at ${large.records.toLocaleString('en')} records, against itself at ` +
          `${small.records.toLocaleString('en')}`,
        unit: 'µs',
        floor: '≤ 1.25',
        aim: '1.1',
        note:
          `${rates('many')} requests/s against ${rates('few')}; answers of ${bytes[1]} and ${bytes[0]} B; the ` +
          `view's file has ${round(file / 1e6)} MB, this machine ${round(totalmem() / 1e9)} GB of memory`,
      },
      rounds.map((one) => ({ value: one.many.serverMicros, reference: one.few.serverMicros })),
      (ratio) => ratio <= 1.25,
    );
  } finally {
    await small.stop();
  }
}
