/**
 * What a decision must be, written a second time as plainly as can be: no cache, no index, no Cedar. Slow and only for
 * the tests.
 */
import type { Contract } from '../../contracts/types.js';
import type { DecisionInput, Grant, PolicySet } from '../../policies/types.js';

/** A rule as the oracle understands it: does it hold, or does it fail? */
export interface Template {
  readonly cedar: string;
  readonly effect: 'permit' | 'forbid';
  holds(seen: {
    readonly input: DecisionInput;
    readonly grant: Grant;
    readonly classification: string;
    readonly sharing: string;
  }): boolean | 'error';
}

export interface Expected {
  readonly effect: 'allow' | 'deny';
  readonly grant?: string;
  /** `path=as`, sorted. */
  readonly fields: readonly string[];
  readonly error: boolean;
}
const DENY: Expected = { effect: 'deny', fields: [], error: false };

/** The day in Shanghai, by the platform's own calendar. */
const shanghai = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

const covers = (path: string, leaf: string): boolean =>
  leaf === path || leaf.startsWith(`${path}.`) || leaf.startsWith(`${path}[`);

function permitted(
  templates: readonly Template[],
  input: DecisionInput,
  grant: Grant,
  classification: string,
  sharing: string,
): boolean | 'error' {
  let permit = false;
  let forbid = false;
  for (const template of templates) {
    const holds = template.holds({ input, grant, classification, sharing });
    if (holds === 'error') return 'error';
    if (holds && template.effect === 'permit') permit = true;
    if (holds && template.effect === 'forbid') forbid = true;
  }
  return permit && !forbid;
}

export function expected(
  set: PolicySet,
  contracts: readonly Contract[],
  templates: readonly Template[],
  input: DecisionInput,
): Expected {
  const day = shanghai.format(input.now);
  const client = [...set.clients.values()].find(({ id }) => id === input.client.id);
  const contract = contracts.find(({ id }) => id === input.dataset);
  if (client?.status !== 'active' || contract === undefined || contract.sharing.attribute === 'none') return DENY;
  if (![...set.purposes.keys()].some((id) => id === input.purpose)) return DENY;
  let best: Expected = DENY;
  for (const grant of [...set.grants.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (grant.client !== client.id || grant.dataset !== contract.id || grant.status !== 'active') continue;
    if (!grant.purposes.some((id) => id === input.purpose) || !grant.delivery.includes(input.delivery)) continue;
    if (day < grant.from || day > grant.until) continue;
    if (grant.requires.some((part) => (input.case?.[part] ?? '').trim() === '')) continue;
    const fields: string[] = [];
    if (
      input.delivery === 'batch' &&
      !((grant.batchLimit ?? 0) > 0 && (input.subjects ?? 1) <= (grant.batchLimit ?? 0))
    )
      continue;
    for (const leaf of contract.latest.fields) {
      const entries = grant.fields
        .filter(({ path }) => covers(path, leaf.path))
        .sort((a, b) => b.path.length - a.path.length);
      const entry = entries[0];
      if (entry === undefined) continue;
      // a branch of which only existence or number is told is one thing; its leaves then are none
      const told =
        ['exists', 'count'].includes(entry.as) &&
        contract.latest.fields.some(({ path, branch }) => branch && path === entry.path);
      if (leaf.branch ? !(told && entry.path === leaf.path) : told) continue;
      const permit = permitted(templates, input, grant, leaf.classification, contract.sharing.attribute);
      if (permit === 'error') return { ...DENY, error: true };
      const asked = input.fields === undefined || input.fields.some((path) => covers(path, leaf.path));
      const released = input.delivery === 'verify' ? ['value', 'match'].includes(entry.as) : entry.as !== 'match';
      if (asked && permit && released) fields.push(`${leaf.path}=${entry.as}`);
    }
    if (fields.length > best.fields.length)
      best = { effect: 'allow', grant: grant.id, fields: fields.sort(), error: false };
  }
  return best;
}
