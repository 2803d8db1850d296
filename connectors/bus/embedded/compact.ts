/**
 * Compaction of `history: latest` topics, as Kafka's log cleaner does it: learn the newest offset of each key in the
 * part not yet cleaned, then drop older records of these keys. In small steps, so that appends get the write lock in
 * between; stopping or crashing between two steps leaves a log that is only less clean. `low` does not move: a reader
 * that resumes anywhere still meets the newest record of every key, and a chunk of which nothing is left stays as one
 * that says so, so that one that is missing is missed. What it may miss, if away for longer, are withdrawals older than
 * `KEEP_WITHDRAWALS_MS`.
 */
import { isYitongError } from '../../../contracts/errors.js';
import { coverUpTo, isEmpty, keepSlots, lastOf, slotsOf, timestampOf } from './chunk.js';
import { damaged, type Store, type TopicRow } from './store.js';

const KEEP_WITHDRAWALS_MS = 24 * 3600 * 1000;
/** Cleaning starts when the part not yet cleaned has this many records, and as many as the cleaned part has kept. */
const MIN_DIRTY = 1000;
const KEYS_A_PASS = 200_000;
const CHUNKS_A_STEP = 64;

export class Compactor {
  private readonly due = new Map<string, { topic: TopicRow; partition: number }>();
  /**
   * Partitions with a damaged chunk: what newer chunks replace is not known there, and nothing of them is written anew
   * under a checksum that holds.
   */
  private readonly left = new Set<string>();
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly store: Store,
    private readonly now: () => number,
  ) {}

  /** Called after appends to a compacted topic: cheap unless cleaning is due. */
  consider(topic: TopicRow, partition: number): void {
    const name = `${topic.number}/${partition}`;
    if (this.closed || this.left.has(name)) return;
    const head = this.store.head(topic.number, partition);
    const dirty = head.next - head.cleaned;
    if (dirty < MIN_DIRTY || dirty < head.kept) return;
    this.due.set(name, { topic, partition });
    this.running ??= this.run();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (const [name, { topic, partition }] of this.due) {
      this.due.delete(name);
      // a failed write is reported by the next send, and cleaning is tried again after it; damage is reported by
      // whoever reads
      await this.clean(topic.number, partition).catch((error: unknown) => {
        if (isYitongError(error) && error.code === 'store_damaged') this.left.add(name);
      });
    }
    this.running = undefined;
  }

  private async clean(topic: number, partition: number): Promise<void> {
    const { newest, end } = await this.learn(topic, partition);
    let kept = 0;
    for (let from = 0; from < end; ) {
      if (this.closed) return;
      const step = await this.store.write(() => this.step(topic, partition, from, end, newest));
      from = step.next;
      kept += step.kept;
    }
    await this.store.write(() => {
      const head = this.store.head(topic, partition);
      this.store.putHead(topic, partition, { ...head, cleaned: Math.max(head.cleaned, end), kept });
    });
  }

  private async learn(topic: number, partition: number): Promise<{ newest: Map<string, number>; end: number }> {
    const newest = new Map<string, number>();
    let end = this.store.head(topic, partition).cleaned;
    for (let steps = 1; newest.size < KEYS_A_PASS; steps++) {
      const chunk = this.sound(topic, partition, end);
      if (chunk === undefined) break;
      for (const slot of slotsOf(chunk.bytes)) newest.set(slot.key, chunk.first + slot.relative);
      end = chunk.first + lastOf(chunk.bytes) + 1;
      if (steps % CHUNKS_A_STEP === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return { newest, end };
  }

  /** Cleans some chunks from `from` on, all below `end`; returns where to go on, and how many records it kept. */
  private step(
    topic: number,
    partition: number,
    from: number,
    end: number,
    newest: ReadonlyMap<string, number>,
  ): { next: number; kept: number } {
    let total = 0;
    const oldest = this.now() - KEEP_WITHDRAWALS_MS;
    for (let i = 0; i < CHUNKS_A_STEP; i++) {
      const chunk = this.sound(topic, partition, from);
      if (chunk === undefined || chunk.first >= end) return { next: end, kept: total };
      from = chunk.first + lastOf(chunk.bytes) + 1;
      const slots = slotsOf(chunk.bytes);
      const expired = timestampOf(chunk.bytes) < oldest;
      const kept = slots.filter(
        (slot) => !(expired && slot.withdrawal) && (newest.get(slot.key) ?? -1) <= chunk.first + slot.relative,
      );
      total += kept.length;
      if (kept.length > 0) {
        if (kept.length < slots.length)
          this.store.putChunk(topic, partition, chunk.first, keepSlots(chunk.bytes, kept));
      } else if (!this.joined(topic, partition, chunk.first, from - 1) && slots.length > 0) {
        this.store.putChunk(topic, partition, chunk.first, keepSlots(chunk.bytes, []));
      }
    }
    return { next: from, kept: total };
  }

  /**
   * Lets the empty chunk right before `first`, if there is one, cover the offsets up to `last`, in place of the chunk
   * at `first`.
   */
  private joined(topic: number, partition: number, first: number, last: number): boolean {
    const before = first === 0 ? undefined : this.store.chunkAtOrBefore(topic, partition, first - 1);
    if (before?.bytes === undefined || !isEmpty(before.bytes) || before.first + lastOf(before.bytes) + 1 !== first)
      return false;
    this.store.putChunk(topic, partition, before.first, coverUpTo(before.bytes, last - before.first));
    this.store.removeChunk(topic, partition, first);
    return true;
  }

  /** @throws YitongError `store_damaged` */
  private sound(
    topic: number,
    partition: number,
    offset: number,
  ): { readonly first: number; readonly bytes: Buffer } | undefined {
    const found = this.store.chunkAtOrAfter(topic, partition, offset);
    if (found === undefined) return undefined;
    if (found.bytes === undefined) throw damaged('some of its records');
    return { first: found.first, bytes: found.bytes };
  }
}
