/** An error in the words of a warning or a log line: where, what, and its code. */
import { relative } from 'node:path';
import { isYitongError } from '../../contracts/errors.js';
import { inWords } from '../process/words.js';

/** @param dir folder that files are named from; without it they are named in full */
export function wordsOf(error: unknown, dir?: string): string {
  if (!isYitongError(error)) return inWords(error);
  const { place } = error.extra;
  const file = place === undefined ? '' : dir === undefined ? place.file : relative(dir, place.file);
  return `${place === undefined ? '' : `\`${file}${place.line === undefined ? '' : `:${String(place.line)}`}\`: `}${error.message} [${error.code}]`;
}
