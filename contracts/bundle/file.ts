/** The files of bundles as they are written; whatever key is not here is refused. */
import { localisedSchema } from '../contract.js';
import type { Localised } from '../types.js';
import { shape } from '../validate.js';
import type {
  Answers,
  Applicant,
  ElementType,
  Json,
  JsonSchema,
  MaterialKind,
  Outcome,
  SlotKind,
  StepPort,
  Term,
} from './types.js';

const ID = '^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$';
/** Folders of bundles, and names in them. */
export const isName = (text: string): boolean => text.length <= 60 && new RegExp(ID).test(text);

const id = { type: 'string', pattern: ID, maxLength: 60 };
const elementId = { type: 'string', pattern: `${ID.slice(0, -1)}\\.${ID.slice(1)}`, maxLength: 120 };
const word = { type: 'string', minLength: 1, maxLength: 400 };
const rule = { type: 'string', minLength: 1, maxLength: 1_000 };
const list = (items: object, minItems = 0): object => ({ type: 'array', uniqueItems: true, minItems, items });
const basis = list(word);
const count = { type: 'integer', minimum: 0, maximum: 100_000 };
const day = { type: 'string', format: 'date' };
const strict = (
  properties: Readonly<Record<string, object>>,
  optional: Readonly<Record<string, object>> = {},
): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties: { ...properties, ...optional },
});
const map = (value: object, names: object = id, minProperties = 0): object => ({
  type: 'object',
  minProperties,
  propertyNames: names,
  additionalProperties: value,
});

export interface SourceInFile {
  readonly dataset: string;
  readonly field: string;
  readonly by: string;
  readonly record?: { readonly field: string; readonly is: string };
}
export interface ElementInFile {
  readonly title: Localised;
  readonly type: ElementType;
  readonly many?: true;
  readonly codelist?: string;
  readonly scheme?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly registers?: readonly SourceInFile[];
  readonly identity?: readonly Applicant[];
  readonly examples: readonly Json[];
  readonly asked?: Localised;
  readonly slot?: SlotKind;
  readonly lead?: string;
}
interface ElementsFile {
  readonly groups: Readonly<Record<string, Localised>>;
  readonly elements: Readonly<Record<string, ElementInFile>>;
}

const APPLICANTS = ['company', 'person'];
export const checkElementsFile = shape<ElementsFile>(
  strict({
    groups: map(localisedSchema),
    elements: map(
      strict(
        {
          title: localisedSchema,
          type: { enum: ['text', 'code', 'integer', 'decimal', 'date', 'yes-no', 'key'] },
          examples: { type: 'array', minItems: 1, maxItems: 10 },
        },
        {
          many: { const: true },
          codelist: id,
          scheme: id,
          minLength: count,
          maxLength: count,
          pattern: word,
          minimum: { type: 'number' },
          maximum: { type: 'number' },
          maxItems: count,
          registers: list(
            strict({ dataset: word, field: word, by: elementId }, { record: strict({ field: word, is: elementId }) }),
            1,
          ),
          identity: list({ enum: APPLICANTS }, 1),
          asked: localisedSchema,
          slot: { enum: ['address', 'area', 'money', 'mass'] },
          lead: id,
        },
      ),
      elementId,
    ),
  }),
  'bad_elements',
);

interface FieldInFile {
  readonly title: string;
  readonly element?: string;
  readonly when?: string;
}
export interface FormFile {
  readonly title: string;
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, FieldInFile & JsonSchema>>;
}

/** What a form may say of a field beside its element. */
const NARROWING = {
  minLength: count,
  maxLength: count,
  pattern: word,
  minimum: { type: 'number' },
  maximum: { type: 'number' },
  enum: list({ type: 'string' }, 1),
  minItems: count,
  maxItems: count,
};
export const checkFormFile = shape<FormFile>(
  strict(
    {
      title: { type: 'string', pattern: '\\p{Script=Han}', maxLength: 100 },
      type: { const: 'object' },
      properties: map(
        strict(
          { title: { type: 'string', pattern: '\\p{Script=Han}', maxLength: 100 } },
          { element: elementId, when: rule, description: word, ...NARROWING },
        ),
        { type: 'string', pattern: '^[a-z][A-Za-z0-9]*$', maxLength: 60 },
        1,
      ),
    },
    {
      $schema: { const: 'https://json-schema.org/draft/2020-12/schema' },
      required: list(word),
      additionalProperties: { const: false },
    },
  ),
  'bad_bundle',
);

