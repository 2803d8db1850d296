/** Requests and answers of mends over HTTP. */
import { type Static, Type } from 'typebox';
import { strict } from '../../../answer/question/request.js';
import { localised, moment, open } from '../../../answer/question/schemas.js';
import { officerSchema } from '../../publishing/officers.js';

const hex = (description: string) => Type.String({ pattern: '^[0-9a-f]{16}$', description });
const dataset = Type.String({ maxLength: 200 });
const code = Type.String({ minLength: 1, maxLength: 60, description: 'a code of docs/errors.md' });
const field = Type.String({ maxLength: 400, description: 'of the contract; absent where the row as a whole is wrong' });
const rows = Type.Integer({ description: 'rows that are held back for it' });

export const paramsSchema = Type.Object({ id: dataset });
export const draftParams = Type.Object({ id: dataset, mend: hex('of a draft') });
// whose dataset it is comes first: a stranger is not told what is lacking
export const causeQuery = Type.Object({ code: Type.Optional(code), field: Type.Optional(field) }, strict);

export const proposeBody = Type.Object(
  {
    code,
    field: Type.Optional(field),
    parts: Type.Optional(
      Type.Array(hex('`key` of a part'), {
        minItems: 1,
        maxItems: 100,
        uniqueItems: true,
        description: 'only these of what is proposed; default: all',
      }),
    ),
    row: Type.Optional(hex('of a row in quarantine: only what is proposed for it')),
    officer: officerSchema,
  },
  strict,
);
export type ProposeBody = Static<typeof proposeBody>;
const ACTS = ['approve', 'refuse', 'write', 'undo'] as const;
export const actBody = Type.Object(
  {
    act: Type.Enum(ACTS, {
      description:
        '`approve`: by another officer than whoever proposed it; `refuse`: by anybody, and so whoever proposed it ' +
        'takes it back; `write`: puts in place what was approved and could not be written then; `undo`: a new draft ' +
        'of the mapping of before',
    }),
    officer: officerSchema,
  },
  strict,
);
export type ActBody = Static<typeof actBody>;

const part = {
  kind: Type.Enum([
    'halfwidth',
    'invisible',
    'spaces',
    'upper',
    'separator',
    'decimals',
    'zeros',
    'lookalike',
    'date',
    'group',
    'words',
    'booleans',
    'empty',
  ]),
  edits: Type.Array(open, { description: 'of the mapping, as its file would say them' }),
  words: localised,
};
const many = Type.Integer();

export const proposedSchema = Type.Object({
  dataset: Type.String(),
  code: Type.String(),
  field: Type.String(),
  rows,
  looked: Type.Integer({ description: 'of these, out of which it is made' }),
  left: Type.Integer({ description: 'of those that were looked at: stay as they are with all parts' }),
  parts: Type.Array(
    Type.Object({
      key: hex('the same as long as it changes the same'),
      ...part,
      good: Type.Integer({ description: 'rows that it makes good, with those before it' }),
      otherwise: Type.Integer({ description: 'rows of which the field is right then, and something else is wrong' }),
    }),
    { description: 'none where nothing can be proposed without guessing what was meant' },
  ),
});

const step = Type.Object({
  at: moment(),
  name: Type.Optional(Type.String({ description: 'absent once it was erased' })),
  via: Type.Optional(Type.String({ description: 'the client in whose system it was; absent: on a page' })),
});
export const draftSchema = Type.Object({
  id: hex('of the draft'),
  dataset: Type.String(),
  code: Type.String(),
  field: Type.String(),
  standing: Type.Enum(['open', 'outdated', 'withdrawn', 'waiting', 'in-force', 'replaced', 'undone'], {
    description: 'compared with what the feed says now',
  }),
  refused: Type.Optional(Type.Boolean({ description: '`withdrawn` by another officer than whoever proposed it' })),
  acts: Type.Array(Type.Enum(ACTS), { description: 'what may be done with it now' }),
  elsewhere: Type.Optional(
    Type.Enum(['setting', 'git', 'layer', 'read-only'], {
      description: 'why the feed is not written here: `file` is to be put in place as any other change',
    }),
  ),
  parts: Type.Array(Type.Object(part), { description: 'none of a draft that puts back what was before' }),
  undoes: Type.Optional(hex('the draft before which the mapping was so')),
  proposed: step,
  approved: Type.Optional(step),
  withdrawn: Type.Optional(step),
  applied: Type.Optional(moment('when the feed first said so')),
  before: Type.String({ description: 'SHA-256, hex, of what the feed said' }),
  after: Type.String({ description: 'SHA-256, hex, of what it would say' }),
  held: Type.Object(
    { looked: many, good: many, skipped: many, otherwise: many, same: many, goodOfOthers: many },
    {
      description:
        'tried on all rows that are held back. Of the cause: `good`, not the dataset’s (`skipped`), held back for ' +
        'another reason (`otherwise`), as before (`same`); and of other causes good as well',
    },
  ),
  source: Type.Optional(
    Type.Object(
      {
        looked: many,
        whole: Type.Boolean(),
        same: many,
        changed: many,
        comesIn: many,
        goesOut: many,
        bad: many,
      },
      { description: 'tried on the source: `changed` and `goesOut` are records that are published' },
    ),
  ),
  notRead: Type.Optional(
    Type.Enum(['pushed', 'moves', 'failed'], { description: 'why it was not tried on the source' }),
  ),
  file: Type.Optional(Type.String({ description: 'of one draft: the feed as it would be, JSON text' })),
});

export const listSchema = Type.Object({
  dataset: Type.String(),
  causes: Type.Array(Type.Object({ code: Type.String(), field: Type.String(), rows })),
  drafts: Type.Array(draftSchema, { description: 'the newest first, 50 at most' }),
});
