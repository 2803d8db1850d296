/**
 * What is invented of a dataset: from its contract alone, so that no record, no file of examples and no known key goes
 * into it. The examples of the catalogue and the records of the sandbox are made here, and nowhere else.
 */
import { type FieldShape, type RecordShape, readSchema, type Shape } from '../../../contracts/schema.js';
import type { Contract, KeyScheme, Localised, Workspace } from '../../../contracts/types.js';

export type Ground = Pick<Workspace, 'codelists' | 'schemes'>;
/** Which invented subject, from 0, and which of its records. */
interface Place {
  readonly at: number;
  readonly nth: number;
}

export const MARKS = '甲乙丙丁';
/** Schemes make keys that nobody bears: of divisions that there are not. */
export const inventedKey = (scheme: Pick<KeyScheme, 'make'>, at: number): string => scheme.make(900_000 + at * 7);

/** A code of the list, another one for each. */
export function inventedCode(list: string, at: number, { codelists }: Pick<Ground, 'codelists'>): string | undefined {
  const codes = [...(codelists.get(list)?.codes.keys() ?? [])];
  return codes[(at * 3 + 1) % Math.max(1, codes.length)] ?? codes[0];
}

export const inventedText = (title: Localised, { at, nth }: Place): Localised => {
  const more = nth === 0 ? '' : String(nth + 1);
  return {
    zh: `示例${title.zh}${MARKS.charAt(at % MARKS.length)}${more}`,
    en: `Sample ${title.en.toLowerCase()} ${'ABCD'.charAt(at % MARKS.length)}${more}`,
  };
};

/** In the past, unless the field says until when something holds. */
export function inventedDay(path: string, { at, nth }: Place): string {
  const year = new Date().getUTCFullYear() - 1 - (at % 3);
  const ahead = /until|expir|valid/i.test(path) ? 5 : 0;
  return `${String(year + ahead)}-0${String((at % 4) + 2)}-1${String(nth % 10)}`;
}

export const inventedNumber = ({ at, nth }: Place): number => (at + nth + 1) * 12;

function decimalOf(precision: number, scale: number, { at, nth }: Place): string {
  const whole = String((at + nth + 1) * 125).slice(0, Math.max(1, precision - scale));
  return scale === 0 ? whole : `${precision === scale ? '0' : whole}.${'50'.padEnd(scale, '0').slice(0, scale)}`;
}

const titleOf = ({ name, attributes }: FieldShape): Localised =>
  (attributes['title'] as Localised | undefined) ?? { zh: name, en: name };

class Inventing {
  constructor(
    readonly contract: Contract,
    readonly place: Place,
    readonly ground: Ground,
  ) {}

  record({ fields }: RecordShape, under: string): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      fields.map((field) => {
        const path = `${under}${field.name}`;
        return [field.name, this.#value(field.shape, field, path)];
      }),
    );
  }

  #text(field: FieldShape, path: string): string {
    const { contract, place, ground } = this;
    if (path === contract.subject.field) {
      const scheme = ground.schemes.get(contract.subject.scheme);
      if (scheme !== undefined) return inventedKey(scheme, place.at);
    }
    const list = field.attributes['codelist'];
    const code = typeof list === 'string' ? inventedCode(list, place.at + place.nth, ground) : undefined;
    return code ?? inventedText(titleOf(field), place).zh;
  }

  #value(shape: Shape, field: FieldShape, path: string): unknown {
    const { at, nth } = this.place;
    switch (shape.kind) {
      case 'nullable':
        // the third has nothing where nothing has to be
        return at === 2 && path !== this.contract.subject.field ? null : this.#value(shape.of, field, path);
      case 'record':
        return this.record(shape, `${path}.`);
      case 'array':
        return [this.#value(shape.items, field, `${path}[]`)];
      case 'map':
        return {};
      case 'string':
        return this.#text(field, path);
      case 'boolean':
        return (at + nth) % 2 === 0;
      case 'int':
      case 'long':
      case 'double':
        return inventedNumber(this.place);
      case 'date':
        return inventedDay(path, this.place);
      case 'timestamp':
        return `${inventedDay(path, this.place)}T01:30:00.000Z`;
      case 'decimal':
        return decimalOf(shape.precision, shape.scale, this.place);
      case 'enum':
        return shape.symbols[(at + nth) % shape.symbols.length];
      case 'bytes':
        return Buffer.from('示例').toString('base64');
      case 'fixed':
        return Buffer.alloc(shape.size).toString('base64');
    }
  }
}

/** One record as a source would give it, in the form that `encodeRecord` takes. */
export const inventedRecord = (contract: Contract, place: Place, ground: Ground): Readonly<Record<string, unknown>> =>
  new Inventing(contract, place, ground).record(readSchema(contract.latest.schema), '');
