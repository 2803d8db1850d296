/** When something succeeded, and so how long it took after a fault until it did again. */

/**
 * `publish`: a push acknowledged; `query`: an answer; `visible`: a push seen in an answer; `fed`: a connector's run.
 */
export const SUCCESSES = ['publish', 'query', 'visible', 'fed'] as const;
export type Success = (typeof SUCCESSES)[number];

export class Signals {
  readonly #waiting = new Set<{
    readonly kind: Success;
    readonly who: string;
    readonly from: number;
    readonly done: (ms: number) => void;
  }>();

  /**
   * @param started when what succeeded was begun, by `performance.now`
   * @param who where it matters whose success it is
   */
  succeeded(kind: Success, started: number, who = ''): void {
    for (const one of this.#waiting) {
      if (one.kind !== kind || one.who !== who || started < one.from) continue;
      this.#waiting.delete(one);
      one.done(performance.now() - one.from);
    }
  }

  /**
   * Ms until something of the kind that was begun after now has succeeded; undefined if it does not within `within` ms.
   */
  next(kind: Success, within: number, who = ''): Promise<number | undefined> {
    return new Promise((resolve) => {
      const one = {
        kind,
        who,
        from: performance.now(),
        done: (ms: number): void => {
          clearTimeout(timer);
          resolve(ms);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(one);
        resolve(undefined);
      }, within);
      this.#waiting.add(one);
    });
  }
}
