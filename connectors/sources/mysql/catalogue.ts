/** What MySQL or MariaDB says of a table. */
import type { Catalogue } from '../../sql/catalogue.js';
import { MYSQL_PORT } from './connect.js';
import { connectSession } from './session.js';

const COLUMNS = `
  SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.COLUMN_COMMENT, CAST(k.SEQ_IN_INDEX AS CHAR)
  FROM information_schema.COLUMNS c
  LEFT JOIN information_schema.STATISTICS k ON k.TABLE_SCHEMA = c.TABLE_SCHEMA
    AND k.TABLE_NAME = c.TABLE_NAME AND k.COLUMN_NAME = c.COLUMN_NAME AND k.INDEX_NAME = 'PRIMARY'
  WHERE c.TABLE_SCHEMA = ? AND c.TABLE_NAME = ?
  ORDER BY c.ORDINAL_POSITION`;

const catalogue: Catalogue = {
  kind: 'mysql',
  protocols: ['mysql', 'mariadb'],
  port: MYSQL_PORT,
  schema: (database) => database,
  connect: connectSession,
  columns: ({ schema, table }) => ({ text: COLUMNS, values: [schema, table] }),
  tables: (schema) => ({
    text: 'SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? ORDER BY 1 LIMIT 200',
    values: [schema],
  }),
};
export default catalogue;
