/** Sends what waits in the spool, oldest first, as soon as the bus takes it. One process a data folder does this. */
import { setTimeout as wait } from 'node:timers/promises';
import { isYitongError } from '../../contracts/errors.js';
import type { Producer } from '../bus/port.js';
import type { Spool, SpoolSize } from './store.js';

interface ForwardOptions {
  readonly spool: Spool;
  /** A producer for one queue, whose topics are there. */
  readonly open: (queue: string) => Promise<Producer>;
  /** Ends the forwarding; what waits stays. */
  readonly signal: AbortSignal;
  /** Told after each look: how much waits, and why (one line a queue; no record). */
  readonly onState?: (size: SpoolSize, problems: readonly string[]) => void;
  /** Between two looks. Default 1 s. */
  readonly pauseMs?: number;
}

export async function forwardSpool(options: ForwardOptions): Promise<void> {
  const { spool, signal, onState, pauseMs = 1000 } = options;
  while (!signal.aborted) {
    const problems: string[] = [];
    for (const queue of spool.queues()) {
      if (signal.aborted) break;
      try {
        await forwardQueue(options, queue);
      } catch (error) {
        // one dataset that the bus refuses does not hold up the others
        problems.push(
          `${queue}: ${isYitongError(error) ? `${error.message} [${error.code}]` : 'the records cannot be forwarded'}`,
        );
      }
    }
    onState?.(spool.size(), problems);
    await wait(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function forwardQueue({ spool, open, signal }: ForwardOptions, queue: string): Promise<void> {
  const producer = await open(queue);
  try {
    for (let head = spool.head(queue); head !== undefined && !signal.aborted; head = spool.head(queue)) {
      await producer.send(head.topic, head.records);
      await spool.drop(queue, head.upTo);
    }
  } finally {
    await producer.close();
  }
}
