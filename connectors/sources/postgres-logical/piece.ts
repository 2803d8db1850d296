/** A bounded piece of the log as rows: whole transactions, up to where the log ended when the run began. */
import type { BrokenRow, SourceBatch, SourceRow } from '../../reading/port.js';
import { sizeOf, type Tuple, toRow } from './cells.js';
import type { Change, Event } from './events.js';
import type { Lsn } from './lsn.js';
import type { Session } from './session.js';
import type { Table } from './table.js';
import { fillHoles, hasHoles } from './toast.js';

/** Rows after which a run ends with its transaction, and another follows. */
const MAX_ROWS = 20_000;
const BATCH = 500;
const CHARACTERS = 1_048_576;

export class Piece {
  /** Everything that ends before is in the rows given. */
  end: Lsn;
  /** Where the transaction began that emptied the table; what it took away may be refused. */
  beforeEmptied: Lsn | undefined;
  /** Of the last transaction. */
  sourceTime: string | undefined;
  /** The piece ends before what the run saw as the end of the log. */
  more = false;
  /** The stream failed behind `end`: what is whole is kept, and the next run meets the failure first. */
  cut = false;
  /** Versions passed over, as a later one was in the table already (`toast.ts`). */
  passed = 0;
  private count = 0;

  constructor(
    private readonly session: Session,
    private readonly table: Table,
    private readonly slot: string,
    start: Lsn,
    private readonly target: Lsn,
  ) {
    this.end = start;
  }

  async *rows(first: Event): AsyncGenerator<SourceBatch> {
    let changes: Change[] = [];
    let size = 0;
    let open = true;
    for (let event: Event | undefined = first; event !== undefined; ) {
      open = event.kind !== 'commit';
      if (event.kind === 'commit') {
        this.end = event.end;
        this.sourceTime = event.sourceTime;
        this.more = event.end < this.target;
        if (!this.more || this.count >= MAX_ROWS || this.beforeEmptied !== undefined) break;
      } else if (event.kind === 'emptied') {
        if (changes.length > 0) yield await this.toRows(changes);
        changes = [];
        size = 0;
        this.beforeEmptied ??= this.end;
        yield Object.assign([], { emptied: true } as const);
      } else if (event.kind !== 'reached') {
        this.count += 1;
        changes.push(event);
        size += sizeOf(event.tuple);
        if (changes.length === BATCH || size >= CHARACTERS) {
          yield await this.toRows(changes);
          changes = [];
          size = 0;
        }
      }
      try {
        event = await this.session.next(this.table, this.target, this.slot);
      } catch (error) {
        if (open) throw error;
        this.cut = true;
        break;
      }
      if (event === undefined) {
        this.end = this.target;
        this.more = false;
      }
    }
    if (changes.length > 0) yield await this.toRows(changes);
  }

  private async toRows(changes: readonly Change[]): Promise<(SourceRow | BrokenRow)[]> {
    const { table, session } = this;
    const holed = changes.filter((change) => change.kind === 'put').filter(({ tuple }) => hasHoles(table, tuple));
    const filled =
      holed.length === 0
        ? []
        : await fillHoles(session.client, table, holed).catch((error: unknown) =>
            Promise.reject(session.translate(error)),
          );
    const whole = new Map<Change, Tuple | 'passed'>(holed.map((change, i) => [change, filled[i] ?? 'passed']));
    const rows: (SourceRow | BrokenRow)[] = [];
    let number = this.count - changes.length;
    for (const change of changes) {
      number += 1;
      if (change.kind === 'emptied') continue;
      const { position, sourceTime, tuple } = change;
      const known = whole.get(change) ?? tuple;
      if (known === 'passed') this.passed += 1;
      else
        rows.push(
          toRow(table, known, position, number, {
            sourceTime,
            ...(change.kind === 'gone' ? { withdrawn: { reason: change.reason } } : {}),
          }),
        );
    }
    return rows;
  }
}
