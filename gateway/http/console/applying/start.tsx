/** Where a case begins: for whom, and the questions. */

import type { JSX } from 'preact';
import type { Answers, Bundle, Question } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import { Form, PicksField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { PATH, subjectWords } from './desk.js';
import { Ways } from './parts.js';
import { AskedFields } from './questions.js';

interface StartProps {
  readonly language: Language;
  readonly bundle: Bundle;
  /** For whom it can be done, by what this session calls them. */
  readonly subjects: readonly { readonly hidden: string; readonly subject: string }[];
  readonly questions: readonly Question[];
  readonly answers: Answers;
  /** So that a form that is sent twice opens one case. */
  readonly once: string;
  /** Drafts of it that were begun before. */
  readonly drafts: readonly { readonly id: string; readonly begun: string }[];
}

export function startPage(props: StartProps): JSX.Element {
  const { language, bundle, subjects, questions, answers, once, drafts } = props;
  const say = sayIn(language);
  return (
    <div class="apply">
      <p class="foot">
        <a href={`/matters/${bundle.id}`}>{say('办事指南', 'What it takes')}</a>
      </p>
      <h1>{bundle.title[language]}</h1>
      <p class="lead">{bundle.summary[language]}</p>
      {subjects.length === 0 ? (
        <p class="notice warn" role="status">
          {bundle.applicant === 'company'
            ? say(
                '此事项由企业申请。您的账号没有关联企业，请使用企业账号登录。',
                'A company applies for this, and your account speaks for none.',
              )
            : say(
                '此事项由个人申请。请使用个人账号登录后办理。',
                'A person applies for this: sign in with your own account.',
              )}
        </p>
      ) : (
        <>
          <Ways language={language} here="questions" id={undefined} done={[]} />
          {drafts.length === 0 ? null : (
            <div class="notice" role="status">
              <p>{say('您有未提交的草稿，可以接着填写：', 'You have drafts to go on with:')}</p>
              <ul class="plainlist">
                {drafts.map(({ id, begun }) => (
                  <li key={id}>
                    <a href={`${PATH}/${id}`}>{say(`${begun}开始的草稿`, `begun on ${begun}`)}</a>
                  </li>
                ))}
              </ul>
            </div>
          )}
          <Form class="card pad fill" name="start" action={PATH} hidden={{ bundle: bundle.id, once }}>
            {subjects.length === 1 ? (
              <p class="soft">
                <input type="hidden" name="of" value={subjects[0]?.hidden} />
                {bundle.applicant === 'company' ? say('申请企业：', 'Company: ') : say('申请人：', 'Applicant: ')}
                <span class="code">{subjectWords(subjects[0]?.subject ?? '')}</span>
              </p>
            ) : (
              <PicksField
                blank
                type="radio"
                name="of"
                label={say('为哪家企业办理？', 'For which company?')}
                value={[subjects[0]?.hidden ?? '']}
                options={subjects.map(({ hidden, subject }) => ({ value: hidden, title: subjectWords(subject) }))}
              />
            )}
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
        <a href={PATH}>{say('我的办件', 'My cases')}</a>
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
