/** The request of POST /v1/query, as TypeBox; ajv checks it, OpenAPI shows it. */
import { Type, type Static } from 'typebox';

const strict = { additionalProperties: false };
const id = (what: string) => Type.String({ minLength: 1, maxLength: 200, description: what });

export const caseSchema = Type.Object(
  {
    item: Type.Optional(id('事项编码: code of the administrative item')),
    caseId: Type.Optional(id('办件编号: number of the case at hand')),
    actor: Type.Optional(id('经办人: who handles it, as the client names them')),
  },
  { ...strict, description: 'what the client says it is working on; kept as its assertion' },
);

export const cutSchema = Type.Record(Type.String({ maxLength: 300 }), Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 1024 }), {
  description: 'topic → next offset of each partition, as an earlier answer returned it',
});

export const querySchema = (maxDatasets: number, maxRecords: number) =>
  Type.Object(
    {
      purpose: id('a purpose of the workspace, e.g. `licence-review`'),
      case: Type.Optional(caseSchema),
      subject: id('key scheme and key, e.g. `uscc:91310000…`'),
      datasets: Type.Array(
        Type.Object(
          {
            id: id('`<authority>.<dataset>`'),
            fields: Type.Optional(Type.Array(id('a field path: `name`, `address.city`, `members[].role`'), { maxItems: 500, uniqueItems: true, description: 'default: all that are granted' })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxRecords, description: 'records in this answer' })),
            cursor: Type.Optional(Type.String({ maxLength: 2000, description: 'where an earlier answer of the same query stopped' })),
          },
          strict,
        ),
        { minItems: 1, maxItems: maxDatasets },
      ),
      asOf: Type.Optional(Type.String({ format: 'date-time', description: 'answer as published up to this time' })),
      cut: Type.Optional(cutSchema),
      returnCut: Type.Optional(Type.Boolean({ description: 'also say from which offsets the answer was made' })),
    },
    strict,
  );

export type QueryRequest = Static<ReturnType<typeof querySchema>>;

export const STATUSES = ['current', 'stale', 'unavailable', 'never-loaded', 'denied', 'not_yet', 'history_not_kept'] as const;
export type DatasetStatus = (typeof STATUSES)[number];

/** For OpenAPI only: answers are written by hand, byte by byte, and a test holds them to this. */
export const answerSchema = Type.Object({
  requestId: Type.String(),
  time: Type.String({ format: 'date-time', description: 'reading time' }),
  datasets: Type.Array(
    Type.Object({
      id: Type.String(),
      authority: Type.Optional(Type.String()),
      status: Type.Enum([...STATUSES]),
      reason: Type.Optional(Type.String({ description: 'of a denial' })),
      sourceTime: Type.Optional(Type.String({ format: 'date-time', description: 'the source was seen in full up to here' })),
      grant: Type.Optional(Type.String()),
      records: Type.Array(
        Type.Object({
          record: Type.Object({}, { additionalProperties: true }),
          provenance: Type.Object({
            version: Type.String({ description: 'partition and offset on the dataset\'s topic' }),
            publishedAt: Type.String({ format: 'date-time' }),
            sourceTime: Type.String({ format: 'date-time' }),
            contractVersion: Type.Integer(),
          }),
        }),
      ),
      withheld: Type.Array(Type.Object({ field: Type.String(), reason: Type.String() })),
      cursor: Type.Optional(Type.String()),
    }),
  ),
  cut: Type.Optional(cutSchema),
  receipt: Type.Object({}, { additionalProperties: true, description: 'the replica\'s signed promise that this answer is in its audit log; last, and not part of the digest' }),
});
