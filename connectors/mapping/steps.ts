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

export interface StepContext {
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
  if (typeof step === 'string') {
    switch (step) {
      case 'trim':
        return (text) => text.trim();
      case 'upper':
        return (text) => text.toUpperCase();
      case 'lower':
        return (text) => text.toLowerCase();
      case 'halfwidth':
        return halfwidth;
      case 'squeeze':
        return (text) => text.replace(ALL_SPACE, ' ');
      case 'digits':
        return digitsOnly;
    }
  }
  if ('key' in step) {
    const scheme = context.schemes.get(step.key) ?? bad(context, `name the unknown key scheme \`${step.key}\``);
    return (text, run) => {
      const result = scheme.parse(text.trim());
      if (!result.ok) return problem(run, result.code, result.reason);
      if (result.changed) note(run, 'key_normalised');
      return result.key;
    };
  }
  if ('crosswalk' in step) {
    const find = context.crosswalk(step.crosswalk);
    return (text, run) => {
      const found = find(text.trim());
      if (found.kind === 'one') return found.subject;
      return found.kind === 'none'
        ? problem(run, 'not_in_crosswalk', 'is not in the crosswalk, or not yet')
        : problem(run, 'ambiguous_crosswalk', 'is tied to several subjects by the crosswalk');
    };
  }
  if ('date' in step) {
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
  if ('number' in step) {
    const { decimal = '.', group } = step.number;
    return (text, run) =>
      readNumber(text.trim(), decimal, group) ??
      problem(run, 'bad_value', 'is not a number as the feed writes numbers');
  }
  if ('integer' in step)
    return (text, run) => toInteger(text.trim()) ?? problem(run, 'bad_value', 'is not a whole number');
  if ('boolean' in step) {
    const words = new Map<string, boolean>([
      ...step.boolean.true.map((word) => [word, true] as const),
      ...step.boolean.false.map((word) => [word, false] as const),
    ]);
    return (text, run) => words.get(text.trim()) ?? problem(run, 'bad_value', 'is none of the words for true or false');
  }
  if ('codes' in step) {
    const table = new Map(Object.entries(step.codes));
    const otherwise = step.else;
    return (text, run) => {
      const code = table.get(text.trim());
      if (code !== undefined) return code;
      if (otherwise === undefined) return problem(run, 'not_in_codelist', 'is a word that the feed gives no code');
      note(run, 'code_else');
      return otherwise;
    };
  }
  if ('split' in step) {
    const { split, max = LIMITS.parts } = step;
    const each = compileSteps(step.each ?? [], context);
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
  if ('part' in step) {
    const { by, index } = step.part;
    return (text, run) => {
      const { parts, more } = splitUpTo(text, by, LIMITS.parts);
      if (more) return problem(run, 'bad_value', `has more than ${LIMITS.parts} parts`);
      return parts.at(index) ?? null;
    };
  }
  if ('slice' in step) {
    const [from, to] = step.slice;
    return (text) => text.slice(from, to);
  }
  if ('padStart' in step) {
    const { length, with: filler } = step.padStart;
    return (text) => text.padStart(length, filler);
  }
  if ('replace' in step) {
    const { text: what, by } = step.replace;
    return (text, run) => {
      const out = text.replaceAll(what, () => by);
      // each replacement may lengthen the text: without this, 64 of them are a bomb
      return out.length > LIMITS.cell ? problem(run, 'bad_value', `is longer than ${LIMITS.cell} characters`) : out;
    };
  }
  if ('stripPrefix' in step) {
    const prefix = step.stripPrefix;
    return (text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text);
  }
  if ('stripSuffix' in step) {
    const suffix = step.stripSuffix;
    return (text) => (text.endsWith(suffix) ? text.slice(0, -suffix.length) : text);
  }
  const words = new Set(step.nullIf);
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
