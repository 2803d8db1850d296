/**
 * One form of many (多表合一), computed: from the answers follow the items that apply, and from their forms one form in
 * which each element stands once. What a register, the account or an earlier item says is not asked.
 */
import { allOf, anyOf, evaluate, namesOf, type Rule, ruleText, type Tri, type Value } from './rule.js';
import { narrowed } from './schemas.js';
import { isAnswered, situationOf } from './situation.js';
import type {
  Answers,
  Bundle,
  Element,
  Elements,
  Form,
  FormField,
  Item,
  Json,
  JsonSchema,
  Material,
  Question,
  Requirement,
  Source,
} from './types.js';

/** Where the value of an element comes from. */
type Way =
  | { readonly way: 'identity' }
  /** The first one counts, the others have to say the same. */
  | { readonly way: 'register'; readonly sources: readonly Source[] }
  /** The number of a licence, say: there once that item is done. */
  | { readonly way: 'issued'; readonly item: string }
  | { readonly way: 'question'; readonly question: string }
  | { readonly way: 'asked' };

export interface MergedField {
  readonly element: Element;
  /** What the forms that want it ask of a value, all of them. */
  readonly schema: JsonSchema;
  readonly way: Way;
  /** Some form that applies cannot be without it. */
  readonly required: boolean;
  /** `unknown` until the questions in `condition` are answered. */
  readonly shown: 'yes' | 'unknown';
  readonly condition: Rule;
  /** The forms that get it, and under which name. */
  readonly forms: readonly FieldPlace[];
}

interface FieldPlace {
  readonly item: string;
  readonly field: FormField;
  readonly shown: 'yes' | 'unknown';
}

/** Fields of one group that show under one condition. */
interface Part {
  readonly group: string;
  /** Undefined: always. */
  readonly condition?: string;
  /** Questions on which it waits. */
  readonly waitsFor: readonly string[];
  readonly fields: readonly MergedField[];
}

/** What stands in the way of an item, or may: `unknown` is never `clear`. */
interface Obstacle {
  readonly item: string;
  readonly requirement: Requirement;
  readonly state: 'no' | 'unknown';
  /** Authorities whose registers are asked for it. */
  readonly owners: readonly string[];
}

export interface Merged {
  readonly bundle: Bundle;
  readonly items: readonly { readonly item: Item; readonly applies: 'yes' | 'unknown' }[];
  /** Items by when they can be done: those of one stage go in parallel. */
  readonly stages: readonly (readonly string[])[];
  readonly fields: readonly MergedField[];
  readonly parts: readonly Part[];
  /** Asked, in order. */
  readonly questions: readonly Question[];
  /** Asked and not answered yet. */
  readonly open: readonly Question[];
  readonly obstacles: readonly Obstacle[];
  readonly materials: readonly { readonly material: Material; readonly needed: 'yes' | 'unknown' }[];
}

const tri = (rule: Rule, valueOf: (name: string) => Value): Tri => evaluate(rule, valueOf);

/** An item's fields that are not left out, each with its remaining condition. */
const shownFields = (item: Item, valueOf: (name: string) => Value): readonly FormField[] =>
  item.form.fields.filter((field) => tri(field.when.rule, valueOf) !== 'no');

/** How the value of an element is got at, in a form that has these elements. */
class Ways {
  readonly #bundle: Bundle;
  readonly #elements: Elements;
  readonly #inForm: ReadonlySet<string>;
  readonly #issued: ReadonlyMap<string, string>;
  readonly #questions: ReadonlyMap<string, string>;

