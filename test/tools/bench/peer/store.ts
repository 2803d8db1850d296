/**
 * The peer's tables: records by subject, so that one look into one index finds all that is asked of a company; until
 * when each source was seen; and the audit table.
 */
import { join } from 'node:path';
import { Client, type Pool } from 'pg';
import type { DatasetId, SubjectKey } from '../../../../contracts/ids.js';
import type { Workspace } from '../../../../contracts/types.js';
import { compileProjection, Out, type Projection } from '../../../../gateway/answer/projection/index.js';
import { openLmdbViewReader } from '../../../../gateway/answer/view/lmdb/index.js';
import type { Row } from './answer.js';

const TABLES = `
CREATE TABLE record (
  subject text COLLATE "C",
  dataset text COLLATE "C",
  record_id text COLLATE "C",
  body text NOT NULL,
  -- what is only ever repeated stands as the text that is sent
  provenance text NOT NULL,
  PRIMARY KEY (subject, dataset, record_id)
);
CREATE TABLE seen (dataset text PRIMARY KEY, source_time text NOT NULL);
CREATE TABLE audit (
  -- given in ascending order, so that its index grows at one end
  request_id text COLLATE "C" PRIMARY KEY,
  time timestamptz NOT NULL,
  client text NOT NULL,
  authority text NOT NULL,
  purpose text NOT NULL,
  stated text NOT NULL,
  subject text NOT NULL,
  decisions text NOT NULL,
  records integer NOT NULL
);`;

/** Rows of one statement while the tables are filled. */
const ROWS = 2000;

/**
 * Makes the tables in an empty database and copies what a city's view has of these datasets and subjects.
 * @param data the city's data folder
 * @returns how many records
 */
export async function fillPeer(
  url: string,
  workspace: Workspace,
  data: string,
  datasets: readonly string[],
  subjects: readonly string[],
): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const view = openLmdbViewReader({ dir: join(data, 'view'), workspace });
  const projections = new Map<number, Projection>();
  const whole = (schemaId: number): Projection => {
    let known = projections.get(schemaId);
    const version = workspace.schemasById.get(schemaId)?.version;
    if (version === undefined) throw new Error(`schema ${schemaId} is not of this workspace`);
    if (known === undefined) {
      const leaves = version.fields.filter(({ branch }) => !branch).map(({ path }) => path);
      projections.set(schemaId, (known = compileProjection(version, leaves)));
    }
    return known;
  };
  const ids = datasets as readonly DatasetId[];
  const out = new Out(64 * 1024);
  let rows: string[][] = [];
  let count = 0;
  const write = async (): Promise<void> => {
    const columns = [0, 1, 2, 3, 4].map((n) => rows.map((row) => row[n]));
    await client.query(
      'INSERT INTO record SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])',
      columns,
    );
    count += rows.length;
    rows = [];
  };
  try {
    await client.query(TABLES);
    for (const dataset of ids) {
      const { complete } = view.datasetState(dataset);
      if (complete !== undefined)
        await client.query('INSERT INTO seen VALUES ($1, $2)', [dataset, complete.sourceTime]);
    }
    for (const subject of subjects) {
      view.read(subject as SubjectKey, ids, { kind: 'now' }, (n, version) => {
        out.pos = 0;
        whole(version.schemaId).write(version.bytes, version.start, version.end, out);
        const provenance = JSON.stringify({
          version: `${version.partition}:${version.offset}`,
          publishedAt: new Date(version.publishedAt).toISOString(),
          sourceTime: new Date(version.sourceTime).toISOString(),
          contractVersion: version.contractVersion,
        });
        rows.push([subject, ids[n] ?? '', version.recordId, out.written().toString('utf8'), provenance]);
      });
      if (rows.length >= ROWS) await write();
    }
    await write();
    await client.query('ANALYZE');
    return count;
  } finally {
    await view.close();
    await client.end();
  }
}

/** What an audit row says, beside the number of records. */
export interface Noted {
  readonly requestId: string;
  readonly time: string;
  readonly client: string;
  readonly authority: string;
  readonly purpose: string;
  readonly stated: string;
  readonly subject: string;
  readonly decisions: string;
}

const values = (noted: Noted): string[] => [
  noted.requestId,
  noted.time,
  noted.client,
  noted.authority,
  noted.purpose,
  noted.stated,
  noted.subject,
  noted.decisions,
];

/** Reads the records and commits the audit row; resolves when the row is committed. */
export type ReadAndNote = (noted: Noted, reads: readonly string[]) => Promise<readonly Row[]>;

/** One prepared statement, one round trip: it is its own transaction, and has answered when that is committed. */
const TOGETHER = `
WITH found AS MATERIALIZED (
  SELECT dataset, record_id, body, provenance FROM record WHERE subject = $7 AND dataset = ANY ($9)
), noted AS (
  INSERT INTO audit SELECT $1, $2, $3, $4, $5, $6, $7, $8, (SELECT count(*) FROM found)
)
SELECT dataset, body, provenance FROM found ORDER BY dataset, record_id`;

export const tuned =
  (pool: Pool): ReadAndNote =>
  async (noted, reads) =>
    (
      await pool.query<[string, string, string]>({
        name: 'read-and-note',
        text: TOGETHER,
        rowMode: 'array',
        values: [...values(noted), reads],
      })
    ).rows;

/** As it is written first: a statement a dataset, then a transaction for the audit row. */
export const plain =
  (pool: Pool): ReadAndNote =>
  async (noted, reads) => {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      const rows: Row[] = [];
      for (const dataset of reads) {
        const found = await client.query<{ body: string; provenance: string }>(
          'SELECT body, provenance FROM record WHERE subject = $1 AND dataset = $2 ORDER BY record_id',
          [noted.subject, dataset],
        );
        rows.push(...found.rows.map(({ body, provenance }): Row => [dataset, body, provenance]));
      }
      await client.query('BEGIN');
      await client.query('INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
        ...values(noted),
        rows.length,
      ]);
      await client.query('COMMIT');
      return rows;
    } catch (error) {
      broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      // a connection on which something failed may be within a transaction: it is not used again
      client.release(broken);
    }
  };
