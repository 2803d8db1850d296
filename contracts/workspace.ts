/** A workspace: a folder with `yitong.json` and declared content, over the workspaces that it extends. */
import { realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { compileSchema } from './avro.js';
import { checkContractFile, localisedSchema, makeContract } from './contract.js';
import { type ErrorCode, isYitongError, type Place, YitongError } from './errors.js';
import { higher } from './fields.js';
import { contentFiles, readJson } from './files.js';
import { type AuthorityId, authorityId, authorityOf, type DatasetId, datasetId } from './ids.js';
import { present } from './present.js';
import { refuseSchema } from './refuse.js';
import { fingerprint, SchemaIds } from './schema-ids.js';
import { loadSchemes } from './schemes/load.js';
import { loadSharingPlaces } from './sharing-places.js';
import type {
  Authority,
  AvroSchema,
  Codelist,
  Contract,
  ContractVersion,
  DisplayTerm,
  KeyScheme,
  Localised,
  Workspace,
} from './types.js';
import { shape } from './validate.js';

/** Sections of yitong.json whose content belongs to others. */
const SECTIONS = [
  'gateway',
  'bus',
  'acl',
  'audit',
  'connectors',
  'people',
  'keep',
  'state',
  'tracing',
  'view',
  'guide',
  'notices',
  'region',
  'synthetic',
] as const;
/** The id of a version that has none yet, under `allowUnregistered`. */
export const UNREGISTERED = 0;

interface Settings {
  readonly name: Localised;
  readonly prefix: string;
  readonly synthetic?: boolean | object;
  readonly extends?: string;
  readonly region?: { readonly id?: unknown };
}

const section = { type: 'object' };
const checkSettings = shape<Settings>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'prefix'],
    properties: {
      name: localisedSchema,
      prefix: { type: 'string', pattern: '^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$', maxLength: 60 },
      extends: { type: 'string', minLength: 1 },
      ...Object.fromEntries(SECTIONS.map((name) => [name, section])),
      synthetic: { type: ['boolean', 'object'] },
    },
  },
  'bad_workspace',
);
const checkAuthority = shape<Omit<Authority, 'id'>>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: localisedSchema,
      area: { type: 'string', minLength: 1 },
      contact: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        properties: {
          office: localisedSchema,
          telephone: { type: 'string', pattern: '^[0-9+][0-9-]{4,30}$' },
          email: { type: 'string', format: 'email' },
        },
      },
    },
  },
  'bad_workspace',
);
const months = { type: 'integer', minimum: 0, maximum: 1200 };
const checkCodelist = shape<{
  readonly name: Localised;
  readonly codes: Readonly<Record<string, Localised>>;
  readonly display?: Readonly<Record<string, DisplayTerm>>;
}>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'codes'],
    properties: {
      name: localisedSchema,
      codes: { type: 'object', minProperties: 1, additionalProperties: localisedSchema },
      display: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          additionalProperties: false,
          required: ['shortest', 'longest', 'basis'],
          properties: {
            shortest: months,
            longest: months,
            collected: { const: false },
            basis: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
          },
        },
      },
    },
  },
  'bad_workspace',
);

/** Runs `act`; an error without a place gets this one. */
function placed<T>(place: Place, act: () => T, code?: ErrorCode): T {
  try {
    return act();
  } catch (cause) {
    if (!isYitongError(cause) || cause.extra.place !== undefined) throw cause;
    throw new YitongError(code ?? cause.code, cause.message, { ...cause.extra, place, cause });
  }
}

/**
 * Also where a volume that was to be here was not mounted: then there is an empty folder, or one with what was mounted
 * over it.
 */
export const NO_WORKSPACE =
  'there is no workspace in this folder. Name it with `--workspace`, begin one with `yitong init`, or look ' +
  'whether its volume is mounted: ' +
  'Kubernetes 1.31 to 1.34 drops an image volume without a word unless the feature gate ImageVolume is on at ' +
  'the API server and at every kubelet';

async function readLayers(dir: string): Promise<{ layers: string[]; foreign: string[]; own: Settings }> {
  const layers: string[] = [];
  const foreign: string[] = [];
  let own: Settings | undefined;
  let next: string | undefined = resolve(dir);
  while (next !== undefined) {
    const file: string = join(next, 'yitong.json');
    await stat(file).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') throw new YitongError('bad_workspace', NO_WORKSPACE, { place: { file }, cause });
    });
    const settings: Settings = checkSettings(await readJson(file, 'bad_workspace'), { file });
    const layer: string = await realpath(next);
    if (layers.includes(layer)) {
      throw new YitongError('bad_workspace', '`extends` leads back to a workspace that it started from', {
        place: { file },
      });
    }
    layers.push(layer);
    own ??= settings;
    // from the first layer of another region on, all that it builds on is that one's
    if (foreign.length > 0 || isOfAnother(own, settings)) foreign.push(layer);
    next = settings.extends === undefined ? undefined : resolve(layer, settings.extends);
  }
  return { layers, foreign, own: own! };
}

const isOfAnother = (own: Settings, { region }: Settings): boolean =>
  typeof own.region?.id === 'string' && typeof region?.id === 'string' && own.region.id !== region.id;

