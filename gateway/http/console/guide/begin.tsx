/** A matter that was found in the guide, taken up by whoever is signed in: for whom, and with what was said already. */

import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import { Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { type Beginning, Drafts, ForWhom, NoApplicant } from '../applying/beginning.js';
import { Spoken, TALK } from './talk-parts.js';

interface BeginProps extends Beginning {
  readonly language: Language;
  readonly bundle: Bundle;
  readonly isLarge: boolean;
  /** What the sentence said, in words. */
  readonly said: readonly { readonly title: string; readonly words: string }[];
  /** The same as fields of the form. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export function beginPage(props: BeginProps): JSX.Element {
  const { language, bundle, isLarge, said, fields, subjects, once, drafts } = props;
  const say = sayIn(language);
  return (
    <div class={`guide talk apply${isLarge ? ' large' : ''}`}>
      <p class="foot">
        <a href="/guide">{say('← 小浦导办', '← The guide')}</a>
      </p>
      <h1>{bundle.title[language]}</h1>
      {subjects.length === 0 ? (
        <NoApplicant language={language} bundle={bundle} />
      ) : (
        <>
          <div class="card pad">
            <Spoken say={say}>
              <h2>{say('小浦陪您一步步办', 'The guide goes through it with you')}</h2>
              <p>
                {say(
                  '登记库里有的自动填好，没有的一次问一个问题；每答一题都保存，最后由您确认才提交。',
                  'What registers have is filled in; the rest is asked one at a time. Each answer is kept, and ' +
                    'nothing is submitted before you confirm it.',
                )}
              </p>
            </Spoken>
            {said.length === 0 ? null : (
              <>
                <h3>{say('您已经说到', 'You have said already')}</h3>
                <dl class="said">
                  {said.map(({ title, words }) => (
                    <div key={title}>
                      <dt>{title}</dt>
                      <dd>{words}</dd>
                    </div>
                  ))}
                </dl>
              </>
            )}
          </div>
          <Drafts language={language} path={TALK} drafts={drafts} />
          <Form class="card pad fill" name="begin" action={TALK} hidden={{ bundle: bundle.id, once }}>
            {fields.map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
            <ForWhom language={language} bundle={bundle} subjects={subjects} />
            <p class="row goes">
              <button class="button big" type="submit">
                {say('开始办理', 'Begin')}
              </button>
            </p>
          </Form>
        </>
      )}
    </div>
  );
}

/** For whoever has not signed in. */
export function signInView({
  language,
  isLarge,
  title,
}: Pick<BeginProps, 'language' | 'isLarge'> & { readonly title: string }): JSX.Element {
  const say = sayIn(language);
  return (
    <div class={`guide talk${isLarge ? ' large' : ''}`}>
      <h1>{title}</h1>
      <div class="card pad">
        <h2>{say('登录后接着办', 'Sign in to go on')}</h2>
        <p>
          {say(
            '您刚才的回答会带过去，不用再填。登录后一次问一个问题，由您确认才提交。',
            'What you have answered goes along. Then one question is asked at a time, and nothing is submitted ' +
              'before you confirm it.',
          )}
        </p>
        <p>
          <a class="button" href="/guide/begin">
            {say('登录并继续', 'Sign in and go on')}
          </a>
        </p>
      </div>
    </div>
  );
}
