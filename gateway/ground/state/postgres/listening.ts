/**
 * Hears of commits of other processes sooner than by asking: a connection that listens, made again with a back-off
 * where it is lost. Nothing relies on it: who follows the state asks each second all the same.
 */
import { createHash } from 'node:crypto';
import type { Pool } from './pool.js';

/** ms between two tries to listen: the first, and the longest. */
const [SOON, LATE] = [500, 15_000];
/** ms between two looks whether the connection lives: one that went without a word is found by it. */
const LOOKS = 10_000;
/** ms between two hints: many commits are one. */
const APART = 50;

type Beside = Awaited<ReturnType<Pool['beside']>>;

export class Listening {
  readonly #pool: Pick<Pool, 'beside'>;
  readonly #channel: string;
  readonly #hint: () => void;
  #beside: Beside | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pause = SOON;
  #closed = false;
  #hintedAt = -Infinity;
  #later: NodeJS.Timeout | undefined;

  /** @param hint something was committed, or may have been while nobody listened */
  constructor(pool: Pick<Pool, 'beside'>, schema: string, hint: () => void) {
    this.#pool = pool;
    this.#channel = `yitong_${createHash('md5').update(schema).digest('hex')}`;
    this.#hint = hint;
    void this.#listen();
  }

  /** Whether it listens. */
  get hears(): boolean {
    return this.#beside !== undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#later);
    this.#beside?.end();
    this.#beside = undefined;
  }

  /** Never rejects. */
  async #listen(): Promise<void> {
    let made: Beside | undefined;
    try {
      made = await this.#pool.beside(
        () => this.#tell(),
        () => this.#lost(made),
      );
      await made.connection.run(`LISTEN ${this.#channel}`);
      if (this.#closed) return made.end();
      this.#beside = made;
      this.#pause = SOON;
      // what was committed before
      this.#tell();
      this.#lookSoon(made);
    } catch {
      made?.end();
      this.#beside = undefined;
      this.#again();
    }
  }

  #lookSoon(made: Beside): void {
    this.#after(LOOKS, async () => {
      try {
        await made.connection.run('SELECT 1');
        this.#lookSoon(made);
      } catch {
        made.end();
        this.#lost(made);
      }
    });
  }

  #lost(made: Beside | undefined): void {
    // one that ends before it listens is told by its own failure
    if (made === undefined || this.#beside !== made) return;
    this.#beside = undefined;
    this.#again();
  }

  #again(): void {
    const pause = this.#pause * (0.75 + Math.random() / 2);
    this.#pause = Math.min(LATE, this.#pause * 2);
    this.#after(pause, () => this.#listen());
  }

  #after(ms: number, work: () => Promise<void>): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void work(), ms);
    this.#timer.unref();
  }

  #tell(): void {
    if (this.#closed || this.#later !== undefined) return;
    const wait = this.#hintedAt + APART - performance.now();
    if (wait > 0) {
      this.#later = setTimeout(() => {
        this.#later = undefined;
        this.#give();
      }, wait);
      this.#later.unref();
    } else this.#give();
  }

  #give(): void {
    this.#hintedAt = performance.now();
    this.#hint();
  }
}
