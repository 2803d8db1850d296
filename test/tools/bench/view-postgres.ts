/**
 * The view on PostgreSQL, on one server: how fast records come in, and a question about one subject against a bare
 * prepared `SELECT` of the same bytes over as many connections.
 */
import { Pool as BarePool } from 'pg';
import type { InRecord } from '../../../connectors/bus/port.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import {
  migrateView,
  openPostgresViewWriter,
  readerOver,
  ServerView,
  SLICES,
  sliceOf,
} from '../../../gateway/answer/view/postgres/index.js';
import { Pool } from '../../../gateway/ground/state/postgres/pool.js';
import { serverAt } from '../../support/conformance/view-servers.js';
import { COMPANY, PENALTY, PERMIT, said, sent, subject, topicOf, world } from '../../support/conformance/view-world.js';
import { benchPostgres } from './postgres.js';
import { type BenchRow, quantile, ratioRow, round } from './rows.js';

export const DATASETS = [COMPANY, PERMIT, PENALTY];
export const SCHEMA = 'yitong_view';
/** Of a record's text: as long as that of a middling register. */
const TEXT = 'x'.repeat(160);
/** Records of each subject. */
export const EACH = 5;
const BATCH = 2000;
const TOGETHER = 4;
const AT_ONCE = 8;
const ROUNDS = 5;
const SECONDS = 2;
const FLOOR = { apply: 10_000, query: 0.5, p99: 3 };

interface Measured {
  readonly perSecond: number;
  /** ms */
  readonly p99: number;
}

async function measure(seconds: number, ask: (n: number) => Promise<void>): Promise<Measured> {
  const times: number[] = [];
  const began = performance.now();
  let n = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() - began < seconds * 1000) {
        const asked = performance.now();
        await ask(n++);
        times.push(performance.now() - asked);
      }
    }),
  );
  return { perSecond: (times.length / (performance.now() - began)) * 1000, p99: quantile(times, 0.99) };
}

/** The batches of the bus, in the order in which they come. */
export function* batches(records: number): Generator<readonly (readonly InRecord[])[]> {
  const subjects = Math.ceil(records / EACH);
  const next = new Map(DATASETS.map((dataset) => [dataset, 0]));
  for (let from = 0; from < records; from += BATCH * TOGETHER) {
    const together: InRecord[][] = [];
    for (let b = 0; b < TOGETHER && from + b * BATCH < records; b++) {
      const dataset = DATASETS[(from / BATCH + b) % DATASETS.length] ?? COMPANY;
      const offset = next.get(dataset) ?? 0;
      const count = Math.min(BATCH, records - from - b * BATCH);
      next.set(dataset, offset + count);
      together.push(
        Array.from({ length: count }, (_, i) => {
          // subjects come in no order, as they do from registers
          const of = ((from + b * BATCH + i) * 7919) % subjects;
          return sent({
            dataset,
            offset: offset + i,
            subject: subject(of),
            record: `r${String(offset + i)}`,
            text: TEXT,
          });
        }),
      );
    }
    yield together;
  }
}

/** Undefined where PostgreSQL is not installed. */
export async function viewPostgresRows(
  dir: string,
  { records = 200_000, quick }: { readonly records?: number | undefined; readonly quick: boolean },
): Promise<BenchRow[] | undefined> {
  const postgres = await benchPostgres(dir);
  if (postgres === undefined) return undefined;
  try {
    const url = await postgres.database('view');
    const pool = new Pool(serverAt(url, { connections: AT_ONCE }));
    const bare = new BarePool({ connectionString: url, max: AT_ONCE });
    try {
      return await rowsOf({ url, pool, bare, records: quick ? 40_000 : records, version: postgres.version });
    } finally {
      await bare.end();
      await pool.close();
    }
  } finally {
    await postgres.stop();
  }
}

interface Parts {
  readonly url: string;
  readonly pool: Pool;
  readonly bare: BarePool;
  readonly records: number;
  readonly version: string;
}

