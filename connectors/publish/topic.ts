/**
 * Whether the topic that a dataset is published to is still the one that the state speaks of; and what a state that is
 * new learns from its topic.
 */
import { hash } from 'node:crypto';
import { isYitongError } from '../../contracts/errors.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import { type Bus, dataTopic, HEADER, type InRecord, type TopicState } from '../bus/port.js';
import { readToEnd } from '../bus/read-to-end.js';
import { HASH_BYTES, namesOf, type Published, stateKey } from './published.js';
import type { State } from './state.js';

/** Ms without a record of a topic that this process may not be allowed to read. */
const PATIENCE = 20_000;

/** As a publisher compares it. */
export const contentHash = (content: Buffer | string): string => hash('sha256', content, 'binary').slice(0, HASH_BYTES);

/**
 * A topic that was deleted and made anew, or another bus, has nothing of what was published: the state forgets it, so
 * that the next run reads its source again and publishes all of it. A state that is new, as one that was lost, learns
 * from the topic what is on record: else nobody would withdraw what leaves the source, or left it meanwhile. Returns
 * whether the source is to be read again.
 * @throws YitongError `bus_unavailable`, `state_unavailable`
 */
export async function recogniseTopic(
  bus: Bus,
  state: State,
  workspace: Workspace,
  contract: Contract,
): Promise<boolean> {
  const topic = dataTopic(workspace.prefix, contract.id);
  const found = await bus.topicState(topic);
  if (found === undefined) return false;
  const known = state.read('topic', contract.id);
  if (known === found.id) return false;
  if (known !== undefined) await state.forget(contract.id);
  else if (found.partitions.some(({ low, high }) => high > low)) await learn(bus, state, contract, topic, found);
  state.write('topic', contract.id, found.id);
  await state.flushed();
  return known !== undefined;
}

async function learn(
  bus: Bus,
  state: State,
  contract: Contract,
  topic: string,
  { partitions }: TopicState,
): Promise<void> {
  const next = partitions.map(({ low }) => low);
  const behind = (): boolean =>
    partitions.some(({ low, high }, partition) => high > low && (next[partition] ?? 0) < high);
  try {
    await readToEnd(bus, {
      topic,
      behind,
      from: (partition) => next[partition] ?? 0,
      signal: new AbortController().signal,
      patience: PATIENCE,
      late: `the topic \`${topic}\` could not be read to its end`,
      apply: async (batch) => {
        await state.putAll(contract.id, published(state, contract, batch), new Map());
        for (const { partition, offset } of batch) next[partition] = offset + 1;
      },
    });
    state.write('unlearnt', contract.id, null);
  } catch (error) {
    // a connector may write its topic and not read it: then it publishes everything anew, and what has left stays until
    // somebody says so
    if (!isYitongError(error) || !error.code.startsWith('bus_')) throw error;
    state.write('unlearnt', contract.id, new Date().toISOString());
  }
}

/** What the state says after a batch, each record once. */
function published(
  state: State,
  contract: Contract,
  batch: readonly InRecord[],
): (Published & { readonly key: string; readonly withdrawn: boolean })[] {
  const last = new Map<string, InRecord>();
  for (const record of batch) last.set(record.key, record);
  return [...last.values()].map(({ key: name, value, headers }) => {
    const { subject, recordId } = namesOf(`|${name}`);
    const key = stateKey(contract.id, subject, recordId);
    const sourceTime = Date.parse(headers[HEADER.sourceTime] ?? '');
    return {
      key,
      slot: state.get(key)?.slot ?? state.newSlot(),
      hash: value === null ? '' : contentHash(value),
      sourceTime: Number.isNaN(sourceTime) ? 0 : sourceTime,
      superseded: '',
      rest: '',
      withdrawn: value === null,
    };
  });
}
