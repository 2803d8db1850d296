/** The questions of a matter, in plain words. */

import type { JSX } from 'preact';
import type { Answers, Question } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { Say } from '../../ui/say.js';
import { canBeAsked, type GivenAnswers, inputName, NOT_KNOWN } from './answers.js';
import type { Part } from './props.js';

/** What is asked in plain words; whoever answers sees at once what it changes. */
export function Questions({
  language,
  merged,
  answers,
  given,
  isCommon,
  faults,
  begin,
  say,
}: Part): JSX.Element | null {
  const asked = merged.questions.filter(canBeAsked);
  if (asked.length === 0)
    return (
      <p>
        <a class="button" href={`${begin}?bundle=${merged.bundle.id}`}>
          {say('开始办理', 'Begin')}
        </a>
      </p>
    );
  return (
    <>
      <h2>{say('先回答几个问题', 'A few questions first')}</h2>
      <form class="card pad questions" method="get" action={`/matters/${merged.bundle.id}`}>
        <p class="foot">
          {isCommon
            ? say(
                '以下按常见情形预选，请按您的情况修改。',
                'These are the answers of the common case: make them your own.',
              )
            : null}{' '}
          {say('开始办理之前，回答不会被保存。', 'Until you begin, answers are not kept.')}
        </p>
        {asked.map((question) => (
          <div class={faults.has(question.id) ? 'question wrong' : 'question'} key={question.id}>
            <Asked
              question={question}
              language={language}
              answer={answers[question.id]}
              given={given}
              wrong={faults.has(question.id)}
              say={say}
            />
            {faults.has(question.id) ? (
              <p class="fault" id={`fault-${question.id}`}>
                {faultOf(question, say)}
              </p>
            ) : null}
          </div>
        ))}
        <input type="hidden" name="bundle" value={merged.bundle.id} />
        <p class="row ways">
          <button type="submit" class="quiet">
            {say('更新下方内容', 'Show what it takes')}
          </button>
          <button type="submit" class="button" formAction={begin}>
            {say('按以上回答开始办理', 'Begin with these answers')}
          </button>
        </p>
      </form>
    </>
  );
}

function faultOf({ kind }: Question, say: Say): string {
  if (kind.type !== 'integer' && kind.type !== 'decimal') return say('请重新选择', 'choose again');
  const { min, max } = kind;
  const range = min !== undefined && max !== undefined ? say(` ${min} 至 ${max} 之间的`, `from ${min} to ${max}`) : '';
  return say(
    `请填写${range}${kind.type === 'integer' ? '整数' : '数字'}`,
    `a ${kind.type === 'integer' ? 'whole ' : ''}number ${range}`,
  );
}

interface AskedProps {
  readonly question: Question;
  readonly language: Language;
  readonly answer: Answers[string] | undefined;
  readonly given: GivenAnswers;
  readonly wrong: boolean;
  readonly say: Say;
}

function Asked({ question, language, answer, given, wrong, say }: AskedProps): JSX.Element {
  const { asks, help, kind, choices, mayNotKnow } = question;
  const name = inputName(question);
  const text = (
    <>
      {asks[language]}
      {help === undefined ? null : <small>{help[language]}</small>}
    </>
  );
  const options = (all: readonly (readonly [value: string, title: string])[], chosen: string): JSX.Element => (
    <label>
      {text}
      <select name={name}>
        <option value="">{say('请选择', 'choose')}</option>
        {[...all, ...(mayNotKnow ? [[NOT_KNOWN, say('不清楚', 'I do not know')] as const] : [])].map(
          ([value, title]) => (
            <option value={value} selected={value === chosen} key={value}>
              {title}
            </option>
          ),
        )}
      </select>
    </label>
  );
  const notKnown = answer === null ? NOT_KNOWN : '';
  switch (kind.type) {
    case 'yes-no':
      return options(
        [
          ['yes', say('是', 'yes')],
          ['no', say('否', 'no')],
        ],
        typeof answer === 'boolean' ? (answer ? 'yes' : 'no') : notKnown,
      );
    case 'code':
      return options(
        [...choices].map(([code, title]) => [code, title[language]]),
        typeof answer === 'string' ? answer : notKnown,
      );
    case 'codes':
      return (
        <fieldset>
          <legend>{text}</legend>
          {[...choices].map(([code, title]) => (
            <label class="choice" key={code}>
              <input
                type="checkbox"
                name={name}
                value={code}
                checked={Array.isArray(answer) && answer.includes(code)}
              />
              {title[language]}
            </label>
          ))}
        </fieldset>
      );
    default: {
      const written = given[name];
      const value = typeof written === 'string' ? written : typeof answer === 'object' ? '' : String(answer ?? '');
      if (kind.type === 'date')
        return (
          <label>
            {text}
            <input type="date" name={name} value={value} />
          </label>
        );
      return (
        <label>
          {text}
          <input
            type="text"
            inputMode={kind.type === 'integer' ? 'numeric' : 'decimal'}
            name={name}
            value={value}
            aria-describedby={wrong ? `fault-${question.id}` : undefined}
          />
        </label>
      );
    }
  }
}
