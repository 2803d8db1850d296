/** Status lists in a folder that all workers of a replica open. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { writes } from '../../../../connectors/write-lock.js';
import { bit, LIST_SIZE, setBit, takePlace, type StatusStore } from './port.js';
import { refuseDamaged } from '../../../../connectors/store-file.js';

/** @param dir of its own; made if it is not there */
export function openStatuses(dir: string, size: number = LIST_SIZE): StatusStore {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'statuses');
  refuseDamaged(path, '`reports/status`', 'put it back from a backup (docs/faults.md)', true);
  const map = open<Buffer, string>({ path, encoding: 'binary', noSubdir: true, maxReaders: 512 });
  const closed = writes();
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
      const place = await map.transaction(() => {
        for (let list = newest(); ; list++) {
          const used = read('used', list) ?? Buffer.alloc(size / 8);
          const index = takePlace(used);
          if (map.get(nameOf('revoked', list)) === undefined) map.putSync(nameOf('revoked', list), Buffer.alloc(size / 8));
          map.putSync(nameOf('used', list), used);
          if (index !== undefined) return { list, index };
        }
      });
      await map.flushed;
      return place;
    },
    async revoke({ list, index }) {
      const done = await map.transaction(() => {
        const [used, revoked] = [read('used', list), read('revoked', list)];
        if (used === undefined || revoked === undefined || !bit(used, index)) return false;
        setBit(revoked, index);
        map.putSync(nameOf('revoked', list), revoked);
        return true;
      });
      await map.flushed;
      return done;
    },
    read(list) {
      // a revocation that another worker has committed in this turn of the loop counts
      map.resetReadTxn();
      return read('revoked', list);
    },
    async close() {
      await map.close();
      closed();
    },
  };
}
