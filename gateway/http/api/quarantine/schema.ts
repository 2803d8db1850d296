/** Requests and answers of the quarantine over HTTP. */
import { type Static, Type } from 'typebox';
import { strict } from '../../../answer/question/request.js';
import { MAX_ROWS } from '../../publishing/quarantine.js';

export const PAGE = 100;
const MAX_PAGE = 500;

export const paramsSchema = Type.Object({ id: Type.String({ maxLength: 200 }) });

export const listQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,2}$',
        description: `rows in this answer, at most ${MAX_PAGE}; default ${PAGE}`,
      }),
    ),
    after: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$', description: '`next` of an earlier answer' })),
    rows: Type.Optional(Type.Enum(['true', 'false'], { description: '`true`: with what each row held' })),
  },
  strict,
);
export type ListQuery = Static<typeof listQuery>;
export const limitOf = ({ limit }: ListQuery): number => Math.min(MAX_PAGE, limit === undefined ? PAGE : Number(limit));

const problems = Type.Array(Type.Object({ code: Type.String(), field: Type.String(), reason: Type.String() }));
const open = Type.Object({}, { additionalProperties: true });
export const listSchema = Type.Object({
  dataset: Type.String(),
  count: Type.Integer({ description: 'rows in quarantine' }),
  rows: Type.Array(
    Type.Object({
      id: Type.String({ description: 'derived from the position' }),
      position: Type.String(),
      rowNumber: Type.Integer({ description: 'within its file or request' }),
      sourceTime: Type.String({ format: 'date-time' }),
      firstSeen: Type.String({ format: 'date-time' }),
      problems,
      cells: Type.Optional(open),
      raw: Type.Optional(Type.String({ description: 'a line that could not be read' })),
      value: Type.Optional(open),
      withdraw: Type.Optional(open),
    }),
  ),
  next: Type.Optional(Type.String({ description: 'there are more rows: `after` of the next question' })),
});

export const retryBody = Type.Object(
  {
    positions: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), {
        minItems: 1,
        maxItems: MAX_ROWS,
        uniqueItems: true,
        description: 'only these; default all but conflicting duplicates, of which one is chosen by naming it',
      }),
    ),
  },
  strict,
);
export type RetryBody = Static<typeof retryBody>;

export const retrySchema = Type.Object({
  results: Type.Array(
    Type.Object({
      position: Type.String(),
      status: Type.Enum(['published', 'unchanged', 'merged', 'skipped', 'quarantined', 'absent']),
      code: Type.Optional(Type.String()),
    }),
  ),
});
