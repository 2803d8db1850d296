/**
 * Erasure in a journal: salt and subject of an entry, or where its term is over salt and body, are overwritten in
 * place. So that its group still leads to the root that the replica signed, the entry's commitment, which the published
 * log has anyway, is kept in a list beside the segment. The list is durable before a byte of the segment changes: a
 * crash leaves a segment that reads as erased, and doing it again finishes it.
 */
import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { replaceFile } from '../../ground/files/durable.js';
import { emptied, withoutSubject } from '../entries/seal.js';
import {
  decodeSegmentHeader,
  type ErasedEntries,
  type ErasedEntry,
  GROUP_HEADER,
  NONE_ERASED,
  nextMagic,
  readEntries,
  readGroup,
  SALT_BYTES,
  SEGMENT_HEADER,
  type SegmentHeader,
  segmentNumber,
} from '../proof/journal.js';
import { decodeBase64 } from '../proof/note.js';

/** Entries of a group at most: its header counts them in two bytes. */
const MAX_GROUP = 65_535;

/** Behind the commitment of an entry whose whole body is gone. */
const EXPIRED = 'expired';

const listOf = (segmentFile: string): string => `${segmentFile}.erased`;

/** What of a segment was erased. @throws YitongError `log_invalid` if the list is damaged */
export function readErased(segmentFile: string): ErasedEntries {
  let text: string;
  try {
    text = readFileSync(listOf(segmentFile), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NONE_ERASED;
    throw error;
  }
  const erased = parseErased(text);
  if (erased === undefined)
    throw new YitongError('log_invalid', 'the list of erased entries is damaged', {
      place: { file: listOf(segmentFile) },
    });
  return erased;
}

/** As the list stands beside its segment. */
export const erasedText = (erased: ErasedEntries): string =>
  [...erased]
    .sort(([a], [b]) => a - b)
    .map(([seq, { commitment, expired }]) => `${seq} ${commitment.toString('base64')}${expired ? ` ${EXPIRED}` : ''}\n`)
    .join('');

/** Undefined if it is not such a list. */
export function parseErased(text: string): ErasedEntries | undefined {
  const erased = new Map<number, ErasedEntry>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [seq = '', base64 = '', how] = line.split(' ');
    const commitment = decodeBase64(base64);
    if (!/^[1-9]\d{0,14}$/.test(seq) || commitment?.length !== 32 || (how !== undefined && how !== EXPIRED))
      return undefined;
    erased.set(Number(seq), { commitment, expired: how === EXPIRED });
  }
  return erased;
}

/** Durable when it returns. */
export function writeErased(segmentFile: string, erased: ErasedEntries): void {
  replaceFile(listOf(segmentFile), erasedText(erased), { mode: 0o600 });
}

interface Blank {
  readonly at: number;
  readonly bytes: Buffer;
}

/** What to write over the erased entries of the group at `groupAt`. */
export function blanks(bytes: Buffer, groupAt: number, erased: ErasedEntries): Blank[] {
  if (erased.size === 0) return [];
  const group = readGroup(bytes, groupAt, erased);
  const entries = group === undefined ? undefined : readEntries(bytes, groupAt, group, erased);
  return (entries ?? []).flatMap(({ seq, saltAt, body }) => {
    const how = erased.get(seq);
    return how === undefined
      ? []
      : [
          {
            at: saltAt,
            bytes: Buffer.concat([Buffer.alloc(SALT_BYTES), how.expired ? emptied(body) : withoutSubject(body)]),
          },
        ];
  });
}

/**
 * Erases entries of one journal; those that no segment has any longer are passed over. Durable when it returns. One
 * caller at a time; the journal may be written meanwhile.
 * @param expired whether the whole body goes, not the subject part alone
 * @returns seqs in a segment that is there but cannot be read as far as them
 */
export function eraseInJournal(dir: string, seqs: readonly number[], expired = false): number[] {
  const wanted = new Set(seqs);
  let unread: number[] = [];
  // a segment that came meanwhile may have taken over the group at hand
  for (
    let names = segmentNames(dir), before: readonly string[] = [];
    names.at(-1) !== before.at(-1);
    before = names, names = segmentNames(dir)
  )
    unread = eraseInSegments(dir, names, wanted, expired);
  return unread;
}

function segmentNames(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
      .filter((name) => segmentNumber(name) !== undefined)
      .sort();
  } catch {
    return [];
  }
}

function eraseInSegments(
  dir: string,
  names: readonly string[],
  wanted: ReadonlySet<number>,
  expired: boolean,
): number[] {
  const headers = names.map((name) => headerOf(join(dir, name)));
  return names.flatMap((name, i) => {
    const file = join(dir, name);
    const next = headers[i + 1];
    const first = headers[i]?.firstSeq ?? Infinity;
    const behind = next?.firstSeq ?? Infinity;
    const here = [...wanted].filter((seq) => seq >= first && seq < behind);
    // a group that was carried over still stands here as well
    const carried =
      next === undefined || statSync(file).size <= next.previousEnd
        ? []
        : [...wanted].filter((seq) => seq >= behind && seq < behind + MAX_GROUP);
    if (here.length + carried.length === 0) return [];
    const missing = eraseInSegment(file, new Set([...here, ...carried]), expired);
    return missing.filter((seq) => seq < behind);
  });
}

function headerOf(file: string): SegmentHeader | undefined {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER);
    readSync(fd, bytes, 0, SEGMENT_HEADER, 0);
    return decodeSegmentHeader(bytes);
  } finally {
    closeSync(fd);
  }
}

function eraseInSegment(file: string, wanted: ReadonlySet<number>, expired: boolean): number[] {
  const bytes = readFileSync(file);
  const before = readErased(file);
  const erased = new Map(before);
  const groups: number[] = [];
  let changed = false;
  const missing = new Set(wanted);
  for (let at = SEGMENT_HEADER; at >= 0 && at + GROUP_HEADER <= bytes.length && missing.size > 0; ) {
    const group = readGroup(bytes, at, before);
    const entries = group === undefined ? undefined : readEntries(bytes, at, group, before);
    if (group === undefined || entries === undefined) {
      at = nextMagic(bytes, at + 1);
      continue;
    }
    for (const { seq, commitment } of entries) {
      if (!missing.delete(seq)) continue;
      const known = erased.get(seq)?.expired;
      // what is gone whole does not come back in part
      erased.set(seq, { commitment, expired: expired || known === true });
      changed ||= known === undefined || (expired && !known);
      if (groups.at(-1) !== at) groups.push(at);
    }
    at += group.length;
  }
  if (changed) writeErased(file, erased);
  const fd = openSync(file, 'r+');
  try {
    for (const group of groups) {
      for (const { at, bytes: blank } of blanks(bytes, group, erased))
        for (let done = 0; done < blank.length; ) done += writeSync(fd, blank, done, blank.length - done, at + done);
    }
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return [...missing];
}
