/**
 * Notices over time against a small model: work that comes, runs out and goes, switches, a mail server in every mood,
 * two replicas of which one ends without a word. Everything is told once and once only, where it is wanted, and
 * nothing of what the work says leaves.
 */
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readSettings } from '../../../gateway/ground/config/index.js';
import type { Person } from '../../../gateway/ground/identity/person.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { secretIn } from '../../../gateway/ground/state/secret.js';
import { Noticing } from '../../../gateway/http/notices/noticing.js';
import { noticesKey } from '../../../gateway/http/notices/sending.js';
import { type Channel, DUE, type Notice, NoticeStore, noticesStanding } from '../../../gateway/http/notices/store.js';
import type { Room, WaitingItem } from '../../../gateway/http/people/rooms.js';
import { destroySharedKey, sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import { publicKeyOf } from '../../../gateway/procedures/subscriptions/webhook.js';
import { until } from '../../e2e/ask.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { type OpenState, SHARED, sharedState } from '../../support/shared-state.js';
import { MailServer } from './mail-server.js';

t.setTimeout(400_000);

const STEPS = 300;
const LEASE_MS = 700;
/** Words that stand in work and must not leave. */
const MARK = '王建国91990105MA0000193X';
const ROOMS = ['alpha', 'beta'] as const;
const PEOPLE: readonly Person[] = [
  { id: 'id.test|a', name: '甲', roles: ['auditor'], subjects: [] },
  { id: 'id.test|b', name: '乙', roles: ['case-officer'], authority: 'samr', subjects: [] },
];
/** Who works where. */
const WORKS: Readonly<Record<(typeof ROOMS)[number], Room['roles']>> = {
  alpha: ['auditor'],
  beta: ['auditor', 'case-officer'],
};

interface Work {
  readonly room: string;
  readonly id: string;
  left: number | undefined;
}

/** What should have been told, by the rules alone. */
class Model {
  readonly told = new Map<string, Map<string, number>>();
  readonly switches = new Map<string, boolean>();
  /** `person item kind` of each notice, in order. */
  readonly page = new Map<string, string[]>();
  readonly mails = new Map<string, { readonly key: string; sure: boolean; readonly kind: string }[]>();

  wants(person: string, kind: string, channel: Channel): boolean {
    return this.switches.get(`${person} ${kind} ${channel}`) ?? channel === 'page';
  }

  /** A pass has gone through. */
  pass(work: readonly Work[]): void {
    for (const { id: person, roles } of PEOPLE) {
      for (const room of ROOMS) {
        if (!WORKS[room].some((role) => roles.includes(role))) continue;
        const before = this.told.get(`${person} ${room}`) ?? new Map<string, number>();
        const then = new Map<string, number>();
        for (const { id, left } of work.filter((one) => one.room === room)) {
          const level = left !== undefined && left <= 1 ? 2 : 1;
          const known = before.get(id) ?? 0;
          if (known < level) this.#notice(person, room, id, known === 0 ? 'new' : DUE);
          then.set(id, Math.max(known, level));
        }
        this.told.set(`${person} ${room}`, then);
      }
    }
  }

  #notice(person: string, room: string, item: string, kind: string): void {
    const of = kind === DUE ? DUE : room;
    const key = `${item} ${kind}`;
    const page = this.wants(person, of, 'page');
    const mail = this.wants(person, of, 'mail');
    if (page || mail) this.page.set(person, [...(this.page.get(person) ?? []), key]);
    if (mail) this.mails.set(person, [...(this.mails.get(person) ?? []), { key, sure: true, kind: of }]);
  }

  /** What has not left by now may stay. */
  off(person: string, kind: string): void {
    for (const one of this.mails.get(person) ?? []) if (one.kind === kind) one.sure = false;
  }
}

class World {
  readonly model = new Model();
  readonly work: Work[] = [];
  readonly seen = new Map<string, Map<string, Notice>>();
  readonly replicas: (Noticing | undefined)[] = [undefined, undefined];
  offset = 0;
  count = 0;
  readonly now = (): number => Date.now() + this.offset;
  readonly server = new MailServer();
  store!: NoticeStore;
  state!: State;
  constructor(
    readonly t: Test,
    readonly open: OpenState,
    readonly random: () => number,
  ) {}

  async begin(): Promise<void> {
    await this.server.open(this.t);
    this.state = await this.open();
    this.store = new NoticeStore(this.state, await sharedSealingKeys(this.state), this.now);
    for (const person of PEOPLE) {
      await this.store.seen(person, 'zh');
      await this.store.askMail(person, 'zh', `${person.id.at(-1) ?? ''}@city.example`);
    }
    await this.pass();
    for (const person of PEOPLE) {
      const mail = this.server.received.find(({ to }) => to === `${person.id.at(-1) ?? ''}@city.example`);
      const code = /\d{8}/.exec(mail?.text ?? '')?.[0] ?? '';
      this.t.equal(await this.store.confirmMail(person, 'zh', '00000000'), code === '00000000');
      this.t.equal(await this.store.confirmMail(person, 'zh', code), true);
    }
    this.server.received.splice(0);
    for (const person of PEOPLE) await this.#switch(person, 'beta', 'mail', true);
  }

