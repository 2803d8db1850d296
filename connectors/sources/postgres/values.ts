/** What PostgreSQL writes as text, as cells: exact, and as the mapping expects it. */
import { type Parsed, parseJson } from '../../reading/json-value.js';
import type { Cell } from '../../reading/port.js';
import { type ArrayText, parseArray } from './arrays.js';

/** Object ids of built-in types (`pg_type.dat`); they never change. */
const BOOL = 16;
const BYTEA = 17;
const FLOATS: ReadonlySet<number> = new Set([700, 701]);
const JSONS: ReadonlySet<number> = new Set([114, 3802]);
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
/** Array type → type of its elements. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [1000, 16],
  [1001, 17],
  [1005, 21],
  [1007, 23],
  [1016, 20],
  [1009, 25],
  [1014, 1042],
  [1015, 1043],
  [1021, 700],
  [1022, 701],
  [1115, 1114],
  [1182, 1082],
  [1185, 1184],
  [1231, 1700],
  [2951, 2950],
  [199, 114],
  [3807, 3802],
  [1003, 19],
  [1028, 26],
  [1183, 1083],
  [1270, 1266],
  [1187, 1186],
  [1041, 869],
  [651, 650],
]);

/** Undefined: the text itself is the cell, such as of text, numeric, bigint and date. */
export type ReadCell = ((text: string) => Parsed) | undefined;

const ok = (value: Cell): Parsed => ({ ok: true, value });
const MOMENT = /^\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:\+00)?$/;

/**
 * `2024-03-01 08:30:00.123456+00` → `2024-03-01T08:30:00.123456Z`; `infinity` and years before Christ stay, and the
 * mapping refuses them.
 */
const moment = (text: string): Parsed => ok(MOMENT.test(text) ? text.replace(' ', 'T').replace('+00', 'Z') : text);

function readArray(element: ReadCell): (text: string) => Parsed {
  const convert = (part: ArrayText): Parsed => {
    if (part === null) return ok(null);
    if (typeof part === 'string') return element === undefined ? ok(part) : element(part);
    const out: Cell[] = [];
    for (const inner of part) {
      const made = convert(inner);
      if (!made.ok) return made;
      out.push(made.value);
    }
    return ok(out);
  };
  return (text) => {
    const parts = parseArray(text);
    return parts === undefined
      ? { ok: false, refusal: { code: 'bad_row', reason: 'a list cannot be read' } }
      : convert(parts);
  };
}

/**
 * How the text of a type becomes a cell. Texts are those of a session as `connectPostgres` sets it (time zone UTC,
 * style ISO).
 * @param type the object id, a domain's base type
 * @param element of the elements, where `type` is an array that is not built in
 */
export function cellReader(type: number, element: number | undefined = ARRAYS.get(type)): ReadCell {
  if (element !== undefined) return readArray(cellReader(element, ARRAYS.get(element)));
  if (type === BOOL) return (text) => ok(text === 't' || text === 'true');
  if (type === BYTEA) return (text) => ok(text.startsWith('\\x') ? text.slice(2) : text);
  if (type === TIMESTAMP || type === TIMESTAMPTZ) return moment;
  if (JSONS.has(type)) return (text) => parseJson(text);
  // a double has no digits to lose; what is no number stays text
  if (FLOATS.has(type)) return (text) => ok(Number.isFinite(Number(text)) ? Number(text) : text);
  return undefined;
}
