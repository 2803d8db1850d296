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
  readonly role: 'sharing-officer' | 'sharing-head' | 'department-head' | 'sharing-authority';
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
});
