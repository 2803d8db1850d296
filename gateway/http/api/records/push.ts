/**
 * Publishing what was pushed: one producer a dataset in each worker, opened at the first push; each push is a
 * publication session of its own, and those of one dataset go one after another, over all workers.
 * While the bus is away they are decided as always, since what a record was is known here, and wait in the spool
 * (`connectors/spool`).
 */

import { controlSpec, dataTopic, type Producer } from '../../../../connectors/bus/port.js';
import type { Feed } from '../../../../connectors/feed.js';
import {
  type PublishResult,
  type PublishRow,
  recogniseTopic,
  Session,
  type State,
  takeTurn,
} from '../../../../connectors/publish/index.js';
import { Quarantine } from '../../../../connectors/quarantine.js';
import { SpoolingProducer } from '../../../../connectors/spool/index.js';
import { isYitongError } from '../../../../contracts/errors.js';
import type { DatasetId } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import type { Span } from '../../../../contracts/tracing.js';
import type { Contract } from '../../../../contracts/types.js';
import type { GatewayContext } from '../../../documents/context.js';
import { openState } from '../../publishing/state.js';
import type { RecordsBody } from './schema.js';

/** `spooled`: on this replica's disk, on its way to the bus. */
type PushStatus = 'published' | 'unchanged' | 'merged' | 'quarantined' | 'spooled';

interface PushOutcome {
  /** Something of the push, records or its watermark, waits for the bus. */
  readonly spooled: boolean;
  readonly results: { readonly position: string; readonly status: PushStatus; readonly code?: string }[];
  readonly withdrawn?: number;
  /**
   * Of a snapshot: records that it did not name and that are not withdrawn, since records of it that name none may be
   * theirs.
   */
  readonly held?: number;
  /** Of a snapshot that lacked too many records: why none was withdrawn. Its own records are published all the same. */
  readonly shrunk?: string;
}

export interface Push {
  /**
   * @param allowed throws if the client may not publish any more once its turn has come
   * @param span under which it publishes, where its trace is recorded
   * @throws YitongError `dataset_busy` if the others before it take too long, `bus_unavailable`, `spool_full`,
   * `store_full`, and what `allowed` throws
   */
  publish(
    contract: Contract,
    feed: Feed,
    body: RecordsBody,
    allowed: () => void,
    span: Span | undefined,
  ): Promise<PushOutcome>;
  close(): Promise<void>;
}

interface Open {
  readonly producer: Producer;
  readonly quarantine: Quarantine;
}

/** A topic that was deleted and made anew is noticed within this time. */
const LOOK_MS = 5000;

/** Records as they are published; what is to be withdrawn says so. */
const rowsOf = (body: RecordsBody): PublishRow[] =>
  body.records.map((record, i) => {
    const place = {
      position: record.position,
      rowNumber: i + 1,
      sourceTime: new Date(body.sourceTime).toISOString(),
    };
    return 'value' in record
      ? { ...place, value: record.value as Extract<PublishRow, { value: unknown }>['value'] }
      : {
          ...place,
          withdraw: {
            subject: record.withdraw.subject,
            recordId: record.withdraw.recordId ?? '',
            reason: record.reason,
          },
        };
  });
class Pushing implements Push {
  readonly #context: GatewayContext;
  readonly #open = new Map<DatasetId, Promise<Open>>();
  /** When the topic of a dataset was last looked at. */
  readonly #looked = new Map<DatasetId, number>();
  readonly #running = new Set<Promise<unknown>>();
  #state: State | undefined;
  #pushes = 0;

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  readonly #now = (): Date => new Date(this.#context.now());

  #stateOf(): State {
    return (this.#state ??= openState(this.#context.dataDir));
  }

