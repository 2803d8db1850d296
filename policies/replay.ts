/**
 * Decisions of the past under other policies: which would turn out otherwise, for whom, by which policy. Each is
 * decided again as of its own time. A decision reads no more of the time than the day in Shanghai (grants begin and end
 * with days), so that equal questions of one day are decided once, however often they were asked.
 */
import { present } from '../contracts/present.js';
import type { Delivery, Workspace } from '../contracts/types.js';
import { dayOf } from './dates.js';
import { makeDecider } from './decide.js';
import type { Client, Decider, Decision, PolicySet, ReasonCode, RowPredicate } from './types.js';

/** How a dataset was answered, as far as the log says it. */
export interface Outcome {
  readonly effect: 'allow' | 'deny';
  readonly grant?: string;
  /** Of a denial. */
  readonly reason?: string;
  readonly fields: readonly string[];
  /** Field → form, of those that are not released as `value`. */
  readonly forms: Readonly<Record<string, string>>;
  /** As `rowsOnRecord` writes them; absent: all. */
  readonly rows?: string;
}

/** One dataset of one question on record. */
export interface LoggedDecision {
  /** Where it stands in the log. */
  readonly entry: number;
  /** ms since 1970 */
  readonly time: number;
  readonly client: string;
  readonly authority: string;
  readonly purpose: string;
  readonly delivery: Delivery;
  /** Parts of the case that were stated: `item`, `caseId`, `actor`. */
  readonly stated: readonly string[];
  /** Of a batch: its subjects. */
  readonly batch?: number;
  readonly dataset: string;
  /** Undefined: all granted fields. */
  readonly asked?: readonly string[];
  readonly outcome: Outcome;
}

type ChangeKind =
  | 'denied' // was answered, would be refused
  | 'allowed' // was refused, would be answered
  | 'released'; // answered both times, with other fields, forms or rows

/** Decisions that would turn out otherwise in the same way, whenever they were made. */
export interface Change {
  readonly kind: ChangeKind;
  readonly client: string;
  readonly authority: string;
  readonly purpose: string;
  readonly dataset: string;
  readonly delivery: Delivery;
  readonly was: Outcome;
  readonly now: Outcome;
  /** Fields that would no longer be released, and those that would be in addition; of a change of form both. */
  readonly lost: readonly string[];
  readonly gained: readonly string[];
  /** What decides now: ids of policies, `grant <id>`, and the reason's code where neither does. */
  readonly by: readonly string[];
  readonly decisions: number;
  /** The first of their log indexes. */
  readonly entries: readonly number[];
  /** ms since 1970 */
  readonly first: number;
  readonly last: number;
}

export interface ReplayResult {
  readonly decisions: number;
  /** Decided again: one for all equal questions of a day. */
  readonly evaluated: number;
  /** Of the decisions, those that would turn out otherwise. */
  readonly otherwise: number;
  /** Most decisions first. */
  readonly changes: readonly Change[];
}

export interface Replay {
  /** How the decision would turn out otherwise; undefined if it would not. */
  add(decision: LoggedDecision): ChangeKind | undefined;
  result(): ReplayResult;
}

const ENTRIES = 20;

/**
 * What a log entry says of a grant's rows: areas in full, of listed subjects only how many they are. Undefined where
 * all are granted.
 */
export function rowsOnRecord(rows: RowPredicate): string | undefined {
  switch (rows.kind) {
    case 'all':
      return undefined;
    case 'area':
      return `${rows.field} in ${[...rows.areas].sort().join(' ')}`;
    case 'subjects':
      return `${rows.subjects.length} subjects`;
  }
}

const REASON_CODES: { readonly [code in ReasonCode]: true } = {
  not_granted: true,
  grant_expired: true,
  grant_not_begun: true,
  grant_suspended: true,
  policy: true,
  field_not_granted: true,
  field_not_permitted: true,
  case_required: true,
  batch_limit: true,
  not_released_as_value: true,
  error: true,
};
/** Whether policies and grants gave this reason; what else refuses (a certificate, a rate) no policy changes. */
export const isReasonCode = (code: string): boolean => Object.hasOwn(REASON_CODES, code);

export function outcomeOf({ effect, grant, reasons, fields, rows }: Decision): Outcome {
  const some = effect === 'allow' ? rowsOnRecord(rows) : undefined;
  return {
    effect,
    ...present({ grant }),
    ...(effect === 'deny' ? { reason: reasons[0]?.code ?? 'not_granted' } : {}),
    fields: fields.map(({ path }) => path),
    forms: Object.fromEntries(fields.flatMap(({ path, as }) => (as === 'value' ? [] : [[path, as]]))),
    ...present({ rows: some }),
  };
}

const released = ({ fields, forms }: Outcome): ReadonlySet<string> =>
  new Set(fields.map((path) => (forms[path] === undefined ? path : `${path} (${forms[path]})`)));
const without = (one: ReadonlySet<string>, other: ReadonlySet<string>): string[] =>
  [...one].filter((field) => !other.has(field));