async function rowsOf({ url, pool, bare, records, version }: Parts): Promise<BenchRow[]> {
  await migrateView(pool, SCHEMA, new URL(url).username);
  const server = new ServerView('one', pool, SCHEMA);
  const workspace = world(DATASETS);
  const writer = await openPostgresViewWriter({ server, workspace, slices: [[0, SLICES - 1]] });
  const applying: number[] = [];
  for (const together of batches(records)) {
    const count = together.reduce((sum, batch) => sum + batch.length, 0);
    const began = performance.now();
    await writer.applyAll(together.map((batch) => writer.prepare(batch)));
    applying.push((count / (performance.now() - began)) * 1000);
  }
  await writer.apply(DATASETS.filter((id) => id.startsWith('samr')).map((id, i) => said(id, i)));
  await writer.caughtUp(
    DATASETS.flatMap((id) => [0, 1].map((partition) => ({ topic: topicOf(id), partition, at: Date.now() }))),
  );
  await bare.query('ANALYZE');

  const reader = readerOver({ servers: [server], serverOf: () => 'one', workspace });
  const subjects = Math.ceil(records / EACH);
  const of = (n: number): SubjectKey => subject((n * 104_729) % subjects);
  let bytes = 0;
  const ours = async (n: number): Promise<void> => {
    const one = of(n);
    const from = await reader.fetch([one], DATASETS, { kind: 'now' });
    const outcomes = from.read(one, DATASETS, { kind: 'now' }, (_, { start, end }) => void (bytes += end - start));
    if (outcomes.some((outcome) => outcome !== 'ok')) throw new Error(`the view answers ${outcomes.join(', ')}`);
  };
  const select = `SELECT head FROM ${SCHEMA}.heads WHERE slice = $1 AND subject = $2`;
  const reference = async (n: number): Promise<void> => {
    const one = of(n);
    const { rows } = await bare.query<[Buffer]>({
      name: 'bare',
      text: select,
      rowMode: 'array',
      values: [sliceOf(one), one],
    });
    bytes += rows[0]?.[0].length ?? 0;
  };
  await measure(SECONDS / 2, ours);
  await measure(SECONDS / 2, reference);
  const rounds: { readonly ours: Measured; readonly bare: Measured }[] = [];
  for (let i = 0; i < ROUNDS; i++)
    rounds.push({ ours: await measure(SECONDS, ours), bare: await measure(SECONDS, reference) });
  await writer.close();
  if (bytes === 0) throw new Error('nothing was read');

  const note = `PostgreSQL ${version}, ${String(records)} records`;
  // each part of the load counts, also the last and largest
  const applied = [...applying].sort((a, b) => a - b);
  const value = quantile(applied, 0.5);
  return [
    ratioRow(
      {
        id: 'query-postgres',
        what: `questions to the view on PostgreSQL, ${String(AT_ONCE)} at once, against a bare prepared SELECT`,
        unit: 'questions/s',
        floor: `≥ ${String(FLOOR.query)}`,
        aim: '0.8',
        note,
      },
      rounds.map(({ ours: own, bare: other }) => ({ value: own.perSecond, reference: other.perSecond })),
      (ratio) => ratio >= FLOOR.query,
    ),
    ratioRow(
      {
        id: 'query-postgres-p99',
        what: 'the same, 99th percentile of latency',
        unit: 'ms',
        floor: `≤ ${String(FLOOR.p99)}`,
        aim: '1.5',
      },
      rounds.map(({ ours: own, bare: other }) => ({ value: own.p99, reference: other.p99 })),
      (ratio) => ratio <= FLOOR.p99,
    ),
    {
      id: 'apply-postgres',
      what: 'records applied to the view on PostgreSQL, median of batches',
      value: round(value, 4),
      unit: 'records/s',
      reference: null,
      ratio: null,
      floor: `≥ ${FLOOR.apply.toLocaleString('en')}`,
      aim: '20,000',
      holds: value >= FLOOR.apply,
      runs: applied.length,
      spread: [round(applied[0] ?? 0, 4), round(applied.at(-1) ?? 0, 4)],
      note,
    },
  ];
}
