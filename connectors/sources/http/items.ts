/** Items of an API to rows. */
import {
  isWithin,
  jsonExceeds,
  jsonStart,
  MAX_DEPTH,
  pointerParts,
  RAW,
  type Refusal,
  toCells,
  tooDeep,
  tooLarge,
  valueAt,
} from '../../reading/json-value.js';
import type { BrokenRow, Cell, SourceRow } from '../../reading/port.js';

interface ItemOptions {
  /** Where in an item its own name stands; without it an item is named after its place in the run. */
  readonly position: string | undefined;
  /** The cursor that this run started from. */
  readonly from: string | number | undefined;
  /** Where in an item the cursor of the next run stands. */
  readonly cursor: string | undefined;
  readonly columns: ReadonlySet<string>;
  readonly maxItemBytes: number;
}

const MAX_NAME = 400;

export class ItemRows {
  /** The greatest cursor of the items so far. */
  newest: string | number | undefined;
  private count = 0;
  private readonly position: readonly string[] | undefined;
  private readonly cursor: readonly string[] | undefined;

  constructor(private readonly options: ItemOptions) {
    this.position = options.position === undefined ? undefined : pointerParts(options.position);
    this.cursor = options.cursor === undefined ? undefined : pointerParts(options.cursor);
    this.newest = options.cursor === undefined ? undefined : options.from;
  }

  row(item: Cell): SourceRow | BrokenRow {
    this.count += 1;
    const { from, maxItemBytes, columns } = this.options;
    const own: unknown = this.position === undefined ? undefined : valueAt(item, this.position);
    const named = (typeof own === 'string' && own !== '' && own.length <= MAX_NAME) || typeof own === 'number';
    const place = {
      position: named ? String(own) : `${from === undefined ? '' : `since ${from}`}#${this.count}`,
      rowNumber: this.count,
    };
    const broken = (refusal: Refusal): BrokenRow => ({ ...place, broken: refusal, raw: jsonStart(item, RAW) });
    this.look(item);
    if (jsonExceeds(item, maxItemBytes)) return broken(tooLarge(maxItemBytes));
    // the page around the items was allowed to be deeper
    if (!isWithin(item, MAX_DEPTH)) return broken(tooDeep(MAX_DEPTH));
    const made = toCells(item, columns);
    if ('reason' in made) return broken({ code: 'bad_row', reason: made.reason });
    if (this.position !== undefined && !named)
      return broken({ code: 'bad_row', reason: `an item has no name at \`${this.options.position}\`` });
    return { ...place, cells: made.cells };
  }

  private look(item: Cell): void {
    if (this.cursor === undefined) return;
    const value = valueAt(item, this.cursor);
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '') return;
    // texts in the order of their characters, as ISO times and padded numbers have it
    if (this.newest === undefined || typeof this.newest !== typeof value || value > this.newest) this.newest = value;
  }
}
