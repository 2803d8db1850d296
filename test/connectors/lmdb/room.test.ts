/** What may be in a store, and what becomes of it when that is reached: nothing that was acknowledged is lost. */
import { fork } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import type { Bus } from '../../../connectors/bus/port.js';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { damageOf } from '../../../connectors/lmdb/file.js';
import { usedBytes } from '../../../connectors/lmdb/room.js';
import { randomOf } from '../../tools/faults/random.js';
import type { Filled } from './filler.js';

const FILLER = fileURLToPath(new URL('filler.js', import.meta.url));
const PAGE = 4096;

/** What a process says before it ends; undefined where it says nothing. */
function run<T>(...args: readonly string[]): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const child = fork(FILLER, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    let said: T | undefined;
    child.on('message', (message: T) => (said = message));
    child.once('exit', (code, signal) =>
      code === 0 ? resolve(said) : reject(new Error(`ended by ${String(code ?? signal)}`)),
    );
  });
}

t.test('what is used is what a copy without free pages holds', async (t) => {
  const dir = t.testdir({});
  const file = join(dir, 'store');
  t.equal(usedBytes(file), undefined, 'of no file nothing is said');
  const env = openEnv<Buffer, string>({ file, encoding: 'binary' });
  t.teardown(() => env.close());
  const random = randomOf(7, 'room');
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 60; i++)
      env.writeSync(() => {
        const key = `k${String(random.between(0, 400))}`;
        if (random.between(0, 9) < (round % 2 === 0 ? 2 : 8)) env.root.removeSync(key);
        else env.root.putSync(key, Buffer.alloc(random.between(1, 20_000), 1));
      });
    const copy = join(dir, `copy-${String(round)}.mdb`);
    await env.root.backup(copy, true);
    const [used = 0, tight] = [usedBytes(file), statSync(copy).size];
    // the list of free pages takes some itself, and a copy may fill its pages better
    t.ok(Math.abs(used - tight) <= 12 * PAGE, `round ${String(round)}: ${String(used)} of ${String(tight)}`);
  }
  env.writeSync(() => {
    for (let i = 0; i <= 400; i++) env.root.removeSync(`k${String(i)}`);
  });
  t.ok((usedBytes(file) ?? 0) < statSync(file).size * 0.1, 'a file does not get smaller, and what is in it does');
});

t.test('a map grows by itself while others write and read it, and nothing moves under who holds it', async (t) => {
  const file = join(t.testdir({}), 'store');
  const env = openEnv<Buffer, Buffer>({ file, encoding: 'binary', keyEncoding: 'binary', mapSize: 1 << 20 });
  t.teardown(() => env.close());
  env.writeSync(() => env.root.putSync(Buffer.from('first'), Buffer.alloc(5000, 9)));
  let done = false;
  let damage: string | undefined;
  const looking = (async () => {
    for (; !done; damage ??= damageOf(file)) await new Promise((resolve) => setTimeout(resolve, 100));
  })();
  const wrong = await Promise.all([
    run('map', file, 'a', '700'),
    run('map', file, 'b', '700'),
    run<number>('read', file, '1401'),
    run<number>('read', file, '1401'),
  ]);
  done = true;
  await looking;
  t.equal(damage, undefined, 'nor does a look at the file call it damaged');
  t.strictSame(wrong.slice(2), [0, 0], 'no reader saw anything but what was written');
  env.root.resetReadTxn();
  for (const name of ['a', 'b'])
    for (let i = 0; i < 700; i++)
      if (env.root.get(Buffer.from(`${name}-${String(i)}`))?.[4999] !== i % 256) t.fail(`${name}-${String(i)} is gone`);
  t.ok((usedBytes(file) ?? 0) > 8 * 2 ** 20, 'eight times what the map began with');
  t.equal(damageOf(file), undefined);
});

