/** The ways in which a register reaches a connector: each takes the rows that the department has now. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { Feed } from '../../../../connectors/feed.js';
import type { Row } from './register.js';

export interface Form {
  /** Title of the column that holds the name. */
  readonly title: string;
}

export interface Source {
  readonly kind: string;
  readonly feed: Feed['source'];
  readonly snapshot: boolean;
  /** True: the same rows again are nothing new. */
  readonly remembers: boolean;
  put(rows: readonly Row[], form: Form): Promise<void>;
  /** An older register comes late; false where that cannot be. */
  late?(rows: readonly Row[], form: Form): void;
  close(): Promise<void>;
}

const csv = (rows: readonly Row[], { title }: Form): string =>
  `code,licence,${title}\n${rows.map(({ key, licence, name }) => `${key},${licence},${name}\n`).join('')}`;
let clock = Date.parse('2024-01-01T00:00:00Z');

function write(path: string, text: string): void {
  writeFileSync(path, text);
  clock += 60_000;
  utimesSync(path, new Date(clock), new Date(clock));
}

export function fileSource(dir: string): Source {
  return {
    kind: 'file',
    feed: { kind: 'csv', path: 'in.csv' },
    snapshot: true,
    remembers: true,
    put: async (rows, form) => write(join(dir, 'in.csv'), csv(rows, form)),
    close: async () => undefined,
  };
}

export function folderSource(dir: string): Source {
  mkdirSync(join(dir, 'in'));
  let day = 0;
  return {
    kind: 'folder',
    feed: { kind: 'csv', folder: 'in' },
    snapshot: true,
    remembers: false,
    put: async (rows, form) => {
      day += 2;
      write(join(dir, 'in', `day-${day}.csv`), csv(rows, form));
      // a department tidies up now and then
      if (day % 14 === 0)
        for (let old = 1; old < day - 6; old++) rmSync(join(dir, 'in', `day-${old}.csv`), { force: true });
    },
    late: (rows, form) => {
      if (day > 0) write(join(dir, 'in', `day-${day - 1}.csv`), csv(rows, form));
    },
    close: async () => undefined,
  };
}

/** @param updated whether the table says when a row was changed */
export async function tableSource(client: Client, table: string, reader: object, updated: boolean): Promise<Source> {
  await client.query(
    `CREATE TABLE ${table} (id text PRIMARY KEY, code text, licence text, name text, updated timestamptz NOT ` +
      'NULL DEFAULT clock_timestamp())',
  );
  let before = new Map<string, string>();
  return {
    kind: updated ? 'poll' : 'table',
    feed: {
      kind: 'postgres',
      ...reader,
      table,
      key: ['id'],
      ...(updated ? { updated: 'updated', sweepEvery: 'PT1S' } : {}),
    },
    snapshot: !updated,
    remembers: false,
    async put(rows) {
      const now = new Map(rows.map((row) => [row.licence, JSON.stringify([row.key, row.name])]));
      await client.query('BEGIN');
      for (const licence of before.keys())
        if (!now.has(licence)) await client.query(`DELETE FROM ${table} WHERE id = $1`, [licence]);
      for (const { key, licence, name } of rows) {
        if (before.get(licence) === now.get(licence)) continue;
        await client.query(
          `INSERT INTO ${table} (id, code, licence, name) VALUES ($1, $2, $1, $3) ON CONFLICT (id) DO UPDATE ` +
            'SET code = $2, name = $3, updated = clock_timestamp()',
          [licence, key, name],
        );
      }
      await client.query('COMMIT');
      before = now;
    },
    close: async () => void (await client.query(`DROP TABLE ${table}`)),
  };
}
