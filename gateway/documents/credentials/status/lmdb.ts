/** Status lists in a folder that all workers of a replica open. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../../connectors/lmdb/file.js';
import { bit, LIST_SIZE, type StatusStore, setBit, takePlace } from '../../model/status.js';

/** All lists of a folder, in order, as whoever takes them over reads them. */
export async function listsIn(dir: string): Promise<readonly { readonly used: Buffer; readonly revoked: Buffer }[]> {
  const env = openEnv<Buffer, string>({
    file: join(dir, 'statuses'),
    encoding: 'binary',
    maxReaders: 512,
    readOnly: true,
  });
  try {
    const lists: { readonly used: Buffer; readonly revoked: Buffer }[] = [];
    for (;;) {
      const used = env.root.get(`used ${String(lists.length)}`);
      const revoked = env.root.get(`revoked ${String(lists.length)}`);
      if (used === undefined || revoked === undefined) return lists;
      lists.push({ used: Buffer.from(used), revoked: Buffer.from(revoked) });
    }
  } finally {
    await env.close();
  }
}

/** @param dir of its own; made if it is not there */
export function openStatuses(dir: string, size: number = LIST_SIZE): StatusStore {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'statuses');
  refuseDamaged(path, '`reports/status`', 'put it back from a backup (docs/faults.md)', true);
  const env = openEnv<Buffer, string>({ file: path, encoding: 'binary', maxReaders: 512 });
  const map = env.root;
  chmodSync(path, 0o600);
  const nameOf = (what: 'used' | 'revoked', list: number): string => `${what} ${String(list)}`;
  // what the map gives is its own memory
  const read = (what: 'used' | 'revoked', list: number): Buffer | undefined => {
    const found = map.get(nameOf(what, list));
    return found === undefined ? undefined : Buffer.from(found);
  };
  /** The newest list; lists are few, and only the newest is given from. */
  const newest = (): number => {
    let list = 0;
    while (map.get(nameOf('used', list + 1)) !== undefined) list++;
    return list;
  };

  return {
    async allocate() {
      return env.write(() => {
        for (let list = newest(); ; list++) {
          const used = read('used', list) ?? Buffer.alloc(size / 8);
          const index = takePlace(used);
          if (map.get(nameOf('revoked', list)) === undefined)
            map.putSync(nameOf('revoked', list), Buffer.alloc(size / 8));
          map.putSync(nameOf('used', list), used);
          if (index !== undefined) return { list, index };
        }
      });
    },
    async revoke({ list, index }) {
      return env.write(() => {
        const [used, revoked] = [read('used', list), read('revoked', list)];
        if (used === undefined || revoked === undefined || !bit(used, index)) return false;
        setBit(revoked, index);
        map.putSync(nameOf('revoked', list), revoked);
        return true;
      });
    },
    async read(list) {
      // a revocation that another worker has committed in this turn of the loop counts
      map.resetReadTxn();
      return read('revoked', list);
    },
    close: () => env.close(),
  };
}
