/**
 * The journal of one worker process, as the rest of the gateway sees it. Everything heavy happens in its thread,
 * `worker.ts`.
 */

import { randomBytes as systemRandom } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { type Lock, tryLock } from '../../ground/files/lock.js';
import { clearOf, digestPlace } from '../entries/answer-digest.js';
import type { SubjectKeys } from '../entries/keys.js';
import type { EntryDraft, Journal, Receipt } from '../entries/port.js';
import { RETIRED_FILE, SPARE_FILE } from '../proof/journal.js';
import type { Signer } from '../proof/note.js';
import { Backlog, type Pending } from './backlog.js';
import { fitsRing, type RingMemory, type RingWriter, ringMemory, ringWriter } from './ring.js';
import type { FromWorker, WorkerInput } from './worker.js';

export interface JournalOptions {
  /** `<data>/journal` */
  readonly dir: string;
  /**
   * The worker process's own name, `w1`; lower case letters and digits. Its journal's id is `<name>-<8 hex digits>`,
   * random once.
   */
  readonly name: string;
  /** Where the subjects' keys stand. */
  readonly keys: Pick<SubjectKeys, 'dir'> & Partial<Pick<SubjectKeys, 'get'>>;
  /** Subjects whose keys its thread keeps in memory; default as `openSubjectKeys` has it. */
  readonly keysCache?: number;
  readonly signer: Signer;
  readonly now: () => number;
  /** ms within which an entry is promised to be in the log; default 60 s. */
  readonly mergeDelay?: number;
  /** Default 16 MiB. */
  readonly segmentBytes?: number;
  /** A power of two; default 4 MiB. */
  readonly ringBytes?: number;
  /** Drafts that may wait outside the ring before appends are refused; default 10,000. */
  readonly maxWaiting?: number;
  /** ms without any answer of the disk until answers are 503; default 10 s. */
  readonly stall?: number;
  /** First pause before the thread is started anew, doubled each time up to 5 s; default 100 ms. */
  readonly backoff?: number;
  readonly randomBytes?: (size: number) => Buffer;
  /** For logs and metrics. */
  readonly onHealth?: (healthy: boolean, reason: string) => void;
  /** A group is durable; `ms` is how long the disk took. */
  readonly onGroup?: (ms: number) => void;
  /** Tests only. */
  readonly hook?: { readonly module: string; readonly parameter: unknown };
}

export interface OpenJournal extends Journal {
  readonly id: string;
  /** The newest durable seq. */
  readonly lastSeq: number;
  /** Drafts handed to `note` that could not be made durable. */
  readonly lostNotes: number;
  /** Drafts that are accepted and not durable yet. */
  readonly waiting: number;
  /** ms since 1970 when an entry became durable last; undefined before the first. */
  readonly durableAt: number | undefined;
}

/** ms */
const MAX_BACKOFF = 5000;
/** UTF-16 units. Three bytes each at most, and base64 of what is encrypted: far below the 4 MiB of a group. */
const MAX_DRAFT = 200_000;
const MAX_SUBJECT = 256;
/** Bytes of an answer whose digest is left to the journal's thread. */
const MAX_ANSWER = 16_384;
/** `}`, with which a JSON object ends. */
const CLOSING_BRACE = 125;

/**
 * The folder of this name's journal, made if there is none: after a lost disk, or a restored one, the id is another, so
 * no receipt id ever comes twice.
 */
function journalFolder(dir: string, name: string, randomBytes: (size: number) => Buffer): string {
  if (!/^[a-z][a-z0-9]{0,30}$/.test(name))
    throw new YitongError(
      'bad_config',
      `the journal's name \`${name.slice(0, 40)}\` must be lower-case letters and digits`,
    );
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const existing = readdirSync(dir)
    .filter((entry) => new RegExp(`^${name}-[0-9a-f]{8}$`).test(entry) && !existsSync(join(dir, entry, RETIRED_FILE)))
    .sort()
    .at(-1);
  const id = existing ?? `${name}-${randomBytes(4).toString('hex')}`;
  mkdirSync(join(dir, id), { recursive: true, mode: 0o700 });
  return id;
}

/**
 * Makes the next segment's zeros in the thread pool, so that the journal's thread does not stop for it. A failure only
 * costs that pause.
 */
