import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { open } from 'lmdb';
import t, { type Test } from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import type { InRecord } from '../../../connectors/bus/port.js';
import { busConformance, collect, freshTopic, record } from '../../support/conformance/bus.js';

const shared = t.testdir();
busConformance(t, 'embedded', () => openEmbeddedBus({ dir: `${shared}/bus` }));

const appender = new URL('./append-until-killed.js', import.meta.url).pathname;
function append(t: Test, ...args: string[]): { child: ChildProcess; lines: AsyncIterable<string> } {
  const child = spawn(process.execPath, [appender, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  return { child, lines: createInterface({ input: child.stdout }) };
}

t.test('several processes append to one topic at once: nothing is lost, each keeps its order', async (t) => {
  const dir = `${t.testdir()}/bus`;
  const bus = await openEmbeddedBus({ dir });
  t.teardown(() => bus.close());
  const spec = freshTopic(1);
  await bus.ensureTopics([spec]);
  const reading = collect(bus, [spec.topic], (got) => got.length >= 300);
  const others = ['uscc:A', 'uscc:B'].map((subject) => append(t, dir, spec.topic, subject, '100'));
  const producer = await bus.producer();
  for (let i = 0; i < 100; i++) await producer.send(spec.topic, [record('uscc:C', `uscc:C-${i}`)]);
  const got = await reading;
  await Promise.all(others.map(({ child }) => child.exitCode ?? once(child, 'exit')));
  t.strictSame(
    got.map((one) => one.offset),
    Array.from({ length: 300 }, (_, i) => i),
  );
  for (const subject of ['uscc:A', 'uscc:B', 'uscc:C']) {
    const texts = got.filter((one) => one.key === `${subject}|`).map((one) => one.value?.toString());
    t.strictSame(
      texts,
      Array.from({ length: 100 }, (_, i) => `${subject}-${i}`),
    );
  }
});

t.test('a process that ends while it writes does not keep the others from writing', async (t) => {
  const dir = `${t.testdir()}/bus`;
  const bus = await openEmbeddedBus({ dir });
  t.teardown(() => bus.close());
  const spec = freshTopic(1);
  await bus.ensureTopics([spec]);
  const producer = await bus.producer();
  const file = new URL('./append-until-exit.js', import.meta.url).pathname;
  for (let turns = 0; turns < 6; turns++) {
    const how = turns % 2 === 0 ? 'exit' : 'error';
    const child = spawn(process.execPath, [file, dir, spec.topic, how, String(turns)], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    await once(child, 'close');
    await producer.send(spec.topic, [record('uscc:B', how)]);
    if (how === 'error') t.match(complaints, 'the error is told');
  }
  t.pass('all of them have ended, and writing goes on');
});

t.test('no record goes unnoticed by another process, even if no later one draws attention to it', async (t) => {
  const dir = `${t.testdir()}/bus`;
  const bus = await openEmbeddedBus({ dir });
  t.teardown(() => bus.close());
  const [questions, answers] = [freshTopic(1), freshTopic(1)];
  await bus.ensureTopics([questions, answers]);
  const child = spawn(
    process.execPath,
    [new URL('./answer.js', import.meta.url).pathname, dir, questions.topic, answers.topic],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const producer = await bus.producer();
  let next: ((text: string) => void) | undefined;
  const consumption = await bus.consume({
    topics: [answers.topic],
    from: () => 0,
    onOffsetLost: (lost) => lost.low,
    onBatch: async (batch) => batch.forEach((one) => next?.(String(one.value))),
  });
  const waits: number[] = [];
  for (let i = 0; i < 100; i++) {
    const answered = new Promise<string>((resolve) => (next = resolve));
    const asked = performance.now();
    await producer.send(questions.topic, [record('uscc:A', `${i}`)]);
    if ((await answered) !== `${i}`) t.fail('an answer to another question');
    waits.push(performance.now() - asked);
  }
  await consumption.stop();
  t.equal(waits.length, 100);
  // there and back, without the first, which waits for the process to start
  const middle = waits.slice(1).sort((a, b) => a - b)[50] ?? Infinity;
  t.ok(middle < 100, `half of the answers take ${middle.toFixed(1)} ms at most`);
});

t.test('kill -9 of an appending process loses nothing that was acknowledged', async (t) => {
  const dir = `${t.testdir()}/bus`;
  const bus = await openEmbeddedBus({ dir });
  t.teardown(() => bus.close());
  const spec = freshTopic(1);
  await bus.ensureTopics([spec]);
  for (const subject of ['uscc:A', 'uscc:B', 'uscc:C']) {
    const { child, lines } = append(t, dir, spec.topic, subject);
    const acknowledged: string[] = [];
    for await (const line of lines) {
      acknowledged.push(line);
      if (acknowledged.length === 60) child.kill('SIGKILL');
    }
    // the write lock of the dead process is taken over. What it committed in its last moment, and acknowledged to
    // nobody, readers may see with this write only
    const [ack] = await (await bus.producer()).send(spec.topic, [record('uscc:D', 'after')]);
    const state = await bus.topicState(spec.topic);
    t.equal(ack?.offset, (state?.partitions[0]?.high ?? 0) - 1);
    const byOffset = new Map<number, InRecord>();
    for (const one of await collect(bus, [spec.topic], (got) => got.length === state?.partitions[0]?.high))
      byOffset.set(one.offset, one);
    t.equal(byOffset.size, state?.partitions[0]?.high, 'one record an offset, none missing');
    for (const line of acknowledged) {
      const [number, offset] = line.split(' ');
      t.equal(byOffset.get(Number(offset))?.value?.toString(), `${subject}-${number}`);
    }
  }
});

t.test('records are there after the bus was closed and opened again', async (t) => {
  const dir = `${t.testdir()}/bus`;
  const spec = freshTopic(2);
  const first = await openEmbeddedBus({ dir });
  await first.ensureTopics([spec]);
  await (await first.producer()).send(spec.topic, [record('uscc:A', 'x'), record('uscc:B', 'y')]);
  const [cluster, state] = [await first.clusterId(), await first.topicState(spec.topic)];
  await first.close();
  const second = await openEmbeddedBus({ dir });
  t.teardown(() => second.close());
  t.equal(await second.clusterId(), cluster);
  t.strictSame(await second.topicState(spec.topic), state);
  t.equal((await collect(second, [spec.topic], (got) => got.length === 2)).length, 2);
});

t.test('the time of a partition does not run backwards when the clock is set back', async (t) => {
  const times = [5000, 4000, 6000];
  const bus = await openEmbeddedBus({ dir: `${t.testdir()}/bus`, now: () => times.shift() ?? 7000 });
  t.teardown(() => bus.close());
  const spec = freshTopic(1);
  await bus.ensureTopics([spec]);
  const producer = await bus.producer();
  for (const text of ['a', 'b', 'c']) await producer.send(spec.topic, [record('uscc:A', text)]);
  const got = await collect(bus, [spec.topic], (got) => got.length === 3);
  t.strictSame(
    got.map((one) => one.timestamp),
    [5000, 5000, 6000],
  );
});

t.test(
  'a topic of the latest history stays small, and gives the newest of every key and young withdrawals',
  async (t) => {
    const day = 24 * 3600 * 1000;
    let now = 10 * day;
    const bus = await openEmbeddedBus({ dir: `${t.testdir()}/bus`, now: () => now });
    const spec = freshTopic(1, 'latest');
    await bus.ensureTopics([spec]);
    const producer = await bus.producer();
    await producer.send(spec.topic, [record('old', 'x'), record('old', null)]);
    now += 2 * day;
    await producer.send(spec.topic, [record('young', 'x'), record('young', null), record('still', 'kept')]);
    for (let i = 0; i < 40; i++)
      await producer.send(
        spec.topic,
        Array.from({ length: 50 }, (_, n) => record(`k${n}`, `${i}`)),
      );
    const state = await bus.topicState(spec.topic);
    t.strictSame(state?.partitions, [{ low: 0, high: 2005 }]);
    const read = (): Promise<InRecord[]> => collect(bus, [spec.topic], (got) => got.at(-1)?.offset === 2004);
    // cleaning runs beside the appends, so look until it has come by
    let got = await read();
    while (got.length > 1100) got = await read();
    const newest = new Map(got.map((one) => [one.key, one.value?.toString()]));
    for (let n = 0; n < 50; n++) t.equal(newest.get(`k${n}|`), '39');
    t.equal(newest.get('still|'), 'kept');
    t.ok(newest.has('young|'), 'a young withdrawal is kept');
    t.equal(newest.get('young|'), undefined);
    t.notOk(newest.has('old|'), 'an old one is not');
    t.strictSame(
      got.map((one) => one.offset),
      got.map((one) => one.offset).sort((a, b) => a - b),
    );
    const resumed = await collect(bus, [spec.topic], (got) => got.at(-1)?.offset === 2004, {
      from: () => 1,
      onOffsetLost: () => Number.NaN,
    });
    t.equal(resumed.length, got.length);
    await bus.close();
  },
);

t.test(
  'a bus of the format before checksums is read as it was, with the holes that compaction left, and what is ' +
    'appended is checked',
  async (t) => {
    const dir = `${t.testdir()}/bus`;
    const root = open<Buffer, Buffer>({
      path: dir,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: 8,
      overlappingSync: false,
    });
    const map = (name: string) => root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
    const [meta, topics, heads, chunks] = [map('meta'), map('topics'), map('heads'), map('chunks')];
    const text = (words: string): Buffer => Buffer.from(words);
    /** Topic 0, partition 0. */
    const place = (first?: number): Buffer => {
      const key = Buffer.alloc(first === undefined ? 8 : 14);
      if (first !== undefined) key.writeUIntBE(first, 8, 6);
      return key;
    };
    const chunk = (value: string): Buffer => {
      const bytes = Buffer.alloc(20 + 14 + 4 + value.length);
      bytes[0] = 1;
      bytes.writeUInt32LE(1, 4);
      bytes.writeDoubleLE(1000, 12);
      bytes.writeUInt32LE(4, 24);
      bytes.writeInt32LE(value.length, 28);
      bytes.write(`s:1|${value}`, 34);
      return bytes;
    };
    await root.transaction(() => {
      for (const [key, value] of [
        ['format', '1'],
        ['cluster', 'old'],
        ['topics', '1'],
      ] as const)
        meta.putSync(text(key), text(value));
      topics.putSync(text('yt.old'), text(JSON.stringify({ number: 0, id: 'id', partitions: 1, history: 'latest' })));
      const head = Buffer.alloc(40);
      head.writeDoubleLE(4, 0);
      head.writeDoubleLE(1000, 16);
      heads.putSync(place(), head);
      // offsets 1 and 2 were compacted away
      chunks.putSync(place(0), chunk('first'));
      chunks.putSync(place(3), chunk('fourth'));
    });
    await root.close();
    for (const turn of [1, 2]) {
      const bus = await openEmbeddedBus({ dir });
      t.equal(await bus.clusterId(), 'old');
      await (await bus.producer()).send('yt.old', [record('s:1', `new ${String(turn)}`)]);
      const got = await collect(bus, ['yt.old'], (all) => all.length >= 2 + turn);
      t.strictSame(
        got.map(({ offset, value }) => `${String(offset)} ${String(value)}`),
        ['0 first', '3 fourth', '4 new 1', '5 new 2'].slice(0, 2 + turn),
      );
      await bus.close();
    }
  },
);

t.test(
  'what is there is read subjects by subjects over all topics, each partition in its order, and then what is new',
  async (t) => {
    const bus = await openEmbeddedBus({ dir: `${t.testdir()}/bus` });
    t.teardown(() => bus.close());
    const [two, four, one] = [freshTopic(2), freshTopic(4), freshTopic(1)];
    const specs = [one, four, two];
    await bus.ensureTopics(specs);
    const producer = await bus.producer();
    const subjects = Array.from({ length: 40 }, (_, i) => `uscc:${i}`);
    const send = (n: number): Promise<unknown> =>
      Promise.all(
        specs.map(({ topic }) =>
          producer.send(
            topic,
            subjects.map((subject) => record(subject, String(n))),
          ),
        ),
      );
    for (let n = 0; n < 5; n++) await send(n);
    const got: InRecord[] = [];
    let done = (): void => undefined;
    const all = new Promise<void>((resolve) => (done = resolve));
    const consumption = await bus.consume({
      topics: specs.map(({ topic }) => topic),
      from: () => 0,
      onOffsetLost: ({ low }) => low,
      onBatch: async (batch) => {
        // something new comes while the first group is read
        if (got.length === 0) await send(5);
        got.push(...batch);
        if (got.length === 3 * 40 * 6) done();
      },
      maxBatch: 3,
    });
    await all;
    await consumption.stop();
    for (const { topic } of specs)
      for (const subject of subjects)
        t.strictSame(
          got.filter((each) => each.topic === topic && each.key === `${subject}|`).map(({ value }) => String(value)),
          ['0', '1', '2', '3', '4', '5'],
        );
    const before = got.filter(({ value }) => String(value) !== '5');
    const group = ({ topic, partition }: InRecord): number => (topic === one.topic ? 2 : partition % 2);
    t.strictSame(
      before.map(group),
      before.map(group).sort((a, b) => a - b),
      'who has read one group of subjects does not meet it again',
    );
  },
);
