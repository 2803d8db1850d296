/**
 * The port between polling a table and a database: its driver and its way of writing SQL. One folder `sources/<kind>/`
 * each.
 */
import type { Localised } from '../../contracts/types.js';
import type { Parsed } from '../reading/json-value.js';
import type { Server } from './server.js';

export interface TableName {
  /** PostgreSQL's schema, or MySQL's database. */
  readonly schema: string;
  readonly table: string;
}

/** What a column of dates or times means: a moment, the clock of some place, or a day. */
export type TimeKind = 'instant' | 'local' | 'date';

export interface Column {
  readonly name: string;
  /** SQL that gives the column as text; the row is `t`. */
  readonly select: string;
  /** SQL of the bytes of that text; undefined where it cannot be long. */
  readonly bytes: string | undefined;
  /** From that text to the cell; undefined: the text is the cell. */
  readonly read: ((text: string) => Parsed) | undefined;
  readonly time: TimeKind | undefined;
  readonly json: boolean;
  /** SQL of a value of this column, out of its text; `parameter` binds a text and gives its placeholder. */
  value(text: string, parameter: (text: string) => string): string;
}

export interface TableInfo {
  readonly columns: readonly Column[];
  /** As the database estimates them, for progress. */
  readonly rows: number | undefined;
}

export type RawRow = readonly (string | null)[];

export interface Statement {
  readonly text: string;
  readonly values: readonly string[];
}

/** One connection; one statement at a time. Errors are YitongErrors without a value of a row. */
export interface Session {
  /** Undefined if there is none of that name. */
  table(name: TableName): Promise<TableInfo | undefined>;
  /**
   * Begins a transaction that writes nothing and sees one state of the database until `close`. Returns the database's
   * clock, not later than that state: `yyyy-MM-ddTHH:mm:ss.ffffff`, UTC.
   */
  begin(): Promise<string>;
  /** In batches of bounded size, so that memory stays flat. */
  rows(statement: Statement): AsyncIterable<readonly RawRow[]>;
  close(): Promise<void>;
}

export interface Dialect {
  readonly kind: string;
  readonly title: Localised;
  readonly description: string;
  readonly port: number;
  /** Where the feed names no schema. */
  readonly schema: (server: Server) => string;
  /** @throws YitongError `source_unavailable`, `source_denied`, `shutting_down` */
  connect(server: Server, signal: AbortSignal): Promise<Session>;
  quote(name: string): string;
  /** Placeholder of the n-th value, from 1. */
  placeholder(n: number): string;
  /**
   * SQL of a moment of that kind out of the text `yyyy-MM-dd HH:mm:ss.fff` (a date: its first ten characters) at a
   * placeholder.
   */
  moment(placeholder: string, time: TimeKind): string;
}
