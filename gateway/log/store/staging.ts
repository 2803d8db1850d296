/**
 * A run of the sequencer as one file under a name of its own, written before the run is committed. So nothing that
 * another sequencer may have written is touched before it is decided whose run counts, and the one that counts can be
 * done again.
 */

import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { syncDir } from '../../ground/files/durable.js';
import { type BodyRecord, type PackedRecords, unpackRecord } from './bodies.js';

/** Digest of the rest, count of records; then the length of each, then the records. */
const HEAD = 32 + 4;

/** @param name begins with the log's size before the run. Durable when it returns. */
export function stage(dir: string, name: string, { bytes, lengths }: PackedRecords): void {
  const head = Buffer.alloc(HEAD + 4 * lengths.length);
  head.writeUInt32BE(lengths.length, 32);
  lengths.forEach((length, i) => head.writeUInt32BE(length, HEAD + 4 * i));
  createHash('sha256').update(head.subarray(32)).update(bytes).digest().copy(head);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const fd = openSync(join(dir, name), 'wx', 0o600);
  try {
    for (const part of [head, bytes]) for (let done = 0; done < part.length; ) done += writeSync(fd, part, done);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  syncDir(dir);
}

/** @throws YitongError `log_invalid` if the file is missing or damaged */
export function staged(dir: string, name: string): BodyRecord[] {
  const place = { file: join(dir, name) };
  let bytes: Buffer;
  try {
    bytes = readFileSync(place.file);
  } catch (cause) {
    throw new YitongError('log_invalid', 'the staged run that the state of the sequencer names cannot be read', {
      place,
      cause,
    });
  }
  const damaged = (): YitongError => new YitongError('log_invalid', 'the staged run is damaged', { place });
  if (!createHash('sha256').update(bytes.subarray(32)).digest().equals(bytes.subarray(0, 32))) throw damaged();
  const count = bytes.readUInt32BE(32);
  let at = HEAD + 4 * count;
  return Array.from({ length: count }, (_, i) => {
    const length = bytes.readUInt32BE(HEAD + 4 * i);
    const record = unpackRecord(bytes, at, length);
    if (record === undefined) throw damaged();
    at += length;
    return record;
  });
}

/** As `staged`; no record where the run cannot be read. */
export function stagedIfReadable(dir: string, name: string): BodyRecord[] {
  try {
    return staged(dir, name);
  } catch {
    return [];
  }
}

/**
 * Removes what runs from below `size` staged: they are in place, or lost against the run that is. What others stage on
 * top of newer runs stays.
 */
export function dropStaged(dir: string, size: number): void {
  for (const name of readdirSync(dir)) if (Number(name.split('-')[0]) < size) rmSync(join(dir, name), { force: true });
}