  /** Whether something of the dataset waits for the bus. */
  #waiting(contract: Contract): boolean {
    return this.#context.spool?.store.waiting(contract.id) === true;
  }

  /** A producer that writes to the bus itself. */
  async #straight(contract: Contract): Promise<Producer> {
    const { workspace, spool } = this.#context;
    const bus = await this.#context.bus();
    await bus.ensureTopics([
      { topic: dataTopic(workspace.prefix, contract.id), partitions: contract.partitions, history: contract.history },
      controlSpec(workspace.prefix, contract.authority),
    ]);
    return await bus.producer(spool === undefined ? {} : { giveUpAfterMs: spool.afterMs });
  }

  async #stream(contract: Contract): Promise<Open> {
    const { spool, dataDir } = this.#context;
    const producer =
      spool === undefined
        ? await this.#straight(contract)
        : new SpoolingProducer({ spool: spool.store, queue: contract.id, open: () => this.#straight(contract) });
    return { producer, quarantine: Quarantine.open(dataDir, contract.id, this.#now) };
  }

  async #opened(contract: Contract): Promise<Open> {
    let found = this.#open.get(contract.id);
    if (found === undefined) {
      found = this.#stream(contract);
      this.#open.set(contract.id, found);
      // a bus that was not there is asked again at the next push
      found.catch(() => this.#open.delete(contract.id));
    }
    return await found;
  }

  /**
   * What was published to a topic that is gone is published again when it is pushed again. Looked at before the first
   * push, then behind pushes that went through, so that none waits for a bus that is away.
   */
  async #recognise(contract: Contract): Promise<void> {
    const { workspace } = this.#context;
    const now = this.#context.now();
    if (this.#waiting(contract) || now - (this.#looked.get(contract.id) ?? 0) < LOOK_MS) return;
    this.#looked.set(contract.id, now);
    try {
      await recogniseTopic(await this.#context.bus(), this.#stateOf(), workspace, contract);
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'bus_unavailable') throw error;
      const producer = (await this.#open.get(contract.id))?.producer;
      if (producer instanceof SpoolingProducer) producer.busIsAway();
    }
  }

  #told(contract: Contract, results: readonly PublishResult[]): Pick<PushOutcome, 'results' | 'spooled'> {
    // another push of the dataset may wait instead of this one; nobody is hurt by hearing of it
    const spooled = this.#waiting(contract);
    return {
      spooled,
      results: results.map(({ position, status, code }) => ({
        position,
        status: spooled && status === 'published' ? 'spooled' : status,
        ...present({ code }),
      })),
    };
  }

  /** A push whose turn has come: no other one of the dataset is under way. */
  async #turn(contract: Contract, feed: Feed, body: RecordsBody, span: Span | undefined): Promise<PushOutcome> {
    const { workspace, spool } = this.#context;
    if (spool !== undefined) await this.#opened(contract);
    if (!this.#looked.has(contract.id)) await this.#recognise(contract);
    const { producer, quarantine } = await this.#opened(contract);
    await quarantine.refresh();
    const whole = body.snapshot === true;
    const session = new Session(
      {
        workspace,
        contract,
        state: this.#stateOf(),
        quarantine,
        now: this.#now,
        // a snapshot is a run: it knows what it has seen, and withdraws the rest under the guards of one
        ...(whole ? { mode: 'run', snapshot: true, onDuplicate: feed.onDuplicate } : { rememberPositions: true }),
        maxWithdrawShare: feed.maxWithdrawShare,
        run: `push ${this.#now().toISOString()} ${process.pid} ${(this.#pushes += 1)}`,
        ...present({ span }),
      },
      producer,
    );
    const results = await session.publish(rowsOf(body));
    await session.finish();
    const sourceTime = new Date(body.sourceTime).toISOString();
    const settled = whole ? await session.settle({ tail: false }, sourceTime) : undefined;
    await quarantine.flushed();
    const refused = settled?.refused;
    await session.watermark({
      dataset: contract.id,
      sourceTime,
      snapshot: whole,
      rows: body.records.length,
      state: refused === undefined ? 'complete' : 'refused',
    });
    const outcome = this.#told(contract, results);
    return {
      ...outcome,
      spooled: outcome.spooled || this.#waiting(contract),
      ...(settled === undefined ? {} : { withdrawn: settled.withdrawn }),
      ...(settled === undefined || settled.held === 0 ? {} : { held: settled.held }),
      ...(refused === undefined
        ? {}
        : {
            shrunk:
              `${refused.gone} of ${refused.all} records would be withdrawn; the feed allows a share of ` +
              `${feed.maxWithdrawShare}`,
          }),
    };
  }

  publish(
    contract: Contract,
    feed: Feed,
    body: RecordsBody,
    allowed: () => void,
    span: Span | undefined,
  ): Promise<PushOutcome> {
    const wait = this.#context.settings.gateway.handlerTimeoutMs;
    const mine = takeTurn(this.#stateOf(), contract.id, { wait }, async () => {
      allowed();
      return this.#turn(contract, feed, body, span);
    });
    // the answer does not wait for it; within a turn, for the state must not change under a push
    const after = mine.then(({ spooled }) =>
      spooled ? undefined : takeTurn(this.#stateOf(), contract.id, {}, () => this.#recognise(contract)),
    );
    this.#running.add(after);
    const done = (): void => void this.#running.delete(after);
    after.then(done, done);
    return mine;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    for (const one of this.#open.values()) {
      const { producer, quarantine } = await one;
      await producer.close();
      await quarantine.close();
    }
    await this.#state?.close();
  }
}

export const pushing = (context: GatewayContext): Push => new Pushing(context);
