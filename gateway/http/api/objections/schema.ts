/** Requests and answers of objections and repairs over HTTP. */
import { type Static, Type } from 'typebox';
import { strict } from '../../../answer/question/request.js';

export const PAGE = 50;
const MAX_PAGE = 200;
const id = Type.String({ pattern: '^[0-9a-f]{16}$' });
const word = Type.String({ minLength: 1, maxLength: 200 });
const fields = Type.Record(Type.String({ maxLength: 60 }), Type.String({ maxLength: 10_000 }), {
  maxProperties: 50,
  description: "by the name that the act's `requires` and `optional` give",
});

export const paramsSchema = Type.Object({ id });

export const listQuery = Type.Object(
  {
    show: Type.Optional(
      Type.Enum(['todo', 'open', 'closed'], {
        description: '`todo` (default): those on which the authority may act now',
      }),
    ),
    limit: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,2}$',
        description: `tickets in this answer, at most ${MAX_PAGE}; default ${PAGE}`,
      }),
    ),
    after: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$', description: '`next` of an earlier answer' })),
  },
  strict,
);
export type ListQuery = Static<typeof listQuery>;
export const limitOf = ({ limit }: ListQuery): number => Math.min(MAX_PAGE, limit === undefined ? PAGE : Number(limit));

export const actBody = Type.Object({ act: word, fields: Type.Optional(fields) }, strict);
export type ActBody = Static<typeof actBody>;
export const openBody = Type.Object(
  {
    lifecycle: word,
    dataset: word,
    subject: word,
    recordId: Type.Optional(
      Type.String({
        maxLength: 1024,
        description: 'absent where the ticket is about what the dataset lacks of the subject',
      }),
    ),
    act: word,
    fields: Type.Optional(fields),
  },
  strict,
);
export type OpenBody = Static<typeof openBody>;

export const ticketSchema = Type.Object({
  id,
  lifecycle: Type.String(),
  dataset: Type.String(),
  subject: Type.Optional(Type.String({ description: 'absent where the subject was erased' })),
  recordId: Type.Optional(
    Type.String({ description: 'absent where the subject was erased, or the ticket is about what the dataset lacks' }),
  ),
  state: Type.String(),
  openedAt: Type.String({ format: 'date-time' }),
  over: Type.Boolean({ description: 'true once nothing more is done on it' }),
  clocks: Type.Array(
    Type.Object({
      clock: Type.String(),
      party: Type.String(),
      due: Type.String({ format: 'date', description: 'the last working day of the term, in Asia/Shanghai' }),
      provisional: Type.Boolean({ description: 'it reaches into a year whose holidays are not published' }),
      left: Type.Integer({ description: 'working days until then; negative once it is over' }),
      over: Type.Boolean(),
      stoppedAt: Type.Optional(Type.String({ format: 'date-time' })),
    }),
  ),
  acts: Type.Array(
    Type.Object({ act: Type.String(), requires: Type.Array(Type.String()), optional: Type.Array(Type.String()) }),
    { description: 'what the authority may do now' },
  ),
  events: Type.Array(
    Type.Object({
      at: Type.String({ format: 'date-time' }),
      act: Type.String(),
      party: Type.String(),
      fields: Type.Optional(Type.Record(Type.String(), Type.String())),
    }),
  ),
});
export const listSchema = Type.Object({ tickets: Type.Array(ticketSchema), next: Type.Optional(Type.String()) });
