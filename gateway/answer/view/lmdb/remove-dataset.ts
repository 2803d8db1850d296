/**
 * Takes one dataset out of the view, in pieces: each is a transaction, so that readers and other topics are not held
 * up.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { isEmpty, without } from '../packed/head.js';
import type { DataSource } from '../packed/state.js';
import type { CheckedMap } from './checked.js';
import type { Store } from './store.js';

/** Keys that one transaction looks at. */
const PIECE = 5000;

/** @param write one transaction */
export async function removeDataset(
  store: Store,
  source: DataSource,
  write: (work: () => void) => void,
): Promise<void> {
  const { number } = source;
  await inPieces(store.heads, write, (key, value) => {
    const head = without(value, number);
    if (head === value) return;
    if (isEmpty(head)) store.heads.remove(key);
    else store.heads.put(key, head);
  });
  for (const map of [store.records, store.history]) {
    await inPieces(map, write, (key) => {
      const end = key.indexOf(0);
      if (key.readUInt16BE(end + 1) === number) map.remove(key);
    });
  }
  await inPieces(store.poison, write, (key) => {
    if (key.indexOf(0) === Buffer.byteLength(source.topic) && key.toString('utf8', 0, key.indexOf(0)) === source.topic)
      store.poison.remove(key);
  });
}

async function inPieces(
  map: CheckedMap,
  write: (work: () => void) => void,
  look: (key: Buffer, value: Buffer) => void,
): Promise<void> {
  for (let start: Buffer | undefined = Buffer.alloc(0); start !== undefined; ) {
    const from: Buffer = start;
    let last: Buffer | undefined;
    write(() => {
      // what is looked at is taken out of the map before anything is changed in it
      const piece = [...map.getRange({ start: from, limit: PIECE })].map(({ key, value }) => ({
        key: Buffer.from(key),
        value: Buffer.from(value),
      }));
      for (const { key, value } of piece) look(key, value);
      last = piece.length < PIECE ? undefined : piece.at(-1)?.key;
    });
    start = last === undefined ? undefined : Buffer.concat([last, Buffer.alloc(1)]);
    await turn();
  }
}
