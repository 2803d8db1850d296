/** Steps as closures. Each costs at most the length of the text, times the parts where it splits. */

import type { ErrorCode, FieldProblem } from '../../contracts/errors.js';
import { YitongError } from '../../contracts/errors.js';
import { halfwidth } from '../../contracts/halfwidth.js';
import type { KeyScheme } from '../../contracts/types.js';
import type { Step } from '../feed.js';
import type { Cell } from '../reading/port.js';
import type { CrosswalkLink, FindSubject } from './crosswalk.js';
import { dateForm, type ReadDate, zoneOf } from './dates.js';
import { LIMITS } from './limits.js';
import { readNumber, toInteger } from './numbers.js';

/** The value could not be made; the problem is on the run's list. */
export const FAILED: unique symbol = Symbol('failed');
export type Made = Cell | typeof FAILED;

/** What one row collects. */
export interface RowRun {
  problems: FieldProblem[] | undefined;
  notes: string[] | undefined;
  /** The target that is being made, for problems. */
  field: string;
  column: string;
}

export function problem(run: RowRun, code: ErrorCode, reason: string): typeof FAILED {
  (run.problems ??= []).push({
    code,
    field: run.field,
    reason: run.column === '' ? reason : `column \`${run.column}\`: ${reason}`,
  });
  return FAILED;
}

export function note(run: RowRun, text: string): void {
  (run.notes ??= []).push(text);
}

interface StepContext {
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  readonly zone: string;
  readonly file: string;
  readonly target: string;
  readonly crosswalk: (link: CrosswalkLink) => FindSubject;
}

type TextStep = (text: string, run: RowRun) => Made;

function digitsOnly(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) out += text.charAt(i);
  }
  return out;
}

/** Splits into at most `parts` parts and says whether there were more. */
export function splitUpTo(
  text: string,
  by: string,
  parts: number,
): { readonly parts: string[]; readonly more: boolean } {
  const found = text.split(by, parts + 1);
  return found.length > parts ? { parts: found.slice(0, parts), more: true } : { parts: found, more: false };
}

const ALL_SPACE = /\s+/g;

function bad(context: StepContext, what: string): never {
  throw new YitongError('bad_feed', `the steps of \`${context.target}\` ${what}`, { place: { file: context.file } });
}

function compileStep(step: Step, context: StepContext): TextStep {
  if (typeof step === 'string') return PLAIN_STEPS[step];
  if ('key' in step) return keyStep(step, context);
  if ('crosswalk' in step) return crosswalkStep(step, context);
  if ('date' in step) return dateStep(step, context);
  if ('number' in step) return numberStep(step);
  if ('integer' in step) return integerStep;
  if ('boolean' in step) return booleanStep(step);
  if ('codes' in step) return codesStep(step);
  if ('split' in step) return splitStep(step, context);
  if ('part' in step) return partStep(step);
  if ('slice' in step) return sliceStep(step);
  if ('padStart' in step) return padStartStep(step);
  if ('replace' in step) return replaceStep(step);
  if ('stripPrefix' in step) return stripPrefixStep(step);
  if ('stripSuffix' in step) return stripSuffixStep(step);
  return nullIfStep(step);
}

/** The step that has the member `K`. */
type StepWith<K extends string> = Extract<Exclude<Step, string>, { readonly [key in K]: unknown }>;

const PLAIN_STEPS: Readonly<Record<Extract<Step, string>, TextStep>> = {
  trim: (text) => text.trim(),
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  halfwidth,
  squeeze: (text) => text.replace(ALL_SPACE, ' '),
  digits: digitsOnly,
};

function keyStep({ key }: StepWith<'key'>, context: StepContext): TextStep {
  const scheme = context.schemes.get(key) ?? bad(context, `name the unknown key scheme \`${key}\``);
  return (text, run) => {
    const result = scheme.parse(text.trim());
    if (!result.ok) return problem(run, result.code, result.reason);
    if (result.changed) note(run, 'key_normalised');
    return result.key;
  };
}

function crosswalkStep({ crosswalk }: StepWith<'crosswalk'>, context: StepContext): TextStep {
  const find = context.crosswalk(crosswalk);
  return (text, run) => {
    const found = find(text.trim());
    if (found.kind === 'one') return found.subject;
    return found.kind === 'none'
      ? problem(run, 'not_in_crosswalk', 'is not in the crosswalk, or not yet')
      : problem(run, 'ambiguous_crosswalk', 'is tied to several subjects by the crosswalk');
  };
}

