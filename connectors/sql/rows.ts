/** Rows as a database gives them to rows of the source port. */
import { present } from '../../contracts/present.js';
import type { Zone } from '../mapping/dates.js';
import { RAW, toCells } from '../reading/json-value.js';
import type { BrokenRow, Cell, SourceRow } from '../reading/port.js';
import type { Column, RawRow, TimeKind } from './dialect.js';
import { momentOf, sourceTimeOf } from './time.js';

interface RowOptions {
  /** In the order of the statement. */
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  readonly updated: { readonly name: string; readonly time: TimeKind } | undefined;
  readonly deleted: { readonly column: string; readonly values?: readonly string[] } | undefined;
  /** Cells that the mapping reads by this name, dotted ones of JSON included. */
  readonly wanted: ReadonlySet<string>;
  readonly maxRowBytes: number;
  /** Of local times. */
  readonly zone: Zone | undefined;
  /** The database's clock. */
  readonly at: string;
  readonly position: (key: readonly (string | null)[]) => string;
}

interface Made {
  readonly row: SourceRow | BrokenRow;
  /** Texts of the key columns. */
  readonly key: readonly (string | null)[];
  readonly updated: string | undefined;
  readonly characters: number;
}

const NOT_DELETED: ReadonlySet<string> = new Set(['', '0', 'f', 'false', 'N', 'n']);
const NUL = '\0';

export class RowMaker {
  private count = 0;
  private readonly keyAt: readonly number[];
  private readonly updatedAt: number;
  private readonly deletedAt: number;

  constructor(private readonly options: RowOptions) {
    const at = (name: string | undefined): number => options.columns.findIndex((column) => column.name === name);
    this.keyAt = options.key.map(at);
    this.updatedAt = at(options.updated?.name);
    this.deletedAt = at(options.deleted?.column);
  }

  make(raw: RawRow): Made {
    const { columns, wanted, maxRowBytes, position, at, zone } = this.options;
    this.count += 1;
    const key = this.keyAt.map((i) => raw[i] ?? null);
    const updated = this.updatedAt < 0 ? undefined : momentOf(raw[this.updatedAt] ?? null);
    const place = { position: position(key), rowNumber: this.count };
    const cells: Record<string, Cell> = {};
    let characters = 0;
    let refusal: BrokenRow['broken'] | undefined;
    columns.forEach((column, i) => {
      const text = raw[i] ?? null;
      characters += text?.length ?? 0;
      if (text === null) return void (cells[column.name] = null);
      if (text.includes(NUL))
        return void (refusal = { code: 'bad_row', reason: `the column \`${column.name}\` holds the character U+0000` });
      const read = column.read?.(text);
      if (read === undefined) return void (cells[column.name] = text);
      if (!read.ok)
        return void (refusal = { ...read.refusal, reason: `the column \`${column.name}\` ${read.refusal.reason}` });
      if (!column.json) return void (cells[column.name] = read.value);
      const spread = toCells({ [column.name]: read.value }, wanted);
      if ('reason' in spread) refusal = { code: 'bad_row', reason: `the column \`${column.name}\`: ${spread.reason}` };
      else for (const [name, cell] of Object.entries(spread.cells)) cells[name] ??= cell;
    });
    if (raw[columns.length] === '1' || characters > maxRowBytes)
      refusal = { code: 'record_too_large', reason: `the row is larger than ${maxRowBytes} bytes` };
    const made = { key, updated, characters };
    if (refusal !== undefined) {
      // what is long is no key, and would stand in memory of every row on its way
      const short = Object.fromEntries(
        Object.entries(cells).filter(([, cell]) => typeof cell !== 'string' || cell.length <= RAW),
      );
      return {
        ...made,
        characters: 0,
        row: { ...place, broken: refusal, cells: short, raw: JSON.stringify(short).slice(0, RAW) },
      };
    }
    const { time } = this.options.updated ?? {};
    const sourceTime = updated === undefined || time === undefined ? undefined : sourceTimeOf(updated, time, zone, at);
    const said = { ...place, cells, ...present({ sourceTime }) };
    return { ...made, row: this.isDeleted(raw) ? { ...said, withdrawn: { reason: 'deleted_at_source' } } : said };
  }

  private isDeleted(raw: RawRow): boolean {
    const { deleted } = this.options;
    const text = this.deletedAt < 0 ? null : (raw[this.deletedAt] ?? null);
    if (deleted === undefined || text === null) return false;
    return deleted.values === undefined ? !NOT_DELETED.has(text) : deleted.values.includes(text);
  }
}
