/**
 * The one model of an issued report (专用信用报告 and its like). Computed once; PDF, SD-JWT VC and JSON are three ways to
 * write it down, and a test holds their contents equal. It has no method and no date object: what is here is what is
 * signed.
 */
import type { Localised } from '../../../contracts/localised.js';

/** Days are `YYYY-MM-DD` in Asia/Shanghai, moments are ISO 8601 in UTC. */
export type Day = string;
export type Moment = string;

export interface ReportModel {
  readonly format: 'yitong-report/1';
  /** Id of the definition, its folder's name, and the SHA-256 (base64url) of the definition as it was. */
  readonly report: string;
  readonly definition: string;
  readonly title: Localised;
  /** Whose service issues it: an authority's name. */
  readonly issuer: Localised;
  /** True where all data are invented; said on every page. */
  readonly synthetic: boolean;
  readonly issuedAt: Moment;
  /**
   * The state of the registers that it was computed from: its moment, and the SHA-256 (base64url) over the canonical
   * JSON of the bus offsets.
   */
  readonly cut: { readonly time: Moment; readonly digest: string };
  /** Conduct and events of these days, both included. */
  readonly range: { readonly from: Day; readonly to: Day };
  readonly purpose: { readonly id: string; readonly name: Localised };
  /** Who presents it, as the company named them. */
  readonly bearer: string;
  readonly subjects: readonly ReportSubject[];
  readonly domains: readonly ReportDomain[];
  /** Companies that were asked for and are not in it, since they have not authorised it; absent where there is none. */
  readonly leftOut?: readonly LeftOut[];
  /** One a subject and domain, subjects outside, both in their order: `sections[s * domains.length + d]`. */
  readonly sections: readonly ReportSection[];
  /** What a reader should know of the whole: stand-in lists, characters outside the font. */
  readonly notes: readonly Localised[];
}

export interface ReportSubject {
  /** `uscc:9131…` */
  readonly subject: string;
  readonly name: string;
  /** Why it is in the group; `self` of the one that asks. Branches share their company's authorisation. */
  readonly relation: 'self' | 'parent' | 'subsidiary' | 'branch' | 'shareholder' | 'named';
  /** Index of the company a branch belongs to. */
  readonly of?: number;
}

/** Nothing of it was read but its entry in the register of companies. */
export type LeftOut = Omit<ReportSubject, 'of'>;

export interface ReportDomain {
  readonly id: string;
  readonly title: Localised;
}

/**
 * - `none`: none on record; only said where each dataset of the domain is current.
 * - `records`: that many on record, each dataset current.
 * - `at_least`: records of a domain of which a dataset is not current: at least these, as of `asOf`.
 * - `not_answered`: no record is known and a dataset is not current, was never loaded or is denied.
 */
export type SectionState = 'none' | 'records' | 'at_least' | 'not_answered';

export interface ReportSection {
  /** Indexes into `subjects` and `domains`. */
  readonly subject: number;
  readonly domain: number;
  readonly state: SectionState;
  readonly records: readonly ReportRecord[];
  /** Of `at_least` and `not_answered`: who did not answer, and since when; no moment where it never did. */
  readonly missing: readonly { readonly authority: string; readonly name: Localised; readonly since?: Moment }[];
  /** The oldest source time among its datasets; absent where none was ever loaded. */
  readonly asOf?: Moment;
  /**
   * `objection`: the company says that something is missing here, and that is under way (上海市社会信用条例 Art.36); absent
   * where it does not.
   */
  readonly marks?: readonly 'objection'[];
  /**
   * SHA-256 (base64url) over 16 random bytes of `salt` and the canonical JSON of the section without these two members.
   */
  readonly salt: string;
  readonly digest: string;
}

/** What is told of a report whichever way it is shown, without what names its sections. */
export type ReportContents = Pick<
  ReportModel,
  'subjects' | 'leftOut' | 'domains' | 'notes' | 'range' | 'purpose' | 'bearer'
> & { readonly sections: readonly Omit<ReportSection, 'salt' | 'digest'>[] };

export type RecordKind = 'penalty' | 'measure' | 'dishonesty';

/**
 * `objection`: the company objects to it (上海市社会信用条例 Art.36); `correction`: a department that uses it has asked for
 * its correction (政务数据共享条例 Art.26(2)). Both are under way.
 */
export type RecordMark = 'objection' | 'correction';

export interface ReportRecord {
  readonly kind: RecordKind;
  /** `<authority>.<dataset>` and the authority's name. */
  readonly dataset: string;
  /** What the dataset is called; absent in reports of earlier versions. */
  readonly register?: Localised;
  readonly authority: Localised;
  /** In the definition's order; values are text as a person reads it. */
  readonly facts: readonly { readonly field: string; readonly title: Localised; readonly value: string | Localised }[];
  /**
   * The day from which its term counts, and the last day on which it may be reported; none where the law sets no end.
   */
  readonly endedOn?: Day;
  readonly reportableUntil?: Day;
  /** 公示: shown to the public as well, which is another question than whether it may be reported. */
  readonly displayed: boolean;
  readonly marks: readonly RecordMark[];
  /** Partition and offset of the version on the dataset's topic. */
  readonly version: string;
}
