/**
 * The tables of the embedded store, in one LMDB file that all processes of a replica share. Keys are texts and numbers
 * in the order of their bytes; values are JSON.
 */
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Database, type Env, openEnv } from '../../../../connectors/lmdb/env.js';
import { markMade, refuseDamaged } from '../../../../connectors/lmdb/file.js';
import type { ConflictReason } from '../checked.js';
import type { Changed, Json } from '../port.js';

export interface Head {
  readonly revision: number;
  /** Changes up to this revision may not be kept any more. */
  readonly lost: number;
}

export interface DocumentRow {
  readonly version: number;
  readonly owner?: string;
  readonly links: readonly string[];
  readonly until?: number;
  readonly body: Json;
}

interface EventRow {
  readonly revision: number;
  readonly at: number;
  readonly body: Json;
}

export interface CounterRow {
  readonly count: number;
  readonly until?: number;
}

export interface LeaseRow {
  readonly holder: string;
  readonly token: number;
  /** 0 where it was given back. */
  readonly until: number;
}

interface OutboxRow {
  readonly at: number;
  readonly topic: string;
  readonly key: string;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is remembered of a commit under its id. */
export type CommitRow =
  | { readonly revision: number; readonly at: number; readonly counts: Readonly<Record<string, number>> }
  | { readonly at: number; readonly conflict: readonly [change: number, reason: ConflictReason] };

interface ChangesRow {
  readonly at: number;
  readonly changes: readonly Omit<Changed, 'revision'>[];
}

/** What comes to an end, in the order of its end: `[until, 'document', kind, id]`, `[until, 'counter', name]`. */
type EndKey = [until: number, what: 'document' | 'counter', name: string, id: string];

export interface Tables {
  readonly env: Env<Head, string>;
  readonly documents: Database<DocumentRow, [kind: string, id: string]>;
  readonly owners: Database<number, [kind: string, owner: string, id: string]>;
  readonly links: Database<number, [kind: string, link: string, id: string]>;
  readonly events: Database<EventRow, [stream: string, number: number]>;
  readonly counters: Database<CounterRow, string>;
  readonly sets: Database<number, string>;
  readonly members: Database<readonly [Json], [set: string, member: string]>;
  readonly outbox: Database<OutboxRow, number>;
  readonly leases: Database<LeaseRow, string>;
  readonly commits: Database<CommitRow, string>;
  readonly times: Database<number, [at: number, id: string]>;
  readonly changes: Database<ChangesRow, number>;
  readonly ends: Database<number, EndKey>;
}

interface Shared {
  readonly tables: Tables;
  /** Of its file: one that took its place is another store. */
  readonly inode: number;
  users: number;
}

/**
 * Stores that this process has open, by their files. Several of its services open the same one; each with handles of
 * its own would stop the process: a write that one has begun beside waits for this thread, while this thread waits for
 * the lock that it holds.
 */
const opened = new Map<string, Shared>();
const users = new WeakMap<Tables, Shared>();

/** The same for all of a process; `closeTables` ends what each has of it. @throws YitongError `store_damaged` */
export function openTables(dir: string): Tables {
  const path = resolve(dir, 'store');
  const known = opened.get(path);
  if (known !== undefined && known.inode === inodeOf(path)) {
    known.users++;
    return known.tables;
  }
  const tables = openAt(dir, path);
  const shared = { tables, inode: inodeOf(path), users: 1 };
  opened.set(path, shared);
  users.set(tables, shared);
  return tables;
}

/** Closes them with their last user. */
export async function closeTables(tables: Tables): Promise<void> {
  const shared = users.get(tables);
  if (shared !== undefined && --shared.users > 0) return;
  for (const [path, one] of opened) if (one === shared) opened.delete(path);
  await tables.env.close();
}

const inodeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.ino ?? 0;

function openAt(dir: string, path: string): Tables {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  refuseDamaged(path, 'the store of the state', 'put `state/store` back from a backup (docs/faults.md)', true);
  const env = openEnv<Head, string>({ file: path, encoding: 'json', maxReaders: 512, maxDbs: 16 });
  const table = <V, K extends string | number | (string | number)[]>(name: string): Database<V, K> =>
    env.table<V, K>(name, { encoding: 'json' });
  const tables: Tables = {
    env,
    documents: table('documents'),
    owners: table('owners'),
    links: table('links'),
    events: table('events'),
    counters: table('counters'),
    sets: table('sets'),
    members: table('members'),
    outbox: table('outbox'),
    leases: table('leases'),
    commits: table('commits'),
    times: table('times'),
    changes: table('changes'),
    ends: table('ends'),
  };
  for (const file of [path, `${path}-lock`]) if (existsSync(file)) chmodSync(file, 0o600);
  markMade(path);
  return tables;
}
