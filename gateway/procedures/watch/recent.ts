/**
 * Different values seen of a key within a window: subjects of a client, clients of a subject. Bounded, whatever comes.
 */

interface Seen {
  time: number;
  index: number;
  flag: boolean;
}

interface Distinct {
  readonly size: number;
  /** Of them, how many were seen with the flag last. */
  readonly flagged: number;
  /** Log index at which each was seen last, oldest first; the newest `limit`. */
  entries(limit: number): number[];
}

class Values implements Distinct {
  readonly #seen = new Map<string, Seen>();
  flagged = 0;
  /** An alert stands for what is over the threshold; the next comes once it was below. */
  raised = false;

  get size(): number {
    return this.#seen.size;
  }

  add(value: string, time: number, index: number, flag: boolean, oldest: number, most: number): void {
    const known = this.#seen.get(value);
    if (known !== undefined) this.#remove(value, known);
    // behind all others: the map stays in the order of time
    this.#seen.set(value, { time, index, flag });
    if (flag) this.flagged++;
    for (const [first, one] of this.#seen) {
      if (one.time >= oldest && this.#seen.size <= most) break;
      this.#remove(first, one);
    }
  }

  #remove(value: string, { flag }: Seen): void {
    this.#seen.delete(value);
    if (flag) this.flagged--;
  }

  entries(limit: number): number[] {
    return [...this.#seen.values()].slice(-limit).map(({ index }) => index);
  }
}

export class Recent {
  readonly #keys = new Map<string, Values>();

  readonly #window: number;
  readonly #most: number;
  readonly #maxKeys: number;

  /**
   * @param window ms
   * @param most values kept of one key: the newest
   * @param maxKeys keys kept: those seen last
   */
  constructor(window: number, most: number, maxKeys = 100_000) {
    this.#window = window;
    this.#most = most;
    this.#maxKeys = maxKeys;
  }

  /** Adds one, and says once when `over` begins to hold of the key's values. */
  crosses(
    key: string,
    value: string,
    { time, index }: { readonly time: number; readonly index: number },
    over: (values: Distinct) => boolean,
    flag = false,
  ): Distinct | undefined {
    const values = this.#keys.get(key) ?? new Values();
    this.#keys.delete(key);
    this.#keys.set(key, values);
    if (this.#keys.size > this.#maxKeys)
      for (const [first] of this.#keys) {
        this.#keys.delete(first);
        break;
      }
    values.add(value, time, index, flag, time - this.#window, this.#most);
    const is = over(values);
    const begins = is && !values.raised;
    values.raised = is;
    return begins ? values : undefined;
  }
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Offset of Asia/Shanghai, in which hours and days are counted. */
export const OFFSET = 8 * HOUR;
