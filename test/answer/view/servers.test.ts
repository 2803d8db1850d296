/**
 * A view on three PostgreSQL servers of its own: one is killed, one is paused, slices are moved, while records come and
 * questions are asked. Every answer is compared with what the bus had at the answer's own cut.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import t from 'tap';
import type { InRecord } from '../../../connectors/bus/port.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import type { ViewReader } from '../../../gateway/answer/view/port.js';
import {
  declaredServers,
  FollowedServers,
  migrateView,
  moveSlice,
  openPostgresViewReader,
  SLICES,
  sliceOf,
} from '../../../gateway/answer/view/postgres/index.js';
import { readView, type ViewSettings } from '../../../gateway/ground/config/view.js';
import { COMPANY, PERMIT, read, said, sent, subject, topicOf, world } from '../../support/conformance/view-world.js';
import { type FaultyPostgres, faultyPostgres } from '../../support/servers/faulty-postgres.js';
import { MemoryBus } from './memory-bus.js';

const DATASETS = [COMPANY, PERMIT];
const SUBJECTS = 400;
/** Answers that are checked; a long run asks for more. */
const ANSWERS = Number(process.env['YITONG_VIEW_ANSWERS'] ?? 6000);
const NAMES = ['a', 'b', 'c'];
const NOW = { kind: 'now' } as const;
const PASSWORD = 'for this test';
const PLACE = { file: 'yitong.json' };

/** What was published of one record of a subject, in the order of the bus; null: withdrawn. */
interface Published {
  readonly offset: number;
  readonly record: string;
  readonly text: string | null;
}

/** The bus, and what it had at each offset. */
class Model {
  readonly bus = new MemoryBus();
  readonly #published = new Map<string, Published[]>();
  readonly #ends = new Map<string, number>();
  /** By the rows that a watermark says: what was published before it, by dataset. */
  readonly #runs: ReadonlyMap<string, number>[] = [];

  async open(): Promise<void> {
    await this.bus.ensureTopics([
      ...DATASETS.map((id) => ({ topic: topicOf(id), partitions: 2, history: 'full' as const })),
      { topic: said(COMPANY, 0).topic, partitions: 1, history: 'latest' },
    ]);
  }

  /** Some records of random subjects, then a watermark over all of them. */
  publish(count: number): void {
    const records: InRecord[] = [];
    for (let i = 0; i < count; i++) {
      const dataset = DATASETS[Math.floor(Math.random() * DATASETS.length)] ?? COMPANY;
      const of = subject(Math.floor(Math.random() * SUBJECTS));
      const record = `r${String(Math.floor(Math.random() * 4))}`;
      const offset = this.#ends.get(dataset) ?? 0;
      this.#ends.set(dataset, offset + 1);
      const text = Math.random() < 0.2 ? null : `t${String(offset)}`;
      const key = `${of} ${dataset}`;
      const published = this.#published.get(key);
      if (published === undefined) this.#published.set(key, [{ offset, record, text }]);
      else published.push({ offset, record, text });
      records.push(sent({ dataset, offset, subject: of, record, text, time: Date.now() }));
    }
    this.bus.append(...records);
    const run = this.#runs.push(new Map(this.#ends));
    this.bus.append(...DATASETS.map((dataset) => said(dataset, 0, { rows: run - 1, time: Date.now() })));
  }

  /** What a subject's records are once everything below an offset was applied. */
  expected(of: SubjectKey, dataset: string, below: number): string {
    const now = new Map<string, string>();
    for (const { offset, record, text } of this.#published.get(`${of} ${dataset}`) ?? []) {
      if (offset >= below) break;
      if (text === null) now.delete(record);
      else now.set(record, text);
    }
    return [...now]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([record, text]) => `${record}=${text}`)
      .join(' ');
  }

  /** The offset up to which a watermark says that everything was there. */
  endOf(dataset: string, run: number): number {
    return this.#runs[run]?.get(dataset) ?? 0;
  }

  end(dataset: string): number {
    return this.#ends.get(dataset) ?? 0;
  }
}

interface Checked {
  answers: number;
  unavailable: number;
  wrong: string[];
}

