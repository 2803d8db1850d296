/** Who sees what of a case. */
import { present } from '../../../contracts/present.js';
import type { CaseContents } from './contents.js';
import type { CaseState } from './machine.js';
import type { StoredCase, StoredEvent } from './store.js';
import type { CaseActor, CaseDeed, CasesOptions, HistoryLine } from './types.js';

/** A case with all that is known of it. */
export interface Known {
  readonly stored: StoredCase;
  readonly events: readonly (StoredEvent & { readonly number: number })[];
  readonly contents: CaseContents | undefined;
  /** By the number of the event. */
  readonly officers: ReadonlyMap<number, string>;
}

/** Whose a case is: who leads, whose items it has, who has a task. Of a draft nobody's. */
export const authoritiesOf = ({ plan, tasks }: CaseState): ReadonlySet<string> =>
  new Set(
    plan === undefined
      ? []
      : [
          plan.authority,
          ...Object.values(plan.items).flatMap(({ authority, region }) => (region === undefined ? [authority] : [])),
          ...Object.values(tasks).map(({ owner }) => owner),
        ],
  );

/** Whether the actor may see it at all. */
export function mayBeSeen(keys: CasesOptions['keys'], stored: StoredCase, actor: CaseActor): boolean {
  if (actor.kind === 'applicant')
    return (
      (actor.client === undefined || stored.client === actor.client) &&
      keys.reference('subject', actor.subject) === stored.subject
    );
  if (actor.region !== undefined)
    return Object.values(stored.state.plan?.items ?? {}).some(
      ({ authority, region }) => authority === actor.authority && region === actor.region,
    );
  return authoritiesOf(stored.state).has(actor.authority);
}

export const shown = (
  ids: readonly string[],
  subject: string | undefined,
  target = '',
  more: Readonly<Record<string, unknown>> = {},
): CaseDeed => ({
  action: 'case_shown',
  target,
  subject: subject ?? '',
  detail: { ids, ...more },
  about: {},
});

export function historyFor(
  actor: CaseActor,
  events: readonly Pick<HistoryLine, 'number' | 'event'>[],
  officers: ReadonlyMap<number, string> = new Map(),
): readonly HistoryLine[] {
  return events.map(({ number, event }) => {
    const own = actor.kind === 'authority' && event.by !== 'applicant' && event.by.authority === actor.authority;
    return { number, event, ...present({ officer: own ? officers.get(number) : undefined }) };
  });
}

/** An authority sees the forms of its own items, and who leads sees all; what was written to others stays with them. */
export function seenBy(contents: CaseContents, { plan }: CaseState, actor: CaseActor): CaseContents {
  if (actor.kind === 'applicant' || plan === undefined) return contents;
  const own = Object.entries(plan.items)
    .filter(([, { authority, region }]) => authority === actor.authority && region === actor.region)
    .map(([item]) => item);
  const layout = Object.fromEntries(Object.entries(contents.layout).filter(([item]) => own.includes(item)));
  const inForms = new Set(Object.values(layout).flatMap((fields) => Object.values(fields)));
  const values = Object.fromEntries(Object.entries(contents.values).filter(([element]) => inForms.has(element)));
  const filled = Object.fromEntries(Object.entries(contents.filled).filter(([element]) => inForms.has(element)));
  const items = Object.fromEntries(Object.entries(contents.items).filter(([item]) => own.includes(item)));
  const nothing = { answers: {}, account: {}, receipts: {}, uploads: {} };
  const rating = plan.authority === actor.authority ? contents.rating : {};
  const { subject, origin } = contents;
  return { subject, ...nothing, values, filled, layout, items, rating, ...present({ origin }) };
}
