/** Rows are handed on in batches, bounded by their text as well, so that memory stays flat where rows are long. */
import type { BrokenRow, SourceRow } from './port.js';

const ROWS = 500;
const CHARACTERS = 1_048_576;

export class Batcher {
  private batch: (SourceRow | BrokenRow)[] = [];
  private characters = 0;

  /** @returns the batch that is full with this row */
  add(row: SourceRow | BrokenRow, characters: number): (SourceRow | BrokenRow)[] | undefined {
    this.batch.push(row);
    this.characters += characters;
    return this.batch.length < ROWS && this.characters < CHARACTERS ? undefined : this.take();
  }

  /** What there is; undefined if that is nothing. */
  take(): (SourceRow | BrokenRow)[] | undefined {
    const { batch } = this;
    if (batch.length === 0) return undefined;
    this.batch = [];
    this.characters = 0;
    return batch;
  }
}
