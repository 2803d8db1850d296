/**
 * Comparing a claimed value with a field. Both are brought into one normal form, and only equal normal forms match:
 * keys by the parser of their scheme, numbers and decimals by value, text in Unicode NFC without white space at its
 * ends, times by the instant. Nothing else is folded: full-width and half-width brackets differ, and so do upper and
 * lower case.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { findField } from '../../../../contracts/fields.js';
import { dateToDays } from '../../../../contracts/logical.js';
import { readSchema, type Shape, unwrap } from '../../../../contracts/schema.js';
import type { Contract, KeyScheme } from '../../../../contracts/types.js';

/** The normal form of a value in the JSON form of its field; undefined where it is of another form. */
export type Normal = (value: unknown) => string | undefined;

const text =
  (of: (value: string) => string | undefined): Normal =>
  (value) =>
    typeof value === 'string' ? of(value) : undefined;

const NUMBER = /^(-?)(\d{1,60})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?$/;

/** `-12.50`, `-1.25e1`, -12.5 → `-125e-1`: digits without zeros at either end, and where the point stands. */
function number(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const parts = NUMBER.exec(String(value).trim());
  if (parts === null) return undefined;
  const [, sign = '', whole = '', part = '', exponent = '0'] = parts;
  const digits = (whole + part).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '0' : `${sign}${kept}e${String(Number(exponent) - part.length + digits.length - kept.length)}`;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function instant(value: string): string | undefined {
  const millis = INSTANT.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(millis) ? undefined : String(millis);
}

function normalOf(shape: Shape, scheme: KeyScheme | undefined): Normal | undefined {
  switch (shape.kind) {
    case 'nullable':
      return normalOf(shape.of, scheme);
    case 'array':
      return normalOf(shape.items, scheme);
    case 'record':
    case 'map':
      return undefined;
    case 'string':
      return scheme === undefined
        ? text((value) => value.normalize('NFC').trim())
        : text((value) => {
            const parsed = scheme.parse(value);
            return parsed.ok ? parsed.key : undefined;
          });
    case 'enum':
    case 'bytes':
    case 'fixed':
      return text((value) => value);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? String(value) : undefined);
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return number;
    case 'date':
      return text((value) => {
        const days = dateToDays(value.trim());
        return days === undefined ? undefined : String(days);
      });
    case 'timestamp':
      return text((value) => instant(value.trim()));
  }
}

/** How values of a field are compared; undefined where the field is no single value and no list of them. */
export type Comparisons = (contract: Contract, path: string) => Normal | undefined;

/** Remembers what it found: the fields that grants name are few. */
export function comparisons(schemes: ReadonlyMap<string, KeyScheme>): Comparisons {
  const known = new Map<string, Normal | undefined>();
  return (contract, path) => {
    const key = `${contract.id} ${path}`;
    if (!known.has(key)) known.set(key, comparison(contract, path, schemes));
    return known.get(key);
  };
}

function comparison(contract: Contract, path: string, schemes: ReadonlyMap<string, KeyScheme>): Normal | undefined {
  const field = findField(readSchema(contract.latest.schema), path)?.at(-1);
  if (field === undefined) return undefined;
  const inner = unwrap(field.shape);
  // a list of records is a branch, and a list of lists has no items to name
  if (inner.kind === 'array' && unwrap(inner.items).kind === 'array') return undefined;
  return normalOf(field.shape, path === contract.subject.field ? schemes.get(contract.subject.scheme) : undefined);
}

const digest = (normal: string): Buffer => hash('sha256', normal, 'buffer');

/** One claimed value, ready to be compared with many. */
interface Compared {
  /** Compares with all of these; whether one is equal takes as long to find out as that none is. */
  with(values: readonly unknown[]): boolean;
}

/**
 * Digests of equal length are compared, so that neither how much of a value is right nor its length shows in the time.
 */
export function compared(claimed: string, normal: Normal): Compared {
  const wanted = digest(claimed);
  return {
    with(values) {
      let found = false;
      for (const value of values) {
        const form = normal(value);
        const same = timingSafeEqual(wanted, digest(form ?? '')) && form !== undefined;
        found = same || found;
      }
      return found;
    },
  };
}
