/**
 * Examples of what a dataset holds, made from its contract alone: no record, no file of examples and no known key goes
 * into them. Keys are masked, so that none can be anybody's.
 */
import { findField } from '../../../../contracts/fields.js';
import { readSchema, type Shape, unwrap } from '../../../../contracts/schema.js';
import type { Contract, FieldInfo, Localised } from '../../../../contracts/types.js';
import {
  type Ground,
  inventedCode,
  inventedDay,
  inventedKey,
  inventedNumber,
  inventedText,
} from '../../../answer/sandbox/invented.js';

const both = (text: string): Localised => ({ zh: text, en: text });

const codeOf = (list: string, at: number, ground: Ground): Localised | undefined => {
  const code = inventedCode(list, at, ground);
  return code === undefined ? undefined : ground.codelists.get(list)?.codes.get(code);
};

function keyOf(scheme: string, at: number, { schemes }: Ground): Localised {
  const found = schemes.get(scheme);
  return found === undefined ? both('–') : both(found.mask(inventedKey(found, at)));
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
  const place = { at, nth: 0 };
  switch (type) {
    case 'date':
      return both(inventedDay(path, place));
    case 'timestamp':
      return both(`${inventedDay(path, place)} 09:30`);
    case 'int':
    case 'long':
      return both(String(inventedNumber(place)));
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
      return inventedText(title, place);
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
