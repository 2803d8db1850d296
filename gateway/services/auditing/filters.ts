/** What a search of the console asks, as it stands in the address: nothing in it names a subject, a case or a handler in clear. */
import { YitongError } from '../../../contracts/errors.js';
import type { SearchQuery } from '../../audit/search/index.js';
import { fromLocal } from '../../console/time.js';
import type { Person, Role } from '../../people/person.js';
import { hideSubject, shownSubject, type Session } from '../../people/sessions.js';

/** Fields that stand in the address as they are. */
export const CLEAR = ['client', 'authority', 'provider', 'dataset', 'grant', 'purpose', 'item', 'result', 'type', 'action', 'request', 'since', 'until'] as const;
/** Fields that are sent by POST and stand in the address under a name of this session. */
export const HIDDEN = ['subject', 'caseId', 'actor'] as const;

export type Filters = { readonly [name in (typeof CLEAR)[number] | (typeof HIDDEN)[number]]?: string };

const MAX = 200;

/** Empty fields count as not given. @throws YitongError `bad_request` for a field that does not exist */
export function filtersOf(given: Readonly<Record<string, unknown>>, session: Session, besides: readonly string[]): Filters {
  const filters: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (besides.includes(name)) continue;
    const known = ([...CLEAR, ...HIDDEN] as readonly string[]).includes(name);
    if (!known || typeof value !== 'string' || value.length > MAX * 2) throw new YitongError('bad_request', 'the search has a field that does not exist');
    if (value.trim() === '') continue;
    if ((CLEAR as readonly string[]).includes(name)) filters[name] = value.trim();
    else {
      const shown = shownSubject(session, value);
      if (shown === undefined) throw new YitongError('bad_request', 'the address is of another sign-in; search again');
      filters[name] = shown;
    }
  }
  return filters;
}

/** The address of a search. */
export function addressOf(path: string, filters: Filters, session: Session, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams();
  for (const name of CLEAR) if (filters[name] !== undefined) query.set(name, filters[name]);
  for (const name of HIDDEN) if (filters[name] !== undefined) query.set(name, hideSubject(session, filters[name]));
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/**
 * Answers are shown unless another type is asked for; `all` asks for every type.
 * @throws YitongError `bad_request`
 */
export function queryOf({ since, until, result, type, ...rest }: Filters): SearchQuery {
  const kind = type ?? (rest.request === undefined && rest.action === undefined ? 'released' : 'all');
  const moment = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const at = fromLocal(text);
    if (at === undefined) throw new YitongError('bad_request', `\`${name}\` is not a time`);
    return at;
  };
  if (result !== undefined && result !== 'allow' && result !== 'deny') throw new YitongError('bad_request', '`result` is `allow` or `deny`');
  const [from, to] = [moment('since', since), moment('until', until)];
  return { ...rest, ...(kind === 'all' ? {} : { type: kind }), ...(result === undefined ? {} : { result }), ...(from === undefined ? {} : { since: from }), ...(to === undefined ? {} : { until: to }) };
}

/** An auditor sees everything; an inspector what was asked of one authority, or by its systems. */
export type Side = 'provider' | 'authority';

export function scoped(query: SearchQuery, role: Role, person: Person, side: Side): SearchQuery {
  if (role === 'auditor') return query;
  const own = person.authority;
  if (role !== 'inspector' || own === undefined) throw new YitongError('role_missing', 'this page is for other roles than yours');
  return { ...query, [side]: own };
}

/** What the log says of a search: its filters, without whom it was about. */
export function clearPart(filters: Filters): Readonly<Record<string, string>> {
  return Object.fromEntries(CLEAR.flatMap((name) => (filters[name] === undefined ? [] : [[name, filters[name]]])));
}

export function hiddenPart(filters: Filters): Readonly<Record<string, string>> {
  return Object.fromEntries(HIDDEN.flatMap((name) => (filters[name] === undefined ? [] : [[name, filters[name]]])));
}
