import { setImmediate as nextTurn } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { DEFAULT_MAX_BATCH } from '../limits.js';
import type { ConsumeOptions, Consumption, InRecord } from '../port.js';
import { decodeChunk, lastOf } from './chunk.js';
import type { Doorbell } from './doorbell.js';
import { damaged, type Found, type Store, type TopicRow } from './store.js';

/** Reads one partition onwards. Holds the decoded rest of one chunk, so that small batches do not decode it again. */
class Cursor {
  private rest: readonly InRecord[] = [];
  private at = 0;
  private chunkEnd: number | undefined;
  /** Where the partition ended when reading began. */
  private readonly end: number;

  constructor(
    private readonly store: Store,
    readonly topic: string,
    readonly row: TopicRow,
    readonly partition: number,
    private next: number,
  ) {
    this.end = store.head(row.number, partition).next;
  }

  /**
   * Up to `max` records that come next; empty if there are none yet. Ends before a damaged stretch, which `damage`
   * gives then.
   */
  read(max: number): InRecord[] {
    const batch: InRecord[] = [];
    while (batch.length < max && this.damage === undefined && (this.at < this.rest.length || this.load())) {
      const record = this.rest[this.at++];
      if (record === undefined || record.offset < this.next) continue;
      batch.push(record);
      this.next = record.offset + 1;
    }
    return batch;
  }

  /** Whether some of what was there when reading began may still be to come. */
  get isBehind(): boolean {
    return this.next < this.end;
  }

  /** Offsets that cannot be read. */
  damage: { readonly from: number; readonly to: number } | undefined;

  /** Goes on behind the damaged stretch. */
  skip(): void {
    if (this.damage === undefined) return;
    this.next = this.chunkEnd = this.damage.to;
    this.damage = undefined;
    this.rest = [];
    this.at = 0;
  }

  /** The chunk that comes next; false if there is none, or `damage` comes before it. */
  private load(): boolean {
    // before the chunks: what is below its end must be there
    const { next: end, holesBelow } = this.store.head(this.row.number, this.partition);
    const wanted = this.chunkEnd ?? this.next;
    // a jump (start, or after a lost offset) may land inside a chunk; after that chunks follow one another
    let chunk = this.chunkEnd === undefined ? this.containing() : this.after(wanted);
    let broken = false;
    while (chunk !== undefined && chunk.bytes === undefined) {
      broken = true;
      chunk = this.after(Math.max(chunk.first, wanted) + 1);
    }
    // what stands behind the end is damage of another place, and missed there
    if (chunk === undefined && wanted >= end) return false;
    const from = chunk?.first ?? end;
    if (broken || (from > wanted && from > holesBelow)) {
      this.damage = { from: wanted, to: from };
      return false;
    }
    if (chunk?.bytes === undefined) return false;
    this.chunkEnd = chunk.first + lastOf(chunk.bytes) + 1;
    this.rest = decodeChunk(this.topic, this.partition, chunk.first, chunk.bytes);
    this.at = 0;
    return true;
  }

  private after(offset: number): Found | undefined {
    return this.store.chunkAtOrAfter(this.row.number, this.partition, offset);
  }

  private containing(): Found | undefined {
    const before = this.store.chunkAtOrBefore(this.row.number, this.partition, this.next);
    if (before !== undefined && (before.bytes === undefined || before.first + lastOf(before.bytes) >= this.next))
      return before;
    return this.after(this.next);
  }
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/**
 * Cursors of partitions that hold the same subjects, whichever their topic: a reader of many topics has done with one
 * group's subjects before it meets the next. A topic of one partition has subjects of all and comes last.
 */
function groupsOf(cursors: readonly Cursor[]): readonly (readonly Cursor[])[] {
  const parted = cursors.filter(({ row }) => row.partitions > 1);
  const groups = parted.reduce((common, { row }) => divisor(row.partitions, common), 0);
  return Array.from({ length: groups }, (_, group) => parted.filter(({ partition }) => partition % groups === group));
}

/** Starts reading at once. The topics exist already. */
export function consumeEmbedded(
  store: Store,
  bell: Doorbell,
  topics: readonly (readonly [string, TopicRow])[],
  options: ConsumeOptions,
): Consumption {
  const max = options.maxBatch ?? DEFAULT_MAX_BATCH;
  let stopped = false;
  const run = async (): Promise<void> => {
    store.refresh();
    const cursors = topics.flatMap(([topic, row]) =>
      Array.from(
        { length: row.partitions },
        (_, partition) => new Cursor(store, topic, row, partition, start(store, topic, row, partition, options)),
      ),
    );
    /** One batch of each; false if none of them has one. */
    const round = async (among: readonly Cursor[]): Promise<boolean> => {
      let found = false;
      for (const cursor of among) {
        if (stopped) return false;
        const batch = cursor.read(max);
        if (batch.length === 0 && cursor.damage === undefined) continue;
        found = true;
        if (batch.length > 0) await options.onBatch(batch);
        if (cursor.damage !== undefined) {
          const { topic, partition } = cursor;
          if (options.onDamaged === undefined)
            throw damaged(
              `records of partition ${partition} of \`${topic}\`, offsets ${cursor.damage.from} to ` +
                `${cursor.damage.to - 1}`,
            );
          await options.onDamaged({ topic, partition, ...cursor.damage });
          cursor.skip();
        }
        // a handler that never waits would keep timers and sockets from their turn
        await nextTurn();
      }
      return found;
    };
    // what is there already; a group that nothing more comes of has ended, though its last offsets may be of no record
    for (const group of groupsOf(cursors)) while (await round(group.filter(({ isBehind }) => isBehind)));
    while (!stopped) {
      const mark = bell.mark();
      if (!(await round(cursors)) && !stopped) await bell.changed(mark);
    }
  };
  const done = run();
  // whoever starts a consumption may look at `done` later
  done.catch(() => undefined);
  return {
    done,
    stop: async () => {
      stopped = true;
      bell.ring();
      await done.catch(() => undefined);
    },
  };
}

function start(store: Store, topic: string, row: TopicRow, partition: number, options: ConsumeOptions): number {
  const { low, next: high } = store.head(row.number, partition);
  const wanted = options.from(topic, partition);
  if (wanted >= low && wanted <= high) return wanted;
  const instead = options.onOffsetLost({ topic, partition, wanted, low, high });
  if (instead >= low && instead <= high) return instead;
  throw new YitongError(
    'offset_out_of_range',
    `partition ${partition} of topic \`${topic}\` keeps offsets ${low} to ${high}, not ${instead}`,
  );
}
