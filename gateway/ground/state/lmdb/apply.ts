/** One commit on the tables, within a transaction of theirs: first every condition, then every change. */
import { present } from '../../../../contracts/present.js';
import type { ConflictReason } from '../checked.js';
import type { Change, Changed } from '../port.js';
import type { CounterRow, DocumentRow, Head, LeaseRow, Tables } from './tables.js';

export const headOf = ({ env }: Pick<Tables, 'env'>): Head => env.root.get('head') ?? { revision: 0, lost: 0 };

export const isOver = (row: { readonly until?: number }, now: number): boolean =>
  row.until !== undefined && row.until <= now;

/** Events that a stream has. */
function eventsIn({ events }: Pick<Tables, 'events'>, stream: string): number {
  const [last] = events.getKeys({ start: [stream, Infinity], end: [stream, 0], reverse: true, limit: 1 });
  return last === undefined ? 0 : last[1];
}

export const documentIn = (
  { documents }: Pick<Tables, 'documents'>,
  kind: string,
  id: string,
  now: number,
): DocumentRow | undefined => {
  const row = documents.get([kind, id]);
  return row === undefined || isOver(row, now) ? undefined : row;
};

export const counterIn = (
  { counters }: Pick<Tables, 'counters'>,
  name: string,
  now: number,
): CounterRow | undefined => {
  const row = counters.get(name);
  return row === undefined || isOver(row, now) ? undefined : row;
};

export const isHeld = (lease: LeaseRow | undefined, now: number): boolean => lease !== undefined && lease.until > now;

/** The first condition that does not hold. */
export function conflictIn(
  tables: Tables,
  changes: readonly Change[],
  now: number,
): readonly [change: number, reason: ConflictReason] | undefined {
  for (const [i, change] of changes.entries()) {
    const reason = reasonAgainst(tables, change, now);
    if (reason !== undefined) return [i, reason];
  }
  return undefined;
}

function reasonAgainst(tables: Tables, change: Change, now: number): ConflictReason | undefined {
  switch (change.do) {
    case 'append':
    case 'drop':
    case 'expect-events':
      return change.after === undefined || eventsIn(tables, change.stream) === change.after ? undefined : 'events';
    case 'put':
    case 'remove':
    case 'expect-document': {
      const { version } = change;
      if (version === undefined) return undefined;
      const found = documentIn(tables, change.kind, change.id, now)?.version ?? 0;
      return found === version ? undefined : version === 0 ? 'there' : found === 0 ? 'gone' : 'version';
    }
    case 'count':
      return change.most !== undefined && (counterIn(tables, change.counter, now)?.count ?? 0) + change.by > change.most
        ? 'most'
        : undefined;
    case 'set':
      return change.version === undefined || (tables.sets.get(change.set) ?? 0) === change.version ? undefined : 'set';
    case 'expect-lease': {
      const lease = tables.leases.get(change.lease);
      return isHeld(lease, now) && lease?.token === change.token ? undefined : 'lease';
    }
    case 'send':
      return undefined;
  }
}

/** Numbers of one commit's messages do not reach the next one's. */
const OUTBOX_STEP = 1000;

/** Makes every change, under one revision. @returns what came of the counters */
export function apply(
  tables: Tables,
  changes: readonly Change[],
  { revision, at }: { readonly revision: number; readonly at: number },
): Record<string, number> {
  const counts: Record<string, number> = {};
  const changed: Omit<Changed, 'revision'>[] = [];
  for (const [i, change] of changes.entries()) {
    switch (change.do) {
      case 'append': {
        const before = eventsIn(tables, change.stream);
        for (const [n, body] of change.events.entries())
          tables.events.putSync([change.stream, before + n + 1], { revision, at, body });
        changed.push({ of: 'stream', name: change.stream });
        break;
      }
      case 'drop':
        for (let n = eventsIn(tables, change.stream); n > 0; n--) tables.events.removeSync([change.stream, n]);
        changed.push({ of: 'stream', name: change.stream });
        break;
      case 'put':
        putDocument(tables, change, revision);
        changed.push({ of: 'document', name: change.kind, id: change.id });
        break;
      case 'remove':
        removeDocument(tables, change.kind, change.id);
        changed.push({ of: 'document', name: change.kind, id: change.id });
        break;
      case 'count':
        counts[change.counter] = count(tables, change, at);
        changed.push({ of: 'counter', name: change.counter });
        break;
      case 'set':
        for (const [member, value] of Object.entries(change.put ?? {}))
          tables.members.putSync([change.set, member], [value]);
        for (const member of change.remove ?? []) tables.members.removeSync([change.set, member]);
        tables.sets.putSync(change.set, revision);
        changed.push({ of: 'set', name: change.set });
        break;
      case 'send': {
        const { topic, key, value, headers = {} } = change;
        tables.outbox.putSync(revision * OUTBOX_STEP + i, { at, topic, key, value, headers });
        break;
      }
      case 'expect-document':
      case 'expect-events':
      case 'expect-lease':
        break;
    }
  }
  if (changed.length > 0) tables.changes.putSync(revision, { at, changes: changed });
  return counts;
}

function putDocument(tables: Tables, change: Extract<Change, { do: 'put' }>, version: number): void {
  const { kind, id, owner, links = [], until, body } = change;
  removeDocument(tables, kind, id);
  tables.documents.putSync([kind, id], { version, links, body, ...present({ owner, until }) });
  for (const link of links) tables.links.putSync([kind, link, id], 0);
  if (owner !== undefined) tables.owners.putSync([kind, owner, id], 0);
  if (until !== undefined) tables.ends.putSync([until, 'document', kind, id], 0);
}

export function removeDocument(tables: Tables, kind: string, id: string): void {
  const row = tables.documents.get([kind, id]);
  if (row === undefined) return;
  tables.documents.removeSync([kind, id]);
  for (const link of row.links) tables.links.removeSync([kind, link, id]);
  if (row.owner !== undefined) tables.owners.removeSync([kind, row.owner, id]);
  if (row.until !== undefined) tables.ends.removeSync([row.until, 'document', kind, id]);
}

function count(tables: Tables, { counter, by, until }: Extract<Change, { do: 'count' }>, now: number): number {
  const before = counterIn(tables, counter, now);
  if (before === undefined) removeCounter(tables, counter);
  const row: CounterRow =
    before === undefined ? { count: by, ...present({ until }) } : { ...before, count: before.count + by };
  tables.counters.putSync(counter, row);
  if (row.until !== undefined) tables.ends.putSync([row.until, 'counter', counter, ''], 0);
  return row.count;
}

export function removeCounter(tables: Tables, counter: string): void {
  const row = tables.counters.get(counter);
  if (row === undefined) return;
  tables.counters.removeSync(counter);
  if (row.until !== undefined) tables.ends.removeSync([row.until, 'counter', counter, '']);
}
