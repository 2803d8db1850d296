/**
 * A thousand changes on their way to a client that polls and to one with a webhook, while processes of the gateway and
 * the receiver are killed: each is told at least once, in order for a subject, and none after the end of its grant. The
 * receiver is Python, and verifies each delivery.
 */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openBus } from '../../connectors/bus/open.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { pythonForTest } from '../support/python.js';
import { type City, city } from './city.js';
import { run } from './command.js';
import * as subscribing from './subscribing.js';

t.setTimeout(240_000);
const CHANGES = 1000;

/** Whoever runs it sees all of them, a client its own; and ends one. */
async function commands(t: Test, { data }: City, workspace: string): Promise<void> {
  const of = ['--workspace', workspace, '--data', data, '--json'];
  const listed = JSON.parse((await run('subscriptions', 'list', ...of)).stdout) as object;
  t.match(listed, {
    subscriptions: [
      { client: 'front-desk', id: 'polled', way: 'poll', askedAt: /^20/ },
      { client: 'front-desk', id: 'sent', way: 'webhook' },
    ],
  });
  t.notMatch(JSON.stringify(listed), /uscc:/, 'and nothing of the subjects');
  const shown = await run('subscriptions', 'show', 'sent', '--as', 'front-desk', ...of);
  t.match(JSON.parse(shown.stdout), { id: 'sent', datasets: [{ effect: 'deny', reason: 'grant_suspended' }] });
  t.equal((await run('subscriptions', 'end', 'sent', '--as', 'front-desk', ...of)).code, 0);
  const again = await run('subscriptions', 'show', 'sent', '--as', 'front-desk', ...of);
  t.equal(again.code, 1);
  t.match(JSON.parse(again.stdout), { code: 'not_found' });
}

void t.test('a thousand changes under kill -9 of gateway and receiver', async (t) => {
  const python = pythonForTest(t, 'cryptography', 'cryptography');
  if (python === undefined) return;
  const dir = t.testdir();
  const workspace = join(dir, 'workspace');
  subscribing.initOffice(workspace);
  const { port, pair } = await subscribing.deskIn(dir, workspace);
  const running = await city(t, { workspace });
  const desk = await running.as('front-desk');
  const { asked, subjects } = subscribing;
  await desk.subscribe('polled', { ...asked, way: 'poll', subjects });
  const sent = await desk.subscribe('sent', { ...asked, way: 'webhook', subjects });
  const out = join(dir, 'received');
  const receiver = new subscribing.Receiver(python, { port, ...pair, out, publicKey: sent.publicKey });
  await receiver.start();
  t.teardown(() => receiver.kill());
  const poller = new subscribing.Poller();
  const polling = poller.run(running);

  const bus = await openBus({ driver: 'embedded', dir: join(running.data, 'bus') });
  t.teardown(() => bus.close());
  const publisher = await subscribing.publisherOf(workspace, bus);
  const begun = Date.now();
  let kills = 0;
  for (let n = 0; n < CHANGES; n += 10) {
    await publisher.publish(n, 10);
    if (n % 100 !== 50) continue;
    if (n % 200 === 50) kills += subscribing.killed(running, 'operate/process/worker.js', 8);
    if (n % 400 === 150) kills += subscribing.killed(running, 'operate/process/writer.js');
    if (n % 300 === 50) {
      await receiver.kill();
      kills++;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await receiver.start();
    }
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  await subscribing.cameInOrder(t, 'polled', CHANGES, () => poller.told);
  await subscribing.cameInOrder(t, 'received', CHANGES, () => subscribing.received(out));
  t.equal(receiver.refused, 0, 'each signature was verified');
  t.comment(`${String(kills)} kills, ${String(poller.failures)} failed polls, ${String(Date.now() - begun)} ms`);
  await subscribing.ending(t, {
    workspace,
    publisher,
    from: CHANGES,
    told: async () => [...poller.told, ...(await subscribing.received(out))],
    denied: () => poller.deniedAt !== undefined,
  });
  poller.stopped = true;
  await polling;
  await commands(t, running, workspace);
  await running.stop();
  const report = await verifyLog({ logDir: join(running.data, 'log'), dataDir: running.data });
  t.match(report, { ok: true }, report.fault ?? 'the log verifies');
});
