/**
 * The store of matters over time, against the naive telling: two replicas act, at times both at once, one is opened anew
 * between steps, acts are sent again under the same key, grants are suspended. What the store says is what was done, in
 * one order; a grant stands between the yes and the end, answers nothing once it is suspended, and never comes back.
 */
import t from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import { replayMatter } from '../../../contracts/lifecycle/matter.js';
import { appliedIn, appliedTo } from '../../../gateway/answer/inforce/applied-grants.js';
import { suspendedIn } from '../../../gateway/answer/inforce/suspensions.js';
import type { MatterAct, MatterActor, OpenedMatter } from '../../../gateway/procedures/sharing/types.js';
import { makeDecider } from '../../../policies/decide.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { SHARED, type SharedKind, sharedState } from '../../support/shared-state.js';
import { type Doer, NaiveApplication } from './naive.js';
import { application, asContent, person, policies, sharingOver, type World, workspace } from './world.js';

t.setTimeout(600_000);
const SEQUENCES: Readonly<Record<SharedKind, number>> = { embedded: 80, postgres: 25 };
const STEPS = 22;
const HOUR = 3_600_000;
const NAMES = ['tax.tax-registration', 'tax.dishonesty-list'] as const;
const VARIANTS = { 'tax.tax-registration': 'conditional', 'tax.dishonesty-list': 'unconditional' };

/** Some hold two posts. */
const both = (authority: string, name: string): MatterActor => {
  const officer = person('sharing-officer', authority, name);
  return officer.kind === 'person'
    ? { kind: 'person', person: { ...officer.person, roles: ['sharing-officer', 'sharing-head'] } }
    : officer;
};
const PEOPLE: readonly (Doer & { readonly actor: MatterActor })[] = [
  { party: 'requester', who: 'o', actor: both('transport', 'o') },
  { party: 'requester-head', who: 'o', actor: both('transport', 'o') },
  { party: 'requester-head', who: 'h', actor: person('sharing-head', 'transport', 'h') },
  { party: 'provider', who: 'p', actor: both('tax', 'p') },
  { party: 'provider-head', who: 'p', actor: both('tax', 'p') },
  { party: 'provider-head', who: 'q', actor: person('sharing-head', 'tax', 'q') },
  { party: 'authority', who: 'b', actor: person('sharing-authority', 'data-bureau', 'b') },
];
const ACTS = [
  ...['save', 'approve', 'return', 'file', 'withdraw', 'tell-missing', 'complete', 'propose', 'send-back', 'agree'],
  ...['refuse', 'supply', 'use', 'end', 'close', 'extend', 'consent'],
];
const WHOLE = ['save', 'approve', 'return', 'file', 'withdraw'];
const NEEDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  return: { reason: '请修改用途' },
  'tell-missing': { missing: '请补充材料' },
  complete: { supplement: '补充说明' },
  'send-back': { reason: '请重新拟定' },
  refuse: { ground: 'not-necessary', reason: '超出必要范围' },
  end: { reason: '目的已实现' },
  close: { reason: '数据已删除' },
  extend: { reason: '需要会商' },
};

const asked = (() => {
  const whole = application();
  const [first, second] = whole.datasets;
  if (first === undefined || second === undefined) throw new Error('two datasets are asked for');
  const fields = [{ path: 'status', reason: '核验登记状态' }];
  return { ...whole, datasets: [{ ...first, dataset: NAMES[0], fields }, second] };
})();
const FIELD: Readonly<Record<string, string>> = { [NAMES[0]]: 'status', [NAMES[1]]: 'reason' };

/** Whether the act had its effect; refused where it may not be done, or somebody else was first. */
async function outcome(act: Promise<OpenedMatter>): Promise<'done' | 'refused' | 'moved'> {
  try {
    await act;
    return 'done';
  } catch (error) {
    if (!isYitongError(error)) throw error;
    if (error.code === 'matter_moved') return 'moved';
    if (['act_refused', 'act_incomplete', 'not_found'].includes(error.code)) return 'refused';
    throw error;
  }
}