  constructor(
    bundle: Bundle,
    elements: Elements,
    inForm: ReadonlySet<string>,
    items: readonly Item[],
    questions: Iterable<Question>,
  ) {
    this.#bundle = bundle;
    this.#elements = elements;
    this.#inForm = inForm;
    this.#issued = new Map(items.flatMap(({ id, issues }) => issues.map((element) => [element, id] as const)));
    this.#questions = new Map(
      [...questions].flatMap(({ id, element }) => (element === undefined ? [] : [[element, id] as const])),
    );
  }

  /** Whether somebody says it: then a register can be asked by it. */
  #known(id: string): boolean {
    const element = this.#elements.elements.get(id);
    return element !== undefined && (this.#inForm.has(id) || this.of(element).way !== 'asked');
  }

  of(element: Element): Way {
    const { id, identity, registers } = element;
    if (identity.includes(this.#bundle.applicant)) return { way: 'identity' };
    const item = this.#issued.get(id);
    if (item !== undefined) return { way: 'issued', item };
    const sources = registers.filter(
      ({ by, record }) => this.#known(by) && (record === undefined || this.#known(record.is)),
    );
    if (sources.length > 0) return { way: 'register', sources };
    const question = this.#questions.get(id);
    return question === undefined ? { way: 'asked' } : { way: 'question', question };
  }
}

/** Items by their order: what waits for nothing that applies, then what waits for these only, and so on. */
function stagesOf(items: readonly Item[]): readonly (readonly string[])[] {
  const stages: string[][] = [];
  const placed = new Set<string>();
  while (placed.size < items.length) {
    const next = items.filter(
      ({ id, after }) =>
        !placed.has(id) && after.every((one) => placed.has(one) || !items.some((other) => other.id === one)),
    );
    if (next.length === 0) break;
    stages.push(next.map(({ id }) => id));
    for (const { id } of next) placed.add(id);
  }
  return stages;
}

interface Wanted {
  readonly element: Element;
  readonly forms: FieldPlace[];
  readonly conditions: Rule[];
  schema: JsonSchema;
  required: boolean;
  shown: 'yes' | 'unknown';
}

function wantedBy(
  items: readonly { readonly item: Item; readonly applies: 'yes' | 'unknown' }[],
  { elements }: Elements,
  valueOf: (name: string) => Value,
): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const { item, applies } of items) {
    for (const field of shownFields(item, valueOf)) {
      const element = elements.get(field.element ?? '');
      if (element === undefined) continue;
      const sure = applies === 'yes' && tri(field.when.rule, valueOf) === 'yes';
      const one = wanted.get(element.id) ?? {
        element,
        forms: [],
        conditions: [],
        schema: element.schema,
        required: false,
        shown: 'unknown',
      };
      wanted.set(element.id, one);
      one.forms.push({ item: item.id, field, shown: sure ? 'yes' : 'unknown' });
      one.conditions.push(allOf([item.when.rule, field.when.rule]));
      one.schema = narrowed(one.schema, field.schema);
      if (sure) {
        one.shown = 'yes';
        one.required ||= field.required;
      }
    }
  }
  return wanted;
}

/** Groups in the order in which their first field comes; in a group what always shows before what does not. */
function partsOf(fields: readonly MergedField[], questions: ReadonlyMap<string, Question>): readonly Part[] {
  const parts = new Map<string, { group: string; condition: Rule; fields: MergedField[] }>();
  const groups: string[] = [];
  for (const field of fields) {
    const group = field.element.id.slice(0, field.element.id.indexOf('.'));
    if (!groups.includes(group)) groups.push(group);
    const key = `${group} ${field.shown === 'yes' ? '' : ruleText(field.condition)}`;
    const part = parts.get(key) ?? { group, condition: field.condition, fields: [] };
    parts.set(key, part);
    part.fields.push(field);
  }
  return [...parts.values()]
    .sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group))
    .map(({ group, condition, fields: own }) =>
      own[0]?.shown === 'yes'
        ? { group, waitsFor: [], fields: own }
        : {
            group,
            condition: ruleText(condition),
            waitsFor: [...namesOf(condition)].filter((name) => questions.has(name)),
            fields: own,
          },
    );
}

