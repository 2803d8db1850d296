/** The statements of the state on PostgreSQL, each prepared once on a connection. */
import type { PageRange } from '../checked.js';
import type { Statement } from './pool.js';

/** In ms since 1970; `$n` where a caller has a clock of its own. */
const now = (n: number): string =>
  `coalesce($${String(n)}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`;
const there = `(d.until IS NULL OR d.until > ${now(3)})`;
const DOCUMENT = 'd.id, d.version, d.owner, d.links, d.until, d.body';

export interface Statements {
  readonly events: Statement;
  readonly document: Statement;
  readonly documentsById: Statement;
  readonly counter: Statement;
  readonly counters: Statement;
  readonly set: Statement;
  readonly commit: Statement;
  readonly revision: Statement;
  readonly changes: Statement;
  readonly outbox: Statement;
  readonly sent: Statement;
  readonly lease: Statement;
  readonly release: Statement;
  readonly sweep: Statement;
  documents(by: PageRange['by'], descending: boolean): Statement;
}

/** @param s the schema, quoted */
export const statementsOf = (s: string): Statements => ({
  events: {
    name: 'yt_events',
    text:
      `SELECT number, revision, at, body FROM ${s}.events WHERE stream = $1 AND number > $2 ORDER BY number ` +
      'LIMIT $3',
  },
  document: {
    name: 'yt_document',
    text: `SELECT ${DOCUMENT} FROM ${s}.documents d WHERE d.kind = $1 AND d.id = $2 AND ${there}`,
  },
  documentsById: {
    name: 'yt_documents_by_id',
    text: `SELECT ${DOCUMENT} FROM ${s}.documents d WHERE d.kind = $1 AND d.id = ANY ($2::text[]) AND ${there}`,
  },
  documents: (by, descending) => documents(s, by, descending),
  counter: {
    name: 'yt_counter',
    text: `SELECT count FROM ${s}.counters WHERE counter = $1 AND (until IS NULL OR until > ${now(2)})`,
  },
  counters: {
    name: 'yt_counters',
    text:
      `SELECT counter, count FROM ${s}.counters WHERE counter >= $1 AND counter < $2 AND (until IS NULL OR ` +
      `until > ${now(3)}) ORDER BY counter`,
  },
  // in one statement, so that members are those of the version
  set: {
    name: 'yt_set',
    text:
      `SELECT t.version, m.member, m.value FROM ${s}.sets t LEFT JOIN ${s}.members m ON m.set = t.set WHERE ` +
      't.set = $1 ORDER BY m.member',
  },
  commit: { name: 'yt_commit', text: `SELECT outcome, repeated FROM ${s}.commit($1::jsonb, $2::bigint)` },
  revision: { name: 'yt_revision', text: `SELECT revision FROM ${s}.head` },
  // the head and what is behind it as of one moment
  changes: {
    name: 'yt_changes',
    text:
      `SELECT h.revision AS head, h.lost, c.revision, c.of, c.name, c.id FROM ${s}.head h LEFT JOIN LATERAL ` +
      `(SELECT * FROM ${s}.changes x WHERE x.revision > $1 ORDER BY x.revision, x.n LIMIT $2) c ON true ORDER BY ` +
      'c.revision, c.n',
  },
  outbox: {
    name: 'yt_outbox',
    text: `SELECT number, at, topic, key, value, headers FROM ${s}.outbox ORDER BY number LIMIT $1`,
  },
  sent: { name: 'yt_sent', text: `SELECT ${s}.sent($1::bigint[])` },
  lease: { name: 'yt_lease', text: `SELECT token, until FROM ${s}.take_lease($1, $2, $3, $4)` },
  release: { name: 'yt_release', text: `SELECT ${s}.release_lease($1, $2)` },
  sweep: { name: 'yt_sweep', text: `SELECT removed FROM ${s}.sweep($1, $2) AS removed` },
});

/** `$1` kind, `$2` and `$3` where the range begins and ends, `$4` and `$5` behind what, `$6` how many, `$7` the time */
function documents(s: string, by: PageRange['by'], descending: boolean): Statement {
  const [sign, order] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
  const name = `yt_documents_${by}_${order.toLowerCase()}`;
  const there = `(d.until IS NULL OR d.until > ${now(7)})`;
  if (by === 'link')
    return {
      name,
      text:
        `SELECT ${DOCUMENT}, l.link FROM ${s}.links l JOIN ${s}.documents d ON d.kind = l.kind AND d.id = l.id WHERE ` +
        `l.kind = $1 AND l.link >= $2 AND l.link < $3 AND (l.link, l.id) ${sign} ($4, $5) AND ${there} ` +
        `ORDER BY l.link ${order}, l.id ${order} LIMIT $6`,
    };
  const whose = by === 'owner' ? 'd.owner = $2 AND d.owner = $3' : '$2::text = $3::text';
  return {
    name,
    text:
      `SELECT ${DOCUMENT}, $4::text AS link FROM ${s}.documents d WHERE d.kind = $1 AND ${whose} AND d.id ${sign} $5 ` +
      `AND ${there} ORDER BY d.id ${order} LIMIT $6`,
  };
}
