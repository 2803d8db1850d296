/** A published record as the state holds it: its key, and its entry in bytes. */

import { YitongError } from '../../contracts/errors.js';
import { recordKey } from '../../contracts/ids.js';
import { SUM_BYTES, sumOf } from '../checksum.js';

/** One published record. `slot` is a small number of its own, for the bitmap of a run. */
export interface Published {
  readonly slot: number;
  /** 16 bytes of the SHA-256 of the framed value, a character a byte: compared as text, which costs no object a row. */
  readonly hash: string;
  /** ms since 1970 */
  readonly sourceTime: number;
  /**
   * Hashes of rows of the last run that a later row of the same run replaced (`onDuplicate: last`), one behind the
   * other.
   */
  readonly superseded: string;
  /** 8 bytes of a hash of what its row holds beside the key, a character a byte; empty where that is not known. */
  readonly rest: string;
}

export const HASH_BYTES = 16;
export const REST_BYTES = 8;
/**
 * Of an entry that was written before there were `rest` and a checksum; told by its length, which is a number of hashes
 * longer.
 */
const OLD_HEAD = 12;
const REST_AT = OLD_HEAD;
const SUM_AT = REST_AT + REST_BYTES;
const HEAD = SUM_AT + SUM_BYTES;
const NO_REST = '\0'.repeat(REST_BYTES);
/** `<dataset>|<subject>|<recordId>`; neither a dataset nor a subject holds a bar. */
export const stateKey = (dataset: string, subject: string, recordId: string): string =>
  `${dataset}|${recordKey(subject, recordId)}`;

/** What `stateKey` was made of. */
export function namesOf(key: string): { readonly subject: string; readonly recordId: string } {
  const [, subject = ''] = key.split('|', 2);
  return { subject, recordId: key.slice(key.indexOf('|') + subject.length + 2) };
}

/** Whether `list` (hashes one behind the other) holds `hash`. */
export function hasHash(list: string, hash: string): boolean {
  for (let at = 0; at < list.length; at += HASH_BYTES) if (list.startsWith(hash, at)) return true;
  return false;
}

/** Over the key too: a value under another key is none. */
const sumAt = (key: string, bytes: Buffer): number =>
  sumOf(Buffer.from(key), bytes.subarray(0, SUM_AT), bytes.subarray(HEAD));

export function encodePublished(key: string, { slot, hash, sourceTime, superseded, rest }: Published): Buffer {
  const out = Buffer.allocUnsafe(HEAD + hash.length + superseded.length);
  out.writeUInt32LE(slot, 0);
  out.writeDoubleLE(sourceTime, 4);
  out.write(rest === '' ? NO_REST : rest, REST_AT, 'latin1');
  out.write(hash, HEAD, 'latin1');
  if (superseded !== '') out.write(superseded, HEAD + hash.length, 'latin1');
  out.writeUInt32LE(sumAt(key, out), SUM_AT);
  return out;
}

/** @throws YitongError `store_damaged` if the entry is not what was written */
function headOf(key: string, bytes: Buffer): number {
  if (bytes.length >= OLD_HEAD + HASH_BYTES && (bytes.length - OLD_HEAD) % HASH_BYTES === 0) return OLD_HEAD;
  if (bytes.length < HEAD + HASH_BYTES || bytes.readUInt32LE(SUM_AT) !== sumAt(key, bytes)) {
    throw new YitongError(
      'store_damaged',
      'what the connectors remember of a record is damaged; put `connectors` back from a backup, or remove it ' +
        'with `data.mdb.made`, so that it is learnt from the bus (docs/faults.md)',
    );
  }
  return HEAD;
}

/** The `rest` alone. @throws YitongError `store_damaged` */
export function restOf(key: string, bytes: Buffer): string {
  if (headOf(key, bytes) === OLD_HEAD) return '';
  const rest = bytes.toString('latin1', REST_AT, SUM_AT);
  return rest === NO_REST ? '' : rest;
}

/** @throws YitongError `store_damaged` */
export function decodePublished(key: string, bytes: Buffer): Published {
  const end = bytes.length;
  const head = headOf(key, bytes);
  return {
    slot: slotOf(bytes),
    sourceTime: bytes.readDoubleLE(4),
    hash: bytes.toString('latin1', head, head + HASH_BYTES),
    superseded: end === head + HASH_BYTES ? '' : bytes.toString('latin1', head + HASH_BYTES, end),
    rest: restOf(key, bytes),
  };
}

/** The `slot` alone. */
export const slotOf = (bytes: Buffer): number => bytes.readUInt32LE(0);
