/** What ids of the workspace are called by people. */
import type { Contract } from '../../contracts/types.js';
import type { GatewayContext } from '../context.js';
import type { Language } from './page.js';

type Naming = (id: string | undefined) => string | undefined;

export interface Names {
  readonly client: Naming;
  readonly purpose: Naming;
  readonly authority: Naming;
  readonly dataset: Naming;
  /** The title of a path of the dataset's latest contract; the path itself where there is none. */
  readonly field: (dataset: string, path: string) => string;
}

export function namesOf({ workspace, inForce }: GatewayContext, language: Language): Names {
  const { clients, purposes } = inForce().policies;
  const named = (map: ReadonlyMap<string, { readonly name: Readonly<Record<Language, string>> }>): Naming => (id) => (id === undefined ? undefined : map.get(id)?.name[language]);
  const contracts: ReadonlyMap<string, Contract> = workspace.contracts;
  const titles = new Map<string, ReadonlyMap<string, string>>();
  return {
    client: named(clients), purpose: named(purposes), authority: named(workspace.authorities), dataset: named(workspace.contracts),
    field(dataset, path) {
      let known = titles.get(dataset);
      if (known === undefined) {
        known = new Map((contracts.get(dataset)?.latest.fields ?? []).map((field): [string, string] => [field.path, field.title[language]]));
        titles.set(dataset, known);
      }
      return known.get(path) ?? path;
    },
  };
}
