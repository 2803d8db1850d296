/** The request and the answer of POST /v1/verify, as TypeBox. */
import { type Static, Type } from 'typebox';
import {
  askerSchema,
  caseSchema,
  datasetSchema,
  fieldSchema,
  purposeSchema,
  STATUSES,
  strict,
  subjectSchema,
} from '../../../answer/question/request.js';
import { problemSchema, receiptSchema } from '../../../answer/question/schemas.js';

export const MAX_CLAIMS = 100;

export const verifySchema = Type.Object(
  {
    purpose: purposeSchema,
    asker: Type.Optional(askerSchema),
    case: Type.Optional(caseSchema),
    subject: subjectSchema,
    claims: Type.Array(
      Type.Object(
        {
          dataset: datasetSchema,
          field: fieldSchema,
          value: Type.Union([Type.String({ maxLength: 4000 }), Type.Number(), Type.Boolean()], {
            description:
              'what is claimed, in the JSON form of the contract; decimals best as text, since JSON numbers ' +
              'are rounded beyond 15 digits',
          }),
        },
        strict,
      ),
      { minItems: 1, maxItems: MAX_CLAIMS },
    ),
  },
  strict,
);
export type VerifyRequest = Static<typeof verifySchema>;

export const RESULTS = ['match', 'mismatch', 'no_record', 'not_answered'] as const;
export type Result = (typeof RESULTS)[number];

const claimsSchema = Type.Array(
  Type.Object({
    dataset: Type.String(),
    field: Type.String(),
    result: Type.Enum([...RESULTS], {
      description:
        '`match`: a record of the subject has this value (of a list: among its items); `mismatch`: there are ' +
        'records, and none has it; `no_record`: the dataset is current and has no record of the subject',
    }),
    reason: Type.Optional(Type.String({ description: 'why it is not answered' })),
    status: Type.Optional(Type.Enum([...STATUSES])),
    sourceTime: Type.Optional(Type.String({ format: 'date-time' })),
  }),
  { description: 'in the order of the request' },
);

export const verifiedSchema = Type.Object({
  requestId: Type.String(),
  time: Type.String({ format: 'date-time', description: 'reading time' }),
  claims: claimsSchema,
  receipt: receiptSchema,
});

/** A 403 `denied`: no claim may be answered. */
export const deniedClaimsSchema = Type.Object({
  ...problemSchema.properties,
  claims: claimsSchema,
  receipt: receiptSchema,
});
