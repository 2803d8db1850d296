/** What ids of the workspace are called by people. */
import type { Contract } from '../../contracts/types.js';
import type { GatewayContext } from '../context.js';
import { roleNames } from '../people/person.js';
import type { Language } from './page.js';

type Naming = (id: string | undefined) => string | undefined;

export interface Names {
  readonly client: Naming;
  readonly purpose: Naming;
  readonly authority: Naming;
  readonly dataset: Naming;
  /** Who verified a document, as its entry says `by`: a client, an authority, a role, or whoever was on the public page. */
  readonly verifier: (by: string) => string;
  /** The title of a path of the dataset's latest contract; the path itself where there is none. */
  readonly field: (dataset: string, path: string) => string;
}

export function namesOf({ workspace, inForce }: GatewayContext, language: Language): Names {
  const { clients, purposes } = inForce().policies;
  const named = (map: ReadonlyMap<string, { readonly name: Readonly<Record<Language, string>> }>): Naming => (id) => (id === undefined ? undefined : map.get(id)?.name[language]);
  const contracts: ReadonlyMap<string, Contract> = workspace.contracts;
  const roles: Readonly<Record<string, Readonly<Record<Language, string>>>> = roleNames;
  const authority = named(workspace.authorities);
  function verifier(by: string): string {
    const client = (clients as ReadonlyMap<string, { readonly authority: string; readonly name: Readonly<Record<Language, string>> }>).get(by);
    if (client !== undefined) return `${authority(client.authority) ?? client.authority} · ${client.name[language]}`;
    if (by === 'public page') return language === 'zh' ? '公开核验页' : 'the public page';
    return authority(by) ?? roles[by]?.[language] ?? by;
  }
  const titles = new Map<string, ReadonlyMap<string, string>>();
  return {
    client: named(clients), purpose: named(purposes), authority, dataset: named(workspace.contracts), verifier,
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
