/**
 * What a case goes by: made of its bundle on the day on which it is submitted, and kept with it, so that a bundle that
 * changes later changes no case that is under way. Nothing in it names anybody. Pure.
 */
import type { Merged } from '../../../contracts/bundle/merge.js';
import { evaluate, type Value } from '../../../contracts/bundle/rule.js';
import type { Outcome, StepPort, Term } from '../../../contracts/bundle/types.js';
import { present } from '../../../contracts/present.js';

export interface PlannedTerm extends Pick<Term, 'unit' | 'days' | 'else' | 'stops'> {}

export interface PlannedItem {
  readonly authority: string;
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

/** @param merged under the answers and what registers say @param valueOf the same */
export function planOf({ bundle, items, obstacles }: Merged, valueOf: (name: string) => Value): Plan {
  const applying = new Map(items.map(({ item, applies }) => [item.id, applies]));
  const own = (ids: readonly string[]): readonly string[] => ids.filter((id) => applying.has(id));
  return {
    bundle: bundle.id,
    authority: bundle.authority,
    items: Object.fromEntries(
      items.map(({ item, applies }): [string, PlannedItem] => [
        item.id,
        {
          authority: item.authority,
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
      [...bundle.outcomes.values()].flatMap(
        ({ id, kind, item, stands, undone, tells, task }): [string, PlannedOutcome][] =>
          (kind === 'refused' && applying.has(item ?? '')) || kind === 'withdrawn'
            ? [
                [
                  id,
                  {
                    kind,
                    ...present({
                      item,
                      task: task === undefined ? undefined : { owner: task.owner, unit: task.unit, days: task.days },
                    }),
                    stands: own(stands),
                    undone: own(undone),
                    tells,
                  },
                ],
              ]
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
