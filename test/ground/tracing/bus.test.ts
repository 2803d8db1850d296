/** Traces on the bus: a header says where a record came from, and changes nothing of what it is. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { MAX_RECORD_BYTES, recordBytes } from '../../../connectors/bus/limits.js';
import { HEADER, type InRecord, type OutRecord } from '../../../connectors/bus/port.js';
import { Sender } from '../../../connectors/publish/sender.js';
import { traced } from '../../../connectors/publish/traced.js';
import { formatTraceparent, type Span, type SpanAttributes, type Tracer } from '../../../contracts/tracing.js';
import { followBus } from '../../../gateway/answer/view/follow.js';
import { openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import { MemoryBus } from '../../answer/view/memory-bus.js';
import { digit9 } from '../../connectors/fixtures.js';
import { openOffice } from '../../connectors/office.js';
import { COMPANY, seen, sent, topicOf, world } from '../../support/conformance/view-world.js';

/** What a tracer was told, span by span. */
interface Told {
  readonly name: string;
  readonly traceparent: string;
  attributes: SpanAttributes;
  failed?: string;
  ended: boolean;
}
function tracer(traceDigit: string): { readonly tracer: Tracer; readonly told: readonly Told[] } {
  const told: Told[] = [];
  const begin = (name: string): Span => {
    const one: Told = {
      name,
      traceparent: formatTraceparent(traceDigit.repeat(32), String(told.length + 1).padStart(16, '0')),
      attributes: {},
      ended: false,
    };
    told.push(one);
    return {
      traceparent: one.traceparent,
      set: (attributes) => void (one.attributes = { ...one.attributes, ...attributes }),
      step: () => undefined,
      send: (topic, records) => begin(`send ${topic} ${records}`),
      fail: (code) => void (one.failed = code),
      end: () => void (one.ended = true),
    };
  };
  return {
    told,
    tracer: {
      request: () => undefined,
      run: (dataset) => begin(`run ${dataset}`),
      apply: (topic, partition, headers) => begin(`apply ${topic} ${partition} ${headers.join()}`),
    },
  };
}

t.test('each record says which batch it was sent with; another trace makes no row another one', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const rows = Array.from({ length: 25 }, (_, n) => `${digit9.make(n)},name ${String(n)},`);
  await writeFile(join(dir, 'in.csv'), ['code,name,status', ...rows].join('\n'));
  const first = tracer('a');
  const report = await office.run({}, { tracer: first.tracer });
  t.match(report, { published: 25 });
  const [run, send] = first.told;
  t.match(run, {
    name: `run ${office.contract.id}`,
    attributes: { 'yitong.run.rows': 25, 'yitong.run.published': 25, 'yitong.run.state': 'complete' },
    ended: true,
  });
  t.match(send?.name, / 25$/);
  t.ok(send?.ended);
  const records = await office.records();
  t.strictSame(new Set(records.map(({ headers }) => headers[HEADER.traceparent])), new Set([send?.traceparent]));

  const second = tracer('b');
  t.match(await office.run({}, { tracer: second.tracer, options: { again: 'true' } }), { published: 0, unchanged: 25 });
  t.equal(second.told.length, 1, 'nothing was sent');
  await writeFile(
    join(dir, 'in.csv'),
    ['code,name,status', ...rows.slice(1), `${digit9.make(0)},another name,`].join('\n'),
  );
  t.match(await office.run({}, { tracer: tracer('c').tracer }), { published: 1, unchanged: 24 });
  const all = await office.records();
  t.equal(all.length, 26);

  await writeFile(join(dir, 'in.csv'), ['code,name,status', ...rows.slice(2)].join('\n'));
  t.match(await office.run(), { withdrawn: 2 });
  const untraced = (await office.records()).filter(({ headers }) => headers[HEADER.traceparent] === undefined);
  t.equal(untraced.length, 2, 'a run without a trace has no such header');
  const without = (record: InRecord | undefined): object =>
    Object.fromEntries(Object.entries(record?.headers ?? {}).filter(([name]) => name !== HEADER.traceparent));
  t.strictSame(
    Object.keys(without(all[0])).sort(),
    [HEADER.contractVersion, HEADER.position, HEADER.sequence, HEADER.sourceTime].sort(),
    'and with one no other header is another',
  );
});

t.test('a run that fails says by which code, and ends', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir, {
    bus: (bus) => ({
      ...bus,
      driver: bus.driver,
      ensureTopics: (specs) => bus.ensureTopics(specs),
      topicState: (topic) => bus.topicState(topic),
      clusterId: () => bus.clusterId(),
      consume: (options) => bus.consume(options),
      close: () => bus.close(),
      producer: () => Promise.reject(new Error('a fault that has no code')),
    }),
  });
  t.teardown(() => office.close());
  await writeFile(join(dir, 'in.csv'), `code,name,status\n${digit9.make(1)},one,`);
  const one = tracer('a');
  await t.rejects(office.run({}, { tracer: one.tracer }));
  t.match(one.told, [{ failed: 'internal', ended: true }]);
});

t.test('a record that the header would make too large for the bus goes without it', async (t) => {
  const went: OutRecord[] = [];
  const sender = new Sender(
    { send: (_topic, records) => (went.push(...records), Promise.resolve([])), close: () => Promise.resolve() },
    'topic',
  );
  const record = (bytes: number): OutRecord => ({
    subject: 's',
    recordId: '',
    value: Buffer.alloc(bytes - 2),
    headers: {},
  });
  const header = HEADER.traceparent.length + 55;
  const span = tracer('a').tracer.run('a.b');
  if (span === undefined) throw new Error('it is recorded');
  await traced(
    span,
    sender,
    [record(MAX_RECORD_BYTES - header), record(MAX_RECORD_BYTES - header + 1), record(10)],
    () => undefined,
  );
  t.strictSame(
    went.map(({ headers }) => HEADER.traceparent in headers),
    [true, false, true],
  );
  t.ok(went.every((one) => recordBytes(one) <= MAX_RECORD_BYTES));
});

t.test('a version that comes again under another trace is kept once; what is read again is not traced', async (t) => {
  const bus = new MemoryBus();
  const writer = await openLmdbViewWriter({ dir: t.testdir(), workspace: world() });
  const under = (traceDigit: string, record: InRecord): InRecord => ({
    ...record,
    headers: { ...record.headers, [HEADER.traceparent]: formatTraceparent(traceDigit.repeat(32), '0000000000000001') },
  });
  await bus.ensureTopics([{ topic: topicOf(COMPANY), partitions: 2, history: 'full' }]);
  bus.append(under('a', sent({ offset: 0, text: 'A' })));
  const { tracer: tells, told } = tracer('f');
  const controller = new AbortController();
  const following = followBus({
    bus,
    writer,
    workspace: world(),
    signal: controller.signal,
    pollMs: 5,
    marginMs: 0,
    retryMs: 5,
    tracer: tells,
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  await until(() => seen(writer.reader()) === '=A');
  t.strictSame(told, [], 'what stood on the bus before');
  bus.append(under('b', sent({ offset: 1, text: 'A', position: 'p0' })));
  await until(() => writer.nextOffset(topicOf(COMPANY), 0) === 2 && told[0]?.ended === true);
  t.equal(writer.reader().datasetState(COMPANY).versions, 1);
  t.match(told, [
    { name: `apply ${topicOf(COMPANY)} 0 ${formatTraceparent('b'.repeat(32), '0000000000000001')}`, ended: true },
  ]);
  bus.append(sent({ offset: 2, text: 'B' }));
  await until(() => seen(writer.reader()) === '=B');
  controller.abort();
  await following;
  await writer.close();
});
