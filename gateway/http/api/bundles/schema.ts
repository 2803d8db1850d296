/** Bundles and their merges, as TypeBox, for OpenAPI. */
import { Type } from 'typebox';
import { localised, open } from '../../../answer/question/schemas.js';

const applies = Type.Enum(['yes', 'unknown'], {
  description: '`unknown` until more is answered or a register has said',
});
const authority = Type.Object({ id: Type.String(), name: Type.Optional(localised) });
const rule = (what: string) => Type.String({ description: `${what}: a rule, absent where it always holds` });

const head = {
  id: Type.String(),
  title: localised,
  summary: localised,
  authority,
  applicant: Type.Enum(['company', 'person']),
};
const headSchema = Type.Object({
  ...head,
  says: Type.Array(Type.String(), { description: 'what people say who want this' }),
});
export const listSchema = Type.Object({ bundles: Type.Array(headSchema) });

const questionSchema = Type.Object({
  id: Type.String(),
  asks: localised,
  help: Type.Optional(localised),
  type: Type.Enum(['yes-no', 'code', 'codes', 'integer', 'decimal', 'date', 'text']),
  choices: Type.Optional(Type.Array(Type.Object({ code: Type.String(), title: localised }))),
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
  when: Type.Optional(rule('when it is asked')),
  mayNotKnow: Type.Boolean({ description: 'null is an answer: it is not known' }),
});

export const bundleSchema = Type.Object({
  ...head,
  basis: Type.Array(Type.String()),
  notes: Type.Array(localised),
  intents: Type.Object({
    says: Type.Array(Type.String()),
    words: Type.Array(Type.String()),
    not: Type.Array(Type.Object({ says: Type.String(), bundle: Type.Optional(Type.String()) })),
  }),
  questions: Type.Array(questionSchema),
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      title: localised,
      authority,
      basis: Type.Array(Type.String()),
      term: Type.Object({
        unit: Type.Enum(['working-days', 'days', 'on-the-spot']),
        days: Type.Optional(Type.Integer()),
        else: Type.Optional(
          Type.Object(
            { unit: Type.Enum(['working-days', 'days']), days: Type.Integer() },
            { description: 'where it cannot be done on the spot' },
          ),
        ),
        basis: Type.Array(Type.String()),
        note: Type.Optional(localised),
      }),
      when: Type.Optional(rule('when it applies')),
      after: Type.Array(Type.String(), { description: 'items that are done before it' }),
      prepared: Type.Optional(Type.String({ description: 'prepared only, and takes effect with this item' })),
      told: Type.Boolean({ description: 'nothing is applied for: its department is told' }),
      form: Type.String({ description: 'title of the department’s own form' }),
    }),
  ),
  materials: Type.Array(
    Type.Object({
      id: Type.String(),
      title: localised,
      kind: Type.Enum(['data', 'made', 'upload']),
      items: Type.Array(Type.String()),
      within: Type.Optional(Type.String({ description: 'it is a part of this one' })),
    }),
  ),
  steps: Type.Array(Type.Object({ id: Type.String(), title: localised, uses: Type.Array(Type.String()) })),
});

const answer = Type.Union([
  Type.Boolean(),
  Type.Number(),
  Type.String({ maxLength: 400 }),
  Type.Array(Type.String({ maxLength: 100 }), { maxItems: 200 }),
  Type.Null(),
]);
export const mergeBody = Type.Object(
  {
    answers: Type.Record(Type.String({ maxLength: 60 }), answer, {
      description: 'by question; null: not known. What is not answered yet is left out',
      maxProperties: 100,
    }),
  },
  { additionalProperties: false },
);

export const mergedSchema = Type.Object({
  bundle: Type.String(),
  items: Type.Array(Type.Object({ id: Type.String(), applies })),
  stages: Type.Array(Type.Array(Type.String()), { description: 'items of one stage go in parallel' }),
  questions: Type.Array(Type.String(), { description: 'asked under these answers' }),
  open: Type.Array(Type.String(), { description: 'asked, and not answered yet' }),
  parts: Type.Array(
    Type.Object({
      group: localised,
      condition: Type.Optional(rule('when the part shows')),
      waitsFor: Type.Array(Type.String(), { description: 'questions that decide it' }),
      fields: Type.Array(
        Type.Object({
          element: Type.String(),
          title: localised,
          schema: open,
          required: Type.Boolean(),
          shown: applies,
          from: Type.Enum(['identity', 'register', 'issued', 'question', 'asked']),
          registers: Type.Optional(
            Type.Array(Type.Object({ dataset: Type.String(), field: Type.String() }), {
              description: 'of `register`: the first counts',
            }),
          ),
          item: Type.Optional(Type.String({ description: 'of `issued`: there once that item is done' })),
          question: Type.Optional(Type.String({ description: 'of `question`: its answer is the value' })),
          forms: Type.Array(Type.Object({ item: Type.String(), field: Type.String() }), {
            description: 'departments’ forms that get it',
          }),
        }),
      ),
    }),
  ),
  obstacles: Type.Array(
    Type.Object({
      item: Type.String(),
      says: localised,
      basis: Type.Array(Type.String()),
      state: Type.Enum(['no', 'unknown'], { description: 'it is not so; or nobody has said, which is never "clear"' }),
      owners: Type.Array(Type.String(), { description: 'authorities whose registers are asked' }),
    }),
  ),
  materials: Type.Array(
    Type.Object({
      id: Type.String(),
      needed: applies,
      handedIn: Type.Boolean({ description: 'else a register says it, or it is part of another' }),
    }),
  ),
  figures: Type.Object({
    forms: Type.Object({ before: Type.Integer(), after: Type.Integer() }),
    fields: Type.Object({ before: Type.Integer(), after: Type.Integer(), names: Type.Array(Type.String()) }),
    materials: Type.Object({ before: Type.Integer(), after: Type.Integer() }),
  }),
});