interface RequirementInFile {
  readonly rule: string;
  readonly says: Localised;
  readonly basis?: readonly string[];
}
interface ItemInFile {
  readonly title: Localised;
  readonly authority: string;
  readonly basis: readonly string[];
  readonly term: Term;
  readonly when?: string;
  readonly requires?: readonly RequirementInFile[];
  readonly after?: readonly string[];
  readonly prepared?: string;
  readonly issues?: readonly string[];
  readonly told?: true;
}
export interface QuestionInFile {
  readonly asks: Localised;
  readonly help?: Localised;
  readonly type: 'yes-no' | 'code' | 'codes' | 'integer' | 'decimal' | 'date' | 'text';
  readonly choices?: Readonly<Record<string, Localised>>;
  readonly codelist?: string;
  readonly min?: number;
  readonly max?: number;
  readonly element?: string;
  readonly when?: string;
  readonly mayNotKnow?: true;
}
interface FactInFile {
  readonly title: Localised;
  readonly dataset: string;
  readonly by: string;
  readonly where?: string;
}
export interface MaterialInFile {
  readonly title: Localised;
  readonly kind: MaterialKind;
  readonly items: readonly string[];
  readonly when?: string;
  readonly registers?: readonly string[];
  readonly template?: string;
  readonly within?: string;
  readonly basis?: readonly string[];
}
interface StepInFile {
  readonly title: Localised;
  readonly uses: readonly StepPort[];
  readonly before?: string;
  readonly when?: string;
}
type OutcomeInFile = Pick<Outcome, 'title' | 'kind' | 'item' | 'task' | 'lifecycle'> &
  Partial<Pick<Outcome, 'stands' | 'undone' | 'tells' | 'offers'>>;
export interface BundleFile {
  readonly title: Localised;
  readonly summary: Localised;
  readonly authority: string;
  readonly client: string;
  readonly purpose: string;
  readonly applicant: Applicant;
  readonly basis: readonly string[];
  readonly reviewed: string;
  readonly notes?: readonly Localised[];
  readonly intents: {
    readonly says: readonly string[];
    readonly words?: readonly string[];
    readonly not: readonly { readonly says: string; readonly bundle?: string }[];
  };
  readonly questions: Readonly<Record<string, QuestionInFile>>;
  readonly facts?: Readonly<Record<string, FactInFile>>;
  readonly items: Readonly<Record<string, ItemInFile>>;
  readonly materials: Readonly<Record<string, MaterialInFile>>;
  readonly outcomes: Readonly<Record<string, OutcomeInFile>>;
  readonly steps: Readonly<Record<string, StepInFile>>;
  readonly usual: { readonly answers: Answers; readonly registers?: Answers };
}

const later = strict({ unit: { enum: ['working-days', 'days'] }, days: { ...count, minimum: 1 } });
const term = strict(
  { unit: { enum: ['working-days', 'days', 'on-the-spot'] }, basis },
  { days: { ...count, minimum: 1 }, else: later, stops: { const: true }, note: localisedSchema },
);
const requirement = strict({ rule, says: localisedSchema }, { basis });
const answer = {
  anyOf: [
    { type: ['boolean', 'number', 'null'] },
    { type: 'string', maxLength: 400 },
    { type: 'array', items: { type: 'string' } },
  ],
};

export const checkBundleFile = shape<BundleFile>(
  strict(
    {
      title: localisedSchema,
      summary: localisedSchema,
      authority: id,
      client: id,
      purpose: id,
      applicant: { enum: APPLICANTS },
      basis,
      reviewed: day,
      intents: strict(
        { says: list(word, 1), not: list(strict({ says: word }, { bundle: id }), 1) },
        { words: list(word, 1) },
      ),
      questions: map(
        strict(
          {
            asks: localisedSchema,
            type: { enum: ['yes-no', 'code', 'codes', 'integer', 'decimal', 'date', 'text'] },
          },
          {
            help: localisedSchema,
            choices: map(localisedSchema, id, 2),
            codelist: id,
            min: { type: 'number' },
            max: { type: 'number' },
            element: elementId,
            when: rule,
            mayNotKnow: { const: true },
          },
        ),
      ),
      items: map(
        strict(
          { title: localisedSchema, authority: id, basis, term },
          {
            when: rule,
            requires: { type: 'array', items: requirement },
            after: list(id),
            prepared: id,
            issues: list(elementId),
            told: { const: true },
          },
        ),
        id,
        1,
      ),
      materials: map(
        strict(
          { title: localisedSchema, kind: { enum: ['data', 'made', 'upload'] }, items: list(id, 1) },
          { when: rule, registers: list(word, 1), template: id, within: id, basis },
        ),
      ),
      outcomes: map(
        strict(
          { title: localisedSchema, kind: { enum: ['done', 'refused', 'conflict', 'withdrawn'] } },
          {
            item: id,
            stands: list(id),
            undone: list(id),
            task: strict({
              owner: id,
              says: localisedSchema,
              unit: { enum: ['working-days', 'days'] },
              days: { ...count, minimum: 1 },
            }),
            tells: list(id),
            offers: { type: 'array', items: localisedSchema },
            lifecycle: id,
          },
        ),
        id,
        1,
      ),
      steps: map(
        strict(
          {
            title: localisedSchema,
            uses: list(
              {
                enum: ['form', 'identity', 'signature', 'payment', 'post', 'appointment', 'video', 'collect'],
              },
              1,
            ),
          },
          { when: rule, before: id },
        ),
        id,
        1,
      ),
      usual: strict({ answers: map(answer) }, { registers: map(answer, { anyOf: [id, elementId] }) }),
    },
    {
      notes: { type: 'array', items: localisedSchema },
      facts: map(strict({ title: localisedSchema, dataset: word, by: elementId }, { where: rule })),
    },
  ),
  'bad_bundle',
);
