/** Cases as others have them: who acts, what is done, and what is told, over HTTP, on the pages and over the bus. */
import type { Bundles } from '../../../contracts/bundle/load.js';
import type { Answers, Json, StepPort } from '../../../contracts/bundle/types.js';
import type { Calendar } from '../../../contracts/calendar.js';
import type { Workspace } from '../../../contracts/types.js';
import type { Blobs } from '../../ground/state/blobs.js';
import type { State } from '../../ground/state/port.js';
import type { Receipt } from '../../log/entries/port.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import type { FileType } from '../materials/inspect/index.js';
import type { Call } from './calls.js';
import type { CaseContents } from './contents.js';
import type { ErrandBody, ErrandSays } from './errand-body.js';
import type { Errand } from './errands.js';
import type { CaseForm } from './form.js';
import type { CaseEvent, CaseState, Grade, Possible } from './machine.js';
import type { Overview, PublicRatings } from './overview.js';
import type { MaterialLine, PaperDocument } from './papers.js';
import type { StepDrivers } from './ports.js';
import type { ReadRegisters, Release } from './registers.js';
import type { CaseMessage, StoredEvent } from './store.js';
import type { TermReading } from './terms.js';
import type { PublishStep } from './topics.js';
import type { WaitingCounts, WaitingLine, WaitingQuery } from './waiting.js';

export type CaseActor =
  /** `client`: through which one; undefined: on the pages, where whoever is signed in sees all their own. */
  | { readonly kind: 'applicant'; readonly subject: string; readonly client?: string }
  | {
      readonly kind: 'authority';
      readonly authority: string;
      readonly client: string;
      /** Who acts for it, where it is a person: told to their own authority alone. */
      readonly officer?: string;
      /** Of an authority of another region, which that one brings. */
      readonly region?: string;
    };

/** Of an act on an item: as of when who acts saw it (`since`); refused where it has moved meanwhile. */
interface Seen {
  readonly seen?: number;
}

/** Of an act on a draft: of how many events who acts saw it (`state.events`); refused where it has moved meanwhile. */
interface AsOf {
  readonly asOf?: number;
}

/** What somebody does. */
export type Doing =
  | ({ readonly act: 'save'; readonly answers: Answers; readonly values: Readonly<Record<string, Json>> } & AsOf)
  | ({ readonly act: 'submit' } & AsOf)
  | { readonly act: 'withdraw' }
  | { readonly act: 'step'; readonly step: string; readonly port: StepPort }
  | ({ readonly act: 'ask'; readonly item: string; readonly says: string; readonly fields: readonly string[] } & Seen)
  | {
      readonly act: 'give';
      readonly item: string;
      readonly values: Readonly<Record<string, Json>>;
      readonly says?: string;
    }
  | ({
      readonly act: 'grant';
      readonly item: string;
      readonly checked?: readonly number[];
      readonly issued?: Readonly<Record<string, Json>>;
      readonly says?: string;
    } & Seen)
  | ({ readonly act: 'refuse'; readonly item: string; readonly says: string } & Seen)
  | ({ readonly act: 'pass'; readonly item: string; readonly says?: string } & Seen)
  | { readonly act: 'settle'; readonly task: string; readonly says?: string }
  | { readonly act: 'stop'; readonly outcome: string; readonly says: string }
  | { readonly act: 'rate'; readonly grade: Grade; readonly says?: string }
  | { readonly act: 'answer'; readonly says: string };

/** What goes on record before an act takes effect, or anything is shown. */
export interface CaseDeed {
  readonly action: 'case_act' | 'case_act_void' | 'case_shown' | 'case_called' | 'case_call_answered';
  /** Id of the case. */
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Who applies, and what was said: only under a key. */
  readonly subject: string;
  readonly about: Readonly<Record<string, unknown>>;
}
/** @throws YitongError `audit_unavailable`; then nothing happens */
type RecordDeed = (deed: CaseDeed) => Promise<Receipt>;

export interface HowDone {
  readonly actor: CaseActor;
  /** The caller's own: an act that comes again with it is done once. */
  readonly key?: string;
  readonly record: RecordDeed;
  /** Puts on record that registers were read. @throws YitongError `audit_unavailable` */
  readonly release?: (release: Release) => Promise<unknown>;
}

/** What happened on a case. */
export interface HistoryLine {
  readonly number: number;
  readonly event: CaseEvent;
  /** Who acted for their authority: told to that one alone. */
  readonly officer?: string;
}

export interface OpenedCase {
  readonly id: string;
  readonly state: CaseState;
  /** Absent in lists. */
  readonly history?: readonly HistoryLine[];
  readonly over: boolean;
  readonly acts: readonly Possible[];
  readonly terms: Readonly<Record<string, TermReading>>;
  readonly taskTerms: Readonly<Record<string, TermReading>>;
  /** Of a low rating: until when it is answered. */
  readonly answerTerm?: TermReading;
  /** Items that are on their way to another region; absent in lists. */
  readonly waitsAbroad?: readonly string[];
  /** Undefined where the subject was erased. */
  readonly contents?: CaseContents;
}

/** A material as it is opened: the bytes of an upload, or what a paper is drawn from. */
export type OpenedMaterial =
  | { readonly kind: 'upload'; readonly type: FileType; readonly bytes: Buffer; readonly digest: string }
  | { readonly kind: 'made'; readonly document: PaperDocument };

