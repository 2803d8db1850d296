/** Counts at each write what the journal's thread has left to its event loop. */
import type { FilesHook } from '../../gateway/log/journal/files.js';

const hook: FilesHook = (real, parameter) => ({
  ...real,
  write(fd, bytes, position) {
    const most = new Int32Array(parameter as SharedArrayBuffer);
    const left = process.getActiveResourcesInfo().length;
    if (left > Atomics.load(most, 0)) Atomics.store(most, 0, left);
    Atomics.add(most, 1, 1);
    real.write(fd, bytes, position);
  },
});
export default hook;
