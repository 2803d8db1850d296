/** The two connections of a feed, kept from one run to the next: one receives the log, one asks questions. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { YitongError } from '../../../contracts/errors.js';
import type { Server } from '../../sql/server.js';
import { connectPostgres, postgresError } from '../postgres/connect.js';
import { type Event, EventReader } from './events.js';
import type { Lsn } from './lsn.js';
import { codeOf, systemOf } from './slot.js';
import type { Table } from './table.js';
import { WalReceiver } from './wire.js';

const IN_USE = '55006';
/** A server lets go of a slot as soon as it notices that its reader is gone. */
const TAKE_MS = 10_000;

export class Session {
  private wal: WalReceiver | undefined;
  private events: EventReader | undefined;
  /** Events were given out that are not confirmed, so that what comes next may not be confirmed either. */
  outstanding = false;

  private constructor(
    private readonly server: Server,
    private readonly signal: AbortSignal,
    readonly client: Client,
  ) {}

  static async open(server: Server, signal: AbortSignal): Promise<Session> {
    return new Session(server, signal, await connectPostgres(server, signal));
  }

  /** A connection that can make and read slots. @throws YitongError `replication_not_ready` */
  async replication(): Promise<Client> {
    return connectPostgres(this.server, this.signal, { replication: 'database' }).catch((error: unknown) => {
      if (error instanceof Error && codeOf(error.cause) === '42501') {
        throw new YitongError(
          'replication_not_ready',
          `the user \`${this.server.user}\` may not replicate; run \`ALTER ROLE "${this.server.user}" REPLICATION\``,
          { cause: error.cause },
        );
      }
      throw error;
    });
  }

  get broken(): boolean {
    return this.wal?.broken === true;
  }

  get reading(): boolean {
    return this.wal !== undefined;
  }

  /** Begins to receive what is not confirmed. @throws YitongError `slot_lost`, `slot_in_use` */
  async start(slot: string, publication: string, system: string, confirmed: Lsn): Promise<void> {
    const replication = await this.replication();
    if ((await systemOf(replication)) !== system) {
      await replication.end();
      throw new YitongError('slot_lost', 'the server is another cluster than the one of which the table was copied');
    }
    this.wal = new WalReceiver(replication, { slot, publication, confirmed });
    this.events = new EventReader(this.wal);
  }

  /**
   * The next event that is a change, or that shows that all before `target` was told: then undefined.
   * @throws YitongError `shutting_down`
   */
  async next(table: Table, target: Lsn, slot: string): Promise<Event | undefined> {
    const { wal, events } = this;
    if (wal === undefined || events === undefined) throw new YitongError('internal', 'the log is not being read');
    for (;;) {
      if (this.signal.aborted) throw new YitongError('shutting_down', 'the run was stopped; the next one starts over');
      let event: Event | undefined;
      try {
        event = await events.next(table, 20);
      } catch (error) {
        if (codeOf(error) === IN_USE) throw inUse(slot, error);
        throw this.translate(error);
      }
      if (event === undefined) wal.ask();
      else if (event.kind !== 'reached') return event;
      else if (event.lsn >= target) return undefined;
      else await sleep(1);
    }
  }

  /** Asks the server how far it has come, so that it need not be waited for. */
  ask(): void {
    this.wal?.ask();
  }

  confirm(lsn: Lsn): void {
    this.wal?.confirm(lsn);
  }

  /** Between runs: rows that come in call `wake`, and the process may end. */
  idle(wake: (() => void) | undefined): void {
    const { wal } = this;
    if (wal === undefined) return;
    wal.onRows = wake;
    this.hold(false);
    if (wake !== undefined && wal.rowsWait) wake();
  }

  busy(): void {
    if (this.wal !== undefined) this.wal.onRows = undefined;
    this.hold(true);
  }

  private hold(held: boolean): void {
    this.wal?.hold(held);
    const { stream } = this.client.connection;
    if (held && 'ref' in stream && typeof stream.ref === 'function') stream.ref();
    if (!held && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }

  translate(error: unknown): YitongError {
    return postgresError(error, this.server, this.signal);
  }

  async close(): Promise<void> {
    await this.wal?.close();
    await this.client.end().catch(() => undefined);
  }
}

/** Waits until nobody reads the slot, as after a reader that was killed. */
export async function untilFree(active: () => Promise<boolean>, slot: string): Promise<void> {
  for (const until = Date.now() + TAKE_MS; await active(); await sleep(100)) {
    if (Date.now() > until) throw inUse(slot);
  }
}

const inUse = (slot: string, cause?: unknown): YitongError =>
  new YitongError(
    'slot_in_use',
    `the replication slot \`${slot}\` is read by another connection; stop the other connector, or look for it ` +
      `by \`pg_replication_slots.active_pid\``,
    cause === undefined ? {} : { cause },
  );
