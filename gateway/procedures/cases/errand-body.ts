/** What the gateway of one region brings to that of another, of an item of a case. */
import { type Static, Type } from 'typebox';
import { strict } from '../../answer/question/request.js';

const word = Type.String({ minLength: 1, maxLength: 200 });
const open = Type.Record(Type.String({ maxLength: 200 }), Type.Unknown());
/** Base64 of one material. */
const MOST_BYTES = 16_000_000;

/** What one gateway brings to another. */
export const errandBody = Type.Object(
  {
    id: word,
    at: Type.String({ format: 'date-time' }),
    bundle: word,
    item: word,
    act: Type.Enum(['begin', 'give', 'recall', 'ask', 'grant', 'refuse', 'pass']),
    case: Type.String({ pattern: '^[0-9a-f]{16}$', description: 'of the region in which somebody applies' }),
    subject: word,
    says: Type.Optional(Type.String({ maxLength: 10_000 })),
    fields: Type.Optional(Type.Array(word, { maxItems: 200 })),
    checked: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 100 })),
    issued: Type.Optional(open),
    values: Type.Optional(open),
    filled: Type.Optional(open),
    sure: Type.Optional(Type.Boolean()),
    unknown: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 100 })),
    papers: Type.Optional(open),
    steps: Type.Optional(Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 400 }))),
    uploads: Type.Optional(Type.Record(Type.String({ maxLength: 120 }), Type.String({ maxLength: MOST_BYTES }))),
    asker: Type.Object({ authority: word, legalBasis: Type.Array(word, { minItems: 1, maxItems: 100 }) }, strict),
    receipt: Type.Optional(open),
  },
  strict,
);
export type ErrandBody = Static<typeof errandBody>;
export type ErrandSays = Omit<ErrandBody, 'asker' | 'receipt'>;
