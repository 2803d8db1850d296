/** Random rules as trees, their text, and a model of what they say that shares no line with the language's own. */
import fc from 'fast-check';

export type Tree =
  | { readonly node: 'yes' | 'no' }
  | { readonly node: 'flag'; readonly name: string }
  | { readonly node: 'code'; readonly name: string; readonly by: '=' | '!='; readonly code: string }
  | { readonly node: 'one-of'; readonly name: string; readonly codes: readonly string[] }
  | { readonly node: 'has'; readonly name: string; readonly code: string }
  | { readonly node: 'number'; readonly name: string; readonly by: string; readonly number: number }
  | { readonly node: 'known'; readonly name: string; readonly known: boolean }
  | { readonly node: 'not'; readonly of: Tree }
  | { readonly node: 'and' | 'or'; readonly of: readonly Tree[] };

export interface Variables {
  readonly flags: readonly string[];
  readonly codes: readonly string[];
  readonly lists: readonly string[];
  readonly numbers: readonly string[];
}
export const CODES = ['red', 'green', 'blue'] as const;
export type Held = boolean | number | string | readonly string[] | undefined;

export function trees({ flags, codes, lists, numbers }: Variables): fc.Arbitrary<Tree> {
  const code = fc.constantFrom(...CODES);
  const leaves: fc.Arbitrary<Tree>[] = [fc.record({ node: fc.constantFrom('yes', 'no') })];
  const all = [...flags, ...codes, ...lists, ...numbers];
  if (flags.length > 0) leaves.push(fc.record({ node: fc.constant('flag'), name: fc.constantFrom(...flags) }));
  if (codes.length > 0)
    leaves.push(
      fc.record({ node: fc.constant('code'), name: fc.constantFrom(...codes), by: fc.constantFrom('=', '!='), code }),
      fc.record({
        node: fc.constant('one-of'),
        name: fc.constantFrom(...codes),
        codes: fc.subarray([...CODES], { minLength: 1 }),
      }),
    );
  if (lists.length > 0) leaves.push(fc.record({ node: fc.constant('has'), name: fc.constantFrom(...lists), code }));
  if (numbers.length > 0)
    leaves.push(
      fc.record({
        node: fc.constant('number'),
        name: fc.constantFrom(...numbers),
        by: fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
        number: fc.integer({ min: -3, max: 3 }),
      }),
    );
  if (all.length > 0)
    leaves.push(fc.record({ node: fc.constant('known'), name: fc.constantFrom(...all), known: fc.boolean() }));
  return fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.oneof(...leaves),
      fc.record({ node: fc.constant('not'), of: tie('tree') }),
      fc.record({ node: fc.constantFrom('and', 'or'), of: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }) }),
    ),
  })).tree as fc.Arbitrary<Tree>;
}

export function written(tree: Tree): string {
  switch (tree.node) {
    case 'yes':
    case 'no':
      return tree.node;
    case 'flag':
      return tree.name;
    case 'code':
      return `${tree.name} ${tree.by} '${tree.code}'`;
    case 'one-of':
      return `${tree.name} in (${tree.codes.map((code) => `'${code}'`).join(', ')})`;
    case 'has':
      return `${tree.name} has '${tree.code}'`;
    case 'number':
      return `${tree.name} ${tree.by} ${tree.number}`;
    case 'known':
      return `${tree.name} is ${tree.known ? 'known' : 'unknown'}`;
    case 'not':
      return `not (${written(tree.of)})`;
    default:
      return tree.of.map((one) => `(${written(one)})`).join(` ${tree.node} `);
  }
}

/** 0 no, 1 unknown, 2 yes: `and` is the least, `or` the most, `not` turns round. */
export function score(tree: Tree, held: (name: string) => Held): number {
  const of = (name: string, says: (value: never) => boolean): number => {
    const value = held(name);
    return value === undefined ? 1 : says(value as never) ? 2 : 0;
  };
  switch (tree.node) {
    case 'yes':
      return 2;
    case 'no':
      return 0;
    case 'flag':
      return of(tree.name, (value: boolean) => value);
    case 'code':
      return of(tree.name, (value: string) => (value === tree.code) === (tree.by === '='));
    case 'one-of':
      return of(tree.name, (value: string) => tree.codes.indexOf(value) >= 0);
    case 'has':
      return of(tree.name, (value: readonly string[]) => value.indexOf(tree.code) >= 0);
    case 'number':
      return of(tree.name, (value: number) => {
        const sign = Math.sign(value - tree.number);
        return (
          { '=': [0], '!=': [-1, 1], '<': [-1], '<=': [-1, 0], '>': [1], '>=': [0, 1] }[tree.by]?.includes(sign) ===
          true
        );
      });
    case 'known':
      return (held(tree.name) !== undefined) === tree.known ? 2 : 0;
    case 'not':
      return 2 - score(tree.of, held);
    case 'and':
      return Math.min(...tree.of.map((one) => score(one, held)));
    default:
      return Math.max(...tree.of.map((one) => score(one, held)));
  }
}
