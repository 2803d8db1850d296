/** Answers as the address of the page has them: `a-<question>`, which a form sends and nobody has to sign in for. */
import { wrongAnswers } from '../../../../contracts/bundle/situation.js';
import type { Answers, Bundle, Question } from '../../../../contracts/bundle/types.js';

export type GivenAnswers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Free text could name somebody, and an address is written into the logs of others. */
export const canBeAsked = ({ kind }: Question): boolean => kind.type !== 'text' && kind.type !== 'texts';

export const inputName = ({ id }: Pick<Question, 'id'>): string => `a-${id}`;
/** "I do not know." */
export const NOT_KNOWN = 'unknown';

/** Undefined where nothing was answered. */
function answerOf(question: Question, given: string | readonly string[] | undefined): Answers[string] | undefined {
  const all = (typeof given === 'string' ? [given] : (given ?? [])).filter((text) => text !== '');
  const [text] = all;
  if (text === undefined) return undefined;
  if (text === NOT_KNOWN && question.mayNotKnow) return null;
  switch (question.kind.type) {
    case 'yes-no':
      return text === 'yes' ? true : text === 'no' ? false : text;
    case 'codes':
      return all;
    case 'integer':
    case 'decimal':
      return /^-?\d{1,12}(?:\.\d{1,6})?$/.test(text.trim()) ? Number(text) : text;
    case 'texts':
      return all.flatMap((lines) => lines.split('\n').map((line) => line.trim())).filter((line) => line !== '');
    default:
      return text.trim();
  }
}

interface Answered {
  /** What was answered rightly; the common case where nothing was. */
  readonly answers: Answers;
  /** What registers say in the common case; nothing where somebody answered. */
  readonly registers: Answers;
  readonly isCommon: boolean;
  /** Questions of which the answer cannot be taken. */
  readonly faults: ReadonlySet<string>;
}

/** What was answered rightly, and the questions of which the answer cannot be taken. */
export function readAnswers(
  bundle: Bundle,
  questions: readonly Question[],
  given: GivenAnswers,
): { readonly answers: Answers; readonly faults: ReadonlySet<string> } {
  const answers: Record<string, Answers[string]> = {};
  const faults = new Set<string>();
  for (const question of questions) {
    const answer = answerOf(question, given[inputName(question)]);
    if (answer === undefined) continue;
    if (wrongAnswers(bundle, { [question.id]: answer }).length > 0) faults.add(question.id);
    else answers[question.id] = answer;
  }
  return { answers, faults };
}

export function answersIn(bundle: Bundle, given: GivenAnswers): Answered {
  const questions = [...bundle.questions.values()].filter(canBeAsked);
  if (questions.every((question) => given[inputName(question)] === undefined))
    return { ...bundle.usual, isCommon: true, faults: new Set() };
  return { ...readAnswers(bundle, questions, given), registers: {}, isCommon: false };
}
