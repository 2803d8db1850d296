/**
 * What a region still has to provide for the bundles that it reuses: registers of its own behind what its bundles need,
 * and its own names of the authorities that hold their items. Only of a workspace that builds on another region's.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../compat.js';
import type { DatasetId } from '../ids.js';
import type { Workspace } from '../types.js';
import type { Bundles } from './load.js';
import type { Bundle, Elements } from './types.js';

interface Ground extends Bundles {
  readonly workspace: Pick<Workspace, 'layers' | 'foreign'>;
  /** Datasets that have a feed here. */
  readonly feeds: ReadonlySet<DatasetId>;
}

/** By register what the bundle takes from it, in the words of its elements, facts and materials. */
function registersOf(bundle: Bundle, { elements }: Elements): ReadonlyMap<DatasetId, ReadonlySet<string>> {
  const found = new Map<DatasetId, Set<string>>();
  const add = (dataset: DatasetId, what: string): void =>
    void found.set(dataset, (found.get(dataset) ?? new Set()).add(what));
  for (const { form } of bundle.items.values())
    for (const { element } of form.fields) {
      const known = elements.get(element ?? '');
      for (const { contract } of known?.registers ?? []) add(contract.id, known?.title.zh ?? '');
    }
  for (const { contract, title } of bundle.facts.values()) add(contract.id, title.zh);
  for (const { registers, title } of bundle.materials.values()) for (const { id } of registers) add(id, title.zh);
  return found;
}

const authoritiesOf = ({ authority, items, outcomes }: Bundle): ReadonlySet<string> =>
  new Set([
    authority,
    ...[...items.values()].map((item) => item.authority),
    ...[...outcomes.values()].flatMap(({ task, tells }) => [...tells, ...(task === undefined ? [] : [task.owner])]),
  ]);

export function regionLacks({ bundles, elements, workspace, feeds }: Ground): readonly Finding[] {
  const { layers, foreign = [] } = workspace;
  if (foreign.length === 0) return [];
  const own = layers.filter((layer) => !foreign.includes(layer));
  const isNamed = (authority: string): boolean =>
    own.some((layer) => existsSync(join(layer, 'contracts', 'datasets', authority, 'authority.json')));
  return [...bundles.values()].flatMap((bundle) => {
    const note = (message: string): Finding => ({
      severity: 'note',
      code: 'region_lacks',
      dataset: `bundles/${bundle.id}`,
      message,
    });
    const unnamed = [...authoritiesOf(bundle)].filter((authority) => !isNamed(authority));
    return [
      ...[...registersOf(bundle, elements)]
        .filter(([dataset]) => !feeds.has(dataset))
        .map(([dataset, what]) =>
          note(
            `needs the register \`${dataset}\` of this region (${[...what].join('、')}): write ` +
              `connectors/feeds/${dataset.replace('.', '/')}.json`,
          ),
        ),
      ...(unnamed.length === 0
        ? []
        : [
            note(
              `has items of authorities that this region has not named: ` +
                `${unnamed.map((one) => `\`${one}\``).join(', ')}; ` +
                'write contracts/datasets/<authority>/authority.json',
            ),
          ]),
    ];
  });
}
