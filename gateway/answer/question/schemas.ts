/**
 * What answers of several services share, as TypeBox; for OpenAPI, and held equal to the client's types by a test.
 * Answers themselves are written elsewhere.
 */

import { Type } from 'typebox';
import { present } from '../../../contracts/present.js';
import { STATUSES } from './request.js';

export const moment = (description?: string) => Type.String({ format: 'date-time', ...present({ description }) });
export const day = (description?: string) => Type.String({ format: 'date', ...present({ description }) });
export const localised = Type.Object({ zh: Type.String(), en: Type.String() });
/** The schema names no members, since they are those of a contract. */
export const open = Type.Object({}, { additionalProperties: true });

const hash = (description: string) => Type.String({ description: `${description}, base64` });
export const receiptSchema = Type.Object(
  {
    version: Type.Optional(Type.Integer({ description: '2; its format, to the byte, is in docs/log.md' })),
    journal: Type.String(),
    seq: Type.Integer({
      minimum: 1,
      description: 'within the journal; `<journal>:<seq>` is the id of GET /v1/receipts/{id}',
    }),
    leaf: hash('leaf hash of the entry'),
    bodySha256: Type.Optional(
      Type.String({
        description:
          'digest of the answer without this member, base64url: the promise is of this answer and no other; ' +
          'absent where the entry is of no answer',
      }),
    ),
    path: Type.Array(hash('a sibling'), { description: 'Merkle path from leaf and digest to `answers`' }),
    first: Type.Integer({ minimum: 1, description: 'sequence number of the first entry under `root`' }),
    count: Type.Integer({ minimum: 1, description: 'entries under `root`' }),
    root: hash('root over the entries that were made durable together'),
    answers: Type.Optional(hash('root over the same entries with the digests of their answers')),
    mergeBy: moment('in the log by then'),
    key: Type.String({ description: "name of the replica's key" }),
    algorithm: Type.String(),
    signature: Type.String({ description: 'base64(key id ‖ signature)' }),
  },
  {
    description:
      "the replica's signed promise that the entry of this answer is brought into the audit log; the last member, " +
      'and not part of the digest',
  },
);

export const withheldSchema = Type.Array(Type.Object({ field: Type.String(), reason: Type.String() }), {
  description: 'fields that were asked for, or granted, and are not released',
});

/** One dataset's part of an answer about a subject. */
export const datasetAnswerSchema = Type.Object({
  id: Type.String(),
  authority: Type.Optional(Type.String()),
  status: Type.Enum([...STATUSES], {
    description: 'without records it means "none on record" only where it is `current`',
  }),
  reason: Type.Optional(Type.String({ description: 'of a denial' })),
  sourceTime: Type.Optional(moment('the source was seen in full up to here')),
  grant: Type.Optional(Type.String()),
  records: Type.Array(
    Type.Object({
      record: Type.Object(
        {},
        { additionalProperties: true, description: "the released fields, in the contract's JSON form" },
      ),
      provenance: Type.Object({
        version: Type.String({ description: "partition and offset on the dataset's topic" }),
        publishedAt: moment(),
        sourceTime: moment(),
        contractVersion: Type.Integer(),
      }),
      marks: Type.Optional(
        Type.Array(Type.Literal('correction'), { description: 'a department says that the record is wrong' }),
      ),
    }),
  ),
  withheld: withheldSchema,
  cursor: Type.Optional(Type.String({ description: 'there are more records: `cursor` of the same question' })),
});

/** Problem+json of RFC 9457. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: '`urn:yitong:error:<code>`' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'stable; docs/errors.md lists all' }),
    detail: Type.Optional(Type.String({ description: 'where it is, and which rule; never what stood there' })),
    requestId: Type.String({ description: 'by which the operator finds the request' }),
  },
  { title: 'Problem' },
);

const denied = {
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.Literal('denied'),
  requestId: Type.String(),
  receipt: receiptSchema,
};
/** A 403 `denied` to a question about datasets: the same bytes whether or not the subject exists. */
export const deniedSchema = Type.Object({ ...denied, datasets: Type.Array(datasetAnswerSchema) });
