/**
 * The way from the bus into the view, told from top to bottom: see what the bus has, forget the view if it came from
 * another bus, read on from the view's own offsets, and start over when that cannot go on.
 */
import { setTimeout as wait } from 'node:timers/promises';
import {
  type Bus,
  controlSpec,
  dataTopic,
  HEADER,
  type InRecord,
  type OffsetLost,
  type TopicName,
  type TopicSpec,
  type TopicState,
} from '../../../connectors/bus/port.js';
import { isYitongError } from '../../../contracts/errors.js';
import { type DatasetId, recordSubject } from '../../../contracts/ids.js';
import type { Tracer } from '../../../contracts/tracing.js';
import type { Contract } from '../../../contracts/types.js';
import { FRAME_BYTES } from '../../../contracts/wire.js';
import { begin, targetOf } from './beginning.js';
import { Gathering } from './gathering.js';
import type { CaughtUp, Cut, ViewReader, ViewWorkspace, ViewWriter } from './port.js';

/** `rebuilding`: not yet where the bus was when following began, so what is missing may still come. */
export type FollowState = 'following' | 'rebuilding' | 'unavailable';

export interface FollowOptions {
  readonly bus: Bus;
  readonly writer: ViewWriter;
  readonly workspace: ViewWorkspace;
  /** Ends the following; the promise resolves when the last batch is committed. */
  readonly signal: AbortSignal;
  /** Called at every change. */
  readonly onState?: (dataset: DatasetId, state: FollowState) => void;
  /** Called with what made the bus unavailable, or the view full; the following tries again by itself. */
  readonly onError?: (error: unknown) => void;
  /** Called with a line for the log when something happened to a topic. */
  readonly onNotice?: (message: string) => void;
  /** Called each time following begins, with the datasets of which the bus has lost records that this view needs. */
  readonly onIncomplete?: (datasets: readonly DatasetId[]) => void;
  /** ms since 1970. */
  readonly now?: () => number;
  /**
   * Whether to wait at a record of an unknown schema, since this process ends soon and its successor knows the schema.
   * Default: never; such a record is set aside.
   */
  readonly hold?: () => boolean;
  /** Undefined where traces are not configured. */
  readonly tracer?: Tracer;
  /** How often the ends of the topics are looked at; `asOf` is answered up to the last look. Default 1 s. */
  readonly pollMs?: number;
  /**
   * How long before it can be read a record may have been stamped, and how far the bus's clock may be behind `now`.
   * Default 1 s.
   */
  readonly marginMs?: number;
  /** Between two attempts. Default 1 s. */
  readonly retryMs?: number;
  /** Records a batch; a transaction each. Default 2,000. */
  readonly maxBatch?: number;
}

const LONGEST_PAUSE_MS = 60_000;

/**
 * @throws YitongError `topic_mismatch` where a topic has other partitions than its contract, `view_unavailable` where
 * the view cannot be written. A bus that cannot be reached is waited for.
 */
export async function followBus(options: FollowOptions): Promise<void> {
  const follower = new Follower(options);
  let pause = options.retryMs ?? 1000;
  while (!options.signal.aborted) {
    try {
      await follower.once();
      pause = options.retryMs ?? 1000;
    } catch (error) {
      if (options.signal.aborted) return;
      if (isYitongError(error) && (error.code === 'topic_mismatch' || error.code === 'view_unavailable')) throw error;
      // nobody knows what the bus lost, so of no dataset is it said that it is all there
      if (isDamage(error)) await follower.damaged();
      // the bus is there, and the view says up to when it has all of it
      if (!isFull(error)) follower.unavailable();
      options.onError?.(error);
      await wait(pause, undefined, { signal: options.signal }).catch(() => undefined);
      // a wrong password that is tried every second locks the account
      const ours = isYitongError(error) && (error.code === 'bus_login_failed' || error.code === 'bus_denied');
      pause = ours ? Math.min(pause * 2, LONGEST_PAUSE_MS) : (options.retryMs ?? 1000);
    }
  }
}

const isFull = (error: unknown): boolean => isYitongError(error) && error.code === 'store_full';
const isDamage = (error: unknown): boolean => isYitongError(error) && error.code === 'store_damaged';

class Follower {
  readonly #o: FollowOptions;
  readonly #contracts: ReadonlyMap<TopicName, Contract>;
  readonly #specs: readonly TopicSpec[];
  readonly #states = new Map<DatasetId, FollowState>();
  readonly #reader: ViewReader;
  /** Next offsets that each dataset has to reach before it is following. */
  readonly #targets = new Map<TopicName, readonly number[]>();
  /** Partitions of datasets of which not all up to there was read. */
  readonly #behind = new Set<string>();
  /** Topics whose ends are damaged. */
  readonly #ended = new Set<TopicName>();
  /** Something is waited with, so nothing behind it is applied. */
  #held = false;

