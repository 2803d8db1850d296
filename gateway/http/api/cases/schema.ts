/** Requests and answers of cases over HTTP. */
import { type Static, Type } from 'typebox';
import { strict } from '../../../answer/question/request.js';
import { localised, open } from '../../../answer/question/schemas.js';
import { actKey, actWord, value } from '../../../procedures/cases/doing.js';

const PAGE = 50;
const MAX_PAGE = 200;
const id = Type.String({ pattern: '^[0-9a-f]{16}$' });
const time = Type.String({ format: 'date-time' });
export const paramsSchema = Type.Object({ id });

export const listQuery = Type.Object(
  {
    show: Type.Optional(
      Type.Enum(['todo', 'open', 'closed'], {
        description: 'of an authority: `todo` (default) is what waits for it, with what runs out first in front',
      }),
    ),
    limit: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,2}$',
        description: `cases in this answer, at most ${MAX_PAGE}; default ${PAGE}`,
      }),
    ),
    after: Type.Optional(Type.String({ maxLength: 2000, description: '`next` of an earlier answer' })),
  },
  strict,
);
export type ListQuery = Static<typeof listQuery>;
export const limitOf = ({ limit }: ListQuery): number => Math.min(MAX_PAGE, limit === undefined ? PAGE : Number(limit));

export const eventsQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,9}$', description: 'number of the last event that is known' }),
    ),
  },
  strict,
);

export const openBody = Type.Object(
  {
    bundle: actWord,
    region: Type.Optional(
      Type.String({
        maxLength: 60,
        description: 'where the thing is that it is about, if not here: items that may be are done there',
      }),
    ),
    key: Type.Optional(actKey),
  },
  strict,
);
export type OpenBody = Static<typeof openBody>;

const possible = Type.Object({
  act: Type.String(),
  item: Type.Optional(Type.String()),
  task: Type.Optional(Type.String()),
  step: Type.Optional(Type.String()),
  port: Type.Optional(Type.String()),
  outcome: Type.Optional(Type.String()),
});
const term = Type.Object({
  unit: Type.Enum(['working-days', 'days', 'on-the-spot']),
  due: Type.String({ format: 'date', description: 'the last day of the term, in Asia/Shanghai' }),
  provisional: Type.Boolean({ description: 'it reaches into a year whose holidays are not published' }),
  left: Type.Integer({ description: 'working days until then; negative once it is over' }),
  over: Type.Boolean(),
});
const itemSchema = Type.Object({
  item: Type.String(),
  title: Type.Optional(localised),
  authority: Type.String(),
  region: Type.Optional(Type.String({ description: 'whose authority it is, where it is done elsewhere' })),
  status: Type.Enum(['waiting', 'held', 'supplement', 'prepared', 'granted', 'refused', 'undone', 'dropped', 'passed']),
  since: time,
  term: Type.Optional(term),
  applies: Type.Enum(['yes', 'unknown']),
  unknown: Type.Array(Type.Integer(), { description: 'requirements of which nobody has said whether they hold' }),
  form: Type.Optional(Type.Record(Type.String(), value, { description: "the department's own form, whole" })),
  asked: Type.Optional(Type.Object({ says: Type.String(), fields: Type.Array(Type.String()) })),
  given: Type.Optional(Type.String()),
  reasons: Type.Optional(Type.String()),
  remark: Type.Optional(Type.String()),
});
const outcomeSchema = Type.Object({
  outcome: Type.String(),
  kind: Type.Enum(['done', 'refused', 'withdrawn']),
  title: localised,
  item: Type.Optional(Type.String({ description: 'that was refused' })),
  stands: Type.Array(Type.String(), { description: 'items that stay as they are' }),
  undone: Type.Array(Type.String(), { description: 'items that were undone, or ended' }),
  task: Type.Optional(localised),
  offers: Type.Array(localised, { description: 'what who applies can do' }),
});
const ratingSchema = Type.Object({
  grade: Type.Enum([1, 2, 3, 4, 5]),
  at: time,
  says: Type.Optional(Type.String({ description: 'for who applied and who leads' })),
  term: Type.Optional(term),
  answer: Type.Optional(Type.String()),
  answeredAt: Type.Optional(time),
});
export const caseSchema = Type.Object({
  id,
  bundle: Type.String(),
  region: Type.Optional(Type.String({ description: 'where the thing is that it is about, if not here' })),
  phase: Type.Enum(['draft', 'submitted', 'decided', 'delivered', 'withdrawn']),
  openedAt: time,
  submittedAt: Type.Optional(time),
  over: Type.Boolean({ description: 'nothing more is done on it, but for tasks' }),
  subject: Type.Optional(Type.String({ description: 'absent in lists, and where the subject was erased' })),
  items: Type.Array(itemSchema),
  tasks: Type.Array(Type.Object({ task: Type.String(), owner: Type.String(), done: Type.Boolean(), term })),
  steps: Type.Array(Type.Object({ step: Type.String(), done: Type.Array(Type.String()) })),
  outcomes: Type.Array(outcomeSchema, { description: 'what it has come to so far' }),
  rating: Type.Optional(ratingSchema),
  acts: Type.Array(possible, { description: 'what may be done on it now by who asks' }),
  answers: Type.Optional(Type.Record(Type.String(), value)),
  values: Type.Optional(Type.Record(Type.String(), value)),
});
export const listSchema = Type.Object({ cases: Type.Array(caseSchema), next: Type.Optional(Type.String()) });

export const formSchema = Type.Object({
  fields: Type.Array(
    Type.Object({
      element: Type.String(),
      title: localised,
      schema: open,
      required: Type.Boolean(),
      from: Type.Enum(['identity', 'register', 'issued', 'question', 'asked']),
      value: Type.Optional(value),
      dataset: Type.Optional(Type.String({ description: 'the register that said it' })),
      sourceTime: Type.Optional(Type.String({ description: 'as of when it said so' })),
    }),
  ),
  questions: Type.Array(Type.String(), { description: 'asked under these answers' }),
  missing: Type.Array(
    Type.Object({
      what: Type.Enum(['question', 'value', 'invalid', 'conflict', 'away', 'material']),
      name: Type.String(),
      registers: Type.Optional(Type.Array(Type.String())),
      said: Type.Optional(
        Type.Array(Type.Object({ dataset: Type.String(), value }), { description: 'of a conflict, by register' }),
      ),
      outcome: Type.Optional(Type.String({ description: 'of a conflict: how it is corrected' })),
    }),
    { description: 'all that is lacking before it can be submitted' },
  ),
  obstacles: Type.Array(
    Type.Object({
      item: Type.String(),
      says: localised,
      basis: Type.Array(Type.String()),
      state: Type.Enum(['no', 'unknown'], { description: 'it is not so; or nobody has said, which is never "clear"' }),
      owners: Type.Array(Type.String()),
    }),
  ),
});
