/**
 * Certificates by self-service over time: asked for, revoked, run out, asked for twice at once, with files damaged, an
 * audit log that takes nothing, clocks set back and starts in between. After each step two workers show the same list,
 * the gate lets in and keeps out, and the record tells, as a small model says that knows no certificate.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import { type ClientId, clientId } from '../../../contracts/ids.js';
import { makeAnchor, type TrustAnchor } from '../../../gateway/ground/identity/anchors.js';
import { serialHex } from '../../../gateway/ground/identity/der.js';
import type { OnRecord } from '../../../gateway/ground/identity/own-certificates.js';
import { rulesOf } from '../../../gateway/ground/identity/rules.js';
import { readSigningRequest, type SignedKey } from '../../../gateway/ground/identity/signing-request.js';
import { initPki, keepPki, revoke } from '../../../gateway/operate/pki/authority.js';
import { openOwnCertificates, requestedFile } from '../../../gateway/operate/pki/own-certificates.js';
import { draws } from '../../connectors/writer.js';
import { requestOf } from './requests.js';

t.setTimeout(300_000);

const STEPS = 260;
const SEED = 19_0114;
const DAY = 86_400_000;
const CLIENTS = ['alpha', 'beta'].map(clientId);

function newKey(): SignedKey {
  const key = readSigningRequest(Buffer.from(requestOf().pem));
  if (typeof key === 'string') throw new Error(key);
  return key;
}

interface Known {
  readonly client: ClientId;
  readonly until: number;
  readonly key: SignedKey;
  revokedAt?: number;
  damaged?: true;
}

/** Numbers, terms and limits; the rules of docs/operating.md once more. */
class Model {
  readonly known = new Map<string, Known>();

  state(serial: string, now: number): string {
    const one = this.known.get(serial);
    if (one === undefined) return 'unknown';
    if (one.revokedAt !== undefined) return 'revoked';
    if (one.damaged === true) return 'damaged';
    return now < one.until ? 'in_force' : 'expired';
  }

  of(client: ClientId, now: number): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.known].filter(([, one]) => one.client === client).map(([serial]) => [serial, this.state(serial, now)]),
    );
  }

  told(): string {
    return JSON.stringify([...this.known].map(([serial, { revokedAt }]) => [serial, revokedAt]));
  }

  /** Why one more is refused. */
  refusal(client: ClientId, key: SignedKey, now: number): string | undefined {
    const own = [...this.known.values()].filter((one) => one.client === client);
    const counted = own.filter(
      (one) => one.revokedAt === undefined && (one.damaged === true || now < one.until),
    ).length;
    const inTerm = own.filter((one) =>
      one.damaged === true ? one.revokedAt === undefined || now < one.revokedAt + 30 * DAY : now < one.until,
    ).length;
    if (counted >= 5 || inTerm >= 20) return 'too_many_certificates';
    const used = [...this.known.values()].some((one) => one.damaged !== true && one.key === key);
    return used ? 'certificate_key_used' : undefined;
  }
}

/** The installation: two workers, the gate's anchor as a worker follows it, what is on record. */
class World {
  now = Date.parse('2031-03-01T02:00:00Z');
  anchor: TrustAnchor | undefined;
  /** While true the audit log takes nothing. */
  deaf = false;
  readonly entries: string[] = [];
  /** States that were met. */
  readonly seen = new Set<string>();
  #workers: readonly ReturnType<typeof openOwnCertificates>[] = [];

  constructor(
    readonly dir: string,
    readonly t: Test,
  ) {
    this.restart();
  }

  restart(): void {
    this.#workers = [0, 1].map(() => openOwnCertificates(this.dir, () => this.now));
  }
  worker(which: number): ReturnType<typeof openOwnCertificates> {
    return this.#workers[which % 2] as ReturnType<typeof openOwnCertificates>;
  }

