/** Servers of a view that several processes read and write, and what is said where one does not have what it should. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import {
  type DeclaredServers,
  declaredServers,
  FollowedServers,
  migrateView,
  moveSlice,
  openPostgresViewWriter,
  readerOver,
  SLICES,
  sliceOf,
} from '../../../gateway/answer/view/postgres/index.js';
import { readView, type ViewSettings } from '../../../gateway/ground/config/view.js';
import {
  asked,
  COMPANY,
  fetched,
  LATEST,
  PERMIT,
  said,
  sent,
  stateOf,
  subject,
  topicOf,
  world,
} from '../../support/conformance/view-world.js';
import { postgresForTest } from '../../support/servers/postgres.js';
import { MemoryBus } from './memory-bus.js';

const PLACE = { file: 'yitong.json' };
const NOW = { kind: 'now' } as const;
const NAMES = ['a', 'b', 'c'];

/** Three servers, which are schemas of one database. */
async function threeServers(
  t: Test,
): Promise<{ readonly settings: ViewSettings; open(): DeclaredServers } | undefined> {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return undefined;
  const { host, pathname, username, password } = new URL(postgres.url);
  const dir = t.testdir({});
  writeFileSync(join(dir, 'password'), password);
  const settings = readView(
    {
      driver: 'postgres',
      servers: NAMES.map((name) => ({ name, addresses: [host], database: pathname.slice(1), schema: `view_${name}` })),
      user: username,
      passwordFile: 'password',
      owner: username,
      ownerPasswordFile: 'password',
      tls: false,
    },
    PLACE,
    {},
  );
  const owned = declaredServers(settings, dir, PLACE, 'own');
  for (const { pool, schema } of owned.servers) await migrateView(pool, schema, settings.user);
  await owned.close();
  return {
    settings,
    open() {
      const declared = declaredServers(settings, dir, PLACE, 'write');
      t.teardown(() => declared.close());
      return declared;
    },
  };
}

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await wait(20);
};

t.test('two that write to the same servers share them; when one is gone the other has them all', async (t) => {
  const three = await threeServers(t);
  if (three === undefined) return;
  const bus = new MemoryBus();
  await bus.ensureTopics([{ topic: topicOf(COMPANY), partitions: 2, history: 'full' }]);
  let next = 0;
  const publish = (count: number): void =>
    bus.append(
      ...Array.from({ length: count }, () => {
        const n = next++;
        return sent({
          offset: n,
          subject: subject(n % 50),
          record: `r${String(n)}`,
          text: `t${String(n)}`,
          time: Date.now(),
        });
      }),
    );
  publish(500);
  const start = () => {
    const stop = new AbortController();
    const declared = three.open();
    const writer = new FollowedServers(declared, world([COMPANY]));
    const ended = writer.follow({ bus, signal: stop.signal, pollMs: 30, marginMs: 0, retryMs: 30 });
    const close = async (): Promise<void> => {
      stop.abort();
      await ended;
      await writer.close();
    };
    t.teardown(close);
    return { writer, declared, close };
  };
  const [first, second] = [start(), start()];
  const reader = readerOver({ ...first.declared, workspace: world([COMPANY]) });
  const other = readerOver({ ...second.declared, workspace: world([COMPANY]) });
  const has = (count: number, of = reader): Promise<boolean> =>
    stateOf(of, COMPANY).then(({ records }) => records === count);
  await until(() => has(500));
  publish(300);
  await until(() => has(800));
  t.equal((await stateOf(reader, COMPANY)).versions, 800, 'nothing is there twice');
  await first.close();
  publish(200);
  await until(() => has(1000, other));
  t.equal((await stateOf(other, COMPANY)).versions, 1000, 'nothing is lost, and nothing is there twice');
  for (let n = 0; n < 50; n++)
    t.equal((await asked(other, NOW, COMPANY, subject(n))).split(' ').length, 20, 'all of a subject');
});

