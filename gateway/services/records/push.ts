/**
 * Publishing what was pushed: one publisher a dataset in each worker, opened at the first push; pushes to one dataset go one after another, over all workers.
 * While the bus is away they are decided as always, since what a record was is known here, and wait in the spool (`connectors/spool`).
 */
import type { DatasetId } from '../../../contracts/ids.js';
import type { Contract } from '../../../contracts/types.js';
import type { Feed } from '../../../connectors/feed.js';
import { controlSpec, dataTopic, type Producer } from '../../../connectors/bus/port.js';
import { Publisher, recogniseTopic, sendWatermarkBy, State, takeTurn, type PublisherOptions, type PublishRow } from '../../../connectors/publish/index.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { SpoolingProducer } from '../../../connectors/spool/index.js';
import { isYitongError } from '../../../contracts/errors.js';
import type { Span } from '../../../contracts/tracing.js';
import type { GatewayContext } from '../../context.js';
import type { RecordsBody } from './schema.js';

/** `spooled`: on this replica's disk, on its way to the bus. */
export type PushStatus = 'published' | 'unchanged' | 'merged' | 'quarantined' | 'spooled';

export interface PushOutcome {
  /** Something of the push, records or its watermark, waits for the bus. */
  readonly spooled: boolean;
  readonly results: { readonly position: string; readonly status: PushStatus; readonly code?: string }[];
  readonly withdrawn?: number;
  /** Of a snapshot that lacked too many records: why none was withdrawn. Its own records are published all the same. */
  readonly shrunk?: string;
}

export interface Push {
  /**
   * @param allowed throws if the client may not publish any more once its turn has come
   * @param span under which it publishes, where its trace is recorded
   * @throws YitongError `dataset_busy` if the others before it take too long, `bus_unavailable`, `spool_full`, and what `allowed` throws
   */
  publish(contract: Contract, feed: Feed, body: RecordsBody, allowed: () => void, span: Span | undefined): Promise<PushOutcome>;
  close(): Promise<void>;
}

interface Open {
  readonly producer: Producer;
  readonly publisher: Publisher;
  readonly quarantine: Quarantine;
}

/** A topic that was deleted and made anew is noticed within this time. */
const LOOK_MS = 5000;

