/**
 * The digest of an answer in its entry. Whoever asks for an entry may leave it to the journal's thread, which has the
 * time: then the bytes of the answer go with the draft, and `DIGEST_TO_COME` keeps the digest's place.
 */
import { hash } from 'node:crypto';
import type { EntryDraft } from './port.js';

/** Characters of SHA-256 in base64url. */
const DIGEST_LENGTH = 43;

/** As long as a digest, and no digest: there is no full stop in base64url. */
export const DIGEST_TO_COME = '.'.repeat(DIGEST_LENGTH);
const TO_COME = Buffer.from(DIGEST_TO_COME);
/** The last member but `bytes`, and nothing that was asked for stands behind it. */
const PLACE = `"bodySha256":"${DIGEST_TO_COME}","bytes":`;
const DIGEST_AT = '"bodySha256":"'.length;

/** Where the digest goes, in bytes from the end of the clear part; undefined where no place is kept for it. */
export function digestPlace(clear: string): number | undefined {
  const at = clear.lastIndexOf(PLACE);
  // from there on all is ASCII
  return at < 0 ? undefined : clear.length - at - DIGEST_AT;
}

/**
 * Writes the digest into the clear part of an entry.
 * @param place as `digestPlace` gave it
 * @throws RangeError where no place is kept for it there
 */
export function writeDigest(clear: Buffer, place: number, answer: Uint8Array): void {
  const at = clear.length - place;
  if (at < 0 || clear.compare(TO_COME, 0, DIGEST_LENGTH, at, at + DIGEST_LENGTH) !== 0)
    throw new RangeError('an entry keeps no place for the digest of its answer');
  clear.write(hash('sha256', answer, 'base64url'), at, DIGEST_LENGTH, 'latin1');
}

/** The clear part with the digest of the draft's answer, where that was still to be made. */
export function clearOf({ clear, answer }: EntryDraft): string {
  if (answer === undefined) return clear;
  const place = digestPlace(clear);
  if (place === undefined) throw new RangeError('an entry keeps no place for the digest of its answer');
  const at = clear.length - place;
  return clear.slice(0, at) + hash('sha256', answer, 'base64url') + clear.slice(at + DIGEST_LENGTH);
}