/** One question, and whether its answer is what the bus had. @returns whether the subject could be read */
async function ask(reader: ViewReader, model: Model, of: SubjectKey, checked: Checked): Promise<boolean> {
  const from = await reader.fetch?.([of], DATASETS, NOW);
  if (from === undefined) throw new Error('the view is fetched');
  const found = DATASETS.map((): string[] => []);
  const outcomes = from.read(of, DATASETS, NOW, (i, version) => {
    const text = Buffer.from(version.bytes.subarray(version.start + 1, version.end)).toString();
    found[i]?.push(`${version.recordId}=${text}`);
  });
  const cut = from.cut(DATASETS, of);
  checked.answers++;
  if (outcomes.some((outcome) => outcome !== 'ok')) {
    checked.unavailable++;
    if (found.some((records, i) => records.length > 0 && outcomes[i] !== 'ok')) checked.wrong.push(`${of}: both`);
    return false;
  }
  for (const [i, dataset] of DATASETS.entries()) {
    const below = cut[topicOf(dataset)]?.[0] ?? 0;
    const expected = model.expected(of, dataset, below);
    const got = found[i]?.join(' ') ?? '';
    if (got !== expected) checked.wrong.push(`${of} ${dataset} below ${String(below)}: ${got} for ${expected}`);
    const { complete } = from.datasetState(dataset, of);
    if (complete !== undefined && below < model.endOf(dataset, complete.rows))
      checked.wrong.push(`${of} ${dataset}: current at run ${String(complete.rows)}, read below ${String(below)}`);
  }
  return true;
}

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await wait(20);
};

t.test('one server killed, one paused, slices moved under load: no false answer', async (t) => {
  const servers: FaultyPostgres[] = [];
  for (const _ of NAMES) {
    const server = await faultyPostgres(t);
    if (server === undefined) return;
    servers.push(server);
  }
  const dir = t.testdir({});
  await makeRoles(servers);
  const settings = viewSettings(dir, servers);
  await migrate(settings, dir);

  const model = new Model();
  await model.open();
  const stop = new AbortController();
  const written = declaredServers(settings, dir, PLACE, 'write');
  const writer = new FollowedServers(written, world(DATASETS));
  const ended = writer.follow({ bus: model.bus, signal: stop.signal, pollMs: 50, marginMs: 0, retryMs: 50 });
  const reader = openPostgresViewReader({
    settings,
    baseDir: dir,
    place: PLACE,
    workspace: world(DATASETS),
    onAway: (server, why) => t.comment(`${server} is away: ${why}`),
  });
  const checked: Checked = { answers: 0, unavailable: 0, wrong: [] };
  let publishing = true;
  const publisher = (async () => {
    while (publishing) {
      model.publish(20);
      await wait(20);
    }
  })();
  const random = (): SubjectKey => subject(Math.floor(Math.random() * SUBJECTS));
  const asking = (async () => {
    while (publishing) await Promise.all(Array.from({ length: 8 }, () => ask(reader, model, random(), checked)));
  })();
  t.teardown(async () => {
    publishing = false;
    stop.abort();
    await Promise.allSettled([ended, publisher, asking]);
    await reader.close();
    await writer.close();
  });
  const on = (name: string): SubjectKey => {
    for (let n = 0; ; n++) if (written.serverOf(sliceOf(subject(n))) === name) return subject(n);
  };
  const answers = (of: SubjectKey): Promise<boolean> => ask(reader, model, of, checked);
  const answersAndGrows = async (name: string): Promise<void> => {
    await until(() => answers(on(name)));
    const reached = model.end(COMPANY);
    await until(async () => {
      const from = await reader.fetch?.([on(name)], DATASETS, NOW);
      return (from?.cut([COMPANY], on(name))[topicOf(COMPANY)]?.[0] ?? 0) >= reached;
    });
  };
  for (const name of NAMES) await answersAndGrows(name);
  t.pass('all three answer');

  await servers[0]?.kill();
  await until(async () => !(await answers(on('a'))));
  t.ok(await answers(on('b')), 'the others answer while one is gone');
  await answersAndGrows('c');
  await servers[0]?.start();
  const killed = performance.now();
  await answersAndGrows('a');
  t.comment(
    `killed and started again: as far as the others ${String(Math.round(performance.now() - killed))} ms later`,
  );

  servers[1]?.pause();
  await until(async () => !(await answers(on('b'))));
  t.ok(await answers(on('a')), 'the others answer while one is silent');
  await wait(2000);
  servers[1]?.resume();
  const resumed = performance.now();
  await answersAndGrows('b');
  t.comment(`silent and back: ${String(Math.round(performance.now() - resumed))} ms`);

  const moving = declaredServers(settings, dir, PLACE, 'write');
  t.teardown(() => moving.close());
  const at = (name: string) => {
    const found = moving.servers.find((server) => server.name === name);
    if (found === undefined) throw new Error(`no server ${name}`);
    return found;
  };
  const moved = Array.from({ length: 12 }, (_, n) => sliceOf(subject(n * 7)));
  const began = performance.now();
  for (const slice of new Set(moved)) {
    const home = written.serverOf(slice);
    const other = NAMES[(NAMES.indexOf(home) + 1) % NAMES.length] ?? home;
    await moveSlice(slice, at(home), at(other));
  }
  t.comment(`${String(new Set(moved).size)} slices moved in ${String(Math.round(performance.now() - began))} ms`);
  for (let n = 0; n < 12; n++) t.ok(await answers(subject(n * 7)), 'what was moved is answered');
  // one goes home again
  const [first = 0] = moved;
  const home = written.serverOf(first);
  await moveSlice(first, at(NAMES[(NAMES.indexOf(home) + 1) % NAMES.length] ?? home), at(home));
  t.ok(await answers(subject(0)));

  await until(() => checked.answers >= ANSWERS);
  publishing = false;
  await Promise.all([publisher, asking]);
  // at the end all of the bus is there, on whichever server
  await until(async () => {
    for (const name of NAMES) {
      const from = await reader.fetch?.([on(name)], DATASETS, NOW);
      for (const dataset of DATASETS)
        if ((from?.cut([dataset], on(name))[topicOf(dataset)]?.[0] ?? 0) < model.end(dataset)) return false;
    }
    return true;
  });
  let records = 0;
  for (let n = 0; n < SUBJECTS; n++) {
    t.ok(await answers(subject(n)));
    await read(reader, subject(n), DATASETS, NOW, () => void records++);
  }
  const whole = await reader.fetch?.([], [], NOW);
  t.equal(
    DATASETS.reduce((sum, dataset) => sum + (whole?.datasetState(dataset).records ?? 0), 0),
    records,
    'the servers count what they have, moved slices too',
  );
  t.strictSame(
    checked.wrong.slice(0, 5),
    [],
    `${String(checked.answers)} answers, ${String(checked.unavailable)} unavailable`,
  );
});

