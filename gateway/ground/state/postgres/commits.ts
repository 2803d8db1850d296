/**
 * Commits of one process on their way to the server: those that come while one statement is under way go with the next
 * one, so that many share a transaction, and one process waits for the lock of all once and not for each.
 */
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { type ConflictReason, conflict } from '../checked.js';
import type { Change, Commit } from '../port.js';

/** At most this many commits, and about so many bytes, in one statement. */
const MOST_COMMITS = 128;
const MOST_TOGETHER = 4_194_304;

/** As the function `commit` takes it. */
interface WireCommit {
  readonly id: string;
  readonly changes: readonly object[];
}

export interface Outcome {
  readonly [column: string]: unknown;
  readonly outcome: string;
  readonly repeated: boolean;
}

interface Waiting {
  readonly wire: WireCommit;
  readonly bytes: number;
  resolve(commit: Commit): void;
  reject(error: unknown): void;
}

export class Commits {
  readonly #send: (batch: string) => Promise<readonly Outcome[]>;
  readonly #waiting: Waiting[] = [];
  #sending = false;

  /** @param send calls the function `commit`, with the batch as JSON; the outcomes are in its order */
  constructor(send: (batch: string) => Promise<readonly Outcome[]>) {
    this.#send = send;
  }

  make(id: string, changes: readonly Change[], bytes: number): Promise<Commit> {
    return new Promise<Commit>((resolve, reject) => {
      this.#waiting.push({ wire: { id, changes: changes.map(toWire) }, bytes, resolve, reject });
      if (!this.#sending) void this.#sendAll();
    });
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.length > 0) await this.#sendSome(this.#next());
    this.#sending = false;
  }

  #next(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (count === MOST_COMMITS || (count > 0 && bytes > MOST_TOGETHER)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #sendSome(some: readonly Waiting[]): Promise<void> {
    let outcomes: readonly Outcome[];
    try {
      outcomes = await this.#ask(some);
    } catch (error) {
      // one of them is what the server does not take: nothing of any was changed, and the others are made without it
      if (some.length > 1 && !isYitongError(error)) for (const one of some) await this.#sendSome([one]);
      else for (const { reject } of some) reject(error);
      return;
    }
    for (const [i, waiting] of some.entries()) settle(waiting, outcomes[i]);
  }

  /** Where the connection was lost, once more: what was made under an id is not made again. */
  async #ask(some: readonly Waiting[]): Promise<readonly Outcome[]> {
    const batch = JSON.stringify(some.map(({ wire }) => wire));
    try {
      return await this.#send(batch);
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'state_unavailable') throw error;
      return await this.#send(batch);
    }
  }
}

function settle({ resolve, reject }: Waiting, found: Outcome | undefined): void {
  if (found === undefined) {
    reject(new YitongError('state_unavailable', 'the server of the state did not say what came of a commit'));
    return;
  }
  try {
    // the one cast: `commit` wrote it
    const outcome = JSON.parse(found.outcome) as
      | { readonly revision: number; readonly at: number; readonly counts: Readonly<Record<string, number>> }
      | { readonly conflict: readonly [number, ConflictReason] };
    if ('conflict' in outcome) reject(conflict(...outcome.conflict));
    else resolve({ ...outcome, repeated: found.repeated });
  } catch (error) {
    reject(error);
  }
}

/** Values go as texts, so that what comes back is what was written, letter by letter. */
function toWire(change: Change): object {
  switch (change.do) {
    case 'append':
      return { ...change, events: change.events.map((event) => JSON.stringify(event)) };
    case 'put':
      return { ...change, body: JSON.stringify(change.body) };
    case 'set':
      return {
        ...change,
        put: Object.fromEntries(
          Object.entries(change.put ?? {}).map(([member, value]) => [member, JSON.stringify(value)]),
        ),
        remove: change.remove ?? [],
      };
    case 'send':
      return { ...change, headers: JSON.stringify(change.headers ?? {}) };
    default:
      return change;
  }
}
