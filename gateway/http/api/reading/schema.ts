/** Requests and answers about how a source is read. */
import { type Static, Type } from 'typebox';
import { strict } from '../../../answer/question/request.js';
import { moment } from '../../../answer/question/schemas.js';
import { officerSchema } from '../../publishing/officers.js';

export const paramsSchema = Type.Object({ id: Type.String({ maxLength: 200 }) });

export const readBody = Type.Object({ officer: officerSchema }, strict);
export type ReadBody = Static<typeof readBody>;

const rows = Type.Integer({ description: 'that the source gave' });
export const readingSchema = Type.Object({
  dataset: Type.String(),
  asked: Type.Optional(moment('a run is asked for since then, and has not begun')),
  running: Type.Optional(
    Type.Object({
      began: moment(),
      rows: Type.Integer({ description: 'so far, looked at every few seconds' }),
    }),
  ),
  last: Type.Optional(
    Type.Object(
      {
        began: moment('what was asked for before is done by it'),
        ended: moment(),
        state: Type.Enum(['complete', 'nothing-new', 'refused', 'failed'], {
          description:
            '`nothing-new`: the source is as it was read before. `refused`: so much has left the source that nothing ' +
            'was withdrawn. `failed`: it could not be read, for the reason `code`',
        }),
        code: Type.Optional(Type.String({ description: 'a code of docs/errors.md' })),
        rows,
        published: Type.Integer(),
        unchanged: Type.Integer(),
        quarantined: Type.Integer({ description: 'held back by this run' }),
        skipped: Type.Integer({ description: 'not the dataset’s' }),
        withdrawn: Type.Integer(),
      },
      { description: 'the newest run that has ended' },
    ),
  ),
  wait: Type.Integer({ description: 'seconds until it may be asked for again; 0: now' }),
});
