/**
 * What registers say, made into what rules and the form take. Pure: whoever asks the registers brings what they said.
 */
import { halfwidth } from '../halfwidth.js';
import type { DatasetId } from '../ids.js';
import { evaluate, some, type Tri, type Value } from './rule.js';
import type { Bundle, Element, Fact, Json, Source } from './types.js';

/** What a register said of the applicant; undefined: it is stale, away, or was not asked. */
type Records = readonly { readonly [field: string]: Json }[] | undefined;

/** What a register said for one element; undefined: as for `Records`. Null: it has no record, or nothing in it. */
interface Reading {
  readonly source: Source;
  readonly value: Json | undefined;
}

type Filled =
  | { readonly state: 'filled'; readonly value: Json; readonly source: Source }
  /** Registers contradict each other: an outcome of the bundle says what the applicant can do. */
  | { readonly state: 'conflict'; readonly readings: readonly Reading[]; readonly outcome: string | undefined }
  /** The first register that counts did not answer, or none did. */
  | { readonly state: 'unknown'; readonly away: readonly DatasetId[] }
  /** The registers answered and have nothing: it is asked after all. */
  | { readonly state: 'missing' };

function at(record: Json | undefined, path: string): Json | undefined {
  let found: Json | undefined = record;
  for (const part of path.split('.')) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    found = (found as Readonly<Record<string, Json>>)[part];
  }
  return found;
}

function held(value: Json | undefined): Value {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  return typeof value === 'object' ? undefined : (value as boolean | number | string);
}

/**
 * Whether the register has such a record of the applicant. Of a register that did not answer it is unknown, and so it
 * is where a record does not hold what would decide it.
 */
export function factOf({ where }: Fact, records: Records): Tri {
  if (records === undefined) return 'unknown';
  return some(records.map((record) => evaluate(where.rule, (name) => held(at(record, name)))));
}

/** A value without what is only another way of writing it: full width, blanks around, zeros behind a number. */
function plain(type: Element['type'], value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => plain(type, one));
  if (type === 'decimal') return Number(value);
  return typeof value === 'string' ? halfwidth(value).trim() : value;
}

/**
 * What an element is filled with. The first register counts; one after it that says otherwise is a conflict, and one
 * that has nothing is none. A register that did not answer leaves the element unknown only if none before it has it.
 */
export function settle({ outcomes }: Bundle, element: Element, readings: readonly Reading[]): Filled {
  const away = readings.filter(({ value }) => value === undefined).map(({ source }) => source.contract.id);
  const said = readings.filter(({ value }) => value !== undefined && value !== null);
  const [first] = said;
  if (first === undefined) return away.length > 0 ? { state: 'unknown', away } : { state: 'missing' };
  const value = first.value as Json;
  const written = (one: Json): string => JSON.stringify(plain(element.type, one));
  if (said.some((one) => written(one.value as Json) !== written(value))) {
    const outcome = [...outcomes.values()].find(({ kind }) => kind === 'conflict')?.id;
    return { state: 'conflict', readings: said, outcome };
  }
  const before = readings.slice(0, readings.indexOf(first)).some((one) => one.value === undefined);
  return before ? { state: 'unknown', away } : { state: 'filled', value, source: first.source };
}
