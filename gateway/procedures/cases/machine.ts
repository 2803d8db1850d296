/**
 * The state of a case is what its events make of it, in their order, and nothing else. Whatever follows from an act
 * (the next items begin, what was prepared takes effect, all is decided) follows with it, in one event. Pure: what
 * people wrote is not in it, and it reads no clock.
 *
 * draft → submitted → decided → delivered, or withdrawn. Each item by itself: waiting → held ⇄ supplement (once) →
 * prepared → granted, or granted at once, or refused; dropped, undone, or passed where it did not apply. In the end who
 * applied rates it, once; who leads answers a low rating.
 */
import type { StepPort } from '../../../contracts/bundle/types.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { DELIVERY, FILING, openPorts, type Plan, type PlannedStep } from './plan.js';
import { refuse } from './refusals.js';

type Phase = 'draft' | 'submitted' | 'decided' | 'delivered' | 'withdrawn';
type ItemStatus =
  | 'waiting'
  | 'held'
  /** The applicant has been asked. */
  | 'supplement'
  /** Granted, and takes effect with another item. */
  | 'prepared'
  | 'granted'
  | 'refused'
  /** It was granted, and a refusal undid it. */
  | 'undone'
  /** It ended before it was granted. */
  | 'dropped'
  /** It did not apply. */
  | 'passed';

export interface ItemState {
  readonly status: ItemStatus;
  /** ms since 1970: since when it is so. */
  readonly since: number;
  readonly heldAt?: number;
  readonly askedAt?: number;
  readonly givenAt?: number;
  /** When its authority decided. */
  readonly decidedAt?: number;
}

export interface TaskState {
  readonly owner: string;
  readonly unit: 'working-days' | 'days';
  readonly days: number;
  readonly from: number;
  readonly doneAt?: number;
}

/** 5 very satisfied, 4 satisfied, 3 fairly satisfied, 2 dissatisfied, 1 very dissatisfied. */
export type Grade = 1 | 2 | 3 | 4 | 5;

export interface RatingState {
  readonly grade: Grade;
  readonly at: number;
  readonly answeredAt?: number;
}

/** Of these somebody is owed an answer. */
export const isLow = ({ grade }: RatingState): boolean => grade <= 2;

/** The case of another region of which an item is done here. */
export interface Guest {
  readonly region: string;
  /** Its id there. */
  readonly case: string;
  readonly item: string;
}

export interface CaseState {
  readonly bundle: string;
  /** What it is about is there, and items that may be done elsewhere are done there. */
  readonly region?: string;
  /** It stands for an item of another region's case. */
  readonly guest?: Guest;
  /** How many there were. */
  readonly events: number;
  readonly phase: Phase;
  readonly openedAt: number;
  /** Of the newest event. */
  readonly at: number;
  readonly submittedAt?: number;
  readonly decidedAt?: number;
  /** From when it is submitted. */
  readonly plan?: Plan;
  readonly items: Readonly<Record<string, ItemState>>;
  /** What was done of each step. */
  readonly steps: Readonly<Record<string, readonly StepPort[]>>;
  /** By the outcome from which each follows. */
  readonly tasks: Readonly<Record<string, TaskState>>;
  /** The outcome by which it was stopped. */
  readonly stoppedBy?: string;
  readonly rating?: RatingState;
}

/** Who acts: who applies, or an authority. */
export type Party = 'applicant' | { readonly authority: string; readonly region?: string };

/** What was written with it stands apart. */
export type CaseAct =
  | { readonly act: 'open'; readonly bundle: string; readonly region?: string; readonly guest?: Guest }
  | { readonly act: 'save' | 'withdraw' }
  /** The region whose case it is takes its item back, whatever became of it. */
  | { readonly act: 'recall' }
  /** A file is uploaded for a material. */
  | { readonly act: 'attach'; readonly material: string }
  | { readonly act: 'submit'; readonly plan: Plan }
  /** Something of a step was done: who it is was shown, it was signed, paid, posted, booked, collected. */
  | { readonly act: 'step'; readonly step: string; readonly port: StepPort; readonly uses?: readonly StepPort[] }
  | { readonly act: 'ask' | 'give' | 'refuse' | 'pass'; readonly item: string }
  /** @param checked requirements that nobody had said, which the authority found to hold */
  | {
      readonly act: 'grant';
      readonly item: string;
      readonly checked?: readonly number[];
      readonly issued?: readonly string[];
    }
  /** A task is done. */
  | { readonly act: 'settle'; readonly task: string }
  /** The leading authority ends it by one of the bundle's outcomes, as where somebody objects. */
  | { readonly act: 'stop'; readonly outcome: string }
  /** Who applied says how it went, once. */
  | { readonly act: 'rate'; readonly grade: Grade }
  /** Who leads answers a low rating. */
  | { readonly act: 'answer' };
