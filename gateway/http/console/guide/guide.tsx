/** The page of the guide: one sentence, and what follows from it. */

import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import { MOST_CHARACTERS } from '../../../procedures/guide/features.js';
import type { Guidance } from '../../../procedures/guide/guide.js';
import { type Say, sayIn } from '../../ui/say.js';
import { Hidden, LARGE } from './hidden.js';
import { Matter } from './matter.js';
import { Spoken } from './talk-parts.js';

/** Of the form, as an element. */
export const GUIDE_FORM = 'guide';

interface GuideProps {
  readonly language: Language;
  readonly bundles: ReadonlyMap<string, Bundle>;
  /** Of whoever is signed in. */
  readonly csrf: string | undefined;
  /** Whether type is large. */
  readonly isLarge: boolean;
  /** Whether a model of somebody else may be asked. */
  readonly hasModel: boolean;
  readonly sentence: string;
  /** It was not looked at. */
  readonly isTooLong?: boolean;
  /** Absent until somebody has asked. */
  readonly guidance?: Guidance;
}

export function guideView(props: GuideProps): JSX.Element {
  const { language, isLarge, guidance, hasModel } = props;
  const say = sayIn(language);
  if (props.bundles.size === 0)
    return (
      <div class="card">
        <p class="empty">{say('暂无事项', 'None yet.')}</p>
      </div>
    );
  return (
    <div class={isLarge ? 'guide large' : 'guide'}>
      <h1>{say('您想办什么？', 'What do you want to do?')}</h1>
      {guidance === undefined ? (
        <p class="lead">
          {say(
            '用平常说话的方式写一句就行，小浦帮您找到要办的事。',
            'Write one sentence as you would say it: the guide finds the matter.',
          )}
        </p>
      ) : null}
      {props.isTooLong !== true ? null : (
        <p class="notice bad" role="alert">
          {say(
            `这段话太长，请用不超过${String(MOST_CHARACTERS)}个字说明要办的事。`,
            `That is too long: say it in at most ${String(MOST_CHARACTERS)} characters.`,
          )}
        </p>
      )}
      {guidance === undefined ? null : <Answer {...props} guidance={guidance} say={say} />}
      <Asking {...props} say={say} />
      {guidance === undefined || guidance.offTopic ? <Examples {...props} say={say} /> : null}
      <p class="foot">
        {say(
          '您写的话不会保存。登录后小浦可以陪您一步步填写，由您确认才提交。请不要填写身份证号、电话号码。',
          'What you write is not kept. Once you sign in the guide goes through the form with you, and nothing is ' +
            'submitted before you confirm it. Do not write numbers of identity cards or telephones.',
        )}
        {hasModel
          ? say(
              '拿不准时，去掉姓名、号码和地址后的句子会交由语言模型判断。',
              ' Where it is not sure, the sentence without names, numbers and addresses is judged by a language model.',
            )
          : ''}
      </p>
    </div>
  );
}

type Part = GuideProps & { readonly say: Say };

function Asking({ csrf, isLarge, sentence, guidance, say }: Part): JSX.Element {
  return (
    <form class="card pad asking" method="post" action="/guide" id={GUIDE_FORM}>
      <Hidden csrf={csrf} isLarge={false} />
      <label for="sentence">
        {guidance === undefined
          ? say('说说您要办的事', 'In your own words')
          : say('换个说法再找', 'Say it another way')}
      </label>
      <textarea
        id="sentence"
        name="sentence"
        rows={2}
        maxLength={MOST_CHARACTERS}
        placeholder={say('例如：我想开一家面馆', 'For example: 我想开一家面馆')}
        autocomplete="off"
        spellcheck={false}
      >
        {sentence}
      </textarea>
      <div class="row">
        <button type="submit" class="button" name="type" value={isLarge ? LARGE : ''}>
          {say('帮我找', 'Find it')}
        </button>
        <button type="submit" class="quiet" name="type" value={isLarge ? '' : LARGE}>
          {isLarge ? say('恢复普通字号', 'Normal type') : say('大字版', 'Large type')}
        </button>
      </div>
    </form>
  );
}

/** A sentence of each matter, to be pressed. */
function Examples({ language, bundles, csrf, isLarge, say }: Part): JSX.Element {
  return (
    <section>
      <h2>{say('大家常办', 'What others come for')}</h2>
      <form class="examples" method="post" action="/guide">
        <Hidden csrf={csrf} isLarge={isLarge} />
        {[...bundles.values()].map(({ id, title, intents }) => (
          <button type="submit" class="example" name="sentence" value={intents.says[0] ?? title.zh} key={id}>
            <b>{title[language]}</b>
            <span lang="zh-CN">{`“${intents.says[0] ?? title.zh}”`}</span>
          </button>
        ))}
      </form>
    </section>
  );
}

function Answer({ guidance, say, ...props }: Part & { readonly guidance: Guidance }): JSX.Element {
  const { bundles, language, sentence } = props;
  const bundle = bundles.get(guidance.bundle ?? '');
  const others = guidance.candidates.flatMap((one) =>
    one.bundle === bundle?.id ? [] : (bundles.get(one.bundle) ?? []),
  );
  return (
    <section class="answer" aria-live="polite" id="answer">
      <p class="you">
        <span class="unseen">{say('您说：', 'You said: ')}</span>
        {sentence}
      </p>
      {bundle !== undefined ? (
        <>
          <Matter
            bundle={bundle}
            guidance={guidance}
            language={language}
            say={say}
            csrf={props.csrf}
            isLarge={props.isLarge}
          />
          <details class="others">
            <summary>{say('不是这件事？', 'Not this one?')}</summary>
            <Choices {...props} bundles={others} />
          </details>
        </>
      ) : (
        <div class="card pad">
          <Spoken say={say}>
            <h2>
              {guidance.offTopic
                ? say('这件事小浦还帮不上', 'This is not what the guide is for')
                : say('您要办的是哪一件？', 'Which of these do you mean?')}
            </h2>
            <p>{guidance.why[language]}</p>
          </Spoken>
          {guidance.offTopic ? (
            <p>
              {say(
                '请换个说法试试，或者到办事大厅、拨打政务服务热线咨询。',
                'Say it another way, or ask at the service hall or by telephone.',
              )}
            </p>
          ) : (
            <Choices {...props} bundles={others} />
          )}
        </div>
      )}
    </section>
  );
}

/** One of the nearest, to be pressed: the same sentence then counts for that one. */
function Choices({
  bundles,
  language,
  csrf,
  isLarge,
  sentence,
}: Pick<GuideProps, 'language' | 'csrf' | 'isLarge' | 'sentence'> & {
  readonly bundles: readonly Bundle[];
}): JSX.Element {
  return (
    <form class="choices" method="post" action="/guide">
      <Hidden csrf={csrf} isLarge={isLarge} />
      <input type="hidden" name="sentence" value={sentence} />
      {bundles.map(({ id, title, summary }) => (
        <button type="submit" class="example" name="chosen" value={id} key={id}>
          <b>{title[language]}</b>
          <span>{summary[language]}</span>
        </button>
      ))}
    </form>
  );
}
