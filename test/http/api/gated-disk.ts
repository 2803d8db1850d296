/**
 * A disk whose fdatasync waits for a gate. `parameter` is shared memory of [gate: 0 open, 1 closed; syncs that have
 * begun; syncs that have ended].
 */
import type { FilesHook } from '../../../gateway/log/journal/files.js';

const hook: FilesHook = (real, parameter) => {
  const state = new Int32Array(parameter as SharedArrayBuffer);
  return {
    ...real,
    datasync(fd) {
      Atomics.add(state, 1, 1);
      Atomics.notify(state, 1);
      Atomics.wait(state, 0, 1);
      real.datasync(fd);
      Atomics.add(state, 2, 1);
    },
  };
};
export default hook;
