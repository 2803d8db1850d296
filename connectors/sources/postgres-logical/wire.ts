/**
 * The receiving end of a replication slot (PostgreSQL manual, 55.4 "Streaming Replication Protocol"): messages of
 * `pgoutput` in order, bounded in memory, and the answers that keep the connection alive. Nothing is confirmed but by
 * `confirm`.
 */

import { createRequire } from 'node:module';
import type { Client, QueryConfig } from 'pg';
import type { Pgoutput } from 'pg-logical-replication';
import { YitongError } from '../../../contracts/errors.js';
import type { Lsn } from './lsn.js';

/** `reached`: all that was committed up to there has been given before. */
type Frame = Pgoutput.Message | { readonly tag: 'reached'; readonly lsn: Lsn };

const DATA = 0x77;
const KEEPALIVE = 0x6b;
const HEADER_BYTES = 25;
/** Then the socket is read no further until half of them are taken. */
const MAX_FRAMES = 2_000;
const MAX_BYTES = 4_194_304;
/** Well within `wal_sender_timeout`, which is a minute unless somebody changed it. */
const STATUS_MS = 5_000;
/** How long the server may take to let go. */
const CLOSE_MS = 2_000;
/** µs between 1970 and 2000, where PostgreSQL's time begins. */
const EPOCH = 946_684_800_000_000n;
/** A driver's limit of one statement must not end one that lasts as long as the connection. */
const FOREVER = 2 ** 31 - 1;

const asItIs = (text: string): string => text;

interface WalSource {
  readonly slot: string;
  readonly publication: string;
  /** What is confirmed already. */
  readonly confirmed: Lsn;
}

export class WalReceiver {
  private readonly frames: { readonly frame: Frame; readonly bytes: number }[] = [];
  private bytes = 0;
  private paused = false;
  private received: Lsn;
  private flushed: Lsn;
  private failure: unknown;
  private closed = false;
  private waiting: (() => void) | undefined;
  private readonly parser;
  private readonly timer;
  private readonly streaming: Promise<void>;
  /** Called when rows arrive that nobody waits for. */
  onRows: (() => void) | undefined;

  /** @param client a connection with `replication: 'database'`, used for nothing else from now on */
  constructor(
    private readonly client: Client,
    { slot, publication, confirmed }: WalSource,
  ) {
    this.received = confirmed;
    this.flushed = confirmed;
    // loaded where a server is read, which is seldom
    const { PgoutputPlugin } = createRequire(import.meta.url)(
      'pg-logical-replication',
    ) as typeof import('pg-logical-replication');
    this.parser = new PgoutputPlugin({ protoVersion: 1, publicationNames: [publication] });
    // the driver's own types do not know this message
    client.connection.on('copyData', ({ chunk }: { readonly chunk: Buffer }) => this.take(chunk));
    client.on('error', (error) => this.fail(error));
    client.on('end', () => this.fail(new Error('the connection ended')));
    const names = `"${publication.replaceAll('"', '""')}"`.replaceAll("'", "''");
    const text = `START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (proto_version '1', publication_names '${names}')`;
    const start: QueryConfig & { readonly query_timeout: number } = { text, query_timeout: FOREVER };
    this.streaming = client.query(start).then(
      () => this.fail(new Error('the server ended the stream')),
      (error: unknown) => this.fail(error),
    );
    this.timer = setInterval(() => this.status(false), STATUS_MS);
    this.timer.unref();
  }

  get broken(): boolean {
    return this.closed || this.failure !== undefined;
  }

  /** Whether there are rows that nobody has taken. */
  get rowsWait(): boolean {
    return this.frames.some(({ frame }) => frame.tag !== 'begin' && frame.tag !== 'reached');
  }

  /** The next message; undefined after `ms`, if there is none. @throws what ended the stream */
  async next(ms: number): Promise<Frame | undefined> {
    if (this.frames.length === 0) {
      if (this.failure === undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          this.waiting = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        this.waiting = undefined;
      }
      if (this.frames.length === 0) {
        if (this.failure !== undefined) throw this.failure;
        return undefined;
      }
    }
    const first = this.frames.shift();
    if (first === undefined) return undefined;
    this.bytes -= first.bytes;
    if (this.paused && this.frames.length < MAX_FRAMES / 2 && this.bytes < MAX_BYTES / 2) {
      this.paused = false;
      this.client.connection.stream.resume();
    }
    return first.frame;
  }

