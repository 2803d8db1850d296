/** Requests of the documents service, as TypeBox; ajv checks them, OpenAPI shows them. */
import { type Static, Type } from 'typebox';
import { caseSchema, strict } from '../../../answer/question/request.js';

export const MAX_CODES = 1000;
export const MAX_WAIT = 25;

export const verifySchema = Type.Object(
  {
    codes: Type.Array(Type.String({ minLength: 1, maxLength: 60 }), {
      minItems: 1,
      maxItems: MAX_CODES,
      description: 'verification codes, as they stand on the documents; case, hyphens and blanks do not matter',
    }),
    case: Type.Optional(caseSchema),
    watch: Type.Optional(
      Type.String({
        minLength: 2,
        maxLength: 40,
        description:
          'how long to be told of changes, ISO 8601 in days and below (`P90D`); no longer than the document is kept',
      }),
    ),
  },
  strict,
);
export type VerifyBody = Static<typeof verifySchema>;

export const changesQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({ pattern: '^\\d{1,15}$', description: 'the highest number that is known; default 0' }),
    ),
    wait: Type.Optional(
      Type.String({
        pattern: '^(?:\\d|1\\d|2[0-5])$',
        description: `seconds to wait where there is none yet, at most ${String(MAX_WAIT)}`,
      }),
    ),
  },
  strict,
);
export type ChangesQuery = Static<typeof changesQuery>;
