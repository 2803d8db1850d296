/**
 * The machines beside a model over time that knows no states: for each machine what the law asks of a history of acts.
 * Random people do random things, possible or not, at random times; what was taken is stored as text and replayed, as
 * after a restart.
 */
import fc from 'fast-check';
import t from 'tap';
import { dayOf } from '../../../contracts/calendar.js';
import { isYitongError } from '../../../contracts/errors.js';
import { readClocks } from '../../../contracts/lifecycle/clocks.js';
import {
  applyMatter,
  checkMatterTerms,
  isMatterOver,
  type MatterEvent,
  type MatterState,
  mayDoIn,
  replayMatter,
  WHOLE,
} from '../../../contracts/lifecycle/matter.js';
import type { Lifecycle } from '../../../contracts/lifecycle/types.js';
import { ownConditions } from '../../../gateway/procedures/sharing/machines/conditions.js';
import { possibleIn } from '../../../gateway/procedures/sharing/parties.js';
import type { StepAround } from '../../../gateway/procedures/sharing/types.js';
import { declared } from './world.js';

const calendar = declared.calendars.get('mainland')!;
const HOUR = 3_600_000;
const START = Date.parse('2025-09-15T10:00:00+08:00');
/** Sequences for each machine; more by hand, as for that of applications. */
const RUNS = Number(process.env['YITONG_TEST_SEQUENCES'] ?? 2_000);
t.setTimeout(600_000 + RUNS * 100);
const PARTS: Readonly<Record<string, readonly string[]>> = {
  'service-change': ['samr', 'transport'],
  designation: ['samr', 'tax'],
};
/** A dispute within one level, and one across; the other machines do not care. */
const SIDES = [{ authority: 'a' }, { superior: 's' }] as const;

interface Done {
  readonly event: MatterEvent;
  readonly parts: readonly string[];
}
type Claim = (history: readonly Done[], state: MatterState, level: number) => string | undefined;

const acts = (history: readonly Done[], part: string): readonly MatterEvent[] =>
  history.filter(({ parts }) => parts.includes(part)).map(({ event }) => event);
const last = (events: readonly MatterEvent[], ...names: readonly string[]): number =>
  events.reduce((found, { act }, at) => (names.includes(act) ? at : found), -1);
/** Every one of these came, each behind the one before. */
const inOrder = (events: readonly MatterEvent[], ...names: readonly string[]): boolean => {
  let at = -1;
  return names.every((name) => (at = events.findIndex(({ act }, i) => i > at && act === name)) >= 0);
};

/** Whose turn a dispute is, by what was done alone: the clock that runs for it, and since when. */
const TURNS: Readonly<Record<string, string>> = {
  raise: 'negotiate',
  apply: 'coordinate',
  'apply-above': 'coordinate-above',
  refer: 'decide',
  'refer-above': 'decide',
};
function turnOf(events: readonly MatterEvent[]): string {
  const moved = events.filter(({ act }) => Object.hasOwn(TURNS, act)).at(-1);
  const over = events.some(({ act }) => /^(accept|coordinate|decide|withdraw)/.test(act));
  return moved === undefined || over ? '' : `${TURNS[moved.act] ?? ''} since ${String(moved.at)}`;
}

/** What Art.28(2) asks beside the body: both sides follow, each body hears of it when its turn comes, one clock runs. */
function toldAndTimed(events: readonly MatterEvent[], state: MatterState): string | undefined {
  const { seenBy = [], clocks = {} } = state.parts[WHOLE] ?? {};
  const did = (...names: readonly string[]): boolean => events.some(({ act }) => names.includes(act));
  const told: Readonly<Record<string, boolean>> = {
    requester: true,
    provider: true,
    authority: did('apply'),
    superior: did('apply-above'),
    government: did('refer', 'refer-above'),
  };
  for (const [party, right] of Object.entries(told))
    if (seenBy.includes(party) !== right) return `${party} ${right ? 'was not told' : 'was told before its turn'}`;
  const running = Object.entries(clocks)
    .filter(([, { stoppedAt }]) => stoppedAt === undefined)
    .map(([name, { startedAt }]) => `${name} since ${String(startedAt)}`);
  return running.join() === turnOf(events) ? undefined : `${running.join()} runs, and not ${turnOf(events)}`;
}

