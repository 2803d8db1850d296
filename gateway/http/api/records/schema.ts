/** Request and answer of POST /v1/datasets/{id}/records. */
import { type Static, Type } from 'typebox';
import { strict } from '../../../answer/question/request.js';

const position = Type.String({
  minLength: 1,
  maxLength: 300,
  description: "the source's own, unique and stable: what comes again under it is not published again",
});
export const bodySchema = Type.Object(
  {
    sourceTime: Type.String({
      format: 'date-time',
      description: "the source is seen up to here; at most five minutes ahead of the gateway's clock",
    }),
    snapshot: Type.Optional(
      Type.Boolean({ description: 'these records are the whole dataset; what is missing has left' }),
    ),
    records: Type.Array(
      Type.Union([
        Type.Object(
          {
            position,
            value: Type.Object(
              {},
              { additionalProperties: true, description: "the record in the contract's JSON form" },
            ),
          },
          strict,
        ),
        Type.Object(
          {
            position,
            withdraw: Type.Object(
              { subject: Type.String({ maxLength: 200 }), recordId: Type.Optional(Type.String({ maxLength: 1024 })) },
              strict,
            ),
            reason: Type.String({ minLength: 1, maxLength: 200 }),
          },
          strict,
        ),
      ]),
      { maxItems: 10_000 },
    ),
  },
  strict,
);
export const answerSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      position: Type.String(),
      status: Type.Enum(['published', 'unchanged', 'merged', 'quarantined', 'spooled'], {
        description:
          "spooled: the bus is away, the record is safe on the gateway's disk and will be published in its order",
      }),
      code: Type.Optional(Type.String()),
    }),
  ),
  withdrawn: Type.Optional(Type.Integer({ description: 'of a snapshot: records that had left' })),
  held: Type.Optional(
    Type.Integer({
      description:
        'of a snapshot: records that it does not name and that stay on record, since records of it that cannot ' +
        'be read may be theirs',
    }),
  ),
});

export type RecordsBody = Static<typeof bodySchema>;
