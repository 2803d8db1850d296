/**
 * Erasures among replicas over time: orders, replicas that are down, ended in the middle of a step, put back from a
 * copy, a store that fails before or after what it was asked for, and a log that takes its time, in random order,
 * against a model of what must be gone and what must be there.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { YitongError } from '../../contracts/errors.js';
import { openEmbeddedState } from '../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../gateway/ground/state/port.js';
import { openSubjectKeys, type SubjectKeys } from '../../gateway/log/entries/keys.js';
import type { EntryDraft } from '../../gateway/log/entries/port.js';
import { ErasuresOfReplica } from '../../gateway/log/erasure/carrying-out-shared.js';
import { orderErasure } from '../../gateway/log/erasure/order.js';
import {
  erasingReplica,
  forgetReplica,
  knownReplicas,
  openOrders,
  orderOfAll,
  waitingFor,
} from '../../gateway/log/erasure/shared-orders.js';
import { randomOf } from '../support/conformance/state-model.js';

t.setTimeout(120_000);

const SUBJECTS = ['uscc:91350100M000100Y43', 'uscc:91350100M000100Y44', 'person:7', 'person:8'];
const STEPS = 400;
const CAUSE = { reason: 'order 1', legalBasis: 'a law', by: 'data-officer' };

const away = (): YitongError => new YitongError('state_unavailable', 'for this test');

/** Fails now and then: before what it was asked for, or after. */
function failing<T extends object>(target: T, fails: () => 'before' | 'after' | undefined): T {
  return new Proxy(target, {
    get(of, name) {
      const member: unknown = Reflect.get(of, name);
      if (typeof member !== 'function' || name === 'onHint' || name === 'health') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const when = fails();
        if (when === 'before') throw away();
        const result: unknown = await Reflect.apply(member, of, args);
        if (when === 'after') throw away();
        return result;
      };
    },
  });
}

/** One replica: a real folder of keys, and a journal and a log in memory. */
class Replica {
  readonly folder: string;
  keys: SubjectKeys;
  erasures: ErasuresOfReplica | undefined;
  /** Pseudonyms that entries of its journal order to be erased; those of them that the log has done; and it itself. */
  ordered = new Set<string>();
  logged = new Set<string>();
  readonly erasedHere = new Set<string>();
  /** When each pseudonym was made, of whom it is, and whether an order of before had not reached this replica. */
  readonly made = new Map<string, { readonly subject: string; readonly at: number; readonly late: boolean }>();
  copy: { readonly ordered: Set<string>; readonly logged: Set<string> } | undefined;

  constructor(
    readonly dir: string,
    readonly name: string,
    readonly state: State,
    readonly fails: () => 'before' | 'after' | undefined,
  ) {
    this.folder = join(dir, name);
    this.keys = openSubjectKeys({ dir: this.folder });
  }

  journal = {
    append: async (draft: EntryDraft) => {
      const when = this.fails();
      if (when === 'before') throw new YitongError('audit_unavailable', 'for this test');
      const { action, target } = JSON.parse(String(draft.clear)) as {
        readonly action: string;
        readonly target: string;
      };
      if (action !== 'erasure') throw new Error('another entry');
      this.ordered.add(target);
      if (when === 'after') throw new YitongError('audit_unavailable', 'for this test');
      return { id: `j:${String(this.ordered.size)}`, json: '{}' };
    },
    note: () => undefined,
  };

  start(): void {
    this.erasures = new ErasuresOfReplica({
      state: this.state,
      keys: this.keys,
      journal: this.journal,
      erasedFromLog: async (pseudonym) => (this.logged.has(pseudonym) ? 1 : undefined),
      eraseHere: async (pseudonyms) => {
        if (this.fails() === 'before') throw new Error('a full disk, for this test');
        for (const one of pseudonyms) this.erasedHere.add(one);
        if (this.fails() === 'after') throw new Error('a full disk, for this test');
      },
      name: this.name,
      now: Date.now,
      onTrouble: () => undefined,
    });
  }

  /** Its process is gone, and with it what it had in mind. */
  async end(): Promise<void> {
    this.erasures = undefined;
    await this.keys.close();
    this.keys = openSubjectKeys({ dir: this.folder });
  }

