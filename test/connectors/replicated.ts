/**
 * An office whose register is a table of a real PostgreSQL, read by logical replication, and how the topic compares
 * with the table.
 */

import { type Bus, dataTopic } from '../../connectors/bus/port.js';
import type { Feed } from '../../connectors/feed.js';
import { parseMapping } from '../../connectors/mapping/index.js';
import type { RunOptions, RunReport } from '../../connectors/run.js';
import { decodeRecord } from '../../contracts/avro.js';
import { FRAME_BYTES } from '../../contracts/wire.js';
import { everything, openOffice } from './office.js';

export const TABLE = `CREATE TABLE companies (code text PRIMARY KEY, name text NOT NULL, status text, staff int)`;

export function logicalFeed(url: string, source: object = {}, overrides: Partial<Feed> = {}): Partial<Feed> {
  const { hostname, port, pathname, username, password } = new URL(url);
  process.env['YITONG_FEED_TEST_PASSWORD'] = password;
  return {
    source: {
      kind: 'postgres-logical',
      server: `${hostname}:${port}`,
      database: pathname.slice(1),
      user: username,
      password: { env: 'YITONG_FEED_TEST_PASSWORD' },
      table: 'public.companies',
      ...source,
    },
    snapshot: false,
    mapping: parseMapping(
      {
        fields: {
          code: { from: 'code', steps: [{ key: 'digit9' }] },
          name: { from: 'name' },
          status: { from: 'status' },
          staff: { from: 'staff' },
        },
      },
      'feed.json',
    ),
    ...overrides,
  };
}

export type Company = readonly [name: unknown, status: unknown, staff: unknown];

export async function replicated(
  dir: string,
  url: string,
  source: object = {},
  overrides: Partial<Feed> = {},
  bus?: (bus: Bus) => Bus,
) {
  const office = await openOffice(dir, bus === undefined ? {} : { bus });
  const feed = logicalFeed(url, source, overrides);
  const run = (options: Partial<RunOptions> = {}, more: Partial<Feed> = {}): Promise<RunReport> =>
    office.run({ ...feed, ...more }, options);
  /** Code → what the last record of the topic says. */
  const last = async (): Promise<ReadonlyMap<string, Company>> => {
    const view = new Map<string, Company>();
    for (const { key, value } of await everything(office.bus, dataTopic(office.workspace.prefix, office.contract.id))) {
      const code = key.slice('digit9:'.length, -1);
      if (value === null) view.delete(code);
      else {
        const { name, status, staff } = decodeRecord(office.contract.latest, value, FRAME_BYTES) as Record<
          'name' | 'status' | 'staff',
          unknown
        >;
        view.set(code, [name, status, staff]);
      }
    }
    return view;
  };
  return { ...office, run, last };
}

/** Codes at which the topic and the table differ. */
export function differences(last: ReadonlyMap<string, Company>, rows: readonly Record<string, unknown>[]): string[] {
  const table = new Map(
    rows.map(({ code, name, status, staff }) => [String(code), JSON.stringify([name, status, staff])]),
  );
  const wrong = [...table].filter(([code, row]) => JSON.stringify(last.get(code)) !== row).map(([code]) => code);
  return [...wrong, ...[...last.keys()].filter((code) => !table.has(code))];
}
