/**
 * `publish`: rows through a publisher (key, encoding, contract check, state) against the bus's own client sending the
 * same encoded bytes. On Kafka where YITONG_TEST_KAFKA names one (the reference is plain kafkajs), else on the embedded
 * bus.
 *
 * Both sides send the same rows in the same batches to the same broker and as many partitions, as many batches ahead,
 * through a client that was connected just before; which goes first alternates. The publisher's time ends when its
 * state is on disk. A first round is not counted.
 */

import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Kafka, logLevel } from 'kafkajs';
import { type BusSettings, openBus } from '../../../connectors/bus/open.js';
import { partitionOf } from '../../../connectors/bus/partition.js';
import { type Bus, dataTopic, HEADER, type OutRecord } from '../../../connectors/bus/port.js';
import { loadFeeds } from '../../../connectors/feeds.js';
import { compileMapping } from '../../../connectors/mapping/index.js';
import { identifier, openSession, type PublishRow, State } from '../../../connectors/publish/index.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { JUST_READING } from '../../../connectors/reading/port.js';
import { loadSourceKinds } from '../../../connectors/sources/load.js';
import { encodeRecord } from '../../../contracts/avro.js';
import { type DatasetId, recordKey } from '../../../contracts/ids.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import { frame } from '../../../contracts/wire.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { type BenchRow, round as digits, median, ratioRow } from './rows.js';

const ROWS = 20_000;
/** As `runFeed` publishes. */
const BATCH = 500;
const AHEAD = 8;
const ROUNDS = 9;

type GoodRow = Extract<PublishRow, { value: unknown }>;

/** Rows of the first dataset that the city can make enough of, mapped and ready. */
async function mappedRows(workspace: Workspace, contract: Contract): Promise<GoodRow[]> {
  const feeds = await loadFeeds(workspace);
  const feed = feeds.get(contract.id);
  const kind = (await loadSourceKinds()).get(feed?.source.kind ?? '');
  if (feed === undefined || kind === undefined) throw new Error('the benchmark needs a synthetic feed');
  const run = await kind.open({
    feed,
    workspace,
    baseDir: workspace.dir,
    now: () => new Date(),
    memory: { get: () => undefined, set: () => undefined },
    ...JUST_READING,
    signal: new AbortController().signal,
    options: { companies: String(ROWS) },
  });
  const mapping = compileMapping(feed.mapping, contract, workspace.schemes);
  const rows: GoodRow[] = [];
  if (run === undefined || 'unchanged' in run) throw new Error('the benchmark needs rows');
  for await (const batch of run.rows) {
    for (const row of batch) {
      if (!('cells' in row)) continue;
      const mapped = mapping.map(row.cells);
      if ('ok' in mapped && mapped.ok)
        rows.push({
          position: row.position,
          rowNumber: row.rowNumber,
          sourceTime: run?.sourceTime ?? '',
          value: mapped.value,
        });
    }
  }
  return rows;
}

/** What the publisher would send, made beforehand. */
function encodedRows(rows: readonly GoodRow[], contract: Contract, workspace: Workspace): OutRecord[] {
  const identify = identifier(contract, workspace.schemes);
  const version = contract.latest;
  return rows.map(({ value, sourceTime, position }) => {
    const found = identify.of(value);
    const body = found.ok ? encodeRecord(version, found.identity.value) : undefined;
    if (!found.ok || body?.ok !== true) throw new Error('the benchmark needs rows that keep their contract');
    const { subject, recordId } = found.identity;
    return {
      subject,
      recordId,
      value: frame(version.schemaId, body.body),
      headers: {
        [HEADER.sourceTime]: sourceTime,
        [HEADER.position]: position,
        [HEADER.contractVersion]: String(version.version),
      },
    };
  });
}

/** Calls `send` for each batch, at most AHEAD under way. */
async function pipelined<T>(items: readonly T[], send: (batch: readonly T[]) => Promise<unknown>): Promise<void> {
  const going = new Set<Promise<unknown>>();
  for (let i = 0; i < items.length; i += BATCH) {
    const sent = send(items.slice(i, i + BATCH)).finally(() => going.delete(sent));
    going.add(sent);
    if (going.size >= AHEAD) await Promise.race(going);
  }
  await Promise.all(going);
}

interface Measured {
  readonly perSecond: number;
  /** µs of this process, all threads, a row. */
  readonly cpu: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function measured(count: number, work: () => Promise<void>): Promise<Measured> {
  // neither side pays for the other's garbage
  collectGarbage();
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: count / seconds, cpu: (user + system) / count };
}

interface Scene {
  readonly workspace: Workspace;
  readonly contract: Contract;
  readonly rows: readonly GoodRow[];
  readonly encoded: readonly OutRecord[];
  readonly bus: Bus;
  readonly broker: string | undefined;
  /** Of the reference. */
  readonly topic: string;
}

