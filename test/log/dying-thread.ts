/** Ends the journal's thread in the middle of a commit, without a word, once the flag is set. */
import type { FilesHook } from '../../gateway/log/journal/files.js';

const hook: FilesHook = (real, parameter) => ({
  ...real,
  write(fd, bytes, position) {
    // in a worker thread this ends the thread only
    if (Atomics.exchange(new Int32Array(parameter as SharedArrayBuffer), 0, 0) === 1) process.exit(1);
    real.write(fd, bytes, position);
  },
});
export default hook;
