/**
 * A declared key scheme as the code of one. Every key costs a bounded number of steps: its length is looked at first,
 * and nothing goes back.
 */

import { halfwidth } from '../halfwidth.js';
import { present } from '../present.js';
import type { KeyResult, KeyScheme } from '../types.js';
import { compileCheck } from './check.js';
import { type Declaration, MAX_LENGTH } from './declaration.js';
import { fits, type Places, readPattern } from './pattern.js';

/** What people write: a key with something between its parts. */
const MAX_INPUT = 4 * MAX_LENGTH;
/** Control and formatting characters, private ones, half surrogates, line ends, and the bar that joins keys. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}|]/u;
/** Keys that are tried before it is said that none can be made. */
const MAKING = 2000;
/** Prime, so that keys that are tried do not come again soon. */
const STRIDE = 1_000_003;
/** Least number of characters that a mask hides; a shorter key is hidden whole. */
const HIDDEN = 4;

const bad = (reason: string): KeyResult => ({ ok: false, code: 'bad_value', reason });

type Refuse = (what: string) => never;

interface Form {
  readonly min: number;
  readonly max: number;
  readonly alphabet: string | undefined;
  /** None: any key of the alphabet. */
  readonly patterns: readonly Places[];
}

function formOf({ kind, length, alphabet, pattern, checks, normalise = {} }: Declaration, refuse: Refuse): Form {
  const { min, max } = typeof length === 'number' ? { min: length, max: length } : length;
  if (min > max) refuse('`length` has a `min` greater than its `max`');
  if (
    kind === 'none' &&
    (alphabet !== undefined || pattern !== undefined || checks !== undefined || normalise.pad !== undefined)
  )
    refuse('a scheme of kind `none` has neither alphabet, pattern, checks nor padding');
  if (kind === 'checked' && checks === undefined) refuse('a scheme of kind `checked` has `checks`');
  if (kind === 'pattern' && (checks !== undefined || (alphabet === undefined && pattern === undefined)))
    refuse('a scheme of kind `pattern` has an alphabet or a pattern, and no checks');
  const written = pattern === undefined ? [] : typeof pattern === 'string' ? [pattern] : pattern;
  const patterns = written.map((one) => readPattern(one, alphabet ?? '', refuse));
  if (written.some((one) => one.replaceAll(/\\./gs, '').includes('?')) && alphabet === undefined)
    refuse('a pattern with `?` needs an alphabet');
  if (patterns.some((places) => places.length < min || places.length > max))
    refuse('a pattern has another number of places than `length` says');
  if (checks !== undefined && (min !== max || alphabet === undefined))
    refuse('checks need an alphabet and keys of one length');
  for (const characters of [alphabet ?? '', ...patterns.flat()]) {
    if (UNFIT.test(characters) || /\s/.test(characters))
      refuse('no white space, bar, control or half character can stand in a key');
    if (new Set(characters).size !== characters.length)
      refuse('the alphabet names a character twice, or one beyond the basic plane');
  }
  if (normalise.pad !== undefined && min !== max) refuse('only keys of one length can be padded');
  return { min, max, alphabet, patterns };
}

function normaliser(
  { kind, normalise: { fullWidth = false, case: letters, remove = '', pad } = {} }: Declaration,
  { max }: Form,
): (input: string) => string {
  const blanks = remove.includes(' ');
  const removed = new Set(remove);
  return (input) => {
    let key = fullWidth ? halfwidth(input) : input;
    if (blanks) key = key.replace(/\s/g, '');
    for (const character of removed) key = key.replaceAll(character, '');
    key = key.trim();
    if (kind === 'none') key = key.normalize('NFC').replace(/\s+/g, ' ');
    if (letters !== undefined) key = letters === 'upper' ? key.toUpperCase() : key.toLowerCase();
    return pad !== undefined && key.length >= pad.from && key.length < max ? key.padStart(max, pad.with) : key;
  };
}

