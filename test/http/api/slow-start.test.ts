/**
 * A start takes as long as it takes: no part of it is given up because a time is over, and what it waits for is said.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { startLook, waitsFor } from '../../../gateway/operate/process/waiting.js';
import { until } from '../../e2e/ask.js';
import { cli } from '../../e2e/city.js';
import { childrenOf } from '../../tools/bench/servers.js';
import { folder, grant, world } from './world.js';

t.setTimeout(180_000);

t.test('a service that takes longer than ten seconds to be there is waited for', async (t) => {
  const services = await folder(t);
  await mkdir(join(services, 'slow'));
  await writeFile(join(services, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(services, 'slow', 'index.js'),
    `export default { port: 'api', async register(app) {
      await new Promise((resolve) => setTimeout(resolve, 11_000));
      app.post('/slow', async () => ({ here: true }));
    } };`,
  );
  const here = await world(t, { grants: [grant('g', ['name'])], services: pathToFileURL(`${services}/`) });
  t.strictSame((await here.post('/slow', {})).json, { here: true });
});

t.test(
  'what a start waits for is said from the fifth second on, more and more seldom, and not of what is there',
  (t) => {
    let now = 1_000_000;
    const said: string[] = [];
    const writer = { name: 'writer', process: {} as never, ready: false, doing: 'opens the view', since: now };
    const worker = { name: 'worker 1', process: {} as never, ready: true, doing: 'opens its ports', since: now };
    let others: string | undefined;
    const look = startLook({
      members: () => [writer, worker],
      others: () => others,
      log: (level, message) => said.push(`${level} ${message}`),
      now: () => now,
    });
    const after = (seconds: number): string[] => {
      for (let i = 0; i < seconds; i++) {
        now += 1000;
        look();
      }
      return said.splice(0);
    };
    t.strictSame(after(4), []);
    t.strictSame(after(1), ['warn starting: waiting for writer: it opens the view, since 5 s']);
    t.strictSame(after(9), []);
    t.strictSame(after(1), ['warn starting: waiting for writer: it opens the view, since 15 s']);
    t.equal(after(600).length, 11, 'in ten minutes no more than one line a minute, and two before');
    writer.ready = true;
    others = 'the first pass of the feeds';
    t.strictSame(after(6), ['warn starting: waiting for the first pass of the feeds, since 5 s']);
    others = undefined;
    t.strictSame(after(100), []);
    t.equal(waitsFor({ ...writer, doing: 'opens the bus' }), 'writer is not ready: it opens the bus');
    t.equal(waitsFor({ name: 'feeds', process: undefined, doing: '' }), 'feeds is not running');
    t.end();
  },
);

/** The nice value of a process, as the kernel has it. */
async function niceOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

t.test(
  'a start whose writer does not get on waits, says so, and ends well when it does',
  { skip: process.platform === 'linux' ? false : 'asks the kernel of Linux' },
  async (t) => {
    const dir = await folder(t);
    const [workspace, data] = [join(dir, 'workspace'), join(dir, 'data')];
    execFileSync(process.execPath, [cli, 'init', workspace]);
    const child = spawn(
      process.execPath,
      [cli, 'up', '--json', '--workspace', workspace, '--data', data, '--port', '0'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    t.teardown(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    const first = new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
    const [writer = NaN] = await until(
      'the writer',
      () => Promise.resolve(childrenOf(child.pid ?? 0, 'operate/process/writer.js')),
      (found) => found.length === 1,
      60_000,
    );
    // before it has said anything: it has only just been started
    process.kill(writer, 'SIGSTOP');
    try {
      await until(
        'that it is waited for',
        () => Promise.resolve(said),
        (text) => /starting: waiting for writer: it .+, since \d+ s/.test(text),
        60_000,
      );
      t.equal(await niceOf(writer), 0, 'a start has the priority of the answers that wait for it');
    } finally {
      process.kill(writer, 'SIGCONT');
    }
    t.equal((JSON.parse(await first) as { ready: boolean }).ready, true, 'it is ready after all');
    await until(
      'that the writer steps back behind the answers',
      () => niceOf(writer),
      (nice) => nice > 0,
      30_000,
    );
  },
);