/** Every row is new: the state is empty, and so is the topic, from which a state would learn what stands there. */
async function publisherSide(
  { workspace: shared, contract, bus, rows }: Scene,
  data: string,
  round: number,
): Promise<Measured> {
  const workspace: Workspace = { ...shared, prefix: `${shared.prefix}-${round + 1}` };
  const state = State.open(data);
  const quarantine = Quarantine.open(data, contract.id, () => new Date());
  const publisher = await openSession({
    workspace,
    contract,
    bus,
    state,
    quarantine,
    now: () => new Date(),
    mode: 'run',
    snapshot: true,
    maxWithdrawShare: 1,
    run: 'bench',
  });
  let published = 0;
  const result = await measured(rows.length, async () => {
    await pipelined(rows, async (batch) => {
      for (const { status } of await publisher.publish(batch)) if (status === 'published') published++;
    });
    await state.flushed();
  });
  if (published !== rows.length) throw new Error(`${published} of ${rows.length} rows were published`);
  await publisher.close();
  await quarantine.close();
  await state.close();
  return result;
}

async function referenceSide({ contract, bus, encoded, broker, topic }: Scene): Promise<Measured> {
  if (broker === undefined) {
    const producer = await bus.producer();
    const result = await measured(encoded.length, () => pipelined(encoded, (batch) => producer.send(topic, batch)));
    await producer.close();
    return result;
  }
  const kafka = new Kafka({ clientId: 'reference', brokers: [broker], logLevel: logLevel.NOTHING }).producer();
  await kafka.connect();
  const result = await measured(encoded.length, () =>
    pipelined(encoded, (batch) =>
      kafka.send({
        topic,
        acks: -1,
        messages: batch.map(({ subject, recordId, value, headers }) => ({
          key: recordKey(subject, recordId),
          value,
          headers: { ...headers },
          partition: partitionOf(subject, contract.partitions),
        })),
      }),
    ),
  );
  await kafka.disconnect();
  return result;
}

export async function publishRow(dir: string): Promise<BenchRow[]> {
  const broker = process.env['YITONG_TEST_KAFKA'];
  const prefix = `bench-${process.pid}`;
  const workspace: Workspace = { ...(await loadWorkspace(packageRoot())), prefix };
  const id = [...workspace.contracts.keys()].find((one) => one.endsWith('.company-register')) as DatasetId;
  const contract = workspace.contracts.get(id);
  if (contract === undefined) throw new Error('the benchmark needs a company register');
  const rows = await mappedRows(workspace, contract);
  const encoded = encodedRows(rows, contract, workspace);
  const settings: BusSettings =
    broker === undefined
      ? { driver: 'embedded', dir: join(dir, 'bus') }
      : {
          driver: 'kafka',
          brokers: [broker],
          clientId: 'bench',
          groupId: prefix,
          replication: 1,
          minInsyncReplicas: 1,
        };
  const bus = await openBus(settings);
  const topic = `${dataTopic(prefix, id)}-reference`;
  await bus.ensureTopics([{ topic, partitions: contract.partitions, history: contract.history }]);
  const scene: Scene = { workspace, contract, rows, encoded, bus, broker, topic };

  const rounds: { value: number; reference: number; cpu: number; referenceCpu: number }[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const data = join(dir, `data-${round}`);
    const before = round % 2 === 0 ? await referenceSide(scene) : undefined;
    const value = await publisherSide(scene, data, round);
    const reference = before ?? (await referenceSide(scene));
    if (round >= 0)
      rounds.push({
        value: value.perSecond,
        reference: reference.perSecond,
        cpu: value.cpu,
        referenceCpu: reference.cpu,
      });
  }
  await bus.close();
  const cpu =
    `; CPU of all its threads ${digits(median(rounds.map((one) => one.cpu)))} µs a row against ` +
    `${digits(median(rounds.map((one) => one.referenceCpu)))}`;
  return [
    ratioRow(
      {
        id: 'publish',
        what: `publishing ${rows.length} new rows through a connector's publisher, contract-checked`,
        unit: 'records/s',
        // the floor is against kafkajs; a bare append to the embedded bus is no such reference
        floor: broker === undefined ? 'none without Kafka (≥ 0.7 of kafkajs)' : '≥ 0.7',
        aim: '0.9',
        note:
          (broker === undefined
            ? 'embedded bus, reference: its own producer with the same encoded bytes (no Kafka here: ' +
              'YITONG_TEST_KAFKA is not set)'
            : 'Apache Kafka, reference: kafkajs with the same encoded bytes and partitions') + cpu,
      },
      rounds,
      (ratio) => broker === undefined || ratio >= 0.7,
    ),
  ];
}
