/**
 * Rules of bundles: a small language over declared names, with three answers. Nothing in it runs code, reaches for
 * anything, or loops: what a rule can read is what its names hold. `parse.ts` reads one, `decide.ts` says whether it
 * can be true at all; docs/bundles.md lists every operator.
 */

/** `unknown` is an answer of its own: not asked yet, not known to a register, or of a register that is away. */
export type Tri = 'yes' | 'no' | 'unknown';

/** What a name can hold; undefined is unknown. A decimal may stand as its text. */
export type Value = boolean | number | string | readonly string[] | undefined;

/** What a name may hold, so that a comparison can be checked before anything is asked. */
export type Kind =
  | { readonly type: 'yes-no' }
  /** One of `codes`, or several of them. */
  | { readonly type: 'code' | 'codes'; readonly codes: readonly string[] }
  | { readonly type: 'integer' | 'decimal'; readonly min?: number; readonly max?: number }
  /** `YYYY-MM-DD` */
  | { readonly type: 'date' }
  | { readonly type: 'text' | 'texts' };

export type Literal = string | number | boolean;
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'has' | 'contains';

export type Rule =
  | { readonly op: 'always' | 'never' }
  /** A name of `yes-no` by itself. */
  | { readonly op: 'name'; readonly name: string }
  | { readonly op: 'not'; readonly of: Rule }
  | { readonly op: 'and' | 'or'; readonly of: readonly Rule[] }
  | { readonly op: 'compare'; readonly name: string; readonly by: Comparison; readonly literal: Literal }
  | { readonly op: 'in'; readonly name: string; readonly literals: readonly Literal[] }
  | { readonly op: 'known' | 'unknown' | 'empty'; readonly name: string };

export const ALWAYS: Rule = { op: 'always' };

const tri = (value: boolean): Tri => (value ? 'yes' : 'no');

const not = (of: Tri): Tri => (of === 'yes' ? 'no' : of === 'no' ? 'yes' : 'unknown');

/** `no` where one is, else `unknown` where one is. Of nothing: `yes`. */
const every = (of: readonly Tri[]): Tri => (of.includes('no') ? 'no' : of.includes('unknown') ? 'unknown' : 'yes');

/** `yes` where one is, else `unknown` where one is. Of nothing: `no`. */
export const some = (of: readonly Tri[]): Tri =>
  of.includes('yes') ? 'yes' : of.includes('unknown') ? 'unknown' : 'no';

function holds(value: Exclude<Value, undefined>, by: Comparison, literal: Literal): boolean {
  switch (by) {
    case 'has':
      return Array.isArray(value) && value.includes(String(literal));
    case 'contains':
      return typeof value === 'string' && value.includes(String(literal));
    default: {
      const [a, b] =
        typeof literal === 'number'
          ? [Number(value), literal]
          : [value as boolean | string, literal as boolean | string];
      switch (by) {
        case '=':
          return a === b;
        case '!=':
          return a !== b;
        case '<':
          return a < b;
        case '<=':
          return a <= b;
        case '>':
          return a > b;
        case '>=':
          return a >= b;
      }
    }
  }
}

/** What the rule says where its names hold these values. */
export function evaluate(rule: Rule, valueOf: (name: string) => Value): Tri {
  switch (rule.op) {
    case 'always':
      return 'yes';
    case 'never':
      return 'no';
    case 'name': {
      const value = valueOf(rule.name);
      return value === undefined ? 'unknown' : tri(value === true);
    }
    case 'not':
      return not(evaluate(rule.of, valueOf));
    case 'and':
      return every(rule.of.map((one) => evaluate(one, valueOf)));
    case 'or':
      return some(rule.of.map((one) => evaluate(one, valueOf)));
    case 'compare': {
      const value = valueOf(rule.name);
      return value === undefined ? 'unknown' : tri(holds(value, rule.by, rule.literal));
    }
    case 'in': {
      const value = valueOf(rule.name);
      return value === undefined ? 'unknown' : tri(rule.literals.some((literal) => holds(value, '=', literal)));
    }
    case 'known':
      return tri(valueOf(rule.name) !== undefined);
    case 'unknown':
      return tri(valueOf(rule.name) === undefined);
    case 'empty': {
      const value = valueOf(rule.name);
      return value === undefined ? 'unknown' : tri(Array.isArray(value) && value.length === 0);
    }
  }
}

/** Every name that the rule reads, each once. */
export function namesOf(rule: Rule): ReadonlySet<string> {
  const names = new Set<string>();
  const walk = (one: Rule): void => {
    if (one.op === 'and' || one.op === 'or') one.of.forEach(walk);
    else if (one.op === 'not') walk(one.of);
    else if ('name' in one) names.add(one.name);
  };
  walk(rule);
  return names;
}

/** Holds where each of them does. */
export function allOf(rules: readonly Rule[]): Rule {
  const of = rules.filter(({ op }) => op !== 'always');
  return of.length === 0 ? ALWAYS : of.length === 1 ? (of[0] as Rule) : { op: 'and', of };
}

/** Holds where one of them does; of nothing it never does. */
export function anyOf(rules: readonly Rule[]): Rule {
  if (rules.length === 0) return { op: 'never' };
  if (rules.some(({ op }) => op === 'always')) return ALWAYS;
  const texts = new Map(rules.map((rule) => [ruleText(rule), rule]));
  return texts.size === 1 ? (rules[0] as Rule) : { op: 'or', of: [...texts.values()] };
}

const literalText = (literal: Literal): string =>
  typeof literal === 'string' ? `'${literal}'` : typeof literal === 'boolean' ? (literal ? 'yes' : 'no') : `${literal}`;

/** The rule as it is written; what `parse` reads gives the same rule again. */
export function ruleText(rule: Rule): string {
  const inner = (one: Rule): string => (one.op === 'and' || one.op === 'or' ? `(${ruleText(one)})` : ruleText(one));
  switch (rule.op) {
    case 'always':
      return 'yes';
    case 'never':
      return 'no';
    case 'name':
      return rule.name;
    case 'not':
      return `not (${ruleText(rule.of)})`;
    case 'and':
    case 'or':
      return rule.of.map(inner).join(` ${rule.op} `);
    case 'compare':
      return `${rule.name} ${rule.by} ${literalText(rule.literal)}`;
    case 'in':
      return `${rule.name} in (${rule.literals.map(literalText).join(', ')})`;
    case 'known':
    case 'unknown':
    case 'empty':
      return `${rule.name} is ${rule.op}`;
  }
}
