/**
 * What stands on the two topics by which a department's own system takes its part in cases, in the registry wire
 * format: steps that it is told, and acts with which it answers. The schemas are the program's own and no workspace's,
 * with ids that no workspace gives. Nothing in a step names anybody; what an act says of somebody stands in `sealed`.
 */
import { decodeRecord, encodeFramed } from './avro.js';
import { YitongError } from './errors.js';
import { RESERVED_SCHEMA_IDS } from './schema-ids.js';
import type { AvroSchema } from './types.js';
import { FRAME_BYTES, readFrame } from './wire.js';

export const field = (name: string, type: unknown, doc: string, more: object = {}): object => ({
  name,
  type,
  doc,
  ...more,
});
export const maybe = (name: string, type: unknown, doc: string): object =>
  field(name, ['null', type], doc, { default: null });
const time = { type: 'long', logicalType: 'timestamp-millis' };
const date = { type: 'int', logicalType: 'date' };

const stepSchema = {
  type: 'record',
  name: 'CaseStep',
  namespace: 'yitong.cases',
  doc: 'A change of a case that concerns the authority of the topic. Names nobody; GET /v1/cases/{case} has the rest.',
  fields: [
    field('id', 'string', 'the same however often the step comes'),
    field('case', 'string', 'id of the case'),
    field('bundle', 'string', 'the matter'),
    field('event', 'long', 'number of the event within its case, from 1; several steps can come of one'),
    field('at', time, 'when it happened'),
    field('act', 'string', 'what was done: submit, grant, refuse, give, …'),
    maybe('item', 'string', 'the item that changed; null where it is a task, or the case as a whole'),
    maybe('task', 'string', 'the task that changed'),
    field('status', 'string', 'how the item, the task or the case stands now'),
    field('authority', 'string', 'whose the item or the task is'),
    maybe('due', date, 'the last day of the term that runs now, in Asia/Shanghai'),
    field('answerKey', 'string', 'public key as JWK, for `sealed` of acts on this case'),
  ],
} as const;

const actSchema = {
  type: 'record',
  name: 'CaseAct',
  namespace: 'yitong.cases',
  doc: 'An act of the authority of the topic on a case.',
  fields: [
    field('id', 'string', "the system's own, 1 to 100 characters: an act that comes again with it is done once"),
    field('case', 'string', 'id of the case'),
    field('act', 'string', 'grant, refuse, ask, pass, settle, stop'),
    maybe('item', 'string', 'of grant, refuse, ask, pass'),
    maybe('task', 'string', 'of settle'),
    maybe('outcome', 'string', 'of stop'),
    field('checked', { type: 'array', items: 'int' }, 'of grant: requirements that were unknown, found to hold', {
      default: [],
    }),
    maybe(
      'sealed',
      'string',
      'JWE (ECDH-ES, A256GCM, compact) to `answerKey` of `{ says, fields, issued }`, each where the act has it',
    ),
  ],
} as const;

/** Of a topic of the program's own. */
export interface CaseTopicSchema {
  readonly schemaId: number;
  readonly version: 1;
  readonly schema: AvroSchema;
}
export const CASE_STEP: CaseTopicSchema = { schemaId: RESERVED_SCHEMA_IDS + 1, version: 1, schema: stepSchema };
export const CASE_ACT: CaseTopicSchema = { schemaId: RESERVED_SCHEMA_IDS + 2, version: 1, schema: actSchema };

export interface StepRecord {
  readonly id: string;
  readonly case: string;
  readonly bundle: string;
  readonly event: number;
  /** ISO 8601 UTC */
  readonly at: string;
  readonly act: string;
  readonly item?: string | null;
  readonly task?: string | null;
  readonly status: string;
  readonly authority: string;
  /** `2026-12-01` */
  readonly due?: string | null;
  /** A JWK as JSON text. */
  readonly answerKey: string;
}

export interface ActRecord {
  readonly id: string;
  readonly case: string;
  readonly act: string;
  readonly item: string | null;
  readonly task: string | null;
  readonly outcome: string | null;
  readonly checked: readonly number[];
  readonly sealed: string | null;
}

/** @throws YitongError `bad_value` */
export function encoded(contract: CaseTopicSchema, record: object): Buffer {
  const made = encodeFramed(contract, record);
  if (made.ok) return made.body;
  const [problem] = made.problems;
  throw new YitongError('bad_value', `\`${problem?.field ?? ''}\`: ${problem?.reason ?? ''}`);
}

/** @throws YitongError `wire_format` */
export function decoded(contract: CaseTopicSchema, value: Uint8Array): unknown {
  if (readFrame(value) !== contract.schemaId)
    throw new YitongError('wire_format', `the value is not of the schema ${String(contract.schemaId)}`);
  return decodeRecord(contract, value, FRAME_BYTES);
}

/** @throws YitongError `bad_value` */
export const encodeStep = (record: StepRecord): Buffer => encoded(CASE_STEP, record);
/** @throws YitongError `wire_format` */
export const decodeStep = (value: Uint8Array): StepRecord => decoded(CASE_STEP, value) as StepRecord;
/** @throws YitongError `bad_value` */
export const encodeAct = (record: Partial<ActRecord>): Buffer => encoded(CASE_ACT, record);
/** @throws YitongError `wire_format` */
export const decodeAct = (value: Uint8Array): ActRecord => decoded(CASE_ACT, value) as ActRecord;
