/**
 * Avro schemas as a small tree of our own. What Avro allows and we do not (recursion, wide unions, types without bytes,
 * unknown attributes) ends here, so that encoding, decoding, field lists and comparisons need not think of it.
 */
import { YitongError } from './errors.js';

type Scalar =
  | { readonly kind: 'string' | 'boolean' | 'int' | 'long' | 'double' | 'bytes' | 'date' | 'timestamp' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[]; readonly fallback?: string }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number };

export interface FieldShape {
  readonly name: string;
  readonly shape: Shape;
  readonly hasDefault: boolean;
  /** In Avro's own JSON form. */
  readonly default?: unknown;
  /** As they stand in the schema; `fields.ts` checks them. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface RecordShape {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: readonly FieldShape[];
}

export type Shape =
  | Scalar
  | RecordShape
  | { readonly kind: 'array'; readonly items: Shape }
  | { readonly kind: 'map'; readonly values: Shape }
  | { readonly kind: 'nullable'; readonly of: Shape; readonly nullIndex: 0 | 1 };

const MAX_DEPTH = 16;
const MAX_FIELDS = 500;
const FIELD_ATTRIBUTES = ['title', 'classification', 'codelist', 'unit'] as const;
/** Names that would reach an object's prototype. Refused as field names and as map keys. */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const PRIMITIVES: ReadonlySet<string> = new Set(['string', 'boolean', 'int', 'long', 'double', 'bytes']);
const KEYS = {
  record: ['type', 'name', 'namespace', 'doc', 'fields'],
  field: ['name', 'type', 'default', 'doc', ...FIELD_ATTRIBUTES],
  enum: ['type', 'name', 'namespace', 'doc', 'symbols', 'default'],
  fixed: ['type', 'name', 'namespace', 'doc', 'size'],
  array: ['type', 'items'],
  map: ['type', 'values'],
  primitive: ['type', 'logicalType', 'precision', 'scale'],
} as const;

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refuse = (at: string, what: string): never => {
  throw new YitongError('schema_refused', at === '' ? what : `\`${at}\` ${what}`);
};

function onlyKeys(at: string, value: Json, known: readonly string[]): void {
  for (const key of Object.keys(value)) if (!known.includes(key)) refuse(at, `has the unknown key \`${key}\``);
}

function checkName(at: string, value: unknown): string {
  if (typeof value !== 'string' || !NAME.test(value) || FORBIDDEN_NAMES.has(value)) {
    return refuse(
      at,
      `has the name \`${String(value).slice(0, 100)}\`; names are letters, digits and underscores, and none of ` +
        `\`${[...FORBIDDEN_NAMES].join('`, `')}\``,
    );
  }
  return value;
}

class Reading {
  readonly #named = new Map<string, Shape>();
  readonly #open = new Set<string>();
  #fieldCount = 0;

  #fullName(at: string, value: Json, namespace: string): { full: string; space: string } {
    const given = value['namespace'];
    if (given !== undefined && typeof given !== 'string') return refuse(at, 'has a namespace that is no string');
    const name = value['name'];
    if (typeof name === 'string' && name.includes('.')) {
      const parts = name.split('.');
      for (const part of parts) checkName(at, part);
      return { full: name, space: parts.slice(0, -1).join('.') };
    }
    const space = given ?? namespace;
    for (const part of space === '' ? [] : space.split('.')) checkName(at, part);
    return { full: space === '' ? checkName(at, name) : `${space}.${checkName(at, name)}`, space };
  }

  #keep<S extends Shape>(at: string, full: string, shape: S): S {
    if (this.#named.has(full)) refuse(at, `defines \`${full}\` a second time`);
    this.#named.set(full, shape);
    return shape;
  }

