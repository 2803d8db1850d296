/** From `unknown` to Steps, each key known. */
import { present } from '../../contracts/present.js';
import type { Step } from '../feed.js';
import { LIMITS } from './limits.js';
import { type At, below, deeper, keys, list, object, refuse, text, texts, whole, word } from './parse-value.js';

const PLAIN = ['trim', 'upper', 'lower', 'halfwidth', 'squeeze', 'digits'] as const;
const SHAPED = [
  'key',
  'crosswalk',
  'date',
  'number',
  'integer',
  'boolean',
  'codes',
  'split',
  'part',
  'slice',
  'padStart',
  'replace',
  'stripPrefix',
  'stripSuffix',
  'nullIf',
] as const;
const DECIMALS = ['.', ','] as const;
const GROUPS = [',', '.', ' ', "'"] as const;

const count = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + 1 + (typeof step === 'object' && 'split' in step ? count(step.each ?? []) : 0), 0);

/** @throws YitongError `bad_feed` */
export function parseSteps(raw: unknown, at: At): readonly Step[] {
  const steps = list(raw, at, LIMITS.steps).map((step, i) => parseStep(step, below(at, i)));
  if (count(steps) > LIMITS.steps) refuse(at, `has more than ${LIMITS.steps} steps`);
  steps.forEach((step, i) => {
    const ends = typeof step === 'object' && ('integer' in step || 'boolean' in step || 'split' in step);
    if (ends && i < steps.length - 1) refuse(below(at, i), 'must be the last step, as its result is not a text');
  });
  return steps;
}

function parseStep(raw: unknown, at: At): Step {
  if (typeof raw === 'string') {
    const plain = PLAIN.find((name) => name === raw);
    return plain ?? refuse(at, `has the unknown step \`${raw.slice(0, 40)}\``);
  }
  const step = object(raw, at);
  const kind = SHAPED.find((name) => Object.hasOwn(step, name));
  if (kind === undefined) refuse(at, `has the unknown step \`${Object.keys(step)[0]?.slice(0, 40) ?? ''}\``);
  keys(step, at, [kind], BESIDE[kind] ?? []);
  return PARSERS[kind](step[kind], below(at, kind), step, at);
}

type Shaped = (typeof SHAPED)[number];

/** Keys that may stand beside the one that names the step. */
const BESIDE: Readonly<Partial<Record<Shaped, readonly string[]>>> = {
  date: ['zone'],
  codes: ['else'],
  split: ['each', 'max'],
};

/**
 * @param here place of the value
 * @param step the whole, for what stands beside the value; `at` is its place
 */
type ParseShaped = (value: unknown, here: At, step: Readonly<Record<string, unknown>>, at: At) => Step;

const PARSERS: Readonly<Record<Shaped, ParseShaped>> = {
  key: (value, here) => ({ key: word(value, here) }),
  crosswalk(value, here) {
    const link = object(value, here);
    keys(link, here, ['dataset', 'from']);
    return {
      crosswalk: {
        dataset: word(link['dataset'], below(here, 'dataset')),
        from: word(link['from'], below(here, 'from')),
      },
    };
  },
  date(value, here, step, at) {
    const date =
      typeof value === 'string'
        ? word(value, here)
        : list(value, here, 20).map((form, i) => word(form, below(here, i)));
    if (date.length === 0) refuse(here, 'names no form');
    return { date, ...(step['zone'] === undefined ? {} : { zone: word(step['zone'], below(at, 'zone')) }) };
  },
  number(value, here) {
    const number = object(value, here);
    keys(number, here, [], ['decimal', 'group']);
    const decimal = pick(number['decimal'], DECIMALS, below(here, 'decimal'));
    const group = pick(number['group'], GROUPS, below(here, 'group'));
    if (group !== undefined && group === (decimal ?? '.')) refuse(here, 'has one sign for decimals and groups');
    return { number: { ...present({ decimal, group }) } };
  },
  integer(value, here) {
    if (value !== true) refuse(here, 'must be true');
    return { integer: true };
  },
  boolean(value, here) {
    const words = object(value, here);
    keys(words, here, ['true', 'false']);
    return {
      boolean: {
        true: texts(words['true'], below(here, 'true')),
        false: texts(words['false'], below(here, 'false')),
      },
    };
  },
  codes(value, here, step, at) {
    const table = Object.entries(object(value, here));
    if (table.length > LIMITS.words) refuse(here, `has more than ${LIMITS.words} entries`);
    const codes = Object.fromEntries(table.map(([key, code]) => [key, text(code, below(here, key))]));
    const otherwise = step['else'];
    if (otherwise === undefined) return { codes };
    return { codes, else: otherwise === null ? null : text(otherwise, below(at, 'else')) };
  },
  split: (value, here, step, at) => ({
    split: word(value, here),
    ...(step['each'] === undefined ? {} : { each: parseSteps(step['each'], below(deeper(at), 'each')) }),
    ...(step['max'] === undefined ? {} : { max: whole(step['max'], below(at, 'max'), 1, LIMITS.parts) }),
  }),
  part(value, here) {
    const part = object(value, here);
    keys(part, here, ['by', 'index']);
    return {
      part: {
        by: word(part['by'], below(here, 'by')),
        index: whole(part['index'], below(here, 'index'), -LIMITS.parts, LIMITS.parts),
      },
    };
  },
  slice(value, here) {
    const [from, to, ...rest] = list(value, here, 2);
    if (rest.length > 0) refuse(here, 'is written `[from]` or `[from, to]`');
    const bound = (end: unknown): number => whole(end, here, -LIMITS.cell, LIMITS.cell);
    return { slice: to === undefined ? [bound(from)] : [bound(from), bound(to)] };
  },
  padStart(value, here) {
    const pad = object(value, here);
    keys(pad, here, ['length', 'with']);
    return {
      padStart: {
        length: whole(pad['length'], below(here, 'length'), 1, 1000),
        with: word(pad['with'], below(here, 'with')),
      },
    };
  },
  replace(value, here) {
    const swap = object(value, here);
    keys(swap, here, ['text', 'by']);
    return { replace: { text: word(swap['text'], below(here, 'text')), by: text(swap['by'], below(here, 'by')) } };
  },
  stripPrefix: (value, here) => ({ stripPrefix: word(value, here) }),
  stripSuffix: (value, here) => ({ stripSuffix: word(value, here) }),
  nullIf: (value, here) => ({ nullIf: texts(value, here) }),
};

function pick<T extends string>(raw: unknown, allowed: readonly T[], at: At): T | undefined {
  if (raw === undefined) return undefined;
  return (
    allowed.find((value) => value === raw) ??
    refuse(at, `must be one of ${allowed.map((value) => `\`${value}\``).join(', ')}`)
  );
}
