/** Wakes consumers: at once for appends of this process, within `POLL_MS` for those of another. */
import type { Store } from './store.js';

/** One look is one read of a counter, some 20 µs: half a percent of a core while idle. */
const POLL_MS = 5;

export class Doorbell {
  private waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private seen = 0;

  constructor(private readonly store: Store) {}

  /** To be taken before looking for records, in the same snapshot, and given to `changed` if there were none. */
  mark(): number {
    this.store.refresh();
    return this.store.appends();
  }

  /** Resolves when there may be something new since the mark, or on `ring`. */
  changed(mark: number): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.timer !== undefined) {
        this.seen = Math.min(this.seen, mark);
        return;
      }
      this.seen = mark;
      this.timer = setInterval(() => {
        if (this.mark() !== this.seen) this.ring();
      }, POLL_MS);
    });
  }

  ring(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}
