/** Erasures that were ordered after a backup, from wherever something newer than the backup is left. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { auditLayout } from '../../log/entries/layout.js';
import { readErasures } from '../../log/erasure/carry-out.js';
import { FILES, MANIFEST } from './manifest.js';

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
