/**
 * Rules of bundles: what is written is read as it is meant, with three answers; what cannot be read or compared is
 * refused with its place; and whether a rule can be true at all is decided as trying everything would.
 */
import fc from 'fast-check';
import t from 'tap';
import { canBeTrue, type Names } from '../../../contracts/bundle/decide.js';
import { parseRule } from '../../../contracts/bundle/parse.js';
import { evaluate, type Kind, ruleText, type Value } from '../../../contracts/bundle/rule.js';
import { CODES, type Held, score, type Tree, trees, type Variables, written } from './rules.js';

const where = { place: { file: 'bundle.json' }, key: 'items.seal.when' };
const kinds: Readonly<Record<string, Kind>> = {
  'eat-in': { type: 'yes-no' },
  colour: { type: 'code', codes: CODES },
  dishes: { type: 'codes', codes: CODES },
  floor: { type: 'integer', min: -5, max: 20 },
  area: { type: 'decimal' },
  since: { type: 'date' },
  'company.scope': { type: 'text' },
  branches: { type: 'texts' },
};
const kindOf = (name: string): Kind | undefined => (Object.hasOwn(kinds, name) ? kinds[name] : undefined);
const read = (text: string) => parseRule(text, kindOf, where);
const says = (text: string, held: Readonly<Record<string, Value>>) => evaluate(read(text), (name) => held[name]);

t.test('each operator says yes, no, and unknown of what is not known', (t) => {
  const cases: readonly (readonly [string, Readonly<Record<string, Value>>, Readonly<Record<string, Value>>])[] = [
    ['eat-in', { 'eat-in': true }, { 'eat-in': false }],
    ['eat-in = no', { 'eat-in': false }, { 'eat-in': true }],
    ['not eat-in', { 'eat-in': false }, { 'eat-in': true }],
    ["colour = 'red'", { colour: 'red' }, { colour: 'blue' }],
    ["colour != 'red'", { colour: 'blue' }, { colour: 'red' }],
    ["colour in ('red', 'blue')", { colour: 'blue' }, { colour: 'green' }],
    ["dishes has 'red'", { dishes: ['red', 'blue'] }, { dishes: ['blue'] }],
    ['floor < 0', { floor: -1 }, { floor: 0 }],
    ['floor <= 0', { floor: 0 }, { floor: 1 }],
    ['floor > 2', { floor: 3 }, { floor: 2 }],
    ['area >= 150.5', { area: '150.50' }, { area: '99.9' }],
    ["since >= '2026-02-28'", { since: '2026-03-01' }, { since: '2026-02-27' }],
    ["company.scope contains '运输'", { 'company.scope': '道路货物运输' }, { 'company.scope': '餐饮服务' }],
    ["company.scope = '餐饮'", { 'company.scope': '餐饮' }, { 'company.scope': '餐饮服务' }],
    ['branches is empty', { branches: [] }, { branches: ['one'] }],
    ["branches has 'one'", { branches: ['one'] }, { branches: [] }],
  ];
  for (const [text, yes, no] of cases) {
    t.equal(says(text, yes), 'yes', `${text} holds`);
    t.equal(says(text, no), 'no', `${text} does not`);
    t.equal(says(text, {}), 'unknown', `${text}: nothing is known`);
  }
  t.equal(says('floor is known', { floor: 0 }), 'yes');
  t.equal(says('floor is known', {}), 'no');
  t.equal(says('floor is unknown', {}), 'yes');
  t.equal(says("eat-in or colour = 'red'", { 'eat-in': true }), 'yes', 'what is unknown changes nothing');
  t.equal(says("eat-in and colour = 'red'", { 'eat-in': false }), 'no');
  t.equal(says("eat-in and colour = 'red'", { 'eat-in': true }), 'unknown', 'never taken for yes');
  t.equal(says("not (eat-in and colour = 'red')", { 'eat-in': true }), 'unknown', 'nor for no');
  t.equal(says("eat-in or floor > 1 and colour = 'red'", { 'eat-in': true, floor: 0 }), 'yes', '`and` binds first');
  t.end();
});

t.test('what cannot be read, or compared, is refused with its place', (t) => {
  for (const [text, message] of [
    ['', /lacks a name \(character 1\)/],
    ['eat-in and', /lacks a name \(character 11\)/],
    ['eat-in eat-in', /goes on where it should end \(character 8\)/],
    ['(eat-in', /lacks `\)` \(character 8\)/],
    ['sleeps-in', /unknown name `sleeps-in` \(character 1\)/],
    ['eat-in; floor > 1', /no part of a rule \(character 7\)/],
    ['colour', /says nothing of `colour`/],
    ["colour = 'pink'", /no code of its list \(character 10\)/],
    ['colour = red', /no code of its list/],
    ["colour < 'red'", /compares `colour`, which is `code`, by `<`/],
    ["floor has 'red'", /by `has`/],
    ['floor = 1.5', /no whole number/],
    ["floor = '1'", /no whole number/],
    ["since > '2026-02-30'", /no day/],
    ["since > '2026-2-3'", /no day/],
    ['eat-in = 1', /no `yes` or `no`/],
    ['floor is', /by `has`|lacks `unknown`|which is `integer`/],
    ["dishes = 'red'", /by `=`/],
    ['eat-in = yes or constructor', /unknown name `constructor`/],
    [`${'('.repeat(30)}eat-in${')'.repeat(30)}`, /nested deeper than 20/],
    [`eat-in${' or eat-in'.repeat(200)}`, /longer than 1000 characters/],
  ] as const)
    t.throws(() => read(text), { code: 'bad_rule', message, extra: { place: { file: 'bundle.json' } } }, text);
  t.throws(() => read('sleeps-in'), { message: /^`items.seal.when` / }, 'with its key');
  t.end();
});

