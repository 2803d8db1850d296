/** What a case has come to so far: by its plan, in the words of its bundle. Pure. */
import type { Bundle, Outcome } from '../../../contracts/bundle/types.js';
import { present } from '../../../contracts/present.js';
import type { Localised } from '../../../contracts/types.js';
import type { CaseState } from './machine.js';

interface ReachedOutcome {
  readonly outcome: string;
  readonly kind: 'done' | 'refused' | 'withdrawn';
  readonly title: Localised;
  /** That was refused. */
  readonly item?: string;
  /** Items that stay as they are. */
  readonly stands: readonly string[];
  /** Items that were undone, or ended. */
  readonly undone: readonly string[];
  /** What its owner has to do. */
  readonly task?: Localised;
  /** What who applies can do. */
  readonly offers: readonly Localised[];
}

const NOBODY: Localised = { zh: '其他结果', en: 'another outcome' };

/** All that was applied for is granted, or did not apply. */
const isDone = (state: CaseState): boolean =>
  (state.phase === 'decided' || state.phase === 'delivered') &&
  Object.values(state.items).every(({ status }) => status === 'granted' || status === 'passed') &&
  Object.values(state.items).some(({ status }) => status === 'granted');

export function outcomesOf(state: CaseState, { outcomes }: Pick<Bundle, 'outcomes'>): readonly ReachedOutcome[] {
  const { plan, items, stoppedBy } = state;
  const of = (
    outcome: string,
    kind: ReachedOutcome['kind'],
    more: Pick<ReachedOutcome, 'item' | 'stands' | 'undone'>,
  ) => {
    const words: Outcome | undefined = outcomes.get(outcome);
    return {
      outcome,
      kind,
      title: words?.title ?? NOBODY,
      ...more,
      ...present({ task: words?.task?.says }),
      offers: words?.offers ?? [],
    };
  };
  const ended = (ids: readonly string[]): readonly string[] =>
    ids.filter((id) => items[id]?.status === 'undone' || items[id]?.status === 'dropped');
  const refused = Object.entries(plan?.outcomes ?? {}).flatMap(([id, { kind, item, stands, undone }]) =>
    kind === 'refused' && item !== undefined && items[item]?.status === 'refused'
      ? [
          of(id, 'refused', {
            item,
            stands: stands.filter((one) => !ended([one]).includes(one)),
            undone: ended(undone),
          }),
        ]
      : [],
  );
  const stopped =
    stoppedBy === undefined
      ? []
      : [of(stoppedBy, 'withdrawn', { stands: [], undone: ended(plan?.outcomes[stoppedBy]?.undone ?? []) })];
  const done = isDone(state) ? [...outcomes.values()].filter(({ kind }) => kind === 'done').slice(0, 1) : [];
  return [...refused, ...stopped, ...done.map(({ id }) => of(id, 'done', { stands: [], undone: [] }))];
}