t.test('at its limit nothing is added, what was there stays, and what is removed makes room', async (t) => {
  const file = join(t.testdir({}), 'store');
  const limit = { bytes: 2 ** 20, setting: 'a.maxBytes', what: 'the store' };
  const env = openEnv<Buffer, string>({ file, encoding: 'binary', limit });
  t.teardown(() => env.close());
  t.throws(() => env.refuseFull(), 'outside of a transaction it says nothing');
  const add = (key: string): void =>
    env.writeSync(() => {
      env.refuseFull();
      env.root.putSync(key, Buffer.alloc(3000));
    });
  let added = 0;
  const fill = (): void => {
    for (;;) add(`k${String(added++)}`);
  };
  t.throws(fill, { code: 'store_full', message: /`a\.maxBytes` allows 1048576/ });
  added--;
  t.ok((usedBytes(file) ?? 0) >= limit.bytes);
  t.ok((usedBytes(file) ?? 0) < limit.bytes + 20 * PAGE, 'it passes its limit by one transaction');
  t.equal(env.root.getKeysCount(), added, 'all that was added is there, and what was refused is not');
  await t.rejects(
    env.write(() => {
      env.refuseFull();
      env.root.putSync('never', Buffer.alloc(10));
    }),
    { code: 'store_full' },
  );
  t.equal(env.root.get('never'), undefined);
  const before = statSync(file).size;
  env.writeSync(() => {
    for (let i = 0; i < added / 2; i++) env.root.removeSync(`k${String(i)}`);
  });
  // what one transaction frees, those after the next may use
  for (let i = 0; i < 3; i++) env.writeSync(() => env.root.putSync('mark', Buffer.alloc(1)));
  for (let i = 0; i < 50; i++) add(`again-${String(i)}`);
  t.ok(statSync(file).size < before + 40 * PAGE, 'in the room that was freed');
});

/** Record ids of all that is on a topic, in order. */
async function published(bus: Bus, topic: string): Promise<readonly string[]> {
  const high = (await bus.topicState(topic))?.partitions[0]?.high ?? 0;
  const found: string[] = [];
  const consumption = await bus.consume({
    topics: [topic],
    from: () => 0,
    onBatch: async (batch) => void found.push(...batch.map(({ key }) => key.slice(key.indexOf('|') + 1))),
    onOffsetLost: ({ low }) => low,
  });
  while (found.length < high) await new Promise((resolve) => setTimeout(resolve, 5));
  await consumption.stop();
  return found;
}

t.test(
  'a bus that several processes fill refuses at its limit, is read all the same, and goes on once it is raised',
  async (t) => {
    const dir = join(t.testdir({}), 'bus');
    const topic = 'city.data.a.b';
    const [few, more] = [3 * 2 ** 20, 5 * 2 ** 20];
    const bus = await openEmbeddedBus({ dir });
    t.teardown(() => bus.close());
    await bus.ensureTopics([{ topic, partitions: 1, history: 'full' }]);
    const fill = async (names: readonly string[], maxBytes: number): Promise<readonly string[]> => {
      const all = await Promise.all(names.map((name) => run<Filled>('bus', dir, topic, name, String(maxBytes))));
      t.strictSame(
        all.map((filled) => filled?.code),
        names.map(() => 'store_full'),
      );
      return all.flatMap((filled) => filled?.acked ?? []);
    };
    const first = await fill(['a', 'b', 'c'], few);
    t.ok(first.length > 500, 'much was taken');
    t.strictSame(
      [...(await published(bus, topic))].sort(),
      [...first].sort(),
      'each that was acknowledged, and no other',
    );
    t.strictSame(await fill(['d'], few), [], 'full after a restart as well');
    const second = await fill(['e', 'f'], more);
    t.ok(second.length > 300, 'with a higher limit it goes on');
    t.strictSame([...(await published(bus, topic))].sort(), [...first, ...second].sort(), 'and nothing is lost');
    t.equal(damageOf(join(dir, 'data.mdb')), undefined);
  },
);
