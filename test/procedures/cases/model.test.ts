/**
 * Random sequences of all acts, allowed and not, over the six bundles and small random ones, with restarts and repeats,
 * against a model that knows nothing of the engine.
 */
import fc from 'fast-check';
import t from 'tap';
import { mergeForm } from '../../../contracts/bundle/merge.js';
import { situationOf } from '../../../contracts/bundle/situation.js';
import type { StepPort } from '../../../contracts/bundle/types.js';
import { isYitongError } from '../../../contracts/errors.js';
import {
  apply,
  type CaseAct,
  type CaseEvent,
  type CaseState,
  isEnded,
  mayDo,
  type Party,
} from '../../../gateway/procedures/cases/machine.js';
import { type Plan, planOf } from '../../../gateway/procedures/cases/plan.js';
import type { Doing } from '../../../gateway/procedures/cases/types.js';
import { Naive, type Try } from './naive.js';
import { applicantOf, bundles, elements, filledIn, named, office, officer, saying } from './office.js';

t.setTimeout(240_000);

const partyOf = (by: string): Party => (by === '' ? 'applicant' : { authority: by });

/** Everything that somebody could try in a case of this plan. */
function universe(plan: Plan): readonly Try[] {
  const authorities = [
    ...new Set([plan.authority, ...Object.values(plan.items).map(({ authority }) => authority), 'nobody']),
  ];
  const everybody = ['', ...authorities];
  const items = Object.keys(plan.items);
  const onItems = items.flatMap((item) =>
    ['ask', 'give', 'grant', 'refuse', 'pass'].flatMap((act) => {
      const owner = act === 'give' ? '' : (plan.items[item]?.authority ?? '');
      return [owner, owner, owner, 'nobody', ''].map((by): Try => ({ by, act, item }));
    }),
  );
  const steps = Object.entries(plan.steps).flatMap(([step, { uses }]) =>
    [...uses, 'payment'].map((port): Try => ({ by: '', act: 'step', step, port })),
  );
  const outcomes = Object.entries(plan.outcomes);
  return [
    ...onItems,
    ...items.map((item): Try => ({ by: plan.items[item]?.authority ?? '', act: 'grant', item, whole: false })),
    ...steps,
    ...steps,
    ...outcomes.flatMap(([task, { task: declared }]) =>
      declared === undefined
        ? []
        : [
            { by: declared.owner, act: 'settle', task },
            { by: '', act: 'settle', task },
          ],
    ),
    ...outcomes.map(([outcome]): Try => ({ by: plan.authority, act: 'stop', outcome })),
    ...everybody.flatMap((by): Try[] => [
      { by, act: 'save' },
      { by, act: 'submit' },
    ]),
    { by: '', act: 'submit' },
    { by: '', act: 'withdraw' },
    { by: '', act: 'rate', grade: 1 },
    { by: '', act: 'rate', grade: 4 },
    { by: plan.authority, act: 'rate', grade: 5 },
    ...everybody.map((by): Try => ({ by, act: 'answer' })),
  ];
}

function eventOf(
  plan: Plan,
  { by, act, item = '', task = '', step = '', port = '', outcome = '', whole = true, grade = 5 }: Try,
  at: number,
): CaseEvent {
  const planned = plan.items[item];
  const said = ((): CaseAct => {
    switch (act) {
      case 'submit':
        return { act, plan };
      case 'step':
        return {
          act,
          step,
          port: port as StepPort,
          uses: plan.steps[step]?.before === 'filing' ? (plan.steps[step]?.uses ?? []) : [],
        };
      case 'grant':
        return { act, item, ...(whole ? { checked: planned?.unknown ?? [], issued: planned?.issues ?? [] } : {}) };
      case 'settle':
        return { act, task };
      case 'stop':
        return { act, outcome };
      case 'rate':
        return { act, grade };
      case 'answer':
      case 'save':
      case 'withdraw':
        return { act };
      default:
        return { act: act as 'ask', item };
    }
  })();
  return { ...said, by: partyOf(by), at };
}

