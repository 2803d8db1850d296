/**
 * What every bus driver promises (`connectors/bus/port.ts`), as one suite. Run by `test/connectors/bus/embedded.test.ts` and
 * `test/connectors/bus/kafka.test.ts`.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Test } from 'tap';
import { partitionOf } from '../../../connectors/bus/partition.js';
import type { Bus, ConsumeOptions, InRecord, OffsetLost, OutRecord, TopicSpec } from '../../../connectors/bus/port.js';
import { type ErrorCode, isYitongError } from '../../../contracts/errors.js';

/** Opens the bus under test; each call is another handle on the same records, as another process would have it. */
export type MakeBus = () => Promise<Bus>;

export const record = (subject: string, text: string | null, recordId = ''): OutRecord => ({
  subject,
  recordId,
  value: text === null ? null : Buffer.from(text),
  headers: text === null ? { 'yt-reason': '注销' } : { 'yt-position': text },
});

/** A topic of its own for each test. */
export const freshTopic = (partitions: number, history: TopicSpec['history'] = 'full'): TopicSpec => ({
  topic: `yt-test.a.${randomUUID()}`,
  partitions,
  history,
});

/** Reads until `enough` holds, then stops. The default starts everything at its low. */
export async function collect(
  bus: Bus,
  topics: readonly string[],
  enough: (got: readonly InRecord[]) => boolean,
  options: Partial<ConsumeOptions> = {},
): Promise<InRecord[]> {
  const got: InRecord[] = [];
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const consumption = await bus.consume({
    topics,
    from: () => 0,
    onOffsetLost: (lost) => lost.low,
    onBatch: async (batch) => {
      got.push(...batch);
      if (enough(got)) finish();
    },
    ...options,
  });
  await Promise.race([finished, consumption.done]);
  await consumption.stop();
  return got;
}

const count =
  (wanted: number) =>
  (got: readonly InRecord[]): boolean =>
    got.length >= wanted;
const textOf = (record: InRecord): string | null => record.value?.toString() ?? null;

export async function rejectsWith(t: Test, code: ErrorCode, action: Promise<unknown>): Promise<void> {
  const error: unknown = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  t.equal(isYitongError(error) ? error.code : error, code);
}

