/**
 * Two regions over time: items of a case here are done over there, while what is sent is lost before or after it came,
 * comes again much later, either side is away, is called back, or begins anew from its disk. In the end both sides
 * agree on every item, and nobody's act was lost or done twice. The model knows nothing of errands: it keeps what
 * people did, and which states of an item go with one another.
 */
import fc from 'fast-check';
import t from 'tap';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { ErrandBody } from '../../../gateway/procedures/cases/errand-body.js';
import { ErrandCarrier } from '../../../gateway/procedures/cases/errand-sending.js';
import { errandsStanding } from '../../../gateway/procedures/cases/errands.js';
import type { CaseActor, Doing } from '../../../gateway/procedures/cases/types.js';
import { applicantOf, named, type Office, office, saying, written } from './office.js';

t.setTimeout(280_000);
const bundle = named('transfer-real-estate');
const ITEMS = [...bundle.items.keys()];
const RUNS = 30;

type Weather = 'fair' | 'lost' | 'unheard' | 'suspended';
interface Side {
  readonly region: string;
  readonly at: Office;
  carrier: ErrandCarrier;
}

/** What comes again, at any time later. */
interface Sent {
  readonly to: 'near' | 'far';
  readonly body: ErrandBody;
}

/** Statuses of an item there that go with one here, once all is carried. */
const AGREES: Readonly<Record<string, readonly string[]>> = {
  waiting: ['none'],
  held: ['held'],
  supplement: ['supplement'],
  granted: ['granted'],
  refused: ['refused'],
  dropped: ['none', 'withdrawn'],
  undone: ['withdrawn'],
};

class World {
  weather: Weather = 'fair';
  readonly near: Side;
  readonly far: Side;
  readonly sent: Sent[] = [];
  /** What people did, one line each: those over there decided, who applies gave. */
  readonly did: string[] = [];
  id = '';

  constructor(near: Office, far: Office) {
    this.near = { region: 'near', at: near, carrier: undefined as never };
    this.far = { region: 'far', at: far, carrier: undefined as never };
    this.begin(this.near);
    this.begin(this.far);
  }

  begin(side: Side): void {
    side.carrier = new ErrandCarrier({
      state: side.at.state,
      holder: side.region,
      now: () => side.at.now,
      onTrouble: (error) => {
        throw error;
      },
      again: { first: 0, most: 0 },
      carry: async (errand) => {
        const said = await side.at.cases.regional.bodyOf(errand);
        if (said === undefined) return { outcome: 'void' };
        // as it would come by the wire
        const body = JSON.parse(
          JSON.stringify({ ...said, asker: { authority: 'x', legalBasis: ['x'] } }),
        ) as ErrandBody;
        const to = side.region === 'near' ? 'far' : 'near';
        if (this.weather === 'lost') return { outcome: 'away' };
        if (this.weather === 'suspended') return { outcome: 'later', code: 'grant_suspended' };
        this.sent.push({ to, body });
        const code = await this.deliver({ to, body });
        if (this.weather === 'unheard') return { outcome: 'away' };
        if (code === undefined) return { outcome: 'taken' };
        return code === 'act_refused' || code === 'not_found' ? { outcome: 'void', code } : { outcome: 'later', code };
      },
    });
  }

  /** @returns the code of a refusal */
  async deliver({ to, body }: Sent): Promise<string | undefined> {
    const { at } = to === 'near' ? this.near : this.far;
    const from = to === 'near' ? 'far' : 'near';
    return await at.cases.regional.receive(from, body, { record: at.record }).then(
      () => undefined,
      (error: unknown) => {
        if (!isYitongError(error)) throw error;
        return error.code;
      },
    );
  }

  async apply(doing: Doing): Promise<boolean> {
    const { cases, record } = this.near.at;
    return tried(cases.act(this.id, doing, { actor: applicantOf(bundle), record }));
  }

  /** The case over there of an item; undefined where there is none. */
  async guest(item: string) {
    const { cases, record } = this.far.at;
    const authority = bundle.items.get(item)?.authority ?? '';
    const actor: CaseActor = { kind: 'authority', authority, client: 'officer' };
    const all = [];
    for (const show of ['open', 'closed'] as const)
      all.push(...(await cases.list(show, { limit: 50 }, { actor, record })).cases);
    const found = all.filter(({ state }) => state.guest?.item === item);
    if (found.length > 1) throw new Error(`${item} was brought ${String(found.length)} times`);
    return found[0] === undefined ? undefined : { ...found[0], actor };
  }

  async decide(item: string, act: 'ask' | 'grant' | 'refuse'): Promise<void> {
    const guest = await this.guest(item);
    if (guest === undefined) return;
    const { cases, record } = this.far.at;
    const unknown = guest.state.plan?.items[item]?.unknown ?? [];
    const doing: Doing =
      act === 'grant'
        ? { act, item, checked: unknown }
        : act === 'ask'
          ? { act, item, says: 'what lacks', fields: [] }
          : { act, item, says: 'why' };
    if (await tried(cases.act(guest.id, doing, { actor: guest.actor, record }))) this.did.push(`${item} ${act}`);
  }

  async give(item: string): Promise<void> {
    if (await this.apply({ act: 'give', item, values: {}, says: 'here' })) this.did.push(`${item} give`);
  }
}

async function tried(done: Promise<unknown>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (!(error instanceof YitongError)) throw error;
    if (error.code !== 'act_refused' && error.code !== 'not_found') throw error;
    return false;
  }
}

