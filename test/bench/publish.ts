/**
 * `publish`: rows through a publisher (key, encoding, contract check, state) against the bus's own client sending the same encoded bytes.
 * On Kafka where YITONG_TEST_KAFKA names one (the reference is plain kafkajs), else on the embedded bus.
 */
import { Kafka, logLevel, type Producer as KafkaProducer } from 'kafkajs';
import { join } from 'node:path';
import { openBus, type BusSettings } from '../../connectors/bus/open.js';
import { dataTopic } from '../../connectors/bus/port.js';
import { partitionOf } from '../../connectors/bus/partition.js';
import { createPublisher, State, type PublishRow } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { loadFeeds } from '../../connectors/feeds.js';
import { compileMapping } from '../../connectors/mapping/index.js';
import { loadSourceKinds } from '../../connectors/sources/load.js';
import { encodeRecord } from '../../contracts/avro.js';
import type { DatasetId } from '../../contracts/ids.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import { frame } from '../../contracts/wire.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/cli/places.js';
import { ratioRow, type BenchRow } from './rows.js';

const ROWS = 20_000;
const BATCH = 500;
const AHEAD = 8;
const ROUNDS = 5;

/** Rows of the first dataset that the city can make enough of, mapped and ready. */
async function mappedRows(workspace: Workspace, contract: Contract): Promise<PublishRow[]> {
  const feeds = await loadFeeds(workspace);
  const feed = feeds.get(contract.id);
  const kind = (await loadSourceKinds()).get(feed?.source.kind ?? '');
  if (feed === undefined || kind === undefined) throw new Error('the benchmark needs a synthetic feed');
  const run = await kind.open({ feed, workspace, baseDir: workspace.dir, now: () => new Date(), memory: { get: () => undefined, set: () => undefined }, signal: new AbortController().signal, options: { companies: String(ROWS) } });
  const mapping = compileMapping(feed.mapping, contract, workspace.schemes);
  const rows: PublishRow[] = [];
  for await (const batch of run?.rows ?? []) {
    for (const row of batch) {
      if (!('cells' in row)) continue;
      const mapped = mapping.map(row.cells);
      if ('ok' in mapped && mapped.ok) rows.push({ position: row.position, rowNumber: row.rowNumber, sourceTime: new Date().toISOString(), value: mapped.value });
    }
  }
  return rows;
}

/** Calls `send` for each batch, at most AHEAD under way. */
async function pipelined<T>(items: readonly T[], send: (batch: readonly T[]) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  const going = new Set<Promise<unknown>>();
  for (let i = 0; i < items.length; i += BATCH) {
    const sent = send(items.slice(i, i + BATCH)).finally(() => going.delete(sent));
    going.add(sent);
    if (going.size >= AHEAD) await Promise.race(going);
  }
  await Promise.all(going);
  return items.length / ((performance.now() - started) / 1000);
}

export async function publishRow(dir: string): Promise<BenchRow[]> {
  const broker = process.env['YITONG_TEST_KAFKA'];
  const loaded = await loadWorkspace(packageRoot());
  const id = [...loaded.contracts.keys()].find((one) => one.endsWith('.company-register')) as DatasetId;
  const rounds: { value: number; reference: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const prefix = `bench-${process.pid}-${round}`;
    const workspace: Workspace = { ...loaded, prefix };
    const contract = workspace.contracts.get(id);
    if (contract === undefined) throw new Error('the benchmark needs a company register');
    const rows = await mappedRows(workspace, contract);
    const settings: BusSettings = broker === undefined ? { driver: 'embedded', dir: join(dir, `bus-${round}`) } : { driver: 'kafka', brokers: [broker], clientId: 'bench', groupId: prefix, replication: 1, minInsyncReplicas: 1 };
    const bus = await openBus(settings);
    const data = join(dir, `data-${round}`);
    const state = State.open(data);
    const quarantine = Quarantine.open(data, contract.id, () => new Date());
    const publisher = await createPublisher({ workspace, contract, bus, state, quarantine, now: () => new Date(), mode: 'run', snapshot: true });

    // the same bytes, encoded beforehand
    const topic = `${dataTopic(prefix, id)}-reference`;
    await bus.ensureTopics([{ topic, partitions: contract.partitions, history: contract.history }]);
    const encoded = rows.flatMap((row) => {
      if (!('value' in row)) return [];
      const body = encodeRecord(contract.latest, row.value);
      if (!body.ok) return [];
      const key = row.value[contract.subject.field];
      return [{ subject: `${contract.subject.scheme}:${String(key)}`, recordId: '', value: frame(contract.latest.schemaId, body.body), headers: { 'yt-source-time': row.sourceTime, 'yt-position': row.position, 'yt-contract-version': '1' } }];
    });
    let plain: KafkaProducer | undefined;
    let send: (batch: readonly (typeof encoded)[number][]) => Promise<unknown>;
    const producer = await bus.producer();
    if (broker === undefined) send = (batch) => producer.send(topic, batch);
    else {
      plain = new Kafka({ clientId: 'reference', brokers: [broker], logLevel: logLevel.NOTHING }).producer();
      await plain.connect();
      const kafka = plain;
      send = (batch) =>
        kafka.send({ topic, acks: -1, messages: batch.map((record) => ({ key: `${record.subject}|`, value: record.value, headers: record.headers, partition: partitionOf(record.subject, contract.partitions) })) });
    }
    const order = round % 2 === 0;
    const reference = order ? await pipelined(encoded, send) : 0;
    const value = await pipelined(rows, (batch) => publisher.publish(batch));
    rounds.push({ value, reference: order ? reference : await pipelined(encoded, send) });
    await publisher.close();
    await producer.close();
    await plain?.disconnect();
    await quarantine.close();
    await state.close();
    await bus.close();
  }
  return [
    ratioRow(
      { id: 'publish', what: `publishing ${ROWS} rows through a connector's publisher, contract-checked`, unit: 'records/s', floor: '≥ 0.7', aim: '0.9', note: broker === undefined ? 'embedded bus, reference: its own producer with the same encoded bytes (no Kafka here: YITONG_TEST_KAFKA is not set)' : 'Apache Kafka, reference: kafkajs with the same encoded bytes and partitions' },
      rounds,
      (ratio) => ratio >= 0.7,
    ),
  ];
}