function dateStep(step: StepWith<'date'>, context: StepContext): TextStep {
  const zone =
    zoneOf(step.zone ?? context.zone) ?? bad(context, `name the unknown zone \`${step.zone ?? context.zone}\``);
  const forms = typeof step.date === 'string' ? [step.date] : step.date;
  const readers: ReadDate[] = forms.map(
    (form) => dateForm(form, zone) ?? bad(context, `have the date form \`${form}\`, which reads no full date`),
  );
  const reason = `is not a real date of the form ${forms.map((form) => `\`${form}\``).join(' or ')}`;
  return (text, run) => {
    const trimmed = text.trim();
    for (const read of readers) {
      const date = read(trimmed);
      if (date !== undefined) return date;
    }
    return problem(run, 'bad_value', reason);
  };
}

function numberStep({ number: { decimal = '.', group } }: StepWith<'number'>): TextStep {
  return (text, run) =>
    readNumber(text.trim(), decimal, group) ?? problem(run, 'bad_value', 'is not a number as the feed writes numbers');
}

const integerStep: TextStep = (text, run) =>
  toInteger(text.trim()) ?? problem(run, 'bad_value', 'is not a whole number');

function booleanStep({ boolean }: StepWith<'boolean'>): TextStep {
  const words = new Map<string, boolean>([
    ...boolean.true.map((word) => [word, true] as const),
    ...boolean.false.map((word) => [word, false] as const),
  ]);
  return (text, run) => words.get(text.trim()) ?? problem(run, 'bad_value', 'is none of the words for true or false');
}

function codesStep({ codes, else: otherwise }: StepWith<'codes'>): TextStep {
  const table = new Map(Object.entries(codes));
  return (text, run) => {
    const code = table.get(text.trim());
    if (code !== undefined) return code;
    if (otherwise === undefined) return problem(run, 'not_in_codelist', 'is a word that the feed gives no code');
    note(run, 'code_else');
    return otherwise;
  };
}

function splitStep({ split, max = LIMITS.parts, each: steps = [] }: StepWith<'split'>, context: StepContext): TextStep {
  const each = compileSteps(steps, context);
  return (text, run) => {
    const { parts, more } = splitUpTo(text, split, max);
    if (more) return problem(run, 'bad_value', `has more than ${max} parts`);
    const out: Cell[] = [];
    let failed = false;
    for (const part of parts) {
      if (part.trim() === '') continue;
      const made = each(part, run);
      if (made === FAILED) failed = true;
      else if (made !== null && made !== '') out.push(made);
    }
    return failed ? FAILED : out;
  };
}

function partStep({ part: { by, index } }: StepWith<'part'>): TextStep {
  return (text, run) => {
    const { parts, more } = splitUpTo(text, by, LIMITS.parts);
    if (more) return problem(run, 'bad_value', `has more than ${LIMITS.parts} parts`);
    return parts.at(index) ?? null;
  };
}

function sliceStep({ slice: [from, to] }: StepWith<'slice'>): TextStep {
  return (text) => text.slice(from, to);
}

function padStartStep({ padStart: { length, with: filler } }: StepWith<'padStart'>): TextStep {
  return (text) => text.padStart(length, filler);
}

function replaceStep({ replace: { text: what, by } }: StepWith<'replace'>): TextStep {
  return (text, run) => {
    const out = text.replaceAll(what, () => by);
    // each replacement may lengthen the text: without this, 64 of them are a bomb
    return out.length > LIMITS.cell ? problem(run, 'bad_value', `is longer than ${LIMITS.cell} characters`) : out;
  };
}

function stripPrefixStep({ stripPrefix: prefix }: StepWith<'stripPrefix'>): TextStep {
  return (text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text);
}

function stripSuffixStep({ stripSuffix: suffix }: StepWith<'stripSuffix'>): TextStep {
  return (text) => (text.endsWith(suffix) ? text.slice(0, -suffix.length) : text);
}

function nullIfStep({ nullIf }: StepWith<'nullIf'>): TextStep {
  const words = new Set(nullIf);
  return (text) => (words.has(text.trim()) ? null : text);
}

/** All steps in order; a null or a failure ends them. An empty text at the end is null. */
export function compileSteps(steps: readonly Step[], context: StepContext): TextStep {
  const compiled = steps.map((step) => compileStep(step, context));
  return (text, run) => {
    let made: Made = text;
    for (let i = 0; i < compiled.length; i++) {
      if (typeof made !== 'string') return made;
      const step = compiled[i];
      if (step !== undefined) made = step(made, run);
    }
    return made === '' ? null : made;
  };
}
