/** What a definition says of a report: kinds, terms, layouts of registers, domains. `reports.ts` loads them. */

import type { Place } from './errors.js';
import type { Authority, Contract, DisplayTerm, FieldInfo, Localised } from './types.js';

/**
 * What a report tells of, and the kind by which contracts call it: what administrative organs hold. What a court holds
 * is of none of these kinds.
 */
export const KIND_OF_CONTRACT = { penalty: 'penalty', measure: 'enforcement', dishonesty: 'dishonesty' } as const;
export type ReportKind = keyof typeof KIND_OF_CONTRACT;
export const REPORT_KINDS = Object.keys(KIND_OF_CONTRACT) as readonly ReportKind[];

/** How long a record may be told from the day on which its conduct or event ended; no `years`: no end is set. */
export interface TermRule {
  readonly years?: number;
  readonly basis: readonly string[];
}

/** A record of which `field` has a value, and none but these. */
export interface Exclusion {
  readonly field: string;
  readonly values: readonly string[];
  readonly basis: readonly string[];
}

export interface FactDefinition {
  readonly field: FieldInfo;
  readonly title: Localised;
}

/** How a register's records are read: fields, and the rules over them. */
export interface RecordLayout {
  readonly kind: ReportKind;
  /** Whose value says the domain; undefined: a record stands in each domain of its dataset. */
  readonly domain?: string;
  /** The day on which an event began, where it lasts. */
  readonly began?: string;
  /** The day on which conduct or event ended, from which the term counts; no value: it goes on. */
  readonly ended: string;
  readonly term: TermRule;
  /** A record is repaired where `field` has one of these. */
  readonly repaired?: { readonly field: string; readonly values: readonly string[] };
  /** Records that the report leaves out whatever their term is: each value of `field` is one of these. */
  readonly excludes: readonly Exclusion[];
  /** The last day of public display (公示); undefined: displayed while it goes on. */
  readonly displayUntil?: string;
  /**
   * Which tier of display a record is of, and the day from which that counts: its longest term ends the display,
   * whatever `displayUntil` says.
   */
  readonly display?: { readonly tier: string; readonly from: string; readonly terms: ReadonlyMap<string, DisplayTerm> };
  /** False: no law displays what is of this kind, so it never is. */
  readonly displayed?: false;
  readonly facts: readonly FactDefinition[];
}

export interface ReportDataset {
  readonly contract: Contract;
  readonly authority: Authority;
  readonly layout: RecordLayout;
}

export interface DomainDefinition {
  readonly id: string;
  readonly title: Localised;
  /** As the registers write it in their field `domain`. */
  readonly value: string;
  /** Indexes into `datasets`; never empty. */
  readonly datasets: readonly number[];
}

/** One way in which a company's register names other companies. */
export interface RelationDefinition {
  readonly relation: 'parent' | 'branch' | 'subsidiary' | 'shareholder';
  /** A record or a list of records. */
  readonly in: string;
  readonly subject: string;
  readonly name: string;
  /** Only where the share in per cent is above. */
  readonly share?: { readonly field: string; readonly above: number };
}

export interface RegisterDefinition {
  readonly contract: Contract;
  readonly name: string;
  readonly relations: readonly RelationDefinition[];
  /** All paths that are read. */
  readonly fields: readonly string[];
}

export interface ReportDefinition {
  /** The folder's name. */
  readonly id: string;
  /** SHA-256 (base64url) over the canonical JSON of the file. */
  readonly digest: string;
  readonly title: Localised;
  readonly issuer: Authority;
  /** The client and purpose under which its registers are asked. */
  readonly client: string;
  readonly purpose: string;
  /** Key scheme of its subjects. */
  readonly scheme: string;
  /** What a company may state as its purpose. */
  readonly purposes: ReadonlyMap<string, Localised>;
  readonly kinds: ReadonlyMap<ReportKind, { readonly title: Localised; readonly term: TermRule }>;
  readonly domains: readonly DomainDefinition[];
  readonly datasets: readonly ReportDataset[];
  readonly register: RegisterDefinition;
  readonly maxSubjects: number;
  /** How somebody who only holds the code is shown whom it is about. */
  readonly shown: Shown;
  /** ms for which an issued report is kept. */
  readonly retention: number;
  readonly notes: readonly Localised[];
  /** Shown at the end of a PDF of it; undefined: none is. */
  readonly seal?: SealDefinition;
  readonly place: Place;
}

/** A picture, and what it is: its alternative text, and the line below it. */
export interface SealDefinition {
  /** PNG of 8 bits a channel, not interlaced, without transparency: as a PDF holds it. */
  readonly image: Uint8Array;
  readonly words: Localised;
}

/** In full, or so much of it that a holder recognises it. */
export interface Shown {
  readonly name: 'value' | 'masked';
  readonly subject: 'value' | 'masked';
}