export type ActName = CaseAct['act'];
export type CaseEvent = CaseAct & { readonly by: Party; readonly at: number };

/** Nothing comes after it. */
const OVER: ReadonlySet<ItemStatus> = new Set(['granted', 'refused', 'undone', 'dropped', 'passed']);
/** Items that wait for it may begin. */
const DONE: ReadonlySet<ItemStatus> = new Set(['granted', 'prepared', 'passed']);
const OPEN: ReadonlySet<ItemStatus> = new Set(['waiting', 'held', 'supplement', 'prepared']);

/** Nothing more is done on it, but for tasks that stand. */
export const isEnded = ({ phase, items }: CaseState): boolean =>
  phase === 'delivered' ||
  phase === 'withdrawn' ||
  (phase === 'decided' && !Object.values(items).some(({ status }) => status === 'granted'));

export const openTasks = ({ tasks }: Pick<CaseState, 'tasks'>): readonly (readonly [string, TaskState])[] =>
  Object.entries(tasks).filter(([, { doneAt }]) => doneAt === undefined);

/** Something has taken effect on which another item builds: what is done cannot be taken back any more. */
const isBound = ({ plan, items }: CaseState): boolean =>
  Object.values(plan?.items ?? {}).some(({ after, prepared }) =>
    [...after, ...(prepared === undefined ? [] : [prepared])].some((id) => items[id]?.status === 'granted'),
  );

/** Brings about what follows. */
class Settling {
  readonly #plan: Plan;
  readonly #at: number;
  readonly #steps: CaseState['steps'];
  readonly items: Record<string, ItemState>;

  constructor(plan: Plan, { items, steps }: Pick<CaseState, 'items' | 'steps'>, at: number) {
    this.#plan = plan;
    this.#at = at;
    this.#steps = steps;
    this.items = { ...items };
  }

  become(id: string, status: ItemStatus, more: Partial<ItemState> = {}): void {
    this.items[id] = { ...(this.items[id] as ItemState), status, since: this.#at, ...more };
  }

  #of(id: string): ItemStatus {
    return (this.items[id] as ItemState).status;
  }

  /** What is open ends, what was granted is undone. */
  undo(id: string): void {
    const status = this.#of(id);
    if (OPEN.has(status)) this.become(id, 'dropped');
    else if (status === 'granted') this.become(id, 'undone');
  }

  #ready(id: string): boolean {
    return Object.entries(this.#plan.steps).every(
      ([step, planned]) => planned.before !== id || openPorts(planned, this.#steps[step]).length === 0,
    );
  }

  /** Something that was to take effect with it never will. */
  #lacks(id: string): boolean {
    return Object.entries(this.#plan.items).some(
      ([other, { prepared }]) => prepared === id && ['refused', 'dropped', 'undone'].includes(this.#of(other)),
    );
  }