export function pushing(context: GatewayContext): Push {
  const { workspace, spool } = context;
  const now = (): Date => new Date(context.now());
  let state: State | undefined;
  const open = new Map<DatasetId, Promise<Open>>();
  const looked = new Map<DatasetId, number>();
  const running = new Set<Promise<unknown>>();
  const stateOf = (): State => (state ??= State.open(context.dataDir));
  const waiting = (contract: Contract): boolean => spool?.store.waiting(contract.id) === true;

  const straight = async (contract: Contract): Promise<Producer> => {
    const bus = await context.bus();
    await bus.ensureTopics([{ topic: dataTopic(workspace.prefix, contract.id), partitions: contract.partitions, history: contract.history }, controlSpec(workspace.prefix, contract.authority)]);
    return await bus.producer(spool === undefined ? {} : { giveUpAfterMs: spool.afterMs });
  };
  const publisherOf = (contract: Contract, quarantine: Quarantine, producer: Producer, how: Pick<PublisherOptions, 'mode' | 'snapshot' | 'onDuplicate' | 'rememberPositions' | 'span'>): Publisher =>
    new Publisher({ workspace, contract, state: stateOf(), quarantine, now, ...how }, producer);
  const stream = async (contract: Contract): Promise<Open> => {
    const producer = spool === undefined ? await straight(contract) : new SpoolingProducer({ spool: spool.store, queue: contract.id, open: () => straight(contract) });
    const quarantine = Quarantine.open(context.dataDir, contract.id, now);
    return { producer, quarantine, publisher: publisherOf(contract, quarantine, producer, { rememberPositions: true }) };
  };
  const opened = async (contract: Contract): Promise<Open> => {
    let found = open.get(contract.id);
    if (found === undefined) {
      found = stream(contract);
      open.set(contract.id, found);
      // a bus that was not there is asked again at the next push
      found.catch(() => open.delete(contract.id));
    }
    return await found;
  };
  /**
   * What was published to a topic that is gone is published again when it is pushed again. Looked at before the first push, then behind
   * pushes that went through, so that none waits for a bus that is away.
   */
  async function recognise(contract: Contract): Promise<void> {
    if (waiting(contract) || context.now() - (looked.get(contract.id) ?? 0) < LOOK_MS) return;
    looked.set(contract.id, context.now());
    try {
      await recogniseTopic(await context.bus(), stateOf(), workspace, contract);
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'bus_unavailable') throw error;
      const producer = (await open.get(contract.id))?.producer;
      if (producer instanceof SpoolingProducer) producer.busIsAway();
    }
  }

  const rows = (body: RecordsBody): PublishRow[] =>
    body.records.map((record, i) => {
      const place = { position: record.position, rowNumber: i + 1, sourceTime: new Date(body.sourceTime).toISOString() };
      return 'value' in record
        ? { ...place, value: record.value as Extract<PublishRow, { value: unknown }>['value'] }
        : { ...place, withdraw: { subject: record.withdraw.subject, recordId: record.withdraw.recordId ?? '', reason: record.reason } };
    });
  const told = (contract: Contract, results: Awaited<ReturnType<Publisher['publish']>>): Pick<PushOutcome, 'results' | 'spooled'> => {
    // another push of the dataset may wait instead of this one; nobody is hurt by hearing of it
    const spooled = waiting(contract);
    return { spooled, results: results.map(({ position, status, code }) => ({ position, status: spooled && status === 'published' ? 'spooled' : status, ...(code === undefined ? {} : { code }) })) };
  };

  async function pushed(contract: Contract, body: RecordsBody, span: Span | undefined): Promise<PushOutcome> {
    const { publisher, quarantine } = await opened(contract);
    await quarantine.refresh();
    const results = await publisher.publish(rows(body), span);
    await quarantine.flushed();
    return told(contract, results);
  }

  /** A snapshot is a run of its own: it knows what it has seen, and withdraws the rest unless too much would vanish. */
  async function snapshot(contract: Contract, feed: Feed, body: RecordsBody, span: Span | undefined): Promise<PushOutcome> {
    const { quarantine, producer } = await opened(contract);
    await quarantine.refresh();
    const publisher = publisherOf(contract, quarantine, producer, { mode: 'run', snapshot: true, onDuplicate: feed.onDuplicate, ...(span === undefined ? {} : { span }) });
    const results = await publisher.publish(rows(body));
    await publisher.finish();
    const { gone, all } = await publisher.unseen();
    if (gone.length > all * feed.maxWithdrawShare) {
      await quarantine.flushed();
      return { ...told(contract, results), withdrawn: 0, shrunk: `${gone.length} of ${all} records would be withdrawn; the feed allows a share of ${feed.maxWithdrawShare}` };
    }
    const sourceTime = new Date(body.sourceTime).toISOString();
    await publisher.publish(
      gone.map(({ subject, recordId }, i) => ({ position: `snapshot ${sourceTime} gone ${i}`, rowNumber: 0, sourceTime, withdraw: { subject, recordId, reason: 'left_snapshot' } })),
    );
    await quarantine.flushed();
    return { ...told(contract, results), withdrawn: gone.length };
  }

  async function turn(contract: Contract, feed: Feed, body: RecordsBody, span: Span | undefined): Promise<PushOutcome> {
    if (spool !== undefined) await opened(contract);
    if (!looked.has(contract.id)) await recognise(contract);
    const outcome = body.snapshot === true ? await snapshot(contract, feed, body, span) : await pushed(contract, body, span);
    const { producer } = await opened(contract);
    await sendWatermarkBy(producer, workspace, contract, {
      dataset: contract.id,
      sourceTime: new Date(body.sourceTime).toISOString(),
      snapshot: body.snapshot === true,
      rows: body.records.length,
      state: outcome.shrunk === undefined ? 'complete' : 'refused',
    });
    return { ...outcome, spooled: outcome.spooled || waiting(contract) };
  }

  return {
    publish(contract, feed, body, allowed, span) {
      const mine = takeTurn(stateOf(), contract.id, { wait: context.settings.gateway.handlerTimeoutMs }, async () => {
        allowed();
        return turn(contract, feed, body, span);
      });
      // the answer does not wait for it; within a turn, for the state must not change under a push
      const after = mine.then(({ spooled }) => (spooled ? undefined : takeTurn(stateOf(), contract.id, {}, () => recognise(contract))));
      running.add(after);
      const done = (): void => void running.delete(after);
      after.then(done, done);
      return mine;
    },
    async close() {
      await Promise.allSettled(running);
      for (const one of open.values()) {
        const { publisher, quarantine } = await one;
        await publisher.close();
        await quarantine.close();
      }
      await state?.close();
    },
  };
}
