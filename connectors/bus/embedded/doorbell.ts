/**
 * Wakes consumers: at once for appends of this process; for those of another within milliseconds, told by the file
 * system that the file was written, and without that by looking.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { Store } from './store.js';

/** ms. One look is one read of a counter, some 20 µs, and a turn of the event loop. */
const POLL_MS = 5;
/**
 * ms, where the file system tells of what is written: it may still keep something to itself. Looking each five was half
 * of what an idle writer did.
 */
const SELDOM_MS = 50;
/** ms after a word of the file system: it comes when a page is written, and what is committed shows a moment later. */
const AFTER_MS = 1;
/** ms for which the file is looked at often after it was written. */
const BUSY_FOR_MS = 100;

export class Doorbell {
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** ms of `performance.now()` at which the timer is due. */
  #due = 0;
  #seen = 0;
  #watcher: FSWatcher | undefined;
  #writtenAt = -Infinity;
  #isWatching = false;
  #isClosed = false;

  /** @param store whose `file` is there */
  constructor(private readonly store: Pick<Store, 'refresh' | 'appends' | 'file'>) {}

  /** From the first time on that somebody waits. */
  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    try {
      this.#watcher = watch(this.store.file, { persistent: false }, () => {
        this.#written();
      });
      // nothing is told any more: it is looked at often
      this.#watcher.on('error', () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch {
      // no more watchers in this system, or none at all
    }
  }

  /** To be taken before looking for records, in the same snapshot, and given to `changed` if there were none. */
  mark(): number {
    this.store.refresh();
    return this.store.appends();
  }

  /** Resolves when there may be something new since the mark, or on `ring`. */
  changed(mark: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#watch();
    // what was told until now was told to nobody
    if (this.mark() !== mark) return Promise.resolve();
    return new Promise((resolve) => {
      this.#seen = this.#waiting.length > 0 ? Math.min(this.#seen, mark) : mark;
      this.#waiting.push(resolve);
      this.#lookIn(this.#isBusy() ? POLL_MS : SELDOM_MS);
    });
  }

  ring(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.ring();
  }

  #isBusy(): boolean {
    return this.#watcher === undefined || performance.now() - this.#writtenAt < BUSY_FOR_MS;
  }

  #written(): void {
    this.#writtenAt = performance.now();
    if (this.#waiting.length > 0) this.#lookIn(AFTER_MS);
  }

  /** Looks then, or before, where that is due already. */
  #lookIn(ms: number): void {
    const due = performance.now() + ms;
    if (this.#timer !== undefined && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.mark() !== this.#seen) this.ring();
      else this.#lookIn(this.#isBusy() ? POLL_MS : SELDOM_MS);
    }, ms);
  }
}
