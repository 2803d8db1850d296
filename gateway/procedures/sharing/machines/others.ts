/** The rules of all matters but applications, and how rules of several are one. */
import type { MatterRules } from '../types.js';
import { concerns } from './concern.js';
import { conditions } from './conditions.js';
import { type ConsequenceNeeds, consequences } from './consequences.js';

export const otherRules = (needs: ConsequenceNeeds): MatterRules => ({
  contents: concerns(needs),
  guards: conditions(needs),
  ...consequences(needs),
});

/** What each of them has; a name is had by one of them. */
export const allRules = (rules: readonly MatterRules[]): MatterRules => ({
  contents: Object.assign({}, ...rules.map(({ contents }) => contents)) as MatterRules['contents'],
  guards: Object.assign({}, ...rules.map(({ guards }) => guards)) as MatterRules['guards'],
  effects: Object.assign({}, ...rules.map(({ effects }) => effects)) as MatterRules['effects'],
  next: async (around) => (await Promise.all(rules.map(({ next }) => next?.(around) ?? []))).flat(),
});
