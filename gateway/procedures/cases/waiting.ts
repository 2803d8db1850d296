/**
 * What waits for each authority, one line an item or a task: written in the same commit as its case, so that an inbox
 * of a hundred thousand is a page read from an index, and what is past its term is counted without opening a case.
 * Nothing in a line names anybody.
 */
import type { Calendar } from '../../../contracts/calendar.js';
import { present } from '../../../contracts/present.js';
import type { Change, DocumentsPage, Json, State } from '../../ground/state/port.js';
import { type CaseState, type ItemState, isLow, openTasks, type RatingState, type TaskState } from './machine.js';
import type { PlannedTerm } from './plan.js';
import { answerTermOf, type TermReading, taskTermOf, termOf } from './terms.js';

const KIND = 'case-wait';
/** Lines that are read at most to count what is past its term for one authority. */
const MOST_COUNTED = 100;

/**
 * `held`: it is the authority's turn. `asked`: the applicant has been asked for a supplement. `answer`: a low rating
 * that who leads answers.
 */
type WaitGroup = 'held' | 'asked' | 'answer';

interface Line {
  readonly case: string;
  readonly bundle: string;
  readonly authority: string;
  readonly group: WaitGroup;
  /** One of three. */
  readonly item?: { readonly id: string; readonly term: PlannedTerm; readonly state: ItemState };
  readonly task?: { readonly id: string; readonly state: TaskState };
  readonly rating?: RatingState;
}

/** A line as it is read: with its term now. */
export interface WaitingLine {
  readonly case: string;
  readonly bundle: string;
  readonly authority: string;
  readonly group: WaitGroup;
  readonly item?: string;
  readonly task?: string;
  /** Of a rating that waits for an answer. */
  readonly grade?: RatingState['grade'];
  /** ms since 1970 */
  readonly since: number;
  /** A supplement was given before. */
  readonly given: boolean;
  /** Absent while it stands still. */
  readonly term?: TermReading;
}

export interface WaitingQuery {
  readonly group: WaitGroup;
  readonly bundle?: string;
  /** Only what is past its term. */
  readonly over?: boolean;
  readonly after?: string;
  readonly limit: number;
}

/** How many wait, of one authority and bundle. */
export interface Standing {
  readonly authority: string;
  readonly bundle: string;
  readonly held: number;
  readonly asked: number;
  readonly answer: number;
}

export interface WaitingCounts {
  /** How many of each bundle wait, by group. */
  readonly bundles: Readonly<Record<WaitGroup, ReadonlyMap<string, number>>>;
  /** Past their term, at most `MOST_COUNTED`; then `more`. */
  readonly over: number;
  readonly more: boolean;
}

const pad = (at: number): string => String(at).padStart(15, '0');
const byDue = (authority: string, group: WaitGroup): string => `by/${authority}/${group}/`;
const ofBundle = (authority: string, group: WaitGroup, bundle: string): string => `of/${authority}/${group}/${bundle}/`;
const overOf = (authority: string): string => `over/${authority}/`;
/** Of all authorities, by when the term ends for good. */
const OVER = 'due/';
const COUNTERS = 'case-wait/';
const counterOf = (authority: string, group: WaitGroup | '', bundle = ''): string =>
  `${COUNTERS}${authority}/${group === '' ? '' : `${group}/${bundle}`}`;

/** With what comes after a day on which it could not be done on the spot. */
const whole = ({ stops, ...term }: PlannedTerm): PlannedTerm =>
  term.unit === 'on-the-spot' && term.else !== undefined
    ? { ...term.else, ...present({ stops }) }
    : { ...term, ...present({ stops }) };

function linesOf(id: string, { bundle, plan, items, tasks, rating }: CaseState): ReadonlyMap<string, Line> {
  const lines = new Map<string, Line>();
  for (const [item, state] of Object.entries(items)) {
    const planned = plan?.items[item];
    // what is done in another region waits there
    if (
      planned === undefined ||
      planned.region !== undefined ||
      (state.status !== 'held' && state.status !== 'supplement')
    )
      continue;
    const { authority, term } = planned;
    const group = state.status === 'held' ? 'held' : 'asked';
    lines.set(`${id}/i/${item}`, { case: id, bundle, authority, group, item: { id: item, term, state } });
  }
  for (const [task, state] of openTasks({ tasks }))
    lines.set(`${id}/t/${task}`, {
      case: id,
      bundle,
      authority: state.owner,
      group: 'held',
      task: { id: task, state },
    });
  if (rating !== undefined && isLow(rating) && rating.answeredAt === undefined)
    lines.set(`${id}/r`, { case: id, bundle, authority: plan?.authority ?? '', group: 'answer', rating });
  return lines;
}

function dueOf(calendar: Calendar, { item, task, rating }: Line, term = item?.term): number | undefined {
  if (rating !== undefined) return answerTermOf(calendar, rating, rating.at).due.overAt;
  if (item !== undefined && term !== undefined) return termOf(calendar, term, item.state, item.state.since)?.due.overAt;
  return task === undefined ? undefined : taskTermOf(calendar, task.state, task.state.from).due.overAt;
}

