/** The fields of a schema under the paths by which grants and queries name them. */

import { YitongError } from './errors.js';
import { fieldPath } from './ids.js';
import { present } from './present.js';
import { type FieldShape, type RecordShape, readSchema, unwrap } from './schema.js';
import { CLASSIFICATIONS, type Classification, type FieldInfo, type Localised } from './types.js';

const rank = (classification: Classification): number => CLASSIFICATIONS.indexOf(classification);
/** The more sensitive of two. */
export const higher = (a: Classification, b: Classification): Classification => (rank(a) >= rank(b) ? a : b);

const refuse = (path: string, what: string): never => {
  throw new YitongError('schema_refused', `\`${path}\` ${what}`);
};

function titleOf(path: string, value: unknown): Localised {
  const title = value as { readonly zh?: unknown; readonly en?: unknown } | undefined;
  if (
    typeof title !== 'object' ||
    title === null ||
    Object.keys(title).length !== 2 ||
    typeof title.zh !== 'string' ||
    typeof title.en !== 'string' ||
    title.zh === '' ||
    title.en === ''
  ) {
    return refuse(path, 'must have a `title` of `zh` and `en`');
  }
  return { zh: title.zh, en: title.en };
}

function classificationOf(path: string, value: unknown): Classification {
  const found = CLASSIFICATIONS.find((known) => known === value);
  return (
    found ??
    refuse(path, `must have a \`classification\`, one of ${CLASSIFICATIONS.map((known) => `\`${known}\``).join(', ')}`)
  );
}

function text(path: string, key: string, value: unknown): string | undefined {
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    return refuse(path, `has a \`${key}\` that is no text`);
  return value;
}

/** The record below a field: its own, or that of its items. */
function below(field: FieldShape): { readonly record: RecordShape; readonly list: boolean } | undefined {
  const shape = unwrap(field.shape);
  if (shape.kind === 'record') return { record: shape, list: false };
  if (shape.kind !== 'array') return undefined;
  const items = unwrap(shape.items);
  return items.kind === 'record' ? { record: items, list: true } : undefined;
}

function typeName(field: FieldShape): string {
  const { kind } = unwrap(field.shape);
  return kind === 'fixed' ? 'bytes' : kind;
}

/** Whether a code list fits: text, or a list of text. */
function isText(field: FieldShape): boolean {
  const shape = unwrap(field.shape);
  return shape.kind === 'string' || (shape.kind === 'array' && unwrap(shape.items).kind === 'string');
}

function collect(record: RecordShape, prefix: string, into: FieldInfo[]): Classification {
  let highest: Classification = 'public';
  for (const field of record.fields) {
    const name = `${prefix}${field.name}`;
    const path = fieldPath(name);
    const { attributes } = field;
    const title = titleOf(path, attributes['title']);
    const codelist = text(path, 'codelist', attributes['codelist']);
    const unit = text(path, 'unit', attributes['unit']);
    if (codelist !== undefined && !isText(field))
      refuse(path, 'has a `codelist` but is neither text nor a list of text');
    const inner = below(field);
    const at = into.length;
    let classification: Classification;
    if (inner === undefined) {
      classification = classificationOf(path, attributes['classification']);
    } else {
      const leaves: FieldInfo[] = [];
      classification = collect(inner.record, `${name}${inner.list ? '[]' : ''}.`, leaves);
      if (attributes['classification'] !== undefined)
        classification = higher(classification, classificationOf(path, attributes['classification']));
      into.push(...leaves);
    }
    highest = higher(highest, classification);
    into.splice(at, 0, {
      path,
      title,
      classification,
      type: typeName(field),
      nullable: field.shape.kind === 'nullable',
      branch: inner !== undefined,
      ...present({ codelist, unit }),
    });
  }
  return highest;
}

/**
 * Every leaf and branch, a branch before what lies below it: `address`, `address.city`, `members` (a list of records),
 * `members[].role`, `tags` (a list of scalars), and maps as one leaf. A branch is as sensitive as its most sensitive
 * leaf.
 * @throws YitongError `schema_refused` where `title` or `classification` is missing
 */
export function fieldsOf(schema: unknown): readonly FieldInfo[] {
  const fields: FieldInfo[] = [];
  collect(readSchema(schema), '', fields);
  return fields;
}

/**
 * A path of `fieldsOf` resolved in the tree; the fields met on the way, outermost first. Undefined if there is none.
 */
export function findField(root: RecordShape, path: string): readonly FieldShape[] | undefined {
  const way: FieldShape[] = [];
  let record: RecordShape | undefined = root;
  for (const part of path.split('.')) {
    const name = part.endsWith('[]') ? part.slice(0, -2) : part;
    const field: FieldShape | undefined = record?.fields.find((candidate) => candidate.name === name);
    if (field === undefined) return undefined;
    way.push(field);
    record = below(field)?.record;
  }
  return way;
}
