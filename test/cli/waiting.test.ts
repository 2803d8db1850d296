/** Whoever waits on a terminal is told so after two seconds, and nothing of it stays. */
import { setTimeout as later } from 'node:timers/promises';
import t from 'tap';
import { progressBar } from '../../gateway/cli/progress.js';
import { stillWorking } from '../../gateway/cli/waiting.js';

// its entries or pauses take long: not among the quick suites
t.setTimeout(360_000);

t.test('a command that takes long says that it goes on, until it has something to say', async (t) => {
  const written: string[] = [];
  const waiting = stillWorking('en', { shown: true, write: (text) => written.push(text) });
  await later(500);
  t.same(written, [], 'nothing at once');
  for (const end = Date.now() + 20_000; written.length === 0 && Date.now() < end; ) await later(50);
  t.match(written[0], /^\r\u001b\[Kworking … \d+ s$/);
  waiting.end();
  t.equal(written.at(-1), '\r\u001b[K', 'and takes it back');
  const count = written.length;
  waiting.end();
  await later(1500);
  t.equal(written.length, count, 'for good');
});

t.test('a bar of the command takes its place', async (t) => {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  stillWorking('zh', { shown: true, write });
  for (const end = Date.now() + 20_000; written.length === 0 && Date.now() < end; ) await later(50);
  t.match(written[0], /正在处理，已用时 \d+ 秒/);
  const bar = progressBar('verifying', { shown: true, write });
  bar.to(1, 2);
  t.match(written.slice(-2), ['\r\u001b[K', /verifying █+·+ {2}50 %/]);
  bar.end();
  const count = written.length;
  await later(1500);
  t.equal(written.length, count);
});

t.test('where nobody looks nothing is written', async (t) => {
  const written: string[] = [];
  stillWorking('en', { shown: false, write: (text) => written.push(text) });
  await later(2500);
  t.same(written, []);
});
