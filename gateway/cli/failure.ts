/** How an error is told on the command line. */
import { isYitongError } from '../../contracts/errors.js';

/** `<file>:<line>: <message> [<code>]`; what is no error of ours keeps its stack. */
export function failureLine(error: unknown): string {
  if (!isYitongError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { place } = error.extra;
  const at = place === undefined ? '' : `${place.file}${place.line === undefined ? '' : `:${place.line}`}: `;
  return `${at}${error.message} [${error.code}]`;
}
