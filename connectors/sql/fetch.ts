/** How many rows to ask for at once: few where they are long, so that one answer stays small. */
import type { RawRow } from './dialect.js';

const FIRST = 32;
const MOST = 512;
const LEAST = 4;
/** Characters of one answer. */
const AIM = 1_048_576;

export class FetchSize {
  rows = FIRST;

  saw(rows: readonly RawRow[]): void {
    let characters = 0;
    for (const row of rows) for (const text of row) characters += text?.length ?? 0;
    const fit = Math.floor((AIM * rows.length) / Math.max(1, characters));
    // grows step by step, as long rows may follow short ones
    this.rows = Math.max(LEAST, Math.min(MOST, this.rows * 2, fit));
  }
}
