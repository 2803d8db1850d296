/**
 * Whether a rule can be true at all. A rule compares a name with literals and never with another name, so a few values
 * of each name stand for all: those at, beside and between its literals. Trying these in every combination decides it.
 */
import { dateToDays, daysToDate } from '../logical.js';
import { type Comparison, evaluate, type Kind, type Literal, namesOf, type Rule, type Value } from './rule.js';

/** What the names of rules are. */
export interface Names {
  kindOf(name: string): Kind | undefined;
  /** Of a question: when it is asked. Otherwise it holds nothing. */
  whenOf(name: string): Rule | undefined;
}

/** More combinations than these are not tried. */
const MOST = 200_000;
/** Of so many literals every subset is tried. */
const SUBSETS = 10;

type Mentions = readonly { readonly by: Comparison; readonly literal: Literal }[];

function mentions(rule: Rule, name: string): Mentions {
  if (rule.op === 'and' || rule.op === 'or') return rule.of.flatMap((one) => mentions(one, name));
  if (rule.op === 'not') return mentions(rule.of, name);
  if (rule.op === 'compare' && rule.name === name) return [rule];
  if (rule.op === 'in' && rule.name === name) return rule.literals.map((literal) => ({ by: '=', literal }));
  return [];
}

function subsets(of: readonly string[]): readonly (readonly string[])[] | undefined {
  if (of.length > SUBSETS) return undefined;
  return Array.from({ length: 2 ** of.length }, (_, bits) => of.filter((_, at) => (bits & (2 ** at)) !== 0));
}

function numbers({ min, max, type }: Kind & { type: 'integer' | 'decimal' }, literals: readonly number[]): number[] {
  const sorted = [...new Set(literals)].sort((a, b) => a - b);
  const near = sorted.flatMap((one, at) =>
    type === 'integer'
      ? [one - 1, one, one + 1]
      : [one, at + 1 < sorted.length ? (one + (sorted[at + 1] as number)) / 2 : one + 1],
  );
  const first = sorted[0] ?? min ?? max ?? 0;
  const ends = [...(min === undefined ? [first - 1] : [min]), ...(max === undefined ? [] : [max])];
  const middle = min !== undefined && sorted[0] !== undefined ? [(min + sorted[0]) / 2] : [];
  const topmost = sorted.at(-1);
  const above = max !== undefined && topmost !== undefined ? [(max + topmost) / 2] : [];
  return [...new Set([first, ...near, ...ends, ...middle, ...above])].filter(
    (one) =>
      (min === undefined || one >= min) &&
      (max === undefined || one <= max) &&
      (type === 'decimal' || Number.isInteger(one)),
  );
}

function days(literals: readonly string[]): readonly string[] {
  const near = literals.flatMap((text) => {
    const day = dateToDays(text) ?? 0;
    return [day - 1, day, day + 1].flatMap((one) => daysToDate(one) ?? []);
  });
  return near.length === 0 ? ['2000-01-01'] : [...new Set(near)];
}

/** Values that stand for all that the name can hold; undefined where there are too many. */
function samples(kind: Kind, said: Mentions, mayBeEmpty: boolean): readonly Value[] | undefined {
  const literals = said.map(({ literal }) => literal);
  const texts = [...new Set(literals.map(String))];
  switch (kind.type) {
    case 'yes-no':
      return [true, false];
    case 'integer':
    case 'decimal':
      return numbers(kind as Kind & { type: 'integer' | 'decimal' }, literals.map(Number));
    case 'date':
      return days(texts);
    case 'code':
      return kind.codes;
    case 'codes': {
      const other = kind.codes.find((code) => !texts.includes(code));
      const found = subsets(texts)?.filter((some) => some.length > 0);
      const more =
        found === undefined || other === undefined ? [] : [[other], ...found.map((some) => [...some, other])];
      return found === undefined ? undefined : [...found, ...more, ...(mayBeEmpty ? [[]] : [])];
    }
    case 'texts':
      // what no literal names
      return subsets([...texts, '\u0000']);
    case 'text': {
      const parts = said.filter(({ by }) => by === 'contains').map(({ literal }) => String(literal));
      const joined = subsets([...new Set(parts)])?.map((some) => ['', ...some, ''].join('\u0000'));
      return joined === undefined ? undefined : [...joined, ...texts];
    }
  }
}

