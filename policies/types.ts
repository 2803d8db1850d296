/** Clients, grants, purposes and decisions. Pure data. */
import type { AuthorityId, ClientId, DatasetId, FieldPath, GrantId, PurposeId } from '../contracts/ids.js';
import type { Classification, Delivery, Localised } from '../contracts/types.js';

export type Binding =
  | { readonly kind: 'spiffe'; readonly uri: string }
  | { readonly kind: 'subject'; readonly issuer: string; readonly subject: string }
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  | { readonly kind: 'key'; readonly sha256: string };

interface Webhook {
  /** `https:`, without a user. */
  readonly url: string;
  /** Absolute path of a PEM file: by whom its certificate is vouched for. Absent: by those whom Node.js knows. */
  readonly ca?: string;
}

/** `policies/clients/<client>.json` */
export interface Client {
  readonly id: ClientId;
  readonly authority: AuthorityId;
  readonly name: Localised;
  readonly binding: Binding;
  readonly status: 'active' | 'suspended';
  /** Requests a minute; default from the configuration. */
  readonly rate?: number;
  /** Of the gateway of another region: which. Only a certificate under that region's own root is it. */
  readonly region?: string;
  /** Where changes are sent that it subscribes to; never another place, whatever it asks for. */
  readonly webhook?: Webhook;
  /** Its own topic on the bus of the gateway, to which changes are written; never another one. */
  readonly topic?: string;
}

export interface Purpose {
  readonly id: PurposeId;
  readonly name: Localised;
  readonly legalBasis: readonly string[];
}

export type ReleaseAs = 'value' | 'match' | 'exists' | 'count' | 'band' | 'masked';

export interface GrantField {
  readonly path: FieldPath;
  readonly as: ReleaseAs;
  /** With `band`, and only with it: ascending, as `bands.ts` reads them. */
  readonly bands?: readonly string[];
}

export type RowPredicate =
  | { readonly kind: 'all' }
  /** The field's value starts with one of these area codes. */
  | { readonly kind: 'area'; readonly field: FieldPath; readonly areas: readonly string[] }
  | { readonly kind: 'subjects'; readonly subjects: readonly string[] };

/** `policies/grants/<grant>.json`: an approved sharing application (政务数据共享条例 Art.20–22). */
export interface Grant {
  readonly id: GrantId;
  readonly client: ClientId;
  readonly dataset: DatasetId;
  readonly fields: readonly GrantField[];
  readonly rows: RowPredicate;
  readonly purposes: readonly PurposeId[];
  readonly delivery: readonly Delivery[];
  /** Subjects in one batch; absent or 0: none, whatever `delivery` says. */
  readonly batchLimit?: number;
  /** Calls in one day of Shanghai, over all replicas; absent: as many as come. */
  readonly callsADay?: number;
  /** Of the delivery `subscription`: only that something changed is told, under a pseudonym, and no field. */
  readonly signals?: true;
  /** ISO dates, Asia/Shanghai, both inclusive. */
  readonly from: string;
  readonly until: string;
  readonly legalBasis: readonly string[];
  /** Parts of `case` that a request must state. */
  readonly requires: readonly ('item' | 'caseId' | 'actor')[];
  readonly subjectNotice: {
    readonly mode: 'immediate' | 'delayed' | 'withheld';
    readonly legalBasis?: string;
    readonly delay?: string;
  };
  readonly status: 'active' | 'suspended';
}

/** A granted leaf, or a branch of which only `exists` or `count` is told. */
export type ReleasedField = GrantField;

/** Why a dataset is denied or a field withheld. Codes are stable and documented in docs/errors.md. */
export type ReasonCode =
  // no grant in force covers this client, purpose, dataset and delivery; said alike for what does not exist
  | 'not_granted'
  | 'grant_expired' // the client's own grant of exactly this has ended
  | 'grant_not_begun'
  | 'grant_suspended'
  | 'policy' // a policy forbids, or none permits
  | 'field_not_granted'
  | 'field_not_permitted'
  | 'case_required'
  | 'batch_limit' // more subjects in one batch than the grant allows
  | 'not_released_as_value'
  | 'error'; // evaluation failed, so deny

export interface Reason {
  readonly code: ReasonCode;
  /** Ids of the policies that decided. */
  readonly policies?: readonly string[];
  readonly field?: FieldPath;
  /** The dataset's classification that was refused. */
  readonly classification?: Classification;
}

/** What the decision reads. The caller gives the time; a decision has no clock of its own. */
export interface DecisionInput {
  readonly client: Client;
  readonly purpose: string;
  readonly dataset: string;
  /** Undefined: all granted fields. */
  readonly fields?: readonly string[];
  readonly delivery: Delivery;
  /** Of a batch: how many subjects are asked about; default 1. */
  readonly subjects?: number;
  readonly case?: { readonly item?: string; readonly caseId?: string; readonly actor?: string };
  /** ms since 1970 */
  readonly now: number;
}