  #next(id: string): ItemStatus | undefined {
    const { after, prepared } = this.#plan.items[id] as Plan['items'][string];
    const status = this.#of(id);
    if (status === 'prepared') {
      const other = this.#of(prepared as string);
      return other === 'granted' ? 'granted' : OVER.has(other) ? 'dropped' : undefined;
    }
    if (status !== 'waiting') return undefined;
    if (this.#lacks(id)) return 'dropped';
    const before = after.map((one) => this.#of(one));
    if (!before.every((one) => DONE.has(one) || OVER.has(one))) return undefined;
    if (before.length > 0 && !before.some((one) => DONE.has(one))) return 'dropped';
    return this.#ready(id) ? 'held' : undefined;
  }

  settle(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const id of Object.keys(this.#plan.items)) {
        const next = this.#next(id);
        if (next === undefined) continue;
        this.become(id, next, next === 'held' ? { heldAt: this.#at } : {});
        moved = true;
      }
    }
  }
}

const begin = (state: CaseState | undefined, { at, by, ...act }: CaseEvent): CaseState => {
  if (state !== undefined || act.act !== 'open' || by !== 'applicant')
    return refuse('a case is opened first, and once');
  const { bundle, region, guest } = act;
  const about = present({ region, guest });
  return { bundle, ...about, events: 1, phase: 'draft', openedAt: at, at, items: {}, steps: {}, tasks: {} };
};

/** Which step a port belongs to, and whether its time has come. */
function checkStep(state: CaseState, step: string, port: StepPort, uses: readonly StepPort[] | undefined): void {
  const planned: PlannedStep | undefined =
    state.plan?.steps[step] ?? (state.plan === undefined && uses !== undefined ? { uses, before: FILING } : undefined);
  if (planned === undefined) return refuse('there is no such step');
  const inTime =
    planned.before === FILING
      ? state.phase === 'draft'
      : planned.before === DELIVERY
        ? state.phase === 'decided' && !isEnded(state)
        : state.phase === 'submitted' && state.items[planned.before]?.status === 'waiting';
  if (!inTime) refuse('it is not the time for this step');
  if (!openPorts(planned, state.steps[step]).includes(port)) refuse('the step does not take this, or it was done');
}

const isAuthority = (by: Party, authority: string | undefined, region?: string): boolean =>
  by !== 'applicant' && by.authority === authority && by.region === region;

/** An item's own acts; what comes of it. */
function onItem(
  state: CaseState,
  event: CaseEvent & { readonly item: string },
  settling: Settling,
): CaseState['tasks'] {
  const plan = state.plan as Plan;
  const planned = Object.hasOwn(plan.items, event.item) ? plan.items[event.item] : undefined;
  const item = state.items[event.item];
  if (planned === undefined || item === undefined) return refuse('the case has no such item');
  const { status, askedAt } = item;
  if (event.act === 'give') {
    if (event.by !== 'applicant' || status !== 'supplement') refuse('no supplement was asked for');
    settling.become(event.item, 'held', { givenAt: event.at });
    return state.tasks;
  }
  if (!isAuthority(event.by, planned.authority, planned.region) || status !== 'held')
    refuse('the item is not yours to decide now');
  switch (event.act) {
    case 'ask':
      if (planned.told || askedAt !== undefined)
        refuse('a supplement is asked for once, whole, and not of what is told');
      settling.become(event.item, 'supplement', { askedAt: event.at });
      return state.tasks;
    case 'pass':
      if (planned.sure) refuse('the item applies');
      settling.become(event.item, 'passed', { decidedAt: event.at });
      return state.tasks;
    case 'grant': {
      const { checked = [], issued = [] } = event as CaseEvent & { readonly act: 'grant' };
      if (planned.unknown.some((at) => !checked.includes(at)))
        throw new YitongError('act_incomplete', 'what nobody has said is looked at before it is granted: `checked`');
      if (planned.issues.some((one) => !issued.includes(one)))
        throw new YitongError('act_incomplete', 'what the item issues comes with the grant: `issued`');
      settling.become(event.item, planned.prepared === undefined ? 'granted' : 'prepared', { decidedAt: event.at });
      return state.tasks;
    }
    default: {
      if (planned.told) refuse('what is told is not refused');
      settling.become(event.item, 'refused', { decidedAt: event.at });
      return afterRefusal(state, event.item, event.at, settling);
    }
  }
}

function afterRefusal(state: CaseState, item: string, at: number, settling: Settling): CaseState['tasks'] {
  const found = Object.entries((state.plan as Plan).outcomes).find(([, one]) => one.item === item);
  if (found === undefined) return state.tasks;
  const [id, { undone, task }] = found;
  for (const one of undone) settling.undo(one);
  return task === undefined ? state.tasks : { ...state.tasks, [id]: { ...task, from: at } };
}

/** Taken back, or stopped: what is open ends, what has taken effect stays unless it is undone. */
function end(state: CaseState, at: number, undone: readonly string[]): CaseState['items'] {
  if (isBound(state)) refuse('something has taken effect on which others build; it cannot be taken back any more');
  if (state.plan === undefined) return state.items;
  const settling = new Settling(state.plan, state, at);
  for (const [id, { status }] of Object.entries(state.items)) if (OPEN.has(status)) settling.become(id, 'dropped');
  for (const id of undone) settling.undo(id);
  return settling.items;
}

/** Whether all is decided, and all of it is delivered. */
function concluded(state: CaseState): CaseState {
  if (state.phase !== 'submitted' && state.phase !== 'decided') return state;
  if (!Object.values(state.items).every(({ status }) => OVER.has(status))) return state;
  const decided: CaseState = { ...state, phase: 'decided', decidedAt: state.decidedAt ?? state.at };
  const left = Object.entries(decided.plan?.steps ?? {}).some(
    ([id, step]) => step.before === DELIVERY && openPorts(step, decided.steps[id]).length > 0,
  );
  return left || isEnded(decided) ? decided : { ...decided, phase: 'delivered' };
}

/**
 * The state after one more event.
 * @throws YitongError `act_refused` where this party may not do it now, `act_incomplete`
 */
export function apply(before: CaseState | undefined, event: CaseEvent): CaseState {
  if (before === undefined || event.act === 'open') return begin(before, event);
  const { at, by } = event;
  const state: CaseState = { ...before, events: before.events + 1, at };
  const { phase } = state;
  if (event.act === 'settle') {
    const task = Object.hasOwn(state.tasks, event.task) ? state.tasks[event.task] : undefined;
    if (task === undefined || task.doneAt !== undefined || !isAuthority(by, task.owner))
      refuse('no such task is yours');
    return { ...state, tasks: { ...state.tasks, [event.task]: { ...(task as TaskState), doneAt: at } } };
  }
  if (event.act === 'rate') return rated(state, event);
  if (event.act === 'answer') return answered(state, event);
  if (event.act === 'recall') return recalled(state, event);
  if (isEnded(before)) refuse('the case is over');
  if ('item' in event) {
    if (phase !== 'submitted' || state.plan === undefined) return refuse('the case is not submitted, or is decided');
    const settling = new Settling(state.plan, state, at);
    const tasks = onItem(state, event, settling);
    settling.settle();
    return concluded({ ...state, items: settling.items, tasks });
  }
  if (event.act === 'stop') {
    const outcome = state.plan?.outcomes[event.outcome];
    if (phase !== 'submitted' || outcome?.kind !== 'withdrawn' || !isAuthority(by, state.plan?.authority))
      return refuse('only who leads may stop it so, once it is submitted');
    return { ...state, phase: 'withdrawn', stoppedBy: event.outcome, items: end(state, at, outcome.undone) };
  }
  if (by !== 'applicant') return refuse('only who applies may do that');
  switch (event.act) {
    case 'save':
      if (phase !== 'draft') return refuse('it is submitted; a supplement is given when it is asked for');
      return unsigned(state);
    case 'attach':
      if (phase === 'draft') return unsigned(state);
      if (!Object.values(state.items).some(({ status }) => status === 'supplement'))
        refuse('it is submitted; a supplement is given when it is asked for');
      return state;
    case 'submit':
      return submitted(state, event.plan);
    case 'step':
      return stepped(state, event);
    case 'withdraw':
      if (phase === 'decided') return refuse('all is decided');
      return { ...state, phase: 'withdrawn', items: end(state, at, []) };
  }
}

/** What was signed was what stood there before. */
function unsigned(state: CaseState): CaseState {
  const steps = Object.entries(state.steps).map(([id, done]) => [id, done.filter((port) => port !== 'signature')]);
  return { ...state, steps: Object.fromEntries(steps) as CaseState['steps'] };
}

/** Once something was decided, or taken back after it had been submitted. */
const isRatable = ({ plan, phase, rating }: CaseState): boolean =>
  plan !== undefined && rating === undefined && phase !== 'draft' && phase !== 'submitted';

function rated(state: CaseState, { by, at, grade }: CaseEvent & { readonly act: 'rate' }): CaseState {
  if (by !== 'applicant' || !isRatable(state)) refuse('who applied rates a case once, when it is decided');
  if (![1, 2, 3, 4, 5].includes(grade)) refuse('there is no such grade');
  return { ...state, rating: { grade, at } };
}

/** It is the turn of who leads. */
const owesAnswer = ({ rating }: CaseState): boolean =>
  rating !== undefined && isLow(rating) && rating.answeredAt === undefined;

function answered(state: CaseState, { by, at }: CaseEvent): CaseState {
  if (!isAuthority(by, state.plan?.authority) || !owesAnswer(state))
    refuse('only who leads answers a low rating, and once');
  return { ...state, rating: { ...(state.rating as RatingState), answeredAt: at } };
}

function submitted(state: CaseState, plan: Plan): CaseState {
  const { at, phase } = state;
  if (phase !== 'draft') return refuse('it is submitted already');
  if (Object.keys(plan.items).length === 0) return refuse('nothing has to be applied for');
  const open = Object.entries(plan.steps).filter(
    ([id, step]) => step.before === FILING && openPorts(step, state.steps[id]).length > 0,
  );
  if (open.length > 0)
    throw new YitongError(
      'act_incomplete',
      `before it is submitted: ${open.flatMap(([id, step]) => openPorts(step, state.steps[id])).join(', ')}`,
    );
  const items = Object.fromEntries(
    Object.keys(plan.items).map((id): [string, ItemState] => [id, { status: 'waiting', since: at }]),
  );
  const settling = new Settling(plan, { ...state, items }, at);
  settling.settle();
  return concluded({ ...state, phase: 'submitted', submittedAt: at, plan, items: settling.items });
}

function stepped(state: CaseState, { step, port, uses, at }: CaseEvent & { readonly act: 'step' }): CaseState {
  checkStep(state, step, port, uses);
  const next: CaseState = { ...state, steps: { ...state.steps, [step]: [...(state.steps[step] ?? []), port] } };
  if (next.plan === undefined || next.phase !== 'submitted') return concluded(next);
  const settling = new Settling(next.plan, next, at);
  settling.settle();
  return concluded({ ...next, items: settling.items });
}

/** What is open ends, what was granted is undone. */
function recalled(state: CaseState, { by, at }: CaseEvent): CaseState {
  const { plan, guest, phase } = state;
  if (guest === undefined || plan === undefined || by !== 'applicant' || phase === 'withdrawn')
    return refuse('only the region whose case it is takes an item back, once');
  const settling = new Settling(plan, state, at);
  settling.undo(guest.item);
  return { ...state, phase: 'withdrawn', items: settling.items };
}

/** An act that a party may do now. */
export interface Possible {
  readonly act: ActName;
  readonly item?: string;
  readonly task?: string;
  readonly step?: string;
  readonly port?: StepPort;
  readonly outcome?: string;
}

/** Steps of the case at whose turn it is; of a draft those of `filing`. */
function possibleSteps(state: CaseState, filing: Plan['steps']): readonly Possible[] {
  return Object.entries(state.plan?.steps ?? filing).flatMap(([step, { uses, before }]) => {
    const turn =
      before === FILING
        ? state.phase === 'draft'
        : before === DELIVERY
          ? state.phase === 'decided'
          : state.phase === 'submitted' && state.items[before]?.status === 'waiting';
    return turn ? openPorts({ uses }, state.steps[step]).map((port): Possible => ({ act: 'step', step, port })) : [];
  });
}

/** What may be done also once a case is over. */
function mayStill(state: CaseState, by: Party): readonly Possible[] {
  if (by === 'applicant') return isRatable(state) ? [{ act: 'rate' }] : [];
  const tasks = openTasks(state).flatMap(([task, { owner }]): Possible[] =>
    isAuthority(by, owner) ? [{ act: 'settle', task }] : [],
  );
  return owesAnswer(state) && isAuthority(by, state.plan?.authority) ? [...tasks, { act: 'answer' }] : tasks;
}

/** @param filing steps of the bundle before filing, for a draft */
export function mayDo(state: CaseState, by: Party, filing: Plan['steps'] = {}): readonly Possible[] {
  // who applies is in the other region, and acts there
  if (by === 'applicant' && state.guest !== undefined) return [];
  const settle = mayStill(state, by);
  if (isEnded(state)) return settle;
  if (by === 'applicant') {
    const give = Object.entries(state.items).flatMap(([item, { status }]): Possible[] =>
      status === 'supplement' ? [{ act: 'give', item }] : [],
    );
    const draft: Possible[] = state.phase === 'draft' ? [{ act: 'save' }, { act: 'submit' }] : [];
    const back: Possible[] = state.phase === 'decided' || isBound(state) ? [] : [{ act: 'withdraw' }];
    return [...draft, ...possibleSteps(state, filing), ...give, ...back, ...settle];
  }
  const items = Object.entries(state.plan?.items ?? {}).flatMap(
    ([item, { authority, region, told, sure }]): Possible[] => {
      if (!isAuthority(by, authority, region) || state.items[item]?.status !== 'held') return [];
      const acts: ActName[] = ['grant'];
      if (!told) acts.push('refuse');
      if (!told && state.items[item]?.askedAt === undefined) acts.push('ask');
      if (!sure) acts.push('pass');
      return acts.map((act): Possible => ({ act, item }));
    },
  );
  const stops = Object.entries(state.plan?.outcomes ?? {}).flatMap(([outcome, { kind }]): Possible[] =>
    kind === 'withdrawn' && isAuthority(by, state.plan?.authority) && state.phase === 'submitted' && !isBound(state)
      ? [{ act: 'stop', outcome }]
      : [],
  );
  return [...items, ...stops, ...settle];
}
