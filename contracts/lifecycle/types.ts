/**
 * A lifecycle: what may happen to a ticket, who may do it, and by when, as `contracts/lifecycles/<name>/lifecycle.json`
 * declares it.
 */
import type { Localised } from '../types.js';

/** What a state does to the record: nothing, a mark, deleted (上海市社会信用条例 Art.37), or no longer shown (Art.38). */
export type Effect = 'none' | 'mark' | 'delete' | 'hide';

export interface Party {
  readonly title: Localised;
  /** Of the person who acts; a system acts for the authority of its client. */
  readonly role: string;
  /** An authority, or `record`: that of the record concerned. Absent: the subject of the record itself. */
  readonly authority?: string;
  /** Sees each ticket from its beginning; others see it once they could act on it. */
  readonly follows?: boolean;
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
}

interface ExtensionRule {
  /** Working days at most, once a clock. */
  readonly days: number;
  readonly by: readonly string[];
  /** Who has to agree first; absent: it holds at once. */
  readonly consent?: string;
  readonly requires?: readonly string[];
}

export interface ClockRule {
  /** What it measures. */
  readonly title: Localised;
  /** Law and article. */
  readonly basis: string;
  /** Who has to act. */
  readonly party: string;
  /** Working days. */
  readonly days: number;
  /** Acts. A clock that was stopped starts anew. */
  readonly starts: readonly string[];
  readonly stops: readonly string[];
  readonly holder?: string;
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
   * subject, and no record of it; with `uses` a use of its data, which is an entry of the log.
   */
  readonly about: { readonly kinds: readonly string[]; readonly missing?: true; readonly uses?: true };
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
}

export interface ClockState {
  /** ms since 1970 */
  readonly startedAt: number;
  readonly stoppedAt?: number;
  /** Working days added. */
  readonly extended: number;
  /** Asked for, and not agreed to yet. */
  readonly asked?: number;
}

export interface TicketState {
  /** The party that holds the record. */
  readonly holder: string;
  readonly state: string;
  /** ms since 1970, of the last event */
  readonly at: number;
  readonly openedAt: number;
  /** Parties that could act at some time, and so see the ticket. */
  readonly seenBy: readonly string[];
  /** How often each act was done. */
  readonly done: Readonly<Record<string, number>>;
  readonly clocks: Readonly<Record<string, ClockState>>;
}