function tried(state: CaseState, event: CaseEvent): { readonly answer: string; readonly state: CaseState } {
  try {
    return { answer: 'done', state: apply(state, event) };
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return { answer: error.code, state };
  }
}

const shape = (state: CaseState, plan: Plan) => ({
  phase: state.phase,
  items: Object.fromEntries(Object.keys(plan.items).map((id) => [id, state.items[id]?.status])),
  tasks: Object.fromEntries(
    Object.entries(state.tasks).map(([id, { doneAt }]) => [id, doneAt === undefined ? 'open' : 'done']),
  ),
  over: isEnded(state),
  rating:
    state.rating === undefined
      ? 'none'
      : state.rating.grade > 2
        ? 'good'
        : state.rating.answeredAt === undefined
          ? 'low'
          : 'answered',
});
const naiveShape = (naive: Naive, plan: Plan) => ({
  phase: naive.phase,
  items: Object.fromEntries(Object.keys(plan.items).map((id) => [id, naive.status.get(id)])),
  tasks: Object.fromEntries(naive.tasks),
  over: naive.over(),
  rating: naive.rating,
});

/** Small plans: up to five items of three authorities, in any order without a cycle. */
const smallPlan: fc.Arbitrary<Plan> = fc
  .record({
    items: fc.array(
      fc.record({
        authority: fc.constantFrom('a', 'b', 'c'),
        after: fc.array(fc.nat(4), { maxLength: 2 }),
        prepared: fc.option(fc.nat(4)),
        told: fc.boolean(),
        sure: fc.boolean(),
        stands: fc.array(fc.nat(4), { maxLength: 2 }),
        undone: fc.array(fc.nat(4), { maxLength: 3 }),
        task: fc.boolean(),
        unknown: fc.boolean(),
        issues: fc.boolean(),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    payment: fc.option(fc.nat(4)),
    signature: fc.boolean(),
    delivery: fc.boolean(),
  })
  .map(({ items, payment, signature, delivery }): Plan => {
    const id = (at: number): string => `i${at}`;
    const earlier = (at: number, all: readonly number[]): string[] => [
      ...new Set(all.filter((one) => one < at).map(id)),
    ];
    return {
      bundle: 'small',
      authority: 'a',
      items: Object.fromEntries(
        items.map(({ authority, after, prepared, told, sure, unknown, issues }, at) => [
          id(at),
          {
            authority,
            sure,
            term: { unit: 'working-days' as const, days: 3 },
            after: earlier(at, after),
            told,
            issues: issues ? ['x.y'] : [],
            unknown: unknown ? [0] : [],
            // with one that comes later, so that it can wait for it
            ...(prepared !== null && prepared > at && prepared < items.length ? { prepared: id(prepared) } : {}),
          },
        ]),
      ),
      steps: {
        ...(signature
          ? { fill: { uses: ['form' as const, 'identity' as const, 'signature' as const], before: 'filing' } }
          : {}),
        ...(payment !== null && payment < items.length
          ? { pay: { uses: ['payment' as const], before: id(payment) } }
          : {}),
        ...(delivery ? { fetch: { uses: ['collect' as const, 'post' as const], before: 'delivery' } } : {}),
      },
      outcomes: {
        ...Object.fromEntries(
          items.map(({ authority, stands, undone, task }, at) => [
            `refused-${at}`,
            {
              kind: 'refused' as const,
              item: id(at),
              stands: stands.filter((one) => one < items.length && one !== at).map(id),
              undone: [...new Set(undone.filter((one) => one < items.length && one !== at).map(id))],
              tells: [],
              ...(task ? { task: { owner: authority, unit: 'working-days' as const, days: 2 } } : {}),
            },
          ]),
        ),
        objected: {
          kind: 'withdrawn' as const,
          stands: [],
          undone: items.slice(0, 2).map((_, at) => id(at)),
          tells: [],
        },
      },
    };
  });

/** A plan of each of the six, with any of its facts said, denied or unknown. */
const cityPlan: fc.Arbitrary<Plan> = fc.constantFrom(...bundles.values()).chain((bundle) =>
  fc
    .array(fc.constantFrom(true, false, null), { minLength: bundle.facts.size, maxLength: bundle.facts.size })
    .map((facts) => {
      const said = Object.fromEntries(
        [...bundle.facts.keys()].flatMap((id, at) => (facts[at] === null ? [] : [[id, facts[at] as boolean]])),
      );
      const registers = { ...bundle.usual.registers, ...said };
      const { answers } = bundle.usual;
      return planOf(mergeForm(bundle, elements, answers, registers), situationOf(bundle, elements, answers, registers));
    }),
);

t.test('the engine and the model agree on every act and on what comes of it', (t) => {
  let done = 0;
  const ends = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.oneof(cityPlan, smallPlan),
      fc.array(fc.nat(1_000_000), { minLength: 20, maxLength: 120 }),
      (plan, choices) => {
        const all = universe(plan);
        let at = 1_000;
        let state = apply(undefined, { act: 'open', bundle: plan.bundle, by: 'applicant', at });
        const events: CaseEvent[] = [];
        const naive = new Naive(plan);
        for (const choice of choices) {
          // most of the time something that can be done, so that cases come to their ends
          const possible = all.filter(
            (one) =>
              one.act !== 'withdraw' &&
              one.act !== 'stop' &&
              tried(state, eventOf(plan, one, at)).answer === 'done' &&
              one.act !== 'save',
          );
          // now and then somebody leaves, so that this is seen too
          const leaving =
            choice % 37 === 0
              ? all.filter((one) => one.act === 'withdraw' && tried(state, eventOf(plan, one, at)).answer === 'done')
              : [];
          const usual = choice % 4 !== 0 && possible.length > 0 ? possible : all;
          const from = leaving.length > 0 ? leaving : usual;
          const one = from[choice % from.length] as Try;
          const event = eventOf(plan, one, ++at);
          const outcome = tried(state, event);
          const wanted = naive.try(one);
          if (outcome.answer !== wanted)
            throw new Error(`${JSON.stringify(one)}: ${outcome.answer}, the model says ${wanted}`);
          if (outcome.answer === 'done') {
            events.push(event);
            done++;
          }
          state = outcome.state;
          const [is, should] = [shape(state, plan), naiveShape(naive, plan)];
          if (JSON.stringify(is) !== JSON.stringify(should))
            throw new Error(
              `after ${JSON.stringify(one)}: ${JSON.stringify(is)}, the model says ${JSON.stringify(should)}`,
            );
          for (const count of naive.effects.values()) if (count > 1) throw new Error('an item took effect twice');
          // what is offered can be done, and nothing else can
          for (const other of choice % 5 === 0 ? all : []) {
            const offered = mayDo(state, partyOf(other.by), plan.steps).some(
              (may) =>
                may.act === other.act &&
                may.item === other.item &&
                may.task === other.task &&
                may.step === other.step &&
                may.port === other.port &&
                may.outcome === other.outcome,
            );
            const can = tried(state, eventOf(plan, other, at)).answer;
            if (other.whole !== false && (can === 'done') !== offered && !(other.act === 'submit' && can !== 'done'))
              throw new Error(`${JSON.stringify(other)}: offered ${offered}, and it is ${can}`);
          }
        }
        const replayed = events.reduce<CaseState>(
          apply,
          apply(undefined, { act: 'open', bundle: plan.bundle, by: 'applicant', at: 1_000 }),
        );
        if (JSON.stringify(replayed) !== JSON.stringify(state)) throw new Error('its events make another state of it');
        ends.set(state.phase, (ends.get(state.phase) ?? 0) + 1);
      },
    ),
    { numRuns: 150 },
  );
  t.comment(`${done} acts; ${JSON.stringify(Object.fromEntries(ends))}`);
  for (const phase of ['delivered', 'withdrawn', 'decided']) t.ok((ends.get(phase) ?? 0) > 0, `some end ${phase}`);
  t.end();
});

const doingOf = (
  plan: Plan,
  { act, item = '', task = '', step = '', port = '', outcome = '', whole = true, grade = 5 }: Try,
): Doing => {
  switch (act) {
    case 'step':
      return { act, step, port: port as StepPort };
    case 'ask':
      return { act, item, says: '请补正', fields: [] };
    case 'give':
      return { act, item, values: {}, says: '已补' };
    case 'grant': {
      const { unknown = [], issues = [] } = plan.items[item] ?? {};
      const issued = Object.fromEntries(issues.map((one) => [one, elements.elements.get(one)?.examples[0] ?? '']));
      return { act, item, ...(whole ? { checked: unknown, issued } : {}) };
    }
    case 'refuse':
      return { act, item, says: '不符合条件' };
    case 'pass':
      return { act, item };
    case 'settle':
      return { act, task };
    case 'stop':
      return { act, outcome, says: '有异议' };
    case 'rate':
      return { act, grade, says: '等了很久' };
    case 'answer':
      return { act, says: '已核实并整改' };
    default:
      return { act: act as 'submit' | 'withdraw' };
  }
};

t.test('what is stored is what the model says, over restarts, repeats and two at once', async (t) => {
  for (const bundle of bundles.values()) {
    const here = await office(t, { registers: saying(bundle.usual.registers) });
    for (let seed = 0; seed < 2; seed++) {
      const random = fc.sample(fc.nat(1_000_000), { numRuns: 40, seed: seed + 1 });
      const id = await filledIn(here, named(bundle.id));
      const applicant = { actor: applicantOf(bundle), record: here.record };
      await here.cases.act(id, { act: 'submit' }, applicant);
      const { plan } = (await here.cases.get(id, applicant)).state;
      if (plan === undefined) throw new Error('it has no plan');
      const naive = new Naive(plan);
      for (const [step, { uses, before }] of Object.entries(plan.steps))
        if (before === 'filing') for (const port of uses) naive.try({ by: '', act: 'step', step, port });
      naive.try({ by: '', act: 'submit' });
      const all = universe(plan).filter(({ act, by }) => act !== 'save' && act !== 'submit' && by !== 'nobody');
      for (const [at, choice] of random.entries()) {
        here.now += 3_600_000;
        if (choice % 11 === 0) await here.again();
        const { state } = await here.cases.get(id, applicant);
        const possible = all.filter(
          (one) =>
            !['withdraw', 'stop'].includes(one.act) && tried(state, eventOf(plan, one, here.now)).answer === 'done',
        );
        const from = choice % 3 !== 0 && possible.length > 0 ? possible : all;
        const one = from[choice % from.length] as Try;
        const how = {
          actor: one.by === '' ? applicantOf(bundle) : officer(one.by),
          record: here.record,
          key: `${seed} ${at}`,
        };
        const doing = doingOf(plan, one);
        const times = choice % 5 === 0 ? 2 : 1;
        const answers: string[] = [];
        for (let time = 0; time < times; time++)
          answers.push(
            await here.cases.act(id, doing, how).then(
              () => 'done',
              (error: unknown) => (isYitongError(error) ? error.code : 'broken'),
            ),
          );
        const wanted = naive.try(one);
        if (answers[0] !== wanted || answers.some((answer) => answer !== wanted))
          t.fail(`${bundle.id} ${JSON.stringify(one)}: ${answers.join()}, the model says ${wanted}`);
      }
      const last = await here.cases.get(id, applicant);
      t.strictSame(shape(last.state, plan), naiveShape(naive, plan), `${bundle.id} ${seed}: ${last.state.phase}`);
      const events = await here.cases.events(id, 0, applicant);
      t.equal(events.length, last.state.events, 'each event once');
      t.strictSame(
        events.map(({ event }) => event).reduce<CaseState | undefined>(apply, undefined),
        last.state,
        'its events make the same of it',
      );
      const messages = (await here.cases.messages(applicant, 1000)).filter((one) => one.case === id);
      t.equal(messages.length, naive.messages, 'each message once');
      const acts = here.deeds.filter(({ action, target }) => action === 'case_act' && target === id);
      t.equal(acts.length, events.length, 'each act is on record once');
    }
  }
});
