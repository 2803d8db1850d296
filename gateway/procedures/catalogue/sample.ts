/**
 * How well the newest published versions of a dataset are filled in, and whether today's contract takes them: code
 * lists and contracts change after records were let in. What is read is counted and forgotten.
 */
import type { Bus, InRecord } from '../../../connectors/bus/port.js';
import { dataTopic } from '../../../connectors/bus/port.js';
import { readToEnd } from '../../../connectors/bus/read-to-end.js';
import { decodeRecord } from '../../../contracts/avro.js';
import type { Contract, FieldInfo, Workspace } from '../../../contracts/types.js';
import { FRAME_BYTES, readFrame } from '../../../contracts/wire.js';

/** Versions of a dataset that are looked into, over its partitions. */
const SAMPLE = 8000;
/** Ms without a record until what was read is enough. */
const PATIENCE = 5000;

interface Sampled {
  sampled: number;
  filled: number;
  fillable: number;
  valid: number;
  checked: number;
}

type Ground = Pick<Workspace, 'codelists' | 'schemes' | 'schemasById' | 'prefix'>;
/** Leaves that are reached without a list: how often a list has none is not a lack. */
const plain = ({ path, branch }: FieldInfo): boolean => !branch && !path.includes('[]');

function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}

/** Adds one record to the counts. */
function counter(contract: Contract, { codelists, schemes }: Ground): (record: unknown, sum: Sampled) => void {
  const scheme = schemes.get(contract.subject.scheme);
  const fields = contract.latest.fields.filter(plain).map(({ path, nullable, codelist }) => ({
    parts: path.split('.'),
    nullable,
    codes: codelist === undefined ? undefined : codelists.get(codelist)?.codes,
    isKey: path === contract.subject.field,
  }));
  return (record, sum) => {
    sum.sampled++;
    for (const { parts, nullable, codes, isKey } of fields) {
      const value = valueAt(record, parts);
      const there = value !== undefined && value !== null && value !== '';
      if (nullable) {
        sum.fillable++;
        if (there) sum.filled++;
      }
      if (!there || (codes === undefined && !isKey)) continue;
      sum.checked++;
      const key = isKey ? scheme?.parse(String(value)) : undefined;
      const isCode = codes === undefined || codes.has(String(value));
      if (isCode && (!isKey || (key?.ok === true && !key.changed))) sum.valid++;
    }
  };
}

/** Undefined where nothing is published. @throws YitongError `bus_unavailable` where it cannot be asked */
export async function sampleOf(
  contract: Contract,
  bus: Pick<Bus, 'topicState' | 'consume'> & Bus,
  ground: Ground,
  signal: AbortSignal,
): Promise<Readonly<Sampled> | undefined> {
  const topic = dataTopic(ground.prefix, contract.id);
  const state = await bus.topicState(topic);
  if (state === undefined) return undefined;
  const each = Math.ceil(SAMPLE / state.partitions.length);
  const next = state.partitions.map(({ low, high }) => Math.max(low, high - each));
  const behind = (): boolean => state.partitions.some(({ high }, partition) => (next[partition] ?? 0) < high);
  if (!behind()) return undefined;
  const sum: Sampled = { sampled: 0, filled: 0, fillable: 0, valid: 0, checked: 0 };
  const count = counter(contract, ground);
  const apply = (batch: readonly InRecord[]): Promise<void> => {
    for (const { partition, offset, value } of batch) {
      next[partition] = Math.max(next[partition] ?? 0, offset + 1);
      if (value === null) continue;
      const known = ground.schemasById.get(readFrame(value));
      // set aside by the view as well
      if (known === undefined) continue;
      count(decodeRecord(known.version, value.subarray(FRAME_BYTES)), sum);
    }
    return Promise.resolve();
  };
  await readToEnd(bus, {
    topic,
    from: (partition) => next[partition] ?? 0,
    apply,
    behind,
    signal,
    patience: PATIENCE,
    late: 'the end of the topic does not come',
  }).catch((error: unknown) => {
    // a topic may end in offsets that hold no record
    if (sum.sampled === 0) throw error;
  });
  return sum;
}
