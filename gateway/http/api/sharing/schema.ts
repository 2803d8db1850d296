/** Requests and answers of matters of sharing over HTTP. */
import { type Static, Type } from 'typebox';
import { OFFICER_ROLES } from '../../../../contracts/lifecycle/program-names.js';
import { strict } from '../../../answer/question/request.js';

export const PAGE = 50;
const MAX_PAGE = 200;
const id = Type.String({ pattern: '^[0-9a-f]{16}$' });
const word = Type.String({ minLength: 1, maxLength: 200 });
const fields = Type.Record(Type.String({ maxLength: 60 }), Type.String({ maxLength: 10_000 }), {
  maxProperties: 50,
  description: "by the name that the act's `requires` and `optional` give",
});
export const officer = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 200, description: 'of your own; it stands in the log under a key' }),
    role: Type.Enum([...OFFICER_ROLES], {
      description: 'as which the officer acted in your system, which answers for that',
    }),
  },
  { ...strict, description: 'who acted in your system; absent: the system itself, as an officer' },
);
const key = Type.String({
  minLength: 1,
  maxLength: 100,
  description: 'your own, the same when you send the same act again: it is done once',
});
const content = Type.Unknown({ description: 'an application, a reply, as the act says; docs/sharing.md' });

export const paramsSchema = Type.Object({ id });
export const datasetParams = Type.Object({ dataset: word });

export const listQuery = Type.Object(
  {
    tray: Type.Optional(
      Type.Enum(['todo', 'open', 'over'], {
        description: '`todo` (default): those on which your authority may act now',
      }),
    ),
    machine: Type.Optional(Type.String({ maxLength: 60, description: '`application`, `correction`, …; default all' })),
    about: Type.Optional(
      Type.String({ maxLength: 300, description: 'what it concerns: `dataset/tax.tax-arrears`, `grant/a-…-0-0`' }),
    ),
    role: Type.Optional(Type.String({ maxLength: 60, description: 'of the officer for whom your system asks' })),
    limit: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,2}$',
        description: `matters in this answer, at most ${String(MAX_PAGE)}; default ${String(PAGE)}`,
      }),
    ),
    after: Type.Optional(Type.String({ maxLength: 1200, description: '`next` of an earlier answer' })),
  },
  strict,
);
export type ListQuery = Static<typeof listQuery>;
export const limitOf = ({ limit }: ListQuery): number => Math.min(MAX_PAGE, limit === undefined ? PAGE : Number(limit));

const acting = {
  act: word,
  fields: Type.Optional(fields),
  content: Type.Optional(content),
  officer: Type.Optional(officer),
  key: Type.Optional(key),
};
export const actBody = Type.Object(
  {
    ...acting,
    part: Type.Optional(Type.String({ maxLength: 300, description: 'of an act for one part, a dataset' })),
    clock: Type.Optional(Type.String({ maxLength: 60, description: 'of `extend` and `consent`' })),
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 250, description: 'of `extend`' })),
  },
  strict,
);
export type ActBody = Static<typeof actBody>;
export const openBody = Type.Object(
  {
    machine: word,
    ...acting,
    subject: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'of a correction: whom the record is about, `uscc:…`' }),
    ),
  },
  strict,
);
export type OpenBody = Static<typeof openBody>;
export const standingBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 2000 }), officer: Type.Optional(officer) },
  strict,
);
export type StandingBody = Static<typeof standingBody>;

const clockSchema = Type.Object({
  clock: Type.String(),
  party: Type.String(),
  due: Type.String({ format: 'date', description: 'the last day of the term, in Asia/Shanghai' }),
  provisional: Type.Boolean({ description: 'it reaches into a year whose holidays are not published' }),
  left: Type.Integer({ description: 'working days until then; negative once it is over' }),
  over: Type.Boolean(),
  stoppedAt: Type.Optional(Type.String({ format: 'date-time' })),
  asked: Type.Optional(Type.Integer({ description: 'days that an extension asked for, and that are not agreed to' })),
});