  /** Nothing has happened by the time that it is put on record. */
  readonly record =
    (act: string) =>
    (what: OnRecord): Promise<void> => {
      if (this.deaf) return Promise.reject(new Error('the disk is full'));
      this.entries.push(`${act} ${what.client} ${what.serial}`);
      const stated = new Set(['client', 'serial', 'fingerprint', 'until']);
      this.t.ok(Object.keys(what).every((one) => stated.has(one)));
      if (act === 'issue') this.t.notOk(existsSync(requestedFile(this.dir, what.client, what.serial)));
      else this.t.notOk(this.revokedNow().has(what.serial), 'on record before it is revoked');
      return Promise.resolve();
    };

  issue(which: number, client: ClientId, key: SignedKey): Promise<OnRecord> {
    return this.worker(which).issue(
      { client, uri: `spiffe://yitong.example/client/${client}`, key },
      this.record('issue'),
    );
  }

  /** As a worker follows its files: a list that is older than the one held is a problem. */
  follow(): void {
    const text = (file: string): string => readFileSync(join(this.dir, file), 'utf8');
    const problems: string[] = [];
    this.anchor = makeAnchor(
      { id: 'development', ca: text('ca.pem'), crl: text('crl.pem'), authorities: '*' },
      { ...(this.anchor === undefined ? {} : { before: this.anchor }), onProblem: (one) => problems.push(one) },
    );
    this.t.same(problems, []);
  }
  revokedNow(): ReadonlySet<string> {
    const [list] = this.anchor?.revocation?.held().values() ?? [];
    return new Set(list?.revoked.keys());
  }
}

const codeOf = (error: unknown): string =>
  isYitongError(error) ? error.code : error instanceof Error ? error.message : 'x';
const settled = async <T>(act: Promise<T>): Promise<T | string> => act.catch((error: unknown) => codeOf(error));

/** What the CA says it gave out, one by one. */
function learn(model: Model, world: World, key: SignedKey, made: OnRecord): void {
  const { client, serial } = made;
  // a certificate's times are whole seconds, the last of which is good
  const until = Math.floor((world.now + 30 * DAY) / 1000) * 1000 + 1000;
  model.known.set(serial, { client, until, key });
  world.t.equal(made.until, until);
  const file = new X509Certificate(readFileSync(requestedFile(world.dir, client, serial)));
  world.t.equal(file.subjectAltName, `URI:spiffe://yitong.example/client/${client}`);
  world.t.match(file.subject, new RegExp(`CN=${client}$`), 'the name of the client, and none of the request');
  world.t.equal(file.ca, false);
  world.t.ok(file.publicKey.export({ format: 'der', type: 'spki' }).equals(key.spki));
}

/** What is otherwise than the model says, in words. */
async function compare(model: Model, world: World): Promise<readonly string[]> {
  const wrong: string[] = [];
  const hold = (what: string, found: unknown, expected: unknown): void => {
    if (found !== expected) wrong.push(`${what}: ${String(found)} in place of ${String(expected)}`);
  };
  for (const client of CLIENTS)
    for (const which of [0, 1]) {
      const list = await world.worker(which).list(client);
      const expected = model.of(client, world.now);
      hold(`how many ${client} has`, list.length, Object.keys(expected).length);
      for (const { serial, state } of list) {
        hold(serial, state, expected[serial]);
        world.seen.add(state);
      }
    }
  world.follow();
  const [issuer] = world.anchor?.certificates ?? [];
  if (issuer === undefined) throw new Error('there is no CA');
  for (const [serial, one] of model.known)
    hold(
      `${serial} at the gate`,
      world.anchor?.revocation?.status(rulesOf(issuer).issuerId, serialHex(serial), world.now),
      one.revokedAt === undefined ? 'good' : 'revoked',
    );
  return wrong;
}

type Pick = <T>(all: readonly T[]) => T | undefined;

