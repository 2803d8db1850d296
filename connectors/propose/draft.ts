/** What was found becomes a contract, a schema, examples and a feed, in the form in which a workspace has them. */
import { compileSchema } from '../../contracts/avro.js';
import { type ContractFile, checkContractFile, makeContract } from '../../contracts/contract.js';
import { authorityId, type DatasetId, datasetId, datasetNameOf } from '../../contracts/ids.js';
import { present } from '../../contracts/present.js';
import { refuseSchema } from '../../contracts/refuse.js';
import type { AvroSchema, Classification, Contract, KeyScheme, Localised } from '../../contracts/types.js';
import { UNREGISTERED } from '../../contracts/workspace.js';
import type { Condition, Expression, Feed, Mapping, Step } from '../feed.js';
import type { SubjectPlan } from './subject.js';
import { avroType, type FieldType } from './types.js';

export interface FieldPlan {
  /** As the source names it. */
  readonly column: string;
  readonly field: string;
  readonly title: Localised;
  readonly type: FieldType;
  readonly steps: readonly Step[];
  readonly classification: Classification;
  readonly hints: readonly string[];
  /** Rows without a value, as the mapping reads it. */
  readonly empty: number;
}

export interface DraftInput {
  readonly dataset: DatasetId;
  readonly name: Localised;
  readonly subject: SubjectPlan;
  /** Name of the subject's field. */
  readonly subjectField: string;
  /** Fields, in the order of the columns. */
  readonly fields: readonly FieldPlan[];
  /** Fields that tell a subject's records apart. */
  readonly recordId: readonly string[];
  readonly nulls: readonly string[];
  /** Rows that have left, though the source still has them. */
  readonly gone?: Condition;
  readonly source: Feed['source'];
  readonly schedule: string;
  readonly snapshot: boolean;
  /** `yyyy-MM-dd` */
  readonly today: string;
}

interface FeedFile {
  readonly source: Feed['source'];
  readonly schedule: string;
  readonly snapshot: boolean;
  readonly mapping: Mapping;
}

export interface Draft {
  readonly contractFile: ContractFile;
  readonly schema: AvroSchema;
  readonly feed: FeedFile;
  readonly valid: Readonly<Record<string, unknown>>;
  /** Error code and what is wrong, as the file is named → the record. */
  readonly invalid: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly contract: Contract;
}

/** What nobody but the department knows. It passes the checks, and stands on the list of what is to be done. */
const TO_CONFIRM: Localised = { zh: '待确认', en: 'to be confirmed' };
const pascal = (name: string): string =>
  name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

function contractFile({ name, subject, subjectField, recordId, today }: DraftInput): ContractFile {
  const open = { role: `${TO_CONFIRM.zh} ${TO_CONFIRM.en}`, date: today };
  return {
    name,
    description: { zh: `${TO_CONFIRM.zh}：${name.zh}`, en: `${TO_CONFIRM.en}: ${name.en}` },
    subject: { scheme: subject.scheme.id, field: subjectField, persons: subject.scheme.persons },
    recordId,
    updateFrequency: 'P1D',
    sharing: { attribute: 'conditional', delivery: ['query'], conditions: { scope: TO_CONFIRM, use: TO_CONFIRM } },
    grading: { category: TO_CONFIRM.en, grade: 'general' },
    approval: open,
    assessments: { secrecy: open, personalInformation: open },
    domains: [],
    kind: recordId.length === 0 ? 'register' : 'other',
  };
}

const required = (field: FieldPlan, { subjectField, recordId }: DraftInput): boolean =>
  field.field === subjectField || recordId.includes(field.field);

function schemaOf(input: DraftInput): AvroSchema {
  const [authority] = input.dataset.split('.');
  return {
    type: 'record',
    name: pascal(datasetNameOf(input.dataset)),
    namespace: (authority ?? '').replaceAll('-', '_'),
    fields: input.fields.map((field) => ({
      name: field.field,
      ...(required(field, input)
        ? { type: avroType(field.type) }
        : { type: ['null', avroType(field.type)], default: null }),
      doc: field.column,
      title: field.title,
      classification: field.classification,
    })),
  };
}

function expressionOf(field: FieldPlan, input: DraftInput): Expression {
  const { column: from, steps } = field;
  // a key is never null
  const filled =
    input.recordId.includes(field.field) && field.empty > 0 && field.type.kind === 'text' ? { default: '' } : {};
  return steps.length === 0 ? { from, ...filled } : { from, steps, ...filled };
}

function exampleValue({ type }: FieldPlan): unknown {
  switch (type.kind) {
    case 'text':
      return '示例';
    case 'texts':
      return ['示例'];
    case 'int':
    case 'long':
      return 1;
    case 'double':
      return 1.5;
    case 'decimal':
      return `1.${'5'.padEnd(type.scale, '0')}`;
    case 'date':
      return '2024-01-31';
    case 'timestamp':
      return '2024-01-31T08:30:00.000Z';
    case 'boolean':
      return true;
  }
}

/** The key with a wrong check digit, if changing its end makes one. */
function wrongKey(scheme: KeyScheme, key: string): string | undefined {
  for (const end of '0123456789') {
    const wrong = key.slice(0, -1) + end;
    const parsed = scheme.parse(wrong);
    if (!parsed.ok && parsed.code === 'bad_check_digit') return wrong;
  }
  return undefined;
}

/** Examples are invented: a row of the source would put a real company or person beside the contract. */
function examples(input: DraftInput): Pick<Draft, 'valid' | 'invalid'> {
  const { scheme } = input.subject;
  const key = scheme.make(1);
  const valid: Record<string, unknown> = {};
  for (const field of input.fields) valid[field.field] = field.field === input.subjectField ? key : exampleValue(field);
  const { [input.subjectField]: _, ...keyless } = valid;
  const wrong = wrongKey(scheme, key);
  return {
    valid,
    invalid: {
      [`missing_value--no-${input.subjectField}`]: keyless,
      ...(wrong === undefined
        ? {}
        : { [`bad_check_digit--wrong-${input.subjectField}`]: { ...valid, [input.subjectField]: wrong } }),
    },
  };
}

/** @throws YitongError as loading it would */
export function makeDraft(input: DraftInput): Draft {
  const place = { file: 'contract.json' };
  const file = contractFile(input);
  const schema = schemaOf(input);
  const fields = refuseSchema(schema, file);
  const contract = makeContract(
    input.dataset,
    '',
    checkContractFile(file, place),
    [{ version: 1, schemaId: UNREGISTERED, schema, type: compileSchema(schema), fields }],
    place,
  );
  const mapping: Mapping = {
    ...(input.nulls.length === 0 ? {} : { nulls: input.nulls }),
    ...present({ skip: input.gone }),
    fields: Object.fromEntries(input.fields.map((field) => [field.field, expressionOf(field, input)])),
  };
  return {
    contractFile: file,
    schema,
    feed: { source: input.source, schedule: input.schedule, snapshot: input.snapshot, mapping },
    contract,
    ...examples(input),
  };
}

/** @throws YitongError `bad_identifier` */
export const datasetOf = (authority: string, dataset: string): DatasetId =>
  datasetId(`${authorityId(authority)}.${dataset}`);
