/**
 * The look at the whole view, where the start did not wait for it (`connectors/lmdb/looked.ts`): some seconds after the
 * start, on a thread beside.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { inWords } from '../../ground/logging/words.js';

/** ms after the start, which has better things to do at first; and until a look that failed is tried again. */
const LOOK_AFTER = 5000;
const AGAIN_AFTER = 60_000;

interface ViewLookParts {
  /** Whether it was looked at before it was opened: then there is nothing to do. */
  readonly looked: boolean;
  /** @returns what is damaged */
  readonly look: (signal: AbortSignal) => Promise<string | undefined>;
  readonly onDamaged: (why: string) => void;
  readonly alert: (message: string) => void;
  /** ms; default 5,000 */
  readonly after?: number;
}

export class ViewLook {
  readonly #parts: ViewLookParts;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #whole: boolean;

  constructor(parts: ViewLookParts) {
    this.#parts = parts;
    this.#whole = parts.looked;
    this.#done = parts.looked ? Promise.resolve() : this.#run(this.#stop.signal);
  }

  /** Whether all of the view was looked at since it was opened, or right before, and nothing was found. */
  get whole(): boolean {
    return this.#whole;
  }

  /** Resolves when nothing is looked at any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    const { look, onDamaged, alert, after = LOOK_AFTER } = this.#parts;
    for (let pause = after; ; pause = AGAIN_AFTER) {
      await wait(pause, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const found = await look(signal);
        if (found === undefined) this.#whole = true;
        else onDamaged(found);
        return;
      } catch (error) {
        if (signal.aborted) return;
        alert(`the view could not be looked at: ${inWords(error)}`);
      }
    }
  }
}
