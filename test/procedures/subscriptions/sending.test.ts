/**
 * Webhooks whose receiver fails: what changes comes at least once and in order for a subject, whoever sends, and
 * nothing leaves while the grant is not in force.
 */
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { subjectKey } from '../../../contracts/ids.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { secretIn } from '../../../gateway/ground/state/secret.js';
import { sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import { SubscriptionChanges } from '../../../gateway/procedures/subscriptions/changes.js';
import { sendChanges } from '../../../gateway/procedures/subscriptions/sending.js';
import { SubscriptionStore, webhooksStanding } from '../../../gateway/procedures/subscriptions/store.js';
import { publicKeyOf, signingKey } from '../../../gateway/procedures/subscriptions/webhook.js';
import type { Client } from '../../../policies/types.js';
import { until } from '../../e2e/ask.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { type OpenState, SHARED, sharedState } from '../../support/shared-state.js';
import { ALL, alpha, grantOf, INSIDE, type World, world } from './world.js';

t.setTimeout(180_000);

const subjects = Array.from({ length: 8 }, (_, n) => subjectKey('uscc', uscc.make(n)));
/** Of an Ed25519 key as SubjectPublicKeyInfo, what stands before its 32 bytes. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

interface Line {
  readonly id: string;
  readonly subject: string;
  readonly record?: { readonly name: string };
}

/** Takes, refuses, hangs up, or takes and hangs up. */
class Receiver {
  readonly lines: Line[] = [];
  readonly at: number[] = [];
  /** What is not genuine. */
  forged = 0;
  failures = 0;
  publicKey = '';
  #server!: Server;
  constructor(readonly fails: () => number) {}

  async open(t: Test): Promise<Client> {
    const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    await initPki(dir);
    const { cert, key } = await issueServer(dir);
    this.#server = createServer({ cert: await readFile(cert), key: await readFile(key) }, (request, response) => {
      const draw = this.fails();
      if (draw < 0.2) return this.#fail(() => response.writeHead(503).end());
      if (draw < 0.3) return this.#fail(() => request.socket.destroy());
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.#take(Buffer.concat(chunks), request.headers);
        if (draw < 0.4) return this.#fail(() => request.socket.destroy());
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
    const { port } = this.#server.address() as AddressInfo;
    return alpha({ webhook: { url: `https://127.0.0.1:${String(port)}/`, ca: join(dir, 'ca.pem') } });
  }

  #fail(how: () => void): void {
    this.failures++;
    how();
  }

  #take(body: Buffer, headers: Readonly<Record<string, unknown>>): void {
    const raw = Buffer.from(this.publicKey.replace('whpk_', ''), 'base64');
    const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
    const signed = Buffer.from(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.`);
    const signature = Buffer.from(String(headers['webhook-signature']).replace('v1a,', ''), 'base64');
    if (!verify(null, Buffer.concat([signed, body]), key, signature)) this.forged++;
    for (const line of body.toString('utf8').trimEnd().split('\n')) {
      this.lines.push(JSON.parse(line) as Line);
      this.at.push(Date.now());
    }
  }
}

/** A worker that sends. */
async function sender(open: OpenState, here: World, troubles: unknown[]) {
  const state = await open();
  const store = new SubscriptionStore(state, await sharedSealingKeys(state));
  const secret = await secretIn(state, 'subscriptions');
  const { workspace, view, journal, inForce, bus } = here;
  const ground = { workspace, view, journal, inForce, bus: () => Promise.resolve(bus), now: Date.now };
  const changes = new SubscriptionChanges(ground, store, secret, { hidden: () => undefined, now: Date.now });
  const again = { first: 5, most: 40 };
  const onTrouble = (error: unknown): void => void troubles.push(error);
  const sending = sendChanges({ ground, store, changes, secret, everyMs: 20, again, onTrouble });
  return { state, store, changes, secret, stop: () => sending.stop() };
}

/** First times of each subject's versions, in the order in which they came. */
function firsts(lines: readonly Line[]): ReadonlyMap<string, readonly string[]> {
  const seen = new Set<string>();
  const all = new Map<string, string[]>();
  for (const { id, subject, record } of lines) {
    if (seen.has(id)) continue;
    seen.add(id);
    all.set(subject, [...(all.get(subject) ?? []), record?.name ?? '']);
  }
  return all;
}

for (const kind of SHARED)
  t.test(`on a state that is ${kind}`, async (t) => {
    const opened = await sharedState(t, kind);
    if (opened === undefined) return;
    // an embedded one is opened once in a process
    const first = await opened();
    const open: OpenState = kind === 'embedded' ? () => Promise.resolve(first) : opened;
    const random = randomOf(Number(process.env['YITONG_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31)));
    const receiver = new Receiver(random);
    const client = await receiver.open(t);
    const here = await world(t, [grantOf(ALL)], [client]);
    const troubles: unknown[] = [];
    let worker = await sender(open, here, troubles);
    receiver.publicKey = publicKeyOf(signingKey(worker.secret, client.id));
    const asked = { purpose: 'credit', datasets: [{ id: ALL }], way: 'webhook', form: 'record' } as const;
    await worker.store.put(client.id, 'sent', asked, await worker.changes.begin([ALL]), Date.now());
    const published = new Map<string, string[]>();
    let count = 0;
    const publish = async (): Promise<void> => {
      const subject = subjects[Math.floor(random() * subjects.length)] ?? '';
      const name = `n${String(count++)}`;
      await here.publish([{ dataset: ALL, subject, recordId: 'r', name, area: INSIDE }]);
      published.set(subject, [...(published.get(subject) ?? []), name]);
    };
    const quiet: [number, number][] = [];
    for (let step = 0; step < 120; step++) {
      await publish();
      if (step % 40 === 20) {
        // another worker takes over; the one before is told to stop, as in a rollout
        const before = worker;
        worker = await sender(open, here, troubles);
        await before.stop();
      }
      if (step % 40 === 30) {
        here.grant([grantOf(ALL, { status: 'suspended' })]);
        const from = Date.now();
        for (let more = 0; more < 3; more++) await publish();
        await new Promise((resolve) => setTimeout(resolve, 1500));
        quiet.push([from, Date.now()]);
        here.grant([grantOf(ALL)]);
      }
    }
    const all = (): number => [...firsts(receiver.lines).values()].flat().length;
    await until(
      'all of them',
      async () => all(),
      (now) => now >= count,
    );
    t.strictSame(
      [...firsts(receiver.lines)].sort(),
      [...published].sort(),
      `each of ${String(count)}, in order for a subject, of ${String(receiver.lines.length)} told`,
    );
    const during = receiver.at.filter((at) => quiet.some(([from, to]) => at > from + 1000 && at < to));
    t.strictSame(during, [], 'nothing comes while the grant is suspended');
    t.equal(receiver.forged, 0, 'each signature was verified');
    t.ok(receiver.failures > 0, `${String(receiver.failures)} deliveries failed`);
    await until(
      'that nothing waits',
      () => webhooksStanding(worker.state),
      ({ behind }) => behind.size === 0,
    );
    const denied = here.entries.filter(({ clear }) => clear.includes('grant_suspended')).length;
    t.ok(denied >= quiet.length, 'that it was denied is on record');
    await worker.stop();
  });

t.test('a receiver that is down is behind, costs no entry, and is told when it is back', async (t) => {
  const open = await sharedState(t, 'embedded');
  if (open === undefined) return;
  const receiver = new Receiver(() => 1);
  const up = await receiver.open(t);
  const url = up.webhook?.url ?? '';
  const down = alpha({ webhook: { ...up.webhook, url: url.replace('127.0.0.1', 'localhost').replace(/:\d+/, ':1') } });
  const here = await world(t, [grantOf(ALL)], [down]);
  const troubles: unknown[] = [];
  const worker = await sender(open, here, troubles);
  receiver.publicKey = publicKeyOf(signingKey(worker.secret, up.id));
  const asked = { purpose: 'credit', datasets: [{ id: ALL }], way: 'webhook', form: 'record' } as const;
  await worker.store.put(up.id, 'sent', asked, await worker.changes.begin([ALL]), Date.now());
  await here.publish([{ dataset: ALL, subject: subjects[0] ?? '', recordId: 'r', name: 'one', area: INSIDE }]);
  await until(
    'that it is behind',
    () => webhooksStanding(worker.state),
    ({ behind }) => behind.has('alpha'),
  );
  t.equal(here.entries.length, 0, 'nothing left, so nothing is on record');
  t.notMatch(String(troubles[0]), /localhost|127\.0\.0\.1/, 'the reason names no address');
  here.grant([grantOf(ALL)], [up]);
  await until(
    'its change',
    async () => receiver.lines.length,
    (lines) => lines > 0,
  );
  t.match(receiver.lines, [{ record: { name: 'one' } }]);
  const standing = await until(
    'that nothing waits',
    () => webhooksStanding(worker.state),
    ({ behind }) => behind.size === 0,
  );
  t.match(standing, { webhooks: 1, passedAt: Number });
  await worker.stop();
});
