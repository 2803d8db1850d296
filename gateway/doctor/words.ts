/** Errors in words, as a finding says them. */
import { isYitongError } from '../../contracts/errors.js';

export function words(error: unknown): string {
  if (!isYitongError(error)) return error instanceof Error ? error.message : String(error);
  const { place } = error.extra;
  return `${place === undefined ? '' : `${place.file}${place.line === undefined ? '' : `:${String(place.line)}`}: `}${error.message} [${error.code}]`;
}
