/** Requests and answers of POST /v1/regions/{region}/query and …/verify, as TypeBox. */
import { type Static, Type } from 'typebox';
import { open, problemSchema, receiptSchema } from '../../../answer/question/schemas.js';
import { querySchema } from '../query/schema.js';
import { verifySchema } from '../verify/schema.js';

export const paramsSchema = Type.Object({
  region: Type.String({ maxLength: 60, description: 'id of the region, as its file is called' }),
});

/** As the query of this gateway, but for what only a region says. */
export const farQuerySchema = (maxDatasets: number, maxRecords: number) =>
  Type.Omit(querySchema(maxDatasets, maxRecords), ['asker'], { additionalProperties: false });
export const farVerifySchema = Type.Omit(verifySchema, ['asker'], { additionalProperties: false });

export type FarQuery = Static<ReturnType<typeof farQuerySchema>>;
export type FarVerify = Static<typeof farVerifySchema>;

const passedOn = {
  requestId: Type.String({ description: 'of the transaction: both gateways have it on record under this id' }),
  time: Type.String({ format: 'date-time' }),
  region: Type.String(),
};

export const farAnswerSchema = Type.Object({
  ...passedOn,
  answer: Type.Object(
    {},
    {
      additionalProperties: true,
      description:
        'what the region answered, byte for byte, with its own receipt as the last member: its digest and the ' +
        "promise of the region's log verify over these bytes",
    },
  ),
  receipt: receiptSchema,
});

export const farDeniedSchema = Type.Object({
  ...problemSchema.properties,
  region: Type.Optional(Type.String()),
  by: Type.String({ description: 'who denied or did not take it: `here`, or the id of the region' }),
  reason: Type.Optional(Type.String({ description: 'of a denial here' })),
  said: Type.Optional(Type.String({ description: 'the code with which the region refused' })),
  answer: Type.Optional(open),
  receipt: Type.Optional(receiptSchema),
});