/** What the law asks of each, said of histories. A claim gives what is wrong. */
const claims: Readonly<Record<string, Claim>> = {
  entry: (history) => {
    const events = acts(history, WHOLE);
    for (const [at, { act }] of events.entries()) {
      const before = events.slice(0, at);
      if (
        act === 'publish' &&
        !inOrder(
          before.slice(last(before, 'draft', 'revise')),
          before[last(before, 'draft', 'revise')]!.act,
          'assess',
          'approve',
          'submit',
        )
      )
        return 'published without assessment, approval and submission of what is published';
      if (act === 'approve') {
        const written = before.filter((one) => ['draft', 'revise'].includes(one.act));
        if (written.length > 0 && written.at(-1)?.who === events[at]?.who) return 'approved by who wrote it';
        if (events[at]?.party !== 'department-head') return 'approved by another than the head of the department';
      }
      if (
        act === 'publish-change' &&
        !inOrder(
          before.slice(last(before, 'change', 'revise-change')),
          before[last(before, 'change', 'revise-change')]!.act,
          'assess-change',
          'approve-change',
          'submit-change',
        )
      )
        return 'an update was published that nobody had approved';
    }
    return undefined;
  },
  designation: (history, state) => {
    for (const part of Object.keys(state.parts)) {
      const events = acts(history, part);
      if (events.some(({ act }) => act === 'follow') && !inOrder(events, 'name-lead', 'follow'))
        return 'followed no source';
      const named = events.find(({ act }) => act === 'name-lead');
      if (
        named !== undefined &&
        (named.party !== 'authority' || !PARTS['designation']?.includes(named.fields['lead'] ?? ''))
      )
        return 'a source that does not collect it, or that another named';
    }
    return undefined;
  },
  'return-flow': (history) =>
    history.some(({ event }) => event.party === 'provider' && event.act !== 'flow')
      ? 'a provider does but let it flow'
      : undefined,
  widening: (history, state) => {
    const events = acts(history, WHOLE);
    if (state.parts[WHOLE]?.state !== 'widened') return undefined;
    if (!inOrder(events, 'draft', 'approve', 'file', 'review', 'agree')) return 'wider without consent on both sides';
    if (events.filter(({ act }) => act === 'tell-missing').length > 1) return 'missing parts were told twice';
    return undefined;
  },
  correction: (history, state) => {
    const events = acts(history, WHOLE);
    const over = isMatterOver(declared.matters.get('correction')!, state);
    const told = events.some(({ act }) => act.startsWith('feed-back'));
    const back = events.some(({ act }) => act === 'withdraw');
    if (over !== (told || back)) return 'over without an answer, or open with one';
    if (told && !inOrder(events, 'file', 'check')) return 'answered without being checked';
    const clock = state.parts[WHOLE]?.clocks['correct'];
    if (clock?.startedAt !== events[0]?.at || (clock?.extended ?? 0) > 0) return 'the clock is not that from receipt';
    return undefined;
  },
  'service-change': (history, state) => {
    for (const part of Object.keys(state.parts)) {
      const events = acts(history, part);
      if (
        events.some(({ act }) => act === 'file') &&
        !events.slice(last(events, 'consent-to-it')).some(({ act }) => act === 'agree' || act === 'object')
      )
        return 'filed without hearing a requester';
      if (events.some(({ act }) => act === 'take-effect'))
        for (const other of Object.keys(state.parts))
          if (!acts(history, other).some(({ act }) => act === 'file')) return 'in effect before it was filed for all';
    }
    return undefined;
  },
  misuse: (history, state) => {
    let suspendedBy: string | undefined;
    let byAuthority = false;
    let day: string | undefined;
    for (const { event } of history) {
      if (event.act.startsWith('suspend')) suspendedBy = event.party;
      byAuthority ||= event.act === 'suspend';
      if (event.act.startsWith('demand')) day = event.fields['by-day'];
      if (['resume', 'terminate'].includes(event.act)) {
        if (suspendedBy === undefined) return 'lifted what was never suspended';
        if (byAuthority && event.party === 'provider') return 'the provider lifted what the authority had suspended';
        if (event.act === 'terminate' && (day === undefined || dayOf(event.at) <= day)) return 'ended before its day';
        if (event.act === 'resume') suspendedBy = undefined;
      }
      if (event.party === 'requester' && event.act !== 'report') return 'the requester decided its own matter';
    }
    const held = ['suspended', 'rectifying', 'reported', 'terminated'].includes(state.parts[WHOLE]?.state ?? '');
    return held === (suspendedBy !== undefined) ? undefined : 'suspended and not, at once';
  },
  disposal: (history, state) => {
    const events = acts(history, WHOLE);
    if (state.parts[WHOLE]?.state !== 'confirmed') return undefined;
    return inOrder(events.slice(last(events, 'prove')), 'prove', 'confirm') && events.at(-1)?.party === 'provider'
      ? undefined
      : 'confirmed without a proof, or by another';
  },
  dispute: (history, state, level) => {
    const events = acts(history, WHOLE);
    const above = events.some(({ act }) => act === 'apply-above');
    const own = events.some(({ act }) => act === 'apply');
    if ((own && level !== 0) || (above && level !== 1)) return 'coordinated by the wrong authority';
    if (events.some(({ party }) => party === 'superior') && !above) return 'a superior acted within one level';
    if (
      state.parts[WHOLE]?.state === 'decided' &&
      !inOrder(events, own ? 'apply' : 'apply-above', own ? 'refer' : 'refer-above', 'decide')
    )
      return 'a government decided what nobody had coordinated';
    for (const [at, { act, party }] of events.entries())
      if (act.startsWith('accept') && events[at - 1]?.party === party) return 'accepted by who offered';
    return toldAndTimed(events, state);
  },
  order: (history) => {
    const [first] = history;
    const whom = first?.event.act.replace('order-', '');
    for (const { event } of history.slice(1)) {
      if (event.act.startsWith('report') && event.party !== whom) return 'answered by another than was ordered';
      if (/^(accept|refer)/.test(event.act) && event.party === whom) return 'closed by whom it was given to';
    }
    return undefined;
  },
};

