/** The index of a log, fed by the process that follows the log and reads each entry anyway. */
import type { ReadEntry } from '../store/reading.js';
import { BLOCK, BlockBuilder } from './block.js';
import { addEntry, type LogBlocks } from './blocks.js';

/** The index as one who reads each entry anyway makes it. */
export interface IndexFeed {
  /**
   * Ready for entry `next`: what the block holds before it is read again where this was not fed with it, or where a
   * subject of it was erased since.
   */
  begin(next: number): Promise<void>;
  /**
   * The entry behind the last one; undefined where there is none to read. A block that it fills is written, and now and
   * then the beginning of one.
   */
  take(entry: ReadEntry | undefined): void;
}

/** Entries after which the beginning of a block is written: whoever opens the index reads no more bodies than these. */
export const PART = 4096;

interface FedBlock {
  readonly block: number;
  readonly builder: BlockBuilder;
  /** That of the keys when its first entry was read. */
  readonly generation: number;
}

export class BlockFeed implements IndexFeed {
  readonly #blocks: LogBlocks;
  #fed: FedBlock | undefined;

  constructor(blocks: LogBlocks) {
    this.#blocks = blocks;
  }

  async begin(next: number): Promise<void> {
    const block = Math.floor(next / BLOCK);
    const generation = this.#blocks.generation();
    const fed = this.#fed;
    if (fed?.block === block && fed.builder.count === next % BLOCK && fed.generation === generation) return;
    this.#fed = undefined;
    const builder = new BlockBuilder();
    await this.#blocks.extend(builder, block * BLOCK, next % BLOCK);
    this.#fed = { block, builder, generation };
  }

  take(entry: ReadEntry | undefined): void {
    if (this.#fed === undefined) return;
    const { block, builder, generation } = this.#fed;
    addEntry(builder, entry);
    if (builder.count % PART !== 0) return;
    if (this.#blocks.generation() === generation) this.#blocks.keep(block, builder, generation);
    if (builder.count === BLOCK)
      this.#fed = { block: block + 1, builder: new BlockBuilder(), generation: this.#blocks.generation() };
  }
}
