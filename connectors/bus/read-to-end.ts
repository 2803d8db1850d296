/** A topic from where somebody is to where it ended when they looked: for what is made of a topic beside the view. */
import { YitongError } from '../../contracts/errors.js';
import type { Bus, InRecord, TopicName } from './port.js';

interface ReadToEnd {
  readonly topic: TopicName;
  readonly from: (partition: number) => number;
  readonly apply: (batch: readonly InRecord[]) => Promise<void>;
  /** Whether there is more; asked after each batch. */
  readonly behind: () => boolean;
  readonly signal: AbortSignal;
  /** Ms without a record after which the bus is taken to be away. Default a minute. */
  readonly patience?: number;
  /** What is said then. */
  readonly late: string;
}

/**
 * @throws YitongError `bus_unavailable` if it cannot be read to its end, `shutting_down`, and whatever `apply` throws
 */
export async function readToEnd(
  bus: Bus,
  { topic, from, apply, behind, signal, patience = 60_000, late }: ReadToEnd,
): Promise<void> {
  let wake: (error?: Error) => void = () => undefined;
  const reached = new Promise<void>(
    (resolve, reject) => (wake = (error) => (error === undefined ? resolve() : reject(error))),
  );
  const stopped = (): void => wake(new YitongError('shutting_down', 'the run was stopped; the next one starts over'));
  const tooLate = (): void => wake(new YitongError('bus_unavailable', late));
  let timer = setTimeout(tooLate, patience);
  signal.addEventListener('abort', stopped, { once: true });
  const consumption = await bus.consume({
    topics: [topic],
    from: (_, partition) => from(partition),
    onOffsetLost: ({ low }) => low,
    onBatch: async (batch) => {
      clearTimeout(timer);
      await apply(batch);
      if (behind()) timer = setTimeout(tooLate, patience);
      else wake();
    },
  });
  consumption.done.then(
    () => undefined,
    (error: unknown) => wake(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    if (signal.aborted) stopped();
    await reached;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stopped);
    await consumption.stop();
  }
}
