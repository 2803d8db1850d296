/**
 * Examples of what a dataset holds, made from its contract alone: no record, no file of examples and no known key goes
 * into them. Keys are masked, so that none can be anybody's.
 */
import { findField } from '../../../../contracts/fields.js';
import { readSchema, type Shape, unwrap } from '../../../../contracts/schema.js';
import type { Contract, FieldInfo, Localised, Workspace } from '../../../../contracts/types.js';

type Ground = Pick<Workspace, 'codelists' | 'schemes'>;
const MARKS = '甲乙丙丁';

const both = (text: string): Localised => ({ zh: text, en: text });

/** A code of the list, another one for each example. */
function codeOf(list: string, at: number, { codelists }: Ground): Localised | undefined {
  const names = [...(codelists.get(list)?.codes.values() ?? [])];
  return names[(at * 3 + 1) % Math.max(1, names.length)] ?? names[0];
}

function keyOf(scheme: string, at: number, { schemes }: Ground): Localised {
  const found = schemes.get(scheme);
  return found === undefined ? both('–') : both(found.mask(found.make(900_000 + at * 7)));
}

function symbolOf(contract: Contract, path: string, at: number): string | undefined {
  const root = readSchema(contract.latest.schema);
  const shape: Shape | undefined = findField(root, path)?.at(-1)?.shape;
  const inner = shape === undefined ? undefined : unwrap(shape);
  return inner?.kind === 'enum' ? inner.symbols[at % inner.symbols.length] : undefined;
}

/** One value of a field, in words. */
function valueOf(
  contract: Contract,
  { path, title, type, codelist, unit }: FieldInfo,
  at: number,
  ground: Ground,
): Localised {
  if (path === contract.subject.field) return keyOf(contract.subject.scheme, at, ground);
  const code = codelist === undefined ? undefined : codeOf(codelist, at, ground);
  if (code !== undefined) return code;
  const mark = MARKS.charAt(at);
  switch (type) {
    case 'date':
      return both(`202${String(at + 3)}-0${String(at + 2)}-1${String(at)}`);
    case 'timestamp':
      return both(`202${String(at + 3)}-0${String(at + 2)}-1${String(at)} 09:30`);
    case 'int':
    case 'long':
      return both(String((at + 1) * 12));
    case 'double':
    case 'decimal':
      return both(unit === '%' ? `${String((at + 1) * 12)}.50` : `${String((at + 1) * 125)}.50`);
    case 'boolean':
      return at % 2 === 0 ? { zh: '是', en: 'yes' } : { zh: '否', en: 'no' };
    case 'enum': {
      const symbol = symbolOf(contract, path, at) ?? '';
      return { zh: `第 ${String(at + 1)} 类`, en: symbol };
    }
    default:
      return { zh: `示例${title.zh}${mark}`, en: `Sample ${title.en.toLowerCase()} ${'ABCD'.charAt(at)}` };
  }
}

/** Values of a field, as many as examples are asked for; none of a field that only holds others. */
export const syntheticValues = (
  contract: Contract,
  field: FieldInfo,
  count: number,
  ground: Ground,
): readonly Localised[] =>
  field.branch ? [] : Array.from({ length: count }, (_, at) => valueOf(contract, field, at, ground));
