/**
 * Papers that are made: the text of a template with the values of the one form, each with where it comes from. Made
 * anew from a draft at each look; kept whole with what is submitted, so that a bundle that changes later changes no
 * paper. Pure.
 */
import { createHash } from 'node:crypto';
import type { Merged, MergedField } from '../../../contracts/bundle/merge.js';
import type { Element, Elements, Json, Material } from '../../../contracts/bundle/types.js';
import { canonicalJson } from '../../../contracts/canonical.js';
import { present } from '../../../contracts/present.js';
import type { Codelist, Localised } from '../../../contracts/types.js';
import type { FileType } from './inspect/index.js';

/** Text, or the place of an element's value. */
export type Span = string | { readonly element: string };
/** The one form, or of it what has to do with one group of elements. */
export interface FormBlock {
  readonly block: 'form';
  readonly group?: string;
}

/** A heading of the second rank, a paragraph, or the form. The title of the paper stands apart. */
type Block = { readonly block: 'heading' | 'text'; readonly spans: readonly Span[] } | FormBlock;

export interface MadeValue {
  readonly element: string;
  readonly title: Localised;
  readonly group: Localised;
  /** As people write it; absent where nobody has said it. */
  readonly text?: Localised;
  readonly from: 'identity' | 'register' | 'issued' | 'asked';
  /** Of `register`: which said it, as of when (ISO 8601). Of a moment that is not told, empty. */
  readonly register?: { readonly dataset: string; readonly name: Localised; readonly sourceTime: string };
}

/** What a case needs in papers, as it stood when it was submitted. */
export interface NeededMaterial {
  readonly material: string;
  readonly title: Localised;
  readonly kind: Material['kind'];
  /** Items of the case that take it. */
  readonly items: readonly string[];
  /** Whether all is known by which it is needed. */
  readonly needed: 'yes' | 'unknown';
  /** Of `data`: registers that say it. */
  readonly registers?: readonly { readonly dataset: string; readonly name: Localised }[];
  /** Of `made`: its text, and what else stands in it. */
  readonly paper?: {
    readonly title: readonly Span[];
    readonly blocks: readonly Block[];
    readonly parts: readonly Localised[];
  };
}

export interface Papers {
  readonly materials: readonly NeededMaterial[];
  /** Of all elements of the one form, in its order, and of those that a text names. */
  readonly values: readonly MadeValue[];
}

/** An upload as a paper names it. */
export interface Attached {
  readonly material: string;
  readonly type: FileType;
  readonly size: number;
  readonly digest: string;
}

/** What papers are made of. */
interface PaperGround {
  readonly merged: Merged;
  readonly elements: Elements;
  readonly values: Readonly<Record<string, Json>>;
  readonly filled: Readonly<Record<string, { readonly dataset: string; readonly sourceTime: string }>>;
  /** Without them codes stand as they are. */
  readonly codelists?: ReadonlyMap<string, Pick<Codelist, 'codes'>>;
}

const spansOf = (text: string): readonly Span[] =>
  text
    .split(/(\{\{\s*[a-z0-9.-]+\s*\}\})/)
    .filter((part) => part !== '')
    .map((part) => {
      const [, element] = /^\{\{\s*([a-z0-9.-]+)\s*\}\}$/.exec(part) ?? [];
      return element === undefined ? part.replace(/\n/g, '') : { element };
    });

/** A template: `#` the title, `##` a heading, `{{form}}` the form, `{{form group}}` a part; else paragraphs. */
function readTemplate(text: string): { readonly title: readonly Span[]; readonly blocks: readonly Block[] } {
  let title: readonly Span[] = [];
  const blocks = text
    .replace(/\r\n?/g, '\n')
    .split(/\n\s*\n/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part): Block[] => {
      if (part.startsWith('# ')) {
        title = spansOf(part.slice(2).trim());
        return [];
      }
      if (part.startsWith('## ')) return [{ block: 'heading', spans: spansOf(part.slice(3).trim()) }];
      const form = /^\{\{\s*form(?:\s+([a-z0-9-]+))?\s*\}\}$/.exec(part);
      if (form !== null) return [{ block: 'form', ...present({ group: form[1] }) }];
      return [{ block: 'text', spans: spansOf(part) }];
    });
  return { title, blocks };
}

const JOIN: Localised = { zh: '、', en: ', ' };

/** A day as it stands on a paper. */
function dateText(day: string): Localised {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  return { zh: year === undefined ? day : `${year}年${Number(month)}月${Number(date)}日`, en: day };
}