function put(calendar: Calendar, name: string, owner: string, line: Line): Change {
  const { authority, group, bundle, item, task } = line;
  const due = pad(dueOf(calendar, line) ?? item?.state.since ?? task?.state.from ?? 0);
  const last = group === 'asked' ? undefined : dueOf(calendar, line, item === undefined ? undefined : whole(item.term));
  return {
    do: 'put',
    kind: KIND,
    id: name,
    owner,
    links: [
      byDue(authority, group) + due,
      ofBundle(authority, group, bundle) + due,
      ...(last === undefined ? [] : [...(group === 'held' ? [overOf(authority) + pad(last)] : []), OVER + pad(last)]),
    ],
    body: line as unknown as Json,
  };
}

/** What changes in the index, and in the counts of it, with a case. */
export function waitingChanges(
  calendar: Calendar,
  { id, owner }: { readonly id: string; readonly owner: string },
  before: CaseState | undefined,
  after: CaseState,
): readonly Change[] {
  const [was, is] = [before === undefined ? new Map<string, Line>() : linesOf(id, before), linesOf(id, after)];
  const changes: Change[] = [];
  const counts = new Map<string, number>();
  const count = ({ authority, group, bundle }: Line, by: number): void => {
    const counter = counterOf(authority, group, bundle);
    counts.set(counter, (counts.get(counter) ?? 0) + by);
  };
  for (const [name, line] of was) {
    count(line, -1);
    if (!is.has(name)) changes.push({ do: 'remove', kind: KIND, id: name });
  }
  for (const [name, line] of is) {
    count(line, 1);
    if (JSON.stringify(was.get(name)) !== JSON.stringify(line)) changes.push(put(calendar, name, owner, line));
  }
  for (const [counter, by] of counts) if (by !== 0) changes.push({ do: 'count', counter, by });
  return changes;
}

function read(calendar: Calendar, now: number, body: Json): WaitingLine {
  const { case: id, bundle, authority, group, item, task, rating } = body as unknown as Line;
  const term =
    item !== undefined
      ? termOf(calendar, item.term, item.state, now)
      : task !== undefined
        ? taskTermOf(calendar, task.state, now)
        : rating === undefined
          ? undefined
          : answerTermOf(calendar, rating, now);
  return {
    case: id,
    bundle,
    authority,
    group,
    ...present({ item: item?.id, task: task?.id, grade: rating?.grade, term }),
    since: item?.state.since ?? task?.state.from ?? rating?.at ?? 0,
    given: item?.state.givenAt !== undefined,
  };
}

/** Reads the index. */
export class WaitingIndex {
  readonly #state: State;
  readonly #calendar: Calendar;

  constructor(state: State, calendar: Calendar) {
    this.#state = state;
    this.#calendar = calendar;
  }

  /** What runs out first comes first. */
  async list(
    authority: string,
    { group, bundle, over = false, after, limit }: WaitingQuery,
    now: number,
  ): Promise<{ readonly lines: readonly WaitingLine[]; readonly next?: string }> {
    const link = over
      ? overOf(authority)
      : bundle === undefined
        ? byDue(authority, group)
        : ofBundle(authority, group, bundle);
    const { documents, next }: DocumentsPage = await this.#state.documents(KIND, {
      link,
      limit,
      ...present({ after }),
    });
    const lines = documents.map(({ body }) => read(this.#calendar, now, body));
    if (!over) return { lines, ...present({ next }) };
    const late = lines.filter(({ term }) => term?.over === true);
    const end = late.length < lines.length;
    return {
      lines: late.filter((line) => bundle === undefined || line.bundle === bundle),
      ...present({ next: end ? undefined : next }),
    };
  }

  async counts(authority: string, now: number): Promise<WaitingCounts> {
    const counters = await this.#state.counters(counterOf(authority, ''));
    const of = (group: WaitGroup): ReadonlyMap<string, number> => {
      const prefix = counterOf(authority, group);
      return new Map(
        [...counters].flatMap(([name, n]) =>
          name.startsWith(prefix) && n > 0 ? [[name.slice(prefix.length), n] as const] : [],
        ),
      );
    };
    const { lines, next } = await this.list(authority, { group: 'held', over: true, limit: MOST_COUNTED }, now);
    return {
      bundles: { held: of('held'), asked: of('asked'), answer: of('answer') },
      over: lines.length,
      more: next !== undefined,
    };
  }

  /** Of every authority and bundle: how many wait in each group. */
  async standing(): Promise<readonly Standing[]> {
    const all = new Map<string, Standing>();
    for (const [name, n] of await this.#state.counters(COUNTERS)) {
      const [, authority = '', group = '', bundle = ''] = name.split('/');
      const key = `${authority} ${bundle}`;
      const before = all.get(key) ?? { authority, bundle, held: 0, asked: 0, answer: 0 };
      all.set(key, { ...before, [group]: n });
    }
    return [...all.values()].filter(({ held, asked, answer }) => held + asked + answer > 0);
  }

  /** Of all authorities and bundles: how many are past their term. */
  async over(now: number): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (let after: string | undefined; ; ) {
      const { documents, next }: DocumentsPage = await this.#state.documents(KIND, {
        link: OVER,
        limit: 1000,
        ...present({ after }),
      });
      for (const { body } of documents) {
        const { authority, bundle, term } = read(this.#calendar, now, body);
        if (term?.over !== true) return found;
        const key = `${authority} ${bundle}`;
        found.set(key, (found.get(key) ?? 0) + 1);
      }
      if (next === undefined) return found;
      after = next;
    }
  }
}
