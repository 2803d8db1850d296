/** The part of the TypeScript client: matters of sharing. */
import { at, type CallOptions, queryOf, type Wire } from '../../../../contracts/client.js';

export interface MattersQuestion {
  /** `todo` (default): those on which your authority may act now. */
  readonly tray?: 'todo' | 'open' | 'over';
  readonly machine?: string;
  /** What it concerns: `dataset/tax.tax-arrears`, `grant/a-…-0-0`. */
  readonly about?: string;
  /** Of the officer for whom your system asks. */
  readonly role?: string;
  /** Matters in the answer, at most 200; default 50. */
  readonly limit?: number;
  /** `next` of an earlier answer. */
  readonly after?: string;
}

export interface MatterOfSharing {
  readonly id: string;
  readonly machine: string;
  /** True once nothing more is done on it. */
  readonly over: boolean;
  readonly openedAt: string;
  readonly at: string;
  readonly about: readonly string[];
  readonly parts: readonly {
    /** Of an application the dataset. */
    readonly part: string;
    readonly state: string;
    readonly variant: string;
    readonly sides: Readonly<Record<string, string>>;
    readonly clocks: readonly {
      readonly clock: string;
      readonly party: string;
      readonly due: string;
      readonly provisional: boolean;
      readonly left: number;
      readonly over: boolean;
      readonly stoppedAt?: string;
      readonly asked?: number;
    }[];
  }[];
  readonly parties: readonly string[];
  /** Of these: as which the officer stands in for a head. */
  readonly deputed: readonly string[];
  /** What your authority may do now. */
  readonly acts: readonly {
    readonly act: string;
    readonly party: string;
    readonly parts: readonly string[];
    /** True: it names one of these parts. */
    readonly each: boolean;
    readonly clock?: string;
    readonly requires: readonly string[];
    readonly optional: readonly string[];
    readonly content?: string;
  }[];
  /** The newest: `application`, `reply/<dataset>`. */
  readonly contents: Readonly<Record<string, unknown>>;
  readonly steps: readonly {
    readonly at: string;
    readonly act: string;
    readonly party: string;
    readonly part?: string;
    readonly clock?: string;
    readonly days?: number;
    /** Done by a deputy, for a head who was away. */
    readonly deputy?: boolean;
    readonly fields: Readonly<Record<string, string>>;
    /** Of its entry in the log. */
    readonly receipt: string;
  }[];
}

export interface MattersAnswer {
  readonly matters: readonly MatterOfSharing[];
  readonly next?: string;
}

export interface MatterOfficer {
  /** Of your own; it stands in the log under a key. */
  readonly id: string;
  /** As which the officer acted in your system, which answers for that. */
  readonly role:
    | 'sharing-officer'
    | 'sharing-head'
    | 'department-head'
    | 'sharing-authority'
    | 'superior-authority'
    | 'government';
}

interface Acting {
  readonly act: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly content?: unknown;
  /** Who acted in your system; absent: the system itself, as an officer. */
  readonly officer?: MatterOfficer;
  /** Your own, the same when you send the same act again: it is done once. */
  readonly key?: string;
}

export interface OpenMatterBody extends Acting {
  readonly machine: string;
  /** Of a correction: whom the record is about, `uscc:…`. */
  readonly subject?: string;
}

export interface MatterActBody extends Acting {
  /** Of an act for one part, a dataset. */
  readonly part?: string;
  /** Of `extend` and `consent`. */
  readonly clock?: string;
  readonly days?: number;
}

export interface StandingBody {
  readonly reason: string;
  /** With the role `sharing-head`. */
  readonly officer?: MatterOfficer;
}

export interface StandingAnswer {
  readonly consents: readonly { readonly dataset: string; readonly at: string; readonly reason: string }[];
}

export interface StatisticsQuestion {
  /** `2026`, `2026-Q3` or `2026-09`; default: the quarter that it is. */
  readonly period?: string;
  /** A day, with `to`, and without `period`. */
  readonly from?: string;
  readonly to?: string;
  /** `sharing-authority`: of the whole level that your authority looks after. */
  readonly role?: string;
}

export interface SharingTerm {
  /** Done within the period. */
  readonly inTime: number;
  readonly late: number;
  /** Not done at its end, and of these with a term that is over. */
  readonly waiting: number;
  readonly overdue: number;
  /** Working days of what was done. */
  readonly mean?: number;
  readonly median?: number;
  readonly p90?: number;
}

export interface SharingFigures {
  /** By kind of matter. */
  readonly machines: Readonly<
    Record<
      string,
      {
        readonly came: number;
        readonly open: number;
        readonly states: Readonly<Record<string, number>>;
        readonly acts: Readonly<Record<string, number>>;
      }
    >
  >;
  readonly terms: {
    readonly answers: SharingTerm;
    readonly answersUnconditional: SharingTerm;
    readonly answersConditional: SharingTerm;
    readonly supplies: SharingTerm;
    readonly corrections: SharingTerm;
    readonly updates: SharingTerm;
    readonly reviews: SharingTerm;
  };
  readonly grounds: Readonly<Record<string, number>>;
}

