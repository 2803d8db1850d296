/**
 * Subscriptions over time against a small model: random changes, polls with old cursors, restarts, grants that end and
 * begin again, subjects that are erased. Each answer has exactly what the model says, in order for a subject.
 */
import t, { type Test } from 'tap';
import { partitionOf } from '../../../connectors/bus/partition.js';
import { subjectKey } from '../../../contracts/ids.js';
import uscc from '../../../contracts/subjects/uscc.js';
import type { Places } from '../../../gateway/answer/changes/feed.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { secretIn } from '../../../gateway/ground/state/secret.js';
import { destroySharedKey, sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { type NextChanges, SubscriptionChanges } from '../../../gateway/procedures/subscriptions/changes.js';
import { type AskedSubscription, SubscriptionStore } from '../../../gateway/procedures/subscriptions/store.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { type OpenState, SHARED, sharedState } from '../../support/shared-state.js';
import { ALL, AREA, alpha, DATASETS, grantOf, INSIDE, SECRET, type Version, type World, world } from './world.js';

t.setTimeout(240_000);

const STEPS = 150;
const subjects = Array.from({ length: 6 }, (_, n) => subjectKey('uscc', uscc.make(n)));
const LISTED = subjects.slice(0, 3);
const asked = (parts: Partial<AskedSubscription> = {}): AskedSubscription => ({
  purpose: 'credit',
  datasets: DATASETS.map((id) => ({ id })),
  way: 'poll',
  form: 'record',
  ...parts,
});
const SUBSCRIPTIONS: Readonly<Record<string, AskedSubscription>> = {
  all: asked(),
  listed: asked({ subjects: LISTED }),
  signals: asked({ form: 'signal' }),
};

/** What the model knows of one record that came to the bus. */
interface Event extends Version {
  readonly partition: number;
  readonly offset: number;
}
/** What one line has to say. */
interface Line {
  readonly dataset: string;
  readonly subject: string;
  readonly kind: string;
  readonly name: string | undefined;
}

class Model {
  readonly events: Event[] = [];
  /** Records of the area that each subscription was told of. */
  readonly told = new Map<string, Set<string>>();
  readonly erased = new Set<string>();

  #latest({ dataset, subject, recordId }: Version): Event | undefined {
    return this.events.findLast(
      (one) => one.dataset === dataset && one.subject === subject && one.recordId === recordId,
    );
  }

  /** Behind one place and before another, of what is granted. */
  expected(name: string, from: Places, to: Places, granted: ReadonlySet<string>): Line[] {
    const { subjects: listed, form } = SUBSCRIPTIONS[name] ?? asked();
    const told = this.told.get(name) ?? new Set();
    this.told.set(name, told);
    const before = new Set(told);
    return this.events.flatMap((event): Line[] => {
      const { dataset, subject, recordId, partition, offset } = event;
      const lies = offset >= (from[dataset]?.next[partition] ?? 0) && offset < (to[dataset]?.next[partition] ?? 0);
      const isAsked = listed === undefined || (listed.includes(subject) && !this.erased.has(subject));
      if (!lies || !isAsked || !granted.has(dataset)) return [];
      const record = `${dataset}|${subject}|${recordId}`;
      const line = (kind: string): Line[] => {
        told.add(record);
        before.add(record);
        const isRecord = kind === 'changed' && form === 'record';
        return [
          { dataset, subject, kind: form === 'signal' ? 'changed' : kind, name: isRecord ? event.name : undefined },
        ];
      };
      const mayTellEnd = dataset === ALL || before.has(record);
      if (event.name === undefined) return mayTellEnd ? line('removed') : [];
      if (this.#latest(event)?.name === undefined) return [];
      if (dataset === AREA && event.area !== INSIDE) return before.has(record) ? line('removed') : [];
      return line('changed');
    });
  }
}

class Run {
  readonly #t: Test;
  readonly #random: () => number;
  readonly #open: OpenState;
  readonly #here: World;
  readonly #model = new Model();
  readonly #granted = new Set<string>(DATASETS);
  /** All places that were handed out, by subscription. */
  readonly #places = new Map<string, Places[]>();
  #state!: State;
  #store!: SubscriptionStore;
  #changes!: SubscriptionChanges;
  #count = 0;
  lines = 0;

  constructor(t: Test, seed: number, open: OpenState, here: World) {
    this.#t = t;
    this.#random = randomOf(seed);
    this.#open = open;
    this.#here = here;
  }

  #below(most: number): number {
    return Math.floor(this.#random() * most);
  }

  async begin(): Promise<void> {
    await this.#restart();
    for (const [name, one] of Object.entries(SUBSCRIPTIONS)) {
      const from = await this.#changes.begin(DATASETS);
      await this.#store.put('alpha', name, one, from, Date.now());
      this.#places.set(name, [from]);
    }
  }

  async #restart(): Promise<void> {
    this.#state = await this.#open();
    await this.#here.reopen();
    this.#store = new SubscriptionStore(this.#state, await sharedSealingKeys(this.#state));
    const here = this.#here;
    const ground = {
      workspace: here.workspace,
      view: here.view,
      journal: here.journal,
      inForce: here.inForce,
      bus: () => Promise.resolve(here.bus),
      now: Date.now,
    };
    const closing = { hidden: () => undefined, now: Date.now };
    const secret = await secretIn(this.#state, 'subscriptions');
    this.#changes = new SubscriptionChanges(ground, this.#store, secret, closing);
  }

  async step(): Promise<void> {
    const draw = this.#random();
    if (draw < 0.4) return await this.#publish();
    if (draw < 0.8) return void (await this.#poll(this.#random() < 0.25));
    if (draw < 0.9) return this.#changeGrants();
    if (draw < 0.93) return await this.#again();
    if (draw < 0.96) return await this.#restart();
    if (draw < 0.97 && this.#model.erased.size === 0) await this.#erase();
  }

  async #publish(): Promise<void> {
    const versions = Array.from({ length: 1 + this.#below(8) }, (): Version => {
      const dataset = DATASETS[this.#below(2)] ?? ALL;
      const subject = subjects[this.#below(subjects.length)] ?? '';
      const recordId = `r${String(this.#below(2))}`;
      const isThere = this.#model.events.findLast(
        (one) => one.dataset === dataset && one.subject === subject && one.recordId === recordId,
      )?.name;
      if (isThere !== undefined && this.#random() < 0.25) return { dataset, subject, recordId };
      const area = this.#random() < 0.6 ? INSIDE : '3205';
      return { dataset, subject, recordId, name: `n${String(this.#count++)}`, area };
    });
    // one by one, so that what is drawn next knows what is there
    for (const version of versions) {
      const [ack] = await this.#here.publish([version]);
      if (ack === undefined) throw new Error('nothing was acknowledged');
      if (ack.partition !== partitionOf(version.subject, 2)) throw new Error('another partition');
      this.#model.events.push({ ...version, ...ack });
    }
    if (this.#random() < 0.8) await this.#here.settled();
  }

  #changeGrants(): void {
    const dataset = DATASETS[this.#below(2)] ?? ALL;
    if (!this.#granted.delete(dataset)) this.#granted.add(dataset);
    this.#grant();
  }

  #grant(): void {
    const ended = this.#random() < 0.5;
    this.#here.grant(
      DATASETS.flatMap((one) => {
        if (this.#granted.has(one)) return [grantOf(one)];
        return ended ? [] : [grantOf(one, { status: 'suspended' })];
      }),
    );
  }

  async #again(): Promise<void> {
    const [name = 'all'] = this.#draw(Object.keys(SUBSCRIPTIONS));
    await this.#store.put('alpha', name, SUBSCRIPTIONS[name] ?? asked(), await this.#changes.begin(DATASETS), 0);
    // a client that lists a subject anew is told of it again
    if (name === 'listed') this.#model.erased.clear();
  }

  #draw<T>(from: readonly T[]): readonly T[] {
    const one = from[this.#below(from.length)];
    return one === undefined ? [] : [one];
  }

  async #erase(): Promise<void> {
    const [subject = ''] = this.#draw(LISTED);
    await destroySharedKey(this.#state, subject);
    this.#model.erased.add(subject);
    // a key is used for a second after another process destroyed it
    await this.#restart();
  }

  /** @param old with a cursor of before, instead of the newest */
  async #poll(old: boolean): Promise<NextChanges | undefined> {
    const [name = 'all'] = this.#draw(Object.keys(SUBSCRIPTIONS));
    return await this.#pollOne(name, old, 1 + this.#below(20));
  }

  async #pollOne(name: string, old: boolean, most: number): Promise<NextChanges | undefined> {
    const subscription = await this.#store.find('alpha', name);
    if (subscription === undefined) throw new Error(`no ${name}`);
    const places = this.#places.get(name) ?? [];
    const from = (old ? this.#draw(places)[0] : places.at(-1)) ?? subscription.from;
    await this.#here.settled();
    const plan = this.#changes.plan(alpha(), subscription);
    if ([...plan.readIds].sort().join() !== [...this.#granted].sort().join())
      this.#t.fail('what is decided is not what is granted');
    if (plan.read.length === 0) return undefined;
    const next = await this.#changes.next(subscription, plan, from, most);
    if (!old) places.push(next.places);
    const naming = this.#changes.naming(subscription, plan);
    const expected = this.#model.expected(name, from, next.places, this.#granted);
    const whom = (subject: string): string =>
      SUBSCRIPTIONS[name]?.form === 'signal' ? naming.pseudonym('subject', subject) : subject;
    const shown = next.lines.map(({ members }) => JSON.parse(`{${members}}`) as Line & { record?: { name: string } });
    const got = shown.map(({ dataset, subject, kind, record }) => ({ dataset, subject, kind, name: record?.name }));
    const wanted = expected.map((line) => ({ ...line, subject: whom(line.subject) }));
    if (JSON.stringify(grouped(got)) !== JSON.stringify(grouped(wanted)))
      this.#t.strictSame(grouped(got), grouped(wanted), `${name}: an answer has what the model says`);
    const text = next.lines.map(({ members }) => members).join('');
    if (text.includes(SECRET) || (SUBSCRIPTIONS[name]?.form === 'signal' && /uscc:|"name":|"key":/.test(text)))
      this.#t.fail('an answer tells what is not granted');
    this.lines += got.length;
    return next;
  }

  /** All is granted again, and what is left is told to the last. */
  async end(): Promise<void> {
    for (const dataset of DATASETS) this.#granted.add(dataset);
    this.#grant();
    await this.#here.settled();
    const { prefix } = this.#here.workspace;
    for (const name of Object.keys(SUBSCRIPTIONS)) {
      for (let tries = 0; ; tries++) {
        const next = await this.#pollOne(name, false, 50);
        const cut = this.#here.view.cut(DATASETS);
        if (DATASETS.every((one) => next?.places[one]?.next.join() === cut[`${prefix}.${one}`]?.join())) break;
        if (tries > 100) throw new Error(`${name} does not come to the end`);
      }
    }
  }
}

/** By dataset and subject, each in its order. */
function grouped(lines: readonly Line[]): readonly (readonly [string, readonly string[]])[] {
  const groups = new Map<string, string[]>();
  for (const { dataset, subject, kind, name } of lines) {
    const key = `${dataset} ${subject}`;
    const group = groups.get(key) ?? [];
    group.push(`${kind} ${name ?? ''}`);
    groups.set(key, group);
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1));
}

for (const kind of SHARED)
  t.test(`on a state that is ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    const seed = Number(process.env['YITONG_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    t.comment(`seed ${String(seed)}`);
    const run = new Run(
      t,
      seed,
      open,
      await world(
        t,
        DATASETS.map((one) => grantOf(one)),
      ),
    );
    await run.begin();
    for (let step = 0; step < STEPS; step++) await run.step();
    await run.end();
    t.ok(run.lines > 0, `${String(STEPS)} steps, ${String(run.lines)} lines compared`);
  });
