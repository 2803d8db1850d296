/** The part of the TypeScript client: mends of a feed for rows that are held back. */
import { at, type CallOptions, queryOf, type Wire } from '../../../../contracts/client.js';

export type MendAct = 'approve' | 'refuse' | 'write' | 'undo';

/** Who acts in your system, which answers for that. */
export interface MendOfficer {
  /** As the identity provider of the console knows them. */
  readonly id: string;
  readonly name?: string;
}

export interface MendCause {
  /** A code of docs/errors.md. */
  readonly code: string;
  /** Of the contract; absent where the row as a whole is wrong. */
  readonly field?: string;
}

export interface ProposeMendBody extends MendCause {
  /** `key` of parts that are wanted; default: all. */
  readonly parts?: readonly string[];
  /** Only what is proposed for this row. */
  readonly row?: string;
  readonly officer: MendOfficer;
}

export interface MendActBody {
  readonly act: MendAct;
  readonly officer: MendOfficer;
}

export interface MendPart {
  readonly kind:
    | 'halfwidth'
    | 'invisible'
    | 'spaces'
    | 'upper'
    | 'separator'
    | 'decimals'
    | 'zeros'
    | 'lookalike'
    | 'date'
    | 'group'
    | 'words'
    | 'booleans'
    | 'empty';
  /** Of the mapping, as its file would say them. */
  readonly edits: readonly Readonly<Record<string, unknown>>[];
  readonly words: { readonly zh: string; readonly en: string };
}

export interface ProposedMend {
  readonly dataset: string;
  readonly code: string;
  readonly field: string;
  /** Rows that are held back for it. */
  readonly rows: number;
  /** Of these, out of which it is made. */
  readonly looked: number;
  /** Of those that were looked at: stay as they are. */
  readonly left: number;
  /** None where nothing can be proposed without guessing what was meant. */
  readonly parts: readonly (MendPart & {
    readonly key: string;
    readonly good: number;
    readonly otherwise: number;
  })[];
}

interface MendStep {
  readonly at: string;
  /** Absent once it was erased. */
  readonly name?: string;
  /** The client in whose system it was; absent: on a page. */
  readonly via?: string;
}

export interface MendDraft {
  readonly id: string;
  readonly dataset: string;
  readonly code: string;
  readonly field: string;
  readonly standing: 'open' | 'outdated' | 'withdrawn' | 'waiting' | 'in-force' | 'replaced' | 'undone';
  /** Withdrawn by another officer than whoever proposed it. */
  readonly refused?: boolean;
  /** What may be done with it now. */
  readonly acts: readonly MendAct[];
  /** Why the feed is not written here. */
  readonly elsewhere?: 'setting' | 'git' | 'layer' | 'read-only';
  readonly parts: readonly MendPart[];
  /** The draft before which the mapping was so. */
  readonly undoes?: string;
  readonly proposed: MendStep;
  readonly approved?: MendStep;
  readonly withdrawn?: MendStep;
  /** When the feed first said so. */
  readonly applied?: string;
  readonly before: string;
  readonly after: string;
  /** Tried on all rows that are held back. */
  readonly held: {
    readonly looked: number;
    readonly good: number;
    readonly skipped: number;
    readonly otherwise: number;
    readonly same: number;
    readonly goodOfOthers: number;
  };
  /** Tried on the source: `changed` and `goesOut` are records that are published. */
  readonly source?: {
    readonly looked: number;
    readonly whole: boolean;
    readonly same: number;
    readonly changed: number;
    readonly comesIn: number;
    readonly goesOut: number;
    readonly bad: number;
  };
  /** Why it was not tried on the source. */
  readonly notRead?: 'pushed' | 'moves' | 'failed';
  /** Of `mend` and of what was done: the feed as it would be, JSON text. */
  readonly file?: string;
}

export interface MendsAnswer {
  readonly dataset: string;
  readonly causes: readonly { readonly code: string; readonly field: string; readonly rows: number }[];
  /** The newest first. */
  readonly drafts: readonly MendDraft[];
}

export interface MendsMethods {
  /** Why rows are held back, and drafts of what is done about it. @throws GatewayError `not_publisher` */
  mends(dataset: string, options?: CallOptions): Promise<MendsAnswer>;
  /** What could be said otherwise of the mapping, by a cause. */
  proposedMend(dataset: string, cause: MendCause, options?: CallOptions): Promise<ProposedMend>;
  /** Makes a draft and tries it; nothing is changed by that. @throws GatewayError `state_conflict` */
  proposeMend(dataset: string, body: ProposeMendBody, options?: CallOptions): Promise<MendDraft>;
  /** @throws GatewayError `not_found` */
  mend(dataset: string, id: string, options?: CallOptions): Promise<MendDraft>;
  /**
   * One step of a draft. @returns the draft as it is then, of `undo` the new one
   * @throws GatewayError `second_person_needed`, `state_conflict`, `not_found`
   */
  actOnMend(dataset: string, id: string, body: MendActBody, options?: CallOptions): Promise<MendDraft>;
}

const mendsOf = (dataset: string, ...more: readonly string[]): string =>
  at('v1', 'datasets', dataset, 'mends', ...more);

export const mendsMethods = (wire: Wire): MendsMethods => ({
  mends: (dataset, call) => wire.get(mendsOf(dataset), call),
  proposedMend: (dataset, cause, call) => wire.get(`${mendsOf(dataset, 'proposed')}${queryOf({ ...cause })}`, call),
  proposeMend: (dataset, body, call) => wire.post(mendsOf(dataset), body, call),
  mend: (dataset, id, call) => wire.get(mendsOf(dataset, id), call),
  actOnMend: (dataset, id, body, call) => wire.post(mendsOf(dataset, id), body, call),
});