t.test('two writers that apply the same batches at once change nothing twice', async (t) => {
  const three = await threeServers(t);
  if (three === undefined) return;
  const open = async () => {
    const [server] = three.open().servers;
    if (server === undefined) throw new Error('there are three');
    const writer = await openPostgresViewWriter({ server, workspace: world([COMPANY]), slices: [[0, SLICES - 1]] });
    t.teardown(() => writer.close());
    return writer;
  };
  const [one, two] = [await open(), await open()];
  for (let from = 0; from < 200; from += 20) {
    const batch = Array.from({ length: 20 }, (_, i) =>
      sent({ offset: from + i, subject: subject(i % 3), record: `r${String(i % 5)}`, text: `t${String(from + i)}` }),
    );
    const results = await Promise.all([one.apply(batch), two.apply(batch)]);
    t.equal(results[0].applied + results[1].applied, 20);
  }
  t.match(await stateOf(one.reader(), COMPANY), { versions: 200 });
  t.equal(one.nextOffset(topicOf(COMPANY), 0), 200);
});

t.test('a server is asked for nothing that it does not have, whatever the table says', async (t) => {
  const three = await threeServers(t);
  if (three === undefined) return;
  const declared = three.open();
  const [a, b] = declared.servers;
  if (a === undefined || b === undefined) throw new Error('there are three');
  const workspace = world([COMPANY, PERMIT, LATEST]);
  const slice = sliceOf(subject(1));
  const writers = await Promise.all([
    openPostgresViewWriter({ server: a, workspace, slices: [[slice, slice]] }),
    openPostgresViewWriter({ server: b, workspace, slices: [] }),
  ]);
  const apply = (...records: Parameters<typeof sent>[0][]) =>
    Promise.all(writers.map((writer) => writer.apply(records.map(sent))));
  await apply(
    { offset: 0, record: 'a', text: 'A' },
    { offset: 1, record: 'b', text: 'B' },
    { offset: 2, record: 'b', text: null },
  );
  await apply(
    { dataset: LATEST, offset: 0, text: 'A', time: 4000 },
    { dataset: LATEST, offset: 1, text: null, time: 5000 },
  );
  await Promise.all(writers.map((writer) => writer.apply([said(COMPANY, 0)])));
  const readers = ['a', 'b', 'c'].map((name) =>
    readerOver({ servers: declared.servers, serverOf: () => name, workspace }),
  );
  const answers = () => Promise.all(readers.map((reader) => asked(reader)));
  t.strictSame(
    await answers(),
    ['a=A', 'unavailable', 'unavailable'],
    'b has been told of no move, c has nothing at all',
  );

  const past = async (time: number) =>
    asked(readerOver({ servers: declared.servers, serverOf: () => 'b', workspace }), { kind: 'asOf', time });
  const moving = moveSlice(slice, a, b);
  await moving;
  t.strictSame(await answers(), ['a=A', 'a=A', 'unavailable'], 'whoever asks the server of before is told where it is');
  t.match(a.latest().slices(), { held: [], left: { [String(slice)]: 'b' } });
  t.match((await stateOf(readers[0]!, COMPANY)).records, 1, 'and it is counted once');
  await Promise.all(
    writers.map((writer) =>
      writer.caughtUp(
        [COMPANY, LATEST].flatMap((id) => [0, 1].map((partition) => ({ topic: topicOf(id), partition, at: 9000 }))),
      ),
    ),
  );
  t.equal(await past(1001), 'a=A b=B', 'its past has come along');
  const latest = readers[1]!;
  t.equal(
    await asked(latest, { kind: 'asOf', time: 4500 }, LATEST),
    'history_not_kept',
    'of what keeps no past nothing is said that was otherwise then',
  );
  await apply({ offset: 3, record: 'a', text: 'A2' });
  t.strictSame(await answers(), ['a=A2', 'a=A2', 'unavailable'], 'and goes on where it is');
  await moveSlice(slice, b, a);
  t.strictSame(await answers(), ['a=A2', 'a=A2', 'unavailable'], 'and home again');
  await t.rejects(
    moveSlice(slice, b, a).then(() => moveSlice(slice, b, declared.servers[2]!)),
    YitongError,
  );
});

