/** The embedded store as rows, for whoever moves them. */
import type { Part, RowSource, RowTarget, StateRow } from '../rows.js';
import { closeTables, type DocumentRow, openTables, type Tables } from './tables.js';

const SOME = 500;

interface EmbeddedRows extends RowSource, RowTarget {
  close(): Promise<void>;
}

/** @throws YitongError `store_damaged` */
export function openEmbeddedRows(dir: string): EmbeddedRows {
  const tables = openTables(dir);
  return {
    async revision() {
      return headRevision(tables);
    },
    async *rows(part) {
      let some: StateRow[] = [];
      for (const row of rowsOf(tables, part)) {
        some.push(row);
        if (some.length < SOME) continue;
        yield some;
        some = [];
      }
      if (some.length > 0) yield some;
    },
    async isEmpty() {
      return (['documents', 'events', 'counters', 'sets', 'outbox'] as const).every(
        (part) => rowsOf(tables, part).next().done,
      );
    },
    async write(part, rows) {
      tables.env.writeSync(() => {
        for (const row of rows) put(tables, part, row);
      });
    },
    async goOnFrom(revision) {
      tables.env.writeSync(() => {
        const next = Math.max(revision, headRevision(tables));
        tables.env.root.putSync('head', { revision: next, lost: next });
      });
    },
    async close() {
      await closeTables(tables);
    },
  };
}

const headRevision = (tables: Tables): number => tables.env.root.get('head')?.revision ?? 0;

function* rowsOf(tables: Tables, part: Part): Generator<StateRow> {
  switch (part) {
    case 'documents':
      for (const { key, value } of tables.documents.getRange({}))
        yield [...key, value.version, value.owner ?? null, value.links, value.until ?? null, value.body];
      break;
    case 'events':
      for (const { key, value } of tables.events.getRange({})) yield [...key, value.revision, value.at, value.body];
      break;
    case 'counters':
      for (const { key, value } of tables.counters.getRange({})) yield [key, value.count, value.until ?? null];
      break;
    case 'sets':
      for (const { key, value } of tables.sets.getRange({})) yield [key, value];
      break;
    case 'members':
      for (const { key, value } of tables.members.getRange({})) yield [...key, value[0]];
      break;
    case 'outbox':
      for (const { key, value } of tables.outbox.getRange({}))
        yield [key, value.at, value.topic, value.key, value.value, value.headers];
      break;
    case 'leases':
      for (const { key, value } of tables.leases.getRange({})) yield [key, value.holder, value.token];
      break;
  }
}

/** Within a transaction. A row has the members that `rows.ts` says. */
function put(tables: Tables, part: Part, row: StateRow): void {
  const text = (at: number): string => row[at] as string;
  const number = (at: number): number => row[at] as number;
  switch (part) {
    case 'documents': {
      const [kind, id, owner, until] = [text(0), text(1), row[3], row[5]];
      const links = row[4] as readonly string[];
      const value: DocumentRow = {
        version: number(2),
        links,
        body: row[6] ?? null,
        ...(typeof owner === 'string' ? { owner } : {}),
        ...(typeof until === 'number' ? { until } : {}),
      };
      tables.documents.putSync([kind, id], value);
      for (const link of links) tables.links.putSync([kind, link, id], 0);
      if (typeof owner === 'string') tables.owners.putSync([kind, owner, id], 0);
      if (typeof until === 'number') tables.ends.putSync([until, 'document', kind, id], 0);
      break;
    }
    case 'events':
      tables.events.putSync([text(0), number(1)], { revision: number(2), at: number(3), body: row[4] ?? null });
      break;
    case 'counters': {
      const until = row[2];
      tables.counters.putSync(text(0), { count: number(1), ...(typeof until === 'number' ? { until } : {}) });
      if (typeof until === 'number') tables.ends.putSync([until, 'counter', text(0), ''], 0);
      break;
    }
    case 'sets':
      tables.sets.putSync(text(0), number(1));
      break;
    case 'members':
      tables.members.putSync([text(0), text(1)], [row[2] ?? null]);
      break;
    case 'outbox':
      tables.outbox.putSync(number(0), {
        at: number(1),
        topic: text(2),
        key: text(3),
        value: row[4] as string | null,
        headers: row[5] as Readonly<Record<string, string>>,
      });
      break;
    case 'leases':
      tables.leases.putSync(text(0), { holder: text(1), token: number(2), until: 0 });
      break;
  }
}
