/**
 * What is left of journal segments that were given back to the disk. Their entries are in the log, which proves them;
 * beside it the header of each of their groups is kept, 164 or 196 bytes: with the commitments of the log it leads to
 * the root that the replica signed, so that nothing less can be verified than before.
 *
 * `groups` holds the headers one behind the other; `pruned` says how far it counts, and is written before a segment
 * goes. What a crash leaves is a segment that is still there, or headers behind the end that are written over.
 */
import { closeSync, constants, fdatasyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { replaceFile, syncDir } from '../../ground/files/durable.js';
import { GROUP_HEADER_2, type GroupHeader, groupHeader, headerBytes } from '../proof/journal.js';

export const PRUNED_FILE = 'pruned';
export const GROUPS_FILE = 'groups';

export interface Pruned {
  /** The last segment that is gone. */
  readonly segment: number;
  /** Its last entry, and the chain hash behind it, base64. */
  readonly lastSeq: number;
  readonly chain: string;
  /** Bytes of `groups` that count. */
  readonly bytes: number;
  /** Bytes that the segments had, in all. */
  readonly given: number;
}

const number = { type: 'integer', minimum: 0 };
const check = shape<Pruned>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['segment', 'lastSeq', 'chain', 'bytes', 'given'],
    properties: { segment: number, lastSeq: number, chain: { type: 'string' }, bytes: number, given: number },
  },
  'log_invalid',
);

/**
 * Undefined where no segment was given back.
 * @param dir the journal's folder
 * @throws YitongError `log_invalid` if it is damaged
 */
export function readPruned(dir: string): Pruned | undefined {
  const file = join(dir, PRUNED_FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (cause) {
    throw new YitongError('log_invalid', 'what is said of segments that were given back is not JSON', {
      place: { file },
      cause,
    });
  }
  return check(value, { file });
}

/**
 * Adds the groups of one segment. Durable when it returns; the segment may go then.
 * @param headers as they stood in the segment
 */
export function addPruned(
  dir: string,
  before: Pruned | undefined,
  headers: readonly Buffer[],
  after: Omit<Pruned, 'bytes'>,
): Pruned {
  const bytes = Buffer.concat(headers);
  const at = before?.bytes ?? 0;
  const fd = openSync(join(dir, GROUPS_FILE), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  // a new file has its name before anything relies on it
  if (before === undefined) syncDir(dir);
  const pruned = { ...after, bytes: at + bytes.length };
  replaceFile(join(dir, PRUNED_FILE), `${JSON.stringify(pruned)}\n`, { mode: 0o600 });
  return pruned;
}

/**
 * Whether all up to `seq` was given back, so that a reader who does not find it has met no damage.
 * @throws YitongError `log_invalid`
 */
export const wasGivenBack = (dir: string, seq: number): boolean => (readPruned(dir)?.lastSeq ?? 0) >= seq;

/** Bytes that are read at once. */
const PIECE = 4096 * GROUP_HEADER_2;

/**
 * The groups that were given back, in their order.
 * @throws YitongError `log_invalid` if `groups` is shorter than it should be, or damaged
 */
export function* prunedGroups(dir: string, { bytes }: Pruned): Generator<GroupHeader> {
  const file = join(dir, GROUPS_FILE);
  const broken = (): YitongError =>
    new YitongError('log_invalid', 'the headers of groups that were given back are damaged', { place: { file } });
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    throw broken();
  }
  try {
    const piece = Buffer.alloc(PIECE);
    for (let at = 0; at < bytes; ) {
      const wanted = Math.min(piece.length, bytes - at);
      if (readSync(fd, piece, 0, wanted, at) !== wanted) throw broken();
      // the last one of a piece that is not the last may be cut off: it is read again at the start of the next
      const whole = at + wanted === bytes ? wanted : wanted - GROUP_HEADER_2;
      let done = 0;
      while (done < whole) {
        const group = groupHeader(piece.subarray(0, wanted), done);
        if (group === undefined) throw broken();
        yield group;
        done += headerBytes(group);
      }
      at += done;
    }
  } finally {
    closeSync(fd);
  }
}
