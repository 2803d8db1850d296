/** Parts that the pages of the conversation share. */

import type { ComponentChildren, JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import type { Turn } from '../../../procedures/guide/talk.js';
import { AreaField, FoldedForm } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import { asText, fieldName } from '../applying/reading.js';
import { valueWords } from '../applying/words.js';
import { inputName } from '../matters/answers.js';
import type { TalkProps } from './talk-props.js';

export const TALK = '/guide/cases';
/** Characters that go with a call for a person. */
export const MOST_SAID = 1000;

/** What a question is asked as. */
export const asksOf = (turn: Turn, language: Language): string =>
  turn.question === undefined ? turn.field.element.title[language] : turn.question.asks[language];

/** Its field in a form, the same as on the pages of the application. */
export const nameOfTurn = (turn: Turn): string =>
  turn.question === undefined ? fieldName(turn.id) : inputName(turn.question);

/** What was answered, in words; undefined where nothing was. */
function answerWords(turn: Turn, { form, answers, workspace, language }: TalkProps): string | undefined {
  const say = sayIn(language);
  if (turn.field !== undefined) {
    const value = form.values[turn.id];
    return value === undefined ? undefined : valueWords(turn.field.element, value, workspace.codelists, language);
  }
  const answer = answers[turn.id];
  if (answer === undefined) return undefined;
  if (answer === null) return say('不清楚', 'not known');
  const titleOf = (one: unknown): string =>
    turn.question.choices.get(String(one))?.[language] ??
    (one === true ? say('是', 'yes') : one === false ? say('否', 'no') : String(one));
  return asText(answer) === ''
    ? ''
    : (Array.isArray(answer) ? (answer as readonly unknown[]) : [answer]).map(titleOf).join(say('、', ', '));
}

/** What the browser reads aloud, with the button for it; without a script there is no button. */
export function Spoken({ say, children }: { readonly say: Say; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div data-spoken="">
      <button type="button" class="quiet speak" data-speak="" hidden>
        {say('朗读', 'Read aloud')}
      </button>
      {children}
    </div>
  );
}

/** The matter, for whom, and the way out. */
export function TalkHead(props: TalkProps): JSX.Element {
  const { language, bundle, applicant, id, isLarge } = props;
  const say = sayIn(language);
  return (
    <>
      <p class="foot">
        <a href="/guide">{say('← 小浦导办', '← The guide')}</a>
        {' · '}
        <a href={`/console/matters/${id}`}>{say('改用普通表单填写', 'Fill in the form instead')}</a>
        {' · '}
        <a href={`${TALK}/${id}?type=${isLarge ? 'normal' : 'large'}`}>
          {isLarge ? say('恢复普通字号', 'Normal type') : say('大字版', 'Large type')}
        </a>
      </p>
      <h1>{bundle.title[language]}</h1>
      <p class="soft">{applicant}</p>
    </>
  );
}

/** What was said so far, each with the way back to it. */
export function SoFar(props: TalkProps & { readonly isOpen: boolean }): JSX.Element | null {
  const { language, id, turns, isOpen } = props;
  const say = sayIn(language);
  const done = turns.flatMap((turn) => {
    const words = turn.state === 'answered' ? answerWords(turn, props) : undefined;
    return words === undefined ? [] : [{ turn, words }];
  });
  if (done.length === 0) return null;
  return (
    <details class="card pad sofar" open={isOpen}>
      <summary>{say(`您已经回答（${done.length}项）`, `You have answered (${done.length})`)}</summary>
      <dl class="said">
        {done.map(({ turn, words }) => (
          <div key={nameOfTurn(turn)} data-turn={nameOfTurn(turn)}>
            <dt>{asksOf(turn, language)}</dt>
            <dd>
              {words}{' '}
              <a href={`${TALK}/${id}?at=${nameOfTurn(turn)}`}>
                {say('修改', 'Change')}
                <span class="unseen">{say('：', ': ') + asksOf(turn, language)}</span>
              </a>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** To a person of the department that leads, with what was said so far. */
export function HandOver({ language, id, lead, call }: TalkProps): JSX.Element {
  const say = sayIn(language);
  return (
    <section class="handover" id="handover">
      {call?.reply === undefined ? null : (
        <div class="notice" role="status">
          <p>{say(`${lead}的答复：`, `Answer of ${lead}:`)}</p>
          <p class="said">{call.reply}</p>
        </div>
      )}
      {call === undefined || call.reply !== undefined ? null : (
        <p class="notice" role="status">
          {say(
            `已转${lead}的工作人员，您已回答的内容一并转去；答复前您可以继续填写。`,
            `Handed to ${lead} with what you have answered so far; you can go on meanwhile.`,
          )}
        </p>
      )}
      <FoldedForm
        class="card pad fill"
        name="handover"
        summary={say('需要人工帮助？', 'Would you rather have a person help?')}
        action={`${TALK}/${id}/help`}
      >
        <p>
          {say(
            `您已回答的内容将转给${lead}的工作人员。`,
            `What you have answered so far goes to an officer of ${lead}.`,
          )}
        </p>
        <AreaField
          name="says"
          rows={3}
          maxLength={MOST_SAID}
          label={say('哪里需要帮助（选填）', 'What do you need help with (optional)')}
        />
        <button class="button" type="submit">
          {say('转人工', 'Hand over to a person')}
        </button>
      </FoldedForm>
    </section>
  );
}
