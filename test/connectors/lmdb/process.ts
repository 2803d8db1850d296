/** A process with a store open, told by its parent what to do; `model.ts` starts several of them on one file. */
import { type Env, openEnv } from '../../../connectors/lmdb/env.js';

export type Put = readonly [key: number, value: string];
export type Order =
  | { readonly kind: 'sync'; readonly puts: readonly Put[] }
  /** All begun in one turn, the last of them synchronous where `last` says so. */
  | { readonly kind: 'async'; readonly writes: readonly (readonly Put[])[]; readonly last: boolean }
  /** Puts that are taken back by a throw. */
  | { readonly kind: 'thrown'; readonly puts: readonly Put[]; readonly async: boolean }
  | { readonly kind: 'read' }
  | { readonly kind: 'close' };
export interface Read {
  readonly count: number;
  readonly rows: Readonly<Record<string, string>>;
}

const [file = ''] = process.argv.slice(2);
let env: Env<Buffer, Buffer> = openEnv({ file, encoding: 'binary', keyEncoding: 'binary', maxDbs: 3 });
const table = () => env.table<string, string>('rows', { encoding: 'string' });
let rows = table();
const COUNT = Buffer.from('count');
const count = (): number => env.root.get(COUNT)?.readDoubleLE(0) ?? 0;

/** Reads and writes a number that all share, so that a transaction that did not see the one before is found. */
function put(puts: readonly Put[]): void {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(count() + 1);
  env.root.putSync(COUNT, bytes);
  for (const [key, value] of puts)
    if (value === '') rows.removeSync(String(key));
    else rows.putSync(String(key), value);
}

async function carryOut(order: Order): Promise<Read | undefined> {
  if (order.kind === 'sync') env.writeSync(() => put(order.puts));
  if (order.kind === 'async') {
    const begun = order.writes.slice(0, order.last ? -1 : undefined).map((puts) => env.write(() => put(puts)));
    const last = order.writes.at(-1);
    if (order.last && last !== undefined) env.writeSync(() => put(last));
    await Promise.all(begun);
  }
  if (order.kind === 'thrown') {
    const thrown = (): never => {
      put(order.puts);
      throw new Error('taken back');
    };
    try {
      if (order.async) await env.write(() => env.undone(thrown));
      else env.writeSync(thrown);
    } catch (error) {
      if ((error as Error).message !== 'taken back') throw error;
    }
  }
  if (order.kind === 'read') {
    env.root.resetReadTxn();
    return { count: count(), rows: Object.fromEntries([...rows.getRange({})].map(({ key, value }) => [key, value])) };
  }
  if (order.kind === 'close') {
    await env.close();
    env = openEnv({ file, encoding: 'binary', keyEncoding: 'binary', maxDbs: 3 });
    rows = table();
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