async function makeSpare(dir: string, size: number, isClosed: () => boolean): Promise<void> {
  const made = join(dir, `${SPARE_FILE}.tmp`);
  const zeros = Buffer.alloc(1 << 20);
  try {
    if (
      await access(join(dir, SPARE_FILE)).then(
        () => true,
        () => false,
      )
    )
      return;
    const file = await open(made, 'w', 0o600);
    try {
      for (let at = 0; at < size && !isClosed(); at += zeros.length)
        await file.write(zeros, 0, Math.min(zeros.length, size - at), at);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isClosed()) await rm(made, { force: true });
    else await rename(made, join(dir, SPARE_FILE));
  } catch {
    await rm(made, { force: true }).catch(() => undefined);
  }
}

/** A journal on its way. */
interface OpeningJournal {
  /** What it is given meanwhile waits; where it does not open, that is refused as `audit_unavailable`. */
  readonly journal: OpenJournal;
  /** Rejects as `openJournal` does; the journal is closed then. */
  readonly opened: Promise<void>;
}

/**
 * As `openJournal`, for whoever has something else to do while its thread starts.
 * @throws YitongError `audit_unavailable` if another process has it
 */
export function beginJournal(options: JournalOptions): OpeningJournal {
  const id = journalFolder(options.dir, options.name, options.randomBytes ?? systemRandom);
  const lock = tryLock(join(options.dir, id, 'lock'));
  if (lock === undefined)
    throw new YitongError('audit_unavailable', `the journal \`${id}\` is open in another process`);
  const journal = new ThreadJournal(options, id, lock);
  const opened = journal.begin();
  // whoever awaits it hears of it, later perhaps
  opened.catch(() => undefined);
  return { journal, opened };
}

/**
 * Opens (or makes) the journal and resolves when it can take entries.
 * @throws YitongError `audit_unavailable` if another process has it or the disk is damaged; the cause says which
 */
export async function openJournal(options: JournalOptions): Promise<OpenJournal> {
  const { journal, opened } = beginJournal(options);
  await opened;
  return journal;
}

const unavailable = (reason: string): YitongError =>
  new YitongError('audit_unavailable', `the audit journal cannot be written: ${reason}`);

/**
 * A journal that a thread of this process writes. A thread that fails is started anew, and recovers from disk; until it
 * is ready everything is refused.
 */
class ThreadJournal implements OpenJournal {
  readonly id: string;
  readonly #options: JournalOptions;
  readonly #now: () => number;
  readonly #keys: JournalOptions['keys'];
  readonly #dir: string;
  readonly #lock: Lock;
  readonly #segmentBytes: number;
  readonly #ringBytes: number;
  /** UTF-16 units of a draft. */
  readonly #maxDraft: number;
  readonly #maxWaiting: number;
  readonly #firstPause: number;
  readonly #backlog = new Backlog();
  readonly #push = (one: Pending): boolean => this.#pushToRing(one);
  #thread: Worker | undefined;
  #starts = 0;
  /** To the thread that is ready; undefined while there is none. */
  #ring: RingWriter | undefined;
  /** Its first thread starts: what comes waits for it. */
  #opening = true;
  #healthy = false;
  #closing = false;
  #lastSeq = 0;
  #lostNotes = 0;
  #durableAt: number | undefined;
  /** ms until a thread that ended is started anew. */
  #pause: number;
  #restart: NodeJS.Timeout | undefined;
  /** Called when the thread ends while the journal is closed. */
  #onEnd: (() => void) | undefined;
  /** The making of the next segment's zeros; one at a time. */
  #spare = Promise.resolve();
  readonly #watch: NodeJS.Timeout;
  /** The oldest draft in the ring when the disk was looked after last. */
  #oldestSeen: Pending | undefined;

  constructor(options: JournalOptions, id: string, lock: Lock) {
    const { ringBytes = 4 << 20, stall = 10_000, backoff = 100 } = options;
    this.id = id;
    this.#options = options;
    this.#now = options.now;
    this.#keys = options.keys;
    this.#dir = join(options.dir, id);
    this.#lock = lock;
    this.#segmentBytes = options.segmentBytes ?? 16 << 20;
    this.#ringBytes = ringBytes;
    this.#maxDraft = Math.min(MAX_DRAFT, Math.floor(ringBytes / 12) - 64); // a frame is at most a quarter of the ring
    this.#maxWaiting = options.maxWaiting ?? 10_000;
    this.#firstPause = backoff;
    this.#pause = backoff;
    this.#watch = setInterval(() => this.#lookAfterDisk(), stall);
    this.#watch.unref();
  }

