/** What the messages of a slot say about one table, transaction by transaction. */
import type { Pgoutput } from 'pg-logical-replication';
import { YitongError } from '../../../contracts/errors.js';
import type { Tuple } from './cells.js';
import { type Lsn, lsnText, parseLsn } from './lsn.js';
import { checkIdentity, type Table } from './table.js';
import type { WalReceiver } from './wire.js';

/** Of one change: unique and the same whenever it is read again. */
interface At {
  /** `<LSN of the commit>/<number within the transaction>` */
  readonly position: string;
  /** ISO 8601 UTC, of the commit. */
  readonly sourceTime: string;
  /** Of the transaction, 32 bits. */
  readonly xid: number;
}

export type Change =
  | (At & { readonly kind: 'put'; readonly tuple: Tuple })
  | (At & { readonly kind: 'gone'; readonly tuple: Tuple; readonly reason: 'deleted' | 'key_changed' })
  | (At & { readonly kind: 'emptied' });

export type Event =
  | Change
  /** `end`: where the log goes on. */
  | { readonly kind: 'commit'; readonly end: Lsn; readonly sourceTime: string }
  /** Between transactions: everything that ends before is told. */
  | { readonly kind: 'reached'; readonly lsn: Lsn };

interface Open {
  readonly lsn: string;
  readonly sourceTime: string;
  readonly xid: number;
  count: number;
}

export class EventReader {
  private open: Open | undefined;
  private readonly ready: Event[] = [];

  constructor(private readonly wal: WalReceiver) {}

  /**
   * Undefined if the server said nothing for `ms`.
   * @throws YitongError `bad_feed`, `replication_not_ready`; what ended the stream
   */
  async next(table: Table, ms: number): Promise<Event | undefined> {
    for (;;) {
      const event = this.ready.shift();
      if (event !== undefined) return event;
      const frame = await this.wal.next(ms);
      if (frame === undefined) return undefined;
      if (frame.tag !== 'reached') this.take(frame, table);
      else if (this.open === undefined) return { kind: 'reached', lsn: frame.lsn };
    }
  }

  private take(message: Pgoutput.Message, table: Table): void {
    switch (message.tag) {
      case 'begin':
        this.open = {
          lsn: lsnText(parseLsn(message.commitLsn ?? '0/0')),
          sourceTime: iso(message.commitTime),
          xid: message.xid >>> 0,
          count: 0,
        };
        return;
      case 'commit':
        this.open = undefined;
        this.ready.push({
          kind: 'commit',
          end: parseLsn(message.commitEndLsn ?? '0/0'),
          sourceTime: iso(message.commitTime),
        });
        return;
      case 'relation':
        if (isOurs(message, table)) check(message, table);
        return;
      case 'insert':
        if (isOurs(message.relation, table)) this.ready.push({ ...this.at(), kind: 'put', tuple: message.new });
        return;
      case 'update':
        if (isOurs(message.relation, table)) this.update(message, table);
        return;
      case 'delete':
        if (isOurs(message.relation, table))
          this.ready.push({ ...this.at(), kind: 'gone', tuple: message.old ?? message.key ?? {}, reason: 'deleted' });
        return;
      case 'truncate':
        if (message.relations.some((relation) => isOurs(relation, table)))
          this.ready.push({ ...this.at(), kind: 'emptied' });
        return;
      case 'type':
      case 'origin':
      case 'message':
        return;
    }
  }

  private update({ old, key, new: tuple }: Pgoutput.MessageUpdate, table: Table): void {
    const before: Tuple | null = old ?? key;
    // the old row comes if its identity changed, or always with REPLICA IDENTITY FULL
    if (before !== null && table.key.some((column) => before[column] !== tuple[column]))
      this.ready.push({ ...this.at(), kind: 'gone', tuple: before, reason: 'key_changed' });
    this.ready.push({ ...this.at(), kind: 'put', tuple });
  }

  private at(): At {
    const { open } = this;
    if (open === undefined)
      throw new YitongError('source_unavailable', 'the server sent a change outside of a transaction');
    open.count += 1;
    return { position: `${open.lsn}/${open.count}`, sourceTime: open.sourceTime, xid: open.xid };
  }
}

const isOurs = (relation: Pgoutput.MessageRelation | undefined, table: Table): boolean =>
  relation?.schema === table.schema && relation.name === table.name;

/** The table as it was when the change was made, which may not be as it is now. */
function check(relation: Pgoutput.MessageRelation, table: Table): void {
  const names = new Set(relation.columns.map(({ name }) => name));
  const missing = [...table.columns.keys()].find((column) => !names.has(column));
  if (missing !== undefined)
    throw new YitongError(
      'bad_feed',
      `the table \`${table.schema}.${table.name}\` came without the column \`${missing}\` that the mapping ` +
        'reads; put it back, or change the mapping, upon which the table is copied anew',
    );
  checkIdentity(
    table.quoted,
    relation.replicaIdentity === 'full',
    relation.replicaIdentity,
    relation.keyColumns,
    table.key,
  );
}

/** @param micros µs since 1970, a bigint by the driver's declaration of an object */
const iso = (micros: unknown): string => new Date(Number(micros) / 1000).toISOString();
