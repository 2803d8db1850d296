/** The statements that read a table. Names are quoted, values bound. */
import type { Column, Dialect, Statement, TableName } from './dialect.js';

export type Where =
  | { readonly kind: 'all' }
  /** Changed since then, or nobody can say when. */
  | { readonly kind: 'since'; readonly column: Column; readonly from: string }
  /** Rows with these keys, each with one text a key column. */
  | { readonly kind: 'keys'; readonly columns: readonly Column[]; readonly keys: readonly (readonly string[])[] };

/**
 * Columns as texts, a value of more than `maxBytes` as nothing; the last column of the result says whether there was
 * one: `1`, `t` or `true`.
 */
export function select(
  dialect: Dialect,
  { schema, table }: TableName,
  columns: readonly Column[],
  maxBytes: number,
  where: Where,
): Statement {
  const values: string[] = [];
  const parameter = (text: string): string => {
    values.push(text);
    return dialect.placeholder(values.length);
  };
  const long = columns.filter(({ bytes }) => bytes !== undefined);
  const list = columns.map(({ select: text, bytes }) =>
    bytes === undefined ? text : `CASE WHEN ${bytes} > ${maxBytes} THEN NULL ELSE ${text} END`,
  );
  const tooLong =
    long.length === 0
      ? "'0'"
      : `CASE WHEN ${long.map(({ bytes }) => `${bytes} > ${maxBytes}`).join(' OR ')} THEN '1' ELSE '0' END`;
  const from = `SELECT ${[...list, tooLong].join(', ')} FROM ${dialect.quote(schema)}.${dialect.quote(table)} t`;
  switch (where.kind) {
    case 'all':
      return { text: from, values };
    case 'since': {
      const name = `t.${dialect.quote(where.column.name)}`;
      return {
        text:
          `${from} WHERE ${name} >= ${dialect.moment(parameter(where.from), where.column.time ?? 'instant')} OR ` +
          `${name} IS NULL`,
        values,
      };
    }
    case 'keys': {
      const names = where.columns.map(({ name }) => `t.${dialect.quote(name)}`);
      const tuples = where.keys.map((key) => where.columns.map((column, i) => column.value(key[i] ?? '', parameter)));
      const one = names.length === 1;
      const left = one ? names.join('') : `(${names.join(', ')})`;
      return {
        text:
          `${from} WHERE ${left} IN (` +
          tuples.map((tuple) => (one ? tuple.join('') : `(${tuple.join(', ')})`)).join(', ') +
          ')',
        values,
      };
    }
  }
}
