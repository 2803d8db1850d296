/**
 * What stands on the topic by which a department's own system is told of matters of sharing, in the registry wire
 * format. The schema is the program's own, with an id that no workspace gives. Nothing in a step names anybody or says
 * what was written: `GET /v1/sharing/{matter}` has it, for whoever may see it.
 */
import { type CaseTopicSchema, decoded, encoded, field, maybe } from './case-topics.js';
import { RESERVED_SCHEMA_IDS } from './schema-ids.js';

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
export const encodeSharingStep = (record: SharingStepRecord): Buffer => encoded(SHARING_STEP, record);
/** @throws YitongError `wire_format` */
export const decodeSharingStep = (value: Uint8Array): SharingStepRecord =>
  decoded(SHARING_STEP, value) as SharingStepRecord;
