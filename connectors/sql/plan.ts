/** A feed and its table, looked at together: what is read, or why it cannot be meant. */
import { YitongError } from '../../contracts/errors.js';
import type { Feed } from '../feed.js';
import { mappedColumns } from '../mapping/columns.js';
import { type Zone, zoneOf } from '../mapping/dates.js';
import { DEFAULT_ZONE } from '../mapping/limits.js';
import type { SourceContext } from '../reading/port.js';
import type { Column, TableInfo, TableName, TimeKind } from './dialect.js';
import { durationOf } from './server.js';
import type { TableSource } from './source.js';

export interface Plan {
  readonly table: TableName;
  /** For positions. */
  readonly name: string;
  /** Of a whole row, and of a row of which only the key is looked at. */
  readonly columns: readonly Column[];
  readonly keyColumns: readonly Column[];
  readonly key: readonly Column[];
  readonly updated: (Column & { readonly time: TimeKind }) | undefined;
  readonly sweep: boolean;
  /** ms */
  readonly sweepEvery: number;
  readonly overlap: number;
  readonly wanted: ReadonlySet<string>;
  readonly zone: Zone | undefined;
  readonly maxRowBytes: number;
}

const HOUR = 3_600_000;
const OVERLAP = 300_000;
const DAY = 24 * HOUR;
/** As much as a record may have by default, since a text stands in its record as it is. */
const MAX_ROW_BYTES = 262_144;

/** @throws YitongError `bad_feed` */
export function checkFeed(source: TableSource, feed: Feed): void {
  const place = { file: feed.file };
  const refuse = (what: string): never => {
    throw new YitongError('bad_feed', what, { place });
  };
  if (source.updated === undefined) {
    for (const key of ['overlap', 'deletes', 'sweepEvery'] as const)
      if (source[key] !== undefined)
        refuse(`\`source.${key}\` goes with \`source.updated\`; without it every run reads the whole table`);
  } else if (feed.snapshot)
    refuse(
      '`snapshot` cannot be true where `source.updated` asks for changes only; `source.deletes` says how ' +
        'deleted rows are found',
    );
  if (source.sweepEvery !== undefined && source.deletes === 'none')
    refuse('`source.sweepEvery` goes with `"deletes": "sweep"`');
}

/** @throws YitongError `bad_feed` if the table is not as the feed and its mapping say */
export function makePlan(source: TableSource, table: TableName, info: TableInfo, { feed, keys }: SourceContext): Plan {
  const place = { file: feed.file };
  const name = `${table.schema}.${table.table}`;
  const refuse = (what: string): never => {
    throw new YitongError('bad_feed', what, { place });
  };
  const byName = new Map(info.columns.map((column) => [column.name, column]));
  const named = (column: string, by: string): Column =>
    byName.get(column) ?? refuse(`the table \`${name}\` lacks the column \`${column}\` that ${by}`);
  /** `address.city` is read from the column `address` where that holds JSON. */
  const holder = (column: string): Column => {
    const whole = byName.get(column);
    if (whole !== undefined) return whole;
    const outer = byName.get(column.slice(0, Math.max(0, column.indexOf('.'))));
    return outer?.json === true ? outer : named(column, 'the mapping reads');
  };
  const wanted = mappedColumns(feed.mapping);
  const key = source.key.map((column) => named(column, '`source.key` names'));
  const found = source.updated === undefined ? undefined : named(source.updated, '`source.updated` names');
  const time = found?.time;
  if (found !== undefined && time === undefined)
    refuse(`the column \`${found.name}\` that \`source.updated\` names is neither a date nor a time`);
  const updated = found === undefined || time === undefined ? undefined : { ...found, time };
  const deleted = source.deleted === undefined ? [] : [named(source.deleted.column, '`source.deleted` names')];
  const extra = [...key, ...deleted, ...(updated === undefined ? [] : [updated])];
  const distinct = (columns: readonly Column[]): Column[] => [
    ...new Map(columns.map((column) => [column.name, column])).values(),
  ];
  return {
    table,
    name,
    columns: distinct([...[...wanted].map(holder), ...extra]),
    keyColumns: distinct([...[...keys.columns].map(holder), ...key, ...deleted]),
    key,
    updated,
    sweep: updated !== undefined && source.deletes !== 'none',
    sweepEvery: durationOf(source.sweepEvery, HOUR, 'sweepEvery', place),
    overlap: durationOf(source.overlap, updated?.time === 'date' ? DAY : OVERLAP, 'overlap', place),
    wanted,
    zone: zoneOf(feed.mapping.zone ?? DEFAULT_ZONE),
    maxRowBytes: source.maxRowBytes ?? MAX_ROW_BYTES,
  };
}
