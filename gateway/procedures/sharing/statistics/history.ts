/**
 * What happened to each part of a matter until a moment, made of its steps anew: which acts moved it, and how each of
 * its clocks ran. Later steps are not looked at, so that a period that is over always has the same figures. Pure.
 */
import { type Calendar, dayOf, workingDaysLeft } from '../../../../contracts/calendar.js';
import { readClocks } from '../../../../contracts/lifecycle/clocks.js';
import { applyMatter, type MatterEvent, type MatterState } from '../../../../contracts/lifecycle/matter.js';
import type { Lifecycle } from '../../../../contracts/lifecycle/types.js';
import { sidesOf } from '../sides.js';
import type { MatterHead, Sides } from '../types.js';

/** A clock from its start until it was stopped; one that starts anew runs twice. */
export interface Run {
  readonly clock: string;
  readonly startedAt: number;
  /** Undefined: it runs. */
  readonly stopped?: { readonly at: number; readonly by: string };
  /** Its term was over when it was stopped, or is. */
  readonly over: boolean;
  /** Working days from its start until then. */
  readonly days: number;
}

export interface PartHistory {
  readonly machine: string;
  readonly part: string;
  /** `unconditional`, `conditional` */
  readonly variant: string;
  readonly sides: Sides;
  readonly steps: readonly MatterEvent[];
  readonly runs: readonly Run[];
  readonly state: string;
  readonly over: boolean;
}

interface Told {
  readonly head: Pick<MatterHead, 'machine' | 'sides'>;
  readonly lifecycle: Lifecycle;
  readonly calendar: Calendar;
  readonly events: readonly MatterEvent[];
}

const workingDays = (calendar: Calendar, from: number, to: number): number =>
  workingDaysLeft(calendar, from, { day: dayOf(to), overAt: to, provisional: false });

/** Clocks of a part that an event has stopped. */
function stoppedBy(
  { lifecycle, calendar }: Told,
  before: MatterState['parts'][string],
  { act, at }: MatterEvent,
): readonly Run[] {
  return readClocks(lifecycle, calendar, before, at).flatMap(({ clock, startedAt, stoppedAt, over }) =>
    stoppedAt !== undefined || lifecycle.clocks[clock]?.stops.includes(act) !== true
      ? []
      : [{ clock, startedAt, stopped: { at, by: act }, over, days: workingDays(calendar, startedAt, at) }],
  );
}

/** @param until ms since 1970: steps from then on are not looked at */
export function historiesOf(told: Told, until: number): readonly PartHistory[] {
  const { head, lifecycle, calendar } = told;
  const events = told.events.filter(({ at }) => at < until);
  let state: MatterState | undefined;
  const steps = new Map<string, MatterEvent[]>();
  const runs = new Map<string, Run[]>();
  const add = <T>(to: Map<string, T[]>, part: string, ...more: readonly T[]): void =>
    void to.set(part, [...(to.get(part) ?? []), ...more]);
  for (const event of events) {
    const before: MatterState | undefined = state;
    state = applyMatter(lifecycle, before, event);
    for (const [part, one] of Object.entries(state.parts)) {
      const was = before?.parts[part];
      if (one === was) continue;
      add(steps, part, event);
      if (was !== undefined) add(runs, part, ...stoppedBy(told, was, event));
    }
  }
  return Object.entries(state?.parts ?? {}).map(([part, one]) => ({
    machine: head.machine,
    part,
    variant: one.holder,
    sides: sidesOf(head, part),
    steps: steps.get(part) ?? [],
    runs: [
      ...(runs.get(part) ?? []),
      ...readClocks(lifecycle, calendar, one, until)
        .filter(({ stoppedAt }) => stoppedAt === undefined)
        .map(({ clock, startedAt, over }) => ({
          clock,
          startedAt,
          over,
          days: workingDays(calendar, startedAt, until),
        })),
    ],
    state: one.state,
    over: lifecycle.states[one.state]?.terminal === true,
  }));
}