  async takeCopy(): Promise<void> {
    await this.end();
    await this.keys.close();
    rmSync(`${this.folder}.copy`, { recursive: true, force: true });
    cpSync(this.folder, `${this.folder}.copy`, { recursive: true });
    this.copy = { ordered: new Set(this.ordered), logged: new Set(this.logged) };
    this.keys = openSubjectKeys({ dir: this.folder });
  }

  /** The folder is lost, and its copy comes in its place, with the log of then. */
  async putBack(): Promise<void> {
    if (this.copy === undefined) return;
    await this.end();
    await this.keys.close();
    rmSync(this.folder, { recursive: true });
    cpSync(`${this.folder}.copy`, this.folder, { recursive: true });
    this.ordered = new Set(this.copy.ordered);
    this.logged = new Set(this.copy.logged);
    this.keys = openSubjectKeys({ dir: this.folder });
    this.keys.forgetDestroyed();
  }

  pseudonymOf(subject: string): string | undefined {
    this.keys.refresh();
    return this.keys.get(subject)?.pseudonym;
  }
}

async function overTime(t: Test, seed: number): Promise<void> {
  t.comment(`YITONG_TEST_SEED=${String(seed)}`);
  const random = randomOf(seed);
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  const state = await openEmbeddedState({ dir: join(dir, 'state') });
  let rate = 0;
  const fails = (): 'before' | 'after' | undefined => {
    if (random() >= rate) return undefined;
    return random() < 0.5 ? 'before' : 'after';
  };
  const replicas = ['east', 'west', 'south'].map((name) => new Replica(dir, name, failing(state, fails), fails));
  t.teardown(async () => {
    for (const { keys } of replicas) await keys.close();
    await state.close();
    rmSync(dir, { recursive: true, force: true });
  });
  /** Of each subject, when it was ordered last so that the order stands. */
  const orderedAt = new Map<string, number>();
  const orders: string[] = [];
  const subjectOf = new Map<string, string>();
  const orderAll = async (at: Replica, subject: string, own?: Parameters<typeof orderOfAll>[2]): Promise<void> => {
    const order = await orderOfAll(at.state, { subject, ...CAUSE }, own);
    orders.push(order);
    subjectOf.set(order, subject);
  };
  const waits = async ({ keys }: Replica, subject: string): Promise<boolean> => {
    const open = await openOrders(state, erasingReplica(keys.dir).id);
    return open.some(({ order: { order } }) => subjectOf.get(order) === subject || !subjectOf.has(order));
  };
  let destroyed = 0;
  const mayGo = ({
    subject,
    at,
    late,
  }: {
    readonly subject: string;
    readonly at: number;
    readonly late: boolean;
  }): boolean => late || (orderedAt.get(subject) ?? 0) > at;

  for (const one of replicas) {
    one.start();
    await one.erasures?.once();
  }
  const any = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  for (let step = 1; step <= STEPS; step++) {
    rate = random() < 0.3 ? 0.2 : 0;
    const at = any(replicas);
    const subject = any(SUBJECTS);
    const what = random();
    if (what < 0.3) {
      at.keys.refresh();
      at.keys.ensure([subject]);
      const pseudonym = at.keys.get(subject)?.pseudonym ?? '';
      if (!at.made.has(pseudonym)) at.made.set(pseudonym, { subject, at: step, late: await waits(at, subject) });
    } else if (what < 0.45) {
      // as the command does it: its own journal first, then all
      try {
        const ordered = await orderErasure(
          { keys: at.keys, journal: at.journal, now: Date.now },
          { subject, ...CAUSE },
        );
        const me = erasingReplica(at.keys.dir).id;
        const recorded = ordered && { pseudonym: ordered.pseudonym, receipt: ordered.receipt.id };
        await orderAll(at, subject, { replica: me, recorded });
        orderedAt.set(subject, step);
      } catch (error) {
        if (!(error instanceof YitongError)) throw error;
        // whether it stands nobody knows: it is ordered again, as people are told to
        rate = 0;
        await orderAll(at, subject);
        orderedAt.set(subject, step);
      }
    } else if (what < 0.7) {
      if (at.erasures === undefined) at.start();
      await at.erasures?.once().catch(() => undefined);
    } else if (what < 0.85) {
      for (const pseudonym of at.ordered) if (random() < 0.7) at.logged.add(pseudonym);
    } else if (what < 0.93) await at.end();
    else if (what < 0.97) await at.takeCopy();
    else await at.putBack();

    for (const one of replicas)
      for (const [pseudonym, made] of one.made)
        if (one.copy === undefined && one.keys.byPseudonym(pseudonym) === undefined)
          t.ok(mayGo(made), `a key of ${one.name} is gone that nobody ordered to go`);
  }

  rate = 0;
  for (let round = 0; round < 4; round++)
    for (const one of replicas) {
      if (round === 0) await one.end();
      if (one.erasures === undefined) one.start();
      await one.erasures?.once();
      for (const pseudonym of one.ordered) one.logged.add(pseudonym);
    }
  for (const one of replicas) {
    for (const subject of SUBJECTS) {
      const pseudonym = one.pseudonymOf(subject);
      if (pseudonym === undefined) continue;
      const madeAt = one.made.get(pseudonym)?.at ?? Infinity;
      t.ok(madeAt > (orderedAt.get(subject) ?? 0), `${one.name} has no key that was to go`);
    }
    for (const [pseudonym, made] of one.made) {
      if (one.keys.byPseudonym(pseudonym) !== undefined) continue;
      destroyed++;
      // a folder that was put back lacks what came after its copy
      t.ok(one.copy ?? (mayGo(made) && one.ordered.has(pseudonym)), 'its going was ordered, and is on record there');
    }
    t.same(one.erasures?.ages(), { here: 0, anywhere: 0 }, 'nothing waits');
  }
  for (const order of orders) t.same(await waitingFor(state, order), []);
  t.ok(destroyed > 0 && orders.length > 10, 'something was done');
  t.equal((await knownReplicas(state)).length, replicas.length);
}

