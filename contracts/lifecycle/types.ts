/**
 * A lifecycle: what may happen to a ticket, who may do it, and by when, as `contracts/lifecycles/<name>/lifecycle.json`
 * declares it.
 */
import type { Localised } from '../types.js';
import type { ContentName, EffectName, GuardName } from './program-names.js';

/** What a state does to the record: nothing, a mark, deleted (上海市社会信用条例 Art.37), or no longer shown (Art.38). */
export type Effect = 'none' | 'mark' | 'delete' | 'hide';

/**
 * What a matter between departments is: a lifecycle about one of these concerns no record of a dataset
 * (政务数据共享条例 Art.12-29, 38-41).
 */
export const MATTERS = [
  'application',
  'entry',
  'designation',
  'return-flow',
  'widening',
  'correction',
  'service-change',
  'misuse',
  'disposal',
  'dispute',
  'complaint',
  'order',
  'paper',
] as const;
type MatterKind = (typeof MATTERS)[number];

/** Whom a party of a matter belongs to; which authority each is, the matter itself says. */
export const SIDES = ['requester', 'provider', 'authority', 'superior', 'government'] as const;
export type Side = (typeof SIDES)[number];

export interface Party {
  readonly title: Localised;
  /** Of the person who acts; a system acts for the authority of its client. */
  readonly role: string;
  /** Of a matter: whose person. */
  readonly of?: Side;
  /** An authority, or `record`: that of the record concerned. Absent: the subject of the record itself. */
  readonly authority?: string;
  /** Sees each ticket from its beginning; others see it once they could act on it. */
  readonly follows?: boolean;
  /** Of a matter: sees it once this act was done, though it has nothing to do on it then. */
  readonly seesAfter?: string;
  /**
   * Of the role `subject`: clients that bring what a subject says, as they do for its reports. No other system speaks
   * for a subject.
   */
  readonly through?: readonly string[];
}

export interface FieldRule {
  readonly title: Localised;
  /** Characters, without blanks around. */
  readonly min: number;
  readonly max: number;
  /** What may be said, and nothing else: grounds of a refusal, say. */
  readonly codes?: Readonly<Record<string, Localised>>;
  /** A day, `2026-03-31`. */
  readonly day?: true;
}

interface StateRule {
  readonly title: Localised;
  readonly effect: Effect;
  readonly terminal?: boolean;
}

export interface ActRule {
  readonly title: Localised;
  readonly by: readonly string[];
  /** Empty: it opens a ticket. */
  readonly from: readonly string[];
  readonly to: string;
  readonly requires?: readonly string[];
  readonly optional?: readonly string[];
  /** How many files may come with it: PDF, JPEG, PNG. */
  readonly files?: number;
  /** Only where the record is held by this party. */
  readonly holder?: string;
  /** At most once a ticket: what is missing is told once (政务数据共享条例 Art.21). */
  readonly once?: boolean;
  /**
   * Of an act that opens a ticket: only once the shortest term of display of the record is over (上海市优化营商环境条例
   * Art.67(2)). `tier` is the record's field with its tier, of which the code list says the term, and `from` the day
   * from which it counts. A record that has no such fields gives no opening.
   */
  readonly after?: { readonly tier: string; readonly from: string };
  /** Of a matter: it is done for one part of it, an application's dataset, and not for all. */
  readonly each?: true;
  /** Of a matter: it says anew which parts there are; none has gone its own way yet. */
  readonly parts?: true;
  /** Only where the part is of this variant. */
  readonly variant?: string;
  /** Only by another person than who did one of these last. */
  readonly otherThan?: readonly string[];
  /** Only once the term of this clock is over. */
  readonly afterClock?: string;
  /** Conditions that a declaration cannot say, by the names under which the program has them. */
  readonly guards?: readonly GuardName[];
  /** What it brings about beside the matter, by the names under which the program has them. */
  readonly effects?: readonly EffectName[];
  /** What it brings beside words, by the name under which the program checks it: an application, a reply. */
  readonly content?: ContentName;
}

