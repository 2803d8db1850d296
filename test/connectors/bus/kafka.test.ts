import t from 'tap';
import { openKafkaBus } from '../../../connectors/bus/kafka/bus.js';
import { connectKafka } from '../../../connectors/bus/kafka/client.js';
import { murmur2 } from '../../../connectors/bus/partition.js';
import type { Bus, OffsetLost } from '../../../connectors/bus/port.js';
import { busConformance, collect, freshTopic, record, rejectsWith } from '../../support/conformance/bus.js';
import { kafkaForTest } from '../../support/servers/kafka.js';

const address = kafkaForTest(t);
const options = {
  clientId: 'yitong-test',
  replication: 1,
  minInsyncReplicas: 1,
  groupId: 'yitong-test',
  giveUpAfterMs: 1000,
};
const open = (): Promise<Bus> => openKafkaBus({ ...options, brokers: [address ?? ''] });

if (address !== undefined) {
  busConformance(t, 'kafka', open);

  t.test('what others do to a topic is noticed', async (t) => {
    const bus = await open();
    t.teardown(() => bus.close());
    const admin = connectKafka({ ...options, brokers: [address] }).admin();
    await admin.connect();
    t.teardown(() => admin.disconnect());

    await t.test('records that were deleted are reported as lost, not skipped in silence', async (t) => {
      const spec = freshTopic(1);
      await bus.ensureTopics([spec]);
      await (await bus.producer()).send(
        spec.topic,
        Array.from({ length: 10 }, (_, i) => record('uscc:A', `${i}`)),
      );
      await admin.fetchTopicOffsets(spec.topic); // kafkajs deletes only in topics that it has looked at
      await admin.deleteTopicRecords({ topic: spec.topic, partitions: [{ partition: 0, offset: '6' }] });
      t.strictSame((await bus.topicState(spec.topic))?.partitions, [{ low: 6, high: 10 }]);
      const lost: OffsetLost[] = [];
      const got = await collect(bus, [spec.topic], (got) => got.length === 4, {
        from: () => 2,
        onOffsetLost: (one) => {
          lost.push(one);
          return one.low;
        },
      });
      t.strictSame(lost, [{ topic: spec.topic, partition: 0, wanted: 2, low: 6, high: 10 }]);
      t.strictSame(
        got.map((one) => one.offset),
        [6, 7, 8, 9],
      );
    });

    await t.test('a topic that was deleted and made anew has another identity', async (t) => {
      const spec = freshTopic(1);
      await bus.ensureTopics([spec]);
      const before = await bus.topicState(spec.topic);
      await admin.deleteTopics({ topics: [spec.topic] });
      // the broker answers a deletion before each of its parts knows of it
      while ((await bus.topicState(spec.topic)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      await bus.ensureTopics([spec]);
      t.not((await bus.topicState(spec.topic))?.id, before?.id);
    });

    await t.test('a topic whose senders could choose the time, or that forgets records, is refused', async (t) => {
      const spec = freshTopic(1);
      await admin.createTopics({
        topics: [{ topic: spec.topic, numPartitions: 1, replicationFactor: 1 }],
        waitForLeaders: true,
      });
      await rejectsWith(t, 'topic_mismatch', bus.ensureTopics([spec]));
    });
  });
}

t.test('subjects go where the default partitioner of Apache Kafka sends such keys', async (t) => {
  // from UtilsTest.testMurmur2 of Apache Kafka
  const known: Record<string, number> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(known)) t.equal(murmur2(Buffer.from(key)), hash);
});

t.test('a broker that is not there is named, not waited for', async (t) => {
  await rejectsWith(t, 'bus_unavailable', openKafkaBus({ ...options, brokers: ['127.0.0.1:1'] }));
});

t.test('a password file that is missing is a fault of the settings', async (t) => {
  const sasl = { mechanism: 'scram-sha-512' as const, username: 'yitong', passwordFile: `${t.testdir()}/none` };
  await rejectsWith(t, 'bad_config', openKafkaBus({ ...options, brokers: ['127.0.0.1:1'], sasl }));
});