async function filed(world: World): Promise<void> {
  const { cases, record } = world.near.at;
  const how = { actor: applicantOf(bundle), record };
  world.id = (await cases.open(bundle.id, how, { region: 'far' })).id;
  await cases.act(world.id, { act: 'save', answers: bundle.usual.answers, values: written(bundle) }, how);
  for (const port of ['identity', 'video', 'signature'] as const)
    await cases.act(world.id, { act: 'step', step: 'fill', port }, how);
  await cases.act(world.id, { act: 'submit' }, how);
}

const step = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('carry near', 'carry far') },
  { weight: 3, arbitrary: fc.constantFrom('fair', 'fair', 'fair', 'lost', 'unheard', 'suspended') },
  { weight: 2, arbitrary: fc.constantFrom('again near', 'again far', 'replay') },
  {
    weight: 14,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...ITEMS),
        fc.constantFrom('grant', 'grant', 'grant', 'grant', 'ask', 'ask', 'give', 'give', 'refuse'),
      )
      .map(([item, act]) => `${act} ${item}`),
  },
  { weight: 2, arbitrary: fc.constantFrom(...Array.from({ length: 12 }, () => 'pay'), 'withdraw') },
);

async function take(world: World, what: string, pick: number): Promise<void> {
  const [word = '', rest = ''] = what.split(' ');
  const side = rest === 'near' ? world.near : world.far;
  switch (word) {
    case 'carry':
      return side.carrier.pass();
    case 'again':
      await side.carrier.stop();
      await side.at.again();
      return world.begin(side);
    case 'replay': {
      const old = world.sent[pick % Math.max(1, world.sent.length)];
      if (old !== undefined) await world.deliver(old);
      return;
    }
    case 'pay':
      await world.apply({ act: 'step', step: 'pay', port: 'payment' });
      return;
    case 'withdraw':
      await world.apply({ act: 'withdraw' });
      return;
    case 'give':
      return world.give(rest);
    case 'grant':
    case 'ask':
    case 'refuse':
      return world.decide(rest, word);
    default:
      world.weather = word as Weather;
  }
}

/** Until nothing waits on either side. */
async function settled(world: World): Promise<void> {
  world.weather = 'fair';
  for (let round = 0; ; round++) {
    await world.near.carrier.pass();
    await world.far.carrier.pass();
    const waits = [
      ...(await errandsStanding(world.near.at.state)).waiting.values(),
      ...(await errandsStanding(world.far.at.state)).waiting.values(),
    ];
    if (waits.length === 0) return;
    if (round > 20) throw new Error('something waits for ever');
  }
}

t.test('whatever happens on the way, both sides agree in the end, and each act counts once', async (t) => {
  const base = t.testdir();
  let run = 0;
  let acts = 0;
  let replays = 0;
  const seenStates = new Map<string, number>();
  const sides = fc.array(fc.tuple(step, fc.nat(1000)), { minLength: 80, maxLength: 160, size: 'max' });
  await fc.assert(
    fc.asyncProperty(sides, async (steps) => {
      const dir = `${base}/${String(run++)}`;
      const registers = saying(bundle.usual.registers);
      const near = await office(t, { dir: `${dir}/near`, registers });
      const far = await office(t, { dir: `${dir}/far`, registers });
      const world = new World(near, far);
      await filed(world);
      for (const [what, pick] of steps) {
        await take(world, what, pick);
        near.now += 1000;
        far.now += 1000;
        if (what === 'replay') replays++;
      }
      await settled(world);
      const how = { actor: applicantOf(bundle), record: near.record };
      const { state } = await near.cases.get(world.id, how);
      const history = (await near.cases.events(world.id, 0, how)).map(({ event }) => event);
      for (const item of ITEMS) {
        const here = state.items[item]?.status ?? '';
        const guest = await world.guest(item);
        const there =
          guest === undefined
            ? 'none'
            : guest.state.phase === 'withdrawn'
              ? 'withdrawn'
              : (guest.state.items[item]?.status ?? '');
        if (AGREES[here]?.includes(there) !== true) throw new Error(`${item} is ${here} here and ${there} there`);
        seenStates.set(here, (seenStates.get(here) ?? 0) + 1);
        const isBack = here === 'dropped' || here === 'undone';
        const seen = history.flatMap((event) =>
          'item' in event && event.item === item && event.act !== 'grant' ? [`${item} ${event.act}`] : [],
        );
        const granted = history
          .filter((event) => event.act === 'grant' && event.item === item)
          .map(() => `${item} grant`);
        const done = world.did.filter((one) => one.startsWith(`${item} `)).sort();
        const all = [...seen, ...granted].sort();
        // what was decided there while it was taken back here came too late, and is not counted
        const extra = all.filter((one) => !done.includes(one));
        if (extra.length > 0 || (!isBack && JSON.stringify(all) !== JSON.stringify(done)))
          throw new Error(`${item}: ${all.join(', ')} came of ${done.join(', ')}`);
        if (new Set(all).size !== all.length) throw new Error(`${item}: twice: ${all.join(', ')}`);
        acts += all.length;
      }
    }),
    { numRuns: RUNS },
  );
  t.comment(`${JSON.stringify(Object.fromEntries(seenStates))} `.trim());
  t.comment(`${String(acts)} acts over ${String(run)} runs; ${String(replays)} came again much later`);
  t.ok(acts > RUNS);
});
