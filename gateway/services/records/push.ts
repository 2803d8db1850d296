/** Publishing what was pushed: one publisher a dataset in each worker, opened at the first push; pushes to one dataset go one after another, over all workers. */
import type { DatasetId } from '../../../contracts/ids.js';
import type { Contract } from '../../../contracts/types.js';
import type { Feed } from '../../../connectors/feed.js';
import { createPublisher, sendWatermark, State, takeTurn, type Publisher, type PublishRow } from '../../../connectors/publish/index.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import type { GatewayContext } from '../../context.js';
import type { RecordsBody } from './schema.js';

export interface PushOutcome {
  readonly results: { readonly position: string; readonly status: 'published' | 'unchanged' | 'merged' | 'quarantined'; readonly code?: string }[];
  readonly withdrawn?: number;
  /** Of a snapshot that lacked too many records: why none was withdrawn. Its own records are published all the same. */
  readonly shrunk?: string;
}

export interface Push {
  /**
   * @param allowed throws if the client may not publish any more once its turn has come
   * @throws YitongError `dataset_busy` if the others before it take too long, `bus_unavailable`, and what `allowed` throws
   */
  publish(contract: Contract, feed: Feed, body: RecordsBody, allowed: () => void): Promise<PushOutcome>;
  close(): Promise<void>;
}

interface Open {
  readonly publisher: Publisher;
  readonly quarantine: Quarantine;
}

export function pushing(context: GatewayContext): Push {
  const { workspace } = context;
  const now = (): Date => new Date(context.now());
  let state: State | undefined;
  const open = new Map<DatasetId, Promise<Open>>();
  const running = new Set<Promise<unknown>>();
  const stateOf = (): State => (state ??= State.open(context.dataDir));

  const stream = async (contract: Contract): Promise<Open> => {
    const quarantine = Quarantine.open(context.dataDir, contract.id, now);
    const bus = await context.bus();
    return { quarantine, publisher: await createPublisher({ workspace, contract, bus, state: stateOf(), quarantine, now, rememberPositions: true }) };
  };
  const opened = (contract: Contract): Promise<Open> => {
    let found = open.get(contract.id);
    if (found === undefined) {
      found = stream(contract);
      open.set(contract.id, found);
      // a bus that was not there is asked again at the next push
      found.catch(() => open.delete(contract.id));
    }
    return found;
  };

  const rows = (body: RecordsBody): PublishRow[] =>
    body.records.map((record, i) => {
      const place = { position: record.position, rowNumber: i + 1, sourceTime: new Date(body.sourceTime).toISOString() };
      return 'value' in record
        ? { ...place, value: record.value as Extract<PublishRow, { value: unknown }>['value'] }
        : { ...place, withdraw: { subject: record.withdraw.subject, recordId: record.withdraw.recordId ?? '', reason: record.reason } };
    });
  const plain = ({ position, status, code }: Awaited<ReturnType<Publisher['publish']>>[number]) => ({ position, status, ...(code === undefined ? {} : { code }) });

  async function pushed(contract: Contract, body: RecordsBody): Promise<PushOutcome> {
    const { publisher, quarantine } = await opened(contract);
    await quarantine.refresh();
    const results = await publisher.publish(rows(body));
    await quarantine.flushed();
    return { results: results.map(plain) };
  }

  /** A snapshot is a run of its own: it knows what it has seen, and withdraws the rest unless too much would vanish. */
  async function snapshot(contract: Contract, feed: Feed, body: RecordsBody): Promise<PushOutcome> {
    const { quarantine } = await opened(contract);
    await quarantine.refresh();
    const publisher = await createPublisher({ workspace, contract, bus: await context.bus(), state: stateOf(), quarantine, now, mode: 'run', snapshot: true, onDuplicate: feed.onDuplicate });
    try {
      const results = await publisher.publish(rows(body));
      await publisher.finish();
      const { gone, all } = await publisher.unseen();
      if (gone.length > all * feed.maxWithdrawShare) {
        await quarantine.flushed();
        return { results: results.map(plain), withdrawn: 0, shrunk: `${gone.length} of ${all} records would be withdrawn; the feed allows a share of ${feed.maxWithdrawShare}` };
      }
      const sourceTime = new Date(body.sourceTime).toISOString();
      await publisher.publish(
        gone.map(({ subject, recordId }, i) => ({ position: `snapshot ${sourceTime} gone ${i}`, rowNumber: 0, sourceTime, withdraw: { subject, recordId, reason: 'left_snapshot' } })),
      );
      await quarantine.flushed();
      return { results: results.map(plain), withdrawn: gone.length };
    } finally {
      await publisher.close();
    }
  }

  async function turn(contract: Contract, feed: Feed, body: RecordsBody): Promise<PushOutcome> {
    const outcome = body.snapshot === true ? await snapshot(contract, feed, body) : await pushed(contract, body);
    await sendWatermark(await context.bus(), workspace, contract, {
      dataset: contract.id,
      sourceTime: new Date(body.sourceTime).toISOString(),
      snapshot: body.snapshot === true,
      rows: body.records.length,
      state: outcome.shrunk === undefined ? 'complete' : 'refused',
    });
    return outcome;
  }

  return {
    publish(contract, feed, body, allowed) {
      const mine = takeTurn(stateOf(), contract.id, { wait: context.settings.gateway.handlerTimeoutMs }, async () => {
        allowed();
        return turn(contract, feed, body);
      });
      running.add(mine);
      const done = (): void => void running.delete(mine);
      mine.then(done, done);
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
