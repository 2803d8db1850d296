/** What a contract's field wants: its JSON form, and whether it must be mapped. */
import { findField } from '../../contracts/fields.js';
import { readSchema, unwrap } from '../../contracts/schema.js';
import type { AvroSchema, Contract, FieldInfo } from '../../contracts/types.js';
import type { Cell } from '../reading/port.js';
import { readNumber, toInteger } from './numbers.js';
import { FAILED, type Made, problem, type RowRun } from './steps.js';

type Finish = (made: Cell, run: RowRun) => Made;
const asIs: Finish = (made) => made;

/**
 * From what the steps made to the JSON form of the field: whole numbers and doubles become numbers, a decimal stays
 * text, a number for a text field becomes text. All else the encoder checks.
 */
export function finisher(info: FieldInfo, element: FieldInfo | undefined, scale: number): Finish {
  switch (info.type) {
    case 'int':
    case 'long':
      return (made, run) =>
        typeof made === 'string' ? (toInteger(made) ?? problem(run, 'bad_value', 'is not a whole number')) : made;
    case 'float':
    case 'double':
      return (made, run) => {
        if (typeof made !== 'string') return made;
        const number = readNumber(made, '.', undefined);
        return number === undefined ? problem(run, 'bad_value', 'is not a number') : Number(number);
      };
    case 'decimal':
      return (made, run) => {
        if (typeof made !== 'string' && typeof made !== 'number') return made;
        return (
          toScale(String(made), scale) ?? problem(run, 'bad_value', `is not a number of at most ${scale} decimals`)
        );
      };
    case 'string':
    case 'enum':
      return (made) => (typeof made === 'number' || typeof made === 'boolean' ? String(made) : made);
    case 'boolean':
      return (made) => (made === 'true' ? true : made === 'false' ? false : made);
    case 'array': {
      const each = element === undefined ? asIs : finisher(element, undefined, scale);
      if (each === asIs) return asIs;
      return (made, run) => {
        if (!Array.isArray(made)) return made;
        const out: Cell[] = [];
        for (const part of made as readonly Cell[]) {
          const done = part === null ? null : each(part, run);
          if (done === FAILED) return FAILED;
          out.push(done);
        }
        return out;
      };
    }
    default:
      return asIs;
  }
}

/**
 * Exactly `scale` digits after the point, as the JSON form of a decimal has; zeros are added, other digits are never
 * cut.
 */
function toScale(text: string, scale: number): string | undefined {
  const number = readNumber(text, '.', undefined);
  if (number === undefined) return undefined;
  const point = number.indexOf('.');
  const whole = point < 0 ? number : number.slice(0, point);
  const fraction = point < 0 ? '' : number.slice(point + 1);
  for (let i = scale; i < fraction.length; i++) if (fraction.charCodeAt(i) !== 48) return undefined;
  const digits = fraction.slice(0, scale).padEnd(scale, '0');
  const done = scale === 0 ? whole : `${whole}.${digits}`;
  return /^-[0.]+$/.test(done) ? done.slice(1) : done;
}

/** The scale of a decimal field, 0 for any other. */
export function scaleOf(contract: Contract, path: string): number {
  const shape = findField(readSchema(contract.latest.schema), path)?.at(-1);
  if (shape === undefined) return 0;
  const inner = unwrap(shape.shape);
  return inner.kind === 'decimal' ? inner.scale : 0;
}

interface SchemaField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: unknown;
}

/** Top-level fields that are neither nullable nor have a default, and those of records that must be there. */
export function requiredFields(contract: Contract): string[] {
  const found: string[] = [];
  const visit = (schema: AvroSchema, prefix: string): void => {
    if (typeof schema !== 'object' || Array.isArray(schema) || !('fields' in schema)) return;
    for (const field of schema['fields'] as readonly SchemaField[]) {
      const path = `${prefix}${field.name}`;
      if ('default' in field) continue;
      const info = contract.latest.fields.find((candidate) => candidate.path === path);
      if (info?.nullable === true) continue;
      if (info?.type === 'record') visit(field.type, `${path}.`);
      else found.push(path);
    }
  };
  visit(contract.latest.schema, '');
  return found;
}
