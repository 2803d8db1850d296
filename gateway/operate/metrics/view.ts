/**
 * What the writer knows: how fresh each dataset is, how far the view is behind the bus, what waits in quarantine. Read
 * when asked.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { dataTopic } from '../../../connectors/bus/port.js';
import { State } from '../../../connectors/publish/index.js';
import { KeptQuarantines } from '../../../connectors/quarantine-kept.js';
import { isYitongError } from '../../../contracts/errors.js';
import type { DatasetId } from '../../../contracts/ids.js';
import type { Workspace } from '../../../contracts/types.js';
import { statusOf } from '../../answer/question/status.js';
import type { DatasetState, ViewWriter } from '../../answer/view/port.js';
import { type Family, gauge, type Labels } from '../../ground/counts/families.js';
import { openState } from '../../http/publishing/state.js';

const STATUSES = ['current', 'stale', 'never-loaded', 'unavailable'] as const;

interface ViewParts {
  readonly workspace: Pick<Workspace, 'contracts' | 'prefix'>;
  readonly writer: Pick<ViewWriter, 'reader' | 'completeUpTo'>;
  readonly dataDir: string;
  readonly heldBack: HeldCounts;
  /** Undefined before it is known. */
  readonly busUp: () => boolean | undefined;
}

/** Bytes that the view takes on disk; its file has holes. */
function bytesOf(file: string): number | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? undefined : stats.blocks * 512;
}

export interface HeldCounts {
  /**
   * Withdrawals that are held back, by runs of feeds and by pushed snapshots alike; nothing where the state cannot be
   * opened, which those who publish say.
   */
  of(datasets: readonly DatasetId[]): [Labels, number][];
  /** Rows that are held back. @throws YitongError `store_damaged` */
  rows(datasets: readonly DatasetId[]): Promise<[Labels, number][]>;
  close(): Promise<void>;
}

/**
 * Opens the state of connectors once, when there is one, and so each quarantine: others commit to them all the time,
 * each opening beside them has to be looked after (connectors/lmdb/env.ts), and that of a large one takes a while.
 */
export function heldCounts(dataDir: string): HeldCounts {
  let state: State | undefined;
  const quarantines = new KeptQuarantines(dataDir, () => new Date());
  return {
    rows: (datasets) =>
      Promise.all(
        datasets.map(async (dataset): Promise<[Labels, number]> => {
          const rows = await quarantines.look(dataset, async (quarantine) => quarantine.count());
          return [{ dataset }, rows ?? 0];
        }),
      ),
    of(datasets) {
      if (state === undefined && !State.exists(dataDir)) return datasets.map((feed) => [{ feed }, 0]);
      try {
        const opened = (state ??= openState(dataDir));
        return datasets.map((feed) => [{ feed }, opened.held(feed).length]);
      } catch (error) {
        if (isYitongError(error)) return [];
        throw error;
      }
    },
    async close() {
      await quarantines.close();
      await state?.close();
    },
  };
}

export async function viewFigures({ workspace, writer, dataDir, heldBack, busUp }: ViewParts): Promise<Family[]> {
  const now = Date.now();
  const reader = writer.reader();
  const contracts = [...workspace.contracts.values()];
  const states = contracts.map((contract) => ({
    contract,
    labels: { dataset: contract.id },
    state: reader.datasetState(contract.id),
  }));
  const each = (value: (state: DatasetState) => number | undefined): [Labels, number | undefined][] =>
    states.map(({ labels, state }) => [labels, value(state)]);
  const lag = contracts.map(({ id, partitions }): [Labels, number | undefined] => {
    const upTo = Math.min(
      ...Array.from({ length: partitions }, (_, partition) =>
        writer.completeUpTo(dataTopic(workspace.prefix, id), partition),
      ),
    );
    return [{ dataset: id }, upTo === 0 ? undefined : Math.max(0, now - upTo) / 1000];
  });
  const held = await heldBack.rows(contracts.map(({ id }) => id));
  const up = busUp();
  return [
    gauge('yitong_bus_up', up === undefined ? undefined : up ? 1 : 0),
    gauge(
      'yitong_dataset_status',
      states.flatMap(({ contract, state }) => {
        const { status } = statusOf(contract, state, now);
        return STATUSES.map((one) => [{ dataset: contract.id, status: one }, one === status ? 1 : 0] as const);
      }),
    ),
    gauge(
      'yitong_dataset_age_seconds',
      each(({ complete }) =>
        complete === undefined ? undefined : Math.max(0, now - Date.parse(complete.sourceTime)) / 1000,
      ),
    ),
    gauge(
      'yitong_dataset_frequency_seconds',
      contracts.map(({ id, updateFrequency }) => [{ dataset: id }, updateFrequency / 1000] as const),
    ),
    gauge(
      'yitong_dataset_records',
      each(({ records }) => records),
    ),
    gauge(
      'yitong_dataset_versions',
      each(({ versions }) => versions),
    ),
    gauge(
      'yitong_dataset_poisoned',
      each(({ poisoned }) => poisoned),
    ),
    gauge(
      'yitong_dataset_incomplete',
      each(({ incomplete }) => (incomplete === true ? 1 : 0)),
    ),
    gauge('yitong_view_lag_seconds', lag),
    gauge('yitong_view_bytes', bytesOf(join(dataDir, 'view', 'view.mdb'))),
    gauge('yitong_feed_held_withdrawals', heldBack.of(contracts.map(({ id }) => id))),
    gauge('yitong_quarantine_rows', held),
  ];
}
