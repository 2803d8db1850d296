/**
 * Work that may not be done at once: one piece after the other, or a few at a time, in the order in which they came.
 */

/** One after the other. What fails is told to whoever brought it, and the next goes on. */
export class OneByOne {
  /** Never rejects. */
  #last: Promise<unknown> = Promise.resolve();

  /** @returns what `work` does @throws what `work` throws */
  take<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Resolves once all that was brought until now is over. Never rejects. */
  async over(): Promise<void> {
    await this.#last;
  }
}

/** Lets so many in at once. */
export function atOnce(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (inside >= most) await new Promise<void>((go) => waiting.push(go));
    else inside++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) inside--;
      else next();
    }
  };
}
