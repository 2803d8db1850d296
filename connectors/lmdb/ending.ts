/**
 * lmdb writes on a thread of its own, which holds the write lock that all processes share and waits for the main thread
 * now and then. A process that ends by `process.exit` or by an error in between waits for that thread, which waits for
 * it: it never ends, and nobody writes ever again. So a process that ends without having closed what it writes to is
 * killed: the lock of a dead process is free, and what it had not committed is as if it had never been. (Node itself
 * calls `process.exit` in a worker whose primary is gone.)
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';

let open = 0;
let idle = false;
let error: unknown;
let watching = false;

function watch(): void {
  watching = true;
  // nothing is under way where the event loop has run dry
  process.on('beforeExit', () => (idle = true));
  process.on('uncaughtExceptionMonitor', (thrown) => (error = thrown));
  process.on('exit', () => {
    if (open === 0 || idle) return;
    // Node would print it later
    if (error !== undefined) writeSync(2, `${inspect(error)}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
}

/** To be called when an lmdb environment has been opened for writing; what it returns, when that has been closed. */
export function writes(): () => void {
  if (!watching) watch();
  open++;
  let closed = false;
  return () => {
    if (!closed) open--;
    closed = true;
  };
}
