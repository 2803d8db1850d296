/** A table of a MySQL or MariaDB database. */
import { tableKind } from '../../sql/poll.js';
import { MYSQL_PORT } from './connect.js';
import { connectSession, quote } from './session.js';

export default tableKind({
  kind: 'mysql',
  title: { zh: 'MySQL 数据库', en: 'a MySQL database' },
  description: 'a table of a MySQL or MariaDB database that is asked for what changed',
  port: MYSQL_PORT,
  schema: ({ database }) => database,
  connect: connectSession,
  quote,
  placeholder: () => '?',
  moment: (placeholder, time) => `CAST(${placeholder} AS ${time === 'date' ? 'DATE' : 'DATETIME(6)'})`,
});