  constructor(options: FollowOptions) {
    this.#o = options;
    this.#reader = options.writer.reader();
    const { contracts, prefix } = options.workspace;
    this.#contracts = new Map([...contracts.values()].map((contract) => [dataTopic(prefix, contract.id), contract]));
    const authorities = new Set([...contracts.values()].map(({ authority }) => authority));
    this.#specs = [
      ...[...this.#contracts].map(([topic, { partitions, history }]): TopicSpec => ({ topic, partitions, history })),
      ...[...authorities].map((authority) => controlSpec(prefix, authority)),
    ];
  }

  /** Follows until it is told to stop, or until the view has to be built anew. */
  async once(): Promise<void> {
    const { bus, writer, signal } = this.#o;
    await bus.ensureTopics(this.#specs);
    const topics = await this.#topics();
    const { onNotice, retryMs: pause = 1000 } = this.#o;
    await begin({ bus, writer, signal, contracts: this.#contracts, now: () => this.#now(), pause, onNotice }, topics);
    this.#tellIncomplete();
    this.#behind.clear();
    for (const [topic, { partitions }] of topics) {
      const targets = partitions.map(targetOf);
      this.#targets.set(topic, targets);
      if (!this.#contracts.has(topic)) continue;
      targets.forEach((target, partition) => {
        if (writer.nextOffset(topic, partition) < target) this.#behind.add(placeOf(topic, partition));
      });
    }
    for (const topic of this.#contracts.keys()) this.#tell(topic);

    let lost = false;
    this.#held = false;
    let left = false;
    let [stop, fail] = [(): void => undefined, (_error: unknown): void => undefined];
    const told = new Promise<void>((resolve, reject) => {
      stop = resolve;
      fail = reject;
    });
    const gathering = new Gathering({
      apply: (batches) => writer.applyAll(batches),
      onApplied: (topics) => {
        for (const topic of topics) this.#tell(topic);
      },
      // nobody may be waiting for it
      onFailed: fail,
    });
    signal.addEventListener('abort', stop, { once: true });
    const consumption = await bus.consume({
      topics: [...topics.keys()],
      from: (topic, partition) =>
        writer.nextOffset(topic, partition) || (topics.get(topic)?.partitions[partition]?.low ?? 0),
      onBatch: async (batch) => {
        // what comes behind a gap is not applied: the view is about to forget the topic
        if (!lost && !this.#holds(batch)) await this.#apply(batch, gathering);
        else gathering.drop();
      },
      onOffsetLost: (gap) => {
        // a view that has nothing of the partition yet begins where the partition begins
        if (!this.#isFirst(gap)) {
          lost = true;
          stop();
        }
        return gap.low;
      },
      onDamaged: async ({ topic, partition, from, to }) => {
        // what was gathered before it is applied before it
        await gathering.flush();
        await writer.markIncomplete(topic, { partition, next: to });
        this.#tell(topic);
        this.#o.onNotice?.(
          `topic \`${topic}\` is damaged on the bus: its records ${from} to ${to - 1} of partition ` +
            `${partition} cannot be read, ${this.#lacks(topic)}`,
        );
        this.#tellIncomplete();
      },
      maxBatch: this.#o.maxBatch ?? 2000,
    });
    const looking = new AbortController();
    try {
      if (signal.aborted) stop();
      await Promise.race([told, consumption.done, this.#look(topics, looking.signal).then(() => (left = true))]);
    } catch (error) {
      // a consumer fails first where a topic was deleted; the next beginning sees what is there now
      if (!isYitongError(error) || error.code !== 'offset_out_of_range') throw error;
      lost = true;
    } finally {
      signal.removeEventListener('abort', stop);
      looking.abort();
      await consumption.stop();
      await gathering.stop();
    }
    // what was lost is repaired when following begins again, from the offsets as they are then
    if ((lost || left) && !signal.aborted)
      await wait(Math.min(this.#o.retryMs ?? 1000, 100), undefined, { signal }).catch(() => undefined);
  }

  #tellIncomplete(): void {
    this.#o.onIncomplete?.(
      [...this.#contracts.values()]
        .filter(({ id }) => this.#reader.datasetState(id).incomplete === true)
        .map(({ id }) => id),
    );
  }

  #lacks(topic: TopicName): string {
    return this.#contracts.has(topic) ? 'its dataset is incomplete' : 'watermarks among them are not known';
  }

  /** The bus itself says that it is damaged. */
  async damaged(): Promise<void> {
    for (const topic of this.#contracts.keys()) await this.#o.writer.markIncomplete(topic);
    this.#tellIncomplete();
  }

  unavailable(): void {
    for (const { id } of this.#contracts.values()) this.#set(id, 'unavailable');
  }

  async #topics(): Promise<ReadonlyMap<TopicName, TopicState>> {
    const states = await Promise.all(
      this.#specs.map(async ({ topic }) => [topic, await this.#stateOf(topic)] as const),
    );
    return new Map(states.flatMap(([topic, state]) => (state === undefined ? [] : [[topic, state] as const])));
  }

  /**
   * Undefined also of a topic of which the bus does not know any more where it ends: it is not followed, and its
   * dataset counts as incomplete.
   */
  async #stateOf(topic: TopicName): Promise<TopicState | undefined> {
    try {
      return await this.#o.bus.topicState(topic);
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (!this.#ended.has(topic)) {
        this.#ended.add(topic);
        await this.#o.writer.markIncomplete(topic);
        this.#o.onNotice?.(
          `topic \`${topic}\` is damaged on the bus and is not followed any more: ${this.#lacks(topic)}`,
        );
        this.#tellIncomplete();
      }
      return undefined;
    }
  }

  /** What is held is read again from the view's own offsets, when following begins again. */
  #holds(batch: readonly InRecord[]): boolean {
    const { hold, workspace } = this.#o;
    if (hold?.() !== true || this.#held || !this.#contracts.has(batch[0]?.topic ?? '')) return this.#held;
    return (this.#held = batch.some(
      ({ value }) => value !== null && value.length >= FRAME_BYTES && !workspace.schemasById.has(value.readUInt32BE(1)),
    ));
  }

  #isFirst({ topic, partition, wanted, low }: OffsetLost): boolean {
    return wanted < low && this.#o.writer.nextOffset(topic, partition) === 0;
  }

  async #apply(batch: readonly InRecord[], gathering: Gathering): Promise<void> {
    const topic = batch[0]?.topic;
    if (topic === undefined) return;
    if (this.#contracts.has(topic)) {
      if (this.#isBehind(topic, batch)) await this.#gather(batch, gathering);
      else {
        await gathering.flush();
        await this.#applyNow(topic, batch);
        this.#tell(topic);
      }
    } else {
      await gathering.flush();
      await this.#o.writer.apply(batch, await this.#ends(batch));
    }
  }

  /**
   * What is new on the bus, under a span where its trace is recorded; what is read again while the view is behind has
   * none.
   */
  async #applyNow(topic: TopicName, batch: readonly InRecord[]): Promise<void> {
    const { tracer, writer } = this.#o;
    const span = tracer?.apply(
      topic,
      batch[0]?.partition ?? 0,
      batch.map(({ headers }) => headers[HEADER.traceparent]),
    );
    try {
      await writer.apply(batch);
    } catch (error) {
      span?.fail(isYitongError(error) ? error.code : 'internal');
      throw error;
    } finally {
      span?.end();
    }
  }

  #target(topic: TopicName, partition: number): number {
    return this.#targets.get(topic)?.[partition] ?? 0;
  }

  #isBehind(topic: TopicName, [first]: readonly InRecord[]): boolean {
    return first !== undefined && first.offset < this.#target(topic, first.partition);
  }

  /** The batch waits for others, unless there are enough, or nothing is left to wait for. */
  async #gather(batch: readonly InRecord[], gathering: Gathering): Promise<void> {
    const prepared = this.#o.writer.prepare(batch);
    const { topic, partition, last } = prepared;
    if (last.offset + 1 >= this.#target(topic, partition)) this.#behind.delete(placeOf(topic, partition));
    await gathering.add(prepared, this.#behind.size === 0);
  }

  /**
   * Watermarks say something of data that were acknowledged before them, so those stand below the ends as they are now.
   */
  async #ends(batch: readonly InRecord[]): Promise<Cut> {
    const named = new Set(batch.map(({ key }) => dataTopic(this.#o.workspace.prefix, recordSubject(key))));
    const ends: Record<TopicName, readonly number[]> = {};
    for (const topic of named) {
      if (!this.#contracts.has(topic)) continue;
      const state = await this.#o.bus.topicState(topic);
      if (state !== undefined) ends[topic] = state.partitions.map(targetOf);
    }
    return ends;
  }

  /**
   * Looks at the ends of the topics again and again. Resolves when a topic is gone or another one, so that following
   * begins again.
   */
  async #look(topics: ReadonlyMap<TopicName, TopicState>, signal: AbortSignal): Promise<void> {
    const { writer, pollMs = 1000, marginMs = 1000 } = this.#o;
    while (!signal.aborted) {
      // before looking: what is stamped later than this may be missing
      const at = this.#now() - marginMs - 1;
      const reached: CaughtUp[] = [];
      const now = await this.#topics();
      if (signal.aborted || [...topics.keys()].some((topic) => !now.has(topic))) return;
      for (const [topic, { id, partitions }] of now) {
        if (topics.get(topic)?.id !== id) return;
        partitions.forEach((state, partition) => {
          if (writer.nextOffset(topic, partition) >= targetOf(state)) reached.push({ topic, partition, at });
        });
      }
      // what is held is not applied
      if (!this.#held) await writer.caughtUp(reached);
      await wait(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #tell(topic: TopicName): void {
    const contract = this.#contracts.get(topic);
    if (contract === undefined) return;
    const behind = this.#targets
      .get(topic)
      ?.some((target, partition) => this.#o.writer.nextOffset(topic, partition) < target);
    this.#set(contract.id, behind === true ? 'rebuilding' : 'following');
  }

  #set(dataset: DatasetId, state: FollowState): void {
    if (this.#states.get(dataset) === state) return;
    this.#states.set(dataset, state);
    this.#o.onState?.(dataset, state);
  }

  #now(): number {
    return this.#o.now?.() ?? Date.now();
  }
}

const placeOf = (topic: TopicName, partition: number): string => `${topic}/${partition}`;
