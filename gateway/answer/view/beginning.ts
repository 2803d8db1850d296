/**
 * What a view does before it follows the bus: it forgets what came from another bus or topic, and begins anew in a
 * topic where it cannot go on from where it is.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Bus, PartitionState, TopicName, TopicState } from '../../../connectors/bus/port.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Contract } from '../../../contracts/types.js';
import type { ViewWriter } from './port.js';

/** A compacted topic keeps a withdrawal at least this long; a view that was away longer may have missed one. */
const WITHDRAWALS_KEPT_MS = 24 * 3_600_000;

interface Beginning {
  readonly bus: Bus;
  readonly writer: ViewWriter;
  /** Of each topic with data. */
  readonly contracts: ReadonlyMap<TopicName, Contract>;
  readonly signal: AbortSignal;
  /** ms since 1970. */
  readonly now: () => number;
  /** ms for which a topic that seems to have lost records is waited with. */
  readonly pause: number;
  /** Called with a line for the log when something happened to a topic. */
  readonly onNotice: ((message: string) => void) | undefined;
}

/** Where following has to get to. Of a partition that has nothing left, it is there already. */
export const targetOf = ({ low, high }: PartitionState): number => (low === high ? 0 : high);

const idsOf = (topics: ReadonlyMap<TopicName, TopicState>): Readonly<Record<string, string>> =>
  Object.fromEntries([...topics].map(([topic, { id }]) => [topic, id]));

type Topics = ReadonlyMap<TopicName, TopicState>;

/** The view goes on, in each of these topics, from where it is, or anew. */
export async function begin(beginning: Beginning, topics: Topics): Promise<void> {
  await recognise(beginning, topics);
  await repair(beginning, topics);
}

/** Offsets mean nothing on another cluster or in a topic that was made anew. */
async function recognise({ bus, writer, onNotice }: Beginning, topics: Topics): Promise<void> {
  const clusterId = await bus.clusterId();
  const known = writer.identity();
  const ids = idsOf(topics);
  if (known !== undefined && known.clusterId !== clusterId) {
    onNotice?.('the bus is another cluster than the view was built from: the view is built again from empty');
    await writer.reset(clusterId, ids);
    return;
  }
  for (const [topic, { id }] of topics) {
    if ((known?.topicIds[topic] ?? id) === id) continue;
    onNotice?.(`topic \`${topic}\` was deleted and made anew: what came from it is forgotten and read again`);
    await writer.forget(topic);
  }
  await writer.setIdentity(clusterId, { ...known?.topicIds, ...ids });
}

/**
 * Where the view cannot go on from where it is in a topic, it begins anew there; what the bus has lost by then is
 * said.
 */
async function repair(
  { bus, writer, contracts, signal, now, pause, onNotice }: Beginning,
  topics: Topics,
): Promise<void> {
  const tooOld = now() - WITHDRAWALS_KEPT_MS;
  const placesOf = (topic: TopicName, partitions: readonly PartitionState[]) =>
    partitions.map(({ low, high }, partition) => ({
      low,
      high,
      next: writer.nextOffset(topic, partition),
      upTo: writer.completeUpTo(topic, partition),
    }));
  const gap = (topic: TopicName, partitions: readonly PartitionState[]): boolean =>
    placesOf(topic, partitions).some(({ low, high, next }) => next > high || (next > 0 && next < low));
  const outgrown = new Set(writer.outgrown());
  for (const [topic, { id, partitions: first }] of topics) {
    const history = contracts.get(topic)?.history;
    let partitions = first;
    if (gap(topic, partitions)) {
      // a leader that has just been elected may not know yet how far its log is agreed on
      await wait(pause, undefined, { signal });
      const later = await bus.topicState(topic);
      if (later?.id !== id)
        throw new YitongError('offset_out_of_range', `topic \`${topic}\` is another one than a moment ago`);
      partitions = later.partitions;
    }
    const after = partitions.map(targetOf);
    const places = placesOf(topic, partitions);
    if (gap(topic, partitions)) {
      onNotice?.(
        `topic \`${topic}\` has lost records that the view has not read, or has read: what is left of it is ` +
          'read again, its dataset is incomplete',
      );
      await writer.forget(topic, { after, incomplete: true });
    } else if (outgrown.has(topic)) {
      onNotice?.(
        `topic \`${topic}\` had records of a version that was not known then: it is read again from its beginning`,
      );
      await writer.forget(topic, { after });
    } else if (history !== undefined && places.some(({ low, next }) => next === 0 && low > 0)) {
      onNotice?.(`topic \`${topic}\` no longer has its first records: its dataset is incomplete`);
      await writer.markIncomplete(topic);
    } else if (
      history === 'latest' &&
      places.some(({ high, next, upTo }) => next > 0 && next < high && upTo < tooOld)
    ) {
      onNotice?.(
        `topic \`${topic}\` was not read for longer than it keeps withdrawals: it is read again from its beginning`,
      );
      await writer.forget(topic, { after });
    }
  }
}
