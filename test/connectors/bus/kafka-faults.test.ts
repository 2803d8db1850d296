/**
 * What a real Kafka does on bad days, to producers and to a view; what takes longer than seconds belongs to the faults
 * harness.
 */
import t from 'tap';
import { type KafkaOptions, openKafkaBus } from '../../../connectors/bus/kafka/bus.js';
import { connectKafka, withAdmin } from '../../../connectors/bus/kafka/client.js';
import { type Bus, controlTopic, type OutRecord } from '../../../connectors/bus/port.js';
import { forwardSpool, Spool, SpoolingProducer } from '../../../connectors/spool/index.js';
import { followBus } from '../../../gateway/answer/view/follow.js';
import { openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import { collect, freshTopic, record, rejectsWith } from '../../support/conformance/bus.js';
import {
  asOf,
  body,
  COMPANY,
  PERMIT,
  said,
  seen,
  sent,
  subject,
  topicOf,
  world,
} from '../../support/conformance/view-world.js';
import { startBroker } from '../../support/servers/broker.js';
import { kafkaForTest } from '../../support/servers/kafka.js';

t.setTimeout(180_000);

if (kafkaForTest(t) !== undefined) {
  void t.test('a Kafka on bad days', async (t) => {
    const broker = await startBroker(t, { properties: { 'log.retention.check.interval.ms': '500' } });
    const options: KafkaOptions = {
      brokers: [broker.addresses['PLAINTEXT'] ?? ''],
      clientId: 'faults',
      groupId: 'faults',
      replication: 1,
      minInsyncReplicas: 1,
      giveUpAfterMs: 30_000,
      requestTimeoutMs: 2000,
    };
    const open = async (more: Partial<KafkaOptions> = {}): Promise<Bus> => {
      const bus = await openKafkaBus({ ...options, ...more });
      t.teardown(() => bus.close());
      return bus;
    };
    const admin = withAdmin(connectKafka(options));
    const bus = await open();
    /** Deleted, and gone everywhere; whoever follows it may have made it anew by then. */
    const remove = async (topics: string[]): Promise<void> => {
      const ids = await Promise.all(topics.map(async (topic) => (await bus.topicState(topic))?.id));
      for (const [at, topic] of topics.entries())
        for (;;) {
          const state = await bus.topicState(topic);
          if (state === undefined || state.id !== ids[at]) break;
          // a broker that is slow to answer may not have taken the order: it is asked again
          await admin((admin) => admin.deleteTopics({ topics: [topic] })).catch(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
    };
    const numbers = (from: number, count: number): OutRecord[] =>
      Array.from({ length: count }, (_, i) => record('uscc:A', String(from + i)));

    await t.test('a broker that is killed under load costs time, no record and no order', async (t) => {
      const spec = freshTopic(2);
      await bus.ensureTopics([spec]);
      const producer = await bus.producer();
      let n = 0;
      const sending = (async () => {
        for (; n < 3000; n += 10) await producer.send(spec.topic, numbers(n, 10));
      })();
      while (n < 300) await new Promise((resolve) => setTimeout(resolve, 1));
      await broker.stop('SIGKILL');
      await broker.start();
      const back = Date.now();
      const before = n;
      while (n === before) await new Promise((resolve) => setTimeout(resolve, 5));
      t.comment(`first acknowledgement ${Date.now() - back} ms after the broker answered again`);
      await sending;
      const got = await collect(bus, [spec.topic], (got) => String(got.at(-1)?.value) === '2999');
      const once = [...new Set(got.map(({ value }) => Number(value)))];
      t.strictSame(
        once,
        Array.from({ length: 3000 }, (_, i) => i),
        'each, in the order of the sends, whatever came twice',
      );
    });

    await t.test(
      'a broker that stands still is given up in time, and what was sent before is not behind what is sent after',
      async (t) => {
        const spec = freshTopic(1);
        await bus.ensureTopics([spec]);
        const producer = await bus.producer({ giveUpAfterMs: 500 });
        await producer.send(spec.topic, numbers(0, 10));
        await broker.freeze();
        const before = Date.now();
        await rejectsWith(t, 'bus_unavailable', producer.send(spec.topic, numbers(10, 10)));
        const took = Date.now() - before;
        t.comment(`given up after ${took} ms`);
        broker.thaw();
        await producer.send(spec.topic, numbers(10, 10));
        await producer.send(spec.topic, numbers(20, 10));
        const got = await collect(bus, [spec.topic], (got) => String(got.at(-1)?.value) === '29');
        t.strictSame(
          [...new Set(got.map(({ value }) => Number(value)))],
          Array.from({ length: 30 }, (_, i) => i),
        );
      },
    );

    await t.test(
      'what a silent broker does not take waits on disk, and arrives in order when it speaks again',
      async (t) => {
        const spec = freshTopic(1);
        await bus.ensureTopics([spec]);
        const spool = Spool.open({ dataDir: t.testdir(), maxBytes: 1_000_000, now: Date.now });
        const producer = new SpoolingProducer({
          spool,
          queue: 'a.b',
          open: () => bus.producer({ giveUpAfterMs: 500 }),
        });
        await producer.send(spec.topic, numbers(0, 5));
        await broker.freeze();
        const before = Date.now();
        await producer.send(spec.topic, numbers(5, 5));
        t.comment(`spooled after ${Date.now() - before} ms`);
        await producer.send(spec.topic, numbers(10, 5));
        t.ok(spool.waiting('a.b'));
        broker.thaw();
        const stop = new AbortController();
        await producer.send(spec.topic, numbers(15, 5));
        const forwarding = forwardSpool({ spool, open: () => bus.producer(), signal: stop.signal, pauseMs: 50 });
        while (spool.waiting('a.b')) await new Promise((resolve) => setTimeout(resolve, 20));
        await producer.send(spec.topic, numbers(20, 5));
        stop.abort();
        await forwarding;
        await producer.close();
        await spool.close();
        const got = (await collect(bus, [spec.topic], (got) => String(got.at(-1)?.value) === '24')).map(({ value }) =>
          Number(value),
        );
        t.strictSame(
          [...new Set(got)],
          Array.from({ length: 25 }, (_, i) => i),
        );
        const again = got.filter((n, i) => i > 0 && n < (got[i - 1] ?? 0));
        t.ok(
          again.every((n) => n === 5),
          'if anything came twice, then as a whole and before what is newer',
        );
      },
    );

    await t.test(
      'a producer goes on in a topic that was deleted and made anew, and in others while one is missing',
      async (t) => {
        const [spec, other] = [freshTopic(2), freshTopic(1)];
        await bus.ensureTopics([spec, other]);
        const producer = await bus.producer({ giveUpAfterMs: 1000 });
        await producer.send(spec.topic, numbers(0, 5));
        await remove([spec.topic]);
        await rejectsWith(t, 'bus_unavailable', producer.send(spec.topic, numbers(5, 5)));
        await producer.send(other.topic, numbers(0, 5));
        await bus.ensureTopics([spec]);
        await producer.send(spec.topic, numbers(10, 5));
        t.strictSame(
          (await collect(bus, [spec.topic], (got) => got.length === 5)).map(({ value }) => Number(value)),
          [10, 11, 12, 13, 14],
        );
      },
    );

    await t.test('a topic with fewer copies than the settings say is refused, or warned of', async (t) => {
      const spec = freshTopic(1);
      await bus.ensureTopics([spec]);
      await rejectsWith(t, 'topic_weak', (await open({ replication: 3 })).ensureTopics([spec]));
      const warnings: string[] = [];
      await (
        await open({
          replication: 3,
          minInsyncReplicas: 2,
          weakTopics: 'warn',
          onWarning: (message) => warnings.push(message),
        })
      ).ensureTopics([spec]);
      t.match(warnings, [/1 copies/, /min\.insync\.replicas/]);
    });

    await t.test('more copies in sync than copies are refused, for Kafka would take fewer in silence', async (t) => {
      await rejectsWith(t, 'bad_config', openKafkaBus({ ...options, minInsyncReplicas: 2 }));
    });

    await t.test(
      'a view sees topics come anew, logs cut off and poison, and its other datasets notice nothing',
      async (t) => {
        const writer = await openLmdbViewWriter({ dir: t.testdir(), workspace: world() });
        const reader = writer.reader();
        const stop = new AbortController();
        const notices: string[] = [];
        let restarts = 0;
        const following = followBus({
          bus,
          writer,
          workspace: world(),
          signal: stop.signal,
          pollMs: 100,
          retryMs: 200,
          onNotice: (one) => notices.push(one),
          onError: () => restarts++,
        });
        const until = async (holds: () => boolean): Promise<void> => {
          while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
        };
        await until(() => writer.identity() !== undefined);
        const producer = await bus.producer();
        const out = (text: string, dataset = COMPANY): OutRecord => ({
          subject: subject(1),
          recordId: text,
          value: body(dataset, text),
          headers: { ...sent({ offset: 0, text }).headers },
        });
        const watermark = async (dataset: typeof COMPANY): Promise<unknown> =>
          producer.send(controlTopic('city', dataset.split('.')[0] ?? ''), [
            { subject: dataset, recordId: '', value: said(dataset, 0).value, headers: {} },
          ]);
        await producer.send(topicOf(COMPANY), [out('a'), { ...out('b'), value: Buffer.from('poison') }, out('c')]);
        await producer.send(topicOf(PERMIT), [out('p', PERMIT)]);
        await watermark(COMPANY);
        await watermark(PERMIT);
        await until(
          () =>
            seen(reader) === 'a=a c=c' &&
            reader.datasetState(COMPANY).complete !== undefined &&
            reader.datasetState(PERMIT).complete !== undefined,
        );
        t.equal(reader.datasetState(COMPANY).poisoned, 1);

        let before = Date.now();
        await remove([topicOf(COMPANY)]);
        await until(() => notices.some((one) => one.includes('made anew')));
        t.comment(`a topic made anew was noticed after ${Date.now() - before} ms`);
        await until(() => seen(reader) === '');
        t.equal(reader.datasetState(COMPANY).complete, undefined);
        t.equal(seen(reader, { kind: 'now' }, PERMIT), 'p=p');
        await producer.send(topicOf(COMPANY), [out('new')]);
        await until(() => seen(reader) === 'new=new');

        await producer.send(topicOf(COMPANY), [out('x'), out('y'), out('z')]);
        await until(() => seen(reader).includes('z=z'));
        stop.abort();
        await following;
        const { partitions = [] } = (await bus.topicState(topicOf(COMPANY))) ?? {};
        await producer.send(topicOf(COMPANY), [out('q'), out('r')]);
        const cut = partitions.map(({ high }, partition) => ({ partition, offset: String(high === 0 ? 0 : high + 1) }));
        await admin(async (admin) => {
          await admin.fetchTopicOffsets(topicOf(COMPANY));
          await admin.deleteTopicRecords({
            topic: topicOf(COMPANY),
            partitions: cut.filter(({ offset }) => offset !== '0'),
          });
        });
        before = Date.now();
        const again = new AbortController();
        const rest = followBus({
          bus,
          writer,
          workspace: world(),
          signal: again.signal,
          pollMs: 100,
          retryMs: 200,
          onNotice: (one) => notices.push(one),
        });
        await until(() => seen(reader) === 'r=r');
        t.comment(`a log that was cut off was read again after ${Date.now() - before} ms`);
        t.match(reader.datasetState(COMPANY), { incomplete: true });
        t.equal(seen(reader, asOf(1000)), 'history_not_kept');
        t.not(reader.datasetState(PERMIT).incomplete, true);
        again.abort();
        await rest;
        await writer.close();
        t.comment(`${restarts} failed looks on the way`);
      },
    );
  });
}