const SEEDS =
  process.env['YITONG_TEST_SEED'] === undefined
    ? [1, 2, 3, Date.now() % 1e6]
    : [Number(process.env['YITONG_TEST_SEED'])];
for (const seed of SEEDS) t.test('erasures among replicas over time', (t) => overTime(t, seed));

t.test('who has the store, or another replica, opens no order; one that is down holds up nobody', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  const state = await openEmbeddedState({ dir: join(dir, 'state') });
  const [east, west] = [
    new Replica(dir, 'east', state, () => undefined),
    new Replica(dir, 'west', state, () => undefined),
  ];
  t.teardown(async () => {
    for (const { keys } of [east, west]) await keys.close();
    await state.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const subject = SUBJECTS[0] ?? '';
  for (const one of [east, west]) {
    one.keys.ensure([subject]);
    one.start();
    await one.erasures?.once();
  }
  const order = await orderOfAll(state, { subject, ...CAUSE });
  const orders = (await state.documents('erasure-order', { link: `order/${order}` })).documents;
  t.equal(orders.length, 2);
  t.notMatch(JSON.stringify(orders), /91350100M000100Y43/);
  const [mine, theirs] = [east, west].map(({ keys }) => erasingReplica(keys.dir));
  const ofWest = orders.find(({ id }) => id.endsWith(theirs?.id ?? '-'))?.body as { readonly sealed: string };
  t.equal(theirs?.open(ofWest.sealed), subject);
  t.throws(() => mine?.open(ofWest.sealed), 'sealed for one folder');

  await east.erasures?.once();
  t.equal(east.pseudonymOf(subject), undefined, 'the key is gone before the log has done its part');
  t.notOk(
    JSON.stringify((await state.documents('erasure-order', { link: `open/${mine?.id ?? ''}/` })).documents).includes(
      'sealed',
    ),
  );
  for (const pseudonym of east.ordered) east.logged.add(pseudonym);
  await east.erasures?.once();
  t.same(await waitingFor(state, order), [theirs?.id], 'the other is waited for');
  await east.erasures?.once();
  t.ok((east.erasures?.ages().anywhere ?? 0) > 0, 'and its age is seen from outside');
  t.equal(east.erasures?.ages().here, 0);
  t.ok(west.pseudonymOf(subject));

  t.equal(await forgetReplica(state, theirs?.id ?? ''), true);
  await east.erasures?.once();
  t.equal(east.erasures?.ages().anywhere, 0, 'one that is gone for good is not waited for');
  await t.rejects(orderOfAll(state, { subject, ...CAUSE, reason: 'about 91350100m000100y43' }), {
    code: 'bad_request',
  });
});
