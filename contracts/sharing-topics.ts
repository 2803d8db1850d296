/**
 * What stands on the topic by which a department's own system is told of matters of sharing, in the registry wire
 * format. The schema is the program's own, with an id that no workspace gives. Nothing in a step names anybody or says
 * what was written: `GET /v1/sharing/{matter}` has it, for whoever may see it.
 */
import { decodeRecord, encodeFramed } from './avro.js';
import type { CaseTopicSchema } from './case-topics.js';
import { YitongError } from './errors.js';
import { RESERVED_SCHEMA_IDS } from './schema-ids.js';
import { FRAME_BYTES, readFrame } from './wire.js';

const field = (name: string, type: unknown, doc: string, more: object = {}): object => ({ name, type, doc, ...more });
const maybe = (name: string, type: unknown, doc: string): object => field(name, ['null', type], doc, { default: null });

export const SHARING_STEP: CaseTopicSchema = {
  schemaId: RESERVED_SCHEMA_IDS + 3,
  version: 1,
  schema: {
    type: 'record',
    name: 'SharingStep',
    namespace: 'yitong.sharing',
    doc: 'A step of a matter between departments that concerns the authority of the topic. Names nobody.',
    fields: [
      field('id', 'string', 'the same however often the step comes'),
      field('matter', 'string', 'id of the matter'),
      field('machine', 'string', 'application, correction, misuse, …'),
      field('event', 'long', 'number of the step within its matter, from 1'),
      field('at', { type: 'long', logicalType: 'timestamp-millis' }, 'when it happened'),
      field('act', 'string', 'what was done: file, tell-missing, agree, …'),
      field('party', 'string', 'as which party of the matter'),
      maybe('part', 'string', 'the part that moved, of an application the dataset; null where the matter has none'),
      field('state', 'string', 'how it stands now'),
      maybe('due', { type: 'int', logicalType: 'date' }, 'the last day of the term that ends first, in Asia/Shanghai'),
    ],
  } as never,
};

interface SharingStepRecord {
  readonly id: string;
  readonly matter: string;
  readonly machine: string;
  readonly event: number;
  /** ISO 8601 UTC */
  readonly at: string;
  readonly act: string;
  readonly party: string;
  readonly part?: string | null;
  readonly state: string;
  /** `2026-12-01` */
  readonly due?: string | null;
}

/** @throws YitongError `bad_value` */
export function encodeSharingStep(record: SharingStepRecord): Buffer {
  const made = encodeFramed(SHARING_STEP, record);
  if (made.ok) return made.body;
  const [problem] = made.problems;
  throw new YitongError('bad_value', `\`${problem?.field ?? ''}\`: ${problem?.reason ?? ''}`);
}

/** @throws YitongError `wire_format` */
export function decodeSharingStep(value: Uint8Array): SharingStepRecord {
  if (readFrame(value) !== SHARING_STEP.schemaId)
    throw new YitongError('wire_format', `the value is not of the schema ${String(SHARING_STEP.schemaId)}`);
  return decodeRecord(SHARING_STEP, value, FRAME_BYTES) as SharingStepRecord;
}
