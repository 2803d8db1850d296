/** Erasures that were ordered after a backup, from wherever something newer than the backup is left. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { openEmbeddedState } from '../../ground/state/lmdb/state.js';
import { embeddedDir } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { auditLayout } from '../../log/entries/layout.js';
import { destroySharedKeysAgain, erasedSharedKeys } from '../../log/entries/sealing-keys.js';
import { readErasures } from '../../log/erasure/carry-out.js';
import { FILES, MANIFEST } from './manifest.js';
import { dropPassing } from './passing.js';

/** In a data folder that was restored. @returns how much it was */
export async function dropPassingIn(dataDir: string): Promise<number> {
  const state = stateIn(dataDir);
  return state === undefined ? 0 : await dropPassing(state).finally(() => state.close());
}

/** The state of a data folder or of a backup; undefined where it has none. */
const stateIn = (dataDir: string): State | undefined => {
  const dir = embeddedDir(dataDir);
  return existsSync(join(dir, 'store')) ? openEmbeddedState({ dir }) : undefined;
};

/**
 * Pseudonyms under which keys stood in the state that was moved into a data folder, and were destroyed.
 * @param from as `erasedIn`; a file of pseudonyms names none of them
 */
export async function erasedFromStateIn(from: string): Promise<readonly string[]> {
  const path = resolve(from);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  const state = stateIn(existsSync(join(path, MANIFEST)) ? join(path, FILES) : path);
  if (state === undefined) return [];
  try {
    const found: string[] = [];
    for await (const pseudonym of erasedSharedKeys(state)) found.push(pseudonym);
    return found;
  } finally {
    await state.close();
  }
}

/** Destroys them in a data folder that was restored. @returns how many there were */
export async function eraseFromStateAgain(dataDir: string, pseudonyms: readonly string[]): Promise<number> {
  const state = pseudonyms.length === 0 ? undefined : stateIn(dataDir);
  if (state === undefined) return 0;
  try {
    return await destroySharedKeysAgain(state, pseudonyms);
  } finally {
    await state.close();
  }
}

/**
 * Pseudonyms that were erased.
 * @param from a data folder, a backup, or a file of pseudonyms (32 hexadecimal digits), one a line
 * @throws YitongError `bad_request` if it is none of them; `log_invalid` if the list in it is damaged
 */
export function erasedIn(from: string): readonly string[] {
  const path = resolve(from);
  const stat = statSync(path, { throwIfNoEntry: false });
  const place = { file: path };
  if (stat === undefined)
    throw new YitongError('bad_request', 'there is nothing here that could name erasures', { place });
  if (stat.isDirectory()) {
    const data = existsSync(join(path, MANIFEST)) ? join(path, FILES) : path;
    if (!existsSync(auditLayout(data).bodies))
      throw new YitongError('bad_request', 'this folder holds no log that could name erasures', { place });
    return Object.keys(readErasures(data).erased);
  }
  if (basename(path) === 'erasures' && basename(dirname(path)) === 'audit')
    return Object.keys(readErasures(dirname(dirname(path))).erased);
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0 || !lines.every((line) => /^[0-9a-f]{32}$/.test(line)))
    throw new YitongError('bad_request', 'a file of erasures has a pseudonym (32 hexadecimal digits) a line', {
      place,
    });
  return lines;
}
