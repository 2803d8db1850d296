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
import { tryLock } from '../../ground/files/lock.js';
import type { SubjectKeys } from '../entries/keys.js';
import type { EntryDraft, Journal, Receipt } from '../entries/port.js';
import { RETIRED_FILE, SPARE_FILE } from '../proof/journal.js';
import type { Signer } from '../proof/note.js';
import { type RingWriter, ringMemory, ringWriter } from './ring.js';
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

interface Pending {
  readonly draft: EntryDraft;
  readonly resolve: ((receipt: Receipt) => void) | undefined;
  readonly reject: ((error: YitongError) => void) | undefined;
}

const MAX_BACKOFF = 5000;
/** UTF-16 units. Three bytes each at most, and base64 of what is encrypted: far below the 4 MiB of a group. */
const MAX_DRAFT = 200_000;
const MAX_SUBJECT = 256;

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

/**
 * Opens (or makes) the journal and resolves when it can take entries.
 * @throws YitongError `audit_unavailable` if another process has it or the disk is damaged; the cause says which
 */
export async function openJournal(options: JournalOptions): Promise<OpenJournal> {
  const {
    now,
    signer,
    segmentBytes = 16 << 20,
    ringBytes = 4 << 20,
    maxWaiting = 10_000,
    stall = 10_000,
    backoff = 100,
  } = options;
  const maxDraft = Math.min(MAX_DRAFT, Math.floor(ringBytes / 12) - 64); // a frame is at most a quarter of the ring
  const id = journalFolder(options.dir, options.name, options.randomBytes ?? systemRandom);
  const dir = join(options.dir, id);
  const lock = tryLock(join(dir, 'lock'));
  if (lock === undefined)
    throw new YitongError('audit_unavailable', `the journal \`${id}\` is open in another process`);

  let worker: Worker | undefined;
  let starts = 0;
  let ring: RingWriter | undefined;
  let healthy = false;
  let closing = false;
  let lastSeq = 0;
  let lostNotes = 0;
  let durableAt: number | undefined;
  let pause = backoff;
  /** In the ring, oldest first, from `pendingAt` on. */
  let pending: Pending[] = [];
  let pendingAt = 0;
  /** Not yet in the ring. */
  let waiting: Pending[] = [];
  let ended: (() => void) | undefined;
  let spare = Promise.resolve();
  let restart: NodeJS.Timeout | undefined;

  const unavailable = (reason: string): YitongError =>
    new YitongError('audit_unavailable', `the audit journal cannot be written: ${reason}`);

  function refuse(one: Pending, error: YitongError): void {
    if (one.reject === undefined) lostNotes++;
    else one.reject(error);
  }

  /**
   * The one way down: everything that is not acknowledged is refused, and nothing is accepted until a new thread has
   * recovered.
   */
  function fail(reason: string): void {
    ring = undefined;
    const was = healthy;
    healthy = false;
    const refused = [...pending.slice(pendingAt), ...waiting];
    pending = [];
    pendingAt = 0;
    waiting = [];
    const error = unavailable(reason);
    for (const one of refused) refuse(one, error);
    if (was && !closing) options.onHealth?.(false, reason);
  }

  function put(one: Pending): boolean {
    if (ring === undefined) return false;
    const { clear, subject } = one.draft;
    if (!ring.push(clear, subject?.subject ?? '', subject?.json ?? '', now())) return false;
    pending.push(one);
    return true;
  }

  function accept(one: Pending): void {
    const { clear, subject } = one.draft;
    if (!healthy || closing) return refuse(one, unavailable(closing ? 'it is closed' : 'it is being recovered'));
    const length = clear.length + (subject === undefined ? 0 : subject.subject.length + subject.json.length);
    if (
      clear.charCodeAt(clear.length - 1) !== 125 ||
      length > maxDraft ||
      (subject !== undefined && subject.subject.length > MAX_SUBJECT)
    ) {
      return refuse(
        one,
        new YitongError(
          'internal',
          `an audit entry must be one JSON object of at most ${maxDraft} characters about a subject of at most ` +
            `${MAX_SUBJECT}`,
        ),
      );
    }
    if (waiting.length === 0 && put(one)) return;
    if (waiting.length >= maxWaiting) return refuse(one, unavailable('too many entries wait for the disk'));
    waiting.push(one);
  }

  function durable(message: FromWorker & { kind: 'durable' }, from: Worker): void {
    if (worker !== from || ring === undefined) return; // told too late: these were refused
    if (message.first !== lastSeq + 1 || message.count > pending.length - pendingAt) {
      fail('an acknowledgement was lost');
      void from.terminate();
      return;
    }
    lastSeq += message.count;
    durableAt = now();
    options.onGroup?.(message.ms);
    const receipts = message.receipts.split('\n');
    for (let i = 0; i < message.count; i++) {
      const one = pending[pendingAt + i];
      const json = receipts[i];
      if (one?.resolve !== undefined && json !== undefined) one.resolve({ id: `${id}:${message.first + i}`, json });
    }
    pendingAt += message.count;
    if (pendingAt === pending.length) {
      pending.length = 0;
      pendingAt = 0;
    } else if (pendingAt > 4096) {
      pending = pending.slice(pendingAt);
      pendingAt = 0;
    }
    let moved = 0;
    for (let one = waiting[moved]; one !== undefined && put(one); one = waiting[moved]) moved++;
    if (moved > 0) waiting = waiting.slice(moved);
  }

  function start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const memory = ringMemory(ringBytes);
      const input: WorkerInput = {
        dir,
        journal: id,
        keysDir: options.keys.dir,
        signerName: signer.name,
        privateKey: signer.privateKey,
        mergeDelay: options.mergeDelay ?? 60_000,
        segmentBytes,
        ring: memory,
        afterFailure: starts++ > 0,
        ...present({ hook: options.hook }),
      };
      const started = new Worker(new URL('./worker.js', import.meta.url), { workerData: input, name: `journal ${id}` });
      worker = started;
      let why = 'its thread ended';
      started.on('message', (message: FromWorker) => {
        switch (message.kind) {
          case 'ready':
            lastSeq = message.lastSeq;
            ring = ringWriter(memory);
            healthy = true;
            pause = backoff;
            options.onHealth?.(true, 'ready');
            resolve();
            break;
          case 'durable':
            durable(message, started);
            break;
          case 'spare-wanted':
            spare = spare.then(() => (closing ? undefined : makeSpare(dir, segmentBytes, () => closing)));
            break;
          case 'failed':
            why = message.reason;
            fail(why);
            break;
          default:
            message satisfies never;
        }
      });
      started.on('error', (error) => {
        why = error.message;
        fail(why);
      });
      started.on('exit', () => {
        fail(why);
        reject(unavailable(why));
        worker = undefined;
        if (ended !== undefined) ended();
        else if (!closing) scheduleRestart();
      });
    });
  }

  function scheduleRestart(): void {
    restart = setTimeout(() => {
      if (!closing) start().catch(() => undefined); // its exit schedules the next
    }, pause);
    pause = Math.min(pause * 2, MAX_BACKOFF);
  }

  // a disk that hangs gives no error: what waited already when this was last looked at may not wait longer
  let oldest: Pending | undefined;
  const watch = setInterval(() => {
    const now = ring === undefined ? undefined : pending[pendingAt];
    if (now !== undefined && now === oldest) {
      fail('the disk does not answer');
      void worker?.terminate();
    }
    oldest = now;
  }, stall);
  watch.unref();

  const shut = async (): Promise<void> => {
    clearInterval(watch);
    clearTimeout(restart);
    await spare;
    lock.release();
  };

  try {
    await start();
  } catch (cause) {
    closing = true;
    await shut();
    throw cause;
  }

  return {
    id,
    get healthy() {
      return healthy && !closing;
    },
    get lastSeq() {
      return lastSeq;
    },
    get lostNotes() {
      return lostNotes;
    },
    get waiting() {
      return pending.length - pendingAt + waiting.length;
    },
    get durableAt() {
      return durableAt;
    },
    append: (draft) =>
      new Promise<Receipt>((resolve, reject) => {
        // thrown here, it concerns this entry; the thread that writes has no way to leave one out
        if (draft.subject !== undefined) options.keys.get?.(draft.subject.subject);
        accept({ draft, resolve, reject });
      }),
    note(draft) {
      try {
        if (draft.subject !== undefined) options.keys.get?.(draft.subject.subject);
      } catch {
        lostNotes++;
        return;
      }
      accept({ draft, resolve: undefined, reject: undefined });
    },
    async close() {
      if (closing) return;
      // what was accepted is still written
      while (ring !== undefined && waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
      closing = true;
      if (worker !== undefined) {
        const end = new Promise<void>((resolve) => (ended = resolve));
        if (ring === undefined) void worker.terminate();
        else ring.close();
        await end;
      }
      await shut();
    },
  };
}
