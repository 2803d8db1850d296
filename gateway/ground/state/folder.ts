/** The store of a data folder's own state, made beside its place, which it takes in one step when it is whole. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncDir } from '../files/durable.js';
import { openEmbeddedRows } from './lmdb/rows.js';
import { embeddedDir } from './open.js';
import type { RowTarget } from './rows.js';
import { wholeRow } from './taken.js';

/** Where it is made. */
const MOVING = 'moving';
/** Revision with which a folder's own state begins. */
const FIRST = 1;

/** From now on all stands in it, beside the keys and uploads of its folder. */
export async function markOwn(rows: RowTarget): Promise<void> {
  await rows.write('documents', [wholeRow('own', FIRST)]);
  // also where nothing was in it: what is done next has a revision of its own
  await rows.goOnFrom(FIRST);
}

/**
 * One at a time, and nothing may use the store that is there, of which nothing is left. Where it is cut off, or `fill`
 * throws, that one stays as it is.
 * @param dir as `embeddedDir` says it
 * @param fill gets its rows, and the folder in which it stands meanwhile
 */
export async function makeStore<T>(
  dir: string,
  fill: (rows: ReturnType<typeof openEmbeddedRows>, coming: string) => Promise<T>,
): Promise<T> {
  const coming = join(dir, MOVING);
  rmSync(coming, { recursive: true, force: true });
  mkdirSync(coming, { recursive: true, mode: 0o700 });
  const rows = openEmbeddedRows(coming);
  let made: T;
  try {
    made = await fill(rows, coming);
  } finally {
    await rows.close();
  }
  renameSync(join(coming, 'store'), join(dir, 'store'));
  syncDir(dir);
  rmSync(coming, { recursive: true, force: true });
  return made;
}

/** Begins the state of a data folder that is new: all that people do stands in it from now on. */
export async function beginStore(data: string): Promise<void> {
  const dir = embeddedDir(data);
  await makeStore(dir, markOwn);
  syncDir(dirname(dir));
}
