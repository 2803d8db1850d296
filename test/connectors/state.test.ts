/**
 * What has been published, as the connector remembers it: when its folder cannot be written, that is said, nobody is
 * killed by it, and nothing is lost.
 */
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { State } from '../../connectors/publish/index.js';
import { digit9 } from './fixtures.js';
import { openOffice } from './office.js';

let clock = Date.parse('2024-01-01T00:00:00Z');
function put(dir: string, names: readonly string[]): void {
  writeFileSync(
    join(dir, 'in.csv'),
    `code,name,status\n${names.map((name, i) => `${digit9.make(i)},${name},\n`).join('')}`,
  );
  clock += 60_000;
  utimesSync(join(dir, 'in.csv'), new Date(clock), new Date(clock));
}

/** lmdb rejects a commit that the disk refuses; a full disk of this machine would stop more than this test. */
function failing(state: State): () => void {
  const { env } = state as unknown as { readonly env: { write: (work: () => void) => Promise<unknown> } };
  const whole = env.write;
  env.write = () => Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
  return () => (env.write = whole);
}

t.test('a commit that fails ends the run with a code, and the next run makes it good', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  put(dir, ['a', 'b', 'c']);
  await office.run();
  put(dir, ['a', 'B', 'c', 'd']);
  const mend = failing(office.state);
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  t.teardown(() => process.removeListener('unhandledRejection', note));
  await t.rejects(office.run(), { code: 'state_unavailable' });
  mend();
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(unhandled, []);
  t.match(await office.run(), { state: 'complete', quarantined: 0 });
  t.strictSame(Object.values(await office.current()).sort(), ['B', 'a', 'c', 'd']);
  put(dir, ['a', 'b']);
  t.match(
    await office.run({ maxWithdrawShare: 1 }),
    { published: 1, withdrawn: 2 },
    'and the state knows what is on record',
  );
  t.strictSame(Object.values(await office.current()).sort(), ['a', 'b']);
  await office.close();
});

t.test('positions of pushes are forgotten after thirty days, all of them, a piece at a time', async (t) => {
  const state = State.open(t.testdir());
  const day = 86_400_000;
  const last: Promise<unknown>[] = [];
  for (let i = 0; i < 25_000; i++)
    last.push(state.putPosition('a.b', `old ${String(i).padStart(5, '0')}`, 'x'.repeat(16), 0));
  for (let i = 0; i < 5; i++) last.push(state.putPosition('a.b', `zz new ${i}`, 'x'.repeat(16), 31 * day));
  await Promise.all(last);
  t.strictSame(
    [await state.prunePositions(31 * day), await state.prunePositions(31 * day), await state.prunePositions(31 * day)],
    [20_000, 5_000, 0],
  );
  t.equal(state.position('a.b', 'old 24999'), undefined);
  t.equal(state.position('a.b', 'zz new 4'), 'x'.repeat(16));
  await state.close();
});

t.test(
  'what is remembered of a record is not believed where it was changed on the disk; what was written before ' +
    'there were checksums is',
  async (t) => {
    const state = State.open(t.testdir());
    const whole = { slot: 3, hash: 'h'.repeat(16), sourceTime: 1000, superseded: 's'.repeat(32), rest: 'r'.repeat(8) };
    await state.putAll('a.b', [{ ...whole, key: 'a.b|digit9:1|', withdrawn: false }], new Map());
    t.strictSame(state.get('a.b|digit9:1|'), whole);
    const { env } = state;
    const records = env.table<Buffer, string>('records', { encoding: 'binary' });
    const put = (key: string, value: Buffer): void => env.writeSync(() => records.putSync(key, value));
    const bytes = Buffer.from(records.get('a.b|digit9:1|') ?? '');
    for (const at of [0, 5, 13, 21, 30, bytes.length - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      put('a.b|digit9:1|', flipped);
      t.throws(() => state.get('a.b|digit9:1|'), { code: 'store_damaged' }, `byte ${at}`);
    }
    put('a.b|digit9:2|', bytes);
    t.throws(() => state.get('a.b|digit9:2|'), { code: 'store_damaged' }, 'under another key');
    const old = Buffer.alloc(28, 'o');
    old.writeUInt32LE(7, 0);
    old.writeDoubleLE(5, 4);
    put('a.b|digit9:3|', old);
    t.strictSame(state.get('a.b|digit9:3|'), {
      slot: 7,
      sourceTime: 5,
      hash: 'o'.repeat(16),
      superseded: '',
      rest: '',
    });
    await state.close();
  },
);