export function busConformance(t: Test, name: string, makeBus: MakeBus): void {
  t.test(`${name}: bus conformance`, async (t) => {
    const bus = await makeBus();
    t.teardown(() => bus.close());
    const producer = await bus.producer();
    t.teardown(() => producer.close());
    const topicOf = async (partitions: number, history: TopicSpec['history'] = 'full'): Promise<string> => {
      const spec = freshTopic(partitions, history);
      await bus.ensureTopics([spec]);
      return spec.topic;
    };

    await t.test('a subject keeps the order of its records, however the sends overlap', async (t) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 30 }), {
            minLength: 1,
            maxLength: 12,
          }),
          async (sends) => {
            const topic = await topicOf(3);
            const sent = new Map<string, string[]>();
            let number = 0;
            const acks = await Promise.all(
              sends.map((subjects) =>
                producer.send(
                  topic,
                  subjects.map((n) => {
                    const subject = `uscc:S${n}`;
                    const text = String(number++);
                    sent.set(subject, [...(sent.get(subject) ?? []), text]);
                    return record(subject, text, String(n % 2));
                  }),
                ),
              ),
            );
            const got = await collect(bus, [topic], count(number));
            const read = new Map<string, string[]>();
            for (const one of got) {
              const subject = one.key.slice(0, one.key.indexOf('|'));
              read.set(subject, [...(read.get(subject) ?? []), textOf(one) ?? '']);
            }
            t.strictSame(new Map([...read].sort()), new Map([...sent].sort()));
            t.strictSame(
              acks
                .flat()
                .map((ack) => `${ack.partition}/${ack.offset}`)
                .sort(),
              got.map((one) => `${one.partition}/${one.offset}`).sort(),
              'every acknowledgement names the place of a record',
            );
          },
        ),
        { numRuns: 5 },
      );
    });

    await t.test('the partition comes from the subject alone and is the one that every driver chooses', async (t) => {
      const topic = await topicOf(7);
      const records = Array.from({ length: 60 }, (_, i) =>
        record(i % 2 === 0 ? `uscc:${i >> 2}` : `统一:${i >> 2}号`, String(i), `r${i}`),
      );
      const acks = await producer.send(topic, records);
      records.forEach((one, index) => t.equal(acks[index]?.partition, partitionOf(one.subject, 7)));
      const got = await collect(bus, [topic], count(60));
      for (const one of got) t.equal(one.partition, partitionOf(one.key.slice(0, one.key.indexOf('|')), 7));
    });

    await t.test(
      'a record comes back as it was sent, a withdrawal with its reason, an empty value as empty',
      async (t) => {
        const topic = await topicOf(1);
        const before = Date.now();
        await producer.send(topic, [
          record('uscc:甲', 'value-乙', 'r|1'),
          record('uscc:甲', null, 'r|1'),
          record('uscc:甲', '', ''),
        ]);
        const [first, second, third] = await collect(bus, [topic], count(3));
        t.match(first, { topic, partition: 0, offset: 0, key: 'uscc:甲|r|1', headers: { 'yt-position': 'value-乙' } });
        t.equal(first?.value?.toString(), 'value-乙');
        t.match(second, { offset: 1, key: 'uscc:甲|r|1', value: null, headers: { 'yt-reason': '注销' } });
        t.equal(third?.value?.length, 0);
        t.ok((first?.timestamp ?? 0) >= before - 2000 && (first?.timestamp ?? 0) <= Date.now() + 2000);
      },
    );

    await t.test('the bus stamps the time, and time does not run backwards within a partition', async (t) => {
      const topic = await topicOf(2);
      for (let i = 0; i < 5; i++)
        await producer.send(
          topic,
          Array.from({ length: 20 }, (_, n) => record(`uscc:${n}`, `${i}`)),
        );
      const got = await collect(bus, [topic], count(100));
      for (const partition of [0, 1]) {
        const times = got.filter((one) => one.partition === partition).map((one) => one.timestamp);
        t.strictSame(
          times,
          [...times].sort((a, b) => a - b),
        );
      }
    });

    await t.test('a consumer replays from any offset, and its restart misses nothing', async (t) => {
      const topic = await topicOf(1);
      await producer.send(
        topic,
        Array.from({ length: 50 }, (_, i) => record('uscc:A', String(i))),
      );
      for (const from of [0, 1, 17, 49]) {
        const got = await collect(bus, [topic], count(50 - from), { from: () => from, maxBatch: 7 });
        t.strictSame(
          got.map((one) => one.offset),
          Array.from({ length: 50 - from }, (_, i) => from + i),
        );
      }
      // a view keeps its offset with what it applied; the bus remembers nothing for it
      let applied = 0;
      const seen: number[] = [];
      while (applied < 50) {
        const got = await collect(bus, [topic], count(1), { from: () => applied, maxBatch: 11 });
        seen.push(...got.map((one) => one.offset));
        applied = (got.at(-1)?.offset ?? 0) + 1;
      }
      t.strictSame(
        seen,
        Array.from({ length: 50 }, (_, i) => i),
      );
    });

    await t.test(
      'records sent twice arrive at least once, so that a version that is kept once stays whole',
      async (t) => {
        const topic = await topicOf(2);
        const batch = Array.from({ length: 20 }, (_, i) => record(`uscc:${i}`, `v${i}`));
        await producer.send(topic, batch);
        await producer.send(topic, batch);
        const got = await collect(bus, [topic], count(40));
        const once = new Set(got.map((one) => `${one.key}=${textOf(one)}`));
        t.strictSame(once, new Set(batch.map((one) => `${one.subject}|=${String(one.value)}`)));
      },
    );

    await t.test('a waiting consumer gets a record that another handle sends', async (t) => {
      const topic = await topicOf(1);
      const other = await makeBus();
      t.teardown(() => other.close());
      const sender = await other.producer();
      const waiting = collect(bus, [topic], count(3));
      for (const text of ['a', 'b', 'c']) await sender.send(topic, [record('uscc:A', text)]);
      t.strictSame((await waiting).map(textOf), ['a', 'b', 'c']);
    });

    await t.test('a slow handler is not overrun: one batch at a time, no larger than asked for', async (t) => {
      const topic = await topicOf(3);
      await producer.send(
        topic,
        Array.from({ length: 90 }, (_, i) => record(`uscc:${i}`, String(i))),
      );
      let running = 0;
      let most = 0;
      let largest = 0;
      let total = 0;
      await collect(bus, [topic], () => false, {
        maxBatch: 8,
        onBatch: async (batch) => {
          most = Math.max(most, ++running);
          largest = Math.max(largest, batch.length);
          t.equal(new Set(batch.map((one) => one.partition)).size, 1);
          await new Promise((resolve) => setTimeout(resolve, 2));
          running--;
          total += batch.length;
          if (total >= 90) throw new Error('enough');
        },
      }).catch((error: unknown) => t.match(error, { message: 'enough' }));
      t.equal(most, 1);
      t.ok(largest <= 8 && largest > 0);
      t.equal(total, 90);
    });

    await t.test('a handler that fails stops its consumer and says so', async (t) => {
      const topic = await topicOf(1);
      await producer.send(
        topic,
        Array.from({ length: 5 }, (_, i) => record('uscc:A', String(i))),
      );
      let calls = 0;
      const consumption = await bus.consume({
        topics: [topic],
        from: () => 0,
        maxBatch: 1,
        onOffsetLost: (lost) => lost.low,
        onBatch: async () => {
          calls++;
          throw new Error('the disk is full');
        },
      });
      await t.rejects(consumption.done, { message: 'the disk is full' });
      await consumption.stop();
      t.equal(calls, 1);
    });

    await t.test('an offset that is not there is reported with what is, and the answer is taken', async (t) => {
      const topic = await topicOf(1);
      await producer.send(
        topic,
        Array.from({ length: 10 }, (_, i) => record('uscc:A', String(i))),
      );
      const lost: OffsetLost[] = [];
      const got = await collect(bus, [topic], count(6), {
        from: () => 25,
        onOffsetLost: (one) => {
          lost.push(one);
          return 4;
        },
      });
      t.strictSame(lost, [{ topic, partition: 0, wanted: 25, low: 0, high: 10 }]);
      t.strictSame(
        got.map((one) => one.offset),
        [4, 5, 6, 7, 8, 9],
      );
      // the end itself is no loss: it is where the next record will stand
      const waiting = collect(bus, [topic], count(1), { from: () => 10, onOffsetLost: () => Number.NaN });
      await producer.send(topic, [record('uscc:A', 'new')]);
      t.strictSame(
        (await waiting).map((one) => one.offset),
        [10],
      );
    });

    await t.test('an answer that is not there either ends the consumer', async (t) => {
      const topic = await topicOf(1);
      const consumption = await bus.consume({
        topics: [topic],
        from: () => 5,
        onOffsetLost: () => 7,
        onBatch: async () => undefined,
      });
      await rejectsWith(t, 'offset_out_of_range', consumption.done);
      await consumption.stop();
    });

    await t.test('several topics are read at once, each from its own offsets', async (t) => {
      const [one, two] = [await topicOf(2), await topicOf(1)];
      await producer.send(
        one,
        Array.from({ length: 20 }, (_, i) => record(`uscc:${i}`, String(i))),
      );
      await producer.send(two, [record('a', 'x'), record('a', 'y')]);
      const got = await collect(bus, [one, two], count(21), { from: (topic) => (topic === two ? 1 : 0) });
      t.equal(got.filter((record) => record.topic === one).length, 20);
      t.strictSame(got.filter((record) => record.topic === two).map(textOf), ['y']);
    });

    await t.test('a topic keeps its partition count and its identity; another count is refused', async (t) => {
      const spec = freshTopic(3);
      await bus.ensureTopics([spec, freshTopic(1, 'latest')]);
      const before = await bus.topicState(spec.topic);
      await bus.ensureTopics([spec]);
      await rejectsWith(t, 'topic_mismatch', bus.ensureTopics([{ ...spec, partitions: 4 }]));
      await producer.send(spec.topic, [record('uscc:A', 'x')]);
      const after = await bus.topicState(spec.topic);
      t.ok(before?.id);
      t.equal(after?.id, before?.id);
      t.equal(after?.partitions.length, 3);
      t.strictSame(after?.partitions[partitionOf('uscc:A', 3)], { low: 0, high: 1 });
      t.equal(await bus.topicState(freshTopic(1).topic), undefined);
      const other = await makeBus();
      t.teardown(() => other.close());
      t.equal((await other.topicState(spec.topic))?.id, before?.id);
      t.equal(await other.clusterId(), await bus.clusterId());
    });

    await t.test('a topic of the latest history still gives the newest record and the withdrawal', async (t) => {
      const topic = await topicOf(1, 'latest');
      await producer.send(topic, [record('a', '1'), record('b', '1'), record('a', '2'), record('b', null)]);
      const newest = new Map<string, string | null>();
      for (const one of await collect(bus, [topic], (got) => got.at(-1)?.offset === 3))
        newest.set(one.key, textOf(one));
      t.strictSame(
        newest,
        new Map([
          ['a|', '2'],
          ['b|', null],
        ]),
      );
    });

    await t.test('what the bus cannot take is refused by name', async (t) => {
      await rejectsWith(t, 'topic_mismatch', producer.send(freshTopic(1).topic, [record('a', 'x')]));
      await rejectsWith(
        t,
        'topic_mismatch',
        bus.consume({
          topics: [freshTopic(1).topic],
          from: () => 0,
          onOffsetLost: () => 0,
          onBatch: async () => undefined,
        }),
      );
      await rejectsWith(
        t,
        'topic_mismatch',
        bus.ensureTopics([{ topic: 'no spaces', partitions: 1, history: 'full' }]),
      );
      const topic = await topicOf(1);
      await rejectsWith(t, 'record_too_large', producer.send(topic, [record('a', 'x'.repeat(1_000_001))]));
      t.strictSame(await producer.send(topic, []), []);
      const [ack] = await producer.send(topic, [
        { subject: 'a', recordId: '', value: Buffer.alloc(990_000, 'x'), headers: {} },
      ]);
      t.strictSame(ack, { partition: 0, offset: 0 });
    });
  });
}
