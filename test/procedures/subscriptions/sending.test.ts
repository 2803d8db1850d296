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
import { type Bus, HEADER, type InRecord } from '../../../connectors/bus/port.js';
import { subjectKey } from '../../../contracts/ids.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { secretIn } from '../../../gateway/ground/state/secret.js';
import { sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import { SubscriptionChanges } from '../../../gateway/procedures/subscriptions/changes.js';
import { sendChanges } from '../../../gateway/procedures/subscriptions/sending.js';
import { SubscriptionStore, subscriptionsStanding } from '../../../gateway/procedures/subscriptions/store.js';
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

/** Clients of which something waits that is not taken. */
const behindOf = async (state: Parameters<typeof subscriptionsStanding>[0]): Promise<readonly string[]> =>
  (await subscriptionsStanding(state)).all.flatMap(({ client, told }) =>
    told.behindSince === undefined ? [] : [client],
  );

/** A worker that sends. */
async function sender(open: OpenState, here: World, troubles: unknown[], bus: Bus = here.bus) {
  const state = await open();
  const store = new SubscriptionStore(state, await sharedSealingKeys(state));
  const secret = await secretIn(state, 'subscriptions');
  const { workspace, view, journal, inForce } = here;
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
      () => behindOf(worker.state),
      (behind) => behind.length === 0,
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
    () => behindOf(worker.state),
    (behind) => behind.includes('alpha'),
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
  await until(
    'that nothing waits',
    () => behindOf(worker.state),
    (behind) => behind.length === 0,
  );
  t.match(await subscriptionsStanding(worker.state), { all: [{ client: 'alpha' }], passedAt: Number });
  await worker.stop();
});

const TOPIC = 'alpha.changes';

/** A bus of which a send fails before or behind what it wrote. */
function failing(bus: Bus, draw: () => number, failed: () => void): Bus {
  const producer: Bus['producer'] = async (options) => {
    const one = await bus.producer(options);
    const fail = (): never => {
      failed();
      throw new Error('the bus went away');
    };
    return {
      async send(topic, records) {
        const drawn = draw();
        if (drawn < 0.2) return fail();
        // a part of it, as where one partition takes it and another does not
        if (drawn < 0.4) await one.send(topic, records.slice(0, Math.ceil(records.length / 2)));
        if (drawn < 0.4) return fail();
        const acks = await one.send(topic, records);
        return drawn < 0.5 ? fail() : acks;
      },
      close: () => one.close(),
    };
  };
  return {
    driver: bus.driver,
    producer,
    ensureTopics: (specs) => bus.ensureTopics(specs),
    topicState: (topic) => bus.topicState(topic),
    clusterId: () => bus.clusterId(),
    consume: (options) => bus.consume(options),
    close: () => bus.close(),
  };
}

t.test('a topic of the client: each change at least once, in order for a subject, keyed by it', async (t) => {
  const open = await sharedState(t, 'embedded');
  if (open === undefined) return;
  const random = randomOf(Number(process.env['YITONG_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31)));
  const here = await world(t, [grantOf(ALL)], [alpha({ topic: TOPIC })]);
  let failures = 0;
  const bus = failing(here.bus, random, () => failures++);
  const troubles: unknown[] = [];
  let worker = await sender(open, here, troubles, bus);
  // also where something fails: a worker that goes on would keep the suite from ending
  t.teardown(() => worker.stop());
  const asked = { purpose: 'credit', datasets: [{ id: ALL }], way: 'topic', form: 'record' } as const;
  await worker.store.put('alpha', 'written', asked, await worker.changes.begin([ALL]), Date.now());
  const signalled = { ...asked, form: 'signal' } as const;
  await worker.store.put('alpha', 'signalled', signalled, await worker.changes.begin([ALL]), Date.now());
  await here.publish([{ dataset: ALL, subject: subjects[0] ?? '', recordId: 'r', name: 'first', area: INSIDE }]);
  await until(
    'that it waits',
    () => behindOf(worker.state),
    (behind) => behind.includes('alpha'),
  );
  t.match(String(troubles[0]), /no such topic/);
  t.equal(here.entries.length, 0, 'nothing left, so nothing is on record');
  await here.bus.ensureTopics([{ topic: TOPIC, partitions: 3, history: 'full' }]);
  const came: InRecord[] = [];
  const consumption = await here.bus.consume({
    topics: [TOPIC],
    from: () => 0,
    onBatch: async (batch) => void came.push(...batch),
    onOffsetLost: ({ low }) => low,
  });
  t.teardown(() => consumption.stop());
  const published = new Map([[subjects[0] ?? '', ['first']]]);
  for (let step = 0; step < 80; step++) {
    const subject = subjects[Math.floor(random() * subjects.length)] ?? '';
    const name = `n${String(step)}`;
    await here.publish([{ dataset: ALL, subject, recordId: 'r', name, area: INSIDE }]);
    published.set(subject, [...(published.get(subject) ?? []), name]);
    if (step !== 40) continue;
    const before = worker;
    worker = await sender(open, here, troubles, bus);
    await before.stop();
  }
  const of = (name: string): InRecord[] => came.filter(({ headers }) => headers[HEADER.subscription] === name);
  const lineOf = ({ value }: InRecord): Line => JSON.parse(String(value)) as Line;
  const count = 81;
  for (const name of ['written', 'signalled'])
    await until(
      `all of ${name}`,
      async () => new Set(of(name).map((one) => lineOf(one).id)).size,
      (now) => now >= count,
    );
  t.strictSame([...firsts(of('written').map(lineOf))].sort(), [...published].sort());
  t.ok(failures > 0, `${String(failures)} deliveries failed, ${String(of('written').length - count)} came again`);
  for (const [name, many] of [
    ['written', subjects.length],
    ['signalled', 0],
  ] as const) {
    const misnamed = of(name).filter((one) => one.key.split('|')[0] !== lineOf(one).subject);
    t.strictSame(misnamed, [], 'the key of a record begins with the subject of its line');
    const at = new Map<string, Set<number>>();
    for (const one of of(name)) {
      at.set(lineOf(one).subject, (at.get(lineOf(one).subject) ?? new Set()).add(one.partition));
    }
    t.ok(
      [...at.values()].every((partitions) => partitions.size === 1),
      'a subject stays in one partition',
    );
    t.equal([...at.keys()].filter((subject) => subject.startsWith('uscc:')).length, Math.min(many, published.size));
  }
  t.notMatch(
    of('signalled')
      .map(({ value }) => String(value))
      .join(''),
    /"record"|"(?:first|n\d+)"/,
    'a signal tells no field',
  );
  await until(
    'that nothing waits',
    () => behindOf(worker.state),
    (behind) => behind.length === 0,
  );
  here.grant([grantOf(ALL, { status: 'suspended' })]);
  const before = came.length;
  await here.publish([{ dataset: ALL, subject: subjects[1] ?? '', recordId: 'r', name: 'late', area: INSIDE }]);
  await until(
    'that the denial is on record',
    async () => here.entries.filter(({ clear }) => clear.includes('grant_suspended')).length,
    (denied) => denied >= 2,
  );
  t.equal(came.length, before, 'nothing leaves while the grant is suspended');
  await worker.stop();
});