/** On each server an owner of the tables and a user of them. */
async function makeRoles(servers: readonly FaultyPostgres[]): Promise<void> {
  for (const { url } of servers) {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(
      `CREATE ROLE owner LOGIN PASSWORD '${PASSWORD}'; CREATE ROLE asker LOGIN PASSWORD '${PASSWORD}';
       GRANT CREATE ON DATABASE postgres TO owner`,
    );
    await client.end();
  }
}

function viewSettings(dir: string, servers: readonly FaultyPostgres[]): ViewSettings {
  const urls = servers.map(({ url }) => new URL(url));
  writeFileSync(join(dir, 'password'), PASSWORD);
  return readView(
    {
      driver: 'postgres',
      servers: urls.map(({ host }, i) => ({ name: NAMES[i], addresses: [host], database: 'postgres' })),
      slices: [
        { from: 0, to: 1399, server: 'a' },
        { from: 1400, to: 2799, server: 'b' },
        { from: 2800, to: SLICES - 1, server: 'c' },
      ],
      user: 'asker',
      passwordFile: 'password',
      owner: 'owner',
      ownerPasswordFile: 'password',
      tls: false,
      readTimeoutMs: 500,
      connectTimeoutMs: 500,
      writeTimeoutMs: 2000,
      behindSeconds: 60,
    },
    PLACE,
    {},
  );
}

/** As whoever owns the tables, who is not who uses them. */
async function migrate(settings: ViewSettings, dir: string): Promise<void> {
  const owned = declaredServers(settings, dir, PLACE, 'own');
  try {
    for (const { pool, schema } of owned.servers) await migrateView(pool, schema, settings.user);
  } finally {
    await owned.close();
  }
}
