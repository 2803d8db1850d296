/** A process of the group that is killed comes back, and no answer that was given is missing from the log. */
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { receiptId } from '../../gateway/client/index.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { childrenOf } from '../tools/bench/servers.js';
import { until } from './ask.js';
import { type City, city, cli } from './city.js';

t.setTimeout(120_000);

const QUESTION = { purpose: 'permit-check', subject: 'uscc:91990101MAEXA0001X', datasets: [{ id: 'office.shops' }] };

async function ready(running: City): Promise<string> {
  const response = await fetch(`${running.health}/health/ready`);
  return `${response.status} ${await response.text()}`;
}

/** Kills the one child whose command line holds `word`, as the system would. */
function kill(t: Test, running: City, word: string): void {
  const up = runningUp(running.data);
  if (up === undefined) throw new Error('up does not run');
  const [child, ...more] = childrenOf(up.pid, word);
  t.strictSame(more, [], `one process is ${word}`);
  if (child === undefined) throw new Error(`no process is ${word}`);
  process.kill(child, 'SIGKILL');
}

/** Of each of its threads: proc_pid_stat(5), field 19. */
const nicenessOf = (pid: number): readonly number[] =>
  readdirSync(`/proc/${String(pid)}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${String(pid)}/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });

void t.test('writer, feeds and worker are killed in turn under questions', async (t) => {
  const workspace = join(t.testdir(), 'city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const running = await city(t, { workspace });
  const receipts: string[] = [];
  let failures = 0;
  let asking = true;
  /** One question after another, on new connections after a failure; every answer that came has a receipt. */
  const asker = (async () => {
    let desk = await running.as('front-desk');
    while (asking) {
      try {
        const answer = await desk.query(QUESTION);
        if (answer.datasets[0]?.records.length !== 1) throw new Error('an answer without its record');
        receipts.push(receiptId(answer.receipt));
      } catch (error) {
        if (
          !(error instanceof Error) ||
          !('code' in error) ||
          !/ECONNREFUSED|ECONNRESET|EPIPE/.test(String(error.code))
        )
          throw error;
        failures++;
        desk.close();
        await new Promise((resolve) => setTimeout(resolve, 20));
        desk = await running.as('front-desk');
      }
    }
    desk.close();
  })();
  // a failure here must not be met only at the end
  let broken: unknown;
  asker.catch((error: unknown) => (broken = error));
  const answers = async (count: number, what: string): Promise<void> => {
    const from = receipts.length;
    await until(
      what,
      () => Promise.resolve(broken === undefined ? receipts.length : Infinity),
      (now) => now >= from + count,
    );
    if (broken !== undefined) throw broken;
  };

  await answers(20, 'answers');
  for (const word of ['operate/process/writer.js', 'operate/process/feeds.js']) {
    kill(t, running, word);
    await answers(20, `answers without ${word}`);
    t.equal(failures, 0, `nobody who asks notices that ${word} is gone`);
    await until(
      `${word} again`,
      () => ready(running),
      (text) => text.startsWith('200'),
    );
  }
  kill(t, running, 'operate/process/worker.js');
  await until(
    'a failure',
    () => Promise.resolve(failures),
    (count) => count > 0,
  );
  await answers(20, 'answers of the new worker, at the same address');
  await until(
    'the worker again',
    () => ready(running),
    (text) => text.startsWith('200'),
  );
  const [own = 0] = nicenessOf(process.pid);
  const [writer = 0] = childrenOf(runningUp(running.data)?.pid ?? 0, 'operate/process/writer.js');
  await until(
    'all threads of the writer to stand back behind the answers again',
    () => Promise.resolve(nicenessOf(writer)),
    (all) => all.every((nice) => nice > own),
  );
  asking = false;
  await asker;
  await running.stop();

  const report = await verifyLog({ logDir: join(running.data, 'log'), dataDir: running.data });
  t.match(
    report,
    { ok: true, newer: 0, declaredMissing: 0 },
    report.fault ?? 'the log verifies and nothing is missing',
  );
  const lost = receipts.filter((id) => lookupReceipt(running.data, id).kind !== 'logged');
  t.strictSame(lost, [], `each of ${receipts.length} answers is in the log`);
});

void t.test('a group that is told to stop before it is ready stops', async (t) => {
  const workspace = join(t.testdir(), 'city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const child = spawn(
    process.execPath,
    [cli, 'up', '--json', '--workspace', workspace, '--data', join(workspace, 'data'), '--port', '0'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(
    'the writer',
    () => Promise.resolve(childrenOf(child.pid ?? 0, 'operate/process/writer.js')),
    (found) => found.length > 0,
  );
  // stands still from its first moment on, so that nothing that waits for it is ready before the signal has come
  const [writer = 0] = childrenOf(child.pid ?? 0, 'operate/process/writer.js');
  process.kill(writer, 'SIGSTOP');
  child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.kill(writer, 'SIGCONT');
  t.strictSame(await ended, [0, null]);
  t.equal(said, '', 'it was not ready');
  t.strictSame(childrenOf(child.pid ?? 0, ''), [], 'and nothing of it is left');
});

void t.test('no process outlives a supervisor that dies at once', async (t) => {
  const workspace = join(t.testdir(), 'city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const data = join(workspace, 'data');
  const args = JSON.stringify({
    workspace,
    data,
    bus: { driver: 'embedded', dir: join(data, 'bus') },
    flags: {},
    options: {},
  });
  for (const name of ['writer', 'feeds']) {
    const child = fork(new URL(`../../gateway/operate/process/${name}.js`, import.meta.url), [args], {
      stdio: 'ignore',
    });
    t.teardown(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    // before it has loaded anything
    child.disconnect();
    t.strictSame(await ended, [0, null], name);
  }
});
