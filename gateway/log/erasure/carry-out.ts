/**
 * Erasures, carried out. The order is an entry of the log (`administration`, `erasure`, target the pseudonym), so it is
 * durable and proved before anything is destroyed; the sequencer, which sees every entry on its way in, carries it out
 * when the entry is complete, and after a crash again from `looked` on: each step can be done twice. In this order:
 *
 * 1. the pseudonym is noted as erased, so that entries which were on their way under it are erased when they arrive;
 * 2. the key is destroyed: from here on nobody can read what was encrypted under it, nor write more;
 * 3. what there is under the pseudonym is found and listed on disk: once its bodies change it could not be found again;
 * 4. bodies are marked, then lose salt and subject part; staged runs go; journals likewise; blocks of the search index
 *    go;
 * 5. the list goes and `looked` moves on.
 *
 * An expiry (see expire.ts) is noted with how far it has come and goes through its range in slices, each: bodies,
 * journals, index, note.
 *
 * A crash before 1 is an order not begun; one in 1 to 4 is gone on with at the next start. No salt goes before its
 * mark, no mark is written before the entry that it names is in the log.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { replaceFile } from '../../ground/files/durable.js';
import { tryLock } from '../../ground/files/lock.js';
import { openSubjectKeys, type SubjectKeys } from '../entries/keys.js';
import { auditLayout } from '../entries/layout.js';
import { pseudonymOf } from '../entries/seal.js';
import { eraseInJournal } from '../journal/erased.js';
import { journalFolders } from '../journal/folders.js';
import { BLOCK, blockFile, partFile } from '../search/block.js';
import { openSearch } from '../search/index.js';
import type { BodyRecord, BodyStore } from '../store/bodies.js';
import { dropStaged } from '../store/staging.js';
import { someoneWrites } from '../store/writing.js';
import { type Expiry, expireSlice, expiryOf } from './expire.js';

/** The points between which a crash can fall. */
export type ErasureStep =
  | 'noted'
  | 'key'
  | 'listed'
  | 'bodies'
  | 'journals'
  | 'index'
  | 'done'
  | 'expiry_noted'
  | 'expired_bodies'
  | 'expired_journals'
  | 'expired_index'
  | 'slice';

interface ErasureState {
  readonly version: 1;
  /** Orders and arrivals below this log index are carried out. */
  readonly looked: number;
  /** Pseudonym → log index of the entry that ordered its erasure. */
  readonly erased: Readonly<Record<string, number>>;
  /** What is being erased: log index of the order → log indices. */
  readonly pending: Readonly<Record<string, readonly number[]>>;
  /** Expiries under way. */
  readonly expiring?: readonly Expiring[];
}

interface Expiring {
  /** Log index of the order. */
  readonly by: number;
  /** Up to which log index it is carried out. */
  readonly at: number;
}

const EMPTY: ErasureState = { version: 1, looked: 0, erased: {}, pending: {} };
const number = { type: 'integer', minimum: 0 };
const check = shape<ErasureState>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['version', 'looked', 'erased', 'pending'],
    properties: {
      version: { const: 1 },
      looked: number,
      erased: { type: 'object', additionalProperties: number },
      pending: { type: 'object', additionalProperties: { type: 'array', items: number } },
      expiring: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['by', 'at'],
          properties: { by: number, at: number },
        },
      },
    },
  },
  'log_invalid',
);

/** How far erasures are carried out. @throws YitongError `log_invalid` */
export function readErasures(dataDir: string): ErasureState {
  const file = auditLayout(dataDir).erasures;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
    throw error;
  }
  try {
    return check(JSON.parse(text) as unknown, { file });
  } catch (cause) {
    throw new YitongError(
      'log_invalid',
      'the list of erasures is damaged; remove it, and the whole log is looked through again',
      { place: { file }, cause },
    );
  }
}

export interface Erasures {
  /** After a start: what the log orders from `looked` on. */
  recall(size: number): void;
  /** Records that a run put in their place, from log index `first` on. */
  saw(first: number, records: readonly BodyRecord[]): void;
  /**
   * Carries out what is to do, of an expiry a part; what fails is told and tried again with the next run.
   * @param size entries that are complete
   */
  carryOut(size: number): Promise<void>;
  close(): Promise<void>;
}

const ORDER = Buffer.from('"action":"erasure"');
/** ms that a run of the sequencer gives to an expiry; the next run goes on with it. */
const SHARE = 250;
/** Entries after which `looked` is written although nothing was to do: what a start has to look through. */
const REMEMBER = 100_000;

/** The pseudonym whose erasure a body orders. */
function orderedBy(body: Buffer): string | undefined {
  if (!body.includes(ORDER)) return undefined;
  const { type, action, target } = JSON.parse(body.toString('utf8')) as {
    readonly type?: string;
    readonly action?: string;
    readonly target?: unknown;
  };
  return type === 'administration' &&
    action === 'erasure' &&
    typeof target === 'string' &&
    /^[0-9a-f]{32}$/.test(target)
    ? target
    : undefined;
}

