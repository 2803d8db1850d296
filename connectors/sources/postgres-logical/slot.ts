/** The replication slot of a feed: made with a snapshot, looked at before each run, dropped only if it is ours. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { YitongError } from '../../../contracts/errors.js';
import type { DatasetId } from '../../../contracts/ids.js';
import { type Lsn, parseLsn } from './lsn.js';
import { quote } from './table.js';

const MAX_NAME = 63;
const IN_USE = '55006';
const TOO_MANY = '53400';

/** Begins with what a DBA can recognise; the rest is random, so that no two installations take each other's. */
export function newSlotName(dataset: DatasetId): string {
  const random = randomBytes(6).toString('hex');
  return `${`yitong_${dataset.replaceAll(/[^a-z0-9]/g, '_')}`.slice(0, MAX_NAME - random.length - 1)}_${random}`;
}

export interface MadeSlot {
  readonly consistent: Lsn;
  /** To be taken by a transaction before the next command on the connection that made it. */
  readonly snapshot: string;
  readonly system: string;
}

/** @throws what the driver throws; YitongError `replication_not_ready` if the server has none left */
export async function makeSlot(replication: Client, slot: string): Promise<MadeSlot> {
  const system = await systemOf(replication);
  try {
    const { rows } = await replication.query<{ consistent_point: string; snapshot_name: string }>(
      `CREATE_REPLICATION_SLOT ${quote(slot)} LOGICAL pgoutput EXPORT_SNAPSHOT`,
    );
    const [made] = rows;
    if (made === undefined) throw new YitongError('source_unavailable', 'the server made no replication slot');
    return { consistent: parseLsn(made.consistent_point), snapshot: made.snapshot_name, system };
  } catch (cause) {
    if (codeOf(cause) === TOO_MANY)
      throw new YitongError(
        'replication_not_ready',
        'the server has no replication slot left; raise `max_replication_slots`, or drop one that nobody reads ' +
          '(`SELECT * FROM pg_replication_slots WHERE NOT active`)',
        { cause },
      );
    throw cause;
  }
}

/** What stays the same as long as the cluster is the same one. */
export async function systemOf(replication: Client): Promise<string> {
  const { rows } = await replication.query<{ systemid: string }>('IDENTIFY_SYSTEM');
  return rows[0]?.systemid ?? '';
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Drops it if it is there. @throws YitongError `slot_in_use` if it is still read after `ms` */
export async function dropSlot(client: Client, slot: string, ms = 10_000): Promise<void> {
  for (const until = Date.now() + ms; ; await sleep(100)) {
    try {
      await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
        slot,
      ]);
      return;
    } catch (cause) {
      if (codeOf(cause) !== IN_USE) throw cause;
      if (Date.now() > until)
        throw new YitongError(
          'slot_in_use',
          `the replication slot \`${slot}\` is read by another connection, so that it cannot be dropped`,
          { cause },
        );
    }
  }
}

export interface SlotStatus {
  /** ISO 8601 UTC, of the server: not later than `end`. */
  readonly now: string;
  /** All that is committed and on the server's disk. */
  readonly end: Lsn;
  /** Undefined if there is no such slot in this database. */
  readonly slot:
    | {
        readonly confirmed: Lsn;
        readonly active: boolean;
        readonly lost: boolean /** Bytes that the server keeps for it. */;
        readonly kept: number;
      }
    | undefined;
}

/** For servers from PostgreSQL 13 on. */
export async function statusOf(client: Client, slot: string): Promise<SlotStatus> {
  const { rows } = await client.query<
    Record<'now' | 'end', string> & Record<'confirmed' | 'active' | 'status' | 'kept', string | null>
  >(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now,
      pg_current_wal_flush_lsn()::text AS end, s.confirmed_flush_lsn::text AS confirmed, s.active::text AS active,
       s.wal_status AS status, pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::text AS kept
     FROM (SELECT 1) one LEFT JOIN pg_replication_slots s ON s.slot_name = $1 AND s.database = current_database()`,
    [slot],
  );
  const [row] = rows;
  if (row === undefined) throw new YitongError('source_unavailable', 'the server does not say where its log ends');
  const { now, end, confirmed, active, status, kept } = row;
  return {
    now,
    end: parseLsn(end),
    slot:
      active === null
        ? undefined
        : {
            confirmed: parseLsn(confirmed ?? '0/0'),
            active: active === 'true',
            lost: status === 'lost' || confirmed === null,
            kept: Number(kept ?? 0),
          },
  };
}