/**
 * What the client would meet otherwise: a denial for another reason, or the same under another grant, is not otherwise.
 */
function changed(was: Outcome, now: Outcome): ChangeKind | undefined {
  if (was.effect !== now.effect) return now.effect === 'deny' ? 'denied' : 'allowed';
  if (was.effect === 'deny') return undefined;
  const [before, after] = [released(was), released(now)];
  return before.size === after.size && without(before, after).length === 0 && was.rows === now.rows
    ? undefined
    : 'released';
}

/** What decides now, most telling first. */
function decidedBy(decision: Decision, was: Outcome, lost: boolean): readonly string[] {
  const policies = decision.reasons.flatMap(({ policies: some = [] }) => some);
  const grants = [...new Set([decision.grant, was.grant])].flatMap((id) => (id === undefined ? [] : [`grant ${id}`]));
  if (decision.effect === 'allow') return [...new Set([...(lost ? policies : []), ...grants])];
  const codes = decision.reasons.map(({ code }) => code);
  if (policies.length > 0) return [...new Set(policies)];
  return codes.includes('policy') ? ['no policy permits'] : [...grants, ...codes];
}

/** A client that the policies do not have is let in nowhere. */
const STRANGER: Decision = {
  effect: 'deny',
  rows: { kind: 'subjects', subjects: [] },
  fields: [],
  withheld: [],
  reasons: [{ code: 'not_granted' }],
  errors: [],
  validUntil: 0,
};

/** A change while its decisions are counted. */
type CountedChange = { -readonly [K in keyof Change]: Change[K] extends readonly number[] ? number[] : Change[K] };

/**
 * @param set and workspace: as they are to be, or would have been. A client that they no longer have is refused.
 */
export const makeReplay = (set: PolicySet, workspace: Workspace): Replay => new PolicyReplay(set, workspace);

class PolicyReplay implements Replay {
  readonly #decider: Decider;
  readonly #clients: ReadonlyMap<string, Client>;
  /** What a question turns out to now, by question, day and outcome; undefined where that is no change. */
  readonly #judged = new Map<string, CountedChange | undefined>();
  /** By all that its decisions have in common. */
  readonly #changes = new Map<string, CountedChange>();
  #decisions = 0;
  #otherwise = 0;

  constructor(set: PolicySet, workspace: Workspace) {
    this.#decider = makeDecider(set, workspace);
    this.#clients = set.clients;
  }

  add(decision: LoggedDecision): ChangeKind | undefined {
    this.#decisions++;
    const key = questionKey(decision);
    let change = this.#judged.get(key);
    if (change === undefined && !this.#judged.has(key)) this.#judged.set(key, (change = this.#judge(decision)));
    if (change === undefined) return undefined;
    this.#otherwise++;
    count(change, decision);
    return change.kind;
  }

  result(): ReplayResult {
    return {
      decisions: this.#decisions,
      evaluated: this.#judged.size,
      otherwise: this.#otherwise,
      changes: [...this.#changes.values()].sort((a, b) => b.decisions - a.decisions || a.first - b.first),
    };
  }

  #judge(logged: LoggedDecision): CountedChange | undefined {
    const was = logged.outcome;
    const decision = this.#decideAgain(logged);
    const now = outcomeOf(decision);
    const kind = changed(was, now);
    if (kind === undefined) return undefined;
    const { client, authority, purpose, dataset, delivery, time } = logged;
    const lost = without(released(was), released(now));
    const gained = without(released(now), released(was));
    const by = decidedBy(decision, was, lost.length > 0);
    const key = JSON.stringify([kind, client, purpose, dataset, delivery, was, now, by]);
    const known = this.#changes.get(key);
    if (known !== undefined) return known;
    const question = { client, authority, purpose, dataset, delivery };
    const change = {
      kind,
      ...question,
      was,
      now,
      lost,
      gained,
      by,
      decisions: 0,
      entries: [],
      first: time,
      last: time,
    };
    this.#changes.set(key, change);
    return change;
  }

  /** As of its own time. */
  #decideAgain({ client, purpose, dataset, delivery, time, asked, batch, stated }: LoggedDecision): Decision {
    const known = this.#clients.get(client);
    if (known === undefined) return STRANGER;
    return this.#decider.decide({
      client: known,
      purpose,
      dataset,
      delivery,
      now: time,
      ...present({ fields: asked, subjects: batch }),
      case: Object.fromEntries(stated.map((part) => [part, 'stated'])),
    });
  }
}

/** The same for all that are decided alike and turned out alike. */
const questionKey = (decision: LoggedDecision): string => {
  const { client, purpose, delivery, stated, batch, dataset, asked, outcome, time } = decision;
  return JSON.stringify([dayOf(time), client, purpose, delivery, stated, batch, dataset, asked ?? null, outcome]);
};

function count(change: CountedChange, { entry, time }: LoggedDecision): void {
  change.decisions++;
  if (change.entries.length < ENTRIES && change.entries.at(-1) !== entry) change.entries.push(entry);
  change.first = Math.min(change.first, time);
  change.last = Math.max(change.last, time);
}
