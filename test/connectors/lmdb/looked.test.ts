/** A store that was looked at whole is opened without a look only where nothing has touched it since. */
import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, utimesSync, writeSync } from 'node:fs';
import { cp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Env, openEnv } from '../../../connectors/lmdb/env.js';
import { damageOf } from '../../../connectors/lmdb/file.js';
import { rememberLooked, wasLooked } from '../../../connectors/lmdb/looked.js';

const PAGE = 4096;
const never = new AbortController().signal;
const open = (file: string): Env<Buffer, string> => openEnv<Buffer, string>({ file, encoding: 'binary' });

function fill(env: Env<Buffer, string>, from: number, to: number): void {
  env.writeSync(() => {
    for (let i = from; i < to; i++) env.root.putSync(`key ${String(i).padStart(6, '0')}`, Buffer.alloc(300, i));
  });
}
async function remembered(t: Test): Promise<string> {
  const file = join(t.testdir({}), 'store');
  const env = open(file);
  fill(env, 0, 2000);
  await env.close();
  rememberLooked(file);
  return file;
}
/** Changes bytes in the middle of a page. */
function scratch(file: string, page: number): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.from('scratched'), 0, 9, page * PAGE + 40);
  closeSync(fd);
}
/** A page that holds keys, of those that can be reached. */
function somePage(file: string): number {
  const bytes = readFileSync(file);
  for (let page = 2; page * PAGE < bytes.length; page++) {
    const before = Buffer.from(bytes.subarray(page * PAGE + 40, page * PAGE + 49));
    scratch(file, page);
    const harmful = damageOf(file) !== undefined;
    const fd = openSync(file, 'r+');
    writeSync(fd, before, 0, 9, page * PAGE + 40);
    closeSync(fd);
    if (harmful) return page;
  }
  throw new Error('no page of it matters');
}

t.test('one that nobody touched is remembered, once', async (t) => {
  const file = await remembered(t);
  t.equal(wasLooked(file), true);
  t.equal(wasLooked(file), false, 'who opens it has to close it again, or it is looked at');
  t.notOk(existsSync(`${file}.looked`));
  t.equal(wasLooked(join(t.testdirName, 'none')), false);
});

t.test('whatever touched it since has it looked at', async (t) => {
  const touches: Readonly<Record<string, (file: string) => void | Promise<void>>> = {
    'a page that was changed': (file) => scratch(file, 3),
    'a page that was changed, under the time of before': (file) => {
      const { atime, mtime } = statSync(file);
      scratch(file, 3);
      utimesSync(file, atime, mtime);
    },
    'pages that were cut off': (file) => truncateSync(file, statSync(file).size - PAGE),
    'a copy in its place': async (file) => {
      await cp(file, `${file}.copy`, { preserveTimestamps: true });
      await rename(`${file}.copy`, file);
    },
    'a commit': async (file) => {
      const env = open(file);
      fill(env, 5000, 5001);
      await env.close();
    },
    'its end': (file) => truncateSync(file, 0),
  };
  for (const [what, touch] of Object.entries(touches)) {
    const file = await remembered(t);
    await touch(file);
    t.equal(wasLooked(file), false, what);
  }
});

t.test('a look beside what goes on finds what the opening would have found, and is not misled by writes', async (t) => {
  const file = join(t.testdir({}), 'store');
  const first = open(file);
  fill(first, 0, 3000);
  await first.close();

  const env = open(file);
  t.teardown(() => env.close());
  let looking = true;
  const look = env.look(never).finally(() => (looking = false));
  let writes = 0;
  // each takes pages that the one before it freed, but for those of the snapshot
  for (; looking || writes < 20; writes++) {
    fill(env, 0, 200);
    env.writeSync(() => env.root.removeSync(`key ${String(writes).padStart(6, '0')}`));
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(await look, undefined, `whole, while ${String(writes)} times something was written`);

  scratch(file, somePage(file));
  const after = damageOf(file);
  t.ok(after);
  t.equal(await env.look(never), after, 'it says what a look before the opening says');
});

t.test('a look is ended by its signal', async (t) => {
  const file = await remembered(t);
  const env = open(file);
  t.teardown(() => env.close());
  const stop = new AbortController();
  const look = env.look(stop.signal);
  stop.abort(new Error('enough'));
  await t.rejects(look, { message: 'enough' });
  fill(env, 0, 10);
  t.equal(await env.look(never), undefined, 'and what was held for it is let go');
});
