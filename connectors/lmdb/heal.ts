/**
 * `node heal.js FILE`: opens the store and closes it, which writes the number of its newest commit into the memory that
 * its processes share. Run by `handle.ts` while that holds the lock of all writers, so that there is no newer one.
 */
import { open } from 'lmdb';
import { pathOf } from './file.js';

await open({ ...pathOf(process.argv[2] ?? ''), readOnly: true, encoding: 'binary' }).close();
