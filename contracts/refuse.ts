/**
 * What registration refuses of a schema, beyond what `schema.ts` cannot read at all: missing attributes, and keys that
 * may be absent.
 */
import { YitongError } from './errors.js';
import { fieldsOf, findField } from './fields.js';
import { type RecordShape, readSchema, unwrap } from './schema.js';
import type { FieldInfo } from './types.js';

interface Keys {
  readonly subject: { readonly field: string };
  readonly recordId: readonly string[];
}

const KEY_KINDS: ReadonlySet<string> = new Set([
  'string',
  'int',
  'long',
  'date',
  'timestamp',
  'enum',
  'decimal',
  'boolean',
]);

function checkKey(root: RecordShape, path: string, what: string): void {
  const refuse = (why: string): never => {
    throw new YitongError('schema_refused', `${what} \`${path}\` ${why}`);
  };
  if (path.includes('[]')) refuse('lies inside a list; a record has one of it');
  const way = findField(root, path);
  if (way === undefined) return refuse('is not a field of the schema');
  if (way.some(({ shape }) => shape.kind === 'nullable')) refuse('may be null; a key is always there');
  if (way.slice(0, -1).some(({ shape }) => shape.kind !== 'record'))
    refuse('lies inside a list; a record has one of it');
  const kind = unwrap(way.at(-1)!.shape).kind;
  if (what === 'the subject field' ? kind !== 'string' : !KEY_KINDS.has(kind))
    refuse(`is of kind \`${kind}\`, which is no key`);
}

/**
 * Refuses: types without bytes (`null`, empty records, `fixed` of 0), recursion, unions other than null and one type,
 * `float`, unknown keys and logical types, names that are no field path or reach a prototype, more than 500 fields,
 * more than 16 levels, fields without title or classification, and subject or record-id fields that are absent,
 * nullable or inside a list.
 * @returns the fields
 * @throws YitongError `schema_refused` naming the field
 */
export function refuseSchema(schema: unknown, keys: Keys): readonly FieldInfo[] {
  const root = readSchema(schema);
  checkKey(root, keys.subject.field, 'the subject field');
  for (const path of keys.recordId) checkKey(root, path, 'the record-id field');
  return fieldsOf(schema);
}
