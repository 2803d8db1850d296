/** What services and pages get of reports: questions, answers, and the functions over them. `index.ts` opens it. */
import type { SubjectKey } from '../../../contracts/ids.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import type { StatedCase } from '../../answer/question/request.js';
import type { Receipt } from '../../log/entries/port.js';
import type { Day, Moment, ReportModel, SectionState } from '../model/model.js';
import type { StatusPlace } from '../model/status.js';
import type { Authorisation, Invitation } from './authorisation.js';
import type { ReportChanges } from './changes.js';
import type { Member } from './group.js';
import type { ReleasedReport } from './released-part.js';
import type { Issued, IssuedRow, Numbers, Outcome } from './store.js';

/** How somebody asks; what of it is personal goes under the key of the company that asks. */
export interface Asking {
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  /** The client through which it comes, or the role of a person: `subject`. */
  readonly by: string;
  /** The case as stated; a person's id as `actor`. */
  readonly stated?: StatedCase | undefined;
  /** Told how many subjects of how many are read. */
  readonly progress?: (done: number, of: number) => void;
}

export interface ReportRequest {
  readonly report: string;
  /** The company that asks. */
  readonly as: string;
  /** Who it is about; `group`: the company with all that the register ties to it. */
  readonly subjects: 'group' | readonly string[];
  /** Default: all of the report. */
  readonly domains?: readonly string[] | undefined;
  readonly from: Day;
  readonly to: Day;
  /** One of the report's purposes. */
  readonly purpose: string;
  /** Who is to be shown it, as the company names them. */
  readonly bearer: string;
  /**
   * Companies that have not authorised it are left out, and the report says so by name; default: then there is none.
   */
  readonly leaveOut?: boolean | undefined;
}

export interface Missing {
  /** Index into `members`. */
  readonly member: number;
  /** Whose authorisation it takes: of a branch, its company's. */
  readonly company: SubjectKey;
}

export interface Preview {
  readonly members: readonly Member[];
  readonly missing: readonly Missing[];
  /** As it would be issued now; undefined while an authorisation is missing and nobody is to be left out. */
  readonly model?: ReportModel;
  readonly receipt: Receipt;
}

export interface IssuedReport {
  readonly id: string;
  /** Given once, here; only its hash is kept. */
  readonly code: string;
  readonly document: string;
  readonly model: ReportModel;
  readonly keptUntil: Moment;
  readonly receipt: Receipt;
}

export interface AuthorisationRequest {
  readonly report: string;
  /** Who authorises, and who may then ask. */
  readonly from: string;
  readonly to: string;
  readonly domains?: readonly string[] | undefined;
  readonly purposes?: readonly string[] | undefined;
  readonly since: Day;
  readonly until: Day;
}

export interface Authorisations {
  readonly given: readonly Authorisation[];
  readonly received: readonly Authorisation[];
  /** Those that are not answered yet: of others to this company, and of this company to others. Newest first. */
  readonly invited: readonly Invitation[];
  readonly inviting: readonly Invitation[];
}

/** One company's standing, without its records. */
export interface StatesRequest {
  readonly report: string;
  readonly subject: string;
  readonly domains: readonly string[];
  readonly from: Day;
  readonly to: Day;
}

export interface States {
  /** Absent where the register does not have the company. */
  readonly name?: string;
  /** In the report's order. */
  readonly domains: readonly {
    readonly domain: string;
    readonly state: SectionState;
    readonly count?: number;
    readonly asOf?: Moment;
  }[];
}

export interface Verified {
  readonly outcome: Outcome;
  readonly issued?: Issued;
  /** Of `revoked`: then it is not compared with anything. */
  readonly revokedAt?: Moment;
  /** Undefined where the report's definition is gone, so that nothing can be compared. */
  readonly changes?: ReportChanges;
}

/** A report beside the registers that was told to nobody yet. */
export interface Look {
  readonly outcome: Outcome;
  readonly issued: Issued;
  /** Of `revoked` none: then it is not compared. */
  readonly changes: Pick<ReportChanges, 'at' | 'sections'>;
  /** Puts on record that this client is told. @throws YitongError `audit_unavailable`: then it may not be */
  tell(by: string): Promise<void>;
}