t.test('a slice whose receiver is ahead waits for its giver; what the copy has is not applied again', async (t) => {
  const three = await threeServers(t);
  if (three === undefined) return;
  const { servers } = three.open();
  const [a, b] = servers;
  if (a === undefined || b === undefined) throw new Error('there are three');
  const workspace = world([COMPANY]);
  const slice = sliceOf(subject(1));
  const giver = await openPostgresViewWriter({ server: a, workspace, slices: [[slice, slice]] });
  const taker = await openPostgresViewWriter({ server: b, workspace, slices: [] });
  const records = Array.from({ length: 6 }, (_, offset) =>
    sent({ offset, record: `r${String(offset % 2)}`, text: `t${String(offset)}` }),
  );
  await giver.apply(records.slice(0, 2));
  await taker.apply(records.slice(0, 4));
  const moving = moveSlice(slice, a, b);
  const reader = readerOver({ servers, serverOf: () => 'b', workspace });
  await wait(300);
  t.equal(await asked(reader), 'unavailable', 'nothing of it is on the receiver yet');
  await giver.apply(records.slice(2));
  await wait(300);
  t.equal(await asked(reader), 'r0=t4 r1=t5', 'while the receiver is behind the copy, the giver answers');
  t.match(b.latest().slices().arriving, { [String(slice)]: 'a' });
  await taker.apply(records.slice(4));
  await moving;
  t.equal(await asked(reader), 'r0=t4 r1=t5');
  t.match(await stateOf(reader, COMPANY), { records: 2, versions: 6 }, 'each version once');
});

t.test('a server that is further behind the others than is allowed says nothing of what is missing', async (t) => {
  const three = await threeServers(t);
  if (three === undefined) return;
  const declared = three.open();
  const workspace = world([COMPANY]);
  const writers = await Promise.all(
    declared.servers.map((server) =>
      openPostgresViewWriter({ server, workspace, slices: declared.slicesOf(server.name) }),
    ),
  );
  const reader = readerOver({ ...declared, workspace, behindMs: 1000 });
  const reached = (at: number, ...which: readonly number[]) =>
    Promise.all(
      which.map((i) => writers[i]?.caughtUp([0, 1].map((partition) => ({ topic: topicOf(COMPANY), partition, at })))),
    );
  const subjects = NAMES.map((name) => {
    for (let n = 0; ; n++) if (declared.serverOf(sliceOf(subject(n))) === name) return subject(n);
  });
  const answers = async (): Promise<readonly string[]> => {
    await fetched(reader, [], [], NOW);
    return Promise.all(subjects.map((of) => asked(reader, NOW, COMPANY, of)));
  };
  await reached(10_000, 0, 1, 2);
  t.strictSame(await answers(), ['', '', '']);
  await reached(10_900, 0, 1);
  t.strictSame(await answers(), ['', '', ''], 'a little behind');
  await reached(12_000, 0, 1);
  t.strictSame(await answers(), ['', '', 'unavailable']);
  await reached(12_000, 2);
  t.strictSame(await answers(), ['', '', '']);
});

t.test('a table that leaves slices out, or names them twice, or a server that nobody knows, is refused', (t) => {
  const server = (name: string) => ({ name, addresses: ['127.0.0.1'] });
  const given = (more: object) => () =>
    readView({ driver: 'postgres', servers: [server('a'), server('b')], ...more }, PLACE, {});
  const run = (from: number, to: number, name: string) => ({ from, to, server: name });
  t.doesNotThrow(given({}));
  t.doesNotThrow(given({ slices: [run(10, SLICES - 1, 'b'), run(0, 9, 'a')] }));
  for (const [more, message] of [
    [{ slices: [run(0, 9, 'a')] }, /ends at slice 9/],
    [{ slices: [run(0, 9, 'a'), run(11, SLICES - 1, 'b')] }, /goes wrong at slice 10/],
    [{ slices: [run(0, 9, 'a'), run(9, SLICES - 1, 'b')] }, /goes wrong at slice 9/],
    [{ slices: [run(0, SLICES - 1, 'c')] }, /`c`, which is not in `view.servers`/],
    [{ servers: [server('a'), server('a')] }, /names a server twice/],
    [{ servers: [] }, /names no server/],
  ] as const)
    t.throws(given(more), { code: 'bad_config', message });
  t.end();
});
