/** Who holds something: a name of a process that lives, and of no other. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { holderLives, holderName } from '../../contracts/holder.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { until } from '../e2e/ask.js';

const skip = process.platform === 'linux' ? false : 'no /proc';

/** `<pid> <start> test`, as that process would name itself. */
const nameOf = (pid: string): string => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]} test`;
};

t.test('this process lives, and one that has its number but began at another time does not', { skip }, (t) => {
  const own = holderName('test');
  t.equal(own, nameOf(String(process.pid)));
  t.ok(holderLives(own));
  const [pid, start] = own.split(' ');
  t.notOk(holderLives(`${pid} ${Number(start) + 1} test`));
  for (const none of ['', 'x', '0 2 test', '99999999999 2 test', '0x1 2 test', '-1 2 test', `4194305 ${start} test`])
    t.notOk(holderLives(none), none);
  t.end();
});

t.test('a process that ended and was never waited for holds nothing: its number still answers', { skip }, async (t) => {
  // `exec` leaves a parent that never asks how its child ended
  const parent = spawn('bash', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => parent.kill('SIGKILL'));
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const child = said.toString().trim();
  const name = nameOf(child);
  t.ok(holderLives(name));
  // until then it is still the shell, which asks
  await until(
    'the parent that never asks',
    async () => readFileSync(`/proc/${String(parent.pid)}/comm`, 'utf8').trim(),
    (command) => command === 'sleep',
    60_000,
  );
  process.kill(Number(child), 'SIGKILL');
  await until(
    'a zombie',
    async () => /\) Z /.test(readFileSync(`/proc/${child}/stat`, 'utf8')),
    (dead) => dead,
    60_000,
  );
  t.doesNotThrow(() => process.kill(Number(child), 0), 'the system still knows it');
  t.notOk(holderLives(name));
  t.notOk(holderLives(`${child}  test`), 'also by its number alone');

  const data = t.testdir();
  const up = (holder: string): unknown => {
    writeFileSync(join(data, 'up.json'), JSON.stringify({ pid: Number(holder.split(' ')[0]), holder, data }));
    return runningUp(data);
  };
  t.equal(up(name), undefined, 'nor does a group run there that left such a process');
  const [pid, start] = nameOf(String(parent.pid)).split(' ');
  t.match(up(`${pid} ${start} up`), { data }, 'the parent runs');
  t.equal(up(`${pid} ${Number(start) - 1} up`), undefined, "its number is another's now");
});