async function readAuthorities(layers: readonly string[]): Promise<Map<AuthorityId, Authority>> {
  const authorities = new Map<AuthorityId, Authority>();
  for (const { name, path } of await contentFiles(layers, 'contracts/datasets', '/authority.json', 2)) {
    const place = { file: path };
    const id = placed(place, () => authorityId(name.slice(0, name.indexOf('/'))), 'bad_workspace');
    authorities.set(id, { id, ...checkAuthority(await readJson(path, 'bad_workspace'), place) });
  }
  return authorities;
}

/** Every code of a list of display tiers has its term, none of which ends before it can be shortened. */
function displayOf(
  codes: Readonly<Record<string, unknown>>,
  display: Readonly<Record<string, DisplayTerm>>,
  file: string,
): ReadonlyMap<string, DisplayTerm> {
  const refuse = (what: string): never => {
    throw new YitongError('bad_workspace', what, { place: { file } });
  };
  for (const code of new Set([...Object.keys(codes), ...Object.keys(display)])) {
    const term = display[code];
    if (codes[code] === undefined) refuse(`\`display\` names \`${code}\`, which is no code of the list`);
    if (term === undefined) refuse(`\`display\` says nothing of the code \`${code}\``);
    else if (term.longest < term.shortest) refuse(`the tier \`${code}\` ends before its shortest term is over`);
  }
  return new Map(Object.entries(display));
}

async function readCodelists(layers: readonly string[]): Promise<Map<string, Codelist>> {
  const lists = new Map<string, Codelist>();
  for (const { name, path } of await contentFiles(layers, 'contracts/codelists', '.json', 1)) {
    const id = name.slice(0, -'.json'.length);
    const file = checkCodelist(await readJson(path, 'bad_workspace'), { file: path });
    lists.set(id, {
      id,
      name: file.name,
      codes: new Map(Object.entries(file.codes)),
      ...(file.display === undefined ? {} : { display: displayOf(file.codes, file.display, path) }),
    });
  }
  return lists;
}

interface Found {
  readonly id: DatasetId;
  readonly layer: number;
  readonly contract: string;
  /** Version → file, ascending. */
  readonly schemas: readonly (readonly [number, string])[];
}

