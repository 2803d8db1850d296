/**
 * What a search of the console asks, as it stands in the address: nothing in it names a subject, a case or a handler in
 * clear.
 */

import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { Person, Role } from '../../../ground/identity/person.js';
import { fromLocal } from '../../../ground/language/time.js';
import { EVENT_TYPES } from '../../../log/entries/events.js';
import type { SearchQuery } from '../../../log/search/index.js';
import { hideSubject, type Session, shownSubject } from '../../people/sessions.js';

/** Fields that stand in the address as they are. */
const CLEAR = [
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
  'since',
  'until',
] as const;
/** Fields that are sent by POST and stand in the address under a name of this session. */
export const HIDDEN = ['subject', 'item', 'caseId', 'actor'] as const;

export type Filters = { readonly [name in (typeof CLEAR)[number] | (typeof HIDDEN)[number]]?: string };

const MAX = 200;

/** Empty fields count as not given. @throws YitongError `bad_request` for a field that does not exist */
export function filtersOf(
  given: Readonly<Record<string, unknown>>,
  session: Session,
  besides: readonly string[],
): Filters {
  const filters: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (besides.includes(name)) continue;
    const known = ([...CLEAR, ...HIDDEN] as readonly string[]).includes(name);
    if (!known || typeof value !== 'string' || value.length > MAX * 2)
      throw new YitongError('bad_request', 'the search has a field that does not exist');
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
export function addressOf(
  path: string,
  filters: Filters,
  session: Session,
  more: Readonly<Record<string, string>> = {},
): string {
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
    if (at === undefined)
      throw new YitongError('bad_request', `\`${name}\` is not a time`, {
        faults: { [name]: { zh: '请填写日期和时间。', en: 'Give a day and a time.' } },
      });
    return at;
  };
  if (result !== undefined && result !== 'allow' && result !== 'deny')
    throw new YitongError('bad_request', '`result` is `allow` or `deny`');
  const [from, to] = [moment('since', since), moment('until', until)];
  return {
    ...rest,
    ...(kind === 'all' ? {} : { type: kind }),
    ...present({ result, since: from, until: to }),
  };
}

/** An auditor sees everything; an inspector what was asked of one authority, or by its systems. */
export type Side = 'provider' | 'authority';

export function scoped(query: SearchQuery, role: Role, person: Person, side: Side): SearchQuery {
  if (role === 'auditor') return query;
  const own = person.authority;
  if (role !== 'inspector' || own === undefined)
    throw new YitongError('role_missing', 'this page is for other roles than yours');
  return { ...query, [side]: own };
}

type Clear = (typeof CLEAR)[number];

/**
 * Whether a filter is a name that the workspace or the code gives; whatever else stands in one is what somebody typed.
 */
function isKnown(
  name: Clear,
  value: string,
  { workspace, inForce }: Pick<GatewayContext, 'workspace' | 'inForce'>,
): boolean {
  const has = (names: { has(name: string): boolean }): boolean => names.has(value);
  const { policies, purposes } = inForce();
  switch (name) {
    case 'client':
      return has(policies.clients);
    case 'authority':
    case 'provider':
      return has(workspace.authorities);
    case 'dataset':
      return has(workspace.contracts);
    case 'grant':
      return has(policies.grants);
    case 'purpose':
      return has(purposes);
    case 'type':
      return value === 'all' || EVENT_TYPES.some((one) => one === value);
    case 'result':
    case 'since':
    case 'until':
      return true;
    case 'action':
    case 'request':
      return false;
    default:
      return name satisfies never;
  }
}

/**
 * What the log says of a search: in clear its filters that are known names, and under the person's key whatever else
 * was typed. `filters` have gone through `queryOf`.
 */
export function onRecord(
  filters: Filters,
  context: Pick<GatewayContext, 'workspace' | 'inForce'>,
): { readonly detail: Readonly<Record<string, string>>; readonly about: Readonly<Record<string, string>> } {
  const detail: Record<string, string> = {};
  const about: Record<string, string> = {};
  for (const name of CLEAR)
    if (filters[name] !== undefined) (isKnown(name, filters[name], context) ? detail : about)[name] = filters[name];
  for (const name of HIDDEN) if (filters[name] !== undefined) about[name] = filters[name];
  return { detail, about };
}
