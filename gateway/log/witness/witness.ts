/**
 * A witness (C2SP tlog-witness v1.0.0): cosigns a log's checkpoint if the log grew from what it cosigned before, and
 * nothing else. Its whole memory is the newest checkpoint of each log. Verification, swap and answer happen in one turn
 * of the event loop, the swap by compare-and-swap on disk, so no two answers can tell of two histories, whichever
 * processes are running.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { tryLock } from '../../ground/files/lock.js';
import { readVersion, swapVersion } from '../../ground/files/versions.js';
import { type AddCheckpoint, parseAddCheckpoint, SIZE_TYPE } from '../proof/add-checkpoint.js';
import { type Checkpoint, parseCheckpoint } from '../proof/checkpoint.js';
import { type Cosigner, cosignersOf } from '../proof/cosignature.js';
import { consistencyHolds, EMPTY_ROOT } from '../proof/merkle.js';
import { type Note, openNote, parseNote, signatureLine, type Verifier } from '../proof/note.js';

export interface WitnessLog {
  readonly origin: string;
  /** Keys whose signature counts for that origin. */
  readonly keys: readonly Verifier[];
}

export interface WitnessOptions {
  /** Folder that only this witness uses. */
  readonly stateDir: string;
  readonly cosigner: Cosigner;
  readonly logs: readonly WitnessLog[];
  /** ms since 1970 */
  readonly now: () => number;
  /** Refusals that say something about a log: forks, proofs that do not hold. No bodies. */
  readonly onSuspicion?: (origin: string, what: string) => void;
  /** Each answer; without an origin where it is none that this witness knows. */
  readonly onAnswer?: (origin: string | undefined, status: WitnessReply['status']) => void;
}

export interface WitnessReply {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422 | 503;
  readonly type: string;
  readonly body: string;
}

export interface Witness {
  addCheckpoint(body: Buffer): WitnessReply;
  /** The newest cosigned checkpoint of the log whose origin has this SHA-256 in hex; undefined if there is none. */
  checkpoint(originHash: string): string | undefined;
  /** By origin: entries of the newest cosigned checkpoint; 0 before the first. */
  sizes(): ReadonlyMap<string, number>;
  close(): void;
}

/** What was cosigned last of one log; `number` 0 and size 0 before the first. */
interface Seen {
  readonly number: number;
  readonly size: number;
  readonly root: Buffer;
  readonly note: string | undefined;
}

export const originHash = (origin: string): string => createHash('sha256').update(origin).digest('hex');

const text = (status: WitnessReply['status'], body: string): WitnessReply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body,
});
const sizeReply = (size: number): WitnessReply => ({ status: 409, type: SIZE_TYPE, body: `${size}\n` });

/**
 * @throws YitongError `audit_unavailable` if another process uses the folder, `log_invalid` if what stands in it was
 * not cosigned with this key
 */
export function openWitness({ stateDir, cosigner, logs, now, onSuspicion, onAnswer }: WitnessOptions): Witness {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const lock = tryLock(join(stateDir, 'lock'));
  if (lock === undefined)
    throw new YitongError('audit_unavailable', 'another process is the witness on this state', {
      place: { file: stateDir },
    });
  const folder = (origin: string): string => join(stateDir, originHash(origin));

  function load(origin: string): Seen {
    const found = readVersion(folder(origin));
    if (found === undefined) return { number: 0, size: 0, root: EMPTY_ROOT, note: undefined };
    const note = parseNote(Buffer.from(found.text));
    const { origin: named, size, root } = parseCheckpoint(note.text);
    if (named !== origin || cosignersOf(note, [cosigner]).length === 0) {
      throw new YitongError(
        'log_invalid',
        'the state was not cosigned with this key; a new key needs a state folder of its own',
        { place: { file: folder(origin) } },
      );
    }
    return { number: found.number, size, root, note: found.text };
  }

  const seen = new Map<string, Seen>();
  try {
    for (const { origin } of logs) seen.set(origin, load(origin));
  } catch (error) {
    lock.release();
    throw error;
  }
  const byHash = new Map(logs.map(({ origin }) => [originHash(origin), origin]));

  /** The known origin that the request under way is about. */
  let about: string | undefined;

  function judge(body: Buffer): WitnessReply {
    let request: AddCheckpoint;
    let note: Note;
    let checkpoint: Checkpoint;
    try {
      request = parseAddCheckpoint(body);
      note = parseNote(Buffer.from(request.checkpoint));
      checkpoint = parseCheckpoint(note.text);
    } catch (error) {
      if (isYitongError(error)) return text(400, `${error.message}\n`);
      throw error;
    }
    const { origin, size, root } = checkpoint;
    const log = logs.find((one) => one.origin === origin);
    const last = seen.get(origin);
    if (log === undefined || last === undefined) return text(404, 'this witness does not know the origin\n');
    about = origin;
    try {
      openNote(Buffer.from(request.checkpoint), log.keys);
    } catch (error) {
      if (isYitongError(error))
        return text(
          403,
          'no signature of a key that this witness trusts for the origin, or one that does not verify\n',
        );
      throw error;
    }
    if (request.old > size) return text(400, 'the old size is above the size of the checkpoint\n');
    if (request.old !== last.size) return sizeReply(last.size);
    if (size === 0 && !root.equals(EMPTY_ROOT)) return text(422, 'the root of an empty tree is the hash of nothing\n');
    // at equal size a proof is empty, and another root is a fork
    if (request.old === size && last.number > 0 && !root.equals(last.root)) {
      onSuspicion?.(origin, `another tree of ${size} entries was shown: a fork`);
      return sizeReply(last.size);
    }
    if (!consistencyHolds(last.size, size, last.root, root, request.proof)) {
      onSuspicion?.(origin, `a tree of ${size} entries was shown that is not proved to have grown from ${last.size}`);
      return text(422, 'the checkpoint is not proved to have grown from the one cosigned before\n');
    }

    // Persist, then answer. A crash before the swap leaves the old state and no answer; one behind it leaves a
    // checkpoint that is recorded as cosigned though nobody has the cosignature: the log asks again and gets it.
    const cosigned = cosigner.cosign(Buffer.from(note.text), Math.floor(now() / 1000));
    const line = signatureLine(cosigned);
    const trusted = note.signatures.filter(({ name, keyId }) =>
      log.keys.some((key) => key.name === name && key.keyId === keyId),
    );
    const stored = `${note.text}\n${trusted.map(signatureLine).join('')}${line}`;
    if (!lock?.held() || !swapVersion(folder(origin), last.number, stored)) {
      seen.set(origin, load(origin));
      return text(503, "another process uses this witness's state; try again\n");
    }
    seen.set(origin, { number: last.number + 1, size, root, note: stored });
    return text(200, line);
  }

  return {
    addCheckpoint(body) {
      about = undefined;
      const reply = judge(body);
      onAnswer?.(about, reply.status);
      return reply;
    },
    sizes: () => new Map([...seen].map(([origin, { size }]) => [origin, size])),
    checkpoint(hash) {
      const origin = byHash.get(hash);
      return origin === undefined ? undefined : seen.get(origin)?.note;
    },
    close: () => lock.release(),
  };
}
