/** Tables of the state, read whole, some rows at a time: for whoever takes all of it somewhere else. */

import { quoted } from './migrate.js';
import type { Connection, Row } from './pool.js';

/** With their keys. Not among them: outcomes of commits, and the names of what was changed, both of a day. */
export const TABLES = {
  events: ['stream', 'number'],
  documents: ['kind', 'id'],
  links: ['kind', 'link', 'id'],
  counters: ['counter'],
  sets: ['set'],
  members: ['set', 'member'],
  outbox: ['number'],
  leases: ['lease'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type Table = keyof typeof TABLES;

const PAGE = 500;

interface PagesOptions {
  readonly schema: string;
  readonly table: Table;
  /** Of prepared statements. */
  readonly name: string;
  /** What is selected of a row `x`; its key is among it. */
  readonly select: string;
}

/** In the order of the key. */
export async function* pagesOf<R extends Row>(
  connection: Connection,
  { schema, table, name, select }: PagesOptions,
): AsyncGenerator<readonly R[], void> {
  const keys: readonly string[] = TABLES[table];
  const columns = keys.map(quoted).join(', ');
  const from = `SELECT ${select} FROM ${quoted(schema)}.${quoted(table)} x`;
  const order = `ORDER BY ${columns} LIMIT ${String(PAGE)}`;
  const behind = `(${columns}) > (${keys.map((_, i) => `$${String(i + 1)}`).join(', ')})`;
  for (let last: readonly unknown[] | undefined; ; ) {
    const statement =
      last === undefined
        ? { name, text: `${from} ${order}` }
        : { name: `${name}_on`, text: `${from} WHERE ${behind} ${order}` };
    const page = await connection.query<R>(statement, last ?? []);
    if (page.length > 0) yield page;
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return;
    last = keys.map((key) => end[key]);
  }
}
