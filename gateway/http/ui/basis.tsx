/** The articles that a grant rests on, an act a line. */
import type { JSX } from 'preact';
import { actOf } from '../../../contracts/acts.js';

/** Each act by its full name, with the articles of it that are named. */
function byAct(all: readonly string[]): readonly string[] {
  const acts = new Map<string, string[]>();
  for (const one of all) {
    const act = actOf(one);
    acts.set(act, [...(acts.get(act) ?? []), one.slice(act.length).trim()]);
  }
  return [...acts].map(([act, articles]) => `${act}${articles.join('、')}`);
}

/** What a reader checks a grant against. */
export const Basis = ({ all }: { readonly all: readonly string[] }): JSX.Element => (
  <ul class="plainlist basis" lang="zh-CN">
    {byAct(all).map((one) => (
      <li key={one}>{one}</li>
    ))}
  </ul>
);
