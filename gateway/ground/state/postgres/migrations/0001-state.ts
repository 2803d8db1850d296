/**
 * The tables of the state, and the functions by which alone they are changed: the role of the gateway may read tables
 * and call functions, so it can neither rewrite what happened nor make anything of its own.
 *
 * `commit` takes many commits in one statement. The one row of `head` is its lock: held from its beginning until what
 * it did is durable, so that revisions become visible in their order. No client holds that lock while it thinks, since
 * a statement is a transaction by itself.
 */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** @param s the schema, quoted */
const sql = (s: string): string => `
CREATE TABLE ${s}.head (one boolean PRIMARY KEY DEFAULT true CHECK (one), revision bigint NOT NULL,
  lost bigint NOT NULL);
INSERT INTO ${s}.head VALUES (true, 0, 0);
CREATE TABLE ${s}.commits (id text COLLATE "C" PRIMARY KEY, at bigint NOT NULL, outcome text NOT NULL);
CREATE INDEX ON ${s}.commits (at);
CREATE TABLE ${s}.changes (revision bigint, n int, at bigint NOT NULL, of text NOT NULL, name text NOT NULL, id text,
  PRIMARY KEY (revision, n));
CREATE TABLE ${s}.events (stream text COLLATE "C", number int, revision bigint NOT NULL, at bigint NOT NULL,
  body text NOT NULL, PRIMARY KEY (stream, number));
CREATE TABLE ${s}.documents (kind text COLLATE "C", id text COLLATE "C", version bigint NOT NULL,
  owner text COLLATE "C", links text[] NOT NULL, until bigint, body text NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX ON ${s}.documents (kind, owner, id) WHERE owner IS NOT NULL;
CREATE INDEX ON ${s}.documents (until) WHERE until IS NOT NULL;
CREATE TABLE ${s}.links (kind text COLLATE "C", link text COLLATE "C", id text COLLATE "C",
  PRIMARY KEY (kind, link, id));
CREATE TABLE ${s}.counters (counter text COLLATE "C" PRIMARY KEY, count bigint NOT NULL, until bigint);
CREATE INDEX ON ${s}.counters (until) WHERE until IS NOT NULL;
CREATE TABLE ${s}.sets (set text COLLATE "C" PRIMARY KEY, version bigint NOT NULL);
CREATE TABLE ${s}.members (set text COLLATE "C", member text COLLATE "C", value text NOT NULL,
  PRIMARY KEY (set, member));
CREATE TABLE ${s}.outbox (number bigint PRIMARY KEY, at bigint NOT NULL, topic text NOT NULL, key text NOT NULL,
  value text, headers text NOT NULL);
CREATE TABLE ${s}.leases (lease text COLLATE "C" PRIMARY KEY, holder text NOT NULL, token bigint NOT NULL,
  until bigint NOT NULL);

-- the condition of one change: null where it holds, else why not
CREATE FUNCTION ${s}.against(c jsonb, now bigint) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
  what text := c->>'do';
  wanted bigint;
  there bigint;
BEGIN
  IF what IN ('append', 'drop', 'expect-events') THEN
    wanted := (c->>'after')::bigint;
    IF wanted IS NULL THEN RETURN NULL; END IF;
    SELECT coalesce(max(e.number), 0) INTO there FROM ${s}.events e WHERE e.stream = c->>'stream';
    RETURN CASE WHEN there = wanted THEN NULL ELSE 'events' END;
  ELSIF what IN ('put', 'remove', 'expect-document') THEN
    wanted := (c->>'version')::bigint;
    IF wanted IS NULL THEN RETURN NULL; END IF;
    SELECT d.version INTO there FROM ${s}.documents d
      WHERE d.kind = c->>'kind' AND d.id = c->>'id' AND (d.until IS NULL OR d.until > now);
    there := coalesce(there, 0);
    RETURN CASE WHEN there = wanted THEN NULL WHEN wanted = 0 THEN 'there' WHEN there = 0 THEN 'gone'
      ELSE 'version' END;
  ELSIF what = 'count' THEN
    IF c->>'most' IS NULL THEN RETURN NULL; END IF;
    SELECT k.count INTO there FROM ${s}.counters k
      WHERE k.counter = c->>'counter' AND (k.until IS NULL OR k.until > now);
    RETURN CASE WHEN coalesce(there, 0) + (c->>'by')::bigint > (c->>'most')::bigint THEN 'most' END;
  ELSIF what = 'set' THEN
    wanted := (c->>'version')::bigint;
    IF wanted IS NULL THEN RETURN NULL; END IF;
    SELECT t.version INTO there FROM ${s}.sets t WHERE t.set = c->>'set';
    RETURN CASE WHEN coalesce(there, 0) = wanted THEN NULL ELSE 'set' END;
  ELSIF what = 'expect-lease' THEN
    PERFORM 1 FROM ${s}.leases l WHERE l.lease = c->>'lease' AND l.token = (c->>'token')::bigint AND l.until > now;
    RETURN CASE WHEN FOUND THEN NULL ELSE 'lease' END;
  END IF;
  RETURN NULL;
END $body$;

-- makes one change
CREATE FUNCTION ${s}.apply(c jsonb, rev bigint, n int, now bigint) RETURNS bigint LANGUAGE plpgsql AS $body$
DECLARE
  what text := c->>'do';
  first int;
  result bigint;
BEGIN
  IF what = 'append' THEN
    SELECT coalesce(max(e.number), 0) INTO first FROM ${s}.events e WHERE e.stream = c->>'stream';
    INSERT INTO ${s}.events SELECT c->>'stream', first + x.i, rev, now, x.body
      FROM jsonb_array_elements_text(c->'events') WITH ORDINALITY AS x(body, i);
    INSERT INTO ${s}.changes VALUES (rev, n, now, 'stream', c->>'stream', NULL);
  ELSIF what = 'drop' THEN
    DELETE FROM ${s}.events e WHERE e.stream = c->>'stream';
    INSERT INTO ${s}.changes VALUES (rev, n, now, 'stream', c->>'stream', NULL);
  ELSIF what = 'put' THEN
    DELETE FROM ${s}.links l USING ${s}.documents d WHERE d.kind = c->>'kind' AND d.id = c->>'id'
      AND l.kind = d.kind AND l.id = d.id AND l.link = ANY (d.links);
    INSERT INTO ${s}.documents VALUES (c->>'kind', c->>'id', rev, c->>'owner',
        ARRAY(SELECT x.link FROM jsonb_array_elements_text(c->'links') WITH ORDINALITY AS x(link, i) ORDER BY x.i),
        (c->>'until')::bigint, c->>'body')
      ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, owner = excluded.owner, links = excluded.links,
        until = excluded.until, body = excluded.body;
    INSERT INTO ${s}.links SELECT c->>'kind', x.link, c->>'id' FROM jsonb_array_elements_text(c->'links') AS x(link);
    INSERT INTO ${s}.changes VALUES (rev, n, now, 'document', c->>'kind', c->>'id');
  ELSIF what = 'remove' THEN
    DELETE FROM ${s}.links l USING ${s}.documents d WHERE d.kind = c->>'kind' AND d.id = c->>'id'
      AND l.kind = d.kind AND l.id = d.id AND l.link = ANY (d.links);
    DELETE FROM ${s}.documents d WHERE d.kind = c->>'kind' AND d.id = c->>'id';
    INSERT INTO ${s}.changes VALUES (rev, n, now, 'document', c->>'kind', c->>'id');
  ELSIF what = 'count' THEN
    INSERT INTO ${s}.counters AS k VALUES (c->>'counter', (c->>'by')::bigint, (c->>'until')::bigint)
      ON CONFLICT (counter) DO UPDATE SET
        count = CASE WHEN k.until <= now THEN excluded.count ELSE k.count + excluded.count END,
        until = CASE WHEN k.until <= now THEN excluded.until ELSE k.until END
      RETURNING k.count INTO result;
    INSERT INTO ${s}.changes VALUES (rev, n, now, 'counter', c->>'counter', NULL);
  ELSIF what = 'set' THEN
    INSERT INTO ${s}.members SELECT c->>'set', x.key, x.value FROM jsonb_each_text(coalesce(c->'put', '{}')) AS x
      ON CONFLICT (set, member) DO UPDATE SET value = excluded.value;
    DELETE FROM ${s}.members m WHERE m.set = c->>'set'
      AND m.member IN (SELECT x.member FROM jsonb_array_elements_text(coalesce(c->'remove', '[]')) AS x(member));
    INSERT INTO ${s}.sets VALUES (c->>'set', rev) ON CONFLICT (set) DO UPDATE SET version = excluded.version;
    INSERT INTO ${s}.changes VALUES (rev, n, now, 'set', c->>'set', NULL);
  ELSIF what = 'send' THEN
    INSERT INTO ${s}.outbox VALUES (rev * 1000 + n, now, c->>'topic', c->>'key', c->>'value', c->>'headers');
  END IF;
  RETURN result;
END $body$;

-- commits, in order: each is made whole, or refused with the first condition that does not hold
CREATE FUNCTION ${s}.commit(batch jsonb, given bigint) RETURNS TABLE (outcome text, repeated boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  before bigint;
  rev bigint;
  now bigint;
  one jsonb;
  c jsonb;
  i int;
  reason text;
  counted bigint;
  counts jsonb;
BEGIN
  SELECT h.revision INTO STRICT before FROM ${s}.head h FOR UPDATE;
  rev := before;
  now := coalesce(given, ${NOW});
  FOR one IN SELECT x.value FROM jsonb_array_elements(batch) AS x LOOP
    SELECT m.outcome INTO outcome FROM ${s}.commits m WHERE m.id = one->>'id' AND m.at > now - 86400000;
    IF FOUND THEN
      repeated := true;
      RETURN NEXT;
      CONTINUE;
    END IF;
    i := 0;
    reason := NULL;
    FOR c IN SELECT x.value FROM jsonb_array_elements(one->'changes') AS x LOOP
      reason := ${s}.against(c, now);
      EXIT WHEN reason IS NOT NULL;
      i := i + 1;
    END LOOP;
    IF reason IS NOT NULL THEN
      outcome := jsonb_build_object('at', now, 'conflict', jsonb_build_array(i, reason));
    ELSE
      rev := rev + 1;
      i := 0;
      counts := '{}';
      FOR c IN SELECT x.value FROM jsonb_array_elements(one->'changes') AS x LOOP
        counted := ${s}.apply(c, rev, i, now);
        IF counted IS NOT NULL THEN counts := counts || jsonb_build_object(c->>'counter', counted); END IF;
        i := i + 1;
      END LOOP;
      outcome := jsonb_build_object('revision', rev, 'at', now, 'counts', counts);
    END IF;
    INSERT INTO ${s}.commits VALUES (one->>'id', now, outcome)
      ON CONFLICT (id) DO UPDATE SET at = excluded.at, outcome = excluded.outcome;
    repeated := false;
    RETURN NEXT;
  END LOOP;
  IF rev > before THEN UPDATE ${s}.head h SET revision = rev; END IF;
END $body$;

CREATE FUNCTION ${s}.sent(numbers bigint[]) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $body$ DELETE FROM ${s}.outbox o WHERE o.number = ANY (numbers) $body$;

-- a token only grows: the row of a lease stays for good
CREATE FUNCTION ${s}.take_lease(name text, who text, ms bigint, given bigint) RETURNS TABLE (token bigint, until bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  now bigint;
BEGIN
  INSERT INTO ${s}.leases VALUES (name, who, 0, 0) ON CONFLICT (lease) DO NOTHING;
  PERFORM 1 FROM ${s}.leases l WHERE l.lease = name FOR UPDATE;
  now := coalesce(given, ${NOW});
  RETURN QUERY UPDATE ${s}.leases AS l SET holder = who, until = now + ms,
      token = CASE WHEN l.until > now THEN l.token ELSE l.token + 1 END
    WHERE l.lease = name AND (l.until <= now OR l.holder = who) RETURNING l.token, l.until;
END $body$;

CREATE FUNCTION ${s}.release_lease(name text, held bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $body$
  UPDATE ${s}.leases l SET until = 0 WHERE l.lease = name AND l.token = held
$body$;

CREATE FUNCTION ${s}.sweep(most int, given bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  now bigint;
  part bigint;
  removed bigint := 0;
  up bigint;
BEGIN
  PERFORM 1 FROM ${s}.head h FOR UPDATE;
  now := coalesce(given, ${NOW});
  WITH old AS (DELETE FROM ${s}.documents d WHERE (d.kind, d.id) IN
      (SELECT o.kind, o.id FROM ${s}.documents o WHERE o.until <= now ORDER BY o.until LIMIT most)
      RETURNING d.kind, d.id, d.links),
    gone AS (DELETE FROM ${s}.links l USING old WHERE l.kind = old.kind AND l.id = old.id AND l.link = ANY (old.links))
  SELECT count(*) INTO part FROM old;
  removed := removed + part;
  DELETE FROM ${s}.counters k WHERE k.counter IN
    (SELECT o.counter FROM ${s}.counters o WHERE o.until <= now ORDER BY o.until LIMIT most);
  GET DIAGNOSTICS part = ROW_COUNT;
  removed := removed + part;
  DELETE FROM ${s}.commits m WHERE m.id IN
    (SELECT o.id FROM ${s}.commits o WHERE o.at <= now - 86400000 ORDER BY o.at LIMIT most);
  GET DIAGNOSTICS part = ROW_COUNT;
  removed := removed + part;
  SELECT max(x.revision) INTO up FROM
    (SELECT o.revision, o.at FROM ${s}.changes o ORDER BY o.revision, o.n LIMIT most) AS x WHERE x.at <= now - 86400000;
  IF up IS NOT NULL THEN
    DELETE FROM ${s}.changes o WHERE o.revision <= up;
    GET DIAGNOSTICS part = ROW_COUNT;
    removed := removed + part;
    UPDATE ${s}.head h SET lost = up;
  END IF;
  RETURN removed;
END $body$;
`;
export default sql;
