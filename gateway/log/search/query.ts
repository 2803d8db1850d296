/** A question to the index: the terms by which a block finds candidates, and the comparison with the body read. */
import { eachTerm, type TermKind, termHash } from '../entries/body.js';
import type { SubjectKeys } from '../entries/keys.js';
import type { ReadEntry } from '../store/reading.js';

export interface SearchQuery {
  readonly client?: string;
  /** The authority to which the client belongs. */
  readonly authority?: string;
  /** The authority that publishes a dataset. */
  readonly provider?: string;
  readonly dataset?: string;
  readonly grant?: string;
  readonly purpose?: string;
  /** `allow`: something was released; `deny`: something was refused. */
  readonly result?: 'allow' | 'deny';
  readonly type?: string;
  readonly action?: string;
  readonly request?: string;
  /** As asked, `uscc:…`. Needs access to the key map. */
  readonly subject?: string;
  /** Instead of `subject`. 32 hex digits */
  readonly pseudonym?: string;
  /** 事项编码, 办件编号 and 经办人. Need access to the key map. */
  readonly item?: string;
  readonly caseId?: string;
  readonly actor?: string;
  /** ms since 1970 */
  readonly since?: number;
  /** ms since 1970, exclusive */
  readonly until?: number;
}

/** What an entry must have to be found. */
export interface Wanted {
  /** Hashes of its terms: a block finds by them, and two terms may have the same. */
  readonly terms: readonly number[];
  /** Whether the entry, read from its body, has every term. @throws YitongError `log_invalid` */
  matches(entry: ReadEntry): boolean;
}

const TERMS: readonly (keyof SearchQuery & TermKind)[] = [
  'client',
  'authority',
  'provider',
  'dataset',
  'grant',
  'purpose',
  'result',
  'type',
  'action',
  'request',
];

/** Undefined where nothing can match: a subject that nobody ever asked about, or whose key was destroyed. */
export function wantedBy(query: SearchQuery, keys: SubjectKeys): Wanted | undefined {
  const asked: [TermKind, string][] = [];
  for (const kind of TERMS) {
    const value = query[kind];
    if (value !== undefined) asked.push([kind, value]);
  }
  const pseudonym = query.pseudonym ?? (query.subject === undefined ? undefined : keys.get(query.subject)?.pseudonym);
  if (query.subject !== undefined && pseudonym === undefined) return undefined;
  if (pseudonym !== undefined) asked.push(['subject', pseudonym]);
  if (query.item !== undefined) asked.push(['item', keys.reference('item', query.item)]);
  if (query.caseId !== undefined) asked.push(['case', keys.reference('case', query.caseId)]);
  if (query.actor !== undefined) asked.push(['actor', keys.reference('actor', query.actor)]);
  // only a question about an item, a case or its handler needs the subject's key
  const asksForCase = query.item !== undefined || query.caseId !== undefined || query.actor !== undefined;
  return {
    terms: asked.map(([kind, value]) => termHash(kind, value)),
    matches(entry) {
      const missing = new Set(asked.map(([kind, value]) => `${kind}:${value}`));
      eachTerm(entry.body, asksForCase ? entry.references : undefined, (kind, value) =>
        missing.delete(`${kind}:${value}`),
      );
      return missing.size === 0;
    },
  };
}
