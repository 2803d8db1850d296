/** Where a case begins: for whom, and the questions. */

import type { JSX } from 'preact';
import type { Answers, Bundle, Question } from '../../../../contracts/bundle/types.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { type Beginning, Drafts, ForWhom, NoApplicant, Where } from './beginning.js';
import { PATH } from './desk.js';
import { Ways } from './parts.js';
import { AskedFields } from './questions.js';

interface StartProps extends Beginning {
  readonly language: Language;
  readonly bundle: Bundle;
  readonly questions: readonly Question[];
  readonly answers: Answers;
  /** What this region is called. */
  readonly here: Localised;
}

export function startPage(props: StartProps): JSX.Element {
  const { language, bundle, subjects, questions, answers, once, drafts, regions, here } = props;
  const say = sayIn(language);
  return (
    <div class="apply">
      <p class="foot">
        <a href={`/matters/${bundle.id}`}>{say('← 办事指南', '← What it takes')}</a>
      </p>
      <h1>{bundle.title[language]}</h1>
      <p class="lead">{bundle.summary[language]}</p>
      {subjects.length === 0 ? (
        <NoApplicant language={language} bundle={bundle} />
      ) : (
        <>
          <Ways language={language} here="questions" id={undefined} done={[]} />
          <Drafts language={language} path={PATH} drafts={drafts} />
          <Form class="card pad fill" name="start" action={PATH} hidden={{ bundle: bundle.id, once }}>
            <ForWhom language={language} bundle={bundle} subjects={subjects} />
            <Where language={language} regions={regions} here={here} />
            <AskedFields language={language} questions={questions} answers={answers} />
            <p class="row goes">
              <button class="button big" type="submit">
                {say('保存并继续', 'Save and go on')}
              </button>
            </p>
            <p class="foot">
              {say('系统会保存草稿，您可以随时回来继续。', 'A draft is kept: come back to it whenever you like.')}
            </p>
          </Form>
        </>
      )}
    </div>
  );
}

/** The questions of a draft once more. */
export function questionsPage({
  language,
  id,
  bundle,
  questions,
  answers,
}: Pick<StartProps, 'language' | 'bundle' | 'questions' | 'answers'> & { readonly id: string }): JSX.Element {
  const say = sayIn(language);
  return (
    <div class="apply">
      <p class="foot">
        <a href={PATH}>{say('← 我的办件', '← My cases')}</a>
      </p>
      <h1>{bundle.title[language]}</h1>
      <Ways language={language} here="questions" id={id} done={[]} />
      <Form class="card pad fill" name="questions" action={`${PATH}/${id}/questions`}>
        {questions.length === 0 ? (
          <p class="empty">{say('此事项没有需要回答的问题。', 'Nothing is asked here.')}</p>
        ) : (
          <AskedFields language={language} questions={questions} answers={answers} />
        )}
        <p class="row goes">
          <button class="button big" type="submit" name="then" value="on">
            {say('保存并继续', 'Save and go on')}
          </button>
          <button class="quiet" type="submit" name="then" value="later">
            {say('保存，稍后再填', 'Save and come back later')}
          </button>
        </p>
      </Form>
    </div>
  );
}