function obstaclesOf(
  { facts }: Bundle,
  { elements }: Elements,
  items: readonly Item[],
  valueOf: (name: string) => Value,
): readonly Obstacle[] {
  return items.flatMap((item) =>
    item.requires.flatMap((requirement): readonly Obstacle[] => {
      const state = tri(requirement.rule.rule, valueOf);
      if (state === 'yes') return [];
      const owners = [...namesOf(requirement.rule.rule)].flatMap((name) => {
        const fact = facts.get(name);
        const sources = elements.get(name)?.registers.map(({ contract }) => contract) ?? [];
        return (fact === undefined ? sources : [fact.contract]).map(({ authority }) => authority as string);
      });
      return [{ item: item.id, requirement, state, owners: [...new Set(owners)] }];
    }),
  );
}

/**
 * The one form for these answers. What is not answered yet leaves items and fields that are `unknown`, with what they
 * wait for.
 * @param answers by question, checked by `wrongAnswers`
 * @param registers by fact and element, as far as registers and the account have said them
 */
export function mergeForm(bundle: Bundle, elements: Elements, answers: Answers, registers: Answers = {}): Merged {
  const valueOf = situationOf(bundle, elements, answers, registers);
  const items = [...bundle.items.values()].flatMap((item) => {
    const applies = tri(item.when.rule, valueOf);
    return applies === 'no' ? [] : [{ item, applies }];
  });
  const applying = items.map(({ item }) => item);
  const questions = [...bundle.questions.values()].filter(({ when }) => tri(when.rule, valueOf) === 'yes');
  const wanted = wantedBy(items, elements, valueOf);
  const ways = new Ways(bundle, elements, new Set(wanted.keys()), applying, questions);
  const fields = [...wanted.values()].map(
    ({ element, forms, conditions, schema, required, shown }): MergedField => ({
      element,
      schema,
      way: ways.of(element),
      required,
      shown,
      condition: anyOf(conditions),
      forms,
    }),
  );
  const materials = [...bundle.materials.values()].flatMap((material) => {
    const asks = items.filter(({ item }) => material.items.includes(item.id));
    const when = tri(material.when.rule, valueOf);
    if (asks.length === 0 || when === 'no') return [];
    const needed: 'yes' | 'unknown' =
      when === 'yes' && asks.some(({ applies }) => applies === 'yes') ? 'yes' : 'unknown';
    return [{ material, needed }];
  });
  return {
    bundle,
    items,
    stages: stagesOf(applying),
    fields,
    parts: partsOf(fields, bundle.questions),
    questions,
    open: questions.filter((question) => !isAnswered(question, answers)),
    obstacles: obstaclesOf(bundle, elements, applying, valueOf),
    materials,
  };
}

/** Of a department's own form: the JSON schema of what it gets under these answers. */
export function departmentSchema(form: Form, { elements }: Elements, valueOf: (name: string) => Value): JsonSchema {
  const fields = form.fields.filter(({ when }) => tri(when.rule, valueOf) !== 'no');
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: form.title,
    type: 'object',
    additionalProperties: false,
    required: fields
      .filter(({ required, when }) => required && tri(when.rule, valueOf) === 'yes')
      .map(({ name }) => name),
    properties: Object.fromEntries(
      fields.map(({ name, title, element, schema }): [string, Json] => [
        name,
        { title, ...narrowed(elements.get(element ?? '')?.schema ?? {}, schema) },
      ]),
    ),
  };
}

/** A department's own form, whole, out of the one: each field under its own name. What nobody said is left out. */
export function departmentForm(
  form: Form,
  valueOf: (name: string) => Value,
  values: ReadonlyMap<string, Json>,
): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    form.fields.flatMap(({ name, element, when }): [string, Json][] => {
      const value = values.get(element ?? '');
      return value === undefined || tri(when.rule, valueOf) === 'no' ? [] : [[name, value]];
    }),
  );
}