const variables: Variables = { flags: ['f', 'g'], codes: ['c'], lists: ['l'], numbers: ['n'] };
const kindOfVariable = (name: string): Kind =>
  name === 'c'
    ? { type: 'code', codes: CODES }
    : name === 'l'
      ? { type: 'codes', codes: CODES }
      : name === 'n'
        ? { type: 'integer', min: -5, max: 5 }
        : { type: 'yes-no' };
const subsets = [['red'], ['green'], ['blue'], ['red', 'green'], ['red', 'blue'], ['green', 'blue'], [...CODES]];
const everything: Readonly<Record<string, readonly Held[]>> = {
  f: [true, false, undefined],
  g: [true, false, undefined],
  c: [...CODES, undefined],
  l: [...subsets, undefined],
  n: [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, undefined],
};
const held = fc.record({
  f: fc.constantFrom(...(everything['f'] as readonly Held[])),
  g: fc.constantFrom(...(everything['g'] as readonly Held[])),
  c: fc.constantFrom(...(everything['c'] as readonly Held[])),
  l: fc.constantFrom(...(everything['l'] as readonly Held[])),
  n: fc.constantFrom(...(everything['n'] as readonly Held[])),
});
const SAYS = ['no', 'unknown', 'yes'];

t.test('random rules say what the model says, also once they were written and read again', (t) => {
  fc.assert(
    fc.property(trees(variables), held, (tree, values) => {
      const valueOf = (name: string): Value => values[name as keyof typeof values];
      const rule = parseRule(written(tree), kindOfVariable, where);
      const wanted = SAYS[score(tree, valueOf)];
      const again = parseRule(ruleText(rule), kindOfVariable, where);
      return evaluate(rule, valueOf) === wanted && evaluate(again, valueOf) === wanted;
    }),
    { numRuns: 3_000 },
  );
  t.end();
});

/** The model: every value that there is, tried. A name that waits for a rule holds nothing unless it says yes. */
function possible(tree: Tree, when: Readonly<Record<string, Tree>>): boolean {
  const names = Object.keys(everything);
  const go = (at: number, given: Readonly<Record<string, Held>>): boolean => {
    const name = names[at];
    if (name !== undefined) return (everything[name] ?? []).some((value) => go(at + 1, { ...given, [name]: value }));
    const valueOf = (one: string): Held => {
      const rule = when[one];
      return rule !== undefined && score(rule, valueOf) !== 2 ? undefined : given[one];
    };
    return score(tree, valueOf) === 2;
  };
  return go(0, {});
}

t.test('whether a random rule can be true is decided as trying everything decides it', (t) => {
  // `n` is asked only by a rule over `f` and `c`, `l` only by one over `g`
  const ofN = trees({ flags: ['f'], codes: ['c'], lists: [], numbers: [] });
  const ofL = trees({ flags: ['g'], codes: [], lists: [], numbers: [] });
  let never = 0;
  fc.assert(
    fc.property(trees(variables), ofN, ofL, (tree, n, l) => {
      const when: Readonly<Record<string, Tree>> = { n, l };
      const names: Names = {
        kindOf: kindOfVariable,
        whenOf: (name) => {
          const own = when[name];
          return own === undefined ? { op: 'always' } : parseRule(written(own), kindOfVariable, where);
        },
      };
      const wanted = possible(tree, when);
      if (!wanted) never++;
      return canBeTrue(parseRule(written(tree), kindOfVariable, where), names) === wanted;
    }),
    { numRuns: 400 },
  );
  t.ok(never > 20, `${never} of them can never be true`);
  t.end();
});

t.test('numbers, days and texts are decided between and beside their literals', (t) => {
  const names: Names = { kindOf, whenOf: () => undefined };
  const can = (text: string) => canBeTrue(read(text), names);
  for (const text of [
    'floor > 3 and floor < 5',
    'area > 3 and area < 4',
    "since > '2026-02-28' and since < '2026-03-02'",
    "company.scope contains '运输' and company.scope contains '餐饮' and company.scope != '运输'",
    'branches is empty',
    "not (branches is empty) and not (branches has 'one')",
    'floor is unknown and not (eat-in is unknown)',
  ])
    t.equal(can(text), true, text);
  for (const text of [
    'floor > 3 and floor < 4',
    'floor > 20',
    'floor < -5',
    'area > 4 and area <= 4',
    "since > '2026-02-28' and since < '2026-03-01'",
    "company.scope = '餐饮' and company.scope contains '运输'",
    "branches is empty and branches has 'one'",
    'eat-in and eat-in is unknown',
    "colour != 'red' and colour != 'green' and colour != 'blue'",
  ])
    t.equal(can(text), false, text);
  const many = Array.from({ length: 12 }, (_, i) => `company.scope contains '${i}'`).join(' and ');
  t.equal(can(many), undefined, 'and too many cases are said to be too many');
  t.end();
});
