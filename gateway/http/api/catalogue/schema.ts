/** Answers of the catalogue, as TypeBox, for OpenAPI. */
import { Type } from 'typebox';
import { CLASSIFICATIONS } from '../../../../contracts/types.js';
import { day, localised, moment } from '../../../answer/question/schemas.js';

const head = {
  id: Type.String({ description: '`<authority>.<dataset>`' }),
  name: localised,
  provider: Type.Object({ id: Type.String(), name: Type.Optional(localised) }),
  sharing: Type.Object({
    attribute: Type.Enum(['unconditional', 'conditional', 'none'], { description: '政务数据共享条例 Art.14' }),
    delivery: Type.Array(Type.Enum(['query', 'verify', 'batch', 'file', 'subscription'])),
    conditions: Type.Optional(Type.Object({ scope: localised, use: localised }, { description: 'of `conditional`' })),
    refusal: Type.Optional(
      Type.Object({ reason: localised, legalBasis: Type.Array(Type.String()) }, { description: 'of `none`' }),
    ),
  }),
  updateFrequency: Type.String({ description: 'ISO 8601 duration: older than this is `stale`' }),
  subject: Type.Object({
    scheme: Type.String({ description: 'of the key by which it is asked' }),
    persons: Type.Boolean({ description: 'subjects are natural persons' }),
  }),
  domains: Type.Array(Type.String()),
  kind: Type.String(),
};
const share = (description: string) => Type.Optional(Type.Number({ description }));
const measures = {
  completeness: share('share of the fields that may be empty which are filled in, 0 to 1'),
  validity: share("share of keys and codes that today's contract takes"),
  freshness: share('1 where it was seen in full within its declared frequency, else 0'),
  accepted: share('share of rows that are not held back; absent where they are held elsewhere'),
  perThousand: share('objections and corrections of 90 days for each thousand records'),
};
const signedOff = Type.Object({ role: Type.String(), date: day() });

export const headSchema = Type.Object(head);
export const listSchema = Type.Object({ entries: Type.Array(headSchema) });
export const entrySchema = Type.Object({
  ...head,
  description: localised,
  format: Type.String(),
  recordId: Type.Array(Type.String(), { description: 'fields that tell records of one subject apart' }),
  grading: Type.Object({ category: Type.String(), grade: Type.Enum(['general', 'important', 'core']) }),
  approval: signedOff,
  assessments: Type.Object({ secrecy: signedOff, personalInformation: signedOff }),
  history: Type.Enum(['full', 'latest'], { description: '`latest`: `asOf` and `cut` answer `history_not_kept`' }),
  items: Type.Array(
    Type.Object({
      path: Type.String({ description: 'by which grants and questions name it' }),
      title: localised,
      classification: Type.Enum([...CLASSIFICATIONS]),
      type: Type.String(),
      nullable: Type.Boolean(),
      codelist: Type.Optional(Type.String()),
      unit: Type.Optional(Type.String()),
    }),
  ),
  state: Type.Object({
    status: Type.Enum(['current', 'stale', 'never-loaded', 'unavailable']),
    sourceTime: Type.Optional(moment('the source was seen in full up to here')),
    records: Type.Integer(),
    versions: Type.Integer(),
  }),
  quality: Type.Object(
    {
      day: Type.Optional(day()),
      sampled: Type.Optional(
        Type.Integer({ description: 'published versions that were looked into, the newest ones' }),
      ),
      ...measures,
      mean30: Type.Object(measures, { description: 'means of the 30 days before' }),
      mean90: Type.Object(measures, { description: 'means of the 90 days before' }),
      worries: Type.Array(
        Type.Object({
          measure: Type.Enum(['completeness', 'validity', 'freshness', 'accepted', 'perThousand']),
          kind: Type.Enum(['low', 'fell', 'many'], {
            description: 'below its mark; five points below its mean of 30 days; more than 5 of a thousand',
          }),
        }),
      ),
    },
    { description: 'as this replica measured it last; without a `day` before that' },
  ),
});