export interface Decision {
  readonly effect: 'allow' | 'deny';
  readonly grant?: GrantId;
  readonly rows: RowPredicate;
  /** Of the grant, where it has a volume. */
  readonly callsADay?: number;
  /** Of a subscription: only signals may leave. */
  readonly signals?: true;
  /** Granted ∩ permitted ∩ asked. */
  readonly fields: readonly ReleasedField[];
  /** Asked for, or granted, but not released, with the reason. */
  readonly withheld: readonly { readonly field: string; readonly reason: ReasonCode }[];
  readonly reasons: readonly Reason[];
  readonly errors: readonly string[];
  /** ms since 1970: the decision may be kept until here (the end of the grant, or the beginning of a later one). */
  readonly validUntil: number;
}

interface AnchorBase {
  readonly id: string;
  /** Absolute path of a PEM file: the root, and the intermediates whose revocation lists are checked. */
  readonly ca: string;
  /** The authorities whose clients this anchor may name. */
  readonly authorities: '*' | readonly AuthorityId[];
  /** Milliseconds after a list's nextUpdate in which it still counts. */
  readonly crlGrace: number;
}

/** One of the two: whoever has no list says so. */
export type AnchorLists =
  | { /** Absolute path of a PEM file of one or more CRLs. */ readonly crl: string; readonly noCrlBecause?: undefined }
  | { readonly crl?: undefined /** In words, why this anchor revokes by no list. */; readonly noCrlBecause: string };

export type AnchorDeclaration = AnchorBase & AnchorLists;

/** `policies/anchors/<anchor>.json`: a certificate authority whose client certificates are let in. */
export type Anchor = AnchorDeclaration & { readonly name: Localised };

/** What an installation says of itself: `yitong region export`. */
export interface RegionOffer {
  readonly format: 'yitong-region/1';
  readonly region: string;
  readonly name: Localised;
  /** PEM: the roots under which its gateway's certificates are. */
  readonly ca: string;
  /** Of its gateway's client certificate. */
  readonly spiffe: string;
  /** Where it is asked, `https://host:port`; the first that answers. */
  readonly api: readonly string[];
  readonly log: { readonly vkey: string; readonly replicas: readonly string[]; readonly witnesses: readonly string[] };
  readonly purposes: readonly string[];
  readonly datasets: readonly string[];
  /** What its authorities are called; absent of files of before. */
  readonly authorities?: Readonly<Record<string, Localised>>;
  /** base64(key id ‖ signature) of the log's key over the rest. */
  readonly signature: string;
}

/** Who may ask a region, for what: `asks` of its file. */
export interface Ask {
  readonly clients: readonly string[];
  readonly purposes: readonly string[];
  readonly datasets: readonly string[];
  readonly delivery: readonly ('query' | 'verify')[];
  /** ISO dates, Asia/Shanghai, both inclusive. */
  readonly from: string;
  readonly until: string;
  readonly legalBasis: readonly string[];
}

/** Which items of which bundles may be done over there for cases here (`out`), or here for cases over there (`in`). */
export interface CaseAccord {
  readonly way: 'out' | 'in';
  readonly bundles: readonly string[];
  readonly items: readonly string[];
  /** ISO dates, Asia/Shanghai, both inclusive. */
  readonly from: string;
  readonly until: string;
  readonly legalBasis: readonly string[];
}

/** `policies/regions/<region>.json`, without whose client it is. */
export interface Region {
  readonly id: string;
  readonly status: 'active' | 'suspended';
  readonly asks: readonly Ask[];
  readonly cases: readonly CaseAccord[];
  readonly offer: RegionOffer;
}

/** One Cedar policy of `policies/rules/<topic>/policy.cedar`. */
export interface Rule {
  /** `<topic>/<@id or number from 1>` */
  readonly id: string;
  readonly topic: string;
  readonly text: string;
  readonly effect: 'permit' | 'forbid';
  readonly file: string;
  readonly line: number;
}

/** A `cases.json` beside a topic's policies; checked by `cases.ts`. */
export interface CaseFile {
  readonly topic: string;
  readonly file: string;
  readonly cases: readonly unknown[];
}

/** All that decisions are made from, checked against the workspace. */
export interface PolicySet {
  /** SHA-256 of all content, hex. */
  readonly version: string;
  readonly purposes: ReadonlyMap<PurposeId, Purpose>;
  readonly clients: ReadonlyMap<ClientId, Client>;
  readonly grants: ReadonlyMap<GrantId, Grant>;
  readonly anchors: readonly Anchor[];
  readonly regions: ReadonlyMap<string, Region>;
  readonly rules: readonly Rule[];
  readonly cases: readonly CaseFile[];
}

/** Decides; never throws, never waits. */
export interface Decider {
  /** Version of the policies that it decides by. */
  readonly version: string;
  decide(input: DecisionInput): Decision;
}
