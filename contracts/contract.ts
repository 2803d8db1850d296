/** `contract.json`: one catalogue entry, as 政务数据共享条例 Art.13–15 asks for it. */
import { parseDuration } from './duration.js';
import { type Place, YitongError } from './errors.js';
import { authorityOf, type DatasetId, fieldPath } from './ids.js';
import type { Contract, ContractVersion, Delivery, Localised, SharingAttribute } from './types.js';
import { shape } from './validate.js';

/** What the file holds; everything from Art.13–15 is required, the rest has defaults. */
export interface ContractFile {
  readonly name: Localised;
  readonly description: Localised;
  readonly subject: { readonly scheme: string; readonly field: string; readonly persons: boolean };
  readonly recordId: readonly string[];
  readonly updateFrequency: string;
  readonly sharing: {
    readonly attribute: SharingAttribute;
    readonly delivery?: readonly Delivery[];
    readonly conditions?: { readonly scope: Localised; readonly use: Localised };
    readonly refusal?: { readonly reason: Localised; readonly legalBasis: readonly string[] };
    readonly volume?: { readonly perConsumer?: number; readonly total?: number };
  };
  readonly notGiven?: {
    readonly ended: string;
    readonly years: number;
    readonly repaired?: { readonly field: string; readonly values: readonly string[] };
    readonly basis: readonly string[];
  };
  readonly grading: Contract['grading'];
  readonly approval: Contract['approval'];
  readonly assessments: Contract['assessments'];
  readonly domains?: readonly string[];
  readonly kind?: string;
  readonly partitions?: number;
  readonly history?: 'full' | 'latest';
  readonly maxRecordBytes?: number;
}

export const KINDS = [
  'register',
  'licence',
  'inspection',
  'penalty',
  'enforcement',
  'dishonesty',
  'judgment',
  'arrears',
  'certificate',
  'statistics',
  'other',
] as const;
export const DEFAULTS = { kind: 'other', partitions: 4, history: 'full', maxRecordBytes: 262_144 } as const;

const word = { type: 'string', minLength: 1, maxLength: 4000, pattern: '\\S' } as const;
const object = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});
/** JSON schema of `{ zh, en }`, both required and not blank. */
export const localisedSchema = object({ zh: word, en: word });
const signedOff = object({ role: word, date: { type: 'string', format: 'date' } });

const callsADay = { type: 'integer', minimum: 1, maximum: 1_000_000_000 } as const;

/** JSON schema of contract.json. */
const contractSchema = object(
  {
    name: localisedSchema,
    description: localisedSchema,
    subject: object({ scheme: word, field: word, persons: { type: 'boolean' } }),
    recordId: { type: 'array', items: word, uniqueItems: true, maxItems: 8 },
    updateFrequency: word,
    sharing: object(
      {
        attribute: { type: 'string', enum: ['unconditional', 'conditional', 'none'] },
        delivery: {
          type: 'array',
          uniqueItems: true,
          items: { type: 'string', enum: ['query', 'verify', 'batch', 'file', 'subscription'] },
        },
        conditions: object({ scope: localisedSchema, use: localisedSchema }),
        refusal: object({ reason: localisedSchema, legalBasis: { type: 'array', minItems: 1, items: word } }),
        volume: object({ perConsumer: callsADay, total: callsADay }, ['perConsumer', 'total']),
      },
      ['delivery', 'conditions', 'refusal', 'volume'],
    ),
    notGiven: object(
      {
        ended: word,
        years: { type: 'integer', minimum: 1, maximum: 100 },
        repaired: object({ field: word, values: { type: 'array', minItems: 1, items: word } }),
        basis: { type: 'array', minItems: 1, items: word },
      },
      ['repaired'],
    ),
    grading: object({ category: word, grade: { type: 'string', enum: ['general', 'important', 'core'] } }),
    approval: signedOff,
    assessments: object({ secrecy: signedOff, personalInformation: signedOff }),
    domains: { type: 'array', uniqueItems: true, items: word },
    kind: { type: 'string', enum: KINDS },
    partitions: { type: 'integer', minimum: 1, maximum: 1024 },
    history: { type: 'string', enum: ['full', 'latest'] },
    maxRecordBytes: { type: 'integer', minimum: 1, maximum: 16_777_216 },
  },
  ['notGiven', 'domains', 'kind', 'partitions', 'history', 'maxRecordBytes'],
);