/** @throws whatever `refuse` throws, with what is wrong with the declaration */
export function compileScheme(id: string, declaration: Declaration, refuse: Refuse): KeyScheme {
  const { kind, name, standard, persons = false, classification, titles, repeated = true } = declaration;
  const form = formOf(declaration, refuse);
  const { min, max, alphabet, patterns } = form;
  const normal = normaliser(declaration, form);
  const never = new Set(declaration.never);
  const always = new Set(declaration.always);
  const checks = (declaration.checks ?? []).map((check) => compileCheck(check, alphabet ?? '', max, refuse));
  if (persons && classification !== undefined && classification !== 'personal' && classification !== 'sensitive')
    refuse('a key of persons is classified as `personal` or `sensitive`');
  const spoken = min === max ? `${min} characters` : `${min} to ${max} characters`;

  const formed = (key: string): string | undefined => {
    if (key.length < min || key.length > max) return `must have ${spoken}`;
    if (UNFIT.test(key)) return 'has a character that no key can have';
    if (alphabet !== undefined && patterns.length === 0)
      for (const character of key)
        if (!alphabet.includes(character)) return 'has a character that such keys do not use';
    if (patterns.length > 0 && !patterns.some((places) => fits(key, places))) return 'is not of the form of such keys';
    if (never.has(key)) return 'is one that nobody has';
    if (!repeated && key.split('').every((character) => character === key.charAt(0)))
      return 'is one character repeated, which is nobody';
    return undefined;
  };
  const parse = (input: string): KeyResult => {
    if (input.length > MAX_INPUT) return bad(`must have ${spoken}`);
    const key = normal(input);
    const wrong = formed(key);
    if (wrong !== undefined) return bad(wrong);
    if (!always.has(key) && !checks.every((check) => check.holds(key)))
      return { ok: false, code: 'bad_check_digit', reason: 'does not satisfy its check' };
    return { ok: true, key, changed: key !== input };
  };

  const [first] = patterns;
  const places: Places = first ?? Array.from({ length: min }, () => alphabet ?? '0123456789');
  // what a check tells is not counted; where it is a remainder of all, one place is tried until it is left
  const computed = new Set(checks.flatMap(({ at }) => (at === undefined ? [] : [at])));
  const turned = checks
    .filter(({ at }) => at === undefined)
    .map(({ from, to }) =>
      places.findLastIndex((characters, at) => at >= from && at < to && characters.length > 1 && !computed.has(at)),
    )
    .find((at) => at >= 0);
  const body = (n: number): string => {
    let rest = n;
    let key = '';
    for (let at = places.length - 1; at >= 0; at--) {
      const characters = places[at] ?? '';
      const counted = !computed.has(at) && at !== turned;
      key = characters.charAt(counted ? rest % characters.length : 0) + key;
      if (counted) rest = Math.floor(rest / characters.length);
    }
    return key;
  };
  const completed = (key: string): string => checks.reduce((made, check) => check.complete(made), key);
  const make = (n: number): string => {
    const whole = Math.abs(Math.trunc(n));
    for (let tries = 0; tries < MAKING; tries++) {
      const key = body(whole + tries * STRIDE);
      const turns = turned === undefined ? [''] : (places[turned] ?? '').split('');
      for (const turn of turns) {
        const made = completed(turned === undefined ? key : key.slice(0, turned) + turn + key.slice(turned + 1));
        const parsed = parse(made);
        if (parsed.ok && parsed.key === made) return made;
      }
    }
    return refuse('no key of it can be made');
  };

  const shown = declaration.mask ?? (persons ? { start: 0, end: 0 } : { start: 2, end: 2 });
  return {
    id,
    name,
    standard,
    persons,
    ...(kind === 'checked' ? {} : { unchecked: true as const }),
    ...present({ titles, classification }),
    parse,
    mask(key) {
      const hidden = key.length - shown.start - shown.end;
      if (hidden < Math.max(HIDDEN, key.length / 2)) return '*'.repeat(key.length);
      return key.slice(0, shown.start) + '*'.repeat(hidden) + key.slice(key.length - shown.end);
    },
    make,
  };
}
