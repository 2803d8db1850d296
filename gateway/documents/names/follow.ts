/**
 * Keeps the index of names up with the register's topic, beside the view. It says when it came forward: with the bus
 * read to its end as it was when it was looked at.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Bus, dataTopic, type InRecord } from '../../../connectors/bus/port.js';
import { readToEnd } from '../../../connectors/bus/read-to-end.js';
import { decodeRecord } from '../../../contracts/avro.js';
import { loadNames, type NamesDefinition } from '../../../contracts/names.js';
import type { Workspace } from '../../../contracts/types.js';
import { FRAME_BYTES, readFrame } from '../../../contracts/wire.js';
import { textAt } from '../words/facts.js';
import { normalName } from './normal.js';
import { NAMES_FORMAT, type NameChange, NamesWriter } from './store.js';

interface FollowNames {
  readonly bus: Bus;
  readonly dataDir: string;
  /** As it is now: its declaration and its schemas count. */
  readonly workspace: () => Workspace;
  readonly signal: AbortSignal;
  /** Told each time that the index has come forward. */
  readonly onPass: () => void;
  /** Told of what kept it from that; it is tried again. */
  readonly onError: (error: unknown) => void;
  /** ms between two looks. Default 1 s, and 15 s on Kafka, where each catching up is a consumer of its own. */
  readonly pollMs?: number;
}

/** Changes that are written in one commit: a block is written once for all that it has of them. */
const GATHERED = 40_000;

/**
 * What a version says of its record. One that cannot be read has no name, which keeps it from being found by that of
 * before.
 * @throws YitongError for a schema that is not known yet
 */
function changeOf(
  { partition, offset, key, value }: InRecord,
  { name }: NamesDefinition,
  { schemasById }: Pick<Workspace, 'schemasById'>,
): NameChange {
  const place = { partition, offset, record: key };
  if (value === null) return { ...place, name: undefined };
  const written = schemasById.get(readFrame(value));
  const text = written === undefined ? undefined : textAt(decodeRecord(written.version, value, FRAME_BYTES), name);
  return { ...place, name: text === undefined ? undefined : normalName(text) };
}

function readable(record: InRecord, definition: NamesDefinition, workspace: Workspace): NameChange {
  try {
    return changeOf(record, definition, workspace);
  } catch {
    return { partition: record.partition, offset: record.offset, record: record.key, name: undefined };
  }
}

/**
 * Brings the index to where the topic ends now.
 * @throws YitongError `bus_unavailable`, `shutting_down`, `store_damaged`
 */
async function catchUp(
  store: NamesWriter,
  definition: NamesDefinition,
  workspace: Workspace,
  { bus, signal, onPass }: Pick<FollowNames, 'bus' | 'signal' | 'onPass'>,
): Promise<void> {
  const { contract, name } = definition;
  const topic = dataTopic(workspace.prefix, contract.id);
  const state = await bus.topicState(topic);
  // its writer makes it
  if (state === undefined) return;
  // a schema that was not known when its records were read is another way of reading
  const schemas = contract.versions.map(({ schemaId }) => schemaId).join(',');
  await store.follow(`${String(NAMES_FORMAT)} ${contract.id} ${name} ${schemas} ${await bus.clusterId()} ${state.id}`);
  const behind = (): boolean =>
    state.partitions.some(({ high, low }, partition) => high > low && store.next(partition) < high);
  if (!behind()) return;
  await readToEnd(bus, {
    topic,
    behind,
    signal,
    from: (partition) => store.next(partition),
    apply: async (batch) => {
      if (store.take(batch.map((record) => readable(record, definition, workspace))) < GATHERED) return;
      await store.flush();
      onPass();
    },
    late: `the topic \`${topic}\` could not be read to its end for the index of names`,
  });
  await store.flush();
}

/** Until it is told to end; what goes wrong is told and tried again. */
export async function followNames(options: FollowNames): Promise<void> {
  const { bus, dataDir, signal, workspace, onPass, onError, pollMs = bus.driver === 'kafka' ? 15_000 : 1000 } = options;
  let store: NamesWriter | undefined;
  let declared: { readonly of: Workspace; readonly definition: NamesDefinition | undefined } | undefined;
  while (!signal.aborted) {
    try {
      const now = workspace();
      if (declared?.of !== now) declared = { of: now, definition: await loadNames(now) };
      if (declared.definition !== undefined)
        await catchUp((store ??= NamesWriter.open(dataDir)), declared.definition, now, options);
      onPass();
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    await wait(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  await store?.close();
}
