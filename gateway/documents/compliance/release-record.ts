/** What a release is while it lasts. */
import type { Day } from '../model/model.js';
import type { Scanner } from './machine.js';

export type ReleaseState = 'released' | 'looked' | 'withdrawn' | 'expired';

/** Of a report that was issued. */
export interface Scope {
  /** Id of the issued report. */
  readonly id: string;
  /** Id of its definition, and the days that it is about: for the record. */
  readonly report: string;
  readonly from: Day;
  readonly to: Day;
  /** Ids of the domains that are released, each once, and whether they are all that the report has. */
  readonly domains: readonly string[];
  readonly whole: boolean;
}

/** Who looked, as the company is told: never by the key that tells one session or person from another. */
export type Looker = Omit<Scanner, 'key'> & { readonly client?: string };

export interface ReleaseRecord {
  /** As it was last written; `releaseStateAt` tells what it is now. */
  readonly state: Exclude<ReleaseState, 'expired'>;
  /** ms since 1970 */
  readonly madeAt: number;
  /** When the state ends by itself, or ended. */
  readonly until: number;
  /** Gone a while after nothing more can come of the code. */
  readonly live?: {
    /** Who released it: a person, or a client for the company. Nobody else follows it or takes it back. */
    readonly owner: string;
    readonly subject: string;
    readonly scope: Scope;
    readonly looker?: Looker;
  };
}
