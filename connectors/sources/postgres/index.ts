/** A table of a PostgreSQL database. */
import { tableKind } from '../../sql/poll.js';
import { POSTGRES_PORT } from './connect.js';
import { connectSession, quote } from './session.js';

const TYPES = { instant: 'timestamptz', local: 'timestamp', date: 'date' } as const;

export default tableKind({
  kind: 'postgres',
  title: { zh: 'PostgreSQL 数据库', en: 'a PostgreSQL database' },
  description: 'a table of a PostgreSQL database that is asked for what changed',
  port: POSTGRES_PORT,
  schema: () => 'public',
  connect: connectSession,
  quote,
  placeholder: (n) => `$${n}`,
  moment: (placeholder, time) => `${placeholder}::${TYPES[time]}`,
});
