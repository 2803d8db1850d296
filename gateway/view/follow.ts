/**
 * The way from the bus into the view, told from top to bottom: see what the bus has, forget the view if it came from
 * another bus, read on from the view's own offsets, and start over when that cannot go on.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { isYitongError } from '../../contracts/errors.js';
import type { DatasetId } from '../../contracts/ids.js';
import type { Contract } from '../../contracts/types.js';
import { controlSpec, dataTopic, type Bus, type InRecord, type OffsetLost, type PartitionState, type TopicName, type TopicSpec, type TopicState } from '../../connectors/bus/port.js';
import type { CaughtUp, Cut, ViewWorkspace, ViewWriter } from './port.js';

/** `rebuilding`: not yet where the bus was when following began, so what is missing may still come. */
export type FollowState = 'following' | 'rebuilding' | 'unavailable';

export interface FollowOptions {
  readonly bus: Bus;
  readonly writer: ViewWriter;
  readonly workspace: ViewWorkspace;
  /** Ends the following; the promise resolves when the last batch is committed. */
  readonly signal: AbortSignal;
  /** Told of every change. */
  readonly onState?: (dataset: DatasetId, state: FollowState) => void;
  /** Told of what made a bus unavailable, for the log. It is tried again. */
  readonly onError?: (error: unknown) => void;
  /** ms since 1970. */
  readonly now?: () => number;
  /** How often the ends of the topics are looked at; `asOf` is answered up to the last look. Default 1 s. */
  readonly pollMs?: number;
  /** How long before it can be read a record may have been stamped, and how far the bus's clock may be behind `now`. Default 1 s. */
  readonly marginMs?: number;
  /** Between two attempts. Default 1 s. */
  readonly retryMs?: number;
  /** Records a batch; a transaction each. Default 2,000. */
  readonly maxBatch?: number;
}

/**
 * Records that are gathered for one transaction while a topic is far behind. Batches of its topics come in turn and hold the same subjects, so that a page
 * of the view is written once for several of them; more would be held as dirty pages.
 */
const GATHERED = 8_000;
/** ms after which gathered records are applied, where no more come. */
const GATHERED_WITHIN = 100;

/** A compacted topic keeps a withdrawal at least this long; a view that was away longer may have missed one. */
const WITHDRAWALS_KEPT_MS = 24 * 3_600_000;

/**
 * @throws YitongError `topic_mismatch` where a topic has other partitions than its contract, `view_unavailable` where the view
 *   cannot be written. A bus that cannot be reached is waited for.
 */
