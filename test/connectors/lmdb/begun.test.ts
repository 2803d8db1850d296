/** A store that another process makes at this moment is no damaged one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { damageOf } from '../../../connectors/lmdb/file.js';

const PAGE = 4096;

/** Writes the rest behind what is there, after a while, as the other process does; resolves when it has begun. */
function finishing(file: string, rest: Buffer): Promise<Worker> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { appendFileSync } = require('node:fs');
    parentPort.postMessage('begun');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    appendFileSync(workerData.file, workerData.rest);
  `;
  const worker = new Worker(code, { eval: true, workerData: { file, rest } });
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker));
    worker.once('error', reject);
  });
}

t.test('heads that come page by page', async (t) => {
  const dir = t.testdir();
  const whole = join(dir, 'whole');
  const env = openEnv<string, string>({ file: whole, encoding: 'json' });
  await env.close();
  const bytes = readFileSync(whole);
  t.ok(bytes.length >= 2 * PAGE, 'an empty store has its two heads');
  for (const [name, there] of [
    ['the first head alone', PAGE],
    ['a part of the first head', 100],
  ] as const) {
    const file = join(dir, name);
    writeFileSync(file, bytes.subarray(0, there));
    const worker = await finishing(file, bytes.subarray(there));
    t.equal(damageOf(file), undefined, name);
    await worker.terminate();
    const cut = join(dir, `${name}, cut`);
    writeFileSync(cut, bytes.subarray(0, there));
    t.equal(damageOf(cut), 'it was cut short', `${name}, and nobody makes the rest`);
  }
});