  get healthy(): boolean {
    return this.#healthy && !this.#closing;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get lostNotes(): number {
    return this.#lostNotes;
  }

  get waiting(): number {
    return this.#backlog.size;
  }

  get durableAt(): number | undefined {
    return this.#durableAt;
  }

  /** Starts the first thread. @throws YitongError `audit_unavailable`; the journal is closed then */
  async begin(): Promise<void> {
    try {
      await this.#start();
    } catch (cause) {
      this.#closing = true;
      await this.#shut();
      throw cause;
    }
  }

  append(draft: EntryDraft): Promise<Receipt> {
    return new Promise<Receipt>((resolve, reject) => {
      // thrown here, it concerns this entry; the thread that writes has no way to leave one out
      if (draft.subject !== undefined) this.#keys.get?.(draft.subject.subject);
      this.#accept({ draft, digestPlace: 0, resolve, reject });
    });
  }

  note(draft: EntryDraft): void {
    try {
      if (draft.subject !== undefined) this.#keys.get?.(draft.subject.subject);
    } catch {
      this.#lostNotes++;
      return;
    }
    this.#accept({ draft, digestPlace: 0, resolve: undefined, reject: undefined });
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    // what was accepted is still written
    while (this.#ring !== undefined && this.#backlog.outside > 0) await new Promise((resolve) => setImmediate(resolve));
    this.#closing = true;
    if (this.#thread !== undefined) {
      const end = new Promise<void>((resolve) => (this.#onEnd = resolve));
      if (this.#ring === undefined) void this.#thread.terminate();
      else this.#ring.close();
      await end;
    }
    await this.#shut();
  }

  /** Into the ring, or behind those that wait for room in it; refused while nothing can be made durable. */
  #accept(one: Pending): void {
    const { clear, subject, answer, unreceipted } = one.draft;
    if (!(this.#healthy || this.#opening) || this.#closing)
      return this.#refuse(one, unavailable(this.#closing ? 'it is closed' : 'it is being recovered'));
    const length = clear.length + (subject === undefined ? 0 : subject.subject.length + subject.json.length);
    if (
      clear.charCodeAt(clear.length - 1) !== CLOSING_BRACE ||
      length > this.#maxDraft ||
      (subject !== undefined && subject.subject.length > MAX_SUBJECT)
    ) {
      return this.#refuse(
        one,
        new YitongError(
          'internal',
          `an audit entry must be one JSON object of at most ${this.#maxDraft} characters about a subject of at most ` +
            `${MAX_SUBJECT}`,
        ),
      );
    }
    if (answer === undefined) return this.#take(one);
    const place = digestPlace(clear);
    if (place === undefined)
      return this.#refuse(
        one,
        new YitongError('internal', 'an audit entry keeps no place for the digest of its answer'),
      );
    // the digest of an answer that is long is made here: it would fill the ring
    if (answer.length === 0 || answer.length > MAX_ANSWER || !fitsRing(this.#ringBytes, length, answer.length))
      return this.#take({ ...one, draft: { clear: clearOf(one.draft), ...present({ subject, unreceipted }) } });
    one.digestPlace = place;
    this.#take(one);
  }

  #take(one: Pending): void {
    if (this.#backlog.outside === 0 && this.#pushToRing(one)) return this.#backlog.addToRing(one);
    if (this.#backlog.outside >= this.#maxWaiting)
      return this.#refuse(one, unavailable('too many entries wait for the disk'));
    this.#backlog.addOutside(one);
  }

  /** False where there is no room, or no ring. */
  #pushToRing({ draft: { clear, subject, answer, unreceipted }, digestPlace: place }: Pending): boolean {
    const { subject: name = '', json = '' } = subject ?? {};
    return this.#ring?.push(clear, name, json, this.#now(), answer, place, unreceipted !== true) === true;
  }

  #refuse(one: Pending, error: YitongError): void {
    if (one.reject === undefined) this.#lostNotes++;
    else one.reject(error);
  }

  /** Starts a thread, and resolves when it is ready; rejects if it ends before that. */
  #start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const memory = ringMemory(this.#ringBytes);
      const thread = this.#makeThread(memory);
      this.#thread = thread;
      let why = 'its thread ended';
      const failed = (reason: string): void => {
        why = reason;
        this.#fail(reason);
      };
      thread.on('message', (message: FromWorker) => {
        switch (message.kind) {
          case 'ready':
            this.#ready(message.lastSeq, memory);
            resolve();
            break;
          case 'durable':
            this.#durable(message, thread);
            break;
          case 'spare-wanted':
            this.#prepareSpare();
            break;
          case 'failed':
            failed(message.reason);
            break;
          default:
            message satisfies never;
        }
      });
      thread.on('error', (error) => failed(error.message));
      thread.on('exit', () => {
        this.#fail(why);
        reject(unavailable(why));
        this.#thread = undefined;
        if (this.#onEnd !== undefined) this.#onEnd();
        else if (!this.#closing) this.#scheduleRestart();
      });
    });
  }

  #makeThread(memory: RingMemory): Worker {
    const { keys, keysCache, signer, mergeDelay = 60_000, hook } = this.#options;
    const input: WorkerInput = {
      dir: this.#dir,
      journal: this.id,
      keysDir: keys.dir,
      signerName: signer.name,
      privateKey: signer.privateKey,
      mergeDelay,
      segmentBytes: this.#segmentBytes,
      ring: memory,
      afterFailure: this.#starts++ > 0,
      ...present({ hook, keysCache }),
    };
    return new Worker(new URL('./worker.js', import.meta.url), { workerData: input, name: `journal ${this.id}` });
  }

  #ready(lastSeq: number, memory: RingMemory): void {
    this.#lastSeq = lastSeq;
    this.#ring = ringWriter(memory);
    this.#opening = false;
    this.#healthy = true;
    this.#backlog.fillRing(this.#push);
    this.#pause = this.#firstPause;
    this.#options.onHealth?.(true, 'ready');
  }

  /** A group of the oldest drafts in the ring is durable: their receipts go out, and those that wait follow. */
  #durable(message: FromWorker & { kind: 'durable' }, from: Worker): void {
    if (this.#thread !== from || this.#ring === undefined) return; // told too late: these were refused
    if (message.first !== this.#lastSeq + 1 || message.count > this.#backlog.inRing) {
      this.#fail('an acknowledgement was lost');
      void from.terminate();
      return;
    }
    this.#lastSeq += message.count;
    this.#durableAt = this.#now();
    this.#options.onGroup?.(message.ms);
    const receipts = message.receipts.split('\n');
    for (let i = 0; i < message.count; i++) {
      const one = this.#backlog.inRingAt(i);
      const json = receipts[i];
      if (one?.resolve !== undefined && json !== undefined)
        one.resolve({ id: `${this.id}:${message.first + i}`, json });
    }
    this.#backlog.removeDurable(message.count);
    this.#backlog.fillRing(this.#push);
  }

  #prepareSpare(): void {
    this.#spare = this.#spare.then(() =>
      this.#closing ? undefined : makeSpare(this.#dir, this.#segmentBytes, () => this.#closing),
    );
  }

  /**
   * The one way down: everything that is not acknowledged is refused, and nothing is accepted until a new thread has
   * recovered.
   */
  #fail(reason: string): void {
    const wasHealthy = this.#healthy;
    this.#ring = undefined;
    this.#opening = false;
    this.#healthy = false;
    const error = unavailable(reason);
    for (const one of this.#backlog.takeAll()) this.#refuse(one, error);
    if (wasHealthy && !this.#closing) this.#options.onHealth?.(false, reason);
  }

  #scheduleRestart(): void {
    this.#restart = setTimeout(() => {
      if (!this.#closing) this.#start().catch(() => undefined); // its exit schedules the next
    }, this.#pause);
    this.#pause = Math.min(this.#pause * 2, MAX_BACKOFF);
  }

  /** A disk that hangs gives no error: what waited already when this was last looked at may not wait longer. */
  #lookAfterDisk(): void {
    const oldest = this.#ring === undefined ? undefined : this.#backlog.oldest;
    if (oldest !== undefined && oldest === this.#oldestSeen) {
      this.#fail('the disk does not answer');
      void this.#thread?.terminate();
    }
    this.#oldestSeen = oldest;
  }

  async #shut(): Promise<void> {
    clearInterval(this.#watch);
    clearTimeout(this.#restart);
    await this.#spare;
    this.#lock.release();
  }
}
