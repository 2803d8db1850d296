/** What an error of the table is called by people. */
import { type ErrorCode, errorTable } from './errors.js';
import type { Localised } from './localised.js';

/** An error in words for people. */
export function errorWords(code: ErrorCode): Localised {
  const { title, zh, en = title } = errorTable[code];
  return { zh, en };
}

/**
 * As `errorWords`, of a code that stands in an entry or a file; one that no version of this program has is said to be
 * unknown.
 */
export function errorWordsOf(code: string | undefined): Localised {
  return code !== undefined && Object.hasOwn(errorTable, code)
    ? errorWords(code as ErrorCode)
    : { zh: '原因未登记', en: code ?? 'unknown' };
}
