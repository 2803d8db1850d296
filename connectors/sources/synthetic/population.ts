/**
 * The population file: companies, and those who belong to them, from one seed. The nth company is the same in a city of
 * three hundred and of a million.
 */
import type { Workspace } from '../../../contracts/types.js';
import type { Compiling, Tables } from './compiling.js';
import { dateOf } from './days.js';
import { type Groups, groups, relate } from './groups.js';
import { complain, entriesOf, keysOf, type Node, numberOf, textOf } from './language.js';
import { follow, type Make, Member, type Population, type Value } from './scope.js';
import { value } from './values.js';

export interface City {
  readonly tables: Tables;
  readonly names: readonly string[];
  of(name: string): Quarter;
}

/** One population with the way through it. */
export interface Quarter {
  readonly population: Population;
  /**
   * All that exist on that day, in order; at most the first `companies` of the root population and who belongs to them.
   */
  members(companies: number, today: number): Iterable<Member>;
}

interface Rules {
  readonly population: Population;
  readonly since: string;
  readonly groups: Groups;
  readonly host?: { readonly population: string; readonly count: Make; readonly most: number };
}

const POPULATION_KEYS = ['keys', 'since', 'attributes', 'groups?', 'within?'];

/** @throws YitongError `bad_feed` naming the place in the population file */
export function city(document: Node, workspace: Workspace, seed: number): City {
  const { tables: tableNode, populations } = keysOf(document, ['about?', 'tables', 'populations']);
  const tables: Tables = new Map(Object.entries(entriesOf(tableNode as Node)));
  const all = new Map<string, Rules>();
  for (const [name, node] of Object.entries(entriesOf(populations as Node)))
    all.set(name, rulesOf(name, node, tables, workspace, seed, all));
  const of = (name: string): Quarter => {
    const rules = all.get(name) ?? complain(document, `has no population \`${name}\``);
    const { host } = rules;
    if (host === undefined)
      return { population: rules.population, members: (companies, today) => walk(rules, companies, today) };
    const hosts = all.get(host.population) as Rules;
    return {
      population: rules.population,
      members: (companies, today) => walkWithin(rules, host.count, host.most, walk(hosts, companies, today), today),
    };
  };
  return { tables, names: [...all.keys()], of };
}

function rulesOf(
  name: string,
  node: Node,
  tables: Tables,
  workspace: Workspace,
  seed: number,
  earlier: ReadonlyMap<string, Rules>,
): Rules {
  const parts = keysOf(node, POPULATION_KEYS);
  const { scheme, keyNumber } = keysRule(parts['keys'] as Node, workspace);
  const within =
    parts['within'] === undefined ? undefined : keysOf(parts['within'], ['population', 'as', 'count', 'most']);
  const host =
    within === undefined
      ? undefined
      : (earlier.get(textOf(within['population'] as Node)) ??
        complain(within['population'] as Node, 'names a population that does not stand before this one'));
  const hostName = within === undefined ? {} : { hostName: textOf(within['as'] as Node) };

  const slots = new Map<string, number>();
  const makers: Make[] = [];
  const population: Population = { name, scheme, seed, keyNumber, slots, makers, ...hostName };
  for (const [attribute, inner] of Object.entries(entriesOf(parts['attributes'] as Node))) {
    // an attribute sees only those before it, so none waits for itself
    const compiling: Compiling = {
      tables,
      salt: name,
      names: { locals: new Map(), next: 0, attributes: new Map(slots), inEach: false, most: 1, ...hostName },
    };
    makers.push(value(inner, compiling));
    slots.set(attribute, makers.length - 1);
  }
  const since = textOf(parts['since'] as Node);
  if (!slots.has(since)) complain(parts['since'] as Node, 'names no attribute');
  const rules = { population, since, groups: groups(parts['groups']) };
  if (within === undefined || host === undefined) return rules;
  const count = value(within['count'] as Node, {
    tables,
    salt: `${name}/count`,
    names: { locals: new Map(), next: 0, attributes: host.population.slots, inEach: false, most: 1 },
  });
  return {
    ...rules,
    host: { population: host.population.name, count, most: numberOf(within['most'] as Node, 1, 10_000) },
  };
}

/**
 * `{ "scheme": "cn-id", "from": 1, "spread": 7919, "over": 1000000 }`: numbers from `from` on; with `spread`, in jumps
 * of it within `over`, none twice before all.
 */
function keysRule(node: Node, workspace: Workspace): Pick<Population, 'scheme' | 'keyNumber'> {
  const { scheme: schemeNode, from, spread, over } = keysOf(node, ['scheme', 'from', 'spread?', 'over?']);
  const name = textOf(schemeNode as Node);
  const scheme =
    workspace.schemes.get(name) ??
    complain(schemeNode as Node, `names \`${name}\`, which is no key scheme of the workspace`);
  const first = numberOf(from as Node, 0);
  if (spread === undefined || over === undefined) return { scheme, keyNumber: (index) => first + index };
  const [step, all] = [numberOf(spread, 1, 0xffff_ffff), numberOf(over, 1, 0xffff_ffff)];
  if (divisor(step, all) !== 1) complain(spread, 'must have no divisor in common with `over`');
  // the product may be beyond 2^53
  return { scheme, keyNumber: (index) => first + Number((BigInt(index) * BigInt(step)) % BigInt(all)) };
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

function exists(member: Member, since: string, today: string): boolean {
  const from = follow(member, since);
  return typeof from === 'string' && from <= today && (member.leader === null || exists(member.leader, since, today));
}

function* walk({ population, since, groups: rules }: Rules, companies: number, today: number): Generator<Member> {
  const date = dateOf(today);
  for (let first = 0; first < companies; first += rules.block) {
    const members = Array.from({ length: rules.block }, (_, at) => new Member(population, first + at, null, today));
    relate(members, rules, population.seed, since);
    const here = members.filter((member) => member.index < companies && exists(member, since, date));
    const known = new Set(here);
    for (const member of here) {
      if (member.role === 'branch') member.leader?.branches.push(member);
      keep(member.holdings, ({ held }) => known.has(held));
    }
    yield* here;
  }
}

function* walkWithin(
  { population, since }: Rules,
  count: Make,
  most: number,
  hosts: Iterable<Member>,
  today: number,
): Generator<Member> {
  const date = dateOf(today);
  const locals: Value[] = [];
  for (const host of hosts) {
    const wanted = count({ seed: population.seed, today, subject: host, record: 0, place: 0, item: null, locals });
    for (let at = 0; at < Math.min(most, typeof wanted === 'number' ? wanted : 0); at++) {
      const member = new Member(population, host.index * most + at, host, today);
      if (exists(member, since, date)) yield member;
    }
  }
}

function keep<T>(list: T[], holds: (item: T) => boolean): void {
  list.splice(0, list.length, ...list.filter(holds));
}
