/** The elements of a workspace: `contracts/elements.json`, of each layer, of which the nearer one's counts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Place, YitongError } from '../errors.js';
import { readJson } from '../files.js';
import { present } from '../present.js';
import type { Contract, FieldInfo, Localised, Workspace } from '../types.js';
import { checkElementsFile, type ElementInFile, type SourceInFile } from './file.js';
import type { Kind } from './rule.js';
import type { Element, Elements, ElementType, JsonSchema, SlotKind, Source } from './types.js';

type Ground = Pick<Workspace, 'layers' | 'contracts' | 'codelists' | 'schemes'>;
type Refuse = (what: string) => never;

const DECIMAL = '^-?(?:0|[1-9][0-9]{0,14})(?:\\.[0-9]{1,6})?$';
const MAX_TEXT = 400;
const MAX_ITEMS = 200;

function schemaOf(file: ElementInFile, codelists: Workspace['codelists'], refuse: Refuse): JsonSchema {
  const { type, minLength = 1, maxLength = MAX_TEXT, pattern, minimum, maximum, maxItems = MAX_ITEMS } = file;
  const one = (): JsonSchema => {
    switch (type) {
      case 'text':
        return { type: 'string', minLength, maxLength, ...present({ pattern }) };
      case 'code': {
        const list = codelists.get(file.codelist ?? '') ?? refuse('is a code without a code list of this workspace');
        return { type: 'string', enum: [...list.codes.keys()] };
      }
      case 'integer':
        return { type: 'integer', ...present({ minimum, maximum }) };
      case 'decimal':
        return { type: 'string', pattern: pattern ?? DECIMAL };
      case 'date':
        return { type: 'string', format: 'date' };
      case 'yes-no':
        return { type: 'boolean' };
      case 'key':
        return { type: 'string', minLength: 1, maxLength: 60 };
    }
  };
  return file.many === true ? { type: 'array', items: one(), minItems: 1, maxItems, uniqueItems: true } : one();
}

/** Types of a register's field that hold such an element. */
const HOLDS: Readonly<Record<ElementType, readonly string[]>> = {
  text: ['string', 'enum'],
  code: ['string', 'enum'],
  integer: ['int', 'long'],
  decimal: ['decimal', 'int', 'long', 'double'],
  date: ['date'],
  'yes-no': ['boolean'],
  key: ['string'],
};

/** Types of an element that holds what a slot is. */
const SLOTS: Readonly<Record<SlotKind, readonly ElementType[]>> = {
  address: ['text'],
  area: ['decimal', 'integer'],
  money: ['decimal', 'integer'],
  mass: ['decimal', 'integer'],
};

function sourceOf(
  element: ElementInFile,
  { dataset, field, by, record }: SourceInFile,
  all: ReadonlyMap<string, ElementInFile>,
  { contracts }: Ground,
  refuse: Refuse,
): Source {
  const contract = contracts.get(dataset as Contract['id']) ?? refuse(`names the unknown dataset \`${dataset}\``);
  const fieldOf = (path: string): FieldInfo =>
    contract.latest.fields.find((one) => one.path === path) ?? refuse(`names \`${path}\`, no field of \`${dataset}\``);
  const info = fieldOf(field);
  const inRecord = field.includes('[]') || info.type === 'array';
  const list = inRecord || (contract.recordId.length > 0 && record === undefined);
  if (info.branch || list !== (element.many === true))
    refuse(`and \`${field}\` of \`${dataset}\` do not both hold ${element.many === true ? 'a list' : 'one value'}`);
  if (record !== undefined && !all.has(record.is))
    refuse(`is of a record named by the unknown element \`${record.is}\``);
  if (info.type !== 'array' && !HOLDS[element.type].includes(info.type))
    refuse(`is \`${element.type}\`, and \`${field}\` of \`${dataset}\` is \`${info.type}\``);
  if (element.codelist !== info.codelist) refuse(`and \`${field}\` of \`${dataset}\` have different code lists`);
  const key = all.get(by) ?? refuse(`is asked by the unknown element \`${by}\``);
  if (key.type !== 'key' || key.many === true || key.scheme !== contract.subject.scheme)
    refuse(`is asked by \`${by}\`, which is no key of \`${contract.subject.scheme}\`, the scheme of \`${dataset}\``);
  return {
    contract,
    field: info.path,
    by,
    ...(record === undefined ? {} : { record: { field: fieldOf(record.field).path, is: record.is } }),
  };
}

/**
 * All elements of a workspace.
 * @throws YitongError `bad_elements` naming the element
 */
