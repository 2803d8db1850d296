/** Parts of docs/bundles.md that are made from the bundles of this repository. */
import { figuresOf, handedIn } from '../../../contracts/bundle/figures.js';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { mergeForm } from '../../../contracts/bundle/merge.js';
import type { Bundle } from '../../../contracts/bundle/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { table } from './marks.js';

/** By mark. */
export async function bundlesParts(): Promise<Readonly<Record<string, string>>> {
  const { bundles, elements } = await loadBundles(await loadWorkspace(packageRoot()));
  const merged = [...bundles.values()].map((bundle) => {
    const { answers, registers } = bundle.usual;
    const form = mergeForm(bundle, elements, answers, registers);
    return { bundle, form, figures: figuresOf(form) };
  });
  const title = (bundle: Bundle, name: string): string =>
    elements.elements.get(name)?.title.zh ?? `“${bundle.questions.get(name)?.asks.zh ?? name}”`;
  return {
    figures: table(
      ['bundle', '', 'forms', 'fields asked', 'less', 'materials'],
      merged.map(({ bundle, figures: { forms, fields, materials } }) => [
        `\`${bundle.id}\``,
        bundle.title.zh,
        `${forms.before} → ${forms.after}`,
        `${fields.before} → ${fields.after}`,
        `${Math.round((1 - fields.after / fields.before) * 100)} %`,
        `${materials.before} → ${materials.after}`,
      ]),
    ),
    asked: table(
      ['bundle', 'still asked', 'still handed in'],
      merged.map(({ bundle, form, figures }) => [
        `\`${bundle.id}\``,
        figures.fields.names.map((name) => title(bundle, name)).join('、'),
        form.materials
          .filter(({ material, needed }) => needed === 'yes' && handedIn(material))
          .map(({ material }) => material.title.zh)
          .join('、'),
      ]),
    ),
    registers: table(
      ['register', 'elements that it fills'],
      [
        ...[...elements.elements.values()].reduce((sum, { registers, title: { zh } }) => {
          for (const { contract } of registers) sum.set(contract.id, [...(sum.get(contract.id) ?? []), zh]);
          return sum;
        }, new Map<string, string[]>()),
      ].map(([id, titles]) => [`\`${id}\``, titles.join('、')]),
    ),
  };
}
