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
export type PushStatus = 'published' | 'unchanged' | 'merged' | 'quarantined' | 'spooled';

export interface PushOutcome {
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
   * @throws YitongError `dataset_busy` if the others before it take too long, `bus_unavailable`, `spool_full`, and what
   * `allowed` throws
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

export function pushing(context: GatewayContext): Push {
  const { workspace, spool } = context;
  const now = (): Date => new Date(context.now());
  let state: State | undefined;
  let pushes = 0;
  const open = new Map<DatasetId, Promise<Open>>();
  const looked = new Map<DatasetId, number>();
  const running = new Set<Promise<unknown>>();
  const stateOf = (): State => (state ??= openState(context.dataDir));
  const waiting = (contract: Contract): boolean => spool?.store.waiting(contract.id) === true;

  const straight = async (contract: Contract): Promise<Producer> => {
    const bus = await context.bus();
    await bus.ensureTopics([
      { topic: dataTopic(workspace.prefix, contract.id), partitions: contract.partitions, history: contract.history },
      controlSpec(workspace.prefix, contract.authority),
    ]);
    return await bus.producer(spool === undefined ? {} : { giveUpAfterMs: spool.afterMs });
  };
  const stream = async (contract: Contract): Promise<Open> => {
    const producer =
      spool === undefined
        ? await straight(contract)
        : new SpoolingProducer({ spool: spool.store, queue: contract.id, open: () => straight(contract) });
    return { producer, quarantine: Quarantine.open(context.dataDir, contract.id, now) };
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
   * What was published to a topic that is gone is published again when it is pushed again. Looked at before the first
   * push, then behind pushes that went through, so that none waits for a bus that is away.
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
  const told = (contract: Contract, results: readonly PublishResult[]): Pick<PushOutcome, 'results' | 'spooled'> => {
    // another push of the dataset may wait instead of this one; nobody is hurt by hearing of it
    const spooled = waiting(contract);
    return {
      spooled,
      results: results.map(({ position, status, code }) => ({
        position,
        status: spooled && status === 'published' ? 'spooled' : status,
        ...present({ code }),
      })),
    };
  };

  async function turn(contract: Contract, feed: Feed, body: RecordsBody, span: Span | undefined): Promise<PushOutcome> {
    if (spool !== undefined) await opened(contract);
    if (!looked.has(contract.id)) await recognise(contract);
    const { producer, quarantine } = await opened(contract);
    await quarantine.refresh();
    const whole = body.snapshot === true;
    const session = new Session(
      {
        workspace,
        contract,
        state: stateOf(),
        quarantine,
        now,
        // a snapshot is a run: it knows what it has seen, and withdraws the rest under the guards of one
        ...(whole ? { mode: 'run', snapshot: true, onDuplicate: feed.onDuplicate } : { rememberPositions: true }),
        maxWithdrawShare: feed.maxWithdrawShare,
        run: `push ${new Date(context.now()).toISOString()} ${process.pid} ${(pushes += 1)}`,
        ...present({ span }),
      },
      producer,
    );
    const results = await session.publish(rows(body));
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
    const outcome = told(contract, results);
    return {
      ...outcome,
      spooled: outcome.spooled || waiting(contract),
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

  return {
    publish(contract, feed, body, allowed, span) {
      const mine = takeTurn(stateOf(), contract.id, { wait: context.settings.gateway.handlerTimeoutMs }, async () => {
        allowed();
        return turn(contract, feed, body, span);
      });
      // the answer does not wait for it; within a turn, for the state must not change under a push
      const after = mine.then(({ spooled }) =>
        spooled ? undefined : takeTurn(stateOf(), contract.id, {}, () => recognise(contract)),
      );
      running.add(after);
      const done = (): void => void running.delete(after);
      after.then(done, done);
      return mine;
    },
    async close() {
      await Promise.allSettled(running);
      for (const one of open.values()) {
        const { producer, quarantine } = await one;
        await producer.close();
        await quarantine.close();
      }
      await state?.close();
    },
  };
}
