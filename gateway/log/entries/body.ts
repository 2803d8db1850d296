/** What a stored body says, and what it can be found by. */

import { hash } from 'node:crypto';
import { authorityOf, type DatasetId } from '../../../contracts/ids.js';
import type { OpenedSubject } from './seal.js';

/** The clear part of any entry, as far as search and statistics look at it; docs/audit-events.md has all of it. */
export interface LogBody {
  readonly type?: string;
  readonly time?: string;
  readonly requestId?: string;
  readonly client?: string;
  readonly authority?: string;
  readonly purpose?: string;
  /** Of older entries. */
  readonly item?: string;
  readonly delivery?: string;
  readonly stated?: readonly string[];
  readonly batch?: number;
  readonly subjects?: number;
  readonly report?: string;
  readonly dryRun?: boolean;
  readonly chunk?: number;
  readonly datasets?: readonly LogDataset[];
  readonly answers?: readonly {
    readonly requestId?: string;
    readonly status?: number;
    readonly microseconds?: number;
  }[];
  readonly code?: string;
  readonly source?: string;
  readonly count?: number;
  readonly action?: string;
  readonly subject?: { readonly pseudonym?: string; readonly enc?: string };
}

export interface LogDataset {
  readonly dataset?: string;
  readonly asked?: readonly string[];
  readonly grant?: string;
  readonly effect?: string;
  readonly reason?: string;
  readonly fields?: readonly string[];
  readonly forms?: Readonly<Record<string, string>>;
  readonly rows?: string;
  readonly records?: number;
}

/** By what one entry can be found; `item`, `case` and `actor` only through the subject's key. */
export type TermKind =
  | 'type'
  | 'client'
  | 'authority'
  | 'provider'
  | 'dataset'
  | 'grant'
  | 'purpose'
  | 'item'
  | 'result'
  | 'action'
  | 'request'
  | 'subject'
  | 'case'
  | 'actor';

/** Those that are keyed hashes already: nothing of what they stand for can be guessed from them. */
const KEYED: ReadonlySet<TermKind> = new Set<TermKind>(['subject', 'item', 'case', 'actor']);

const DIGITS = 12;
const cached = new Map<string, number>();
const MAX_CACHED = 20_000;

/**
 * 48 bits of a term. Two terms that share them cost a look at a body that does not match: a body that is shown is
 * always compared itself.
 * @param value of `subject` its pseudonym, of `item`, `case` and `actor` their keyed reference: hexadecimal
 */
export function termHash(kind: TermKind, value: string): number {
  if (KEYED.has(kind)) return Number.parseInt(value.slice(0, DIGITS), 16);
  const name = `${kind}:${value}`;
  // a request id comes once: it would only push others out
  if (kind === 'request') return Number.parseInt(hash('sha256', name, 'hex').slice(0, DIGITS), 16);
  let found = cached.get(name);
  if (found === undefined) {
    if (cached.size >= MAX_CACHED) cached.clear();
    found = Number.parseInt(hash('sha256', name, 'hex').slice(0, DIGITS), 16);
    cached.set(name, found);
  }
  return found;
}

/** What the subject part says beside the subject: all references keyed. */
export interface CaseReferences {
  readonly item?: string;
  readonly case?: string;
  readonly actor?: string;
}

/** What a request says of its case beside the subject. */
export function detailsOf(opened: OpenedSubject | undefined): {
  readonly item?: string;
  readonly caseId?: string;
  readonly actor?: string;
} {
  const { item, caseId, actor } = (opened?.details ?? {}) as {
    readonly item?: unknown;
    readonly caseId?: unknown;
    readonly actor?: unknown;
  };
  return {
    ...(typeof item === 'string' ? { item } : {}),
    ...(typeof caseId === 'string' ? { caseId } : {}),
    ...(typeof actor === 'string' ? { actor } : {}),
  };
}

/** The publishing authority of a dataset, which is the first part of its id. */
const providerOf = (dataset: string): string => authorityOf(dataset as DatasetId);

/** Calls `term` for each term of a body; the same one may come twice. */
export function eachTerm(
  body: LogBody,
  references: CaseReferences | undefined,
  term: (kind: TermKind, value: string) => void,
): void {
  const text = (kind: TermKind, value: unknown): void => {
    if (typeof value === 'string' && value !== '') term(kind, value);
  };
  text('type', body.type);
  text('client', body.client);
  text('authority', body.authority);
  text('purpose', body.purpose);
  text('action', body.action);
  text('request', body.requestId);
  for (const { dataset, grant, effect } of body.datasets ?? []) {
    text('dataset', dataset);
    text('grant', grant);
    if (dataset?.includes('.') === true) term('provider', providerOf(dataset));
    if (body.type === 'released') text('result', effect);
  }
  if (body.type === 'refused') text('result', 'deny');
  for (const { requestId } of body.answers ?? []) text('request', requestId);
  text('subject', body.subject?.pseudonym);
  text('item', references?.item);
  text('case', references?.case);
  text('actor', references?.actor);
}