for (const kind of SHARED)
  t.test(`two replicas, ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    let now = Date.parse('2026-01-26T09:00:00+08:00');
    const replicas: World[] = [];
    const states = [await open(), await open()];
    for (const state of states) replicas.push(await sharingOver(state, { now: () => now }));
    let [done, refusals, moved, answers] = [0, 0, 0, 0];
    for (let seed = 0; seed < SEQUENCES[kind]; seed++) {
      const random = randomOf(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
      const on = (): World => replicas[random() < 0.5 ? 0 : 1] as World;
      const { matters: first, act: how } = on();
      const officer = PEOPLE[0] as (typeof PEOPLE)[number];
      const { head } = await first.open('application', {}, how(officer.actor, 'draft', { content: asContent(asked) }));
      const naive = new NaiveApplication(VARIANTS, officer);
      const suspended = new Set<string>();
      for (let step = 0; step < STEPS; step++) {
        now += Math.floor(random() * random() * 60 * HOUR);
        if (random() < 0.05) replicas[0] = await sharingOver(states[0]!, { now: () => now });
        const world = on();
        let doer = pick(PEOPLE);
        let [act, part]: [string, string] = [pick(ACTS), pick(NAMES)];
        if (random() < 0.8) {
          // whoever can do something, and seldom what leads back
          for (const one of [...PEOPLE].sort(() => random() - 0.5)) {
            const seen = await world.matters.get(head.id, one.actor).catch(() => undefined);
            const mine = (seen?.acts ?? []).filter(
              ({ party, act: name }) =>
                party === one.party &&
                (!['withdraw', 'return', 'send-back', 'save', 'refuse', 'end'].includes(name) || random() < 0.1),
            );
            if (mine.length === 0) continue;
            const chosen = pick(mine);
            [doer, act, part] = [one, chosen.act, pick(chosen.parts)];
            break;
          }
        }
        const yes = random() < 0.7;
        const reply = {
          fields: [{ path: FIELD[part], decision: yes ? 'agree' : 'refuse', ...(yes ? {} : { reason: '非必要信息' }) }],
        };
        const clock = `reply-${VARIANTS[part as keyof typeof VARIANTS]}`;
        const days = 1 + Math.floor(random() * 12);
        const key = random() < 0.2 ? `k${String(step)}` : undefined;
        const more: Partial<MatterAct> = {
          party: doer.party,
          fields: NEEDS[act] ?? {},
          ...(WHOLE.includes(act) ? {} : { part }),
          ...(act === 'save' ? { content: asContent(asked) } : act === 'propose' ? { content: asContent(reply) } : {}),
          ...(act === 'extend' ? { clock, days } : act === 'consent' ? { clock } : {}),
          ...(key === undefined ? {} : { key }),
        };
        const before = await world.matters.get(head.id, officer.actor);
        const isOver = (name: string): boolean =>
          (before.clocks[name] ?? []).some(
            (one) => one.clock.startsWith('reply-') && one.stoppedAt === undefined && one.over,
          );
        const atOnce = random() < 0.15;
        const tries = (atOnce ? replicas : [world]).map(({ matters, act: make }) =>
          outcome(matters.act(head.id, make(doer.actor, act, more))),
        );
        const outcomes = await Promise.all(tries);
        const after = await world.matters.get(head.id, officer.actor);
        const happened = after.state.events - before.state.events;
        if (happened > 0 && act === 'propose') (naive.parts.get(part) as { agrees: boolean }).agrees = yes;
        // two at once: the other one comes first, or behind it, as another step or the same one
        for (let count = 0; count < Math.max(1, happened); count++) {
          const expected = naive.try({ act, doer, part, at: after.at, days }, isOver);
          if (expected !== happened > 0)
            return void t.fail(
              `seed ${String(seed)} step ${String(step)}: ${act} by ${doer.party} (${doer.who}) on ${part}: ${String(happened)} in ${naive.states()}`,
            );
        }
        done += happened;
        refusals += outcomes.filter((one) => one === 'refused').length;
        moved += outcomes.filter((one) => one === 'moved').length;
        if (key !== undefined && happened > 0) {
          const again = await world.matters.act(head.id, world.act(doer.actor, act, more)).catch(() => undefined);
          if (again !== undefined && again.state.events !== after.state.events)
            return void t.fail(`seed ${String(seed)}: an act that was sent again was done twice`);
        }
        const steps = after.steps.map(({ event }) => event);
        if (JSON.stringify(replayMatter(after.lifecycle, steps)) !== JSON.stringify(after.state))
          return void t.fail(`seed ${String(seed)}: what is stored is not what the steps make`);
        for (const [name, told] of naive.parts) {
          const running = Object.entries(after.state.parts[name]?.clocks ?? {}).filter(
            ([, one]) => one.stoppedAt === undefined,
          );
          if (
            after.state.parts[name]?.state !== told.state ||
            running.map(([id]) => id).join() !== (told.clock?.[0] ?? '')
          )
            return void t.fail(`seed ${String(seed)}: ${name} is not ${told.state} with ${String(told.clock?.[0])}`);
        }
        if (random() < 0.1) suspended.add(`a-${head.id}-${String(NAMES.indexOf(part as never))}-0`);
      }
      // what is answered now
      const { grants } = await appliedIn(states[seed % 2]!);
      const mine = new Map([...grants].filter(([id]) => id.startsWith(`a-${head.id}-`)));
      const { set } = appliedTo(policies, workspace, mine);
      const suspension = { at: '', by: '', reason: '', entry: '' };
      const inForce = suspendedIn(set, { number: 1, grants: new Map([...suspended].map((id) => [id, suspension])) });
      const decider = makeDecider(inForce, workspace);
      for (const [index, dataset] of NAMES.entries()) {
        const id = `a-${head.id}-${String(index)}-0`;
        const { effect, grant } = decider.decide({
          client: inForce.clients.get('transport-licensing' as never)!,
          purpose: 'open-transport-company',
          dataset,
          delivery: 'query',
          now,
        });
        const expected = naive.parts.get(dataset)?.granted === true && !suspended.has(id);
        if ((effect === 'allow') !== expected || (expected && grant !== id))
          return void t.fail(`seed ${String(seed)}: ${dataset} is answered: ${effect}, in ${naive.states()}`);
        if (expected) answers++;
      }
    }
    t.ok(
      moved > 0 && refusals > 0,
      `${String(done)} steps, ${String(refusals)} refusals, ${String(moved)} times another was first`,
    );
    if (kind === 'embedded') t.ok(answers > 0, `${String(answers)} grants in force at an end`);
  });
