/**
 * A piece of work as if nobody else did anything meanwhile: what it read is what its commit expects, and where somebody
 * changed that meanwhile, it is done again from the beginning.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { type Change, type Commit, type Json, type State, StateConflict, type StateDocument } from './port.js';

type Put = Omit<Extract<Change, { do: 'put' }>, 'do' | 'version'>;

export interface Transaction {
  /** As it is after what this piece of work has put. */
  document(kind: string, id: string): Promise<Pick<StateDocument, 'owner' | 'links' | 'until' | 'body'> | undefined>;
  put(document: Put): void;
  remove(kind: string, id: string): void;
  /** Any other change; of documents only by the two above. */
  also(change: Exclude<Change, { do: 'put' | 'remove' | 'expect-document' }>): void;
}

/** Tries before it is given up: so often somebody else was first. */
const TRIES = 30;

/**
 * @param work may run several times, and has no other effect than its changes
 * @returns what the work returned, and the commit: none where it changed nothing
 * @throws what the work throws: then nothing has changed; YitongError `state_unavailable`; `state_conflict` where
 * others were first again and again
 */
export async function transact<T>(
  state: Pick<State, 'document' | 'commit'>,
  work: (transaction: Transaction) => Promise<T> | T,
): Promise<{ readonly result: T; readonly commit: Commit | undefined }> {
  for (let tries = 1; ; tries++) {
    const attempt = new Attempt(state);
    const result = await work(attempt);
    const changes = attempt.changes();
    if (changes === undefined) return { result, commit: undefined };
    try {
      return { result, commit: await state.commit(changes, randomUUID()) };
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      // a count that would be too high, or a condition of the work's own, is not mended by another try
      if (changes[error.change]?.do !== 'put' && !isRead(changes[error.change])) throw error;
      if (tries === TRIES)
        throw new YitongError('state_conflict', 'others were first again and again', { cause: error });
    }
    await pause(Math.random() * 5 * tries);
  }
}

/** Tries of a commit of whose outcome nothing is known. */
const UNKNOWN_TRIES = 3;

/**
 * A commit that is tried again while the store does not answer, each time with the same id, so that it is made once.
 * @throws StateConflict; YitongError `state_unavailable`
 */
export async function commitTried(
  state: Pick<State, 'commit'>,
  changes: readonly Change[],
  id: string = randomUUID(),
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await state.commit(changes, id);
      return;
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'state_unavailable' || tries === UNKNOWN_TRIES) throw error;
    }
  }
}

const isRead = (change: Change | undefined): boolean => change?.do === 'remove' || change?.do === 'expect-document';

class Attempt implements Transaction {
  readonly #state: Pick<State, 'document'>;
  readonly #read = new Map<string, { readonly kind: string; readonly id: string; readonly version: number }>();
  readonly #written = new Map<
    string,
    Put | { readonly kind: string; readonly id: string; readonly body?: undefined }
  >();
  readonly #others: Change[] = [];

  constructor(state: Pick<State, 'document'>) {
    this.#state = state;
  }

  async document(
    kind: string,
    id: string,
  ): Promise<
    | { readonly owner?: string; readonly links: readonly string[]; readonly until?: number; readonly body: Json }
    | undefined
  > {
    const key = `${kind}\n${id}`;
    const written = this.#written.get(key);
    if (written !== undefined)
      return written.body === undefined ? undefined : { ...written, links: written.links ?? [], body: written.body };
    const found = await this.#state.document(kind, id);
    const before = this.#read.get(key);
    if (before === undefined) this.#read.set(key, { kind, id, version: found?.version ?? 0 });
    return found;
  }

  put(document: Put): void {
    this.#written.set(`${document.kind}\n${document.id}`, document);
  }

  remove(kind: string, id: string): void {
    this.#written.set(`${kind}\n${id}`, { kind, id });
  }

  also(change: Exclude<Change, { do: 'put' | 'remove' | 'expect-document' }>): void {
    this.#others.push(change);
  }

  /** Undefined where nothing is changed. */
  changes(): readonly Change[] | undefined {
    if (this.#written.size === 0 && this.#others.length === 0) return undefined;
    const writes = [...this.#written].map(([key, written]): Change => {
      const read = this.#read.get(key);
      const version = read === undefined ? {} : { version: read.version };
      return written.body === undefined
        ? { do: 'remove', kind: written.kind, id: written.id, ...version }
        : { do: 'put', ...written, ...version };
    });
    const reads = [...this.#read].flatMap(([key, read]): Change[] =>
      this.#written.has(key) ? [] : [{ do: 'expect-document', ...read }],
    );
    return [...writes, ...reads, ...this.#others];
  }
}