export interface StatisticsAnswer {
  readonly from: string;
  readonly to: string;
  readonly authority: string;
  /** True: of all matters that the authority looks after. */
  readonly level: boolean;
  readonly until: string;
  readonly total: SharingFigures;
  readonly departments: readonly {
    readonly authority: string;
    readonly provides: SharingFigures;
    readonly requests: SharingFigures;
    readonly datasets: readonly {
      readonly dataset: string;
      readonly measured: number;
      readonly fresh: number;
      readonly completeness?: number;
      readonly validity?: number;
      readonly accepted?: number;
      readonly perThousand?: number;
      readonly worries: readonly ('completeness' | 'validity' | 'freshness' | 'accepted' | 'perThousand')[];
    }[];
    readonly use: {
      readonly grants: number;
      readonly recorded: number;
      readonly calls: number;
      readonly denied: number;
    };
  }[];
  readonly standing: number;
}

export interface UseRecord {
  readonly scenario: string;
  readonly effect: string;
  readonly storage: string;
  readonly destruction: string;
  readonly status: 'in-use' | 'stored' | 'destroyed';
}

export interface GrantUse {
  readonly grant: string;
  readonly client: string;
  readonly dataset: string;
  /** The application that it came of. */
  readonly matter?: string;
  readonly sides: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly until?: string;
  /** Nothing is given under it any more. */
  readonly over: boolean;
  readonly records: number;
  /** Data are given under it, and nobody has recorded what becomes of them. */
  readonly lacking: boolean;
  readonly status?: UseRecord['status'];
  readonly at?: string;
}

export interface UseRecordsAnswer {
  readonly grant: string;
  /** The newest last. */
  readonly records: readonly (UseRecord & { readonly at: string; readonly receipt: string })[];
}

export interface CorrectionsTold {
  readonly told: readonly {
    readonly matter: string;
    readonly dataset: string;
    /** The system that had the record. */
    readonly client: string;
    readonly at: string;
    /** Of the answers by which it had it. */
    readonly receipts: readonly string[];
  }[];
  readonly next?: string;
}

export interface HandOverBody {
  /** The head. */
  readonly officer: MatterOfficer;
  readonly role: 'sharing-head' | 'department-head';
  readonly deputy: { readonly id: string; readonly name: string };
  /** Of the head. */
  readonly name: string;
  readonly from: string;
  /** The last day. */
  readonly until: string;
  readonly reason: string;
}

export interface DeputiesAnswer {
  readonly deputies: readonly {
    readonly id: string;
    readonly role: string;
    readonly of: string;
    readonly deputy: string;
    readonly from: string;
    readonly until: string;
    readonly reason: string;
    readonly receipt: string;
    readonly inForce: boolean;
    readonly endedAt?: string;
  }[];
}

export interface MatterAttachment {
  readonly id: string;
  /** `application`, `reply/<dataset>` */
  readonly to: string;
  readonly kind: string;
  /** By its content. */
  readonly type: string;
  readonly size: number;
  /** SHA-256, base64url, of its bytes. */
  readonly digest: string;
  readonly party: string;
  readonly authority: string;
  readonly at: string;
  readonly receipt: string;
}

export interface AttachmentsAnswer {
  readonly attachments: readonly MatterAttachment[];
  /** To what your authority may attach now. */
  readonly places: readonly string[];
}

export interface AttachmentPlace {
  /** Absent: the one place that there is, or the application. */
  readonly to?: string;
  readonly kind: 'basis' | 'necessity' | 'security' | 'reply' | 'evidence' | 'other';
}

