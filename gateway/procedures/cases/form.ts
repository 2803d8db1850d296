/**
 * The one form of a case as it stands: what was answered and written, what the account and registers say, what is
 * still missing, what stands in the way. Pure.
 */
import type { ValidateFunction } from 'ajv';
import { type Merged, type MergedField, mergeForm } from '../../../contracts/bundle/merge.js';
import { evaluate, type Value } from '../../../contracts/bundle/rule.js';
import { situationOf, wrongAnswers } from '../../../contracts/bundle/situation.js';
import type { Answers, Bundle, Element, Elements, Json, JsonSchema } from '../../../contracts/bundle/types.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Localised } from '../../../contracts/types.js';
import { compiler } from '../../../contracts/validate.js';
import { type Plan, planOf } from './plan.js';
import type { FilledValue, Readings } from './readings.js';

/** What the applicant said, and who it was shown to be. */
export interface Written {
  readonly answers: Answers;
  /** By element. */
  readonly values: Readonly<Record<string, Json>>;
  /** Elements that the account says. */
  readonly account: Readonly<Record<string, Json>>;
}

interface Obstacle {
  readonly item: string;
  readonly says: Localised;
  readonly basis: readonly string[];
  readonly state: 'no' | 'unknown';
  readonly owners: readonly string[];
}

/**
 * What is missing: a question, an element, an element of which registers say different things, or do not answer; a
 * material that is to be uploaded.
 */
export interface Missing {
  readonly what: 'question' | 'value' | 'invalid' | 'conflict' | 'away' | 'material';
  readonly name: string;
  /** Registers of `conflict` and `away`. */
  readonly registers?: readonly string[];
  /** Of a `conflict`: what each of the registers says, and the outcome that says how it is corrected. */
  readonly said?: readonly { readonly dataset: string; readonly value: Json }[];
  readonly outcome?: string;
}

/** By item, the fields of its department's own form and the elements that stand in them. */
export type Layout = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface CaseForm {
  readonly merged: Merged;
  readonly plan: Plan;
  /** Of all elements that stand in it. */
  readonly values: Readonly<Record<string, Json>>;
  /** Those that a register said. */
  readonly filled: Readonly<Record<string, Omit<FilledValue, 'value'>>>;
  /** Elements that a register has which did not answer, and those of which registers say different things. */
  readonly away: Readings['away'];
  readonly conflicts: Readings['conflicts'];
  readonly missing: readonly Missing[];
  readonly obstacles: readonly Obstacle[];
  readonly layout: Layout;
}

/** Those that whoever applies fills in, those of registers that have nothing included. */
export const askedIn = ({ merged, filled, away, conflicts }: CaseForm): readonly MergedField[] =>
  merged.fields.filter(
    ({ way, element: { id } }) =>
      way.way === 'asked' ||
      (way.way === 'register' && filled[id] === undefined && !away.has(id) && !conflicts.has(id)),
  );

const MOST_CHECKS = 2000;
let ajv: ReturnType<typeof compiler> | undefined;
const checks = new Map<string, ValidateFunction>();
/** Whether a value is as the schema wants it. */
export function fitsSchema(schema: JsonSchema, value: unknown): boolean {
  const key = JSON.stringify(schema);
  let check = checks.get(key);
  if (check === undefined) {
    // the compiler keeps what it has compiled as well
    if (checks.size >= MOST_CHECKS) {
      checks.clear();
      ajv = undefined;
    }
    ajv ??= compiler();
    checks.set(key, (check = ajv.compile(schema)));
  }
  return check(value);
}

/** An answer as the value of an element: numbers with decimals stand as text. */
const asValue = ({ type }: Element, answer: Answers[string]): Json | undefined =>
  answer === null || answer === undefined
    ? undefined
    : type === 'decimal' && typeof answer === 'number'
      ? String(answer)
      : answer;

/** @throws YitongError `bad_answers` for what is no answer, or no element that a form of the bundle has */
export function checkWritten(
  bundle: Bundle,
  { elements }: Elements,
  { answers, values }: Omit<Written, 'account'>,
): void {
  const [problem] = wrongAnswers(bundle, answers);
  if (problem !== undefined) throw new YitongError('bad_answers', problem);
  const inForms = new Set(
    [...bundle.items.values()].flatMap(({ form }) => form.fields.flatMap(({ element }) => element ?? [])),
  );
  for (const id of Object.keys(values))
    if (!inForms.has(id) || !elements.has(id))
      throw new YitongError('bad_answers', 'a value is of no element of the bundle');
}