/** One file becomes another than what was issued. */
function damage(model: Model, world: World, pick: Pick): void {
  const whole = [...model.known].filter(([, one]) => one.damaged === undefined);
  const found = pick(whole);
  const other = pick(whole.filter((one) => one !== found));
  if (found === undefined) return;
  const [serial, one] = found;
  const file = requestedFile(world.dir, one.client, serial);
  const text = readFileSync(file, 'utf8');
  const bent = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
  bent[bent.length - 9] = (bent[bent.length - 9] ?? 0) ^ 4;
  const ways = [
    '',
    text.slice(0, text.length / 2),
    'not a certificate',
    `-----BEGIN CERTIFICATE-----\n${bent.toString('base64')}\n-----END CERTIFICATE-----\n`,
    ...(other === undefined ? [] : [readFileSync(requestedFile(world.dir, other[1].client, other[0]), 'utf8')]),
  ];
  writeFileSync(file, pick(ways) ?? '');
  one.damaged = true;
}

async function issueOne(model: Model, world: World, client: ClientId, key: SignedKey, which: number): Promise<void> {
  const expected = model.refusal(client, key, world.now);
  const said = await settled(world.issue(which, client, key));
  if (world.deaf && expected === undefined) world.t.equal(said, 'the disk is full');
  else if (typeof said === 'string') world.t.equal(said, expected);
  else {
    world.t.equal(expected, undefined, 'nothing forbids it');
    learn(model, world, key, said);
  }
}

/** Two workers are asked in the same moment; for one key, or for one each. */
async function issueTwo(model: Model, world: World, client: ClientId, keys: readonly [SignedKey, SignedKey]) {
  const before = model.known.size;
  const first = model.refusal(client, keys[0], world.now);
  const said = await Promise.all(keys.map((key, which) => settled(world.issue(which, client, key))));
  for (const [at, one] of said.entries()) {
    const key = keys[at];
    if (typeof one !== 'string' && key !== undefined) learn(model, world, key, one);
  }
  // whichever was second is judged as if it came alone behind the first
  const refused = said.filter((one) => typeof one === 'string');
  const made = model.known.size - before;
  if (first !== undefined) world.t.same(refused, [first, first]);
  else if (keys[0] === keys[1]) {
    world.t.equal(made, 1, 'one certificate for one key');
    world.t.ok(refused.every((one) => one === 'certificate_key_used' || one === 'too_many_certificates'));
  } else if (made === 1) {
    world.t.same(refused, ['too_many_certificates']);
    world.t.equal(model.refusal(client, newKey(), world.now), 'too_many_certificates');
  } else world.t.equal(made, 2);
}

async function revokeOne(model: Model, world: World, serial: string, as: ClientId, which: number): Promise<void> {
  const one = model.known.get(serial);
  const state = model.state(serial, world.now);
  const said = await settled(world.worker(which).revoke(as, serial, world.record('revoke')));
  if (one === undefined || one.client !== as) return void world.t.equal(said, 'not_found');
  if (state === 'revoked' || state === 'expired') return void world.t.equal(said, false);
  if (world.deaf) return void world.t.equal(said, 'the disk is full');
  world.t.equal(said, true);
  one.revokedAt = Math.floor(world.now / 1000) * 1000;
}

