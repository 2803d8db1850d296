/** All that was asked is answered: what is handed in, what stands in the way, and the word by which it is submitted. */

import type { JSX } from 'preact';
import { turnBefore } from '../../../procedures/guide/talk.js';
import { Form, PicksField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { heldWords, Obstacles, readiness } from '../applying/check.js';
import { FilledIn, Trouble } from '../applying/fill.js';
import { Materials } from '../applying/papers.js';
import { OwnSteps } from '../applying/parts.js';
import { asksOf, HandOver, nameOfTurn, SoFar, Spoken, TALK, TalkHead } from './talk-parts.js';
import type { TalkProps } from './talk-props.js';

export function summaryPage(props: TalkProps): JSX.Element {
  const { language, id, bundle, found, turns, materials, isLarge, development, form } = props;
  const say = sayIn(language);
  const { left, isBarred, steps, isComplete, isReady } = readiness(props);
  const before = turnBefore(turns, undefined);
  const words = isBarred
    ? say('存在不符合办理条件的情形，暂不能提交。', 'Something stands in the way: it cannot be submitted.')
    : left.registers > 0
      ? say(
          '有登记信息暂时取不到或者不一致，暂不能提交。',
          'Registers do not say all of it: it cannot be submitted yet.',
        )
      : left.materials > 0
        ? say(`还有${left.materials}份材料请您上传。`, `${left.materials} papers are still to be uploaded.`)
        : isReady
          ? say('都准备好了，请核对后确认提交。', 'All is ready: look it over, and confirm.')
          : say('请完成身份核验和签名，然后确认提交。', 'Show who you are and sign; then confirm.');
  return (
    <div class={`guide talk apply${isLarge ? ' large' : ''}`}>
      <TalkHead {...props} />
      <div class="card pad">
        <Spoken say={say}>
          <h2>{say('问题都答完了', 'Everything is answered')}</h2>
          <p>{words}</p>
          <p class="soft">
            {say(
              `共涉及${form.merged.items.length}个事项，由您核对后提交。`,
              `It takes ${form.merged.items.length} items, and is submitted once you say so.`,
            )}
          </p>
        </Spoken>
        {before === undefined ? null : (
          <p>
            <a class="quiet back" href={`${TALK}/${id}?at=${nameOfTurn(before)}`}>
              {say('上一题', 'Back')}
            </a>
          </p>
        )}
      </div>
      <Trouble {...props} />
      <SoFar {...props} isOpen />
      <Optional {...props} />
      <FilledIn {...props} />
      <Obstacles {...props} />
      <Materials language={language} id={id} lines={materials} base={TALK} />
      <OwnSteps
        language={language}
        id={id}
        base={TALK}
        bundle={bundle}
        steps={steps}
        acts={found.acts}
        events={found.state.events}
        isSubmitted={false}
        development={development}
        held={heldWords(isComplete, say)}
      />
      <Confirm {...props} isReady={isReady} />
      <HandOver {...props} />
    </div>
  );
}

/** What may be left out. */
function Optional({ language, id, turns }: TalkProps): JSX.Element | null {
  const say = sayIn(language);
  const open = turns.filter(({ state }) => state === 'optional');
  if (open.length === 0) return null;
  return (
    <details class="card pad">
      <summary>{say(`还可以补充（选填，${open.length}项）`, `You may add (${open.length})`)}</summary>
      <ul class="plainlist">
        {open.map((turn) => (
          <li key={turn.id}>
            <a href={`${TALK}/${id}?at=${nameOfTurn(turn)}`}>{asksOf(turn, language)}</a>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Confirm({ language, id, found, isReady }: TalkProps & { readonly isReady: boolean }): JSX.Element {
  const say = sayIn(language);
  return (
    <div class="card pad submit" id="confirm">
      {isReady ? (
        <Form
          class="fill"
          name="submit"
          action={`${TALK}/${id}`}
          hidden={{ act: 'submit', seen: String(found.state.events) }}
        >
          <PicksField
            name="confirmed"
            label={say('请您确认', 'Please confirm')}
            options={[
              {
                value: 'yes',
                title: say(
                  '我已核对以上内容和材料，确认提交申请。',
                  'I have looked over the above and the papers, and submit the application.',
                ),
              },
            ]}
          />
          <button class="button big" type="submit">
            {say('提交申请', 'Submit')}
          </button>
        </Form>
      ) : (
        <button class="button big" type="button" disabled>
          {say('提交申请', 'Submit')}
        </button>
      )}
    </div>
  );
}
