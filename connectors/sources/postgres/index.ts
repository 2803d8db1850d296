/** A table of a PostgreSQL database. */
import { YitongError } from '../../../contracts/errors.js';
import { SERVER_PROPERTIES, SERVER_REQUIRED } from '../../sql/server.js';
import type { SourceKind } from '../port.js';

const postgres: SourceKind = {
  kind: 'postgres',
  description: 'a table of a PostgreSQL database',
  schema: { type: 'object', additionalProperties: false, required: ['kind', ...SERVER_REQUIRED], properties: { kind: { const: 'postgres' }, ...SERVER_PROPERTIES } },
  open: async ({ feed }) => {
    throw new YitongError('bad_feed', 'a table cannot be read yet', { place: { file: feed.file } });
  },
};
export default postgres;
