/** A JSON schema as a page shows it: members with their kind, their limits and what is below them. */
import { present } from '../../../../contracts/present.js';
import type { Localised } from '../../../../contracts/types.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly additionalProperties?: boolean | Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}
type Schemas = Readonly<Record<string, object>>;

const KINDS = {
  text: { zh: '文本', en: 'text' },
  day: { zh: '日期', en: 'day' },
  moment: { zh: '时刻', en: 'moment' },
  integer: { zh: '整数', en: 'integer' },
  number: { zh: '数值', en: 'number' },
  boolean: { zh: '是否', en: 'true or false' },
  object: { zh: '对象', en: 'object' },
  named: { zh: '按名称的取值', en: 'values by name' },
  any: { zh: '任意内容', en: 'any value' },
} as const satisfies Readonly<Record<string, Localised>>;

export interface Member {
  readonly name: string;
  readonly kind: Localised;
  readonly required: boolean;
  /** In English, as the route says it. */
  readonly about?: string;
  /** The only ones that it can have. */
  readonly values: readonly string[];
  readonly limits: readonly Localised[];
  readonly members: readonly Member[];
}

/** Below that nobody reads on; a schema that holds itself ends there. */
const DEPTH = 7;

class Reading {
  readonly #schemas: Schemas;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /** The schema itself, or each of those that it may be. */
  #ways(schema: Schema): readonly Schema[] {
    const { $ref, anyOf, oneOf } = schema;
    if ($ref !== undefined) {
      const found = this.#schemas[$ref.split('/').at(-1) ?? ''];
      return found === undefined ? [] : this.#ways(found as Schema);
    }
    const several = anyOf ?? oneOf;
    return several === undefined ? [schema] : several.flatMap((one) => this.#ways(one));
  }

  /** Every object that stands there, through lists and names. */
  #objects(schema: Schema, depth: number): readonly Schema[] {
    if (depth > DEPTH) return [];
    return this.#ways(schema).flatMap((way): readonly Schema[] => {
      const { properties, items, allOf, additionalProperties, patternProperties } = way;
      const below = [
        ...(items === undefined ? [] : [items]),
        ...(allOf ?? []),
        ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
        ...Object.values(patternProperties ?? {}),
      ];
      return [...(properties === undefined ? [] : [way]), ...below.flatMap((one) => this.#objects(one, depth + 1))];
    });
  }

  members(schema: Schema, depth = 0): readonly Member[] {
    const objects = this.#objects(schema, depth);
    const names = new Set(objects.flatMap(({ properties = {} }) => Object.keys(properties)));
    return [...names].map((name) => {
      const own = objects.flatMap(({ properties = {} }) => properties[name] ?? []);
      const required = objects.every(({ required: all = [] }) => all.includes(name));
      return this.member(name, own.length === 1 ? (own[0] ?? {}) : { anyOf: own }, required, depth + 1);
    });
  }

  #kind(schema: Schema): Localised {
    const kinds = [
      ...new Map(
        this.#ways(schema)
          .map((way) => this.#kindOf(way))
          .flatMap((kind) => (kind === undefined ? [] : [[kind.en, kind] as const])),
      ).values(),
    ];
    if (kinds.length === 0) return KINDS.any;
    return { zh: kinds.map(({ zh }) => zh).join('或'), en: kinds.map(({ en }) => en).join(' or ') };
  }

  /** Undefined of `null`, which is none by itself. */
  #kindOf({
    type,
    format,
    items,
    properties,
    additionalProperties,
    patternProperties,
    enum: all,
    const: only,
  }: Schema) {
    const own = [type ?? []].flat().find((one) => one !== 'null');
    if (own === 'array') {
      const of = items === undefined ? KINDS.any : this.#kind(items);
      return { zh: `列表（${of.zh}）`, en: `list of ${of.en}` };
    }
    if (own === 'object' && properties === undefined && (additionalProperties ?? patternProperties) !== undefined)
      return KINDS.named;
    if (own === 'object' || properties !== undefined) return KINDS.object;
    if (format === 'date') return KINDS.day;
    if (format === 'date-time') return KINDS.moment;
    if (own === 'integer' || own === 'number' || own === 'boolean') return KINDS[own];
    if (own === 'string' || typeof (all?.[0] ?? only) === 'string') return KINDS.text;
    if (typeof only === 'boolean') return KINDS.boolean;
    return type === 'null' ? undefined : KINDS.any;
  }

  #values(schema: Schema): readonly string[] {
    const ways = this.#ways(schema).flatMap((way) => [way, ...(way.items === undefined ? [] : this.#ways(way.items))]);
    const all = ways.flatMap(({ enum: some, const: only }) => some ?? (only === undefined ? [] : [only]));
    return [...new Set(all.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))))];
  }

  member(name: string, schema: Schema, required: boolean, depth = 0): Member {
    const ways = this.#ways(schema);
    const about = schema.description ?? ways.find(({ description }) => description !== undefined)?.description;
    return {
      name,
      kind: this.#kind(schema),
      required,
      ...present({ about }),
      values: this.#values(schema),
      limits: [...new Map(ways.flatMap(limitsOf).map((one) => [one.en, one])).values()],
      members: this.members(schema, depth),
    };
  }
}

const between = (from: number | undefined, to: number | undefined, zh: string, en: string): readonly Localised[] =>
  to === undefined
    ? from === undefined || from === 0
      ? []
      : [{ zh: `至少 ${String(from)}${zh}`, en: `at least ${String(from)}${en}` }]
    : from === undefined || from === 0
      ? [{ zh: `至多 ${String(to)}${zh}`, en: `at most ${String(to)}${en}` }]
      : from === to
        ? [{ zh: `${String(to)}${zh}`, en: `${String(to)}${en}` }]
        : [{ zh: `${String(from)} 至 ${String(to)}${zh}`, en: `${String(from)} to ${String(to)}${en}` }];

/** That something is not empty goes without saying. */
const beyondOne = (least: number | undefined): number | undefined => (least === 1 ? undefined : least);

const limitsOf = ({ minimum, maximum, minLength, maxLength, minItems, maxItems }: Schema): readonly Localised[] => [
  ...between(minimum, maximum, '', ''),
  ...between(beyondOne(minLength), maxLength, ' 字', ' characters'),
  ...between(beyondOne(minItems), maxItems, ' 项', ' items'),
];

/** @param schemas of the description, by name */
export const membersOf = (schema: object, schemas: Schemas): readonly Member[] => new Reading(schemas).members(schema);

/** A parameter, or whatever else has a name of its own. */
export const memberOf = (name: string, schema: object, required: boolean, schemas: Schemas): Member =>
  new Reading(schemas).member(name, schema, required);