  /** Everything that ends at or before `lsn` is published and never asked for again. */
  confirm(lsn: Lsn): void {
    if (lsn <= this.flushed) return;
    this.flushed = lsn;
    this.status(false);
  }

  /** Asks how far the server has come; the answer is a `reached`. */
  ask(): void {
    this.status(true);
  }

  /** Whether the process may end while this is open. */
  hold(held: boolean): void {
    const { stream } = this.client.connection;
    if (held && 'ref' in stream && typeof stream.ref === 'function') stream.ref();
    if (!held && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    // CopyDone, so that the server lets go of the slot now and has read the last confirmation
    this.send(Buffer.from([0x63, 0, 0, 0, 4]));
    const { stream } = this.client.connection;
    stream.resume();
    const timeout = setTimeout(() => stream.destroy(), CLOSE_MS);
    await this.streaming;
    await this.client.end().catch(() => undefined);
    clearTimeout(timeout);
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    clearInterval(this.timer);
    this.waiting?.();
  }

  private take(chunk: Buffer): void {
    if (this.failure !== undefined) return;
    try {
      if (chunk[0] === DATA) this.message(chunk);
      else if (chunk[0] === KEEPALIVE) this.keepalive(chunk.readBigUInt64BE(1), chunk[17] === 1);
      else throw new YitongError('source_unavailable', 'the server sent a message of an unknown kind');
    } catch (error) {
      this.fail(error);
    }
  }

  private message(chunk: Buffer): void {
    const frame = this.parser.parse(chunk.subarray(HEADER_BYTES));
    // the text of each value as the server wrote it; `values.ts` makes cells of it
    if (frame.tag === 'relation') for (const column of frame.columns) column.parser = asItIs;
    const last = this.frames.at(-1);
    if (frame.tag === 'commit' && last?.frame.tag === 'begin') {
      // nothing of ours in it: servers before 15 tell every transaction
      this.frames.pop();
      this.bytes -= last.bytes;
      return;
    }
    this.push(frame, chunk.length);
    if (frame.tag !== 'begin' && this.waiting === undefined) this.onRows?.();
  }

  private keepalive(lsn: Lsn, wanted: boolean): void {
    if (lsn > this.received) this.received = lsn;
    if (this.frames.at(-1)?.frame.tag === 'reached') this.frames.pop();
    this.push({ tag: 'reached', lsn }, 0);
    if (wanted) this.status(false);
  }

  private push(frame: Frame, bytes: number): void {
    this.frames.push({ frame, bytes });
    this.bytes += bytes;
    this.waiting?.();
    if (!this.paused && (this.frames.length >= MAX_FRAMES || this.bytes >= MAX_BYTES)) {
      this.paused = true;
      this.client.connection.stream.pause();
    }
  }

  /**
   * Standby status update: received, flushed, applied. The slot moves to `flushed` exactly, not a byte beyond: the next
   * commit may begin there.
   */
  private status(answer: boolean): void {
    const message = Buffer.alloc(39);
    message.writeUInt8(0x64, 0);
    message.writeInt32BE(38, 1);
    message.writeUInt8(0x72, 5);
    // biome-ignore lint/complexity/useMathMinMax: of bigints
    message.writeBigUInt64BE(this.received > this.flushed ? this.received : this.flushed, 6);
    message.writeBigUInt64BE(this.flushed, 14);
    message.writeBigUInt64BE(this.flushed, 22);
    message.writeBigInt64BE(BigInt(Date.now()) * 1000n - EPOCH, 30);
    message.writeUInt8(answer ? 1 : 0, 38);
    this.send(message);
  }

  private send(message: Buffer): void {
    const { stream } = this.client.connection;
    if (!stream.destroyed && stream.writable) stream.write(message);
  }
}
