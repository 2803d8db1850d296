/**
 * Figures of a period over parts of matters: how many, how they stand, what was done, and how terms of the statute were
 * kept. One function, whosever parts they are. Pure.
 */
import type { Lifecycle } from '../../../../contracts/lifecycle/types.js';
import { present } from '../../../../contracts/present.js';
import type { PartHistory, Run } from './history.js';

export interface TermFigures {
  /** Done within the period, in time or late. */
  readonly inTime: number;
  readonly late: number;
  /** At the end of the period: it runs, and of these, its term is over. */
  readonly waiting: number;
  readonly overdue: number;
  /** Working days of what was done; absent where nothing was. */
  readonly mean?: number;
  readonly median?: number;
  readonly p90?: number;
}

/** Terms of the statute that figures tell of, by the machine that has them. */
const TERMS = {
  answers: { machine: 'application', clocks: ['reply-unconditional', 'reply-conditional'] },
  answersUnconditional: { machine: 'application', clocks: ['reply-unconditional'] },
  answersConditional: { machine: 'application', clocks: ['reply-conditional'] },
  supplies: { machine: 'application', clocks: ['supply'] },
  corrections: { machine: 'correction', clocks: ['correct'] },
  updates: { machine: 'entry', clocks: ['update'] },
  reviews: { machine: 'entry', clocks: ['review'] },
} as const;
type TermName = keyof typeof TERMS;
const TERM_NAMES = Object.keys(TERMS) as readonly TermName[];

/** Acts that stop a clock and do not do what it waits for. */
const NOTHING_DONE: ReadonlySet<string> = new Set(['tell-missing', 'withdraw', 'end']);
/** What begins a matter for others, where its first act is a draft. */
const FILED: Readonly<Record<string, string>> = { application: 'file', widening: 'file', entry: 'submit' };

interface MachineFigures {
  /** Parts that came within the period. */
  readonly came: number;
  /** Not over at its end. */
  readonly open: number;
  /** How those stand at its end that came within it, or were open when it began. */
  readonly states: Readonly<Record<string, number>>;
  /** What was done within it. */
  readonly acts: Readonly<Record<string, number>>;
}

export interface Figures {
  /** Only machines of which there is something to tell. */
  readonly machines: Readonly<Record<string, MachineFigures>>;
  readonly terms: Readonly<Record<TermName, TermFigures>>;
  /** Grounds that were given within the period, each a code of its machine: `misuse/art-40-2`. */
  readonly grounds: Readonly<Record<string, number>>;
}

interface Bounds {
  readonly begin: number;
  readonly end: number;
}

const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];

function termOf(runs: readonly Run[], { begin, end }: Bounds): TermFigures {
  const done = runs.filter(
    ({ stopped }) => stopped !== undefined && !NOTHING_DONE.has(stopped.by) && stopped.at >= begin && stopped.at < end,
  );
  const waiting = runs.filter(({ stopped }) => stopped === undefined);
  const days = done.map((one) => one.days).sort((a, b) => a - b);
  const late = done.filter(({ over }) => over).length;
  return {
    inTime: done.length - late,
    late,
    waiting: waiting.length,
    overdue: waiting.filter(({ over }) => over).length,
    ...present({
      mean: days.length === 0 ? undefined : Math.round((days.reduce((a, b) => a + b, 0) / days.length) * 10) / 10,
      median: quantile(days, 0.5),
      p90: quantile(days, 0.9),
    }),
  };
}

const counted = (names: readonly string[]): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {};
  for (const name of [...names].sort()) found[name] = (found[name] ?? 0) + 1;
  return found;
};

/** When others were first told of it; undefined: it is still a draft. */
function cameAt({ machine, steps }: PartHistory): number | undefined {
  const act = FILED[machine];
  return (act === undefined ? steps[0] : steps.find((one) => one.act === act))?.at;
}

function machineOf(parts: readonly PartHistory[], { begin, end }: Bounds): MachineFigures {
  const within = (at: number): boolean => at >= begin && at < end;
  const told = parts.flatMap((part) => {
    const at = cameAt(part);
    const overAt = part.over ? part.steps.at(-1)?.at : undefined;
    return at === undefined || (overAt !== undefined && overAt < begin) ? [] : [{ ...part, at }];
  });
  return {
    came: told.filter(({ at }) => within(at)).length,
    open: told.filter(({ over }) => !over).length,
    states: counted(told.map(({ state }) => state)),
    acts: counted(told.flatMap(({ steps }) => steps.filter(({ at }) => within(at)).map(({ act }) => act))),
  };
}

/** @param parts until the end of the period, and nothing of later */
export function figuresOf(
  parts: readonly PartHistory[],
  bounds: Bounds,
  machines: ReadonlyMap<string, Pick<Lifecycle, 'fields'>>,
): Figures {
  const byMachine = new Map<string, PartHistory[]>();
  for (const part of parts) byMachine.set(part.machine, [...(byMachine.get(part.machine) ?? []), part]);
  const told = [...byMachine].map(([id, own]) => [id, machineOf(own, bounds)] as const);
  const runsOf = ({ machine, clocks }: (typeof TERMS)[TermName]): readonly Run[] =>
    (byMachine.get(machine) ?? [])
      .flatMap(({ runs }) => runs)
      .filter(({ clock }) => (clocks as readonly string[]).includes(clock));
  const grounds = parts.flatMap(({ machine, steps }) =>
    steps
      .filter(({ at }) => at >= bounds.begin && at < bounds.end)
      .flatMap(({ fields }) =>
        Object.entries(fields)
          .filter(([name]) => name.startsWith('ground') && machines.get(machine)?.fields[name]?.codes !== undefined)
          .map(([, code]) => `${machine}/${code}`),
      ),
  );
  return {
    machines: Object.fromEntries(told.filter(([, { states }]) => Object.keys(states).length > 0)),
    terms: Object.fromEntries(
      TERM_NAMES.map((name) => [name, termOf(runsOf(TERMS[name]), bounds)]),
    ) as Figures['terms'],
    grounds: counted(grounds),
  };
}
