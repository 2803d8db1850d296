/** Records in rows, with names beside codes, for people and spreadsheets. */

import { isYitongError } from '../../contracts/errors.js';
import type { Contract, FieldInfo, Workspace } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import type { Language } from './command.js';
import { WrongUsage } from './failure.js';
import { didYouMean } from './near.js';

export interface Leaf {
  /** `members[0].role` */
  readonly path: string;
  /** As the contract names it: `members[].role` */
  readonly field: string;
  readonly value: string;
}

/** Every value of a record that is no branch, in its order. */
export function leavesOf(value: unknown, path = '', field = ''): readonly Leaf[] {
  if (Array.isArray(value))
    return value.length === 0
      ? []
      : value.flatMap((one, i) =>
          leavesOf(one, `${path}[${String(i)}]`, typeof one === 'object' && one !== null ? `${field}[]` : field),
        );
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, one]) =>
      leavesOf(one, path === '' ? key : `${path}.${key}`, field === '' ? key : `${field}.${key}`),
    );
  return [{ path, field, value: value === null || value === undefined ? '' : String(value) }];
}

export interface Naming {
  /** Of a dataset; undefined where the workspace does not know it. */
  dataset(id: string): string | undefined;
  field(dataset: string, path: string): string | undefined;
  /** What a code of a code list is called; undefined where the value is no code. */
  code(dataset: string, path: string, value: string): string | undefined;
}

/** By the contracts of a workspace. */
export function namingOf(
  { contracts, codelists }: Pick<Workspace, 'contracts' | 'codelists'>,
  language: Language,
): Naming {
  const fields = new Map<string, ReadonlyMap<string, FieldInfo>>();
  const known: ReadonlyMap<string, Contract> = contracts;
  const contractOf = (id: string): Contract | undefined => known.get(id);
  const fieldOf = (id: string, path: string): FieldInfo | undefined => {
    let known = fields.get(id);
    if (known === undefined)
      fields.set(
        id,
        (known = new Map(
          (contractOf(id)?.latest.fields ?? []).map((field): [string, FieldInfo] => [field.path, field]),
        )),
      );
    return known.get(path);
  };
  return {
    dataset: (id) => contractOf(id)?.name[language],
    field: (id, path) => fieldOf(id, path)?.title[language],
    code(id, path, value) {
      const list = fieldOf(id, path)?.codelist;
      return list === undefined ? undefined : codelists.get(list)?.codes.get(value)?.[language];
    },
  };
}

const NOTHING: Naming = { dataset: () => undefined, field: () => undefined, code: () => undefined };

/** Of the workspace that is at hand; a gateway elsewhere is asked without one, and ids stand alone then. */
export async function namingAt(dir: string, language: Language): Promise<Naming> {
  try {
    return namingOf(await loadWorkspace(dir, { allowUnregistered: true }), language);
  } catch (error) {
    if (isYitongError(error)) return NOTHING;
    throw error;
  }
}

/** @throws WrongUsage for a dataset that the workspace does not have */
export function knownDataset({ contracts }: Pick<Workspace, 'contracts'>, wanted: string): Contract['id'] {
  const id = [...contracts.keys()].find((one) => one === wanted);
  if (id === undefined)
    throw new WrongUsage(`there is no dataset \`${wanted}\`${didYouMean(wanted, contracts.keys())}`);
  return id;
}
