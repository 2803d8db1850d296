/** `Range: bytes=…` of one file (RFC 9110, section 14): one range, anything else is the whole. */
import { YitongError } from '../../../../contracts/errors.js';

/** First byte, and the one behind the last. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * @param ifRange of the header `if-range`: another tag than that of the file wants the whole of it
 * @returns undefined for the whole @throws YitongError `no_such_bytes`
 */
export function rangeOf(
  header: string | undefined,
  ifRange: string | undefined,
  etag: string,
  bytes: number,
): ByteRange | undefined {
  if (header === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header.trim()) ?? [];
  if (first === '' && last === '') return undefined;
  // the last so many
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1);
  if (from >= bytes || to <= from)
    throw new YitongError('no_such_bytes', `the file has ${String(bytes)} bytes, counted from 0`);
  return { from, to };
}
