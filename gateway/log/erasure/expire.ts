/**
 * Expiry: bodies whose term is over go whole, with their salts. Like an erasure it is ordered by an entry of the log
 * (`administration`, `expiry`), which names range, terms and rules, and carried out by the sequencer; a slice of the
 * log at a time, for there may be millions and the log goes on meanwhile. Which entries of the range go is told by
 * their class and time alone, so that a slice can be done again after a crash: what is marked with the order already is
 * done with it once more.
 */
import { YitongError } from '../../../contracts/errors.js';
import {
  type Cutoffs,
  KEEP_CLASSES,
  type Keep,
  type KeepClass,
  keepClasses,
  lawfulCutoffs,
} from '../../ground/config/terms.js';
import type { LogBody } from '../entries/body.js';
import { administrationBody } from '../entries/events.js';
import type { Journal, Receipt } from '../entries/port.js';
import type { BodyStore, StoredBody } from '../store/bodies.js';
import { classOf } from './class.js';

/** What an entry orders. */
export interface Expiry {
  /** Log index of the entry. */
  readonly by: number;
  /** Log indices [from, to); `to` is at most `by`. */
  readonly from: number;
  readonly to: number;
  readonly cutoffs: Cutoffs;
}

/** The class in which a body is past its term; undefined where it is kept, or gone already. */
function pastTerm({ kind, body }: Pick<StoredBody, 'kind' | 'body'>, at: Cutoffs): KeepClass | undefined {
  if (kind === 'expired') return undefined;
  const event = JSON.parse(body.toString('utf8')) as LogBody;
  const name = classOf(event);
  // an entry without a time is kept
  return name !== undefined && Date.parse(event.time ?? '') < at[name] ? name : undefined;
}

/** What an expiry would destroy. */
interface PastTerms {
  /** Log indices [from, to) within which all of them stand; both 0 where there are none. */
  readonly from: number;
  readonly to: number;
  readonly entries: number;
  /** Of these, entries whose subject was erased before. */
  readonly erased: number;
  readonly classes: Readonly<Record<KeepClass, number>>;
}

const TURN = 4096;

/** Looks through the first `size` entries. */
export async function findPastTerms(
  bodies: BodyStore,
  size: number,
  at: Cutoffs,
  onProgress: (done: number, of: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<PastTerms> {
  const classes: Record<KeepClass, number> = { releases: 0, use: 0, rest: 0 };
  let [from, to, entries, erased] = [-1, 0, 0, 0];
  for (let index = 0; index < size; index++) {
    const stored = bodies.read(index);
    const name = stored === undefined ? undefined : pastTerm(stored, at);
    if (name !== undefined) {
      if (from < 0) from = index;
      to = index + 1;
      entries++;
      classes[name]++;
      if (stored?.kind === 'erased') erased++;
    }
    if (index % TURN !== 0) continue;
    onProgress(index, size);
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
  onProgress(size, size);
  return { from: Math.max(0, from), to, entries, erased, classes };
}

/**
 * Puts an expiry on record. From then on it is carried out, whatever crashes.
 * @param by role that orders it
 * @throws YitongError `bad_request` if there is nothing to expire; `audit_unavailable`
 */
export async function orderExpiry(
  { journal, now }: { readonly journal: Pick<Journal, 'append'>; readonly now: number },
  {
    by,
    keep,
    cutoffs,
    found,
  }: { readonly by: string; readonly keep: Keep; readonly cutoffs: Cutoffs; readonly found: PastTerms },
): Promise<Receipt> {
  if (found.entries === 0) throw new YitongError('bad_request', 'no body is past its term');
  const touched = KEEP_CLASSES.filter((name) => found.classes[name] > 0);
  const detail = {
    from: found.from,
    to: found.to,
    entries: found.entries,
    before: Object.fromEntries(KEEP_CLASSES.map((name) => [name, new Date(cutoffs[name]).toISOString()])),
    keep,
    rules: [...new Set(touched.map((name) => keepClasses[name].law))],
  };
  return journal.append({
    clear: administrationBody({ time: new Date(now).toISOString(), action: 'expiry', by, detail }),
  });
}

const ORDER = Buffer.from('"action":"expiry"');

/**
 * What the entry at `by` orders; undefined if it orders no expiry.
 * @throws YitongError `retention_too_short` if it reaches into a term of the law, `log_invalid` if it is malformed
 */
export function expiryOf(by: number, body: Buffer): Expiry | undefined {
  if (!body.includes(ORDER)) return undefined;
  const { type, action, time, detail } = JSON.parse(body.toString('utf8')) as {
    readonly type?: string;
    readonly action?: string;
    readonly time?: string;
    readonly detail?: {
      readonly from?: unknown;
      readonly to?: unknown;
      readonly before?: Readonly<Record<string, unknown>>;
    };
  };
  if (type !== 'administration' || action !== 'expiry') return undefined;
  const { from, to, before } = detail ?? {};
  const cutoffs = Object.fromEntries(KEEP_CLASSES.map((name) => [name, Date.parse(String(before?.[name]))])) as Record<
    KeepClass,
    number
  >;
  if (
    !(Number.isSafeInteger(from) && Number.isSafeInteger(to)) ||
    KEEP_CLASSES.some((name) => Number.isNaN(cutoffs[name]))
  )
    throw new YitongError('log_invalid', `entry ${by} orders an expiry of no known form`);
  const lawful = lawfulCutoffs(Date.parse(time ?? ''));
  const short = KEEP_CLASSES.find((name) => !(cutoffs[name] <= lawful[name]));
  if (short !== undefined)
    throw new YitongError(
      'retention_too_short',
      `entry ${by} orders an expiry of \`${short}\` that ${keepClasses[short].law} does not allow so early`,
    );
  return { by, from: Number(from), to: Math.min(Number(to), by), cutoffs };
}

/** Entries looked at in one go: it keeps the process from everything else for a few tenths of a second at most. */
const SLICE = 4096;

/**
 * Destroys the bodies of one slice, from `at` on.
 * @param alsoIn destroys their copies and the index over them; called before the slice counts as done
 * @returns where the next slice begins
 */
export function expireSlice(
  bodies: BodyStore,
  { by, to, cutoffs }: Expiry,
  at: number,
  alsoIn: (indices: readonly number[]) => void,
): number {
  const end = Math.min(to, at + SLICE);
  const gone: number[] = [];
  for (let index = at; index < end; index++) {
    const stored = bodies.read(index);
    if (
      stored !== undefined &&
      ((stored.kind === 'expired' && stored.by === by) || pastTerm(stored, cutoffs) !== undefined)
    )
      gone.push(index);
  }
  if (gone.length > 0) {
    bodies.expire(gone, by);
    alsoIn(gone);
  }
  return end;
}

type ExpiryState =
  | { readonly kind: 'not_begun' }
  | { readonly kind: 'under_way'; readonly at: number }
  | { readonly kind: 'done'; readonly by: number };

/**
 * How far an order is carried out.
 * @param noted `readErasures`
 * @param size entries that are complete
 * @param receipt `<journal>:<seq>` of the order
 */
export function expiryState(
  noted: { readonly looked: number; readonly expiring?: readonly { readonly by: number; readonly at: number }[] },
  bodies: BodyStore,
  size: number,
  receipt: string,
): ExpiryState {
  const [journal = '', seq] = receipt.split(':');
  const by = bodies.indexOf(journal, Number(seq));
  if (by === undefined || by >= size || by >= noted.looked) return { kind: 'not_begun' };
  const under = noted.expiring?.find((one) => one.by === by);
  return under === undefined ? { kind: 'done', by } : { kind: 'under_way', at: under.at };
}
