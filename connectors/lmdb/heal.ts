/**
 * `node heal.js FILE`: opens the store and closes it, which writes the number of its newest commit into the memory that its processes share. Run by `env.ts`
 * while that holds the lock of all writers, so that there is no newer one.
 */
import { basename, dirname } from 'node:path';
import { open } from 'lmdb';

const file = process.argv[2] ?? '';
const folder = basename(file) === 'data.mdb';
await open({ path: folder ? dirname(file) : file, noSubdir: !folder, readOnly: true, encoding: 'binary' }).close();
