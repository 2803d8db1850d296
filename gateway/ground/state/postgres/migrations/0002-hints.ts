/** Whoever listens is told that something was committed: a hint to look sooner, with nothing in it. */

/** @param s the schema, quoted */
const sql = (s: string): string => `
CREATE FUNCTION ${s}.hint() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
  PERFORM pg_notify('yitong_' || md5(TG_TABLE_SCHEMA), '');
  RETURN NULL;
END $body$;
CREATE TRIGGER hint AFTER UPDATE OF revision ON ${s}.head FOR EACH STATEMENT EXECUTE FUNCTION ${s}.hint();
`;
export default sql;
