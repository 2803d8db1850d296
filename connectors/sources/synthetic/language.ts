/**
 * The language of recipes, as a workspace writes it. Values (one verb each):
 *
 *   { "const": 1 }                                       what stands there
 *   { "of": "registered" }                               an earlier value, an attribute or a name of the language; with
 *   dots: `leader.name`, `issued.year` { "text": "食{number:7}" }                            references in braces, `:7`
 *   pads with zeros; `{digits:6}` draws digits { "pick": ["a", "b"] } { "pick": { "a": 3, "b": 1 } } { "pick":
 *   "streets" }     one of a list, by weight, or of a table { "table": "industries", "at": "industry", "column":
 *   "scope" }                  look-up; of a cell that is a list, one is drawn { "whole": { "from": 1, "to": 90,
 *   "skew": 2 } }      a whole number; with skew, large ones are rare { "decimal": { "from": 1, "to": 90, "scale": 2,
 *   "skew": 2 } }                   decimal text { "date": { "from": "2019-01-01", "to": "today" } }  a day between
 *   two; ends are dates or references { "date": { "after": "issued", "days": [3, 30] } } { "date": { "after": "issued",
 *   "years": 5 } } { "date": { "after": "issued", "months": 3 } } { "date": { "latest": "issued", "every": 5 } }
 *   its last anniversary, of those every five years, that has come { "moment": { "on": "issued", "between": ["09:00",
 *   "17:30"] } }                  UTC time stamp of a local time of that day { "chance": 0.2 }
 *   true or false { "case": [{ "when": C, "use": V }], "else": V }     the first that holds
 *   { "record": { "street": V } }                        nested; its fields see one another as `street`
 *   { "list": V, "count": V }                            so many drawn alike, without repetition
 *   { "each": "branches", "make": V, "where": C }        one an item, which is called `item`
 *
 * Conditions: { "of", "equals" | "in" | "contains" | "atLeast" | "atMost" | "present" }, { "reached": "validUntil" } (a
 * date, today or past), { "chance" }, { "all" }, { "any" }, { "not" }.
 *
 * Names of the language: `key` of the subject, `role` (`single`, `head`, `branch`, `subsidiary`), `leader` on which it
 * hangs, `dependents` in number, `branches`, `holders` and `holdings` (each with `holder`, `held`, `share`), `today`,
 * `month` (its first day), `record` (from 1 within the subject), `number` (unique within the dataset), `place` (from 1
 * within a list), `item` (within `each`).
 */
import { type Place, YitongError } from '../../../contracts/errors.js';

/** A place in a document that is being compiled; every complaint names it. */
export interface Node {
  readonly value: unknown;
  readonly path: string;
  readonly place: Place;
}

export function complain(node: Node, what: string): never {
  throw new YitongError('bad_feed', `\`${node.path}\` ${what}`, { place: node.place });
}

export const below = (node: Node, value: unknown, step: string): Node => ({
  value,
  path: node.path === '' ? step : `${node.path}.${step}`,
  place: node.place,
});

/** An object with these keys and no others; `verb?` may be left out. */
export function keysOf(node: Node, names: readonly string[]): Readonly<Record<string, Node>> {
  const object = entriesOf(node);
  const allowed = new Set(names.map((name) => name.replace(/\?$/, '')));
  for (const key of Object.keys(object)) if (!allowed.has(key)) complain(node, `has the unknown key \`${key}\``);
  for (const name of names)
    if (!name.endsWith('?') && object[name] === undefined) complain(node, `must have \`${name}\``);
  return object;
}

export function entriesOf(node: Node): Readonly<Record<string, Node>> {
  const { value } = node;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) complain(node, 'must be an object');
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => [key, below(node, inner, key)]),
  );
}

export function itemsOf(node: Node): readonly Node[] {
  if (!Array.isArray(node.value)) complain(node, 'must be a list');
  return node.value.map((inner: unknown, at) => below(node, inner, String(at)));
}

export function textOf(node: Node): string {
  return typeof node.value === 'string' ? node.value : complain(node, 'must be text');
}

export function numberOf(node: Node, low = -Number.MAX_SAFE_INTEGER, high = Number.MAX_SAFE_INTEGER): number {
  const { value } = node;
  if (typeof value !== 'number' || !(value >= low && value <= high))
    complain(node, `must be a number from ${low} to ${high}`);
  return value;
}

/** The word that says what an object is, e.g. `pick` of `{ "pick": … }`. */
export function verbOf(node: Node, verbs: readonly string[]): string {
  const found = Object.keys(entriesOf(node)).filter((key) => verbs.includes(key));
  const [verb, second] = found;
  if (verb === undefined || second !== undefined)
    complain(node, `must have exactly one of ${verbs.map((word) => `\`${word}\``).join(', ')}`);
  return verb;
}
