/** Which bundles and forms a change of registers touches. */
import { compareField, type Effect } from '../impact.js';
import type { FieldInfo, Workspace } from '../types.js';
import { namesOf } from './rule.js';
import type { Bundle, Elements } from './types.js';

export interface BundleImpact {
  readonly bundle: string;
  readonly dataset: string;
  /** Items whose forms are filled from it. */
  readonly forms: readonly string[];
  /** Facts that it answers. */
  readonly facts: readonly string[];
  readonly effects: readonly Effect[];
}

type Contracts = Workspace['contracts'];

/** What became of a field that is read; nothing where it is as it was. */
function effectsOn(dataset: string, field: FieldInfo['path'], before: Contracts, after: Contracts): readonly Effect[] {
  const fieldOf = (contracts: Contracts): FieldInfo | undefined =>
    [...contracts.values()].find(({ id }) => id === dataset)?.latest.fields.find(({ path }) => path === field);
  const was = fieldOf(before);
  if (was === undefined) return [];
  const now = fieldOf(after);
  const effects = compareField(was, now);
  return was.codelist === now?.codelist || now === undefined
    ? effects
    : [...effects, { kind: 'changes', message: `\`${field}\` has another code list` }];
}

/**
 * Bundles as they were published, each with what the change means for its forms and facts; those that it does not touch
 * are not named.
 */
export function bundleImpact(
  bundles: ReadonlyMap<string, Bundle>,
  { elements }: Elements,
  before: Contracts,
  after: Contracts,
): readonly BundleImpact[] {
  return [...bundles.values()].flatMap((bundle) => {
    const touched = new Map<string, { forms: Set<string>; facts: Set<string>; effects: Map<string, Effect> }>();
    const touch = (dataset: string, effects: readonly Effect[], what: 'forms' | 'facts', name: string): void => {
      if (effects.length === 0) return;
      const one = touched.get(dataset) ?? { forms: new Set(), facts: new Set(), effects: new Map() };
      touched.set(dataset, one);
      one[what].add(name);
      for (const effect of effects) one.effects.set(effect.message, effect);
    };
    for (const { id, form } of bundle.items.values())
      for (const { element } of form.fields)
        for (const { contract, field } of elements.get(element ?? '')?.registers ?? [])
          touch(contract.id, effectsOn(contract.id, field, before, after), 'forms', id);
    for (const { id, contract, where } of bundle.facts.values()) {
      const gone: readonly Effect[] = [...after.values()].some((one) => one.id === contract.id)
        ? []
        : [{ kind: 'loses', message: 'the dataset is gone' }];
      const read = contract.latest.fields.filter(({ path }) => namesOf(where.rule).has(path));
      touch(
        contract.id,
        [...gone, ...read.flatMap(({ path }) => effectsOn(contract.id, path, before, after))],
        'facts',
        id,
      );
    }
    return [...touched].map(([dataset, { forms, facts, effects }]) => ({
      bundle: bundle.id,
      dataset,
      forms: [...forms],
      facts: [...facts],
      effects: [...effects.values()],
    }));
  });
}
