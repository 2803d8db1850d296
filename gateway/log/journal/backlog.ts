/**
 * Drafts that a journal accepted and that are not durable: first those that stand in the ring to the journal's thread,
 * then those that wait until there is room in it. Each is in the order in which it was accepted.
 */
import type { YitongError } from '../../../contracts/errors.js';
import type { EntryDraft, Receipt } from '../entries/port.js';

export interface Pending {
  readonly draft: EntryDraft;
  /** Where the digest of the draft's answer goes, in bytes from the end of its clear part; 0 where none is made. */
  digestPlace: number;
  /** Undefined for a draft that nobody waits for. */
  readonly resolve: ((receipt: Receipt) => void) | undefined;
  readonly reject: ((error: YitongError) => void) | undefined;
}

/** Places of drafts that are durable, at the head of the list, before the list is copied without them. */
const MOST_DONE = 4096;

export class Backlog {
  /**
   * Those in the ring stand from `#done` on. What is done is let go at once: with each draft stands all of its request,
   * and what thousands of requests leave behind would outlive the young generation and be copied twice.
   */
  #ring: (Pending | undefined)[] = [];
  #done = 0;
  #outside: Pending[] = [];

  /** All that are accepted and not durable. */
  get size(): number {
    return this.inRing + this.outside;
  }

  get inRing(): number {
    return this.#ring.length - this.#done;
  }

  /** Those that wait for room in the ring. */
  get outside(): number {
    return this.#outside.length;
  }

  /** The oldest in the ring. */
  get oldest(): Pending | undefined {
    return this.#ring[this.#done];
  }

  /** A draft that stands in the ring now. */
  addToRing(one: Pending): void {
    this.#ring.push(one);
  }

  addOutside(one: Pending): void {
    this.#outside.push(one);
  }

  /** The draft `i` places behind the oldest in the ring. */
  inRingAt(i: number): Pending | undefined {
    return this.#ring[this.#done + i];
  }

  /** The `count` oldest in the ring are durable. */
  removeDurable(count: number): void {
    this.#ring.fill(undefined, this.#done, this.#done + count);
    this.#done += count;
    if (this.#done === this.#ring.length) {
      this.#ring.length = 0;
      this.#done = 0;
    } else if (this.#done > MOST_DONE) {
      this.#ring = this.#ring.slice(this.#done);
      this.#done = 0;
    }
  }

  /** @param push puts a draft into the ring and says whether there was room */
  fillRing(push: (one: Pending) => boolean): void {
    let moved = 0;
    for (let one = this.#outside[moved]; one !== undefined && push(one); one = this.#outside[moved]) {
      this.#ring.push(one);
      moved++;
    }
    if (moved > 0) this.#outside = this.#outside.slice(moved);
  }

  /** Takes all out, oldest first. */
  takeAll(): Pending[] {
    const all = [...this.#ring.slice(this.#done), ...this.#outside].filter((one) => one !== undefined);
    this.#ring = [];
    this.#done = 0;
    this.#outside = [];
    return all;
  }
}