export async function followBus(options: FollowOptions): Promise<void> {
  const follower = new Follower(options);
  while (!options.signal.aborted) {
    try {
      await follower.once();
    } catch (error) {
      if (options.signal.aborted) return;
      if (isYitongError(error) && (error.code === 'topic_mismatch' || error.code === 'view_unavailable')) throw error;
      follower.unavailable();
      options.onError?.(error);
      await wait(options.retryMs ?? 1000, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}

class Follower {
  readonly #o: FollowOptions;
  readonly #contracts: ReadonlyMap<TopicName, Contract>;
  readonly #specs: readonly TopicSpec[];
  readonly #states = new Map<DatasetId, FollowState>();
  /** Next offsets that each dataset has to reach before it is following. */
  readonly #targets = new Map<TopicName, readonly number[]>();
  /** Not applied yet. Lost with a crash or a stop, and then read again from the view's own offsets. */
  #gathered: (readonly InRecord[])[] = [];
  #gatheredRecords = 0;
  #later: NodeJS.Timeout | undefined;
  /** Ends this round with an error that nobody waits for otherwise. */
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: FollowOptions) {
    this.#o = options;
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
    await this.#recognise(topics);
    for (const [topic, { partitions }] of topics) this.#targets.set(topic, partitions.map(targetOf));
    for (const topic of this.#contracts.keys()) this.#tell(topic);

    let lost = false;
    let stop = (): void => undefined;
    const told = new Promise<void>((resolve, reject) => {
      stop = resolve;
      this.#fail = reject;
    });
    signal.addEventListener('abort', stop, { once: true });
    const consumption = await bus.consume({
      topics: [...topics.keys()],
      from: (topic, partition) => writer.nextOffset(topic, partition) || (topics.get(topic)?.partitions[partition]?.low ?? 0),
      onBatch: async (batch) => {
        // what comes behind a gap is not applied: the view is about to be emptied
        if (!lost) await this.#apply(batch);
        else this.#drop();
      },
      onOffsetLost: (gap) => {
        // a view that has nothing of the partition yet begins where the partition begins
        if (!this.#isFirst(gap)) {
          lost = true;
          stop();
        }
        return gap.low;
      },
      maxBatch: this.#o.maxBatch ?? 2000,
    });
    const looking = new AbortController();
    try {
      if (signal.aborted) stop();
      await Promise.race([told, consumption.done, this.#look(topics, looking.signal)]);
    } finally {
      signal.removeEventListener('abort', stop);
      looking.abort();
      await consumption.stop();
      this.#drop();
    }
    if (lost) await this.#reset(topics);
  }

  unavailable(): void {
    for (const { id } of this.#contracts.values()) this.#set(id, 'unavailable');
  }

  async #topics(): Promise<ReadonlyMap<TopicName, TopicState>> {
    const states = await Promise.all(this.#specs.map(async ({ topic }) => [topic, await this.#o.bus.topicState(topic)] as const));
    return new Map(states.flatMap(([topic, state]) => (state === undefined ? [] : [[topic, state] as const])));
  }

  /** Offsets mean nothing on another cluster or in a topic that was made anew. */
  async #recognise(topics: ReadonlyMap<TopicName, TopicState>): Promise<void> {
    const { bus, writer } = this.#o;
    const clusterId = await bus.clusterId();
    const known = writer.identity();
    const ids = idsOf(topics);
    const another = known !== undefined && (known.clusterId !== clusterId || Object.entries(ids).some(([topic, id]) => (known.topicIds[topic] ?? id) !== id));
    if (another || this.#awayTooLong(topics)) await writer.reset(clusterId, ids);
    else await writer.setIdentity(clusterId, { ...known?.topicIds, ...ids });
  }

  #awayTooLong(topics: ReadonlyMap<TopicName, TopicState>): boolean {
    const { writer } = this.#o;
    const since = this.#now() - WITHDRAWALS_KEPT_MS;
    return [...this.#contracts].some(
      ([topic, { history }]) =>
        history === 'latest' &&
        topics.get(topic)?.partitions.some(({ high }, partition) => {
          const next = writer.nextOffset(topic, partition);
          return next > 0 && next < high && writer.completeUpTo(topic, partition) < since;
        }) === true,
    );
  }

  async #reset(topics: ReadonlyMap<TopicName, TopicState>): Promise<void> {
    await this.#o.writer.reset(await this.#o.bus.clusterId(), idsOf(topics));
  }

  #isFirst({ topic, partition, wanted, low }: OffsetLost): boolean {
    return wanted < low && this.#o.writer.nextOffset(topic, partition) === 0;
  }

  async #apply(batch: readonly InRecord[]): Promise<void> {
    const topic = batch[0]?.topic;
    if (topic === undefined) return;
    if (this.#contracts.has(topic)) {
      if (this.#isBehind(topic, batch)) await this.#gather(topic, batch);
      else {
        await this.#applyGathered();
        await this.#o.writer.apply(batch);
        this.#tell(topic);
      }
    } else {
      await this.#applyGathered();
      await this.#o.writer.apply(batch, await this.#ends(batch));
    }
  }

  #target(topic: TopicName, { partition }: InRecord): number {
    return this.#targets.get(topic)?.[partition] ?? 0;
  }

  #isBehind(topic: TopicName, [first]: readonly InRecord[]): boolean {
    return first !== undefined && first.offset < this.#target(topic, first);
  }

  /** The batch waits for others, unless there are enough, or its partition is there. */
  async #gather(topic: TopicName, batch: readonly InRecord[]): Promise<void> {
    this.#gathered.push(batch);
    this.#gatheredRecords += batch.length;
    const last = batch.at(-1);
    if (this.#gatheredRecords >= GATHERED || (last !== undefined && last.offset + 1 >= this.#target(topic, last))) return this.#applyGathered();
    this.#later ??= setTimeout(() => {
      this.#applyGathered().catch((error: unknown) => this.#fail(error));
    }, GATHERED_WITHIN);
  }

  async #applyGathered(): Promise<void> {
    const batches = this.#drop();
    if (batches.length === 0) return;
    await this.#o.writer.applyAll(batches);
    for (const topic of new Set(batches.map(([first]) => first?.topic))) if (topic !== undefined) this.#tell(topic);
  }

  #drop(): readonly (readonly InRecord[])[] {
    const batches = this.#gathered;
    this.#gathered = [];
    this.#gatheredRecords = 0;
    clearTimeout(this.#later);
    this.#later = undefined;
    return batches;
  }

  /** Watermarks say something of data that were acknowledged before them, so those stand below the ends as they are now. */
  async #ends(batch: readonly InRecord[]): Promise<Cut> {
    const named = new Set(batch.map(({ key }) => dataTopic(this.#o.workspace.prefix, key.slice(0, key.indexOf('|')))));
    const ends: Record<TopicName, readonly number[]> = {};
    for (const topic of named) {
      if (!this.#contracts.has(topic)) continue;
      const state = await this.#o.bus.topicState(topic);
      if (state !== undefined) ends[topic] = state.partitions.map(targetOf);
    }
    return ends;
  }

  /** Looks at the ends of the topics again and again. Resolves when a topic is another one, so that all starts over. */
  async #look(topics: ReadonlyMap<TopicName, TopicState>, signal: AbortSignal): Promise<void> {
    const { writer, pollMs = 1000, marginMs = 1000 } = this.#o;
    while (!signal.aborted) {
      // before looking: what is stamped later than this may be missing
      const at = this.#now() - marginMs - 1;
      const reached: CaughtUp[] = [];
      const now = await this.#topics();
      if (signal.aborted) return;
      for (const [topic, { id, partitions }] of now) {
        if (topics.get(topic)?.id !== id) return;
        partitions.forEach((state, partition) => {
          if (writer.nextOffset(topic, partition) >= targetOf(state)) reached.push({ topic, partition, at });
        });
      }
      await writer.caughtUp(reached);
      await wait(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #tell(topic: TopicName): void {
    const contract = this.#contracts.get(topic);
    if (contract === undefined) return;
    const behind = this.#targets.get(topic)?.some((target, partition) => this.#o.writer.nextOffset(topic, partition) < target);
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

/** Where following has to get to. Of a partition that has nothing left, it is there already. */
const targetOf = ({ low, high }: PartitionState): number => (low === high ? 0 : high);

const idsOf = (topics: ReadonlyMap<TopicName, TopicState>): Readonly<Record<string, string>> => Object.fromEntries([...topics].map(([topic, { id }]) => [topic, id]));
