/**
 * Deputies over time, against the naive telling: heads hand over and take back, days pass, people of all kinds try to
 * consent to what somebody drafted. Who may is said by a list that knows nothing of the program.
 */
import t from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import type { Role } from '../../../gateway/ground/identity/person.js';
import { sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { deputationsOf, handOver, MOST_DAYS, takeBack } from '../../../gateway/procedures/sharing/deputies.js';
import type { MatterActor, MatterDeed } from '../../../gateway/procedures/sharing/types.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { SHARED, type SharedKind, sharedState } from '../../support/shared-state.js';
import { application, asContent, sharingOver } from './world.js';

t.setTimeout(600_000);
const ROUNDS: Readonly<Record<SharedKind, number>> = { embedded: 24, postgres: 4 };
const STEPS = 40;
const DAY = 86_400_000;
const BEGIN = Date.parse('2026-03-02T09:00:00+08:00');
/** Made of the number of a day, by the calendar of the suite's own. */
const dayName = (at: number): string => new Date(BEGIN + at * DAY).toISOString().slice(0, 10);

interface Someone {
  readonly name: string;
  readonly authority: string;
  readonly roles: readonly Role[];
}
const PEOPLE: readonly Someone[] = [
  { name: 'h', authority: 'transport', roles: ['sharing-head'] },
  // holds two posts, and so drafts as well
  { name: 'b', authority: 'transport', roles: ['sharing-officer', 'sharing-head'] },
  { name: 'd', authority: 'transport', roles: ['department-head'] },
  { name: 'o', authority: 'transport', roles: ['sharing-officer'] },
  { name: 'p', authority: 'transport', roles: ['sharing-officer'] },
  { name: 'x', authority: 'tax', roles: ['sharing-officer'] },
];
const idOf = (name: string): string => `https://people|${name}`;
const actorOf = ({ name, authority, roles }: Someone): MatterActor => ({
  kind: 'person',
  person: { id: idOf(name), name, roles, authority, subjects: [] },
});

interface Told {
  readonly head: string;
  readonly deputy: string;
  readonly role: string;
  readonly from: number;
  readonly until: number;
  over: boolean;
}

/** What the rules come to, told as a list. */
class Naive {
  readonly all: Told[] = [];

  mayHand(
    { name, roles }: Someone,
    { deputy, role, from, until }: Omit<Told, 'head' | 'over'>,
    today: number,
  ): boolean {
    if (!roles.includes(role as Role) || deputy === name) return false;
    if (from < today || until < from || until - from >= 30) return false;
    const beside = this.all.filter((one) => !one.over && one.from <= until && from <= one.until);
    return !beside.some(
      (one) => (one.head === name && one.role === role) || one.deputy === name || one.head === deputy,
    );
  }

  mayConsent({ name, authority, roles }: Someone, drafter: string, today: number): 'own' | 'deputy' | undefined {
    if (authority !== 'transport' || name === drafter) return undefined;
    if (roles.includes('sharing-head')) return 'own';
    const heads = this.all.filter(
      (one) =>
        !one.over && one.deputy === name && one.role === 'sharing-head' && one.from <= today && today <= one.until,
    );
    return heads.length > 0 && heads[0]?.head !== drafter ? 'deputy' : undefined;
  }
}

const code = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return error.code;
  }
};