/** Elements that are known before any register is asked. */
export function knownBefore(
  bundle: Bundle,
  { elements }: Elements,
  { answers, values, account }: Written,
): ReadonlyMap<string, Json> {
  const known = new Map<string, Json>();
  // what a register has is never taken from the applicant before the register was asked
  for (const [id, value] of Object.entries(values)) if (elements.get(id)?.registers.length === 0) known.set(id, value);
  for (const { element, id } of bundle.questions.values()) {
    const one = elements.get(element ?? '');
    const value = one === undefined || !Object.hasOwn(answers, id) ? undefined : asValue(one, answers[id] ?? null);
    if (one !== undefined && value !== undefined) known.set(one.id, value);
  }
  for (const [id, value] of Object.entries(account))
    if (elements.get(id)?.identity.includes(bundle.applicant) === true) known.set(id, value);
  return known;
}

/** Fills the fields of one form. */
class Filling {
  readonly values: Record<string, Json> = {};
  readonly filled: Record<string, Omit<FilledValue, 'value'>> = {};
  readonly missing: Missing[] = [];
  readonly #written: Written;
  readonly #readings: Readings;

  constructor(written: Written, readings: Readings) {
    this.#written = written;
    this.#readings = readings;
  }

  #valueOf({ element, way }: MergedField): Json | undefined {
    const { id } = element;
    const { answers, values, account } = this.#written;
    switch (way.way) {
      case 'identity':
        return account[id];
      case 'question':
        return asValue(element, answers[way.question] ?? null);
      case 'register': {
        const said = this.#readings.filled.get(id);
        if (said !== undefined) {
          this.filled[id] = { dataset: said.dataset, sourceTime: said.sourceTime };
          return said.value;
        }
        const known = this.#readings.away.has(id) || this.#readings.conflicts.has(id);
        return known ? undefined : values[id];
      }
      case 'issued':
        return undefined;
      case 'asked':
        return values[id];
    }
  }

  take(field: MergedField): void {
    const { element, schema, required, way } = field;
    const { id } = element;
    const value = this.#valueOf(field);
    if (value !== undefined) {
      if (fitsSchema(schema, value)) this.values[id] = value;
      else this.missing.push({ what: 'invalid', name: id });
      return;
    }
    if (!required || way.way === 'issued') return;
    const conflict = this.#readings.conflicts.get(id);
    const away = this.#readings.away.get(id);
    if (conflict !== undefined) {
      const { said, outcome } = conflict;
      const registers = said.map(({ dataset }) => dataset);
      this.missing.push({ what: 'conflict', name: id, registers, said, ...present({ outcome }) });
    } else if (away !== undefined) this.missing.push({ what: 'away', name: id, registers: away });
    else if (way.way !== 'question') this.missing.push({ what: 'value', name: id });
  }
}

function layoutOf({ items }: Merged, valueOf: (name: string) => Value): Layout {
  return Object.fromEntries(
    items.map(({ item }) => [
      item.id,
      Object.fromEntries(
        item.form.fields.flatMap(({ name, element, when }): [string, string][] =>
          element === undefined || evaluate(when.rule, valueOf) === 'no' ? [] : [[name, element]],
        ),
      ),
    ]),
  );
}

/** @param region that the case is about */
export function fillForm(
  bundle: Bundle,
  elements: Elements,
  written: Written,
  readings: Readings,
  region?: string,
): CaseForm {
  const { answers } = written;
  const merged = mergeForm(bundle, elements, answers, readings.said);
  const valueOf = situationOf(bundle, elements, answers, readings.said);
  const filling = new Filling(written, readings);
  for (const { id } of merged.open) filling.missing.push({ what: 'question', name: id });
  for (const field of merged.fields) filling.take(field);
  return {
    merged,
    plan: planOf(merged, valueOf, region),
    values: filling.values,
    filled: filling.filled,
    away: readings.away,
    conflicts: readings.conflicts,
    missing: filling.missing,
    obstacles: merged.obstacles.map(({ item, requirement: { says, basis }, state, owners }) => ({
      item,
      says,
      basis,
      state,
      owners,
    })),
    layout: layoutOf(merged, valueOf),
  };
}

/** A department's own form, whole: each field under its own name. */
export const ownForm = (
  fields: Layout[string] = {},
  values: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, element]): [string, Json][] => {
      const value = Object.hasOwn(values, element) ? values[element] : undefined;
      return value === undefined ? [] : [[name, value]];
    }),
  );
