/**
 * A register under load, read by connectors that are killed. `YITONG_TEST_CHANGES=100000 YITONG_TEST_KILLS=12 node
 * dist/test/connectors/postgres-logical-killed.test.js` is the long form; `YITONG_TEST_SEED` repeats one.
 */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { decodeRecord } from '../../contracts/avro.js';
import { FRAME_BYTES } from '../../contracts/wire.js';
import { postgresForTest } from '../support/servers/postgres.js';
import { differences, replicated, TABLE } from './replicated.js';
import { draws, versionOf, write } from './writer.js';

const child = new URL('./replicate-until-killed.js', import.meta.url);
const CHANGES = Number(process.env['YITONG_TEST_CHANGES'] ?? 2000);
const KILLS = Number(process.env['YITONG_TEST_KILLS'] ?? 3);
const SEED = Number(process.env['YITONG_TEST_SEED'] ?? Date.now() % 1_000_000);
const NEVER = Number.MAX_SAFE_INTEGER;
const LONG = CHANGES > 10_000;
t.setTimeout(LONG ? 900_000 : 100_000);

interface Message {
  readonly rows?: number;
  readonly report?: unknown;
  readonly error?: string;
}

/**
 * Kills the connector at `rows` rows of one of its runs, or `ms` after its first sign of life, or after its copy is
 * complete. Whether the copy was seen to be.
 */
async function connect(
  dir: string,
  url: string,
  rows: number,
  ms: number,
  errors: string[],
  copied: boolean,
): Promise<boolean> {
  const connector = fork(child, [dir, url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const gone = new Promise<void>((resolve) => connector.once('exit', () => resolve()));
  let complete = copied;
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => void connector.kill('SIGKILL');
  connector.on('message', (message: Message) => {
    if (message.error !== undefined) errors.push(message.error);
    if ((message.rows ?? 0) >= rows) kill();
    if (message.report !== undefined) complete = true;
    if (timer === undefined && (complete || rows !== NEVER)) timer = setTimeout(kill, ms);
  });
  await gone;
  return complete;
}

t.test(
  'killed anywhere, under load from the copy on, the topic ends as the table, and no version comes that never was',
  async (t) => {
    const postgres = await postgresForTest(t);
    if (postgres === undefined) return;
    t.comment(`seed ${SEED}, ${CHANGES} changes, ${KILLS} kills`);
    const { sql, url } = postgres;
    const draw = draws(SEED);
    const dir = t.testdir();
    const versions = new Set<string>();
    await sql(`${TABLE}; ALTER TABLE companies ALTER status SET STORAGE EXTERNAL`);
    // rows that are there before, so that the copy takes a while
    await write({ url, seed: SEED + 1, changes: CHANGES / 4, from: 0, versions });

    let killing = true;
    let begun = 0;
    // the load lasts as long as there is something to kill
    const pause = async (): Promise<void> => {
      begun += 1;
      if (killing) await sleep(LONG ? 10 : 40);
    };
    const writers = [1, 2].map((n) =>
      write({
        url,
        seed: SEED + 10 * n,
        changes: (CHANGES * 3) / 8,
        from: n * 10_000_000,
        versions,
        pause,
        goOn: () => killing,
      }),
    );
    const errors: string[] = [];
    let copied = false;
    for (let kill = 0; kill < KILLS; kill++)
      copied = await connect(
        dir,
        url,
        kill < KILLS / 4 ? 200 + draw() * 800 : NEVER,
        200 + draw() * 1500,
        errors,
        copied,
      );
    killing = false;
    const written = await Promise.all(writers);
    t.comment(JSON.stringify({ written, errors }));

    const office = await replicated(dir, url);
    t.teardown(() => office.close());
    const started = performance.now();
    const reports = [await office.run()];
    while (reports.at(-1)?.state !== 'nothing-new') reports.push(await office.run());
    t.comment(
      `caught up in ${Math.round(performance.now() - started)} ms: ` +
        `${JSON.stringify(reports.map(({ rows, published, unchanged, notes }) => ({ rows, published, unchanged, notes })))}`,
    );
    const table = (await sql('SELECT code, name, status, staff FROM companies')).rows;
    const last = await office.last();
    t.strictSame(differences(last, table), [], `all of ${table.length} rows are as the table has them`);

    const records = await office.records();
    const kinds = new Set<string>();
    let invented = 0;
    for (const { key, value, headers } of records) {
      const code = key.slice('digit9:'.length, -1);
      kinds.add(`${key} ${headers[office.HEADER.position]} ${value === null ? '' : value.toString('base64')}`);
      if (value === null) continue;
      const { name, status, staff } = decodeRecord(office.contract.latest, value, FRAME_BYTES) as Record<
        string,
        unknown
      >;
      if (!versions.has(versionOf(code, name, status, staff))) invented += 1;
    }
    t.equal(invented, 0, 'each version of the topic was once in the table');
    t.comment(`${records.length} records, ${kinds.size} different, ${last.size} current, ${begun} transactions begun`);
    t.strictSame(
      (
        await sql(
          "SELECT count(*)::int AS n FROM pg_replication_slots WHERE slot_name LIKE 'yitong_test_companies_%' AND database = current_database()",
        )
      ).rows,
      [{ n: 1 }],
      'no slot is left behind',
    );
  },
);