function textOf(element: Element, value: Json, codelists: PaperGround['codelists']): Localised {
  const one = (said: Json): Localised => {
    if (typeof said === 'boolean') return said ? { zh: '是', en: 'yes' } : { zh: '否', en: 'no' };
    if (element.type === 'date') return dateText(String(said));
    const code = codelists?.get(element.codelist ?? '')?.codes.get(String(said));
    if (code !== undefined) return code;
    const text = typeof said === 'object' ? JSON.stringify(said) : String(said);
    return { zh: text, en: text };
  };
  if (!Array.isArray(value)) return one(value);
  const all = (value as readonly Json[]).map(one);
  return { zh: all.map(({ zh }) => zh).join(JOIN.zh), en: all.map(({ en }) => en).join(JOIN.en) };
}

const FROM = {
  identity: 'identity',
  register: 'register',
  issued: 'issued',
  question: 'asked',
  asked: 'asked',
} as const;

function valueOf({ element, way }: MergedField, { elements, values, filled, codelists }: PaperGround): MadeValue {
  const { id, title, registers } = element;
  const value = values[id];
  const said = Object.hasOwn(filled, id) ? filled[id] : undefined;
  const name = registers.find(({ contract }) => contract.id === said?.dataset)?.contract.name;
  const register = said === undefined ? undefined : { ...said, name: name ?? { zh: said.dataset, en: said.dataset } };
  const group = id.slice(0, id.indexOf('.'));
  return {
    element: id,
    title,
    group: elements.groups.get(group) ?? { zh: group, en: group },
    ...present({ text: value === undefined ? undefined : textOf(element, value, codelists) }),
    // what a register has nothing of was asked after all
    from: way.way === 'register' && register === undefined ? 'asked' : FROM[way.way],
    ...present({ register }),
  };
}

function paperOf({ template }: Material, parts: readonly Material[]): NeededMaterial['paper'] {
  return template === undefined
    ? undefined
    : { ...readTemplate(template.text), parts: parts.map(({ title }) => title) };
}

export function papersOf(ground: PaperGround): Papers {
  const { merged } = ground;
  const items = merged.items.map(({ item }) => item.id);
  const all = merged.materials.map(({ material }) => material);
  return {
    materials: merged.materials
      .filter(({ material }) => material.within === undefined)
      .map(({ material, needed }) => ({
        material: material.id,
        title: material.title,
        kind: material.kind,
        items: material.items.filter((id) => items.includes(id)),
        needed,
        ...(material.kind === 'data'
          ? { registers: material.registers.map(({ id, name }) => ({ dataset: id as string, name })) }
          : {}),
        ...present({
          paper: paperOf(
            material,
            all.filter(({ within }) => within === material.id),
          ),
        }),
      })),
    values: merged.parts.flatMap(({ fields }) => fields.map((field) => valueOf(field, ground))),
  };
}

/** Elements that a paper names in its text. */
function namedIn({ title, blocks }: NonNullable<NeededMaterial['paper']>): ReadonlySet<string> {
  const spans = [...title, ...blocks.flatMap((one) => (one.block === 'form' ? [] : one.spans))];
  return new Set(spans.flatMap((span) => (typeof span === 'string' ? [] : [span.element])));
}

/** The whole form stands in it. */
export const hasForm = ({ blocks }: NonNullable<NeededMaterial['paper']>): boolean =>
  blocks.some((one) => one.block === 'form' && one.group === undefined);

/** Values that a form block shows. */
export const valuesOf = ({ group }: FormBlock, values: readonly MadeValue[]): readonly MadeValue[] =>
  group === undefined ? values : values.filter(({ element }) => element.startsWith(`${group}.`));

/** Values that stand in a paper. */
export function valuesIn(
  paper: NonNullable<NeededMaterial['paper']>,
  values: readonly MadeValue[],
): readonly MadeValue[] {
  const named = namedIn(paper);
  const inForm = new Set(paper.blocks.flatMap((one) => (one.block === 'form' ? valuesOf(one, values) : [])));
  return values.filter((value) => inForm.has(value) || named.has(value.element));
}

/**
 * SHA-256, base64url, of all that who signs it says: the text, each value and who has it, and what is attached. Not of
 * the moment as of which a register said it: it moves on by itself.
 * @param attached those of the whole case; a paper with the form names them
 */
export function paperDigest(
  needed: NeededMaterial,
  values: readonly MadeValue[],
  attached: readonly Attached[],
): string {
  const { material, title, paper } = needed;
  if (paper === undefined) return '';
  const told = {
    format: 'yitong-material/1',
    material,
    title,
    paper,
    values: valuesIn(paper, values).map(({ register, ...value }) => ({
      ...value,
      ...(register === undefined ? {} : { register: register.dataset }),
    })),
    attached: hasForm(paper)
      ? [...attached].sort((a, b) => (a.material < b.material ? -1 : 1)).map((one) => ({ ...one }))
      : [],
  };
  return createHash('sha256').update(canonicalJson(told)).digest('base64url');
}