  read(schema: unknown, at: string, namespace: string, depth: number): Shape {
    if (depth > MAX_DEPTH) refuse(at, `lies deeper than ${MAX_DEPTH} levels`);
    if (typeof schema === 'string') return this.#reference(schema, at, namespace);
    if (Array.isArray(schema)) return this.#union(schema, at, namespace, depth);
    if (!isObject(schema)) return refuse(at, 'has a type that is neither a name, a list nor an object');
    switch (schema['type']) {
      case 'record':
        return this.record(schema, at, namespace, depth);
      case 'array': {
        onlyKeys(at, schema, KEYS.array);
        return { kind: 'array', items: this.read(schema['items'], at, namespace, depth + 1) };
      }
      case 'map': {
        onlyKeys(at, schema, KEYS.map);
        return { kind: 'map', values: this.read(schema['values'], at, namespace, depth + 1) };
      }
      case 'enum':
        return this.#enumeration(schema, at, namespace);
      case 'fixed': {
        onlyKeys(at, schema, KEYS.fixed);
        const { full } = this.#fullName(at, schema, namespace);
        const size = schema['size'];
        if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > 65536)
          return refuse(at, 'is `fixed` with a size that is not between 1 and 65536');
        return this.#keep(at, full, { kind: 'fixed', name: full, size });
      }
      default:
        return this.#primitive(schema, at, namespace, depth);
    }
  }

  #reference(name: string, at: string, namespace: string): Shape {
    if (PRIMITIVES.has(name)) return { kind: name } as Scalar;
    if (name === 'null') return refuse(at, 'is of type `null`, which holds nothing');
    if (name === 'float')
      return refuse(
        at,
        'is of type `float`, which changes decimal figures; use `double` or the logical type `decimal`',
      );
    const full = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
    for (const candidate of [full, name]) {
      if (this.#open.has(candidate))
        return refuse(at, `refers to \`${candidate}\` from inside it; recursion has no bounded list of fields`);
      const known = this.#named.get(candidate);
      if (known !== undefined) return known;
    }
    return refuse(at, `refers to the unknown type \`${name.slice(0, 100)}\``);
  }

  #union(schema: readonly unknown[], at: string, namespace: string, depth: number): Shape {
    const nullIndex = schema.indexOf('null');
    if (schema.length !== 2 || nullIndex < 0)
      return refuse(at, 'is a union of something else than `null` and one type');
    const of = this.read(schema[1 - nullIndex], at, namespace, depth);
    if (of.kind === 'nullable') return refuse(at, 'is a union inside a union');
    return { kind: 'nullable', of, nullIndex: nullIndex === 0 ? 0 : 1 };
  }

  #enumeration(schema: Json, at: string, namespace: string): Shape {
    onlyKeys(at, schema, KEYS.enum);
    const { full } = this.#fullName(at, schema, namespace);
    const symbols = schema['symbols'];
    if (!Array.isArray(symbols) || symbols.length === 0) return refuse(at, 'is an enum without symbols');
    const names = symbols.map((symbol: unknown) => checkName(at, symbol));
    if (new Set(names).size !== names.length) refuse(at, 'is an enum with a symbol twice');
    const fallback = schema['default'];
    if (fallback === undefined) return this.#keep(at, full, { kind: 'enum', name: full, symbols: names });
    if (typeof fallback !== 'string' || !names.includes(fallback))
      return refuse(at, 'is an enum whose default is none of its symbols');
    return this.#keep(at, full, { kind: 'enum', name: full, symbols: names, fallback });
  }

  #primitive(schema: Json, at: string, namespace: string, depth: number): Shape {
    const { type, logicalType } = schema;
    if (typeof type !== 'string') return this.read(type, at, namespace, depth + 1);
    onlyKeys(at, schema, KEYS.primitive);
    if (logicalType === undefined) return this.#reference(type, at, namespace);
    if (logicalType === 'date' && type === 'int') return { kind: 'date' };
    if (logicalType === 'timestamp-millis' && type === 'long') return { kind: 'timestamp' };
    if (logicalType === 'decimal' && type === 'bytes') {
      const precision = schema['precision'];
      const scale = schema['scale'] ?? 0;
      if (typeof precision !== 'number' || !Number.isInteger(precision) || precision < 1 || precision > 38)
        return refuse(at, 'is a decimal whose precision is not between 1 and 38');
      if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0 || scale > precision)
        return refuse(at, 'is a decimal whose scale is not between 0 and its precision');
      return { kind: 'decimal', precision, scale };
    }
    return refuse(
      at,
      `has the logical type \`${String(logicalType)}\` on \`${type}\`; there are \`date\` on int, ` +
        `\`timestamp-millis\` on long and \`decimal\` on bytes`,
    );
  }

  record(schema: Json, at: string, namespace: string, depth: number): RecordShape {
    onlyKeys(at, schema, KEYS.record);
    const { full, space } = this.#fullName(at, schema, namespace);
    const list = schema['fields'];
    if (!Array.isArray(list) || list.length === 0) return refuse(at, `is the record \`${full}\` without fields`);
    this.#open.add(full);
    const seen = new Set<string>();
    const fields = list.map((field: unknown): FieldShape => {
      if (!isObject(field)) return refuse(at, 'has a field that is no object');
      const name = checkName(at, field['name']);
      const path = at === '' ? name : `${at}.${name}`;
      if (seen.has(name)) refuse(path, 'stands twice');
      seen.add(name);
      onlyKeys(path, field, KEYS.field);
      if (++this.#fieldCount > MAX_FIELDS) refuse('', `the schema has more than ${MAX_FIELDS} fields`);
      const shape = this.read(field['type'], path, space, depth + 1);
      const attributes = Object.fromEntries(
        FIELD_ATTRIBUTES.flatMap((key) => (field[key] === undefined ? [] : [[key, field[key]]])),
      );
      return Object.hasOwn(field, 'default')
        ? { name, shape, attributes, hasDefault: true, default: field['default'] }
        : { name, shape, attributes, hasDefault: false };
    });
    this.#open.delete(full);
    return this.#keep(at, full, { kind: 'record', name: full, fields });
  }
}

/**
 * The tree of a record schema (Avro 1.11 specification, JSON form).
 * @throws YitongError `schema_refused` naming the field
 */
export function readSchema(schema: unknown): RecordShape {
  if (!isObject(schema) || schema['type'] !== 'record') return refuse('', 'a dataset schema is an Avro record');
  return new Reading().record(schema, '', '', 1);
}

/** A nullable's inner shape, else the shape itself. */
export const unwrap = (shape: Shape): Exclude<Shape, { kind: 'nullable' }> =>
  shape.kind === 'nullable' ? unwrap(shape.of) : shape;
