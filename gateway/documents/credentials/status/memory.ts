/** A status store that ends with its process; for tests. */
import { bit, LIST_SIZE, type StatusStore, setBit, takePlace } from '../../model/status.js';

export function memoryStatuses(size: number = LIST_SIZE): StatusStore {
  const lists: { readonly used: Buffer; readonly revoked: Buffer }[] = [];
  return {
    async allocate() {
      for (let list = Math.max(0, lists.length - 1); ; list++) {
        const { used } = (lists[list] ??= { used: Buffer.alloc(size / 8), revoked: Buffer.alloc(size / 8) });
        const index = takePlace(used);
        if (index !== undefined) return { list, index };
      }
    },
    async revoke({ list, index }) {
      const found = lists[list];
      if (found === undefined || !bit(found.used, index)) return false;
      setBit(found.revoked, index);
      return true;
    },
    async read(list) {
      const found = lists[list];
      return found === undefined ? undefined : Buffer.from(found.revoked);
    },
    close: async () => {},
  };
}
