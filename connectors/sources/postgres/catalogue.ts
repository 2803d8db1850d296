/** What PostgreSQL says of a table. From `pg_catalog`: `information_schema` hides keys from who may only read. */
import type { Catalogue } from '../../sql/catalogue.js';
import { POSTGRES_PORT } from './connect.js';
import { connectSession } from './session.js';

const COLUMNS = `
  SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum),
    array_position(i.indkey::int2[], a.attnum)::text
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  ORDER BY a.attnum`;
const TABLES = `
  SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') 
    AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1 LIMIT 200`;

const catalogue: Catalogue = {
  kind: 'postgres',
  protocols: ['postgres', 'postgresql'],
  port: POSTGRES_PORT,
  schema: () => 'public',
  connect: connectSession,
  columns: ({ schema, table }) => ({ text: COLUMNS, values: [schema, table] }),
  tables: (schema) => ({ text: TABLES, values: [schema] }),
};
export default catalogue;