interface ErasuresOptions {
  readonly dataDir: string;
  /** The sequencer's own, which has the newest in its place. */
  readonly bodies: BodyStore;
  readonly onTrouble: (reason: string) => void;
  /** Tests only. */
  readonly onStep?: (step: ErasureStep) => void;
}

export function openErasures(options: ErasuresOptions): Erasures {
  return new FolderErasures(options);
}

class FolderErasures implements Erasures {
  readonly #dataDir: string;
  readonly #layout: ReturnType<typeof auditLayout>;
  readonly #bodies: BodyStore;
  readonly #onTrouble: (reason: string) => void;
  readonly #step: (step: ErasureStep) => void;
  #state = EMPTY;
  /** `#state.erased`, while the log is looked through without those that are not done. */
  #erased: ReadonlyMap<string, number> = new Map();
  /** Opened with the first order. */
  #keys: SubjectKeys | undefined;
  /** The trouble that was told last: one that stays the same is told once. */
  #trouble = '';
  /** Orders not begun: pseudonym → log index of the order. */
  #orders = new Map<string, number>();
  /** Entries that arrived under an erased pseudonym, and the order `by` which it was erased. */
  #arrivals: { readonly index: number; readonly by: number }[] = [];
  /** Expiries not noted so far. */
  #expiries: Expiry[] = [];

  constructor({ dataDir, bodies, onTrouble, onStep }: ErasuresOptions) {
    this.#dataDir = dataDir;
    this.#layout = auditLayout(dataDir);
    this.#bodies = bodies;
    this.#onTrouble = onTrouble;
    this.#step = onStep ?? ((): void => undefined);
  }

  recall(size: number): void {
    this.#state = readErasures(this.#dataDir);
    this.#orders = new Map();
    this.#arrivals = [];
    this.#expiries = [];
    // noted, and perhaps no more than that: `looked` moves only when all is done, so the order is seen again
    const { looked, erased } = this.#state;
    this.#erased = new Map(Object.entries(erased).filter(([, by]) => by < looked));
    for (let index = looked; index < size; index++) {
      const stored = this.#bodies.read(index);
      if (stored !== undefined) this.#look(index, stored.body);
    }
    this.#erased = new Map(Object.entries(erased));
  }

