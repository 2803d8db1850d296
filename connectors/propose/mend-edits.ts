/**
 * What a mend changes of a field's mapping, and the mapping with it. An edit names steps, never a value of a record.
 */
import type { Expression, Mapping, Step } from '../feed.js';

export type Edit =
  /** Steps in front of those that the field has. */
  | { readonly do: 'before'; readonly steps: readonly Step[] }
  /** Forms that its dates may have as well. */
  | { readonly do: 'forms'; readonly forms: readonly string[] }
  /** The sign between groups of digits. */
  | { readonly do: 'group'; readonly group: ',' | '.' | ' ' | "'" }
  /** Words that stand for a code as well. @param all where the field had no words yet: the codes of its list */
  | {
      readonly do: 'words';
      readonly codes: Readonly<Record<string, string>>;
      readonly all?: readonly string[];
    }
  /** Words for true and false. */
  | { readonly do: 'booleans'; readonly true: readonly string[]; readonly false: readonly string[] };

type From = Extract<Expression, { readonly from: string }>;

const united = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];

/** Undefined where the edit has nothing to hold on to. */
function editedSteps(steps: readonly Step[], edit: Edit): readonly Step[] | undefined {
  if (edit.do === 'before') return [...edit.steps, ...steps];
  let found = false;
  const next = steps.map((step): Step => {
    if (typeof step === 'string' || found) return step;
    if (edit.do === 'forms' && 'date' in step) {
      found = true;
      return { ...step, date: united(typeof step.date === 'string' ? [step.date] : step.date, edit.forms) };
    }
    if (edit.do === 'group' && 'number' in step && step.number.group === undefined) {
      found = true;
      return { number: { ...step.number, group: edit.group } };
    }
    if (edit.do === 'words' && 'codes' in step) {
      found = true;
      // what a word means already stays
      return { ...step, codes: { ...edit.codes, ...step.codes } };
    }
    if (edit.do === 'booleans' && 'boolean' in step) {
      found = true;
      return {
        boolean: { true: united(step.boolean.true, edit.true), false: united(step.boolean.false, edit.false) },
      };
    }
    return step;
  });
  if (found) return next;
  if (edit.do !== 'words' || edit.all === undefined) return undefined;
  const own = Object.fromEntries(edit.all.map((code) => [code, code]));
  return [...steps, { codes: { ...edit.codes, ...own } }];
}

function editedExpression(expression: Expression, edit: Edit): Expression | undefined {
  if ('from' in expression) {
    const steps = editedSteps(expression.steps ?? [], edit);
    return steps === undefined ? undefined : { ...expression, steps };
  }
  if ('case' in expression) {
    let found = false;
    const or = (inner: Expression): Expression => {
      const next = editedExpression(inner, edit);
      if (next !== undefined) found = true;
      return next ?? inner;
    };
    const cases = expression.case.map(({ when, use }) => ({ when, use: or(use) }));
    const rest = expression.else === undefined ? {} : { else: or(expression.else) };
    return found ? { case: cases, ...rest } : undefined;
  }
  return undefined;
}

/** How the mapping writes a field: `members` or `members[]`; undefined where it does not make it by itself. */
export const targetOf = ({ fields }: Mapping, field: string): string | undefined =>
  [field, field.replace(/\[\]$/, '')].find((one) => Object.hasOwn(fields, one));

/** Undefined where the mapping has nothing that the edit could change. */
export function editedMapping(mapping: Mapping, field: string, edits: readonly Edit[]): Mapping | undefined {
  const target = targetOf(mapping, field);
  let expression = target === undefined ? undefined : mapping.fields[target];
  for (const edit of edits) expression = expression === undefined ? undefined : editedExpression(expression, edit);
  if (target === undefined || expression === undefined) return undefined;
  return { ...mapping, fields: { ...mapping.fields, [target]: expression } };
}

/** The parts of which the field is made that read one column each. */
export function leavesOf(expression: Expression | undefined): readonly From[] {
  if (expression === undefined) return [];
  if ('from' in expression) return [expression];
  if ('case' in expression)
    return [...expression.case.map(({ use }) => use), expression.else].flatMap((one) => leavesOf(one));
  return [];
}
