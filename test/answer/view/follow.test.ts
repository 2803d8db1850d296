import t, { type Test } from 'tap';
import { controlTopic } from '../../../connectors/bus/port.js';
import { type FollowState, followBus } from '../../../gateway/answer/view/follow.js';
import { openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { ViewReader, ViewWriter } from '../../../gateway/answer/view/port.js';
import {
  asOf,
  body,
  COMPANY,
  LATEST,
  PERMIT,
  PREFIX,
  said,
  seen,
  sent,
  topicOf,
  world,
} from '../../support/conformance/view-world.js';
import { MemoryBus } from './memory-bus.js';

interface Followed {
  readonly bus: MemoryBus;
  readonly writer: ViewWriter;
  readonly reader: ViewReader;
  readonly states: string[];
  readonly errors: unknown[];
  readonly notices: string[];
  start(): { stop(): Promise<void>; readonly ended: Promise<void> };
  /** Resolves when it holds; the test's own time limit ends a wait for what never comes. */
  until(holds: () => boolean): Promise<void>;
}

async function setUp(t: Test): Promise<Followed> {
  const bus = new MemoryBus();
  const writer = await openLmdbViewWriter({ dir: t.testdir(), workspace: world() });
  const states: string[] = [];
  const errors: unknown[] = [];
  const notices: string[] = [];
  const running = new Set<() => Promise<void>>();
  t.teardown(async () => {
    for (const stop of running) await stop();
    await writer.close();
  });
  return {
    bus,
    writer,
    notices,
    reader: writer.reader(),
    states,
    errors,
    start() {
      const controller = new AbortController();
      const ended = followBus({
        bus,
        writer,
        workspace: world(),
        signal: controller.signal,
        onState: (dataset, state: FollowState) => states.push(`${dataset} ${state}`),
        onError: (error) => errors.push(error),
        onNotice: (message) => notices.push(message),
        pollMs: 5,
        marginMs: 0,
        retryMs: 5,
        now: () => 9000,
      });
      ended.catch(() => undefined);
      const stop = async (): Promise<void> => {
        running.delete(stop);
        controller.abort();
        await ended.catch(() => undefined);
      };
      running.add(stop);
      return { stop, ended };
    },
    async until(holds) {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
    },
  };
}
const topics = [COMPANY, PERMIT, LATEST].map((id) => ({ topic: topicOf(id), partitions: 2, history: 'full' as const }));

t.test('records on the bus become answers, and following goes on where it stopped', async (t) => {
  const { bus, reader, writer, start, until, states } = await setUp(t);
  await bus.ensureTopics(topics);
  bus.append(sent({ offset: 0, text: 'A' }));
  const first = start();
  await until(() => seen(reader) === '=A');
  await until(() => seen(reader, asOf(8999)) === '=A');
  t.equal(seen(reader, asOf(9000)), 'not_yet');
  t.ok(states.includes(`${COMPANY} rebuilding`));
  t.equal(states.filter((state) => state.startsWith(COMPANY)).at(-1), `${COMPANY} following`);
  await first.stop();
  bus.append(sent({ offset: 1, text: 'B' }));
  start();
  await until(() => seen(reader) === '=B');
  t.equal(writer.nextOffset(topicOf(COMPANY), 0), 2);
  t.match(reader.datasetState(COMPANY), { versions: 2 });
});

t.test('"complete" is not said while records that it speaks of are on the way', async (t) => {
  const { bus, reader, start, until } = await setUp(t);
  start();
  await until(() => seen(reader, asOf(8999), COMPANY) === '');
  bus.append(
    ...Array.from({ length: 500 }, (_, i) => sent({ offset: i, record: `r${i}`, text: 'A' })),
    said(COMPANY, 0),
  );
  let early = false;
  await until(() => {
    const { complete, records } = reader.datasetState(COMPANY);
    early ||= complete !== undefined && records < 500;
    return complete !== undefined;
  });
  t.notOk(early);
});

t.test('a view of another cluster, or of a topic that was made anew, is forgotten and built again', async (t) => {
  const { bus, reader, start, until } = await setUp(t);
  const first = start();
  await until(() => seen(reader, asOf(8999)) === '');
  bus.append(sent({ offset: 0, text: 'old' }));
  await until(() => seen(reader) === '=old');
  bus.renew(topicOf(COMPANY), 'made anew');
  bus.append(sent({ offset: 0, record: 'n', text: 'new' }));
  await until(() => seen(reader) === 'n=new');
  await first.stop();
  bus.cluster = 'two';
  bus.renew(topicOf(COMPANY), 'made anew');
  start();
  await until(() => seen(reader) === '');
  t.match(reader.datasetState(COMPANY), { records: 0 });
});

t.test('a view whose next offset is out of the log is built again from what is kept', async (t) => {
  const { bus, reader, start, until } = await setUp(t);
  await bus.ensureTopics(topics);
  bus.append(...['A', 'B', 'C', 'D'].map((text, offset) => sent({ offset, record: text, text })));
  bus.cutOff(topicOf(COMPANY), 0, 1);
  const first = start();
  await until(() => seen(reader) === 'B=B C=C D=D');
  await first.stop();
  bus.append(sent({ offset: 4, record: 'E', text: 'E' }), sent({ offset: 5, record: 'F', text: 'F' }));
  bus.cutOff(topicOf(COMPANY), 0, 5);
  start();
  await until(() => seen(reader) === 'F=F');
  t.match(reader.datasetState(COMPANY), { records: 1 });
});

t.test('a topic that was made anew takes only its own dataset with it', async (t) => {
  const { bus, reader, start, until, notices } = await setUp(t);
  await bus.ensureTopics([...topics, { topic: controlTopic(PREFIX, 'samr'), partitions: 1, history: 'latest' }]);
  bus.append(
    sent({ offset: 0, text: 'old' }),
    sent({ dataset: PERMIT, offset: 0, text: 'P' }),
    said(COMPANY, 0),
    said(PERMIT, 1),
  );
  start();
  await until(
    () =>
      reader.datasetState(COMPANY).complete !== undefined &&
      reader.datasetState(PERMIT).complete !== undefined &&
      seen(reader) === '=old',
  );
  bus.renew(topicOf(COMPANY), 'made anew');
  await until(() => seen(reader) === '');
  t.equal(reader.datasetState(COMPANY).complete, undefined, 'never loaded, not "none on record"');
  t.equal(seen(reader, { kind: 'now' }, PERMIT), '=P');
  t.ok(reader.datasetState(PERMIT).complete);
  t.match(notices, [/deleted and made anew/]);
  bus.append(sent({ offset: 0, record: 'n', text: 'new' }), said(COMPANY, 2));
  await until(() => seen(reader) === 'n=new' && reader.datasetState(COMPANY).complete !== undefined);
});

t.test('what the bus cut off or lost is said of its dataset, not passed over', async (t) => {
  const { bus, reader, start, until, notices } = await setUp(t);
  await bus.ensureTopics(topics);
  bus.append(
    ...['A', 'B', 'C'].map((text, offset) => sent({ offset, record: text, text })),
    sent({ dataset: PERMIT, offset: 0, text: 'P' }),
  );
  bus.cutOff(topicOf(COMPANY), 0, 1);
  const first = start();
  await until(() => seen(reader) === 'B=B C=C');
  t.match(reader.datasetState(COMPANY), { incomplete: true }, 'a new view knows that there was something before');
  t.not(reader.datasetState(PERMIT).incomplete, true);
  await until(() => seen(reader, { kind: 'now' }, PERMIT) === '=P');
  await first.stop();
  bus.truncate(topicOf(PERMIT), 0, 0);
  start();
  await until(() => reader.datasetState(PERMIT).incomplete === true);
  t.equal(seen(reader, { kind: 'now' }, PERMIT), '', 'a log that lost its end has lost what was acknowledged');
  t.match(notices, [/no longer has its first records/, /has lost records/]);
});

t.test('a bus that is away is waited for, and said to be away', async (t) => {
  const { bus, reader, start, until, states, errors } = await setUp(t);
  bus.away = true;
  start();
  await until(() => errors.length > 1);
  t.ok(states.includes(`${COMPANY} unavailable`));
  bus.away = false;
  await until(() => states.at(-1)?.endsWith('following') === true);
  bus.append(sent({ offset: 0, text: 'A' }));
  await until(() => seen(reader) === '=A');
  bus.away = true;
  bus.shake();
  await until(() => states.at(-1)?.endsWith('unavailable') === true);
  bus.away = false;
  await until(() => states.at(-1)?.endsWith('following') === true);
});

t.test('a topic with other partitions than its contract stops the following', async (t) => {
  const { bus, start } = await setUp(t);
  await bus.ensureTopics([{ topic: topicOf(COMPANY), partitions: 5, history: 'full' }]);
  await t.rejects(start().ended, { code: 'topic_mismatch' });
});

t.test('a control record that is no watermark does not stop the others', async (t) => {
  const { bus, reader, start, until } = await setUp(t);
  start();
  await until(() => seen(reader, asOf(8999)) === '');
  bus.append(
    { ...said(COMPANY, 0), value: body(COMPANY, 'x') },
    { ...said(COMPANY, 0), key: 'nothing' },
    said(COMPANY, 1),
  );
  await until(() => reader.datasetState(COMPANY).complete !== undefined);
  t.equal((await bus.topicState(controlTopic(PREFIX, 'samr')))?.partitions[0]?.high, 3);
});
