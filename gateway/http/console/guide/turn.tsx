/** One question of the conversation. */

import type { JSX } from 'preact';
import { type Turn, turnBefore } from '../../../procedures/guide/talk.js';
import { Form, TextField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { Obstacles } from '../applying/check.js';
import { FilledIn, Trouble, ValueField } from '../applying/fill.js';
import { AskedFields } from '../applying/questions.js';
import { HandOver, nameOfTurn, SoFar, Spoken, TALK, TalkHead } from './talk-parts.js';
import type { TalkProps } from './talk-props.js';

/** Whether its answer can be said in other words than the field takes. */
const takesWords = (turn: Turn): boolean => {
  const type = turn.question?.kind.type ?? turn.field?.element.type ?? 'text';
  return (
    type !== 'text' && type !== 'texts' && type !== 'key' && !(turn.field?.element.many === true && type !== 'code')
  );
};

export function turnPage(props: TalkProps & { readonly turn: Turn }): JSX.Element {
  const { language, id, turns, turn, isLarge } = props;
  const say = sayIn(language);
  const left = turns.filter(({ state }) => state === 'open' || state === 'wrong').length;
  const before = turnBefore(turns, turn.id);
  const isAgain = turn.state === 'answered' || turn.state === 'optional';
  return (
    <div class={`guide talk apply${isLarge ? ' large' : ''}`}>
      <TalkHead {...props} />
      <section class="card pad turn" aria-label={say('小浦的问题', 'The question')}>
        <Spoken say={say}>
          <p class="eyebrow">
            {isAgain
              ? say('修改您的回答', 'Change your answer')
              : say(`请回答，还有${left}项`, `Please answer, ${left} left`)}
          </p>
          <Form
            class="fill"
            name={`turn ${nameOfTurn(turn)}`}
            action={`${TALK}/${id}/answer`}
            hidden={{ at: nameOfTurn(turn) }}
          >
            <Asked {...props} />
            {takesWords(turn) ? (
              <TextField
                name="says"
                label={say('也可以用自己的话回答', 'Or in your own words')}
                value=""
                autocomplete="off"
                maxLength={400}
              />
            ) : null}
            <p class="row goes">
              <button class="button big" type="submit">
                {say('继续', 'Go on')}
              </button>
              {before === undefined ? null : (
                <a class="quiet back" href={`${TALK}/${id}?at=${nameOfTurn(before)}`}>
                  {say('上一题', 'Back')}
                </a>
              )}
              {isAgain ? (
                <a class="quiet" href={`${TALK}/${id}`}>
                  {say('不改了', 'Leave it')}
                </a>
              ) : null}
            </p>
          </Form>
        </Spoken>
      </section>
      <Trouble {...props} />
      {props.form.obstacles.length === 0 ? null : <Obstacles {...props} />}
      <SoFar {...props} isOpen={false} />
      <HandOver {...props} />
      <details class="card pad">
        <summary>{say('已为您填好、不用再问的内容', 'Filled in already, and not asked')}</summary>
        <FilledIn {...props} />
      </details>
      <p class="foot">
        {say(
          '每答一题即存入草稿，随时可以离开，回来接着办。这里只办理本事项，最后由您确认后才提交。',
          'Each answer is kept in the draft: leave whenever you like, and go on later. This is for this ' +
            'matter alone, and nothing is submitted before you confirm it at the end.',
        )}
      </p>
    </div>
  );
}

function Asked({
  language,
  turn,
  answers,
  form,
  written,
  workspace,
}: TalkProps & { readonly turn: Turn }): JSX.Element {
  if (turn.question !== undefined)
    return <AskedFields language={language} questions={[turn.question]} answers={answers} />;
  const { element, schema, required, way } = turn.field;
  const say = sayIn(language);
  return (
    <ValueField
      language={language}
      element={element}
      schema={schema}
      required={required}
      value={form.values[element.id] ?? written[element.id]}
      hint={way.way === 'register' ? say('登记库中没有记载', 'no register has it') : undefined}
      codelists={workspace.codelists}
    />
  );
}