  readonly rooms: readonly Room[] = ROOMS.map((room) => ({
    id: room,
    title: { zh: `${room === 'alpha' ? '甲' : '乙'}类`, en: room },
    href: `/console/${room}`,
    roles: WORKS[room],
    waiting: async () => {
      const own = this.work.filter((one) => one.room === room);
      const items = own.map(
        ({ id, left }): WaitingItem => ({
          id,
          title: { zh: MARK, en: MARK },
          href: `/console/${room}/${id}`,
          ...(left === undefined ? {} : { due: { at: this.now() + left * 86_400_000, left, over: left < 0 } }),
        }),
      );
      return { count: items.length, items };
    },
  }));

  async #replica(): Promise<Noticing> {
    const state = await this.open();
    const { notices } = readSettings(
      {
        notices: {
          smtpHost: 'localhost',
          smtpPort: this.server.port,
          smtpCaFile: this.server.ca,
          mailFrom: 'yitong@city.example',
        },
      },
      { file: 'yitong.json' },
      {},
    );
    return new Noticing({
      store: new NoticeStore(state, await sharedSealingKeys(state), this.now),
      rooms: () => this.rooms,
      now: this.now,
      onTrouble: () => undefined,
      settings: notices,
      baseDir: '/',
      secret: await secretIn(state, 'notices'),
      address: () => 'https://people.test',
      roomOf: (id) => this.rooms.find((room) => room.id === id) ?? { title: { zh: '其他', en: 'other' } },
      leaseMs: LEASE_MS,
    });
  }

  /** By whichever replica has the lease, or gets it once it is over. */
  async pass(): Promise<void> {
    let went = false;
    const goes = async (): Promise<boolean> => {
      for (const at of this.random() < 0.5 ? [0, 1] : [1, 0]) {
        const one = (this.replicas[at] ??= await this.#replica());
        // on a busy machine a lease may run out under way: then nothing was told twice, and it is done again
        if (!went && (await one.pass().catch(() => false))) went = true;
      }
      return went;
    };
    await until('a pass', goes, (is) => is);
    this.model.pass(this.work);
    for (const { id } of PEOPLE) {
      const seen = this.seen.get(id) ?? new Map<string, Notice>();
      for (const notice of await this.store.list({ id })) seen.set(notice.id, notice);
      this.seen.set(id, seen);
    }
  }

  async #switch(person: Person, kind: string, channel: Channel, on: boolean): Promise<void> {
    await this.store.change(person, 'zh', (profile) => ({
      ...profile,
      switches: { ...profile.switches, [kind]: { ...profile.switches[kind], [channel]: on } },
    }));
    this.model.switches.set(`${person.id} ${kind} ${channel}`, on);
    if (channel === 'mail' && !on) this.model.off(person.id, kind);
  }

  async step(): Promise<void> {
    const { random, work } = this;
    const draw = random();
    const one = work[Math.floor(random() * work.length)];
    if (draw < 0.25 && work.length < 8) {
      const room = ROOMS[random() < 0.5 ? 0 : 1];
      const left = random() < 0.7 ? Math.floor(random() * 6) - 1 : undefined;
      work.push({ room, id: `w${String(this.count++)}`, left });
    } else if (draw < 0.35 && one !== undefined) work.splice(work.indexOf(one), 1);
    else if (draw < 0.45 && one?.left !== undefined) one.left -= 1;
    else if (draw < 0.5 && one?.left !== undefined) one.left += 5;
    else if (draw < 0.62) {
      const person = PEOPLE[random() < 0.5 ? 0 : 1] as Person;
      const kind = [...ROOMS, DUE][Math.floor(random() * 3)] ?? DUE;
      const channel: Channel = random() < 0.7 ? 'mail' : 'page';
      const on = random() < 0.7;
      await this.#switch(person, kind, channel, on);
    } else if (draw < 0.72)
      this.server.mood = (['up', 'up', 'busy', 'cuts'] as const)[Math.floor(random() * 4)] ?? 'up';
    else if (draw < 0.76) this.replicas[random() < 0.5 ? 0 : 1] = undefined;
    else if (draw < 0.85) this.offset += Math.floor(random() * 20_000);
    else await this.pass();
  }

  check(): void {
    const { t, model, server } = this;
    for (const { id } of PEOPLE) {
      const seen = [...(this.seen.get(id)?.values() ?? [])];
      const told = seen.map(({ item, kind }) => `${item} ${kind}`).sort();
      t.same(told, [...(model.page.get(id) ?? [])].sort(), `${id} is told of everything once`);
      const links = new Map<string, Set<string>>();
      for (const mail of server.received.filter(({ to }) => to === `${id.at(-1) ?? ''}@city.example`)) {
        t.notMatch(`${mail.subject}${mail.text}`, new RegExp(`${MARK}|王|\\bw\\d`), 'nothing of the work');
        for (const [, notice = ''] of mail.text.matchAll(/notices\/([0-9a-f]{16})/g))
          links.set(notice, (links.get(notice) ?? new Set()).add(mail.id));
      }
      const keyOf = (notice: string): string => {
        const found = this.seen.get(id)?.get(notice);
        return `${found?.item ?? '?'} ${found?.kind ?? '?'}`;
      };
      const arrived = new Set([...links.keys()].map(keyOf));
      for (const [notice, ids] of links) t.equal(ids.size, 1, `${keyOf(notice)} under one id, however often`);
      const may = model.mails.get(id) ?? [];
      t.same(
        [...arrived].filter((key) => !may.some((one) => one.key === key)),
        [],
        'only what was wanted',
      );
      t.same(
        may.filter(({ key, sure }) => sure && !arrived.has(key)).map(({ key }) => key),
        [],
        'and all of it',
      );
    }
  }
}

