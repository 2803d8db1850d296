/** Rows of the tables, and the keys of the maps: what is loaded for a transaction, and what it writes. */
import type { Connection, Statement } from '../../../ground/state/postgres/pool.js';
import { REPEATS } from '../packed/apply.js';
import { missingSchema, setAsideKey } from '../packed/changes.js';
import { hasSpilled } from '../packed/head.js';
import { datasetPrefix, historyKey, recordKey } from '../packed/keys.js';
import type { Transaction } from './overlay.js';
import { inSchema } from './schema.js';
import { sliceOf, sliceOfKey } from './slices.js';

/** Bytes of values that go with one statement, about. */
const PIECE = 8 * 2 ** 20;

/** One record of a dataset, as it is looked up before a batch is applied. */
export interface RecordPlace {
  readonly subject: string;
  /** Number of the dataset. */
  readonly dataset: number;
  readonly recordId: Buffer;
}

interface SubjectPlace {
  readonly subject: string;
  readonly dataset: number;
  readonly record: string;
}

/** Of a key of `records`; `end` leaves out what stands behind the record. */
function placeOf(key: Buffer, end = key.length): SubjectPlace {
  const at = key.indexOf(0);
  return {
    subject: key.toString('utf8', 0, at),
    dataset: key.readUInt16BE(at + 1),
    record: key.toString('utf8', at + 3, end),
  };
}

interface VersionPlace extends SubjectPlace {
  readonly offset: number;
}

function versionPlaceOf(key: Buffer): VersionPlace {
  return { ...placeOf(key, key.length - 7), offset: key.readUIntBE(key.length - 6, 6) };
}

/** One value behind the other, with where each begins and how long it is. */
interface Pressed {
  readonly bytes: Buffer;
  readonly at: readonly number[];
  readonly length: readonly number[];
}

function pressed(values: readonly Buffer[]): Pressed {
  const at: number[] = [];
  const length: number[] = [];
  let end = 0;
  for (const value of values) {
    // `substring` counts from 1
    at.push(end + 1);
    length.push(value.length);
    end += value.length;
  }
  return { bytes: Buffer.concat(values, end), at, length };
}

export class Rows {
  readonly #statements: Readonly<Record<'heads' | 'records' | 'versions', Statement>>;
  readonly #put: Readonly<Record<'heads' | 'records' | 'versions' | 'setAside' | 'state', Statement>>;
  readonly #remove: Readonly<Record<'heads' | 'records', Statement>>;

