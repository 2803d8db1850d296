/**
 * What a case goes by: made of its bundle on the day on which it is submitted, and kept with it, so that a bundle that
 * changes later changes no case that is under way. Nothing in it names anybody. Pure.
 */
import type { Merged } from '../../../contracts/bundle/merge.js';
import { evaluate, type Value } from '../../../contracts/bundle/rule.js';
import type { Bundle, Outcome, StepPort, Term } from '../../../contracts/bundle/types.js';
import { present } from '../../../contracts/present.js';

export interface PlannedTerm extends Pick<Term, 'unit' | 'days' | 'else' | 'stops'> {}

export interface PlannedItem {
  readonly authority: string;
  /** The region whose authority it is; absent where it is one here. */
  readonly region?: string;
  /** Whether it applies; else nobody has said, and its authority may find that it does not. */
  readonly sure: boolean;
  readonly term: PlannedTerm;
  /** Of the case's own items. */
  readonly after: readonly string[];
  /** An item of the case with which it takes effect. */
  readonly prepared?: string;
  /** Nothing is applied for: its authority takes note. */
  readonly told: boolean;
  readonly issues: readonly string[];
  /** Numbers of its requirements of which nobody has said whether they hold: its authority looks before it grants. */
  readonly unknown: readonly number[];
}

export interface PlannedStep {
  readonly uses: readonly StepPort[];
  /** `filing`: before the case is submitted. `delivery`: once all is decided. Else the item that waits for it. */
  readonly before: string;
}
export const FILING = 'filing';
export const DELIVERY = 'delivery';

interface PlannedOutcome extends Pick<Outcome, 'stands' | 'undone' | 'tells'> {
  readonly kind: 'refused' | 'withdrawn';
  readonly item?: string;
  readonly task?: { readonly owner: string; readonly unit: 'working-days' | 'days'; readonly days: number };
}

export interface Plan {
  readonly bundle: string;
  /** Who leads. */
  readonly authority: string;
  readonly items: Readonly<Record<string, PlannedItem>>;
  readonly steps: Readonly<Record<string, PlannedStep>>;
  readonly outcomes: Readonly<Record<string, PlannedOutcome>>;
}

const termOf = ({ unit, days, else: later, stops }: Term): PlannedTerm => ({
  unit,
  ...present({ days, else: later, stops }),
});

/**
 * @param merged under the answers and what registers say
 * @param valueOf the same
 * @param region that the case is about; items that may be done elsewhere are done there
 */
export function planOf({ bundle, items, obstacles }: Merged, valueOf: (name: string) => Value, region?: string): Plan {
  const applying = new Map(items.map(({ item, applies }) => [item.id, applies]));
  const own = (ids: readonly string[]): readonly string[] => ids.filter((id) => applying.has(id));
  const isElsewhere = ({ item }: Outcome): boolean =>
    region !== undefined && bundle.items.get(item ?? '')?.elsewhere === true;
  return {
    bundle: bundle.id,
    authority: bundle.authority,
    items: Object.fromEntries(
      items.map(({ item, applies }): [string, PlannedItem] => [
        item.id,
        {
          authority: item.authority,
          ...present({ region: item.elsewhere ? region : undefined }),
          sure: applies === 'yes',
          term: termOf(item.term),
          after: own(item.after),
          ...present({
            prepared: item.prepared !== undefined && applying.has(item.prepared) ? item.prepared : undefined,
          }),
          told: item.told,
          issues: item.issues,
          unknown: item.requires.flatMap((requirement, at) =>
            obstacles.some((one) => one.item === item.id && one.requirement === requirement && one.state === 'unknown')
              ? [at]
              : [],
          ),
        },
      ]),
    ),
    steps: Object.fromEntries(
      [...bundle.steps.values()].flatMap(({ id, uses, before, when }): [string, PlannedStep][] =>
        evaluate(when.rule, valueOf) === 'no' || (before !== undefined && !applying.has(before))
          ? []
          : [[id, { uses, before: before ?? (uses.includes('form') ? FILING : DELIVERY) }]],
      ),
    ),
    outcomes: Object.fromEntries(
      [...bundle.outcomes.values()].flatMap((outcome): [string, PlannedOutcome][] =>
        (outcome.kind === 'refused' && applying.has(outcome.item ?? '')) || outcome.kind === 'withdrawn'
          ? // who has a task of what is refused elsewhere is there, and has it there
            [[outcome.id, plannedOutcome(outcome, own, isElsewhere(outcome))]]
          : [],
      ),
    ),
  };
}

/** @param own leaves items that the case has @param bare without its task */
function plannedOutcome(
  { kind, item, stands, undone, tells, task }: Outcome,
  own: (ids: readonly string[]) => readonly string[],
  bare: boolean,
): PlannedOutcome {
  return {
    kind: kind === 'withdrawn' ? kind : 'refused',
    ...present({
      item,
      task: task === undefined || bare ? undefined : { owner: task.owner, unit: task.unit, days: task.days },
    }),
    stands: own(stands),
    undone: own(undone),
    tells,
  };
}

/** Of a case from another region: the one item that is done here, and what its refusal leaves to do here. */
export function guestPlan(
  { id, items, outcomes }: Bundle,
  itemId: string,
  { sure, unknown }: Pick<PlannedItem, 'sure' | 'unknown'>,
): Plan | undefined {
  const item = items.get(itemId);
  if (item?.elsewhere !== true) return undefined;
  const { authority, term, told, issues } = item;
  const own = (ids: readonly string[]): readonly string[] => ids.filter((one) => one === itemId);
  return {
    bundle: id,
    authority,
    items: { [itemId]: { authority, sure, term: termOf(term), after: [], told, issues, unknown } },
    steps: {},
    outcomes: Object.fromEntries(
      [...outcomes.values()].flatMap((outcome): [string, PlannedOutcome][] =>
        outcome.item === itemId && outcome.kind === 'refused'
          ? [[outcome.id, { ...plannedOutcome(outcome, own, false), tells: [] }]]
          : [],
      ),
    ),
  };
}

/** Ports of a step that are not done yet; one of `collect` and `post` is enough. The form is filled in by itself. */
export function openPorts({ uses }: Pick<PlannedStep, 'uses'>, done: readonly StepPort[] = []): readonly StepPort[] {
  const fetched = done.includes('collect') || done.includes('post');
  return uses.filter(
    (port) => port !== 'form' && !done.includes(port) && !(fetched && (port === 'collect' || port === 'post')),
  );
}
