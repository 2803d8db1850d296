/**
 * Several processes on one store over time: they write, throw, are killed, open it, once more beside, and close, and
 * now and then the number of the newest commit that they share goes back, as it does where LMDB opens a store beside a
 * commit. A map of keys is what must be there after each of them.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { damageOf } from '../../../connectors/lmdb/file.js';
import { randomOf } from '../../tools/faults/random.js';
import type { Order, Put, Read } from './process.js';

const PROCESS = fileURLToPath(new URL('process.js', import.meta.url));
const SLOTS = 3;
const KEYS = 40;
/** ms */
const ANSWERS_WITHIN = 60_000;
/** Of the lock file: magic, format, then the number (LMDB's `MDB_txbody`). */
const NUMBER_AT = 8;
/** Of a head of the data file, behind those of its page. */
const TXN_AT = 24 + 128;

export interface Outcome {
  readonly findings: readonly string[];
  /** How often the number went back before the next write. */
  readonly backs: number;
  readonly steps: number;
}

/**
 * Sets the number that processes share back by `by`; nobody in this process may have the store open, or its locks would
 * go.
 * @returns whether it did
 */
export function setBack(file: string, by: number): boolean {
  const data = openSync(file, 'r');
  const heads = [0, 4096].map((at) => {
    const bytes = Buffer.alloc(8);
    readSync(data, bytes, 0, 8, at + TXN_AT);
    return Number(bytes.readBigUInt64LE());
  });
  closeSync(data);
  const newest = Math.max(...heads);
  if (newest <= by) return false;
  const lock = openSync(file.endsWith('data.mdb') ? file.replace(/data\.mdb$/, 'lock.mdb') : `${file}-lock`, 'r+');
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(newest - by));
  writeSync(lock, bytes, 0, 8, NUMBER_AT);
  closeSync(lock);
  return true;
}

class Holder {
  readonly #child: ChildProcess;
  #waiting: { resolve: (read: Read | undefined) => void; reject: (error: Error) => void } | undefined;
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;

  constructor(file: string) {
    this.#child = fork(PROCESS, [file], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.gone = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    this.ready = new Promise((resolve, reject) => {
      this.#child.on('message', (said: { readonly ready?: true; readonly read?: Read; readonly error?: string }) => {
        if (said.ready === true) resolve();
        else if (said.error !== undefined) this.#waiting?.reject(new Error(said.error));
        else this.#waiting?.resolve(said.read);
      });
      this.#child.once('exit', () => {
        reject(new Error('it ended'));
        this.#waiting?.reject(new Error('it ended'));
      });
    });
    this.ready.catch(() => undefined);
  }

  order(order: Order): Promise<Read | undefined> {
    return new Promise((resolve, reject) => {
      const stuck = setTimeout(() => reject(new Error(`it does not come back: ${order.kind}`)), ANSWERS_WITHIN);
      this.#waiting = {
        resolve: (read) => {
          clearTimeout(stuck);
          resolve(read);
        },
        reject: (error) => {
          clearTimeout(stuck);
          reject(error);
        },
      };
      this.#child.send(order);
    });
  }

  kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    return this.gone;
  }
}

export async function play(dir: string, seed: number, steps: number): Promise<Outcome> {
  const random = randomOf(seed, 'store');
  const pick = (below: number): number => random.between(0, below - 1);
  const file = join(dir, pick(2) === 0 ? 'data.mdb' : 'store');
  const rows = new Map<string, string>();
  let count = 0;
  let backs = 0;
  const findings: string[] = [];
  const start = async (): Promise<Holder> => {
    const holder = new Holder(file);
    await holder.ready;
    return holder;
  };
  const holders = [await start()];
  for (let i = 1; i < SLOTS; i++) holders.push(await start());
  const puts = (): Put[] =>
    Array.from({ length: 1 + pick(4) }, () => [
      pick(KEYS),
      pick(5) === 0 ? '' : `${seed}.${count}.`.padEnd(10 + pick(pick(3) === 0 ? 9000 : 300), 'x'),
    ]);
  /** Keys of their own, since the order in which they are carried out is LMDB's. */
  const several = (): Put[][] =>
    Array.from({ length: 1 + pick(4) }, puts).map((one, i) =>
      one.map(([key, value]): Put => [key * 10 + i + 1000, value]),
    );
  const done = (all: readonly Put[]): void => {
    count += 1;
    for (const [key, value] of all)
      if (value === '') rows.delete(String(key));
      else rows.set(String(key), value);
  };
  const compare = (at: string, read: Read | undefined): void => {
    const wanted = JSON.stringify([count, [...rows].sort(([a], [b]) => (a < b ? -1 : 1))]);
    const found = JSON.stringify([read?.count, Object.entries(read?.rows ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))]);
    if (wanted !== found)
      findings.push(
        `seed ${seed}, ${at}: ${String(count)} transactions and ${String(rows.size)} rows must be there, ` +
          `${String(read?.count)} and ${String(Object.keys(read?.rows ?? {}).length)} are`,
      );
  };

  let step = 0;
  let opened = false;
  for (; step < steps && findings.length === 0; step++) {
    const slot = pick(SLOTS);
    const holder = holders[slot] as Holder;
    // what a reader sees is right again with the next transaction or opening
    let back = false;
    if (pick(4) === 0) {
      back = setBack(file, 1 + pick(2));
      if (back) backs += 1;
    }
    const kind = pick(10);
    const by = pick(3);
    if (kind <= 2) {
      const one = puts();
      await holder.order({ kind: 'sync', by, puts: one });
      done(one);
    } else if (kind <= 4) {
      const writes = several();
      await holder.order({ kind: 'async', by, writes, ...(pick(3) === 0 ? { last: { turns: pick(4) } } : {}) });
      for (const one of writes) done(one);
    } else if (kind === 5) {
      await holder.order({ kind: 'thrown', by, puts: puts(), async: pick(2) === 0 });
    } else if (kind === 6) {
      await holder.kill();
      holders[slot] = await start();
      opened = true;
    } else if (kind <= 8) {
      const writes = several();
      await holder.order({ kind: 'open', by, writes, turns: pick(4) });
      for (const one of writes) done(one);
      opened = true;
    } else {
      const one = puts();
      await holder.order({ kind: 'close', by, puts: one });
      done(one);
      opened = true;
    }
    const reader = holders[pick(SLOTS)] as Holder;
    compare(
      `step ${step}${back ? ', after the number went back' : ''}${opened ? ', opened' : ''}`,
      await reader.order({ kind: 'read', by: pick(3) }),
    );
    opened = false;
  }
  await Promise.all(holders.map((holder) => holder.kill()));
  const damage = damageOf(file);
  if (damage !== undefined) findings.push(`seed ${seed}: the file is damaged: ${damage}`);
  return { findings, backs, steps: step };
}