t.test('as a model says, over a long time', async (t) => {
  const dir = t.testdir();
  const draw = draws(SEED);
  const roll = (sides: number): number => Math.floor(draw() * sides);
  const pick: Pick = (all) => all[roll(all.length)];
  const world = new World(dir, t);
  const start = (): Promise<void> => keepPki(dir, { clients: [], signer: 'the office', now: new Date(world.now) });
  await start();
  const model = new Model();
  const counts: Record<string, number> = {};
  const serials = (): readonly string[] => [...model.known.keys()];
  const client = (): ClientId => pick(CLIENTS) ?? clientId('alpha');
  const acts: Readonly<Record<string, () => Promise<void> | void>> = {
    issue: () => issueOne(model, world, client(), newKey(), roll(2)),
    again: () => issueOne(model, world, client(), pick([...model.known.values()])?.key ?? newKey(), roll(2)),
    two: () => issueTwo(model, world, client(), [newKey(), newKey()]),
    twice: () => {
      const key = newKey();
      return issueTwo(model, world, client(), [key, key]);
    },
    revoke: () => {
      const serial = pick(serials()) ?? 'AA';
      return revokeOne(model, world, serial, model.known.get(serial)?.client ?? client(), roll(2));
    },
    others: () => revokeOne(model, world, pick(serials()) ?? 'AA', client(), roll(2)),
    deaf: async () => {
      world.deaf = true;
      await issueOne(model, world, client(), newKey(), 0);
      await revokeOne(model, world, pick(serials()) ?? 'AA', client(), 1);
      world.deaf = false;
    },
    damage: () => (roll(2) === 0 ? damage(model, world, pick) : undefined),
    later: async () => {
      world.now += roll(12 * 24) * 3_600_000 + roll(1000);
      await start();
    },
    // a clock that was wrong
    back: async () => {
      world.now -= roll(90) * 60_000;
      if (roll(2) === 0) await start();
    },
    restart: async () => {
      world.restart();
      await start();
    },
  };
  const weighted = [
    ...Object.keys(acts),
    ...Array.from({ length: 8 }, () => 'issue'),
    ...Array.from({ length: 5 }, () => 'revoke'),
    'later',
    'two',
  ];
  for (let step = 0; step < STEPS; step++) {
    const name = pick(weighted) ?? 'issue';
    const before = world.entries.length;
    const known = model.told();
    await acts[name]?.();
    counts[name] = (counts[name] ?? 0) + 1;
    if (world.entries.length === before && !['damage', 'later'].includes(name))
      t.equal(model.told(), known, 'nothing without an entry');
    t.same(await compare(model, world), [], `step ${String(step)}, ${name}`);
  }
  const made = world.entries.filter((one) => one.startsWith('issue')).length;
  t.equal(made, model.known.size, 'an entry for each certificate');
  t.equal(
    world.entries.filter((one) => one.startsWith('revoke')).length,
    [...model.known.values()].filter(({ revokedAt }) => revokedAt !== undefined).length,
    'and for each revocation',
  );
  t.comment(`${String(made)} certificates in ${String(STEPS)} steps: ${JSON.stringify(counts)}`);
  t.ok(made > 30);
  t.same([...world.seen].sort(), ['damaged', 'expired', 'in_force', 'revoked'], 'each state was met');
});

t.test('what the CA keeps is damaged: nothing is issued, and what can be revoked still is', async (t) => {
  const dir = t.testdir();
  await initPki(dir);
  const [alpha = clientId('alpha')] = CLIENTS;
  const own = openOwnCertificates(dir, Date.now);
  const issue = (): Promise<OnRecord> =>
    own.issue({ client: alpha, uri: 'spiffe://yitong.example/client/alpha', key: newKey() }, () => Promise.resolve());
  const [one, two] = [await issue(), await issue()];
  const entries: string[] = [];
  const record = (what: OnRecord): Promise<void> => {
    entries.push(what.serial);
    return Promise.resolve();
  };

  const issued = join(dir, 'issued.json');
  const ledger = readFileSync(issued);
  for (const bad of ['', '{}', ledger.subarray(0, 20), '[1]']) {
    writeFileSync(issued, bad);
    t.equal(await settled(issue()), 'certificates_damaged');
    t.equal(await settled(revoke(dir, 'alpha')), 'certificates_damaged', 'the command says so as well');
  }
  t.same(readdirSync(join(dir, 'clients/alpha/requested')).length, 2, 'nothing was issued');
  t.equal(await own.revoke(alpha, one.serial, record), true, 'the desk needs no list to revoke');
  writeFileSync(issued, ledger);

  const list = join(dir, 'crl.pem');
  const crl = readFileSync(list);
  writeFileSync(list, crl.subarray(0, 100));
  for (const act of [issue, () => own.list(alpha), () => own.revoke(alpha, two.serial, record)])
    t.equal(await settled<unknown>(act()), 'certificates_damaged', 'what is in force cannot be said');
  t.same(entries, [one.serial], 'nothing was put on record that did not happen');
  writeFileSync(list, crl);
  t.same(
    (await own.list(alpha)).map(({ state }) => state).sort(),
    ['in_force', 'revoked'],
    'put back, all is as it was',
  );
  t.same(await revoke(dir, 'alpha'), [two.serial], 'the command revokes those of the desk as well');
});
