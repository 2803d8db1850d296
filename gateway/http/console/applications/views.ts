/** What the pages of applications are given: read models, apart from how an application is kept. */

import type { Localised } from '../../../../contracts/localised.js';
import type { Classification, Delivery, SharingAttribute } from '../../../../contracts/types.js';
import type { ReleaseAs } from '../../../../policies/types.js';
import type { TermReading } from '../../../procedures/cases/terms.js';
import type { Risk } from './risk.js';
import type { SampleLine } from './sample.js';

export interface Marked extends Localised {
  readonly css: 'ok' | 'warn' | 'bad' | 'none';
}

/** A term that runs, or ran. */
export interface ClockLine {
  readonly name: Localised;
  /** Of which dataset; undefined: of the whole. */
  readonly dataset?: Localised;
  /** 政务数据共享条例 Art. so and so; undefined: an internal term. */
  readonly basis?: Localised;
  readonly term: TermReading;
  readonly extended: boolean;
}

export interface TrayLine {
  readonly id: string;
  readonly machine: string;
  /** What of it is asked for. */
  readonly title: Localised;
  readonly from: Localised;
  readonly to: Localised;
  /** It is for the department of whoever looks. */
  readonly here: boolean;
  /** Of others than applications: what it concerns. */
  readonly purpose: Localised;
  /** Of applications. */
  readonly attribute?: SharingAttribute;
  readonly fields?: number;
  readonly state: Marked;
  /** What is to be done, of what waits. */
  readonly todo?: Localised;
  readonly risk?: Risk['level'];
  readonly term?: TermReading;
  /** ms since 1970 of the last step. */
  readonly since: number;
  /** The law lets it be answered together with others: `<application> <dataset>`; undefined: one by one. */
  readonly together?: string;
}

export interface FieldLine {
  readonly path: string;
  readonly title: Localised;
  readonly classification: Classification;
  readonly as: ReleaseAs;
  readonly reason: string;
  readonly answer?: { readonly yes: boolean; readonly reason?: string };
}

export interface AskedDataset {
  readonly id: string;
  readonly title: Localised;
  readonly provider: Localised;
  readonly attribute: SharingAttribute;
  readonly conditions?: { readonly scope: Localised; readonly use: Localised };
  readonly fields: readonly FieldLine[];
  readonly rows: Localised;
  readonly delivery: readonly Delivery[];
  /** In words. */
  readonly frequency: string;
  readonly callsADay: number;
  readonly from: string;
  readonly until: string;
  readonly state: Marked;
  readonly clock?: ClockLine;
  /** Of the provider and the authority only. */
  readonly risk?: Risk;
  /** Ids of the grant that came of it. */
  readonly grant?: string;
  /** Acts that are possible on this dataset now, for whoever looks. */
  readonly acts: readonly ActLine[];
}

export interface StepLine {
  readonly act: Localised;
  readonly who: Localised;
  /** ms since 1970 */
  readonly at: number;
  readonly says?: Localised;
  readonly receipt?: string;
}

/** What somebody may do now, as the machine declares it. */
export interface ActLine {
  readonly act: string;
  readonly title: Localised;
  /** The part that it is about; absent: the whole. */
  readonly part?: string;
  /** Of an extension or the consent to one. */
  readonly clock?: string;
  /** At most so many working days more. */
  readonly days?: number;
  readonly fields: readonly {
    readonly name: string;
    readonly title: Localised;
    readonly required: boolean;
    readonly max: number;
    readonly codes?: Readonly<Record<string, Localised>>;
    readonly day?: true;
  }[];
  /** What it brings beside words. */
  readonly content?: 'application' | 'reply' | 'missing';
  /** It ends or refuses something. */
  readonly danger: boolean;
}

/** What a matter concerns. */
export interface AboutLine {
  readonly label: Localised;
  readonly words: Localised;
  readonly href?: string;
  /** Its id, for whoever may open grants. */
  readonly grant?: string;
}

/** One department's part of a matter that is no application. */
export interface PartLine {
  readonly id: string;
  readonly title: Localised;
  readonly state: Marked;
  readonly clock?: ClockLine;
  readonly acts: readonly ActLine[];
}

export interface MatterView {
  readonly id: string;
  readonly machine: string;
  readonly title: Localised;
  /** Acts and articles of the machine. */
  readonly basis: string;
  readonly state: Marked;
  readonly requester: Localised;
  /** Of applications, of which each dataset has its own: absent. */
  readonly provider?: Localised;
  readonly client?: Localised;
  readonly about: readonly AboutLine[];
  readonly parts: readonly PartLine[];
  readonly facts: readonly { readonly label: Localised; readonly text: string }[];
  readonly datasets: readonly AskedDataset[];
  readonly missing: readonly { readonly where: Localised; readonly says: string }[];
  readonly clocks: readonly ClockLine[];
  readonly history: readonly StepLine[];
  readonly comments: readonly StepLine[];
  readonly acts: readonly ActLine[];
  /** Heads for whom whoever looks acts here. */
  readonly deputed: readonly string[];
}

/** A dataset as whoever applies chooses it. */
export interface OnOffer {
  readonly id: string;
  readonly title: Localised;
  readonly description: Localised;
  readonly provider: Localised;
  readonly attribute: SharingAttribute;
  readonly refusal?: { readonly reason: Localised; readonly basis: readonly string[] };
  readonly conditions?: { readonly scope: Localised; readonly use: Localised };
  readonly records: number;
  /** How many clients have a grant of it. */
  readonly users: number;
  /** The same purpose has it already, or something of that purpose reads it. */
  readonly usual: boolean;
  readonly sample: readonly SampleLine[];
}
