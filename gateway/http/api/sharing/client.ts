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
});