interface ExtensionRule {
  /** Working days at most, or calendar days where the clock counts them, once a clock. */
  readonly days: number;
  readonly by: readonly string[];
  /** Who has to agree first; absent: it holds at once. */
  readonly consent?: string;
  readonly requires?: readonly string[];
  /** Once a matter, also where the clock starts anew. */
  readonly onceForAll?: true;
}

export interface ClockRule {
  /** What it measures. */
  readonly title: Localised;
  /** Law and article. */
  readonly basis: string;
  /** Who has to act. */
  readonly party: string;
  /** Working days. Of a matter it may be absent: no law sets a term, it is internal and never runs out. */
  readonly days?: number;
  /** Calendar days instead, of a matter. */
  readonly calendarDays?: true;
  /** Of a matter, instead of `days`: a field of the act that starts it, which names its last day. */
  readonly until?: string;
  /** Of a matter: a field of the act that starts it, which names the day from which it counts, and not that act. */
  readonly since?: string;
  /** Acts. A clock that was stopped starts anew; an act that does both stops it and starts it anew. */
  readonly starts: readonly string[];
  readonly stops: readonly string[];
  readonly holder?: string;
  readonly variant?: string;
  readonly extension?: ExtensionRule;
  /** An alert, and it is shown. It never decides. */
  readonly runsOut: 'alert';
}

export interface Lifecycle {
  /** Its folder's name. */
  readonly id: string;
  readonly title: Localised;
  readonly basis: string;
  readonly calendar: string;
  /**
   * Tickets concern one record of a dataset of one of these kinds; with `missing` what such a dataset should have of a
   * subject, and no record of it; with `uses` a use of its data, which is an entry of the log. With `matter` they are
   * no tickets: they concern a matter between departments, which has `Matters` (`gateway/procedures/sharing`).
   */
  readonly about: {
    readonly kinds: readonly string[];
    readonly missing?: true;
    readonly uses?: true;
    readonly matter?: MatterKind;
  };
  /** Of a matter: the classes of its parts, by which acts and clocks differ. */
  readonly variants?: readonly string[];
  readonly parties: Readonly<Record<string, Party>>;
  readonly fields: Readonly<Record<string, FieldRule>>;
  readonly states: Readonly<Record<string, StateRule>>;
  readonly acts: Readonly<Record<string, ActRule>>;
  readonly clocks: Readonly<Record<string, ClockRule>>;
}

/** Acts on a clock that every lifecycle has where it declares an extension. */
export const EXTEND = 'extend';
export const CONSENT = 'consent';

/** What happened to a ticket. The first one opens it. */
export interface TicketEvent {
  /** ms since 1970; never before that of the event before. */
  readonly at: number;
  readonly act: string;
  readonly party: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Of `extend` and `consent`: which clock, and of the first how many working days more. */
  readonly clock?: string;
  readonly days?: number;
  /** Of a matter: a name of the person who did it, that tells who it was to nobody. */
  readonly who?: string;
}

export interface ClockState {
  /** ms since 1970 */
  readonly startedAt: number;
  readonly stoppedAt?: number;
  /** Working days added. */
  readonly extended: number;
  /** Asked for, and not agreed to yet. */
  readonly asked?: number;
  /** Its last day, of a clock that a day was named for. */
  readonly until?: string;
  /** It was extended before it started anew. */
  readonly used?: true;
}

export interface TicketState {
  /** The party that holds the record; of a matter the variant of the part. */
  readonly holder: string;
  readonly state: string;
  /** ms since 1970, of the last event */
  readonly at: number;
  readonly openedAt: number;
  /** Parties that could act at some time, and so see the ticket. */
  readonly seenBy: readonly string[];
  /** How often each act was done. */
  readonly done: Readonly<Record<string, number>>;
  /** Who did each act last, where that matters. */
  readonly doers?: Readonly<Record<string, string>>;
  readonly clocks: Readonly<Record<string, ClockState>>;
}
