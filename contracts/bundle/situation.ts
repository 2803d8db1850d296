/** What a bundle's rules read in one case: the answers of the applicant, and what registers and the account say. */
import { asked, type Names } from './decide.js';
import { kindOfElement } from './elements.js';
import { isDay } from './parse.js';
import type { Kind, Rule, Value } from './rule.js';
import type { Answers, Bundle, Elements, Question } from './types.js';

/** What the names of a bundle's rules are. */
export function namesIn({ questions, facts }: Bundle, { elements }: Elements): Names {
  return {
    kindOf(name) {
      const question = questions.get(name);
      if (question !== undefined) return question.kind;
      if (facts.has(name)) return { type: 'yes-no' };
      const element = elements.get(name);
      return element === undefined ? undefined : kindOfElement(element);
    },
    whenOf: (name): Rule | undefined => questions.get(name)?.when.rule,
  };
}

function fits(kind: Kind, value: Exclude<Answers[string], null>): boolean {
  switch (kind.type) {
    case 'yes-no':
      return typeof value === 'boolean';
    case 'code':
      return typeof value === 'string' && kind.codes.includes(value);
    case 'codes':
      return (
        Array.isArray(value) &&
        value.length > 0 &&
        new Set(value).size === value.length &&
        value.every((one) => kind.codes.includes(one as string))
      );
    case 'integer':
    case 'decimal':
      return (
        typeof value === 'number' &&
        Number.isFinite(value) &&
        (kind.type === 'decimal' || Number.isInteger(value)) &&
        value >= (kind.min ?? -Infinity) &&
        value <= (kind.max ?? Infinity)
      );
    case 'date':
      return typeof value === 'string' && isDay(value);
    case 'text':
      return typeof value === 'string' && value !== '';
    case 'texts':
      return Array.isArray(value);
  }
}

/** What is wrong with answers, by question; never what was answered. */
export function wrongAnswers({ questions }: Bundle, answers: Answers): readonly string[] {
  return Object.entries(answers).flatMap(([name, value]) => {
    const question = questions.get(name);
    if (question === undefined) return [`\`${name}\` is no question`];
    if (value === null) return question.mayNotKnow ? [] : [`\`${name}\` has to be answered`];
    return fits(question.kind, value) ? [] : [`\`${name}\` is no ${question.kind.type} that the question takes`];
  });
}

/**
 * What each name holds. An answer to a question that is not asked does not count.
 * @param answers by question, checked
 * @param registers by fact and element: what is known of them
 */
export function situationOf(
  bundle: Bundle,
  elements: Elements,
  answers: Answers,
  registers: Answers = {},
): (name: string) => Value {
  const given = (name: string): Value => {
    const from = bundle.questions.has(name) ? answers : registers;
    return Object.hasOwn(from, name) ? (from[name] ?? undefined) : undefined;
  };
  return asked(given, namesIn(bundle, elements));
}

/** Whether the question has its answer, "I do not know" included. */
export const isAnswered = ({ id }: Question, answers: Answers): boolean => Object.hasOwn(answers, id);