export const matterSchema = Type.Object({
  id,
  machine: Type.String(),
  over: Type.Boolean({ description: 'true once nothing more is done on it' }),
  openedAt: Type.String({ format: 'date-time' }),
  at: Type.String({ format: 'date-time', description: 'of the last step' }),
  about: Type.Array(Type.String()),
  parts: Type.Array(
    Type.Object({
      part: Type.String({ description: 'of an application the dataset; empty where the matter has no parts' }),
      state: Type.String(),
      variant: Type.String(),
      sides: Type.Record(Type.String(), Type.String(), { description: 'which authority is what' }),
      clocks: Type.Array(clockSchema),
    }),
  ),
  parties: Type.Array(Type.String(), { description: 'as which your authority sees it' }),
  deputed: Type.Array(Type.String(), { description: 'of these: as which the officer stands in for a head' }),
  acts: Type.Array(
    Type.Object({
      act: Type.String(),
      party: Type.String(),
      parts: Type.Array(Type.String()),
      each: Type.Boolean({ description: 'true: it names one of these parts' }),
      clock: Type.Optional(Type.String()),
      requires: Type.Array(Type.String()),
      optional: Type.Array(Type.String()),
      content: Type.Optional(Type.String({ description: 'what it brings: `application`, `reply`' })),
    }),
    { description: 'what your authority may do now' },
  ),
  contents: Type.Record(Type.String(), Type.Unknown(), { description: 'the newest: `application`, `reply/<dataset>`' }),
  steps: Type.Array(
    Type.Object({
      at: Type.String({ format: 'date-time' }),
      act: Type.String(),
      party: Type.String(),
      part: Type.Optional(Type.String()),
      clock: Type.Optional(Type.String()),
      days: Type.Optional(Type.Integer()),
      deputy: Type.Optional(Type.Boolean({ description: 'done by a deputy, for a head who was away' })),
      fields: Type.Record(Type.String(), Type.String()),
      receipt: Type.String({ description: 'of its entry in the log' }),
    }),
  ),
});
export const listSchema = Type.Object({ matters: Type.Array(matterSchema), next: Type.Optional(Type.String()) });
export const standingSchema = Type.Object({
  dataset: Type.String(),
  at: Type.String({ format: 'date-time' }),
  reason: Type.String(),
});
export const standingListSchema = Type.Object({ consents: Type.Array(standingSchema) });

const counts = Type.Record(Type.String(), Type.Integer());
const termSchema = Type.Object({
  inTime: Type.Integer({ description: 'done within the period, in time' }),
  late: Type.Integer({ description: 'done within the period, after its term' }),
  waiting: Type.Integer({ description: 'not done at the end of the period' }),
  overdue: Type.Integer({ description: 'of these, with a term that is over' }),
  mean: Type.Optional(Type.Number({ description: 'working days of what was done' })),
  median: Type.Optional(Type.Integer()),
  p90: Type.Optional(Type.Integer()),
});
const figuresSchema = Type.Object({
  machines: Type.Record(
    Type.String(),
    Type.Object({
      came: Type.Integer({ description: 'parts that came within the period' }),
      open: Type.Integer({ description: 'not over at its end' }),
      states: counts,
      acts: counts,
    }),
    { description: 'by kind of matter: `application`, `correction`, `misuse`, …' },
  ),
  terms: Type.Object({
    answers: termSchema,
    answersUnconditional: termSchema,
    answersConditional: termSchema,
    supplies: termSchema,
    corrections: termSchema,
    updates: termSchema,
    reviews: termSchema,
  }),
  grounds: Type.Record(Type.String(), Type.Integer(), { description: '`misuse/art-40-2`' }),
});
const share = Type.Optional(Type.Number({ description: 'from 0 to 1, as measured last within the period' }));
export const statisticsSchema = Type.Object({
  from: Type.String({ format: 'date' }),
  to: Type.String({ format: 'date' }),
  authority: Type.String(),
  level: Type.Boolean({ description: 'true: of all matters that the authority looks after; false: of its own' }),
  until: Type.String({ format: 'date-time', description: 'steps from then on are not counted' }),
  total: figuresSchema,
  departments: Type.Array(
    Type.Object({
      authority: Type.String(),
      provides: figuresSchema,
      requests: figuresSchema,
      datasets: Type.Array(
        Type.Object({
          dataset: Type.String(),
          measured: Type.Integer({ description: 'days on which its quality was measured' }),
          fresh: Type.Integer({ description: 'of these, on which it came as often as declared' }),
          completeness: share,
          validity: share,
          accepted: share,
          perThousand: Type.Optional(Type.Number({ description: 'corrections per thousand records' })),
          worries: Type.Array(Type.Enum(['completeness', 'validity', 'freshness', 'accepted', 'perThousand'])),
        }),
      ),
      use: Type.Object({
        grants: Type.Integer({ description: 'that could be used on some day of the period' }),
        recorded: Type.Integer({ description: 'of these, with a record of use (政务数据共享条例 Art.29(2))' }),
        calls: Type.Integer(),
        denied: Type.Integer(),
      }),
    }),
  ),
  standing: Type.Integer({ description: 'datasets that whoever applies is given at once, now' }),
});
export const statisticsQuery = Type.Object(
  {
    period: Type.Optional(
      Type.String({ maxLength: 10, description: '`2026`, `2026-Q3` or `2026-09`; default the quarter that it is' }),
    ),
    from: Type.Optional(Type.String({ maxLength: 10, description: 'a day, with `to`, and without `period`' })),
    to: Type.Optional(Type.String({ maxLength: 10 })),
    role: Type.Optional(
      Type.String({ maxLength: 60, description: '`sharing-authority`: of the whole level that it looks after' }),
    ),
  },
  strict,
);
export type StatisticsQuery = Static<typeof statisticsQuery>;
