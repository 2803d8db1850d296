/**
 * Crosswalks of a feed: datasets that tie an identifier of old to a subject, so that a department which has nothing
 * else publishes under the city's key. They are read from the bus, like everything that others publish: this connector
 * needs to read their topics, and nothing else of them.
 */
import { decodeRecord } from '../../../contracts/avro.js';
import { YitongError } from '../../../contracts/errors.js';
import { type DatasetId, datasetId, recordSubject } from '../../../contracts/ids.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import { FRAME_BYTES, readFrame } from '../../../contracts/wire.js';
import { type Bus, dataTopic, type InRecord } from '../../bus/port.js';
import { readToEnd } from '../../bus/read-to-end.js';
import type { Feed } from '../../feed.js';
import type { State } from '../../publish/index.js';
import { type CrosswalkLink, crosswalksOf, type FindSubject } from '../crosswalk.js';
import { CrosswalkStore, type Tie } from './store.js';

export interface Crosswalks {
  readonly find: (link: CrosswalkLink) => FindSubject;
  /** How far they were read; undefined where the feed has none. Changes when one of them does. */
  readonly version: string | undefined;
  close(): Promise<void>;
}

interface CrosswalkOptions {
  readonly feed: Feed;
  readonly workspace: Workspace;
  readonly bus: Bus;
  readonly state: State;
  readonly signal: AbortSignal;
}

/**
 * Caught up with what the bus holds now.
 * @throws YitongError `bus_unavailable` if it cannot be read to its end, `shutting_down`
 */
export async function openCrosswalks(options: CrosswalkOptions): Promise<Crosswalks> {
  const { feed, workspace, state } = options;
  const opened = new Map<string, CrosswalkStore>();
  const versions: string[] = [];
  const close = async (): Promise<void> => {
    for (const store of opened.values()) await store.close();
  };
  try {
    for (const link of crosswalksOf(feed.mapping)) {
      const contract = workspace.contracts.get(datasetId(link.dataset));
      if (contract === undefined)
        throw new YitongError('bad_feed', `there is no dataset \`${link.dataset}\` for a crosswalk`, {
          place: { file: feed.file },
        });
      const store = CrosswalkStore.open(state.dataDir, link.dataset, link.from, state.secret());
      opened.set(nameOf(link), store);
      versions.push(`${nameOf(link)} ${await catchUp(store, contract, link, options)}`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    find: (link) => {
      const store = opened.get(nameOf(link));
      return (text) => store?.find(text) ?? { kind: 'none' };
    },
    version: versions.length === 0 ? undefined : versions.sort().join('\n'),
    close,
  };
}

const nameOf = ({ dataset, from }: CrosswalkLink): string => `${dataset} ${from}`;

/** The datasets whose topics a feed's connector reads, for access lists. */
export const datasetsRead = (feed: Feed): ReadonlySet<DatasetId> =>
  new Set(crosswalksOf(feed.mapping).map(({ dataset }) => datasetId(dataset)));

/** Where every partition then is. */
async function catchUp(
  store: CrosswalkStore,
  contract: Contract,
  link: CrosswalkLink,
  { workspace, bus, signal }: CrosswalkOptions,
): Promise<string> {
  const topic = dataTopic(workspace.prefix, contract.id);
  const state = await bus.topicState(topic);
  // nothing was ever published to it: no identifier is known yet
  if (state === undefined) return 'none';
  await store.follow(`${await bus.clusterId()} ${state.id}`);
  const behind = (): boolean =>
    state.partitions.some(({ high, low }, partition) => high > low && store.next(partition) < high);
  if (behind()) {
    await readToEnd(bus, {
      topic,
      behind,
      signal,
      from: (partition) => store.next(partition),
      apply: (batch) => store.apply(batch.map((record) => tieOf(record, contract, workspace, link))),
      late: `the topic \`${topic}\` of a crosswalk could not be read to its end; may this connector read it?`,
    });
  }
  return state.partitions.map((_, partition) => store.next(partition)).join(' ');
}

/** What a record ties; one that cannot be read ties nothing. */
function tieOf(
  { partition, offset, key, value }: InRecord,
  contract: Contract,
  workspace: Workspace,
  { from }: CrosswalkLink,
): Tie {
  const place = { partition, offset, record: key };
  const nothing: Tie = { ...place, legacy: undefined, subject: undefined };
  const prefix = `${contract.subject.scheme}:`;
  const subject = recordSubject(key);
  if (value === null || !subject.startsWith(prefix)) return nothing;
  try {
    const written = workspace.schemasById.get(readFrame(value));
    if (written === undefined || written.contract.id !== contract.id) return nothing;
    const legacy = from
      .split('.')
      .reduce<unknown>(
        (at, name) =>
          typeof at === 'object' && at !== null && Object.hasOwn(at, name)
            ? (at as { readonly [name: string]: unknown })[name]
            : undefined,
        decodeRecord(written.version, value, FRAME_BYTES),
      );
    return typeof legacy === 'string' && legacy !== ''
      ? { ...place, legacy, subject: subject.slice(prefix.length) }
      : nothing;
  } catch {
    return nothing;
  }
}
