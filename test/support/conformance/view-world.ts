/**
 * A small world for view tests: three datasets of two authorities, and records of them as the bus would hand them over.
 */

import { controlTopic, dataTopic, HEADER, type InRecord, type Watermark } from '../../../connectors/bus/port.js';
import { encodeRecord } from '../../../contracts/avro.js';
import { type DatasetId, datasetId, type SubjectKey, subjectKey } from '../../../contracts/ids.js';
import type { AvroSchema, Contract, ContractVersion } from '../../../contracts/types.js';
import { frame } from '../../../contracts/wire.js';
import type {
  DatasetState,
  ReadOutcome,
  ReadPoint,
  VersionView,
  ViewReader,
  ViewReading,
  ViewWorkspace,
} from '../../../gateway/answer/view/port.js';

export const PREFIX = 'city';
export const SCHEMA: AvroSchema = { type: 'record', name: 'Row', fields: [{ name: 'text', type: 'string' }] };
export const COMPANY = datasetId('samr.company');
export const PERMIT = datasetId('samr.permit');
export const PENALTY = datasetId('court.penalty');
/** Keeps the newest version only. */
export const LATEST = datasetId('court.latest');
export const ALL = [COMPANY, PERMIT, PENALTY, LATEST];
const PARTITIONS = 2;

// what a view reads of a contract; the rest is for others
type Part = Pick<Contract, 'id' | 'authority' | 'partitions' | 'history' | 'subject'>;

export function world(ids: readonly DatasetId[] = ALL): ViewWorkspace {
  const contracts = new Map<DatasetId, Contract>();
  const schemasById = new Map<number, { readonly contract: Contract; readonly version: ContractVersion }>();
  for (const id of ids) {
    const part = {
      id,
      authority: id.split('.')[0],
      partitions: PARTITIONS,
      history: id === LATEST ? 'latest' : 'full',
      subject: { scheme: 'uscc', field: 'text', persons: false },
    } as Part;
    const contract = part as Contract;
    contracts.set(id, contract);
    const version = { version: 1, schemaId: schemaOf(id), schema: SCHEMA } as ContractVersion;
    schemasById.set(version.schemaId, { contract, version });
  }
  return { prefix: PREFIX, contracts, schemasById };
}
export const schemaOf = (id: DatasetId): number => 100 + ALL.indexOf(id);
export const topicOf = (id: DatasetId): string => dataTopic(PREFIX, id);
export const subject = (n: number | string): SubjectKey => subjectKey('uscc', String(n));

export interface Sent {
  readonly dataset?: DatasetId;
  readonly partition?: number;
  readonly offset: number;
  readonly subject?: SubjectKey;
  readonly record?: string;
  /** Null withdraws. */
  readonly text: string | null;
  readonly time?: number;
  readonly position?: string;
  readonly sourceTime?: string;
  readonly sequence?: string;
}

export function body(dataset: DatasetId, text: string): Buffer {
  const encoded = encodeRecord({ schema: SCHEMA }, { text });
  if (!encoded.ok) throw new Error('the test has a wrong record');
  return frame(schemaOf(dataset), encoded.body);
}

export function sent({
  dataset = COMPANY,
  partition = 0,
  offset,
  subject: of = subject(1),
  record = '',
  text,
  time = 1000 + offset,
  position = `p${offset}`,
  sourceTime = '2026-01-01T00:00:00.000Z',
  sequence,
}: Sent): InRecord {
  return {
    topic: topicOf(dataset),
    partition,
    offset,
    timestamp: time,
    key: `${of}|${record}`,
    value: text === null ? null : body(dataset, text),
    headers: {
      [HEADER.sourceTime]: sourceTime,
      [HEADER.position]: position,
      ...(text === null ? { [HEADER.reason]: 'left' } : {}),
      ...(sequence === undefined ? {} : { [HEADER.sequence]: sequence }),
    },
  };
}

export function said(
  dataset: DatasetId,
  offset: number,
  more: Partial<Watermark> & { readonly time?: number; readonly from?: string } = {},
): InRecord {
  const { time = 5000, from = dataset.split('.')[0] ?? '', ...rest } = more;
  const watermark: Watermark = {
    dataset,
    sourceTime: '2026-01-02T00:00:00.000Z',
    snapshot: true,
    rows: 3,
    state: 'complete',
    ...rest,
  };
  return {
    topic: controlTopic(PREFIX, from),
    partition: 0,
    offset,
    timestamp: time,
    key: `${dataset}|`,
    value: Buffer.from(JSON.stringify(watermark)),
    headers: {},
  };
}

/** `record=text` of each current record, in the order visited; or the outcome, where it is not `ok`. */
export function seen(reader: ViewReading, at: ReadPoint = { kind: 'now' }, dataset = COMPANY, of = subject(1)): string {
  const texts: string[] = [];
  const [outcome] = reader.read(of, [dataset], at, (_, version) => {
    // one length byte, below 64 characters
    texts.push(`${version.recordId}=${Buffer.from(version.bytes.subarray(version.start + 1, version.end)).toString()}`);
  });
  return outcome === 'ok' ? texts.join(' ') : String(outcome);
}

/** What can be read of these subjects without waiting. */
export const fetched = async (
  reader: ViewReader,
  subjects: readonly SubjectKey[],
  datasets: readonly DatasetId[],
  at: ReadPoint,
): Promise<ViewReading> => (reader.fetch === undefined ? reader : reader.fetch(subjects, datasets, at));

/** As `seen`, of any driver. */
export async function asked(
  reader: ViewReader,
  at: ReadPoint = { kind: 'now' },
  dataset = COMPANY,
  of = subject(1),
): Promise<string> {
  return seen(await fetched(reader, [of], [dataset], at), at, dataset, of);
}

/** As `ViewReading.read`, of any driver. */
export async function read(
  reader: ViewReader,
  of: SubjectKey,
  datasets: readonly DatasetId[],
  at: ReadPoint,
  visit: (dataset: number, version: VersionView) => void | boolean,
): Promise<readonly ReadOutcome[]> {
  return (await fetched(reader, [of], datasets, at)).read(of, datasets, at, visit);
}

/** Of the whole view, as it is now. */
export const stateOf = async (reader: ViewReader, dataset: DatasetId): Promise<DatasetState> =>
  (await fetched(reader, [], [], { kind: 'now' })).datasetState(dataset);

export const asOf = (time: number): ReadPoint => ({ kind: 'asOf', time });