export interface SharingMethods {
  /** Matters of sharing of which the client's authority is a party. */
  matters(question?: MattersQuestion, options?: CallOptions): Promise<MattersAnswer>;
  /** @throws GatewayError `not_found` */
  matter(id: string, options?: CallOptions): Promise<MatterOfSharing>;
  /** Opens one: the draft of an application. @throws GatewayError `act_refused`, `act_incomplete` */
  openMatter(body: OpenMatterBody, options?: CallOptions): Promise<MatterOfSharing>;
  /** Does one of a matter's `acts`. @throws GatewayError `act_refused`, `act_incomplete`, `matter_moved` */
  actOnMatter(id: string, body: MatterActBody, options?: CallOptions): Promise<MatterOfSharing>;
  /** Datasets of which the provider has agreed once for all. */
  standingConsents(options?: CallOptions): Promise<StandingAnswer>;
  /** Agrees once for all to applications for an unconditional dataset. @throws GatewayError `act_refused` */
  consentStanding(dataset: string, body: StandingBody, options?: CallOptions): Promise<StandingAnswer>;
  /** @throws GatewayError `act_refused` */
  withdrawStanding(dataset: string, body: StandingBody, options?: CallOptions): Promise<StandingAnswer>;
  /** Figures of sharing over a period. @throws GatewayError `act_refused` */
  sharingStatistics(question?: StatisticsQuestion, options?: CallOptions): Promise<StatisticsAnswer>;
  /** What was approved, as a signed PDF. @throws GatewayError `not_found`, `report_revoked` */
  sharingDocument(id: string, options?: CallOptions): Promise<Buffer>;
  /** Grants of your authority, and what is recorded of their use. */
  useRecords(
    question?: { readonly lacking?: 'true'; readonly role?: string },
    options?: CallOptions,
  ): Promise<{ readonly grants: readonly GrantUse[] }>;
  /** @throws GatewayError `not_found` */
  useRecordsOf(grant: string, options?: CallOptions): Promise<UseRecordsAnswer>;
  /** @throws GatewayError `not_found`, `act_refused`, `act_incomplete` */
  recordUse(
    grant: string,
    body: UseRecord & { readonly officer?: MatterOfficer },
    options?: CallOptions,
  ): Promise<UseRecordsAnswer>;
  /** Corrections of which systems were told that had the record. @throws GatewayError `not_found` */
  correctionsTold(
    question?: { readonly matter?: string; readonly after?: string },
    options?: CallOptions,
  ): Promise<CorrectionsTold>;
  deputies(options?: CallOptions): Promise<DeputiesAnswer>;
  /** Hands the acts of a head to a deputy. @throws GatewayError `act_refused`, `act_incomplete`, `matter_moved` */
  handOver(body: HandOverBody, options?: CallOptions): Promise<DeputiesAnswer>;
  /** @throws GatewayError `not_found`, `act_refused`, `matter_moved` */
  takeBack(id: string, body: { readonly officer: MatterOfficer }, options?: CallOptions): Promise<DeputiesAnswer>;
  attachments(id: string, options?: CallOptions): Promise<AttachmentsAnswer>;
  /** @throws GatewayError `not_found` */
  attachment(id: string, file: string, options?: CallOptions): Promise<Buffer>;
  /**
   * @throws GatewayError `act_refused`, `attachment_type`, `file_too_large`, `file_damaged`, `file_active`,
   * `file_encrypted`, `image_too_large`, `too_many_files`, `matter_moved`
   */
  attach(id: string, place: AttachmentPlace, file: Uint8Array, options?: CallOptions): Promise<MatterAttachment>;
  /** @throws GatewayError `not_found`, `act_refused`, `matter_moved` */
  detach(id: string, file: string, options?: CallOptions): Promise<AttachmentsAnswer>;
}

const standing = (dataset: string): string => at('v1', 'sharing', 'standing-consents', dataset);

export const sharingMethods = (wire: Wire): SharingMethods => ({
  matters: (question = {}, call) => wire.get(`/v1/sharing${queryOf({ ...question })}`, call),
  matter: (id, call) => wire.get(at('v1', 'sharing', id), call),
  openMatter: (body, call) => wire.ask({ method: 'POST', path: '/v1/sharing', body }, call),
  actOnMatter: (id, body, call) => wire.ask({ method: 'POST', path: at('v1', 'sharing', id), body }, call),
  standingConsents: (call) => wire.get('/v1/sharing/standing-consents', call),
  consentStanding: (dataset, body, call) => wire.ask({ method: 'PUT', path: standing(dataset), body }, call),
  withdrawStanding: (dataset, body, call) => wire.ask({ method: 'DELETE', path: standing(dataset), body }, call),
  sharingStatistics: (question = {}, call) => wire.get(`/v1/sharing/statistics${queryOf({ ...question })}`, call),
  sharingDocument: (id, call) =>
    wire.bytes(
      { method: 'GET', path: at('v1', 'sharing', id, 'document'), headers: { accept: 'application/pdf' } },
      call,
    ),
  useRecords: (question = {}, call) => wire.get(`/v1/sharing/records${queryOf({ ...question })}`, call),
  useRecordsOf: (grant, call) => wire.get(at('v1', 'sharing', 'records', grant), call),
  recordUse: (grant, body, call) =>
    wire.ask({ method: 'POST', path: at('v1', 'sharing', 'records', grant), body }, call),
  correctionsTold: (question = {}, call) => wire.get(`/v1/sharing/receivers${queryOf({ ...question })}`, call),
  deputies: (call) => wire.get('/v1/sharing/deputies', call),
  handOver: (body, call) => wire.ask({ method: 'POST', path: '/v1/sharing/deputies', body }, call),
  takeBack: (id, body, call) => wire.ask({ method: 'DELETE', path: at('v1', 'sharing', 'deputies', id), body }, call),
  attachments: (id, call) => wire.get(at('v1', 'sharing', id, 'attachments'), call),
  attachment: (id, file, call) =>
    wire.bytes({ method: 'GET', path: at('v1', 'sharing', id, 'attachments', file) }, call),
  attach: (id, place, file, call) =>
    wire.ask(
      { method: 'POST', path: `${at('v1', 'sharing', id, 'attachments')}${queryOf({ ...place })}`, body: file },
      call,
    ),
  detach: (id, file, call) => wire.ask({ method: 'DELETE', path: at('v1', 'sharing', id, 'attachments', file) }, call),
});