/** The names that a rule reads, and those by which it is decided whether these are asked. */
function closure(rules: readonly Rule[], names: Names): readonly string[] {
  const found = new Set<string>();
  const walk = (rule: Rule): void => {
    for (const name of namesOf(rule)) {
      if (found.has(name)) continue;
      found.add(name);
      const when = names.whenOf(name);
      if (when !== undefined) walk(when);
    }
  };
  for (const rule of rules) walk(rule);
  return [...found];
}

/**
 * Every combination of values that has to be tried, as what each name then holds: a question that is not asked holds
 * nothing. Undefined where there are too many.
 */
function situations(rules: readonly Rule[], names: Names): Iterable<(name: string) => Value> | undefined {
  const all = closure(rules, names);
  const whens = all.flatMap((name) => names.whenOf(name) ?? []);
  const choices: (readonly Value[])[] = [];
  let count = 1;
  for (const name of all) {
    const kind = names.kindOf(name);
    const found =
      kind === undefined
        ? []
        : samples(
            kind,
            [...rules, ...whens].flatMap((rule) => mentions(rule, name)),
            names.whenOf(name) === undefined,
          );
    if (found === undefined) return undefined;
    choices.push([...found, undefined]);
    count *= choices.at(-1)?.length ?? 1;
  }
  return count > MOST ? undefined : combined(all, choices, names);
}

function* combined(
  all: readonly string[],
  choices: readonly (readonly Value[])[],
  names: Names,
): Generator<(name: string) => Value> {
  const at = choices.map(() => 0);
  for (;;) {
    const given = new Map(all.map((name, i) => [name, choices[i]?.[at[i] ?? 0]]));
    yield asked((name) => given.get(name), names);
    let i = 0;
    while (i < at.length && (at[i] ?? 0) + 1 === choices[i]?.length) at[i++] = 0;
    if (i === at.length) return;
    at[i] = (at[i] ?? 0) + 1;
  }
}

/** What each name holds where a question that is not asked holds nothing. Questions must not wait for each other. */
export function asked(given: (name: string) => Value, names: Names): (name: string) => Value {
  const held = new Map<string, Value>();
  const valueOf = (name: string): Value => {
    if (held.has(name)) return held.get(name);
    const when = names.whenOf(name);
    const value = when !== undefined && evaluate(when, valueOf) !== 'yes' ? undefined : given(name);
    held.set(name, value);
    return value;
  };
  return valueOf;
}

/** Parts of a conjunction that share no name are decided each by itself. */
function apart(rule: Rule, names: Names): readonly (readonly Rule[])[] {
  const groups: { readonly rules: Rule[]; readonly names: Set<string> }[] = [];
  for (const part of rule.op === 'and' ? rule.of : [rule]) {
    const own = new Set(closure([part], names));
    const joined = { rules: [part], names: own };
    for (const group of groups.filter((one) => [...one.names].some((name) => own.has(name)))) {
      groups.splice(groups.indexOf(group), 1);
      joined.rules.push(...group.rules);
      for (const name of group.names) joined.names.add(name);
    }
    groups.push(joined);
  }
  return groups.map(({ rules }) => rules);
}

/** Whether the rule is `yes` in some situation; undefined where there are too many of them to try. */
export function canBeTrue(rule: Rule, names: Names): boolean | undefined {
  let undecided = false;
  for (const rules of apart(rule, names)) {
    const all = situations(rules, names);
    if (all === undefined) undecided = true;
    else {
      let found = false;
      for (const valueOf of all) {
        found = rules.every((one) => evaluate(one, valueOf) === 'yes');
        if (found) break;
      }
      if (!found) return false;
    }
  }
  return undecided ? undefined : true;
}
