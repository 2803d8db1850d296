/** What the stores rely on: nothing that was committed goes, whoever opens, writes or is killed beside it. */
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import { COMPANY, seen, sent, world } from '../../support/conformance/view-world.js';
import { play } from './model.js';

const SEEDS = [1, 2, 3, 4, 5];

t.test(
  'processes that write, throw, are killed and open a store, whose shared number goes back now and then',
  { timeout: 600_000 },
  async (t) => {
    let backs = 0;
    for (const seed of SEEDS) {
      const outcome = await play(t.testdir({}), seed, 45);
      t.strictSame(outcome.findings, [], `seed ${String(seed)}`);
      backs += outcome.backs;
    }
    t.ok(backs > SEEDS.length, 'the number did go back');
  },
);

t.test('a store that is opened for reading is not made, not changed, and does not get tables', async (t) => {
  const file = join(t.testdir({}), 'store');
  t.throws(() => openEnv({ file, readOnly: true }));
  const made = openEnv<string, string>({ file, encoding: 'string' });
  made.writeSync(() => made.root.putSync('a', 'b'));
  await made.close();
  const read = openEnv<string, string>({ file, encoding: 'string', readOnly: true });
  t.equal(read.root.get('a'), 'b');
  t.throws(() => read.writeSync(() => undefined));
  await t.rejects(read.write(() => undefined));
  t.throws(() => read.table('none', { encoding: 'string' }));
  await read.close();
});

t.test('a change outside of a transaction is refused', async (t) => {
  const env = openEnv<string, string>({ file: join(t.testdir({}), 'store'), encoding: 'string', maxDbs: 2 });
  t.teardown(() => env.close());
  const table = env.table<string, string>('one', { encoding: 'string' });
  t.throws(() => env.root.putSync('a', 'b'));
  t.throws(() => table.putSync('a', 'b'));
  t.throws(() => env.undone(() => undefined));
  await env.write(() => table.putSync('a', 'b'));
  t.throws(() => table.removeSync('a'));
  t.equal(table.get('a'), 'b');
});

t.test(
  'a process that opens the store again and again beside one that writes takes nothing from it',
  { timeout: 120_000 },
  async (t) => {
    const file = join(t.testdir({}), 'store');
    const env = openEnv<string, string>({ file, encoding: 'string' });
    t.teardown(() => env.close());
    env.writeSync(() => env.root.putSync('0', ''));
    const heal = fileURLToPath(new URL('../../../connectors/lmdb/heal.js', import.meta.url));
    const openers = Array.from({ length: 2 }, () =>
      spawn(process.execPath, [
        '-e',
        `const { execFileSync } = require('node:child_process'); for (let i = 0; i < 6; i++) ` +
          `execFileSync(process.execPath, [${JSON.stringify(heal)}, ${JSON.stringify(file)}]);`,
      ]),
    );
    const over = Promise.all(openers.map((one) => new Promise((resolve) => one.once('exit', resolve))));
    let open = true;
    void over.then(() => (open = false));
    let n = 0;
    while (open) {
      await env.write(() => env.root.putSync(String(++n), 'x'.repeat(n % 3000)));
      env.writeSync(() => env.root.putSync(String(++n), 'x'.repeat(n % 3000)));
    }
    await over;
    t.equal(env.root.getKeysCount(), n + 1);
    execFileSync(process.execPath, [heal, file]);
    t.equal(env.root.getKeysCount(), n + 1);
  },
);

t.test('a reader of the view that was shown a record is not shown the view of before it', async (t) => {
  const dir = t.testdir({});
  const writer = await openLmdbViewWriter({ dir, workspace: world() });
  t.teardown(() => writer.close());
  const reader = writer.reader();
  await writer.apply([sent({ offset: 0, text: 'A' })]);
  await writer.apply([sent({ offset: 1, text: 'B' })]);
  t.equal(seen(reader, { kind: 'now' }, COMPANY), '=B');
  const model = new URL('model.js', import.meta.url).href;
  // by another process: whoever has the store open must not open its lock file
  const back = (): void =>
    void execFileSync(process.execPath, [
      '--input-type=module',
      '-e',
      `const { setBack } = await import(${JSON.stringify(model)}); ` +
        `process.exit(setBack(${JSON.stringify(join(dir, 'view.mdb'))}, 1) ? 0 : 1);`,
    ]);
  back();
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(seen(reader, { kind: 'now' }, COMPANY), '=B');
  back();
  await writer.apply([sent({ offset: 2, text: 'C' })]);
  t.equal(seen(reader, { kind: 'now' }, COMPANY), '=C');
  t.equal(writer.nextOffset(sent({ offset: 2, text: 'C' }).topic, 0), 3);
});