const check = shape<ContractFile>(contractSchema, 'bad_contract');

/** Art.14, 15: what each share attribute must and must not say. */
function checkSharing({ attribute, delivery = [], conditions, refusal }: ContractFile['sharing'], place: Place): void {
  const refuse = (what: string): never => {
    throw new YitongError('bad_contract', `\`sharing\` is ${attribute}, so ${what}`, { place });
  };
  if (attribute === 'none') {
    if (refusal === undefined) refuse('`sharing.refusal` must say the reason and its legal basis');
    if (delivery.length > 0) refuse('`sharing.delivery` must be empty');
  } else {
    if (refusal !== undefined) refuse('`sharing.refusal` must be absent');
    if (delivery.length === 0) refuse('`sharing.delivery` must name at least one way');
  }
  if (attribute === 'conditional' && conditions === undefined) refuse('`sharing.conditions` must say scope and use');
  if (attribute !== 'conditional' && conditions !== undefined) refuse('`sharing.conditions` must be absent');
}

/**
 * The parsed file, checked. Nothing is filled in; `makeContract` does.
 * @throws YitongError `bad_contract`
 */
export function checkContractFile(value: unknown, place: Place): ContractFile {
  const file = check(value, place);
  checkSharing(file.sharing, place);
  if (parseDuration(file.updateFrequency) === undefined) {
    throw new YitongError(
      'bad_contract',
      '`updateFrequency` must be an ISO 8601 duration of days or below, like `P1D` or `PT1H`',
      { place },
    );
  }
  return file;
}

/** Its fields are there, and of a type by which it can be judged: a rule that never holds would give everything. */
function notGivenOf(
  id: DatasetId,
  rule: NonNullable<ContractFile['notGiven']>,
  { fields }: ContractVersion,
  place: Place,
): NonNullable<Contract['notGiven']> {
  const known = (path: string, types: readonly string[], what: string) => {
    const field = fields.find((one) => one.path === path);
    if (field === undefined || !types.includes(field.type))
      throw new YitongError(
        'bad_contract',
        `\`notGiven.${what}\` names \`${path}\`, which is no ${types.join(' or ')} of \`${id}\``,
        { place },
      );
    return field.path;
  };
  const { repaired, ...rest } = rule;
  return {
    ...rest,
    ended: known(rule.ended, ['date'], 'ended'),
    ...(repaired === undefined
      ? {}
      : { repaired: { ...repaired, field: known(repaired.field, ['string', 'enum'], 'repaired') } }),
  };
}

/**
 * @param versions ascending, not empty
 * @throws YitongError `bad_contract`
 */
export function makeContract(
  id: DatasetId,
  dir: string,
  file: ContractFile,
  versions: readonly ContractVersion[],
  place: Place,
): Contract {
  const latest = versions.at(-1);
  if (latest === undefined)
    throw new YitongError('bad_contract', `\`${id}\` has no schema; write \`v1.avsc\` beside contract.json`, { place });
  const paths = (list: readonly string[]) => {
    try {
      return list.map(fieldPath);
    } catch (cause) {
      throw new YitongError('bad_contract', '`subject.field` and `recordId` must be field paths', { place, cause });
    }
  };
  const [field] = paths([file.subject.field]);
  const { delivery = [], ...sharing } = file.sharing;
  return {
    id,
    authority: authorityOf(id),
    name: file.name,
    description: file.description,
    subject: { scheme: file.subject.scheme, field: field!, persons: file.subject.persons },
    recordId: paths(file.recordId),
    updateFrequency: parseDuration(file.updateFrequency)!,
    updateFrequencyText: file.updateFrequency,
    sharing: { ...sharing, delivery },
    ...(file.notGiven === undefined ? {} : { notGiven: notGivenOf(id, file.notGiven, latest, place) }),
    grading: file.grading,
    approval: file.approval,
    assessments: file.assessments,
    domains: file.domains ?? [],
    kind: file.kind ?? DEFAULTS.kind,
    partitions: file.partitions ?? DEFAULTS.partitions,
    history: file.history ?? DEFAULTS.history,
    maxRecordBytes: file.maxRecordBytes ?? DEFAULTS.maxRecordBytes,
    versions,
    latest,
    dir,
  };
}
