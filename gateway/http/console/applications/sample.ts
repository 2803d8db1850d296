/** What a record of a dataset looks like: the first valid example beside its contract, which is invented. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson } from '../../../../contracts/files.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { Contract, Workspace } from '../../../../contracts/types.js';

export interface SampleLine {
  readonly path: string;
  readonly title: Localised;
  readonly value: Localised;
}

const MOST = 40;

function valuesAt(value: unknown, parts: readonly string[]): readonly unknown[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  const isList = part.endsWith('[]');
  const name = isList ? part.slice(0, -2) : part;
  const member = name === '' ? value : (value as Readonly<Record<string, unknown>>)[name];
  const inside = Array.isArray(member) ? (member as readonly unknown[]) : [member];
  return inside.flatMap((one) => valuesAt(one, rest));
}

function wordsOf(
  value: unknown,
  codelist: string | undefined,
  codelists: Workspace['codelists'],
): Localised | undefined {
  if (value === null || value === undefined || typeof value === 'object') return undefined;
  if (typeof value === 'boolean') return value ? { zh: '是', en: 'yes' } : { zh: '否', en: 'no' };
  const text = String(value as string | number);
  return (codelist === undefined ? undefined : codelists.get(codelist)?.codes.get(text)) ?? { zh: text, en: text };
}

/** Empty where the contract has no example. */
export async function sampleOf(
  contract: Contract,
  { codelists }: Pick<Workspace, 'codelists'>,
): Promise<readonly SampleLine[]> {
  const dir = join(contract.dir, 'examples', 'valid');
  const [first] = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  if (first === undefined) return [];
  const record = await readJson(join(dir, first), 'bad_workspace');
  return contract.latest.fields
    .filter(({ branch }) => !branch)
    .flatMap(({ path, title, codelist }) => {
      const words = valuesAt(record, path.split('.')).flatMap((one) => wordsOf(one, codelist, codelists) ?? []);
      if (words.length === 0) return [];
      const value = { zh: words.map(({ zh }) => zh).join('、'), en: words.map(({ en }) => en).join(', ') };
      return [{ path, title, value }];
    })
    .slice(0, MOST);
}
