/** A view that has reached its limit: nothing more comes into it, what it has is answered, and it claims no more. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { InRecord } from '../../../connectors/bus/port.js';
import { usedBytes } from '../../../connectors/lmdb/room.js';
import { isYitongError } from '../../../contracts/errors.js';
import { followBus } from '../../../gateway/answer/view/follow.js';
import { openLmdbViewReader, openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { StoreSize } from '../../../gateway/answer/view/lmdb/store.js';
import type { ViewReader } from '../../../gateway/answer/view/port.js';
import { storeSizes } from '../../../gateway/operate/metrics/stores.js';
import { COMPANY, seen, sent, subject, topicOf, world } from '../../support/conformance/view-world.js';
import { MemoryBus } from './memory-bus.js';

const MIB = 2 ** 20;

async function followed(t: Test, dir: string, bus: MemoryBus, size: StoreSize, now = () => 9000) {
  const writer = await openLmdbViewWriter({ dir, workspace: world(), size });
  const stop = new AbortController();
  const [errors, states]: [unknown[], string[]] = [[], []];
  const ended = followBus({
    bus,
    writer,
    workspace: world(),
    signal: stop.signal,
    onError: (error) => errors.push(error),
    onState: (_dataset, state) => states.push(state),
    pollMs: 5,
    marginMs: 0,
    retryMs: 20,
    maxBatch: 250,
    now,
  });
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    stop.abort();
    await ended;
    await writer.close();
  };
  t.teardown(close);
  return { writer, errors, states, close };
}
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};
const ofSubject = (reader: ViewReader, n: number): string => seen(reader, undefined, COMPANY, subject(n));
const record = (n: number): InRecord =>
  sent({ offset: n, subject: subject(n), record: 'r', text: `${String(n)} `.repeat(300) });

t.test('it refuses, answers what it has, and goes on where it stood once the limit is raised', async (t) => {
  const dir = t.testdir({});
  const bus = new MemoryBus();
  await bus.ensureTopics([{ topic: topicOf(COMPANY), partitions: 2, history: 'full' }]);
  const count = 1500;
  bus.append(...Array.from({ length: 300 }, (_, n) => record(n)));
  let clock = 9000;
  const small = await followed(t, dir, bus, { maxBytes: MIB }, () => clock);
  const next = (): number => small.writer.nextOffset(topicOf(COMPANY), 0);
  await until(() => next() === 300);
  t.strictSame(small.errors, []);

  await until(() => small.writer.completeUpTo(topicOf(COMPANY), 0) === 8999);
  clock = 20_000;
  bus.append(...Array.from({ length: count - 300 }, (_, i) => record(300 + i)));
  await until(() => small.errors.length > 1);
  for (const error of small.errors)
    t.match(error, { code: 'store_full', message: /the view is full.*`gateway\.viewMaxBytes` allows 1048576/ });
  t.notOk(small.states.includes('unavailable'), 'the bus is not away');
  const stood = next();
  t.ok(stood > 300 && stood < count, 'it stands before what it could not take');
  t.ok((usedBytes(join(dir, 'view.mdb')) ?? 0) < 3 * MIB, 'by one transaction beyond its limit');
  t.match(
    storeSizes({ dataDir: join(dir, '..'), bus: { driver: 'embedded', dir }, viewMaxBytes: 0 }).warnings(),
    [],
    'without a limit there is nothing to warn of',
  );

  const reader = await openLmdbViewReader({ dir, workspace: world() });
  t.teardown(() => reader.close());
  t.equal(reader.datasetState(COMPANY).records, stood);
  t.match(ofSubject(reader, 0), /^r=.0 0 0 /su, 'what it has is answered');
  const upTo = small.writer.completeUpTo(topicOf(COMPANY), 0);
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(next(), stood, 'nothing of it is passed over');
  t.equal(small.writer.completeUpTo(topicOf(COMPANY), 0), upTo, 'and it does not say that it knows more');
  t.ok(upTo < 19_999, 'as it would if it had all of the bus');
  await small.close();

  const large = await followed(t, dir, bus, { maxBytes: 64 * MIB });
  await until(() => large.writer.nextOffset(topicOf(COMPANY), 0) === count);
  t.strictSame(large.errors.filter(isYitongError), []);
  t.equal(reader.datasetState(COMPANY).records, count, 'nothing is lost');
});

t.test('its map grows by itself, beside a reader that has it open', async (t) => {
  const dir = t.testdir({});
  const bus = new MemoryBus();
  await bus.ensureTopics([{ topic: topicOf(COMPANY), partitions: 2, history: 'full' }]);
  const tiny = await followed(t, dir, bus, { mapSize: MIB / 8 });
  const reader = await openLmdbViewReader({ dir, workspace: world() });
  t.teardown(() => reader.close());
  const count = 2000;
  for (let n = 0; n < count; n += 500) {
    bus.append(...Array.from({ length: 500 }, (_, i) => record(n + i)));
    await until(() => tiny.writer.nextOffset(topicOf(COMPANY), 0) === n + 500);
    for (const one of [0, n, n + 499])
      t.ok(ofSubject(reader, one).includes(` ${String(one)} `), `${String(one)} is seen`);
  }
  t.strictSame(tiny.errors, []);
  t.ok((usedBytes(join(dir, 'view.mdb')) ?? 0) > 2 * MIB, 'sixteen times what it began with');
});

t.test('of a store that nears its limit it is warned at four fifths, and it is said when it is full', async (t) => {
  const data = t.testdir({ view: {} });
  const dir = join(data, 'view');
  const bus = new MemoryBus();
  await bus.ensureTopics([{ topic: topicOf(COMPANY), partitions: 2, history: 'full' }]);
  const all = await followed(t, dir, bus, {});
  bus.append(...Array.from({ length: 1000 }, (_, n) => record(n)));
  await until(() => all.writer.nextOffset(topicOf(COMPANY), 0) === 1000);
  await all.close();
  const used = usedBytes(join(dir, 'view.mdb')) ?? 0;
  const of = (viewMaxBytes: number) =>
    storeSizes({ dataDir: data, bus: { driver: 'embedded', dir: join(data, 'bus'), maxBytes: 1 }, viewMaxBytes });
  t.strictSame(of(Math.ceil(used / 0.75)).warnings(), []);
  t.match(of(Math.floor(used / 0.85)).warnings(), [/^the view is nearly full: it holds \d+ of the \d+ bytes/]);
  t.match(of(used).warnings(), [/^the view is full: .*`gateway\.viewMaxBytes`.*; nothing new is seen$/]);
  t.match(of(used).figures(), [
    { name: 'yitong_store_used_bytes', values: [{ labels: { store: 'view' }, value: used }] },
    {
      name: 'yitong_store_limit_bytes',
      values: [
        { labels: { store: 'view' }, value: used },
        { labels: { store: 'bus' }, value: 1 },
      ],
    },
  ]);
});
