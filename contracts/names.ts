/**
 * Which register a workspace names for finding a company by its name: `contracts/names.json`. Without the file subjects
 * are asked for by their keys alone.
 */
import { localisedSchema } from './contract.js';
import { YitongError } from './errors.js';
import { contentFiles, readJson } from './files.js';
import type { Contract, FieldInfo, Localised, Workspace } from './types.js';
import { shape } from './validate.js';

export interface NamesDefinition {
  readonly contract: Contract;
  /** Path of the name. */
  readonly name: string;
  /** What is told beside name and key, so that companies of one name are told apart. */
  readonly tell: readonly FieldInfo[];
  /** The client under which the register is asked; what it may see is in its grants. */
  readonly client: string;
  /** Role of a person → the purpose for which it looks a company up. A role that is not here does not. */
  readonly roles: ReadonlyMap<string, string>;
  /** Legal forms at the end of a name that make no difference. */
  readonly forms: readonly string[];
  /** Choices in one answer. */
  readonly most: number;
  readonly title: Localised;
}

interface File {
  readonly title: Localised;
  readonly dataset: string;
  readonly name: string;
  readonly tell?: readonly string[];
  readonly client: string;
  readonly roles: Readonly<Record<string, string>>;
  readonly forms?: readonly string[];
  readonly most?: number;
}
const word = { type: 'string', minLength: 1, maxLength: 200 };
const checkFile = shape<File>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['title', 'dataset', 'name', 'client', 'roles'],
    properties: {
      title: localisedSchema,
      dataset: word,
      name: word,
      tell: { type: 'array', maxItems: 4, uniqueItems: true, items: word },
      client: word,
      roles: { type: 'object', minProperties: 1, additionalProperties: word },
      forms: { type: 'array', maxItems: 40, items: word },
      most: { type: 'integer', minimum: 1, maximum: 50 },
    },
  },
  'bad_workspace',
);

const MOST = 8;

/**
 * @throws YitongError `bad_workspace` for a register or field that is not there, or a field that is not public: choices
 * are told to whoever looks a name up
 */
export async function loadNames({
  layers,
  contracts,
}: Pick<Workspace, 'layers' | 'contracts'>): Promise<NamesDefinition | undefined> {
  const [found] = (await contentFiles(layers, 'contracts', 'names.json', 1)).filter(
    ({ name }) => name === 'names.json',
  );
  if (found === undefined) return undefined;
  const place = { file: found.path };
  const refuse = (what: string): never => {
    throw new YitongError('bad_workspace', what, { place });
  };
  const file = checkFile(await readJson(found.path, 'bad_workspace'), place);
  const contract =
    contracts.get(file.dataset as Contract['id']) ??
    refuse(`\`dataset\` names the unknown dataset \`${file.dataset}\``);
  if (contract.subject.persons) refuse(`the subjects of \`${contract.id}\` are persons: nobody is looked up by name`);
  const field = (path: string): FieldInfo => {
    const known =
      contract.latest.fields.find((one) => one.path === path && !one.branch) ??
      refuse(`\`${path}\` is no field of \`${contract.id}\``);
    if (known.classification !== 'public')
      refuse(`\`${path}\` of \`${contract.id}\` is not public, and choices are told to whoever looks a name up`);
    return known;
  };
  return {
    contract,
    name: field(file.name).path,
    tell: (file.tell ?? []).map(field),
    client: file.client,
    roles: new Map(Object.entries(file.roles)),
    forms: file.forms ?? [],
    most: file.most ?? MOST,
    title: file.title,
  };
}