export async function loadElements(ground: Ground): Promise<Elements> {
  const groups = new Map<string, Localised>();
  const files = new Map<string, ElementInFile>();
  const places = new Map<string, Place>();
  for (const layer of ground.layers) {
    const place = { file: join(layer, 'contracts', 'elements.json') };
    if (!existsSync(place.file)) continue;
    const file = checkElementsFile(await readJson(place.file, 'bad_elements'), place);
    for (const [id, title] of Object.entries(file.groups)) if (!groups.has(id)) groups.set(id, title);
    for (const [id, element] of Object.entries(file.elements)) {
      if (files.has(id)) continue;
      files.set(id, element);
      places.set(id, place);
    }
  }
  const elements = new Map<string, Element>();
  for (const [id, file] of files) {
    const place = places.get(id) as Place;
    const refuse: Refuse = (what) => {
      throw new YitongError('bad_elements', `\`${id}\` ${what}`, { place });
    };
    if (!groups.has(id.slice(0, id.indexOf('.')))) refuse('is in no group of `groups`');
    if ((file.type === 'key') !== (file.scheme !== undefined)) refuse('has a scheme if it is a key, and only then');
    if (file.slot !== undefined && !SLOTS[file.slot].includes(file.type))
      refuse('has a slot that its type cannot hold');
    if (file.type !== 'code' && file.codelist !== undefined) refuse('has a code list and is no code');
    if (file.scheme !== undefined && !ground.schemes.has(file.scheme)) refuse('has a scheme that there is not');
    const schema = schemaOf(file, ground.codelists, refuse);
    const registers = (file.registers ?? []).map((source) => sourceOf(file, source, files, ground, refuse));
    if (file.lead !== undefined && !registers.some(({ contract }) => contract.authority === file.lead))
      refuse(`has \`${file.lead}\` as its source, and no register of it`);
    elements.set(id, {
      id,
      title: file.title,
      type: file.type,
      many: file.many === true,
      ...present({ codelist: file.codelist, scheme: file.scheme, asked: file.asked, slot: file.slot, lead: file.lead }),
      schema,
      registers,
      identity: file.identity ?? [],
      examples: file.examples,
    });
  }
  checkKeys(elements, places);
  return { groups, elements, place: [...places.values()][0] };
}

/** A key that is itself filled by a register is not asked by itself, also not over others. */
function checkKeys(elements: ReadonlyMap<string, Element>, places: ReadonlyMap<string, Place>): void {
  const walk = (id: string, way: readonly string[]): void => {
    if (way.includes(id))
      throw new YitongError('bad_elements', `\`${id}\` is found by a key that is found by \`${id}\``, {
        place: places.get(id) as Place,
      });
    for (const { by, record } of elements.get(id)?.registers ?? [])
      for (const key of [by, ...(record === undefined ? [] : [record.is])]) walk(key, [...way, id]);
  };
  for (const id of elements.keys()) walk(id, []);
}

/** What an element holds, to rules. */
export function kindOfElement({ type, many, schema, codelist }: Element): Kind {
  switch (type) {
    case 'code': {
      const codes = (many ? (schema['items'] as JsonSchema)['enum'] : schema['enum']) as readonly string[];
      return codelist === undefined ? { type: 'text' } : { type: many ? 'codes' : 'code', codes };
    }
    case 'integer':
    case 'decimal':
    case 'date':
    case 'yes-no':
      return many ? { type: 'texts' } : { type };
    default:
      return { type: many ? 'texts' : 'text' };
  }
}

/** What a field of a record holds, to rules; undefined for what rules cannot read. */
export function kindOfField(field: FieldInfo, codelists: Workspace['codelists']): Kind | undefined {
  const codes = field.codelist === undefined ? undefined : [...(codelists.get(field.codelist)?.codes.keys() ?? [])];
  if (field.path.includes('[]')) return undefined;
  if (field.branch) return field.type === 'array' ? { type: 'texts' } : undefined;
  switch (field.type) {
    case 'string':
    case 'enum':
      return codes === undefined ? { type: 'text' } : { type: 'code', codes };
    case 'int':
    case 'long':
      return { type: 'integer' };
    case 'decimal':
    case 'double':
      return { type: 'decimal' };
    case 'date':
      return { type: 'date' };
    case 'boolean':
      return { type: 'yes-no' };
    case 'array':
      return codes === undefined ? { type: 'texts' } : { type: 'codes', codes };
    default:
      return undefined;
  }
}