/** A nearer layer's whole dataset folder stands in place of a farther one's. */
async function findDatasets(layers: readonly string[]): Promise<Found[]> {
  const found = new Map<string, Found>();
  for (const [layer, root] of layers.entries()) {
    const ofLayer = new Map<string, { contract?: string; schemas: [number, string][] }>();
    for (const { name, path } of await contentFiles([root], 'contracts/datasets', '', 3)) {
      const [authority, dataset, file] = name.split('/');
      if (file === undefined) {
        if (dataset === 'authority.json' || name.endsWith('.md')) continue;
        throw new YitongError(
          'bad_workspace',
          'this file belongs in no place of `contracts/datasets/<authority>/<dataset>/`',
          { place: { file: path } },
        );
      }
      const key = `${authority}.${dataset}`;
      let folder = ofLayer.get(key);
      if (folder === undefined) ofLayer.set(key, (folder = { schemas: [] }));
      const version = /^v([1-9]\d{0,3})\.avsc$/.exec(file)?.[1];
      if (file === 'contract.json') folder.contract = path;
      else if (version !== undefined) folder.schemas.push([Number(version), path]);
      else if (!file.endsWith('.md'))
        throw new YitongError(
          'bad_workspace',
          'a dataset folder holds contract.json, v1.avsc, v2.avsc, … and examples/',
          { place: { file: path } },
        );
    }
    for (const [key, { contract, schemas }] of ofLayer) {
      if (found.has(key)) continue;
      const file = contract ?? schemas[0]?.[1] ?? join(root, 'contracts/datasets', key.replace('.', '/'));
      const id = placed({ file }, () => datasetId(key), 'bad_workspace');
      if (contract === undefined)
        throw new YitongError('bad_contract', `\`${id}\` has no contract.json`, { place: { file } });
      found.set(key, { id, layer, contract, schemas: schemas.sort(([a], [b]) => a - b) });
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

interface Ground {
  readonly ids: SchemaIds;
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  readonly codelists: ReadonlyMap<string, Codelist>;
  readonly authorities: ReadonlyMap<AuthorityId, Authority>;
  readonly allowUnregistered: boolean;
}

function schemaId(ground: Ground, found: Found, version: number, schema: unknown, place: Place): number {
  const lookup = ground.ids.find(found.id, version, fingerprint(schema), found.layer);
  switch (lookup.kind) {
    case 'registered':
      return lookup.id;
    case 'changed':
      throw new YitongError(
        'schema_id_collision',
        `\`${found.id}\` v${version} was changed after it was registered in \`${lookup.file}\`; undo that and ` +
          `write v${version + 1}.avsc`,
        { place },
      );
    case 'unregistered':
      if (ground.allowUnregistered) return UNREGISTERED;
      throw new YitongError(
        'schema_unregistered',
        `\`${found.id}\` v${version} has no id; run \`yitong contracts register\``,
        { place },
      );
  }
}

/**
 * Of a schema that was registered as it is, and so was compiled without complaint, the type is made when it is asked
 * for: few of hundreds are, and each takes a millisecond and 100 KB.
 * @throws YitongError `schema_refused`
 */
function versionOf(parts: Omit<ContractVersion, 'type'>): ContractVersion {
  const { schema } = parts;
  let type = parts.schemaId === UNREGISTERED ? compileSchema(schema) : undefined;
  return {
    ...parts,
    get type() {
      return (type ??= compileSchema(schema));
    },
  };
}

async function readContract(found: Found, ground: Ground): Promise<Contract> {
  const place = { file: found.contract };
  const refuse = (what: string): never => {
    throw new YitongError('bad_contract', what, { place });
  };
  const file = checkContractFile(await readJson(found.contract, 'bad_contract'), place);
  const scheme = ground.schemes.get(file.subject.scheme);
  if (scheme === undefined)
    return refuse(
      `\`subject.scheme\` must be one of ${[...ground.schemes.keys()].map((id) => `\`${id}\``).join(', ')}`,
    );
  if (scheme.persons && !file.subject.persons)
    refuse(`\`subject.persons\` must be true: \`${scheme.id}\` numbers natural persons`);
  if (!ground.authorities.has(authorityOf(found.id))) refuse(`\`${authorityOf(found.id)}\` has no authority.json`);
  const versions: ContractVersion[] = [];
  for (const [index, [version, path]] of found.schemas.entries()) {
    const at = { file: path };
    if (version !== index + 1)
      throw new YitongError('bad_contract', `the versions of \`${found.id}\` must be v1, v2, … without a gap`, {
        place: at,
      });
    const schema = (await readJson(path, 'schema_refused')) as AvroSchema;
    versions.push(
      placed(at, () => {
        const fields = refuseSchema(schema, file);
        for (const { path: field, codelist } of fields) {
          if (codelist !== undefined && !ground.codelists.has(codelist))
            throw new YitongError('bad_contract', `\`${field}\` names the unknown code list \`${codelist}\``);
        }
        return versionOf({ version, schemaId: schemaId(ground, found, version, schema, at), schema, fields });
      }),
    );
  }
  const keyField = versions.at(-1)?.fields.find(({ path }) => path === file.subject.field);
  if (
    scheme.classification !== undefined &&
    keyField !== undefined &&
    higher(keyField.classification, scheme.classification) !== keyField.classification
  ) {
    refuse(
      `\`${file.subject.field}\` must be classified as \`${scheme.classification}\` or higher: so the key ` +
        `scheme \`${scheme.id}\` declares its keys`,
    );
  }
  return makeContract(found.id, dirname(found.contract), file, versions, place);
}

interface LoadOptions {
  /**
   * A version without an id has `UNREGISTERED` and is missing from `schemasById`. For `contracts check` and `register`.
   */
  readonly allowUnregistered?: boolean;
  /**
   * Takes the refusal of one contract, which is then left out, so that a check can tell all at once. Never given where
   * data are served.
   */
  readonly onRefused?: (dataset: DatasetId, error: YitongError) => void;
}

/**
 * Reads and checks all declared content of `contracts/`.
 * @throws YitongError naming the file: `bad_workspace`, `bad_contract`, `schema_refused`, `schema_unregistered`,
 * `schema_id_collision`
 */
export async function loadWorkspace(dir: string, options: LoadOptions = {}): Promise<Workspace> {
  const { layers, foreign, own } = await readLayers(dir);
  const [schemes, authorities, codelists, ids] = await Promise.all([
    loadSchemes(layers),
    readAuthorities(layers),
    readCodelists(layers),
    SchemaIds.read(layers),
  ]);
  // for their names alone: what is wrong with the file is told by whoever goes by it
  const places = await loadSharingPlaces({ layers, authorities }).catch(() => undefined);
  const ground: Ground = {
    ids,
    schemes,
    codelists,
    authorities,
    allowUnregistered: options.allowUnregistered === true,
  };
  const contracts = new Map<DatasetId, Contract>();
  const schemasById = new Map<number, { contract: Contract; version: ContractVersion }>();
  for (const found of await findDatasets(layers)) {
    const contract = await readContract(found, ground).catch((error: unknown) => {
      if (options.onRefused === undefined || !isYitongError(error)) throw error;
      options.onRefused(found.id, error);
    });
    if (contract === undefined) continue;
    contracts.set(contract.id, contract);
    for (const version of contract.versions)
      if (version.schemaId !== UNREGISTERED) schemasById.set(version.schemaId, { contract, version });
  }
  const sections = Object.entries(own).filter(
    ([key, value]) => SECTIONS.some((known) => known === key) && typeof value === 'object',
  );
  return {
    dir: layers[0]!,
    name: own.name,
    prefix: own.prefix,
    ...(foreign.length === 0 ? {} : { foreign }),
    synthetic: own.synthetic !== undefined && own.synthetic !== false,
    layers,
    authorities,
    ...present({ bodies: places?.bodies }),
    contracts,
    codelists,
    schemes,
    schemasById,
    settings: Object.fromEntries(sections),
  };
}
