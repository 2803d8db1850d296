/** What somebody says of a log beyond what is at hand, from the options `--checkpoint` and `--no-newer`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import type { Knowledge } from '../operate/backup/continue.js';

/** @throws YitongError `bad_request` */
export function knowledgeOf(checkpoint: string | undefined, word: string | undefined): Knowledge {
  if (word !== undefined) {
    if (word.length > 500) throw new YitongError('bad_request', 'the word must have at most 500 characters');
    return { kind: 'none', word };
  }
  if (checkpoint === undefined) return { kind: 'unknown' };
  const file = resolve(checkpoint);
  try {
    return { kind: 'checkpoint', note: readFileSync(file) };
  } catch (cause) {
    throw new YitongError('bad_request', 'the file of the checkpoint cannot be read', { place: { file }, cause });
  }
}
