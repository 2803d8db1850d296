/** Looks again and again, one look at a time, soon again while files change. */
export interface Looks {
  /** @param interval ms between two looks */
  start(interval?: number): void;
  /** Resolves when no look is under way any more. */
  stop(): Promise<void>;
}

const INTERVAL = 1000;
/** Ms between looks while files change: a file that is half written is not loaded as half a file. */
const SETTLE = 300;

/**
 * @param look one look; true where the next should come soon
 * @param onError called with what made a look fail; the next look comes all the same
 */
export function looks(look: () => Promise<boolean>, onError: (error: unknown) => void): Looks {
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let soon = false;
  let stopped = false;
  return {
    start(interval = INTERVAL) {
      const next = (): void => {
        timer = setTimeout(
          () => {
            looking = look()
              .then(
                (is) => void (soon = is),
                (error: unknown) => {
                  soon = false;
                  onError(error);
                },
              )
              .then(() => (stopped ? undefined : next()));
          },
          soon ? Math.min(SETTLE, interval) : interval,
        );
        timer.unref();
      };
      next();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
