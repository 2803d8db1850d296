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
import { type Lock, tryLock } from '../../ground/files/lock.js';
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

interface WitnessOptions {
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
export function openWitness(options: WitnessOptions): Witness {
  const { stateDir } = options;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const lock = tryLock(join(stateDir, 'lock'));
  if (lock === undefined)
    throw new YitongError('audit_unavailable', 'another process is the witness on this state', {
      place: { file: stateDir },
    });
  try {
    return new FolderWitness(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** What a log asks to be cosigned. */
interface Asked {
  readonly request: AddCheckpoint;
  readonly note: Note;
  readonly checkpoint: Checkpoint;
}

/** @throws YitongError where it is malformed */
function parseAsked(body: Buffer): Asked {
  const request = parseAddCheckpoint(body);
  const note = parseNote(Buffer.from(request.checkpoint));
  return { request, note, checkpoint: parseCheckpoint(note.text) };
}

class FolderWitness implements Witness {
  readonly #options: WitnessOptions;
  readonly #lock: Lock;
  /** By origin. */
  readonly #seen = new Map<string, Seen>();
  /** By the SHA-256 of the origin, in hex. */
  readonly #origins: ReadonlyMap<string, string>;

  /** @throws YitongError `log_invalid` if what stands in the folder was not cosigned with this key */
  constructor(options: WitnessOptions, lock: Lock) {
    this.#options = options;
    this.#lock = lock;
    for (const { origin } of options.logs) this.#seen.set(origin, this.#load(origin));
    this.#origins = new Map(options.logs.map(({ origin }) => [originHash(origin), origin]));
  }

  addCheckpoint(body: Buffer): WitnessReply {
    const { origin, reply } = this.#judge(body);
    this.#options.onAnswer?.(origin, reply.status);
    return reply;
  }

  checkpoint(hash: string): string | undefined {
    const origin = this.#origins.get(hash);
    return origin === undefined ? undefined : this.#seen.get(origin)?.note;
  }

  sizes(): ReadonlyMap<string, number> {
    return new Map([...this.#seen].map(([origin, { size }]) => [origin, size]));
  }

  close(): void {
    this.#lock.release();
  }

  /** `origin` is absent where it is none that this witness knows. */
  #judge(body: Buffer): { readonly origin?: string; readonly reply: WitnessReply } {
    let asked: Asked;
    try {
      asked = parseAsked(body);
    } catch (error) {
      if (isYitongError(error)) return { reply: text(400, `${error.message}\n`) };
      throw error;
    }
    const { origin } = asked.checkpoint;
    const log = this.#options.logs.find((one) => one.origin === origin);
    const last = this.#seen.get(origin);
    if (log === undefined || last === undefined) return { reply: text(404, 'this witness does not know the origin\n') };
    const reply = untrusted(asked, log) ?? this.#refuse(asked, last) ?? this.#cosign(asked, log, last);
    return { origin, reply };
  }

  /** Why a checkpoint that the log signed is not cosigned; undefined where the log grew from what was cosigned last. */
  #refuse({ request, checkpoint }: Asked, last: Seen): WitnessReply | undefined {
    const { onSuspicion } = this.#options;
    const { origin, size, root } = checkpoint;
    if (request.old > size) return text(400, 'the old size is above the size of the checkpoint\n');
    if (request.old !== last.size) return sizeReply(last.size);
    if (size === 0 && !root.equals(EMPTY_ROOT)) return text(422, 'the root of an empty tree is the hash of nothing\n');
    // at equal size a proof is empty, and another root is a fork
    if (request.old === size && last.number > 0 && !root.equals(last.root)) {
      onSuspicion?.(origin, `another tree of ${size} entries was shown: a fork`);
      return sizeReply(last.size);
    }
    if (consistencyHolds(last.size, size, last.root, root, request.proof)) return undefined;
    onSuspicion?.(origin, `a tree of ${size} entries was shown that is not proved to have grown from ${last.size}`);
    return text(422, 'the checkpoint is not proved to have grown from the one cosigned before\n');
  }

  /**
   * Persists, then answers. A crash before the swap leaves the old state and no answer; one behind it leaves a
   * checkpoint that is recorded as cosigned though nobody has the cosignature: the log asks again and gets it.
   */
  #cosign({ note, checkpoint }: Asked, log: WitnessLog, last: Seen): WitnessReply {
    const { cosigner, now } = this.#options;
    const { origin, size, root } = checkpoint;
    const line = signatureLine(cosigner.cosign(Buffer.from(note.text), Math.floor(now() / 1000)));
    const trusted = note.signatures.filter(({ name, keyId }) =>
      log.keys.some((key) => key.name === name && key.keyId === keyId),
    );
    const stored = `${note.text}\n${trusted.map(signatureLine).join('')}${line}`;
    if (!this.#lock.held() || !swapVersion(this.#folder(origin), last.number, stored)) {
      this.#seen.set(origin, this.#load(origin));
      return text(503, "another process uses this witness's state; try again\n");
    }
    this.#seen.set(origin, { number: last.number + 1, size, root, note: stored });
    return text(200, line);
  }

  #load(origin: string): Seen {
    const found = readVersion(this.#folder(origin));
    if (found === undefined) return { number: 0, size: 0, root: EMPTY_ROOT, note: undefined };
    const note = parseNote(Buffer.from(found.text));
    const { origin: named, size, root } = parseCheckpoint(note.text);
    if (named !== origin || cosignersOf(note, [this.#options.cosigner]).length === 0) {
      throw new YitongError(
        'log_invalid',
        'the state was not cosigned with this key; a new key needs a state folder of its own',
        { place: { file: this.#folder(origin) } },
      );
    }
    return { number: found.number, size, root, note: found.text };
  }

  #folder(origin: string): string {
    return join(this.#options.stateDir, originHash(origin));
  }
}

/** The refusal of a checkpoint that no key of the log signed. */
function untrusted({ request }: Asked, log: WitnessLog): WitnessReply | undefined {
  try {
    openNote(Buffer.from(request.checkpoint), log.keys);
    return undefined;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return text(403, 'no signature of a key that this witness trusts for the origin, or one that does not verify\n');
  }
}
