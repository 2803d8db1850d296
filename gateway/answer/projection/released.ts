/**
 * What of a record is released, as a tree of its fields; and the shape that it has then: for who has to say beforehand
 * what records look like.
 */
import type { FieldPath } from '../../../contracts/ids.js';
import { type FieldShape, type RecordShape, readSchema, type Shape, unwrap } from '../../../contracts/schema.js';
import type { ContractVersion } from '../../../contracts/types.js';
import { type Form, writeForm } from './forms.js';

/** What of a branch is released: all of it, or what stands below; or something of it in another form than its value. */
export interface Released {
  all: boolean;
  form?: Form;
  readonly below: Map<string, Released>;
}

export const EVERYTHING: Released = { all: true, below: new Map() };

/** @param forms what is released in another form than its value; a form goes before the value */
export function releasedTree(fields: readonly FieldPath[], forms: ReadonlyMap<FieldPath, Form>): Released {
  const released: Released = { all: false, below: new Map() };
  for (const path of fields) nodeAt(released, path).all = true;
  for (const [path, form] of forms) nodeAt(released, path).form = form;
  return released;
}

function nodeAt(root: Released, path: string): Released {
  let node = root;
  for (const part of path.split('.')) {
    let next = node.below.get(part);
    if (next === undefined) node.below.set(part, (next = { all: false, below: new Map() }));
    node = next;
  }
  return node;
}

/** What of this field is released; undefined if nothing. `name[]` leads below a list, `name` below a record. */
export function releasedOf(parent: Released, name: string, shape: Shape): Released | undefined {
  const inner = unwrap(shape);
  const plain = parent.below.get(name);
  const list = inner.kind === 'array' ? parent.below.get(`${name}[]`) : undefined;
  if (parent.all || plain?.all === true || list?.all === true) {
    // all of a branch, but for what lies below in another form
    const below = (list ?? plain)?.below;
    return below === undefined || below.size === 0 ? EVERYTHING : { all: true, below };
  }
  const record = inner.kind === 'array' ? unwrap(inner.items) : inner;
  const branch = inner.kind === 'array' ? list : plain;
  if (branch === undefined || record.kind !== 'record') return undefined;
  return record.fields.some(
    (field) =>
      branch.below.get(field.name)?.form !== undefined || releasedOf(branch, field.name, field.shape) !== undefined,
  )
    ? branch
    : undefined;
}

/**
 * The shape of what a projection writes of records of this and older versions: each field may be missing, since an
 * older version may not have it; a code of an enumeration is text, since it may have had others.
 */
export const releasedShape = (
  { schema }: Pick<ContractVersion, 'schema'>,
  fields: readonly FieldPath[],
  forms: ReadonlyMap<FieldPath, Form>,
): RecordShape => recordOf(readSchema(schema), releasedTree(fields, forms));

/** A field that may be missing. */
const optional = (name: string, shape: Shape): FieldShape => ({
  name,
  shape: shape.kind === 'nullable' ? { ...shape, nullIndex: 0 } : { kind: 'nullable', of: shape, nullIndex: 0 },
  hasDefault: true,
  default: null,
  attributes: {},
});

function recordOf(record: RecordShape, released: Released): RecordShape {
  const fields = record.fields.flatMap(({ name, shape }): FieldShape[] => {
    const form = released.below.get(name)?.form;
    if (form !== undefined) return writeForm(shape, form) === undefined ? [] : [optional(name, formShape(form))];
    const below = releasedOf(released, name, shape);
    return below === undefined ? [] : [optional(name, loosened(shape, below))];
  });
  return { kind: 'record', name: record.name, fields };
}

function formShape(form: Form): RecordShape {
  const told: Shape =
    form.kind === 'exists' ? { kind: 'boolean' } : form.kind === 'count' ? { kind: 'long' } : { kind: 'string' };
  return { kind: 'record', name: form.kind, fields: [optional(form.kind, told)] };
}

function loosened(shape: Shape, released: Released): Shape {
  switch (shape.kind) {
    case 'record':
      return recordOf(shape, released);
    case 'nullable':
      return { ...shape, nullIndex: 0, of: loosened(shape.of, released) };
    case 'array':
      return { kind: 'array', items: loosened(shape.items, released) };
    case 'map':
      return { kind: 'map', values: loosened(shape.values, released) };
    case 'enum':
      return { kind: 'string' };
    default:
      return shape;
  }
}