/** Of no actor's: what goes to other regions, and comes from there. */
export interface Regional {
  /** Undefined where who applies was erased: then there is nothing to bring. */
  bodyOf(errand: Errand): Promise<ErrandSays | undefined>;
  /**
   * Does what a region brings; what comes again does nothing.
   * @param region from which it comes
   * @throws YitongError `act_refused`, `act_incomplete`, `bad_answers`, `bad_subject`, `not_found`, `ticket_moved`
   */
  receive(region: string, said: ErrandBody, how: Pick<HowDone, 'record'>): Promise<void>;
}

export interface Cases {
  /** What goes to other regions, and comes from there. */
  readonly regional: Regional;
  readonly bundles: Bundles['bundles'];
  /** What the workspace declares. */
  readonly content: Bundles;
  /** @throws YitongError `not_found`, `act_refused`, `audit_unavailable`, `state_unavailable` */
  open(bundle: string, how: HowDone, about?: { readonly region?: string }): Promise<OpenedCase>;
  /** @throws YitongError as `open`; `bad_answers`, `act_incomplete`, `ticket_moved` */
  act(id: string, doing: Doing, how: HowDone): Promise<OpenedCase>;
  /**
   * What a department's system sealed to the case, as it is written in it.
   * @throws YitongError `not_found`, `bad_case_answer`; `act_refused` where who applies was erased
   */
  unsealed(id: string, sealed: string, actor: CaseActor): Promise<unknown>;
  /** On record before it is given. @throws YitongError `not_found`, also for those that the actor may not see */
  get(id: string, how: Omit<HowDone, 'key'>): Promise<OpenedCase>;
  /** The form of a draft as registers fill it now, with what is missing and what stands in the way. */
  form(id: string, how: Omit<HowDone, 'key'>): Promise<CaseForm>;
  /** Those that the actor may see, of who applies the newest first; on record before they are given. */
  list(
    show: 'todo' | 'open' | 'closed',
    page: { readonly after?: string; readonly limit: number; readonly newestFirst?: boolean },
    how: Omit<HowDone, 'key'>,
  ): Promise<{ readonly cases: readonly OpenedCase[]; readonly next?: string }>;
  /** What waits for the actor's authority, item by item, what runs out first in front; on record before it is given. */
  inbox(
    query: WaitingQuery,
    how: Omit<HowDone, 'key'>,
  ): Promise<{ readonly lines: readonly WaitingLine[]; readonly next?: string; readonly counts: WaitingCounts }>;
  /** How cases stand and how long they take, as far as it concerns the actor's authority; on record first. */
  overview(months: number, how: Omit<HowDone, 'key'>): Promise<Overview>;
  /** For everybody: how cases were rated, by bundle; nothing where so few did that somebody could be told by it. */
  ratings(months: number): Promise<ReadonlyMap<string, PublicRatings>>;
  /** Only how many: nothing of any case is told. */
  waiting(authority: string): Promise<WaitingCounts>;
  /** What happened, without what was written. */
  events(
    id: string,
    after: number,
    how: Omit<HowDone, 'key'>,
  ): Promise<readonly (StoredEvent & { readonly number: number })[]>;
  /** What it needs in papers, and how each stands: of an authority what its items take. On record first. */
  materials(id: string, how: Omit<HowDone, 'key'>): Promise<readonly MaterialLine[]>;
  /**
   * One of them, on record before it is given.
   * @throws YitongError `not_found` where there is nothing to open, or it is not the actor's to see; `store_damaged`
   */
  openMaterial(id: string, material: string, how: Omit<HowDone, 'key'>): Promise<OpenedMaterial>;
  /**
   * Uploads one; again with the same bytes nothing is changed. A draft has to be signed again.
   * @param read gives its bytes, and is called once it is clear that they are wanted
   * @throws YitongError `not_found`, `act_refused`, `ticket_moved`, and what `inspectFile` throws
   */
  putMaterial(id: string, material: string, read: () => Promise<Buffer>, how: HowDone): Promise<MaterialLine>;
  /**
   * Hands a draft to a person of the department that leads, with what was said so far; on record first. A call that
   * is there already gives way to the new one.
   * @throws YitongError `not_found`; `act_refused` where it is no draft any more
   */
  callPerson(id: string, says: string, how: Omit<HowDone, 'key'>): Promise<Call>;
  /** Of an own case, with the reply where there is one. */
  call(id: string, how: Omit<HowDone, 'key'>): Promise<Call | undefined>;
  /** Those that wait for the actor's authority; on record before they are given. */
  calls(how: Omit<HowDone, 'key'>): Promise<readonly Call[]>;
  /** @throws YitongError `not_found`; `act_incomplete` without words; `ticket_moved` */
  answerCall(
    id: string,
    answer: { readonly says: string; readonly seen: number },
    how: Omit<HowDone, 'key'>,
  ): Promise<void>;
  /** To who applies, newest first. */
  messages(how: Omit<HowDone, 'key'>, limit?: number): Promise<readonly CaseMessage[]>;
}

export interface CasesOptions extends Bundles {
  readonly state: State;
  readonly keys: SealingKeys;
  readonly calendar: Calendar;
  /** ms since 1970 */
  readonly now: () => number;
  /** What registers say, of whoever applies. */
  readonly registers: ReadRegisters;
  readonly drivers: StepDrivers;
  /** Where uploads stand; undefined: nothing is uploaded. */
  readonly blobs?: Blobs;
  /** Whether a case is submitted only with the uploads that it needs; default false. */
  readonly requiresUploads?: boolean;
  /** By which papers say what codes mean; default: they show the codes. */
  readonly codelists?: Workspace['codelists'];
  /** Whether such an item of a bundle may be done in that region; default: none may. */
  readonly mayGo?: (region: string, bundle: string, item: string) => boolean;
  /** What goes to an authority's topic; undefined: nothing is published. */
  readonly publish?: PublishStep;
}
