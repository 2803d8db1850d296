/**
 * What a policy may speak of. Cedar's own check refuses unknown attributes and types by this text; `REFERENCES` says
 * which string attributes hold names that the workspace must know, so that a misspelt name is found at load and not
 * by a `forbid` that never fires.
 */
import { CLASSIFICATIONS } from '../contracts/types.js';

export const CEDAR_SCHEMA = `
entity Client = {
  authority: String,
};
// a dataset seen at one classification: a decision asks once for each that a grant touches
entity Dataset = {
  authority: String,
  sharing: String,
  persons: Bool,
  grade: String,
  category: String,
  classification: String,
  kind: String,
  domains: Set<String>,
};
type Asked = {
  purpose: String,
  purposeBasis: Set<String>,
  legalBasis: Set<String>,
  grant: String,
  rows: String,
  notice: String,
  hasItem: Bool,
  hasCase: Bool,
  hasActor: Bool,
};
action query, verify, batch, file, subscription appliesTo {
  principal: Client,
  resource: Dataset,
  context: Asked,
};
`;

export interface CedarResource {
  readonly authority: string;
  readonly sharing: string;
  readonly persons: boolean;
  readonly grade: string;
  readonly category: string;
  readonly classification: string;
  readonly kind: string;
  readonly domains: readonly string[];
}

export interface CedarContext {
  readonly purpose: string;
  readonly purposeBasis: readonly string[];
  readonly legalBasis: readonly string[];
  readonly grant: string;
  /** Kind of the grant's row predicate. */
  readonly rows: string;
  /** Mode of the grant's subject notice. */
  readonly notice: string;
  readonly hasItem: boolean;
  /** A `caseId` is stated. */
  readonly hasCase: boolean;
  readonly hasActor: boolean;
}

export interface KnownNames {
  readonly authorities: ReadonlySet<string>;
  readonly purposes: ReadonlySet<string>;
  readonly clients: ReadonlySet<string>;
  readonly datasets: ReadonlySet<string>;
}

/** `resource.classification` → the names that it can have; attributes that are not here take any string. */
export function references(known: KnownNames): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map([
    ['principal.authority', known.authorities],
    ['resource.authority', known.authorities],
    ['resource.sharing', new Set(['unconditional', 'conditional', 'none'])],
    ['resource.grade', new Set(['general', 'important', 'core'])],
    ['resource.classification', new Set<string>(CLASSIFICATIONS)],
    ['context.purpose', known.purposes],
    ['context.rows', new Set(['all', 'area', 'subjects'])],
    ['context.notice', new Set(['immediate', 'delayed', 'withheld'])],
  ]);
}
