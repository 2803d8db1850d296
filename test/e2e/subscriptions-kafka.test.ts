/**
 * Changes on a real Apache Kafka, on their way to a poll, a webhook and a topic of the client: while workers are killed,
 * and at two gateways over one state of which one goes away. Only one of them sends.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openBus } from '../../connectors/bus/open.js';
import type { Bus } from '../../connectors/bus/port.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { pythonForTest } from '../support/python.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { type City, city } from './city.js';
import { pairOfCities } from './pair.js';
import * as subscribing from './subscribing.js';

t.setTimeout(400_000);
const CHANGES = 500;
const broker = kafkaForTest(t);
const python = broker === undefined ? undefined : pythonForTest(t, 'cryptography', 'cryptography');

const busOf = (broker: string, prefix: string) =>
  ({
    driver: 'kafka',
    brokers: [broker],
    clientId: prefix,
    groupId: prefix,
    replication: 1,
    minInsyncReplicas: 1,
  }) as const;

interface Taking {
  readonly poller: subscribing.Poller;
  readonly receiver: subscribing.Receiver;
  readonly publisher: subscribing.Publisher;
  readonly received: () => Promise<readonly subscribing.Told[]>;
  readonly written: readonly (subscribing.Told & { readonly key: string })[];
}

/** All three ways of one client. */
async function takes(
  t: Test,
  { at, bus, desk, topic, python }: { at: City; bus: Bus; desk: subscribing.Desk; topic: string; python: string },
): Promise<Taking> {
  const { asked, subjects } = subscribing;
  const client = await at.as('front-desk');
  await client.subscribe('polled', { ...asked, way: 'poll', subjects });
  const { publicKey } = await client.subscribe('sent', { ...asked, way: 'webhook', subjects });
  t.match(await client.subscribe('written', { ...asked, way: 'topic', subjects }), { way: 'topic', topic });
  const out = join(desk.workspace, '..', 'received');
  const receiver = new subscribing.Receiver(python, { port: desk.port, ...desk.pair, out, publicKey });
  await receiver.start();
  t.teardown(() => receiver.kill());
  return {
    poller: new subscribing.Poller(),
    receiver,
    publisher: await subscribing.publisherOf(desk.workspace, bus),
    received: () => subscribing.received(out),
    written: await subscribing.readTopic(t, bus, topic),
  };
}

async function allCame(t: Test, { poller, receiver, received, written }: Taking, count: number): Promise<void> {
  await subscribing.cameInOrder(t, 'polled', count, () => poller.told);
  await subscribing.cameInOrder(t, 'received', count, received);
  await subscribing.cameInOrder(t, 'written', count, () => written);
  t.equal(receiver.refused, 0, 'each signature was verified');
  t.strictSame(
    written.filter(({ key, subject }) => key.split('|')[0] !== subject),
    [],
    'each record has its subject as key',
  );
}

if (broker !== undefined && python !== undefined) {
  void t.test('three ways on Kafka, while workers and the receiver are killed', async (t) => {
    const dir = t.testdir();
    const workspace = join(dir, 'workspace');
    const prefix = `e2e-c${randomBytes(4).toString('hex')}`;
    const topic = subscribing.TOPIC(prefix);
    subscribing.initOffice(workspace);
    const file = join(workspace, 'yitong.json');
    const made = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...made, prefix, bus: busOf(broker, prefix) }));
    const desk = await subscribing.deskIn(dir, workspace, topic);
    const bus = await openBus(busOf(broker, `${prefix}-test`));
    t.teardown(() => bus.close());
    // whoever runs the cluster makes it
    await bus.ensureTopics([{ topic, partitions: 3, history: 'full' }]);
    const running = await city(t, { workspace, env: { YITONG_GATEWAY_WORKERS: '2' } });
    const taking = await takes(t, { at: running, bus, desk, topic, python });
    const { poller, receiver, publisher } = taking;
    const polling = poller.run(running);
    const begun = Date.now();
    let kills = 0;
    for (let n = 0; n < CHANGES; n += 10) {
      await publisher.publish(n, 10);
      if (n % 100 !== 50) continue;
      // one of them, or both, so that whoever sends is among them
      kills += subscribing.killed(running, 'operate/process/worker.js', n % 200 === 50 ? 2 : 1);
      if (n === 250) {
        await receiver.kill();
        kills++;
        await receiver.start();
      }
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    await allCame(t, taking, CHANGES);
    t.comment(`${String(kills)} kills, ${String(poller.failures)} failed polls, ${String(Date.now() - begun)} ms`);
    await subscribing.ending(t, {
      workspace,
      publisher,
      from: CHANGES,
      told: async () => [...poller.told, ...(await taking.received()), ...taking.written],
      denied: () => poller.deniedAt !== undefined,
    });
    poller.stopped = true;
    await polling;
    await running.stop();
    const report = await verifyLog({ logDir: join(running.data, 'log'), dataDir: running.data });
    t.match(report, { ok: true }, report.fault ?? 'the log verifies');
  });

  void t.test('two gateways over one state: one sends, and when it is gone the other does', async (t) => {
    let desk: subscribing.Desk | undefined;
    let topic = '';
    const pair = await pairOfCities(t, broker, {
      own: async (workspace, prefix) => {
        topic = subscribing.TOPIC(prefix);
        desk = await subscribing.deskIn(join(workspace, '..'), workspace, topic);
      },
    });
    if (pair === undefined || desk === undefined) return;
    const { prefix } = pair;
    const bus = await openBus(busOf(broker, `${prefix}-test`));
    t.teardown(() => bus.close());
    await bus.ensureTopics([{ topic, partitions: 3, history: 'full' }]);
    const [east, west] = [await pair.start('east'), await pair.start('west')];
    const taking = await takes(t, { at: east, bus, desk, topic, python });
    const { poller, publisher } = taking;
    const polling = poller.run(west);
    const HALF = 200;
    for (let n = 0; n < HALF; n += 10) await publisher.publish(n, 10);
    await allCame(t, taking, HALF);
    t.equal((await taking.received()).length, HALF, 'nothing came twice to the webhook: only one sends');
    t.equal(taking.written.length, HALF, 'nor to the topic');
    for (let n = HALF; n < HALF * 2; n += 10) {
      await publisher.publish(n, 10);
      // with all that it has under way
      if (n === HALF + 50) await east.stop();
    }
    await allCame(t, taking, HALF * 2);
    poller.stopped = true;
    await polling;
  });
}
