/**
 * Large values that an update left alone are not in the log (`u` of `pgoutput`) unless the replica identity is FULL.
 * They are looked up in the table, and the row is published as it stands there, never put together from two times:
 * - written last by the transaction that is being read, or equal in every column that the log tells: it is that row;
 * - otherwise, or if it is gone, a later transaction changed it, whose own change follows in the log: this version is
 *   passed over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { YitongError } from '../../../contracts/errors.js';
import type { Tuple } from './cells.js';
import type { Change } from './events.js';
import { quote, type Table } from './table.js';

type Put = Extract<Change, { kind: 'put' }>;

/** A commit may be in the log before other sessions see it, with synchronous standbys for as long as one is away. */
const VISIBLE_MS = 30_000;
const XIDS = 2 ** 32;

export const hasHoles = (table: Table, tuple: Tuple): boolean => {
  for (const name of table.columns.keys()) if (tuple[name] === undefined) return true;
  return false;
};

/** The whole row of each change, or `passed` where it is superseded by a change to come, in the order of `changes`. */
export async function fillHoles(
  client: Client,
  table: Table,
  changes: readonly Put[],
): Promise<readonly (Tuple | 'passed')[]> {
  const columns = [...table.columns.values()];
  const identity = columns.filter((column) => column.identity);
  if (changes.some(({ tuple }) => identity.some(({ name }) => typeof tuple[name] !== 'string'))) {
    throw new YitongError(
      'source_unavailable',
      `a change of ${table.quoted} does not tell its key; run \`ALTER TABLE ${table.quoted} REPLICA IDENTITY FULL\``,
    );
  }
  const keyOf = (tuple: Tuple): string => JSON.stringify(identity.map(({ name }) => tuple[name]));
  const wanted = new Map(changes.map(({ tuple }) => [keyOf(tuple), tuple]));
  const parameters = [...wanted.values()].flatMap((tuple) => identity.map(({ name }) => tuple[name]));
  const places = [...wanted.keys()].map(
    (_, i) => `(${identity.map((_column, j) => `$${i * identity.length + j + 1}`).join(', ')})`,
  );
  const text = `SELECT pg_current_snapshot()::text AS yitong_snapshot, r.xmin::text AS yitong_xmin,
    ${columns.map(({ name }, i) => `r.${quote(name)} AS c${i}`).join(', ')}
    FROM (SELECT 1) one LEFT JOIN ${table.quoted} r
    ON (${identity.map(({ name }) => `r.${quote(name)}`).join(', ')}) IN (${places.join(', ')})`;
  for (const until = Date.now() + VISIBLE_MS; ; await sleep(20)) {
    const { rows } = await client.query<Record<string, string | null>>(text, parameters);
    const snapshot = rows[0]?.['yitong_snapshot'] ?? '';
    if (changes.some(({ xid }) => !isVisible(xid, snapshot))) {
      if (Date.now() > until)
        throw new YitongError(
          'source_unavailable',
          'the server does not show a row that its log says is committed; is a synchronous standby away?',
        );
      continue;
    }
    const found = new Map<string, { readonly xmin: string; readonly tuple: Tuple }>();
    for (const row of rows) {
      if (row['yitong_xmin'] === null || row['yitong_xmin'] === undefined) continue;
      const tuple: Tuple = Object.fromEntries(columns.map(({ name }, i) => [name, row[`c${i}`]]));
      found.set(keyOf(tuple), { xmin: row['yitong_xmin'], tuple });
    }
    return changes.map(({ tuple, xid }) => {
      const now = found.get(keyOf(tuple));
      if (now === undefined) return 'passed';
      if (now.xmin === String(xid)) return now.tuple;
      return columns.every(({ name }) => tuple[name] === undefined || same(tuple[name], now.tuple[name]))
        ? now.tuple
        : 'passed';
    });
  }
}

/** The reader of the log drops a byte order mark that a text begins with. */
const bare = (value: unknown): unknown =>
  typeof value === 'string' && value.startsWith('\uFEFF') ? value.slice(1) : value;
const same = (a: unknown, b: unknown): boolean => bare(a) === bare(b);

/** Whether a snapshot (`xmin:xmax:xip,…`, of 64 bits) sees a transaction that is known to be committed. */
export function isVisible(xid: number, snapshot: string): boolean {
  const [, max = '0', running = ''] = snapshot.split(':');
  const low = (text: string): number => Number(BigInt(text) % BigInt(XIDS));
  // transaction numbers go round: what is less than half of them ahead is ahead
  if (((xid - low(max)) | 0) >= 0) return false;
  return running === '' || !running.split(',').some((one) => low(one) === xid);
}