  constructor(schema: string) {
    const statement = (name: string, text: string): Statement => ({
      name: `view-${name}`,
      text: inSchema(text, schema),
    });
    this.#statements = {
      heads: statement(
        'load-heads',
        `SELECT h.subject, h.head FROM unnest($1::int2[], $2::text[]) u(slice, subject)
           JOIN $.heads h ON h.slice = u.slice AND h.subject = u.subject`,
      ),
      records: statement(
        'load-records',
        `SELECT u.n, r.value FROM unnest($1::int2[], $2::text[], $3::int4[], $4::text[])
             WITH ORDINALITY u(slice, subject, dataset, record, n)
           JOIN $.records r ON r.slice = u.slice AND r.subject = u.subject AND r.dataset = u.dataset
             AND r.record = u.record`,
      ),
      versions: statement(
        'load-versions',
        `SELECT u.n, v."offset", v.value FROM unnest($1::int2[], $2::text[], $3::int4[], $4::text[])
             WITH ORDINALITY u(slice, subject, dataset, record, n)
           CROSS JOIN LATERAL (
             SELECT "offset", value FROM $.versions v WHERE v.slice = u.slice AND v.subject = u.subject
               AND v.dataset = u.dataset AND v.record = u.record ORDER BY "offset" DESC LIMIT ${String(REPEATS)}
           ) v
         ORDER BY u.n, v."offset"`,
      ),
    };
    const cut = 'substring($1::bytea FROM u.at FOR u.length)';
    this.#put = {
      heads: statement(
        'put-heads',
        `INSERT INTO $.heads (slice, subject, spilled, head)
         SELECT u.slice, u.subject, u.spilled, ${cut}
         FROM unnest($2::int4[], $3::int4[], $4::int2[], $5::text[], $6::bool[]) u(at, length, slice, subject, spilled)
         ON CONFLICT (slice, subject) DO UPDATE SET spilled = EXCLUDED.spilled, head = EXCLUDED.head`,
      ),
      records: statement(
        'put-records',
        `INSERT INTO $.records (slice, subject, dataset, record, value)
         SELECT u.slice, u.subject, u.dataset, u.record, ${cut}
         FROM unnest($2::int4[], $3::int4[], $4::int2[], $5::text[], $6::int4[], $7::text[])
           u(at, length, slice, subject, dataset, record)
         ON CONFLICT (slice, subject, dataset, record) DO UPDATE SET value = EXCLUDED.value`,
      ),
      versions: statement(
        'put-versions',
        `INSERT INTO $.versions (slice, subject, dataset, record, "offset", value)
         SELECT u.slice, u.subject, u.dataset, u.record, u."offset", ${cut}
         FROM unnest($2::int4[], $3::int4[], $4::int2[], $5::text[], $6::int4[], $7::text[], $8::int8[])
           u(at, length, slice, subject, dataset, record, "offset")
         ON CONFLICT (slice, subject, dataset, record, "offset") DO UPDATE SET value = EXCLUDED.value`,
      ),
      setAside: statement(
        'put-set-aside',
        `INSERT INTO $.set_aside (slice, topic, partition, "offset", schema_id, value)
         SELECT u.slice, u.topic, u.partition, u."offset", u.schema_id, ${cut}
         FROM unnest($2::int4[], $3::int4[], $4::int2[], $5::text[], $6::int4[], $7::int8[], $8::int8[])
           u(at, length, slice, topic, partition, "offset", schema_id)
         ON CONFLICT (topic, partition, "offset") DO UPDATE SET value = EXCLUDED.value, schema_id = EXCLUDED.schema_id`,
      ),
      state: statement(
        'put-state',
        `INSERT INTO $.state (key, value, stamp)
          SELECT u.key, u.value, $3 FROM unnest($1::text[], $2::text[]) u(key, value)
         ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, stamp = EXCLUDED.stamp`,
      ),
    };
    this.#remove = {
      heads: statement(
        'remove-heads',
        `DELETE FROM $.heads h USING unnest($1::int2[], $2::text[]) u(slice, subject)
         WHERE h.slice = u.slice AND h.subject = u.subject`,
      ),
      records: statement(
        'remove-records',
        `DELETE FROM $.records r USING unnest($1::int2[], $2::text[], $3::int4[], $4::text[])
             u(slice, subject, dataset, record)
         WHERE r.slice = u.slice AND r.subject = u.subject AND r.dataset = u.dataset AND r.record = u.record`,
      ),
    };
  }

  async loadHeads(connection: Connection, maps: Transaction, subjects: readonly string[]): Promise<void> {
    if (subjects.length === 0) return;
    const rows = await connection.query<{ readonly subject: string; readonly head: Buffer }>(this.#statements.heads, [
      subjects.map(sliceOf),
      subjects,
    ]);
    for (const { subject, head } of rows) maps.heads.load(Buffer.from(subject), head);
  }

  /** The current records that stand by themselves. */
  async loadRecords(connection: Connection, maps: Transaction, places: readonly RecordPlace[]): Promise<void> {
    if (places.length === 0) return;
    const rows = await connection.query<{ readonly n: number; readonly value: Buffer }>(
      this.#statements.records,
      columns(places),
    );
    for (const { n, value } of rows) {
      const place = places[n - 1];
      if (place !== undefined)
        maps.records.load(recordKey(datasetPrefix(place.subject, place.dataset), place.recordId), value);
    }
  }

  /** The newest versions that are no longer current. */
  async loadVersions(connection: Connection, maps: Transaction, places: readonly RecordPlace[]): Promise<void> {
    if (places.length === 0) return;
    const rows = await connection.query<{ readonly n: number; readonly offset: number; readonly value: Buffer }>(
      this.#statements.versions,
      columns(places),
    );
    for (const { n, offset, value } of rows) {
      const place = places[n - 1];
      if (place === undefined) continue;
      maps.history.load(historyKey(datasetPrefix(place.subject, place.dataset), place.recordId, offset), value);
    }
  }

  /** @param stamp the number of this commit @returns the rows of the state that are otherwise now */
  async write(
    connection: Connection,
    maps: Transaction,
    stamp: number,
  ): Promise<Readonly<Record<string, string | null>>> {
    const { heads, records, history, poison, state } = maps;
    await this.#writeHeads(connection, heads.changes());
    const gone = records.changes().removed.map((key) => placeOf(key));
    if (gone.length > 0)
      await connection.query(this.#remove.records, [
        gone.map(({ subject }) => sliceOf(subject)),
        gone.map(({ subject }) => subject),
        gone.map(({ dataset }) => dataset),
        gone.map(({ record }) => record),
      ]);
    await this.#inPieces(connection, this.#put.records, records.changes().put, (keys) => {
      const places = keys.map((key) => placeOf(key));
      return columnsOf(places);
    });
    await this.#inPieces(connection, this.#put.versions, history.changes().put, (keys) => {
      const places = keys.map(versionPlaceOf);
      return [...columnsOf(places), places.map(({ offset }) => offset)];
    });
    await this.#inPieces(connection, this.#put.setAside, poison.changes().put, setAsideColumns);
    const changed = state.changes();
    const names = Object.keys(changed);
    if (names.length > 0)
      await connection.query(this.#put.state, [names, names.map((name) => changed[name] ?? null), stamp]);
    return changed;
  }

  async #writeHeads(
    connection: Connection,
    { put, removed }: ReturnType<Transaction['heads']['changes']>,
  ): Promise<void> {
    if (removed.length > 0) {
      const subjects = removed.map((key) => key.toString());
      await connection.query(this.#remove.heads, [subjects.map(sliceOf), subjects]);
    }
    await this.#inPieces(connection, this.#put.heads, put, (keys, heads) => {
      const subjects = keys.map((key) => key.toString());
      return [subjects.map(sliceOf), subjects, heads.map(hasSpilled)];
    });
  }

  async #inPieces(
    connection: Connection,
    statement: Statement,
    rows: readonly (readonly [Buffer, Buffer])[],
    more: (keys: readonly Buffer[], values: readonly Buffer[]) => readonly unknown[],
  ): Promise<void> {
    for (let from = 0; from < rows.length; ) {
      let to = from;
      for (let bytes = 0; to < rows.length && bytes < PIECE; to++) bytes += rows[to]?.[1].length ?? 0;
      const piece = rows.slice(from, to);
      const values = piece.map(([, value]) => value);
      const { bytes, at, length } = pressed(values);
      const keys = piece.map(([key]) => key);
      await connection.query(statement, [bytes, at, length, ...more(keys, values)]);
      from = to;
    }
  }
}

const columns = (places: readonly RecordPlace[]): readonly unknown[] => [
  places.map(({ subject }) => sliceOf(subject)),
  places.map(({ subject }) => subject),
  places.map(({ dataset }) => dataset),
  places.map(({ recordId }) => recordId.toString()),
];

const columnsOf = (places: readonly SubjectPlace[]): readonly unknown[] => [
  places.map(({ subject }) => sliceOf(subject)),
  places.map(({ subject }) => subject),
  places.map(({ dataset }) => dataset),
  places.map(({ record }) => record),
];

function setAsideColumns(keys: readonly Buffer[], values: readonly Buffer[]): readonly unknown[] {
  const topics = keys.map((key) => key.toString('utf8', 0, key.indexOf(0)));
  return [
    values.map((value) => sliceOfKey(setAsideKey(value))),
    topics,
    keys.map((key) => key.readUInt16BE(key.length - 8)),
    keys.map((key) => key.readUIntBE(key.length - 6, 6)),
    values.map((value) => missingSchema(value) ?? null),
  ];
}
