/**
 * A process with a store open, once or twice, told by its parent what to do; `model.ts` starts several of them on one
 * file.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Env, openEnv } from '../../../connectors/lmdb/env.js';

export type Put = readonly [key: number, value: string];
/** `by` is the opening that is used, of those that the process has. */
export type Order =
  | { readonly kind: 'sync'; readonly by: number; readonly puts: readonly Put[] }
  /** One by each opening in turn; the last of them synchronous and so many turns later, where `last` says so. */
  | {
      readonly kind: 'async';
      readonly by: number;
      readonly writes: readonly (readonly Put[])[];
      readonly last?: { readonly turns: number };
    }
  /** Puts that are taken back by a throw. */
  | { readonly kind: 'thrown'; readonly by: number; readonly puts: readonly Put[]; readonly async: boolean }
  | { readonly kind: 'read'; readonly by: number }
  /** Once more, while the writes are under way. */
  | { readonly kind: 'open'; readonly by: number; readonly writes: readonly (readonly Put[])[]; readonly turns: number }
  /** While what it writes is under way; opens it again where no other opening is left. */
  | { readonly kind: 'close'; readonly by: number; readonly puts: readonly Put[] };
export interface Read {
  readonly count: number;
  readonly rows: Readonly<Record<string, string>>;
}

const [file = ''] = process.argv.slice(2);
const COUNT = Buffer.from('count');

class Opening {
  readonly env: Env<Buffer, Buffer> = openEnv({ file, encoding: 'binary', keyEncoding: 'binary', maxDbs: 3 });
  readonly #rows = this.env.table<string, string>('rows', { encoding: 'string' });

  #count(): number {
    return this.env.root.get(COUNT)?.readDoubleLE(0) ?? 0;
  }

  /** Reads and writes a number that all share, so that a transaction that did not see the one before is found. */
  put(puts: readonly Put[]): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(this.#count() + 1);
    this.env.root.putSync(COUNT, bytes);
    for (const [key, value] of puts)
      if (value === '') this.#rows.removeSync(String(key));
      else this.#rows.putSync(String(key), value);
  }

  read(): Read {
    this.env.root.resetReadTxn();
    const rows = Object.fromEntries([...this.#rows.getRange({})].map(({ key, value }) => [key, value]));
    return { count: this.#count(), rows };
  }
}

const openings = [new Opening()];
const opening = (by: number): Opening => openings[by % openings.length] as Opening;
const MOST = 3;

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

const begun = (by: number, writes: readonly (readonly Put[])[]): Promise<unknown>[] =>
  writes.map((puts, i) => {
    const one = opening(by + i);
    return one.env.write(() => one.put(puts));
  });

async function carryOut(order: Order): Promise<Read | undefined> {
  const { by } = order;
  const one = opening(by);
  if (order.kind === 'sync') one.env.writeSync(() => one.put(order.puts));
  if (order.kind === 'async') {
    const { writes, last } = order;
    const under = begun(by, last === undefined ? writes : writes.slice(0, -1));
    if (last !== undefined) {
      await turns(last.turns);
      const sync = opening(by + writes.length - 1);
      sync.env.writeSync(() => sync.put(writes.at(-1) ?? []));
    }
    await Promise.all(under);
  }
  if (order.kind === 'thrown') {
    const thrown = (): never => {
      one.put(order.puts);
      throw new Error('taken back');
    };
    try {
      if (order.async) await one.env.write(() => one.env.undone(thrown));
      else one.env.writeSync(thrown);
    } catch (error) {
      if ((error as Error).message !== 'taken back') throw error;
    }
  }
  if (order.kind === 'read') return one.read();
  if (order.kind === 'open') {
    const under = begun(by, order.writes);
    await turns(order.turns);
    if (openings.length < MOST) openings.push(new Opening());
    await Promise.all(under);
  }
  if (order.kind === 'close') {
    const under = one.env.write(() => one.put(order.puts));
    openings.splice(by % openings.length, 1);
    await one.env.close();
    if (openings.length === 0) openings.push(new Opening());
    await under;
  }
  return undefined;
}

process.on('message', (order: Order) => {
  carryOut(order).then(
    (read) => process.send?.({ read }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.({ ready: true });
