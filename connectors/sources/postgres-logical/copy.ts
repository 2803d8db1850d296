/**
 * The first run: the table as it was at the place from which its slot tells the changes, so that nothing is missing
 * between and nothing comes twice.
 */
import type { Client } from 'pg';
import { YitongError } from '../../../contracts/errors.js';
import { Batcher } from '../../reading/batch.js';
import type { SourceBatch } from '../../reading/port.js';
import { sizeOf, type Tuple, toRow } from './cells.js';
import { lsnText } from './lsn.js';
import { type MadeSlot, makeSlot } from './slot.js';
import { quote, type Table } from './table.js';

interface Copy {
  readonly slot: MadeSlot;
  readonly rows: AsyncIterable<SourceBatch>;
  done(): number;
}

const FIRST_FETCH = 100;
const MAX_FETCH = 2_000;
/** Characters that one fetch should bring. */
const FETCH_SIZE = 1_048_576;

/**
 * Makes the slot and begins the copy, which is read through a cursor, so that memory stays flat.
 * @throws YitongError `source_unavailable` if the table was rewritten meanwhile: a snapshot from before then shows it
 * empty
 */
export async function beginCopy(client: Client, replication: Client, name: string, table: Table): Promise<Copy> {
  const slot = await makeSlot(replication, name);
  // a copy takes as long as it takes
  await client.query('SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0');
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(`SET TRANSACTION SNAPSHOT '${slot.snapshot}'`);
  const columns = [...table.columns.keys()];
  const where = table.filter === undefined ? '' : ` WHERE ${table.filter}`;
  await client.query(
    'DECLARE yitong_copy NO SCROLL CURSOR FOR SELECT ' +
      `${columns.map((column, i) => `${quote(column)} AS c${i}`).join(', ')} FROM ONLY ${table.quoted}${where}`,
  );
  // from here on the cursor's lock keeps the table as it is
  const { rows } = await client.query<{ file: string | null }>(
    'SELECT pg_relation_filenode($1::text::regclass)::text AS file',
    [table.quoted],
  );
  if (rows[0]?.file !== table.file)
    throw new YitongError(
      'source_unavailable',
      'the table was rewritten while its copy began; the next run begins anew',
    );

  let done = 0;
  async function* read(): AsyncGenerator<SourceBatch> {
    const batcher = new Batcher();
    const place = lsnText(slot.consistent);
    for (let count = FIRST_FETCH; ; ) {
      const { rows: fetched } = await client.query<Record<string, string | null>>(
        `FETCH FORWARD ${count} FROM yitong_copy`,
      );
      let size = 0;
      for (const row of fetched) {
        const tuple: Tuple = Object.fromEntries(columns.map((column, i) => [column, row[`c${i}`]]));
        const length = sizeOf(tuple);
        size += length;
        done += 1;
        const full = batcher.add(toRow(table, tuple, `${place}/copy/${done}`, done), length);
        if (full !== undefined) yield full;
      }
      if (fetched.length < count) break;
      count = Math.max(1, Math.min(MAX_FETCH, Math.floor((FETCH_SIZE / Math.max(1, size)) * fetched.length)));
    }
    const rest = batcher.take();
    if (rest !== undefined) yield rest;
    await client.query('COMMIT');
  }
  return { slot, rows: read(), done: () => done };
}
