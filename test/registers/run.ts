/**
 * What the tests of the registers share: a workspace on real data, an embedded bus, a view, and what an observer sees
 * of them.
 */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { openEmbeddedBus } from '../../connectors/bus/embedded/bus.js';
import { dataTopic, type InRecord } from '../../connectors/bus/port.js';
import { loadFeeds } from '../../connectors/feeds.js';
import { State } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { type RunReport, runFeed } from '../../connectors/run.js';
import { decodeRecord } from '../../contracts/avro.js';
import { type DatasetId, datasetId, subjectKey } from '../../contracts/ids.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import { FRAME_BYTES } from '../../contracts/wire.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { openLmdbViewWriter } from '../../gateway/answer/view/lmdb/index.js';
import { testData } from '../support/data.js';

/** The repository's root; compiled tests stand three folders below it. */
export const repository = new URL('../../../', import.meta.url);

export type Value = Readonly<Record<string, unknown>>;

export interface Quarantined {
  readonly position: string;
  readonly rowNumber: number;
  readonly problems: readonly { readonly code: string; readonly field: string }[];
}

export interface Register {
  readonly workspace: Workspace;
  /** Where the source files stand. */
  readonly data: string;
  /** Runs the feed; `again` reads the file though it did not change. */
  run(dataset: string, again?: boolean): Promise<RunReport>;
  quarantined(dataset: string): Promise<readonly Quarantined[]>;
  /** All of a dataset's records on the bus: topic key → decoded value. */
  records(dataset: string): Promise<ReadonlyMap<string, Value>>;
  /** The current records of one subject, over datasets, out of a view that has applied the whole bus. */
  subject(
    scheme: string,
    key: string,
    datasets: readonly string[],
  ): Promise<readonly (readonly [dataset: string, value: Value])[]>;
  close(): Promise<void>;
}

/**
 * The workspace of that name over the data of that folder, `undefined` if they are not here. The workspace is copied,
 * as the paths of its feeds are relative to it.
 */
export async function openRegister(t: Test, name: string, folder: string): Promise<Register | undefined> {
  const data = testData(t, folder);
  if (data === undefined) return undefined;
  const dir = t.testdir();
  const copy = join(dir, 'workspace');
  await cp(fixture(name), copy, { recursive: true });
  await declareData(copy, dirname(data));
  return openWorkspace(dir, copy, data);
}

/**
 * The feeds of a copied workspace read `data/…` where it lies, outside of the workspace: its folder is declared, as an
 * operator would.
 */
export async function declareData(workspace: string, data: string): Promise<void> {
  const feeds = join(workspace, 'connectors/feeds');
  for (const name of await readdir(feeds, { recursive: true })) {
    if (!name.endsWith('.json')) continue;
    const text = await readFile(join(feeds, name), 'utf8');
    await writeFile(join(feeds, name), text.replaceAll('"data/', JSON.stringify(`${data}/`).slice(0, -1)));
  }
  const file = join(workspace, 'yitong.json');
  const settings = JSON.parse(await readFile(file, 'utf8')) as { readonly connectors?: object };
  await writeFile(file, JSON.stringify({ ...settings, connectors: { ...settings.connectors, roots: [data] } }));
}

/** The folder of a workspace of these tests. */
export const fixture = (name: string): string => fileURLToPath(new URL(`test/fixtures/workspaces/${name}`, repository));

/** A workspace with an embedded bus, a state and a view beside it in `dir`. */
export async function openWorkspace(dir: string, folder: string, data: string): Promise<Register> {
  const workspace = await loadWorkspace(folder);
  const feeds = await loadFeeds(workspace);
  const bus = await openEmbeddedBus({ dir: join(dir, 'bus') });
  const dataDir = join(dir, 'state');
  const state = State.open(dataDir);
  const contractOf = (dataset: string): Contract => {
    const contract = workspace.contracts.get(datasetId(dataset));
    if (contract === undefined) throw new Error(`no contract of ${dataset}`);
    return contract;
  };

  async function consumed(dataset: string, onBatch: (batch: readonly InRecord[]) => Promise<void>): Promise<void> {
    const topic = dataTopic(workspace.prefix, dataset);
    const partitions = (await bus.topicState(topic))?.partitions ?? [];
    let missing = partitions.reduce((sum, { low, high }) => sum + high - low, 0);
    if (missing === 0) return;
    await new Promise<void>((resolve, reject) => {
      const consumption = bus.consume({
        topics: [topic],
        from: () => 0,
        onOffsetLost: ({ low }) => low,
        onBatch: async (batch) => {
          await onBatch(batch);
          missing -= batch.length;
          if (missing === 0) void consumption.then((it) => it.stop()).then(resolve, reject);
        },
      });
      consumption.then((it) => it.done).catch(reject);
    });
  }

  let view: Awaited<ReturnType<typeof openLmdbViewWriter>> | undefined;
  async function applied(datasets: Iterable<DatasetId>) {
    if (view !== undefined) return view;
    const writer = await openLmdbViewWriter({ dir: join(dir, 'view'), workspace });
    for (const dataset of datasets) await consumed(dataset, async (batch) => void (await writer.apply(batch)));
    return (view = writer);
  }

  return {
    workspace,
    data,
    run(dataset, again = false) {
      const feed = feeds.get(datasetId(dataset));
      if (feed === undefined) throw new Error(`no feed of ${dataset}`);
      const options = again ? { again: 'true' } : {};
      return runFeed({ feed, workspace, bus, state, dataDir, signal: new AbortController().signal, options });
    },
    async quarantined(dataset) {
      const quarantine = Quarantine.open(dataDir, datasetId(dataset), () => new Date());
      const list = await quarantine.list();
      await quarantine.close();
      return [...list].sort((a, b) => a.position.localeCompare(b.position, 'en', { numeric: true }));
    },
    async records(dataset) {
      const { latest } = contractOf(dataset);
      const found = new Map<string, Value>();
      await consumed(dataset, async (batch) => {
        for (const { key, value } of batch) {
          if (value === null) found.delete(key);
          else found.set(key, decodeRecord(latest, value, FRAME_BYTES) as Value);
        }
      });
      return found;
    },
    async subject(scheme, key, datasets) {
      const ids = datasets.map(datasetId);
      const reader = (await applied(workspace.contracts.keys())).reader();
      const seen: (readonly [string, Value])[] = [];
      reader.read(subjectKey(scheme, key), ids, { kind: 'now' }, (index, { bytes, start, end }) => {
        const dataset = datasets[index] ?? '';
        seen.push([dataset, decodeRecord(contractOf(dataset).latest, bytes, start, end) as Value]);
      });
      return seen;
    },
    async close() {
      await view?.close();
      await state.close();
      await bus.close();
    },
  };
}

/** A report without what differs from run to run. */
export const account = ({ rows, published, unchanged, merged, quarantined, skipped, withdrawn, state }: RunReport) => ({
  rows,
  published,
  unchanged,
  merged,
  quarantined,
  skipped,
  withdrawn,
  state,
});

/** Every row once. */
export const accounted = ({ published, unchanged, merged, quarantined, skipped }: RunReport): number =>
  published + unchanged + merged + quarantined + skipped;

/** Says how fast, without making a test of it. */
export const pace = (t: Test, dataset: string, { rows, ms }: RunReport): void =>
  t.comment(`${dataset}: ${rows} rows in ${ms} ms, ${Math.round((rows / Math.max(ms, 1)) * 1000)} rows/s`);
