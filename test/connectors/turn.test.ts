import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { State, takeTurn } from '../../connectors/publish/index.js';

const child = (...args: string[]): ChildProcess =>
  fork(fileURLToPath(new URL('./take-turns.js', import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });

t.test('processes publish to one dataset one after another, and none is kept waiting by a busy one', async (t) => {
  const dir = t.testdir();
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name) => once(child(dir, name, '40'), 'exit')));
  const lines = readFileSync(join(dir, 'turns'), 'utf8').trim().split('\n');
  t.equal(lines.length, 240);
  for (let i = 0; i < lines.length; i += 2)
    if (lines[i + 1] !== lines[i]?.replace(' in', ' out')) t.fail(`two at once at ${String(i)}`);
});

t.test('what a killed process held is passed on; what a living one holds is not', async (t) => {
  const dir = t.testdir();
  const holder = child(dir, 'x', 'hold');
  await once(holder, 'message');
  const state = State.open(dir);
  await t.rejects(
    takeTurn(state, 'a.b', { wait: 50 }, () => Promise.resolve()),
    { code: 'dataset_busy' },
  );
  t.equal(await takeTurn(state, 'a.c', { wait: 0 }, () => Promise.resolve(1)), 1, 'another dataset is free');
  const stop = new AbortController();
  const waiting = takeTurn(state, 'a.b', { signal: stop.signal }, () => Promise.resolve());
  stop.abort();
  await t.rejects(waiting, { code: 'shutting_down' });
  const next = takeTurn(state, 'a.b', {}, () => Promise.resolve('mine'));
  holder.kill('SIGKILL');
  t.equal(await next, 'mine');
  await t.rejects(
    takeTurn(state, 'a.b', {}, () => Promise.reject(new Error('failed'))),
    { message: 'failed' },
  );
  t.same(state.queue('a.b'), [], 'nobody is left in it');
  await state.close();
});
