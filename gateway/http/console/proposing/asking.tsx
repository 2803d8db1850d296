/** What the questions about a sample have in common: how one stands, why, and how an answer is taken back. */
import type { ComponentChildren, JSX } from 'preact';
import type { Decision } from '../../../../connectors/propose/decision.js';
import type { KeyScheme } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { ChoiceField } from '../../ui/form.js';
import type { Say } from '../../ui/say.js';
import { fieldsOf, isSaid, type Said } from './answers.js';
import type { Tried } from './sample.js';
import { valueWords } from './words.js';

export interface QuestionsProps {
  readonly language: Language;
  readonly tried: Tried;
  /** The form as it was sent. */
  readonly said: Said;
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  /** The sample, packed, and what its file is called. */
  readonly sample: { readonly packed: string; readonly name: string };
}

/** What all questions work with. */
export interface Asking extends QuestionsProps {
  readonly say: Say;
  readonly options: readonly Option[];
  decided(about: string): Decision | undefined;
}
export type Option = Parameters<typeof ChoiceField>[0]['options'][number];

/** A reason, in which the words of the source stand as they are. */
export function Reason({ of: { reason, zh }, language }: { of: Decision; language: Language }): JSX.Element {
  return (
    <p class="foot">
      {language === 'zh'
        ? zh.split(/(“[^”]*”)/).map((part) => (part.startsWith('“') ? <span class="own">{part}</span> : part))
        : reason}
    </p>
  );
}

/** Nobody knows so far; somebody said it; the sample says it. */
export type State = 'open' | 'said' | 'seen';

/** How a question stands. */
export function stateOf(question: string, decision: Decision | undefined, { said, tried }: QuestionsProps): State {
  if (fieldsOf(question).some((field) => tried.faults[field] !== undefined)) return 'open';
  if (isSaid(said, question)) return 'said';
  return decision === undefined ? (question === 'subject' ? 'open' : 'seen') : decision.sure ? 'seen' : 'open';
}

/** What stands first in a choice: nobody has said it. */
export function unsaid(
  decision: Decision | undefined,
  asking: Asking,
  answered = decision !== undefined && isSaid(asking.said, decision.about),
): Option {
  const { say } = asking;
  const title =
    decision === undefined || answered
      ? say('不作说明，由系统判断', 'not said: as seen in the sample')
      : decision.sure
        ? say(`按样表判断：${valueWords(decision, asking)}`, `as seen: ${valueWords(decision, asking)}`)
        : say(`待确认，暂按：${valueWords(decision, asking)}`, `open, so far: ${valueWords(decision, asking)}`);
  return { value: '', title, own: true };
}

/** One question with its reason, and the way to take an answer back. */
export function Asked({
  question,
  state,
  decision,
  asking: { say, language, said },
  children,
}: {
  readonly question: string;
  readonly state: State;
  readonly decision: Decision | undefined;
  readonly asking: Asking;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="card pad asked">
      <p>
        <span class={`state ${state === 'open' ? 'warn' : state === 'said' ? 'ok' : 'none'}`}>
          {state === 'open'
            ? say('待确认', 'to be confirmed')
            : state === 'said'
              ? say('已说明', 'answered')
              : say('已判断', 'seen')}
        </span>
      </p>
      {children}
      {decision === undefined ? null : <Reason of={decision} language={language} />}
      {isSaid(said, question) ? (
        <p>
          <button class="quiet" type="submit" name="back" value={question}>
            {say('收回这项说明', 'Take this answer back')}
          </button>
        </p>
      ) : null}
    </div>
  );
}