export interface Reports {
  readonly definitions: ReadonlyMap<string, ReportDefinition>;
  /** @throws YitongError `not_found`, `bad_subject`, `denied` */
  groupOf(report: string, subject: string, asking: Asking): Promise<readonly Member[]>;
  /** @throws YitongError `bad_request`, `not_found`, `denied`, `audit_unavailable` */
  preview(request: ReportRequest, asking: Asking): Promise<Preview>;
  /** @throws YitongError as `preview`, and `authorisation_missing` */
  issue(request: ReportRequest, asking: Asking): Promise<IssuedReport>;
  /** Of each domain how it stands, and how many records there are; no record. @throws YitongError as `preview` */
  states(request: StatesRequest, asking: Asking): Promise<States>;
  /** Of the company that asked for them, newest first. */
  listFor(subject: string, asking: Asking): Promise<readonly IssuedRow[]>;
  /**
   * An issued report, for the company that asked for it.
   * @throws YitongError `not_found` if there is none, or it is another's
   */
  find(id: string, subject: string, asking: Asking): Promise<Issued & { readonly revokedAt?: Moment }>;
  /**
   * What has changed since, for the company that asked for it: as `changes` for whoever has the code.
   * @throws YitongError `not_found`
   */
  changesOf(id: string, subject: string, asking: Asking): Promise<ReportChanges | undefined>;
  /** Whether the code is that of the report. */
  isCodeOf(id: string, code: string): Promise<boolean>;
  verifyCode(code: string, asking: Asking): Promise<Verified>;
  /**
   * An issued report beside the registers as they are now; for whoever has proved to hold its code. Undefined as
   * `changes`.
   */
  compare(id: string, asking: Asking): Promise<ReportChanges | undefined>;
  /**
   * Chosen domains of an issued report beside the registers as they are now, for whom its company releases them; what
   * was read is on record when this resolves. Undefined where the report is not kept any more. @throws YitongError
   * `report_revoked`, `audit_unavailable`
   */
  part(id: string, domains: readonly string[], asking: Asking): Promise<ReleasedReport | undefined>;
  /**
   * When a credential of a report ends, ms since 1970: when the report is no longer kept.
   * @throws YitongError `not_found`, `report_revoked`
   */
  credentialUntil(id: string): Promise<number>;
  /**
   * Where the status of a credential of it stands, before the credential leaves.
   * @throws YitongError `report_revoked`
   */
  remember(id: string, place: StatusPlace): Promise<void>;
  /**
   * For good, by the client that issued it; on record before it counts. What is revoked already is told again, so that
   * whoever was interrupted can go on.
   * @returns where the status of each of its credentials stands: those are for the caller to revoke
   * @throws YitongError `not_found`, `bad_request`, `audit_unavailable`
   */
  revoke(
    id: string,
    reason: string,
    asking: Asking,
  ): Promise<{ readonly revokedAt: Moment; readonly places: readonly StatusPlace[]; readonly receipt: Receipt }>;
  /** Puts on record that a credential was verified, and counts it. @param about what it said, where it was believed */
  presented(
    outcome: Outcome,
    asking: Asking,
    about?: { readonly report: string; readonly subject: string },
  ): Promise<Receipt>;
  /** Id of the report of a code. */
  idOfCode(code: string): Promise<string | undefined>;
  /** ms since 1970; undefined where there is no such report. */
  keptUntil(id: string): Promise<number | undefined>;
  /** As `compare`, without a record: for a watch that tells only what is new. */
  look(id: string, asking: Asking): Promise<Look | undefined>;
  /** Another number once a report was revoked. */
  revocations(): Promise<number>;
  numbers(): Promise<Numbers>;
  /** Undefined if there is no such report, or nothing to compare it with. */
  changes(code: string, asking: Asking): Promise<ReportChanges | undefined>;
  authorise(
    request: AuthorisationRequest,
    asking: Asking,
  ): Promise<{ readonly authorisation: Authorisation; readonly receipt: Receipt }>;
  /** Only by the company that gave it. @throws YitongError `not_found` */
  withdraw(id: string, from: string, asking: Asking): Promise<Receipt>;
  authorisationsOf(subject: string, asking: Asking): Promise<Authorisations>;
  /**
   * Asks each company whose authorisation the report lacks to give it: it finds that on its page. One that was asked
   * for the same and has not answered yet is not asked again.
   * @throws YitongError as `preview`
   */
  invite(request: ReportRequest, asking: Asking): Promise<readonly Invitation[]>;
  /** Whether the company has invitations to answer, or this one. Of them nothing is told. */
  isInvited(subject: string, id?: string): Promise<boolean>;
  /**
   * Only by the company that was asked; asking it again is possible only once that invitation is over.
   * @throws YitongError `not_found`
   */
  decline(id: string, from: string, asking: Asking): Promise<Receipt>;
  /**
   * Whether the one has authorised the other, now or later, or has withdrawn that and it is still kept. Nothing is told
   * of it.
   */
  hasAuthorised(report: string, from: string, to: string): Promise<boolean>;
  /** Removes what is past its time; done every hour by itself. @returns how many reports and authorisations */
  sweep(now: number): Promise<number>;
  close(): Promise<void>;
}
