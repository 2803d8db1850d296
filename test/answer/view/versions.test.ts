/** No record is lost because a view met it before the version by which it was written. */
import t, { type Test } from 'tap';
import type { InRecord } from '../../../connectors/bus/port.js';
import { followBus } from '../../../gateway/answer/view/follow.js';
import { openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { ViewWorkspace } from '../../../gateway/answer/view/port.js';
import { COMPANY, schemaOf, seen, sent, topicOf, world } from '../../support/conformance/view-world.js';
import { MemoryBus } from './memory-bus.js';

const NEXT = 900;
/** The same bytes, under the id of the next version. */
function next(record: InRecord): InRecord {
  const value = Buffer.from(record.value ?? Buffer.alloc(0));
  value.writeUInt32BE(NEXT, 1);
  return { ...record, value };
}
function knowing(): ViewWorkspace {
  const old = world();
  const known = old.schemasById.get(schemaOf(COMPANY))!;
  return {
    ...old,
    schemasById: new Map([
      ...old.schemasById,
      [NEXT, { ...known, version: { ...known.version, version: 2, schemaId: NEXT } }],
    ]),
  };
}

async function followed(t: Test, dir: string, bus: MemoryBus, workspace: ViewWorkspace, hold: boolean) {
  const writer = await openLmdbViewWriter({ dir, workspace });
  const stop = new AbortController();
  const notices: string[] = [];
  let asked = 0;
  const ended = followBus({
    bus,
    writer,
    workspace,
    signal: stop.signal,
    hold: () => (asked++, hold),
    onNotice: (message) => notices.push(message),
    pollMs: 5,
    marginMs: 0,
    retryMs: 5,
    now: () => 9000,
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
  return { writer, reader: writer.reader(), notices, waited: () => asked, close };
}
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};
async function filled(): Promise<MemoryBus> {
  const bus = new MemoryBus();
  await bus.ensureTopics([{ topic: topicOf(COMPANY), partitions: 2, history: 'full' }]);
  bus.append(sent({ offset: 0, text: 'A', record: 'a' }));
  bus.append(next(sent({ offset: 1, text: 'B', record: 'b' })));
  bus.append(sent({ offset: 2, text: 'C', record: 'c' }));
  return bus;
}

t.test('one that is told to wait applies nothing behind what it does not know, and goes on from there', async (t) => {
  const dir = t.testdir();
  const bus = await filled();
  const before = await followed(t, dir, bus, world(), true);
  // a round in which it reads, and waits
  await until(() => before.waited() > 0);
  t.ok(before.writer.nextOffset(topicOf(COMPANY), 0) <= 1, 'what it does not know is not behind it');
  t.equal(before.reader.datasetState(COMPANY).poisoned, 0);
  await before.close();
  const after = await followed(t, dir, bus, knowing(), false);
  await until(() => seen(after.reader) === 'a=A b=B c=C');
  t.same([after.reader.datasetState(COMPANY).poisoned, after.notices], [0, []]);
});

t.test(
  'one that was not set it aside; once the version is known, its topic is read again and nothing is missing',
  async (t) => {
    const dir = t.testdir();
    const bus = await filled();
    const before = await followed(t, dir, bus, world(), false);
    await until(() => seen(before.reader) === 'a=A c=C');
    t.equal(before.reader.datasetState(COMPANY).poisoned, 1);
    t.same(before.writer.outgrown(), []);
    await before.close();
    const after = await followed(t, dir, bus, knowing(), false);
    await until(() => seen(after.reader) === 'a=A b=B c=C');
    t.equal(after.reader.datasetState(COMPANY).poisoned, 0);
    t.match(after.notices, [/of a version that was not known then/]);
    t.same(after.writer.outgrown(), []);
  },
);
