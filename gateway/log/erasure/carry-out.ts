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
  /** Expiries under way: log index of the order, and up to which log index it is carried out. */
  readonly expiring?: readonly { readonly by: number; readonly at: number }[];
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

export interface ErasuresOptions {
  readonly dataDir: string;
  /** The sequencer's own, which has the newest in its place. */
  readonly bodies: BodyStore;
  readonly onTrouble: (reason: string) => void;
  /** Tests only. */
  readonly onStep?: (step: ErasureStep) => void;
}

export function openErasures({ dataDir, bodies, onTrouble, onStep }: ErasuresOptions): Erasures {
  const layout = auditLayout(dataDir);
  const step = onStep ?? ((): void => undefined);
  let state = EMPTY;
  /** `state.erased`, while the log is looked through without those that are not done. */
  let erased: ReadonlyMap<string, number> = new Map();
  let keys: SubjectKeys | undefined;
  let troubled = '';
  /** Orders not begun, and entries that arrived under an erased pseudonym. */
  let orders = new Map<string, number>();
  let arrivals: { readonly index: number; readonly by: number }[] = [];
  /** Expiries not noted so far. */
  let expiries: Expiry[] = [];

  function expiryAt(index: number, body: Buffer): Expiry | undefined {
    try {
      return expiryOf(index, body);
    } catch (error) {
      if (!isYitongError(error)) throw error;
      trouble(`an expiry is not carried out: ${error.message}`);
      return undefined;
    }
  }

  function look(index: number, body: Buffer): void {
    const expiry = expiryAt(index, body);
    if (expiry !== undefined) expiries.push(expiry);
    const ordered = orderedBy(body);
    if (ordered !== undefined && !erased.has(ordered) && !orders.has(ordered)) orders.set(ordered, index);
    if (erased.size === 0) return;
    // an order names the pseudonym as its target, not as its subject
    const pseudonym = pseudonymOf(body);
    const by = pseudonym === undefined ? undefined : erased.get(pseudonym);
    if (by !== undefined) arrivals.push({ index, by });
  }

  function save(next: ErasureState): void {
    replaceFile(layout.erasures, `${JSON.stringify(next)}\n`, { mode: 0o600 });
    state = next;
    erased = new Map(Object.entries(next.erased));
  }

  function trouble(reason: string): void {
    if (reason !== troubled) onTrouble(reason);
    troubled = reason;
  }

  async function entriesUnder(pseudonym: string, own: SubjectKeys): Promise<number[]> {
    const search = openSearch(dataDir, own);
    try {
      const found: number[] = [];
      for await (const { index } of search.entries({ pseudonym })) found.push(index);
      return found;
    } finally {
      await search.close();
    }
  }

  function eraseJournals(indices: readonly number[], expired: boolean): void {
    const seqs = new Map<string, number[]>();
    for (const index of indices) {
      const stored = bodies.read(index);
      if (stored === undefined) continue;
      const of = seqs.get(stored.journal) ?? [];
      of.push(stored.seq);
      seqs.set(stored.journal, of);
    }
    const folders = journalFolders(dataDir);
    for (const [journal, of] of seqs) {
      const unread = eraseInJournal(folders.get(journal)?.dir ?? join(layout.journals, journal), of, expired);
      if (unread.length > 0)
        trouble(
          `${unread.length} erased entries of the journal \`${journal}\` stand in a damaged segment; \`yitong ` +
            `audit verify\` names it: remove the segment once it is mended or declared missing`,
        );
    }
  }

  /** Blocks of the search index over these entries are made anew when they are asked for. */
  function dropBlocks(indices: readonly number[], own: SubjectKeys): void {
    own.turn();
    for (const block of new Set(indices.map((index) => Math.floor(index / BLOCK))))
      for (const file of [blockFile, partFile]) rmSync(file(layout.search, block), { force: true });
  }

  /** Notes the expiries that came, and goes on with the first for `SHARE`. */
  async function expire(size: number): Promise<void> {
    const before = readErasures(dataDir);
    const known = before.expiring ?? [];
    const fresh = expiries.filter(({ by }) => by >= before.looked && !known.some((one) => one.by === by));
    save({ ...before, looked: size, expiring: [...known, ...fresh.map(({ by, from }) => ({ by, at: from }))] });
    expiries = [];
    step('expiry_noted');
    const own = (keys ??= openSubjectKeys({ dir: layout.subjectKeys }));
    dropStaged(layout.staged, size);
    for (
      const end = performance.now() + SHARE;
      performance.now() < end;
      await new Promise((resolve) => setImmediate(resolve))
    ) {
      const [first, ...others] = state.expiring ?? [];
      if (first === undefined) return;
      const stored = bodies.read(first.by);
      const order = stored === undefined ? undefined : expiryAt(first.by, stored.body);
      const at =
        order === undefined
          ? Infinity
          : expireSlice(bodies, order, first.at, (indices) => {
              step('expired_bodies');
              eraseJournals(indices, true);
              step('expired_journals');
              dropBlocks(indices, own);
              step('expired_index');
            });
      save({ ...state, expiring: order === undefined || at >= order.to ? others : [{ by: first.by, at }, ...others] });
      step('slice');
    }
  }

  async function erase(size: number): Promise<void> {
    // what another process wrote since, e.g. one that had taken over
    const before = readErasures(dataDir);
    save({ ...before, erased: { ...before.erased, ...Object.fromEntries(orders) } });
    step('noted');

    const own = (keys ??= openSubjectKeys({ dir: layout.subjectKeys }));
    for (const pseudonym of orders.keys()) own.destroy(pseudonym);
    step('key');

    const pending: Record<string, number[]> = Object.fromEntries(
      Object.entries(state.pending).map(([by, indices]) => [by, [...indices]]),
    );
    for (const [pseudonym, by] of orders) (pending[by] ??= []).push(...(await entriesUnder(pseudonym, own)));
    for (const { index, by } of arrivals) (pending[by] ??= []).push(index);
    save({ ...state, pending });
    step('listed');

    dropStaged(layout.staged, size);
    for (const [by, indices] of Object.entries(pending)) bodies.erase(indices, Number(by));
    step('bodies');
    const all = Object.values(pending).flat();
    eraseJournals(all, false);
    step('journals');
    dropBlocks(all, own);
    step('index');

    save({ ...state, looked: size, pending: {} });
    orders = new Map();
    arrivals = [];
    step('done');
  }

  return {
    recall(size) {
      state = readErasures(dataDir);
      orders = new Map();
      arrivals = [];
      expiries = [];
      // noted, and perhaps no more than that: `looked` moves only when all is done, so the order is seen again
      erased = new Map(Object.entries(state.erased).filter(([, by]) => by < state.looked));
      for (let index = state.looked; index < size; index++) {
        const stored = bodies.read(index);
        if (stored !== undefined) look(index, stored.body);
      }
      erased = new Map(Object.entries(state.erased));
    },
    saw(first, records) {
      records.forEach(({ body }, i) => look(first + i, body));
    },
    async carryOut(size) {
      const erasing = orders.size > 0 || arrivals.length > 0 || Object.keys(state.pending).length > 0;
      const expiring = expiries.length > 0 || (state.expiring ?? []).length > 0;
      if (!erasing && !expiring) {
        if (size >= state.looked + REMEMBER) save({ ...state, looked: size });
        return;
      }
      if (someoneWrites(layout.writing))
        return trouble('an erasure waits: another sequencer has not ended what it writes');
      // two that erase at once would overwrite each other's lists
      const lock = tryLock(`${layout.erasures}.lock`);
      if (lock === undefined) return trouble('an erasure waits: another process carries out one');
      try {
        // `expire` moves `looked` on, so what is to be erased comes first
        if (erasing) await erase(size);
        if (expiring) await expire(size);
        troubled = '';
      } catch (error) {
        // the log goes on; what was done stays done, and the next run goes on with the rest
        trouble(`an erasure is not carried out so far: ${error instanceof Error ? error.message : 'unknown'}`);
      } finally {
        lock.release();
      }
    },
    async close() {
      await keys?.close();
    },
  };
}
