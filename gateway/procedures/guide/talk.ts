/**
 * The conversation by which a case is filled in: which question is the next one, and what may be done with an answer.
 * It has no state of its own: all that it knows stands in the draft of the case, so that it goes on after a break, in
 * another tab and beside the pages of the application. Which questions there are, what an answer must be, and what is
 * missing is said by the case's own form; no rule stands here.
 */
import type { MergedField } from '../../../contracts/bundle/merge.js';
import { wrongAnswers } from '../../../contracts/bundle/situation.js';
import type { Answers, Json, Question } from '../../../contracts/bundle/types.js';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { askedIn, type CaseForm, fitsSchema } from '../cases/form.js';
import type { Cases, HowDone, OpenedCase } from '../cases/types.js';

/** `open`: it is asked; `wrong`: what stands in the draft is not taken; `optional`: it may be left out. */
type TurnState = 'open' | 'wrong' | 'answered' | 'optional';

/** What can be asked, once each: a question of the bundle, or an element that nobody else says. */
export type Turn = { readonly id: string; readonly state: TurnState } & (
  | { readonly question: Question; readonly field?: never }
  | { readonly field: MergedField; readonly question?: never }
);

/** All of them in the order in which they are asked. */
export function turnsOf(form: CaseForm): readonly Turn[] {
  const { merged, missing } = form;
  const open = new Set(merged.open.map(({ id }) => id));
  const invalid = new Set(missing.flatMap(({ what, name }) => (what === 'invalid' ? [name] : [])));
  /** Questions whose answer is not taken as the value of their element. */
  const wrong = new Set(
    merged.fields.flatMap(({ element, way }) =>
      way.way === 'question' && invalid.has(element.id) ? [way.question] : [],
    ),
  );
  const lacking = new Set(missing.flatMap(({ what, name }) => (what === 'value' ? [name] : [])));
  return [
    ...merged.questions.map((question): Turn => {
      const { id } = question;
      return { id, question, state: open.has(id) ? 'open' : wrong.has(id) ? 'wrong' : 'answered' };
    }),
    ...askedIn(form).map((field): Turn => {
      const { id } = field.element;
      const state = invalid.has(id)
        ? 'wrong'
        : lacking.has(id)
          ? 'open'
          : form.values[id] === undefined
            ? 'optional'
            : 'answered';
      return { id, field, state };
    }),
  ];
}

/** The next question; undefined where nothing is left to ask. */
export const nextTurn = (turns: readonly Turn[]): Turn | undefined =>
  turns.find(({ state }) => state === 'open' || state === 'wrong');

/** One step back from a question, or from the end: the answered one before it. */
export function turnBefore(turns: readonly Turn[], here: string | undefined): Turn | undefined {
  const at = here === undefined ? turns.length : turns.findIndex(({ id }) => id === here);
  return turns.slice(0, Math.max(at, 0)).findLast(({ state }) => state === 'answered');
}

/** A draft as the conversation sees it. */
export interface Talk {
  readonly found: OpenedCase;
  readonly form: CaseForm;
  readonly turns: readonly Turn[];
}

export async function talkOf(cases: Cases, id: string, how: HowDone): Promise<Talk> {
  const found = await cases.get(id, how);
  const form = await cases.form(id, how);
  return { found, form, turns: turnsOf(form) };
}

const TRIES = 5;

/** What is in the draft with this answer; undefined where it is none. `undefined` as an answer takes it away. */
function after({ found, turns }: Talk, id: string, given: Json | undefined, cases: Cases) {
  const turn = turns.find((one) => one.id === id);
  const { answers = {}, values = {} } = found.contents ?? {};
  const bundle = cases.bundles.get(found.state.bundle);
  if (turn?.question !== undefined) {
    const answer = { [id]: given as Answers[string] };
    if (given === undefined || bundle === undefined || wrongAnswers(bundle, answer).length > 0) return undefined;
    return { answers: { ...answers, ...answer }, values };
  }
  if (turn?.field === undefined) return undefined;
  if (given !== undefined)
    return fitsSchema(turn.field.schema, given) ? { answers, values: { ...values, [id]: given } } : undefined;
  const { [id]: _, ...others } = values;
  return turn.field.required ? undefined : { answers, values: others };
}

/**
 * Puts one answer into the draft, beside whatever else stands there by then.
 * @returns `not-asked` where that question is not asked any more; `wrong` where it is no answer to it
 */
export async function takeAnswer(
  cases: Cases,
  id: string,
  { turn, given }: { readonly turn: string; readonly given: Json | undefined },
  how: HowDone,
): Promise<'taken' | 'wrong' | 'not-asked'> {
  for (let left = TRIES; ; left--) {
    const talk = await talkOf(cases, id, how);
    if (talk.found.state.phase !== 'draft' || talk.turns.every((one) => one.id !== turn)) return 'not-asked';
    const saved = after(talk, turn, given, cases);
    if (saved === undefined) return 'wrong';
    try {
      await cases.act(id, { act: 'save', ...saved, asOf: talk.found.state.events }, how);
      return 'taken';
    } catch (error) {
      if (left === 0 || !isYitongError(error) || error.code !== 'ticket_moved') throw error;
    }
  }
}

/**
 * Submits what was looked over: only with an explicit word, and only as it was seen.
 * @param seen of how many events the summary was
 * @throws YitongError `act_refused` without that word; `ticket_moved` where the draft was changed since
 */
export async function submitConfirmed(
  cases: Cases,
  id: string,
  { confirmed, seen }: { readonly confirmed: boolean; readonly seen: number },
  how: HowDone,
): Promise<OpenedCase> {
  if (!confirmed) throw new YitongError('act_refused', 'it is submitted once whoever applies has confirmed it');
  return cases.act(id, { act: 'submit', asOf: seen }, how);
}
