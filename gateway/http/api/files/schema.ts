/** Requests and answers of files, as TypeBox. */
import { type Static, Type } from 'typebox';
import {
  caseSchema,
  datasetSchema,
  fieldSchema,
  purposeSchema,
  strict,
  subjectSchema,
} from '../../../answer/question/request.js';
import { FORMATS } from '../../../procedures/files/formats.js';

const MAX_SUBJECTS = 10_000;

const name = Type.String({ pattern: '^file-[0-9a-f]{24}$' });
export const paramsSchema = Type.Object({ id: name });

export const orderBody = Type.Object(
  {
    purpose: purposeSchema,
    case: Type.Optional(caseSchema),
    dataset: datasetSchema,
    fields: Type.Optional(
      Type.Array(fieldSchema, {
        minItems: 1,
        maxItems: 500,
        uniqueItems: true,
        description: 'default: all that are granted',
      }),
    ),
    format: Type.Enum([...FORMATS], {
      description:
        '`csv` (RFC 4180), `ndjson`, or `avro`: an object container file with the schema of what is released',
    }),
    subjects: Type.Optional(
      Type.Array(subjectSchema, {
        minItems: 1,
        maxItems: MAX_SUBJECTS,
        description: 'default: all whose records the grant lets the client see',
      }),
    ),
    receiver: Type.Optional(
      Type.String({
        maxLength: 20_000,
        description:
          'public key (RSA, at least 2048 bits) or certificate in PEM: the file is CMS AuthEnvelopedData for it, ' +
          'which `openssl cms -decrypt -inform DER` opens',
      }),
    ),
  },
  strict,
);
export type OrderBody = Static<typeof orderBody>;

const time = Type.String({ format: 'date-time' });
export const orderSchema = Type.Object({
  id: name,
  state: Type.String({
    description:
      '`ordered`, `making`, `ready`; `stopped`: it may not be given any more, `reason` says why; `failed`: it could ' +
      'not be made',
  }),
  reason: Type.Optional(Type.String()),
  purpose: Type.String(),
  dataset: Type.String(),
  format: Type.String(),
  encrypted: Type.Boolean(),
  createdAt: time,
  replica: Type.String({ description: 'at which replica of the gateway it is made, or stands' }),
  attempt: Type.Integer({ description: 'how often it was begun' }),
  progress: Type.Object({
    subjects: Type.Integer(),
    records: Type.Integer(),
    chunks: Type.Integer(),
    total: Type.Optional(
      Type.Integer({ description: 'how many subjects are listed, or records the dataset has: there are no more' }),
    ),
  }),
  bytes: Type.Optional(Type.Integer()),
  sha256: Type.Optional(Type.String({ description: 'of the whole file, hexadecimal' })),
  begunAt: Type.Optional(time),
  madeAt: Type.Optional(time),
  expiresAt: Type.Optional(time),
});
export const listSchema = Type.Object({ files: Type.Array(orderSchema) });

/** For OpenAPI only. */
export const contentSchema = Type.String({
  description: 'the bytes of the file, or those that `range` asks for (one range)',
  format: 'binary',
});
