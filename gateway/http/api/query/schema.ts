/** The request of POST /v1/query, as TypeBox; ajv checks it, OpenAPI shows it. */
import { type Static, Type } from 'typebox';
import { MAX_CURSOR } from '../../../answer/question/cursors.js';
import {
  askerSchema,
  caseSchema,
  datasetSchema,
  fieldSchema,
  purposeSchema,
  strict,
  subjectSchema,
} from '../../../answer/question/request.js';
import { datasetAnswerSchema, receiptSchema, withheldSchema } from '../../../answer/question/schemas.js';

export const cutSchema = Type.Record(
  Type.String({ maxLength: 300 }),
  Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 1024 }),
  {
    description: 'topic → next offset of each partition, as an earlier answer returned it',
  },
);

export const querySchema = (maxDatasets: number, maxRecords: number) =>
  Type.Object(
    {
      purpose: purposeSchema,
      asker: Type.Optional(askerSchema),
      case: Type.Optional(caseSchema),
      subject: subjectSchema,
      datasets: Type.Array(
        Type.Object(
          {
            id: datasetSchema,
            fields: Type.Optional(
              Type.Array(fieldSchema, {
                maxItems: 500,
                uniqueItems: true,
                description: 'default: all that are granted',
              }),
            ),
            limit: Type.Optional(
              Type.Integer({ minimum: 1, maximum: maxRecords, description: 'records in this answer' }),
            ),
            cursor: Type.Optional(
              Type.String({ maxLength: MAX_CURSOR, description: 'where an earlier answer of the same query stopped' }),
            ),
          },
          strict,
        ),
        { minItems: 1, maxItems: maxDatasets },
      ),
      asOf: Type.Optional(Type.String({ format: 'date-time', description: 'answer as published up to this time' })),
      cut: Type.Optional(cutSchema),
      dryRun: Type.Optional(
        Type.Boolean({ description: 'say what would be answered, withheld or denied and why; no record is read' }),
      ),
      returnCut: Type.Optional(Type.Boolean({ description: 'also say from which offsets the answer was made' })),
    },
    strict,
  );

export type QueryRequest = Static<ReturnType<typeof querySchema>>;

/** For OpenAPI only: answers are written by hand, byte by byte, and a test holds them to this. */
export const answerSchema = Type.Object({
  requestId: Type.String(),
  time: Type.String({ format: 'date-time', description: 'reading time' }),
  datasets: Type.Array(datasetAnswerSchema),
  cut: Type.Optional(cutSchema),
  receipt: receiptSchema,
});

/** What a dry run answers: the decisions, and nothing of a record. */
export const dryRunSchema = Type.Object({
  requestId: Type.String(),
  time: Type.String({ format: 'date-time' }),
  dryRun: Type.Literal(true),
  datasets: Type.Array(
    Type.Object({
      id: Type.String(),
      effect: Type.Enum(['allow', 'deny']),
      grant: Type.Optional(Type.String()),
      reasons: Type.Array(Type.String({ description: 'of a denial, or of what a policy withholds' })),
      fields: Type.Array(
        Type.Object({
          field: Type.String(),
          as: Type.String({ description: '`value`, or the form in which it would be told' }),
        }),
      ),
      withheld: withheldSchema,
    }),
  ),
  receipt: receiptSchema,
});
