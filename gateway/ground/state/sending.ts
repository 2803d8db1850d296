/**
 * Messages of the outbox on their way to the bus: by one process at a time, in order, each at least once. Whoever holds
 * the lease sends; one that dies is followed by another when its lease ends. A message is marked when the bus has it:
 * until then the next one sends it again, and the messages behind it after it. So the first time that a message comes
 * is after every earlier one of its key; where one comes a second time, its number is below one that came.
 */
import type { OutboxMessage, State } from './port.js';

interface SendingOptions {
  /** Names this process among those that could send. */
  readonly holder: string;
  /** Resolves when the bus has all of them, in their order. */
  readonly send: (messages: readonly OutboxMessage[]) => Promise<void>;
  /** ms for which a process that holds the lease is left alone; a `send` must be over within half of it. */
  readonly leaseMs?: number;
  /** ms between two looks for messages. */
  readonly everyMs?: number;
  readonly onTrouble?: (error: unknown) => void;
}

interface Sending {
  /** Whether this process is the one that sends. */
  sends(): boolean;
  /** ms since it knew last that nothing waits, or that another process sends. */
  age(): number;
  stop(): Promise<void>;
}

export const OUTBOX_LEASE = 'outbox';
const BATCH = 100;

export function sendOutbox(state: State, options: SendingOptions): Sending {
  return new OutboxSender(state, options);
}

class OutboxSender implements Sending {
  readonly #state: State;
  readonly #options: SendingOptions;
  readonly #leaseMs: number;
  readonly #unhint: () => void;
  readonly #done: Promise<void>;
  #token: number | undefined;
  #freshAt = performance.now();
  #stopped = false;
  #troubled = false;
  #wake: (() => void) | undefined;

  constructor(state: State, options: SendingOptions) {
    this.#state = state;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 20_000;
    this.#unhint = state.onHint(() => this.#wake?.());
    this.#done = this.#run();
  }

  sends(): boolean {
    return this.#token !== undefined;
  }

  age(): number {
    return Math.round(performance.now() - this.#freshAt);
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
        more = await this.#sendSome();
        this.#troubled = false;
      } catch (error) {
        this.#token = undefined;
        if (!this.#troubled) this.#options.onTrouble?.(error);
        this.#troubled = true;
      }
      if (!more && !this.#stopped) await this.#pause();
    }
    if (this.#token !== undefined) await this.#state.release(OUTBOX_LEASE, this.#token).catch(() => undefined);
  }

  /** @returns whether there is more at once */
  async #sendSome(): Promise<boolean> {
    const lease = await this.#state.lease(OUTBOX_LEASE, this.#options.holder, this.#leaseMs);
    this.#token = lease?.token;
    if (lease === undefined) {
      this.#freshAt = performance.now();
      return false;
    }
    const messages = await this.#state.outbox(BATCH);
    if (messages.length > 0) {
      await this.#options.send(messages);
      await this.#state.sent(messages.map(({ number }) => number));
    }
    if (messages.length === BATCH) return true;
    this.#freshAt = performance.now();
    return false;
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#options.everyMs ?? 500);
      this.#wake = () => {
        if (this.#troubled && !this.#stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