for (const kind of SHARED)
  t.test(`random days on ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    const seed = Number(process.env['YITONG_TEST_SEED'] ?? 41);
    const here = new World(t, open, randomOf(seed));
    await here.begin();
    for (let step = 0; step < STEPS; step++) await here.step();
    here.server.mood = 'up';
    const rest = async (): Promise<number> => {
      here.offset += 1_000_000;
      await here.pass();
      return Object.keys((await noticesStanding(here.state)).oldest).length;
    };
    await until('that nothing waits', rest, (left) => left === 0);
    here.check();
    t.ok([...here.model.page.values()].flat().length > 20, 'something happened');
    t.ok([...here.model.mails.values()].flat().length > 8);
    const [person] = PEOPLE as [Person];
    const unread = await here.store.unread(person);
    await here.store.readAll(person);
    t.ok(unread > 0 && (await here.store.unread(person)) === 0);
    await destroySharedKey(here.state, `person:${person.id}`);
    await until(
      'that nothing is known of who was erased',
      () => here.store.profile(person),
      (profile) => profile === undefined,
    );
  });

t.test('a webhook is signed, and says whom, what and how long, and nothing else', async (t) => {
  const open = await sharedState(t, 'embedded');
  if (open === undefined) return;
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  await initPki(dir);
  const { cert, key } = await issueServer(dir);
  const bodies: { readonly body: string; readonly signed: boolean }[] = [];
  const state = await open();
  const secret = await secretIn(state, 'notices');
  const raw = Buffer.from(publicKeyOf(noticesKey(secret)).replace('whpk_', ''), 'base64');
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const receiver = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { headers } = request;
      const head = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.`;
      const signature = Buffer.from(String(headers['webhook-signature']).replace('v1a,', ''), 'base64');
      const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
      const signed = verify(null, Buffer.concat([Buffer.from(head), body]), publicKey, signature);
      bodies.push({ body: body.toString(), signed });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  t.teardown(() => receiver.close());
  const { notices } = readSettings(
    {
      notices: {
        webhookUrl: `https://localhost:${String((receiver.address() as AddressInfo).port)}/in`,
        webhookCaFile: join(dir, 'ca.pem'),
      },
    },
    { file: 'yitong.json' },
    {},
  );
  const store = new NoticeStore(state, await sharedSealingKeys(state), Date.now);
  const [person] = PEOPLE as [Person];
  await store.change(person, 'en', (profile) => ({ ...profile, switches: { alpha: { hook: true } } }));
  const due = { at: 0, left: 3, over: false };
  const room: Room = {
    id: 'alpha',
    title: { zh: '甲', en: 'alpha' },
    href: '/console/alpha',
    roles: ['auditor'],
    waiting: async () => ({
      count: 1,
      items: [{ id: 'w1', title: { zh: MARK, en: MARK }, href: '/console/alpha/w1', due }],
    }),
  };
  const noticing = new Noticing({
    store,
    rooms: () => [room],
    now: Date.now,
    onTrouble: (error) => t.fail(String(error)),
    settings: notices,
    baseDir: '/',
    secret,
    address: () => 'https://people.test',
    roomOf: () => room,
  });
  t.equal(await noticing.pass(), true);
  await noticing.pass();
  await noticing.stop();
  const [notice] = await store.list(person);
  t.same(
    bodies.map(({ signed }) => signed),
    [true],
    'once',
  );
  t.same(JSON.parse(bodies[0]?.body ?? ''), {
    to: person.id,
    room: 'alpha',
    kind: 'new',
    left: 3,
    id: notice?.id,
    link: `https://people.test/console/notices/${notice?.id ?? ''}`,
  });
});
