/** An office for one test: an embedded bus, a state and a folder, with what an observer would see on the bus. */
import { join } from 'node:path';
import { openEmbeddedBus } from '../../connectors/bus/embedded/bus.js';
import { type Bus, controlTopic, dataTopic, HEADER, type InRecord, type Watermark } from '../../connectors/bus/port.js';
import type { Feed } from '../../connectors/feed.js';
import { State } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { type RunOptions, runFeed } from '../../connectors/run.js';
import { decodeRecord } from '../../contracts/avro.js';
import type { Contract } from '../../contracts/types.js';
import { FRAME_BYTES } from '../../contracts/wire.js';
import { contract as makeContract, feed as makeFeed, workspace as makeWorkspace } from './fixtures.js';

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

export async function everything(bus: Bus, topic: string): Promise<InRecord[]> {
  const state = await bus.topicState(topic);
  const wanted = state?.partitions.reduce((sum, { low, high }) => sum + high - low, 0) ?? 0;
  const records: InRecord[] = [];
  if (wanted === 0) return records;
  const { promise, resolve } = deferred();
  const consumption = await bus.consume({
    topics: [topic],
    from: () => 0,
    onOffsetLost: ({ low }) => low,
    onBatch: async (batch) => {
      records.push(...batch);
      if (records.length >= wanted) resolve();
    },
  });
  await promise;
  await consumption.stop();
  return records;
}

export async function openOffice(
  dir: string,
  overrides: { readonly contract?: Partial<Contract>; readonly bus?: (bus: Bus) => Bus } = {},
) {
  const contract = makeContract(overrides.contract);
  const workspace = makeWorkspace(contract);
  const inner = await openEmbeddedBus({ dir: join(dir, 'bus') });
  const bus = overrides.bus?.(inner) ?? inner;
  const dataDir = join(dir, 'data');
  const state = State.open(dataDir);
  return {
    contract,
    workspace,
    bus,
    state,
    dataDir,
    run: (feed: Partial<Feed> & { readonly path?: string } = {}, options: Partial<RunOptions> = {}) => {
      const { path = 'in.csv', ...rest } = feed;
      return runFeed({
        feed: makeFeed({ kind: 'csv', path }, rest),
        workspace,
        bus,
        state,
        dataDir,
        baseDir: dir,
        signal: new AbortController().signal,
        ...options,
      });
    },
    records: () => everything(inner, dataTopic(workspace.prefix, contract.id)),
    /** Key → name, as a view would have it. */
    async current(): Promise<Record<string, unknown>> {
      const view: Record<string, unknown> = {};
      for (const record of await everything(inner, dataTopic(workspace.prefix, contract.id))) {
        if (record.value === null) delete view[record.key];
        else view[record.key] = (decodeRecord(contract.latest, record.value, FRAME_BYTES) as { name: string }).name;
      }
      return view;
    },
    async watermarks(): Promise<Watermark[]> {
      const records = await everything(inner, controlTopic(workspace.prefix, contract.authority));
      return records.map((record) => JSON.parse(String(record.value)) as Watermark);
    },
    quarantine: async () => {
      const quarantine = Quarantine.open(dataDir, contract.id, () => new Date());
      const list = await quarantine.list();
      await quarantine.close();
      return list;
    },
    async close(): Promise<void> {
      await state.close();
      await inner.close();
    },
    HEADER,
  };
}