const step = fc.record({
  pick: fc.nat(),
  wild: fc.nat({ max: 9 }),
  later: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 24 * 20 })),
  who: fc.constantFrom('p1', 'p2', 'p3', 'p4'),
  day: fc.integer({ min: -2, max: 20 }),
  lead: fc.constantFrom('samr', 'tax', 'court'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function fieldsFor(lifecycle: Lifecycle, names: readonly string[], at: number, { day, pick, lead }: Step) {
  return Object.fromEntries(
    names.map((name) => {
      const rule = lifecycle.fields[name];
      const codes = Object.keys(rule?.codes ?? {});
      if (codes.length > 0) return [name, codes[pick % codes.length] ?? ''];
      if (rule?.day === true) return [name, new Date(at + 8 * HOUR + day * 24 * HOUR).toISOString().slice(0, 10)];
      return [name, name === 'lead' ? lead : '够长的说明文字'];
    }),
  );
}

/** An act that somebody tries: mostly one that is possible. */
function tried(lifecycle: Lifecycle, state: MatterState | undefined, at: number, one: Step): MatterEvent {
  const { pick, wild, who } = one;
  const parties = Object.keys(lifecycle.parties);
  const possible =
    state === undefined
      ? Object.entries(lifecycle.acts).flatMap(([act, { by, from }]) =>
          from.length > 0 ? [] : by.map((party) => ({ act, party, parts: [WHOLE] as readonly string[] })),
        )
      : parties.flatMap((party) =>
          [...mayDoIn(lifecycle, state, party, who)].map(([act, parts]) => ({ act, party, parts })),
        );
  const any = {
    act: Object.keys(lifecycle.acts)[pick % Object.keys(lifecycle.acts).length] ?? '',
    party: parties[(pick >> 3) % parties.length] ?? '',
    parts: Object.keys(state?.parts ?? { [WHOLE]: '' }),
  };
  const chosen = (wild === 0 ? undefined : possible[pick % Math.max(possible.length, 1)]) ?? any;
  const { each, requires = [], parts: saysParts } = lifecycle.acts[chosen.act] ?? {};
  const named = PARTS[lifecycle.id];
  return {
    at,
    act: chosen.act,
    party: chosen.party,
    who,
    fields: fieldsFor(lifecycle, requires, at, one),
    ...(each === true ? { part: chosen.parts[pick % chosen.parts.length] ?? WHOLE } : {}),
    ...(saysParts === true && named !== undefined
      ? { parts: Object.fromEntries(named.map((part) => [part, ''])) }
      : {}),
  };
}

/** Of a dispute: what is offered to somebody and would then be refused. */
function offeredInVain(lifecycle: Lifecycle, state: MatterState, at: number, level: number): readonly string[] {
  const head = { id: '', machine: lifecycle.id, about: [], sides: { [WHOLE]: SIDES[level] ?? {} } };
  const vain: string[] = [];
  for (const party of Object.keys(lifecycle.parties))
    for (const { act } of possibleIn({ head, lifecycle, state, clocks: {} }, WHOLE, party, [])) {
      const { requires = [] } = lifecycle.acts[act] ?? {};
      const fields = Object.fromEntries(requires.map((name) => [name, '够长的说明文字']));
      try {
        taken(lifecycle, state, { at, act, party, who: 'p9', fields }, level);
      } catch (error) {
        if (!isYitongError(error)) throw error;
        vain.push(`${act} by ${party}`);
      }
    }
  return vain;
}

/** As the program does it: terms, the machine, conditions. @throws YitongError */
function taken(lifecycle: Lifecycle, before: MatterState | undefined, event: MatterEvent, level: number): MatterState {
  if (before !== undefined) checkMatterTerms(lifecycle, calendar, before, event);
  const after = applyMatter(lifecycle, before, event);
  const head = { id: '', machine: lifecycle.id, about: [], sides: { [WHOLE]: SIDES[level] ?? {} } };
  for (const guard of lifecycle.acts[event.act]?.guards ?? [])
    void ownConditions[guard as keyof typeof ownConditions]?.({
      head,
      lifecycle,
      calendar,
      event,
      before,
      after,
    } as unknown as StepAround);
  return after;
}

const machines = [...declared.matters.values()].filter(({ id }) => Object.hasOwn(claims, id));
t.equal(machines.length, Object.keys(claims).length, 'each claim is about a machine that there is');

for (const lifecycle of machines) {
  t.test(`${lifecycle.id}: whoever does what, no state but those of the machine, and what the law asks holds`, (t) => {
    t.setTimeout(600_000 + RUNS * 100);
    let steps = 0;
    let ended = 0;
    const reached = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 6, maxLength: 30, size: 'max' }), fc.nat({ max: 1 }), (all, level) => {
        let state: MatterState | undefined;
        let at = START;
        const history: Done[] = [];
        for (const one of all) {
          at += one.later * HOUR;
          const event = tried(lifecycle, state, at, one);
          const before = state;
          try {
            state = taken(lifecycle, state, event, level);
          } catch (error) {
            if (!isYitongError(error)) throw error;
            if (state !== before) return false;
            continue;
          }
          steps++;
          const moved = Object.keys(state.parts).filter((part) => state?.parts[part] !== before?.parts[part]);
          history.push({ event, parts: moved });
          for (const { state: where, clocks } of Object.values(state.parts)) {
            if (!Object.hasOwn(lifecycle.states, where)) throw new Error(`the state ${where} is none`);
            reached.add(where);
            const over = lifecycle.states[where]?.terminal === true;
            if (over && Object.values(clocks).some(({ stoppedAt }) => stoppedAt === undefined))
              throw new Error(`a clock runs on in ${where}`);
          }
          const wrong = claims[lifecycle.id]?.(history, state, level);
          const vain = lifecycle.id === 'dispute' ? offeredInVain(lifecycle, state, at, level) : [];
          if (vain.length > 0) throw new Error(`offered in vain: ${vain.join(', ')}`);
          if (wrong !== undefined)
            throw new Error(`${wrong}: ${history.map(({ event: { act, party } }) => `${act} by ${party}`).join(', ')}`);
        }
        if (state === undefined) return true;
        if (isMatterOver(lifecycle, state)) ended++;
        const stored = JSON.parse(JSON.stringify(history.map(({ event }) => event))) as MatterEvent[];
        const again = replayMatter(lifecycle, stored);
        const clocksOf = (one: MatterState) =>
          Object.values(one.parts).map((part) => readClocks(lifecycle, calendar, part, at));
        return (
          JSON.stringify(again) === JSON.stringify(state) &&
          JSON.stringify(clocksOf(again)) === JSON.stringify(clocksOf(state))
        );
      }),
      { numRuns: RUNS },
    );
    t.strictSame(
      [...reached].sort(),
      Object.keys(lifecycle.states).sort(),
      `every state was reached, over ${String(steps)} steps`,
    );
    t.ok(ended > RUNS / 50, `${String(ended)} came to an end`);
    t.end();
  });
}
