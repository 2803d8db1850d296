/**
 * A disk that fails: `parameter` is shared memory of [writes until failure, syncs until failure, failures left];
 * negative: never.
 */
import type { Files, FilesHook } from '../../gateway/log/journal/files.js';

const hook: FilesHook = (real, parameter): Files => {
  const counters = new Int32Array(parameter as SharedArrayBuffer);
  const fails = (index: number): boolean => {
    if (Atomics.load(counters, index) < 0) return false;
    if (Atomics.load(counters, index) > 0) {
      Atomics.sub(counters, index, 1);
      return false;
    }
    if (Atomics.sub(counters, 2, 1) > 0) return true;
    Atomics.store(counters, index, -1);
    return false;
  };
  return {
    ...real,
    write(fd, bytes, position) {
      if (fails(0)) {
        // half of it gets there, as on a disk that fills up
        real.write(fd, bytes.subarray(0, bytes.length >> 1), position);
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      }
      real.write(fd, bytes, position);
    },
    datasync(fd) {
      if (fails(1)) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
      real.datasync(fd);
    },
    sync(fd) {
      if (fails(1)) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
      real.sync(fd);
    },
  };
};
export default hook;