for (const kind of SHARED)
  t.test(`who stands in for whom, day by day, ${kind}`, async (t) => {
    const seen = { handed: 0, refused: 0, own: 0, deputy: 0, not: 0, back: 0 };
    for (let round = 0; round < ROUNDS[kind]; round++) {
      const state = await (await sharedState(t, kind))?.();
      if (state === undefined) return;
      const next = randomOf(7000 + round);
      const random = (most: number): number => Math.floor(next() * most);
      const pick = <T>(all: readonly T[]): T => all[random(all.length)] as T;
      let today = 0;
      const now = (): number => BEGIN + today * DAY;
      const world = await sharingOver(state, { now });
      const keys = await sharedSealingKeys(state);
      const ground = { state, keys, now };
      const deeds: MatterDeed[] = [];
      const record = (deed: MatterDeed) => Promise.resolve({ id: `w1:${String(deeds.push(deed))}`, json: '{}' });
      const naive = new Naive();
      const ids: string[] = [];
      for (let step = 0; step < STEPS; step++) {
        const someone = pick(PEOPLE);
        const what = random(10);
        if (what < 2) today += 1 + random(4);
        else if (what < 5) {
          const from = today - 1 + random(4);
          const given = {
            deputy: pick(PEOPLE).name,
            role: pick(['sharing-head', 'sharing-head', 'department-head']),
            from,
            until: from - 1 + random(MOST_DAYS > 20 ? 34 : 12),
          };
          const may = naive.mayHand(someone, given, today);
          const done = await code(
            handOver(
              ground,
              { actor: actorOf(someone), record },
              {
                role: given.role,
                deputy: idOf(given.deputy),
                deputyName: given.deputy,
                ofName: someone.name,
                from: dayName(given.from),
                until: dayName(given.until),
                reason: '赴外地培训',
              },
            ),
          );
          t.equal(
            done === 'done',
            may,
            `${someone.name} hands over ${JSON.stringify(given)} on ${String(today)}: ${done}`,
          );
          if (may) {
            seen.handed++;
            naive.all.push({ ...given, head: someone.name, over: false });
            ids.push(deeds.at(-1)?.target ?? '');
          } else seen.refused++;
        } else if (what < 6 && ids.length > 0) {
          const at = random(ids.length);
          const one = naive.all[at];
          if (one === undefined) continue;
          // half of the time somebody whose it is
          const someone =
            random(2) === 0 ? pick(PEOPLE) : (PEOPLE.find(({ name }) => name === one.head) ?? pick(PEOPLE));
          const mine = someone.authority === 'transport' && [one.head, one.deputy].includes(someone.name);
          const done = await code(takeBack(ground, { actor: actorOf(someone), record }, ids[at] ?? ''));
          t.equal(done === 'done', mine, `${someone.name} takes back: ${done}`);
          if (mine) {
            one.over = true;
            seen.back++;
          }
        } else {
          const drafter = pick(
            PEOPLE.filter(({ roles, authority }) => authority === 'transport' && roles.includes('sharing-officer')),
          );
          const content = asContent(application());
          const { head } = await world.matters.open(
            'application',
            {},
            world.act(actorOf(drafter), 'draft', { content }),
          );
          const may = naive.mayConsent(someone, drafter.name, today);
          const offered = await world.matters.get(head.id, actorOf(someone)).catch(() => undefined);
          t.equal(
            offered?.acts.some(({ act }) => act === 'approve') === true,
            may !== undefined,
            `${someone.name} is offered what ${drafter.name} drafted on ${String(today)}`,
          );
          const done = await code(world.matters.act(head.id, world.act(actorOf(someone), 'approve')));
          t.equal(done === 'done', may !== undefined, `${someone.name} consents to ${drafter.name}'s: ${done}`);
          if (may === undefined) seen.not++;
          else {
            seen[may]++;
            const last = (await world.matters.get(head.id, actorOf(drafter))).steps.at(-1)?.event;
            t.equal(last?.deputy !== undefined, may === 'deputy', 'the step says that somebody stood in');
            t.equal(world.deeds.at(-1)?.detail['deputy'], last?.deputy, 'and so does the log');
          }
        }
      }
      t.equal((await deputationsOf(ground, 'transport')).length, naive.all.length);
      t.notMatch(
        JSON.stringify(deeds.map(({ detail, target }) => [detail, target])),
        /people\|/,
        'no person in the clear',
      );
      await state.close();
    }
    t.comment(JSON.stringify(seen));
    const least = kind === 'embedded' ? 8 : 1;
    for (const [what, count] of Object.entries(seen)) t.ok(count >= least, `${what}: ${String(count)}`);
  });

t.test('through a system of the department as well', async (t) => {
  const state = await (await sharedState(t, 'embedded'))?.();
  if (state === undefined) return;
  const now = (): number => BEGIN;
  const world = await sharingOver(state, { now });
  const keys = await sharedSealingKeys(state);
  const client = { id: 'transport-licensing', authority: 'transport' } as never;
  const officer = (id: string, role: string): MatterActor => ({ kind: 'client', client, officer: { id, role } });
  const record = () => Promise.resolve({ id: 'w1:1', json: '{}' });
  const content = asContent(application());
  const { head } = await world.matters.open(
    'application',
    {},
    world.act(officer('song', 'sharing-officer'), 'draft', { content }),
  );
  const approve = (actor: MatterActor): Promise<string> =>
    code(world.matters.act(head.id, world.act(actor, 'approve')));
  t.equal(await approve(officer('sun', 'sharing-officer')), 'act_refused');
  await handOver(
    { state, keys, now },
    { actor: officer('yu', 'sharing-head'), record },
    {
      role: 'sharing-head',
      deputy: 'client:transport-licensing|sun',
      deputyName: '孙副科长',
      ofName: '于科长',
      from: dayName(0),
      until: dayName(2),
      reason: '赴外地培训',
    },
  );
  t.equal(await approve(officer('song', 'sharing-officer')), 'act_refused', 'nobody else');
  t.equal(await approve(officer('sun', 'sharing-officer')), 'done');
  t.match(world.deeds.at(-1), { role: 'sharing-head', detail: { act: 'approve', party: 'requester-head' } });
});
