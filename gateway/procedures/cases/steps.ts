/** What of an event concerns whom: steps for the authorities, a message for who applies. Names nobody. Pure. */
import type { CaseEvent, CaseState } from './machine.js';
import { isEnded } from './machine.js';

/** A change that an authority is told of. */
export interface CaseStep {
  /** Who is told. */
  readonly to: string;
  readonly act: CaseEvent['act'];
  /** Absent where it is the case as a whole, or a task. */
  readonly item?: string;
  readonly task?: string;
  readonly status: string;
  /** Whose the item or task is; the case is of who leads. */
  readonly authority: string;
}

/** @param before undefined for the event that opened it */
export function stepsOf(before: CaseState | undefined, after: CaseState, event: CaseEvent): readonly CaseStep[] {
  const { plan } = after;
  // a draft concerns its writer alone
  if (plan === undefined) return [];
  const { act } = event;
  const items = Object.entries(after.items).flatMap(([item, { status }]): CaseStep[] => {
    const { authority = '', region } = plan.items[item] ?? {};
    if (before?.items[item]?.status === status) return [];
    const to = region === undefined ? [authority, plan.authority] : [plan.authority];
    return [...new Set(to)].map((one) => ({ to: one, act, item, status, authority }));
  });
  const tasks = Object.entries(after.tasks).flatMap(([task, { owner, doneAt }]): CaseStep[] => {
    const had = before?.tasks[task];
    if (had !== undefined && had.doneAt === doneAt) return [];
    const status = doneAt === undefined ? 'open' : 'done';
    return [...new Set([owner, plan.authority])].map((to) => ({ to, act, task, status, authority: owner }));
  });
  const told = event.act === 'refuse' ? toldOf(after, event.item) : [];
  const tellings = told.map(
    (to): CaseStep => ({
      to,
      act,
      item: 'item' in event ? event.item : '',
      status: 'refused',
      authority: plan.items['item' in event ? event.item : '']?.authority ?? '',
    }),
  );
  const whole: CaseStep[] =
    before?.phase === after.phase ? [] : [{ to: plan.authority, act, status: after.phase, authority: plan.authority }];
  const all = [...items, ...tasks, ...tellings, ...whole];
  return all.filter((one, at) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === at);
}

/** Other authorities that hear of a refusal: those that the outcome names, and those of what stands beside it. */
function toldOf({ plan, items }: CaseState, item: string): readonly string[] {
  const outcome = Object.values(plan?.outcomes ?? {}).find((one) => one.item === item);
  const beside = (outcome?.stands ?? []).filter((id) => items[id] !== undefined);
  return [...new Set([...(outcome?.tells ?? []), ...beside.map((id) => plan?.items[id]?.authority ?? '')])].filter(
    (one) => one !== '',
  );
}

/** Whether who applies gets a message of it: once, of what others did, and of the end. */
export const isMessage = (before: CaseState | undefined, after: CaseState, { by }: CaseEvent): boolean =>
  by !== 'applicant' || (before !== undefined && !isEnded(before) && isEnded(after) && after.phase === 'delivered');