  saw(first: number, records: readonly BodyRecord[]): void {
    records.forEach(({ body }, i) => this.#look(first + i, body));
  }

  async carryOut(size: number): Promise<void> {
    const { pending, expiring = [], looked } = this.#state;
    const toErase = this.#orders.size > 0 || this.#arrivals.length > 0 || Object.keys(pending).length > 0;
    const toExpire = this.#expiries.length > 0 || expiring.length > 0;
    if (!toErase && !toExpire) {
      if (size >= looked + REMEMBER) this.#save({ ...this.#state, looked: size });
      return;
    }
    if (someoneWrites(this.#layout.writing))
      return this.#tell('an erasure waits: another sequencer has not ended what it writes');
    // two that erase at once would overwrite each other's lists
    const lock = tryLock(`${this.#layout.erasures}.lock`);
    if (lock === undefined) return this.#tell('an erasure waits: another process carries out one');
    try {
      // `#expire` moves `looked` on, so what is to be erased comes first
      if (toErase) await this.#erase(size);
      if (toExpire) await this.#expire(size);
      this.#trouble = '';
    } catch (error) {
      // the log goes on; what was done stays done, and the next run goes on with the rest
      this.#tell(`an erasure is not carried out so far: ${error instanceof Error ? error.message : 'unknown'}`);
    } finally {
      lock.release();
    }
  }

  async close(): Promise<void> {
    await this.#keys?.close();
  }

  /** What an entry orders, and whether it arrived under an erased pseudonym. */
  #look(index: number, body: Buffer): void {
    const expiry = this.#expiryAt(index, body);
    if (expiry !== undefined) this.#expiries.push(expiry);
    const ordered = orderedBy(body);
    if (ordered !== undefined && !this.#erased.has(ordered) && !this.#orders.has(ordered))
      this.#orders.set(ordered, index);
    if (this.#erased.size === 0) return;
    // an order names the pseudonym as its target, not as its subject
    const pseudonym = pseudonymOf(body);
    const by = pseudonym === undefined ? undefined : this.#erased.get(pseudonym);
    if (by !== undefined) this.#arrivals.push({ index, by });
  }

  #expiryAt(index: number, body: Buffer): Expiry | undefined {
    try {
      return expiryOf(index, body);
    } catch (error) {
      if (!isYitongError(error)) throw error;
      this.#tell(`an expiry is not carried out: ${error.message}`);
      return undefined;
    }
  }

  /** Steps 1 to 5 of an erasure, for all orders and arrivals at once. */
  async #erase(size: number): Promise<void> {
    // what another process wrote since, e.g. one that had taken over
    const before = readErasures(this.#dataDir);
    this.#save({ ...before, erased: { ...before.erased, ...Object.fromEntries(this.#orders) } });
    this.#step('noted');

    const keys = this.#openKeys();
    for (const pseudonym of this.#orders.keys()) keys.destroy(pseudonym);
    this.#step('key');

    const pending = await this.#listPending(keys);
    this.#save({ ...this.#state, pending });
    this.#step('listed');

    dropStaged(this.#layout.staged, size);
    for (const [by, indices] of Object.entries(pending)) this.#bodies.erase(indices, Number(by));
    this.#step('bodies');
    const all = Object.values(pending).flat();
    this.#eraseInJournals(all, false);
    this.#step('journals');
    this.#dropBlocks(all, keys);
    this.#step('index');

    this.#save({ ...this.#state, looked: size, pending: {} });
    this.#orders = new Map();
    this.#arrivals = [];
    this.#step('done');
  }

  /** Log indices to erase, by the log index of their order: those listed before, those that are found, arrivals. */
  async #listPending(keys: SubjectKeys): Promise<Record<string, readonly number[]>> {
    const pending: Record<string, number[]> = {};
    for (const [by, indices] of Object.entries(this.#state.pending)) pending[by] = [...indices];
    for (const [pseudonym, by] of this.#orders)
      (pending[by] ??= []).push(...(await this.#entriesUnder(pseudonym, keys)));
    for (const { index, by } of this.#arrivals) (pending[by] ??= []).push(index);
    return pending;
  }

  async #entriesUnder(pseudonym: string, keys: SubjectKeys): Promise<number[]> {
    const search = openSearch(this.#dataDir, keys);
    try {
      const found: number[] = [];
      for await (const { index } of search.entries({ pseudonym })) found.push(index);
      return found;
    } finally {
      await search.close();
    }
  }

  /** Notes the expiries that came, and goes on with the first for `SHARE`. */
  async #expire(size: number): Promise<void> {
    this.#noteExpiries(size);
    const keys = this.#openKeys();
    dropStaged(this.#layout.staged, size);
    for (
      const end = performance.now() + SHARE;
      performance.now() < end;
      await new Promise((resolve) => setImmediate(resolve))
    ) {
      const [first, ...others] = this.#state.expiring ?? [];
      if (first === undefined) return;
      const next = this.#expireSlice(first, keys);
      this.#save({ ...this.#state, expiring: next === undefined ? others : [next, ...others] });
      this.#step('slice');
    }
  }

  #noteExpiries(size: number): void {
    const before = readErasures(this.#dataDir);
    const known = before.expiring ?? [];
    const fresh = this.#expiries.filter(({ by }) => by >= before.looked && !known.some((one) => one.by === by));
    this.#save({ ...before, looked: size, expiring: [...known, ...fresh.map(({ by, from }) => ({ by, at: from }))] });
    this.#expiries = [];
    this.#step('expiry_noted');
  }

  /** One slice of an expiry; what is left of it, undefined where it is carried out. */
  #expireSlice({ by, at }: Expiring, keys: SubjectKeys): Expiring | undefined {
    const stored = this.#bodies.read(by);
    const order = stored === undefined ? undefined : this.#expiryAt(by, stored.body);
    if (order === undefined) return undefined;
    const next = expireSlice(this.#bodies, order, at, (indices) => {
      this.#step('expired_bodies');
      this.#eraseInJournals(indices, true);
      this.#step('expired_journals');
      this.#dropBlocks(indices, keys);
      this.#step('expired_index');
    });
    return next >= order.to ? undefined : { by, at: next };
  }

  #eraseInJournals(indices: readonly number[], expired: boolean): void {
    const seqs = new Map<string, number[]>();
    for (const index of indices) {
      const stored = this.#bodies.read(index);
      if (stored === undefined) continue;
      const ofJournal = seqs.get(stored.journal) ?? [];
      ofJournal.push(stored.seq);
      seqs.set(stored.journal, ofJournal);
    }
    const folders = journalFolders(this.#dataDir);
    for (const [journal, ofJournal] of seqs) {
      const dir = folders.get(journal)?.dir ?? join(this.#layout.journals, journal);
      const unread = eraseInJournal(dir, ofJournal, expired);
      if (unread.length > 0)
        this.#tell(
          `${unread.length} erased entries of the journal \`${journal}\` stand in a damaged segment; \`yitong ` +
            `audit verify\` names it: remove the segment once it is mended or declared missing`,
        );
    }
  }

  /** Blocks of the search index over these entries are made anew when they are asked for. */
  #dropBlocks(indices: readonly number[], keys: SubjectKeys): void {
    keys.turn();
    for (const block of new Set(indices.map((index) => Math.floor(index / BLOCK))))
      for (const file of [blockFile, partFile]) rmSync(file(this.#layout.search, block), { force: true });
  }

  #openKeys(): SubjectKeys {
    this.#keys ??= openSubjectKeys({ dir: this.#layout.subjectKeys });
    return this.#keys;
  }

  #save(next: ErasureState): void {
    replaceFile(this.#layout.erasures, `${JSON.stringify(next)}\n`, { mode: 0o600 });
    this.#state = next;
    this.#erased = new Map(Object.entries(next.erased));
  }

  #tell(reason: string): void {
    if (reason !== this.#trouble) this.#onTrouble(reason);
    this.#trouble = reason;
  }
}
