/** The questions of a matter, in plain words, for whoever begins with it or changes an answer. */

import type { JSX } from 'preact';
import type { Answers, Question } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import { AreaField, ChoiceField, PicksField, TextField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { inputName, NOT_KNOWN } from '../matters/answers.js';

/** Choices above which one is picked from a list that opens. */
const IN_SIGHT = 8;

export function AskedFields({
  language,
  questions,
  answers,
}: {
  readonly language: Language;
  readonly questions: readonly Question[];
  readonly answers: Answers;
}): JSX.Element {
  return (
    <>
      {questions.map((question) => (
        <Asked key={question.id} question={question} language={language} answer={answers[question.id]} />
      ))}
    </>
  );
}

function Asked({
  question,
  language,
  answer,
}: {
  readonly question: Question;
  readonly language: Language;
  readonly answer: Answers[string] | undefined;
}): JSX.Element {
  const say = sayIn(language);
  const { asks, help, kind, choices, mayNotKnow } = question;
  const name = inputName(question);
  const label = (
    <>
      {asks[language]}
      {help === undefined ? null : <small>{help[language]}</small>}
    </>
  );
  const given = answer === null ? [NOT_KNOWN] : answer === true ? ['yes'] : answer === false ? ['no'] : answer;
  const texts = given === undefined ? [] : Array.isArray(given) ? given.map(String) : [String(given)];
  const notKnown = mayNotKnow ? [{ value: NOT_KNOWN, title: say('不清楚', 'I do not know') }] : [];
  switch (kind.type) {
    case 'yes-no':
      return (
        <PicksField
          blank
          type="radio"
          name={name}
          label={label}
          value={texts}
          options={[{ value: 'yes', title: say('是', 'yes') }, { value: 'no', title: say('否', 'no') }, ...notKnown]}
        />
      );
    case 'code':
    case 'codes': {
      const options = [...choices].map(([value, title]) => ({ value, title: title[language] }));
      if (kind.type === 'codes' || options.length <= IN_SIGHT)
        return (
          <PicksField
            blank
            type={kind.type === 'codes' ? 'checkbox' : 'radio'}
            name={name}
            label={label}
            value={texts}
            options={[...options, ...notKnown]}
          />
        );
      return (
        <ChoiceField
          name={name}
          label={label}
          value={texts[0]}
          options={[{ value: '', title: say('请选择', 'choose') }, ...options, ...notKnown]}
        />
      );
    }
    case 'texts':
      return <AreaField name={name} label={label} rows={3} value={texts.join('\n')} />;
    default:
      return (
        <TextField
          name={name}
          label={label}
          type={kind.type === 'date' ? 'date' : 'text'}
          inputmode={kind.type === 'integer' ? 'numeric' : kind.type === 'decimal' ? 'decimal' : undefined}
          value={texts[0] ?? ''}
          autocomplete="off"
        />
      );
  }
}

/** What is wrong with an answer. */
export function wrongAnswer({ kind, asks }: Question): { readonly zh: string; readonly en: string } {
  const of = (zh: string, en: string) => ({ zh: `“${asks.zh}”${zh}`, en: `${asks.en} ${en}` });
  if (kind.type === 'integer' || kind.type === 'decimal') {
    const { min, max } = kind;
    const what = kind.type === 'integer' ? { zh: '整数', en: 'whole number' } : { zh: '数字', en: 'number' };
    return min !== undefined && max !== undefined
      ? of(`请填写${min}至${max}之间的${what.zh}`, `Write a ${what.en} from ${min} to ${max}.`)
      : of(`请填写${what.zh}`, `Write a ${what.en}.`);
  }
  return kind.type === 'date' ? of('请填写有效日期', 'Write a day.') : of('请重新选择', 'Choose again.');
}
export const unanswered = ({ kind, asks }: Question): { readonly zh: string; readonly en: string } =>
  kind.type === 'yes-no' || kind.type === 'code' || kind.type === 'codes'
    ? { zh: `请选择：${asks.zh}`, en: `Choose: ${asks.en}` }
    : { zh: `请回答：${asks.zh}`, en: `Answer: ${asks.en}` };
