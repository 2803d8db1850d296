/** A connector whose Kafka is not there waits for it, and then publishes as if nothing had been. */
import { execFileSync, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { startBroker } from '../support/servers/broker.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { cli } from './city.js';

t.setTimeout(120_000);

if (kafkaForTest(t) !== undefined) {
  void t.test('a connector without a bus', async (t) => {
    const broker = await startBroker(t);
    await broker.stop();
    const dir = t.testdir();
    const workspace = join(dir, 'city');
    execFileSync(process.execPath, [cli, 'init', workspace]);
    const file = join(workspace, 'yitong.json');
    const bus = {
      driver: 'kafka',
      brokers: [broker.addresses['PLAINTEXT']],
      clientId: 'waits',
      groupId: 'waits',
      replication: 1,
      minInsyncReplicas: 1,
    };
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), bus }));
    const args = ['connector', 'office.shops', '--json', '--workspace', workspace, '--data', join(dir, 'data')];
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    t.teardown(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    const complaint = await new Promise<string>((resolve) =>
      createInterface({ input: child.stderr }).once('line', resolve),
    );
    t.match(complaint, /again in \d+ s/);
    const report = new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
    await broker.start();
    const started = Date.now();
    const said: unknown = JSON.parse(await report);
    t.match(said, { state: 'complete', quarantined: 0 });
    t.comment(`published ${Date.now() - started} ms after the broker answered`);
  });
}
