/**
 * Following what is committed, by whichever process: complete and in order, at the latest `everyMs` after it was. While
 * the store is away nothing is told, and `age` grows: whoever watches goes on with what it knows.
 */
import type { Changed, ChangesPage, State } from './port.js';

interface WatchOptions {
  /** Whether somebody wants to know of it. */
  readonly wanted: (changed: Changed) => boolean;
  /**
   * What was changed; undefined: whatever is watched has to be read anew, as at the beginning. Nothing more is told
   * before it resolves, and where it rejects the same is told again.
   */
  readonly onChange: (changes: readonly Changed[] | undefined) => Promise<void>;
  /** ms between two looks, at most 1000. */
  readonly everyMs?: number;
  /** It failed, and when it went on; told when it changes. */
  readonly onTrouble?: (error: unknown) => void;
}

export interface Watching {
  /** ms since all that had been committed was told; since it began where it never was. */
  age(): number;
  stop(): Promise<void>;
}

const MOST_WAIT = 1000;

export function watch(state: Pick<State, 'changes' | 'revision' | 'onHint'>, options: WatchOptions): Watching {
  return new Watch(state, options);
}

class Watch implements Watching {
  readonly #state: Pick<State, 'changes' | 'revision' | 'onHint'>;
  readonly #options: WatchOptions;
  readonly #unhint: () => void;
  readonly #done: Promise<void>;
  /** Everything up to this revision was told; undefined before the beginning. */
  #since: number | undefined;
  #stopped = false;
  #toldAt = performance.now();
  #troubled = false;
  /** A hint came while nobody waited for one. */
  #hinted = false;
  #wake: (() => void) | undefined;

  constructor(state: Pick<State, 'changes' | 'revision' | 'onHint'>, options: WatchOptions) {
    this.#state = state;
    this.#options = options;
    this.#unhint = state.onHint(() => {
      this.#hinted = true;
      this.#wake?.();
    });
    this.#done = this.#run();
  }

  age(): number {
    return Math.round(performance.now() - this.#toldAt);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unhint();
    this.#wake?.();
    await this.#done;
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    while (!this.#stopped) {
      let more = false;
      try {
        const begun = performance.now();
        more = await this.#look();
        if (!more) this.#toldAt = begun;
        this.#troubled = false;
      } catch (error) {
        if (!this.#troubled && !this.#stopped) this.#options.onTrouble?.(error);
        this.#troubled = true;
      }
      if (!more && !this.#stopped) await this.#pause();
    }
  }

  /** @returns whether there is more at once */
  async #look(): Promise<boolean> {
    if (this.#since === undefined) {
      // before anything is read, so that what comes meanwhile is told
      const revision = await this.#state.revision();
      await this.#options.onChange(undefined);
      this.#since = revision;
      return false;
    }
    const page: ChangesPage = await this.#state.changes(this.#since);
    if (page.lost) await this.#options.onChange(undefined);
    else {
      const changes = page.changes.filter(this.#options.wanted);
      if (changes.length > 0) await this.#options.onChange(changes);
    }
    this.#since = page.next;
    return page.more;
  }

  async #pause(): Promise<void> {
    const ms = this.#troubled ? MOST_WAIT : Math.min(MOST_WAIT, this.#options.everyMs ?? MOST_WAIT);
    if (!this.#hinted || this.#troubled)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#wake = undefined;
    this.#hinted = false;
  }
}
