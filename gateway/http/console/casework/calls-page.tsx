/** Drafts that were handed to a person: what was said so far, what help is wanted with, and the answer. */

import type { JSX } from 'preact';
import type { Bundle, Elements, Json } from '../../../../contracts/bundle/types.js';
import type { Workspace } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { Call } from '../../../procedures/cases/calls.js';
import { AreaField, Form } from '../../ui/form.js';
import { numberOf, sayIn } from '../../ui/say.js';
import { subjectWords } from '../applying/desk.js';
import { valueWords } from '../applying/words.js';

interface CallsProps {
  readonly language: Language;
  readonly authority: string;
  readonly calls: readonly Call[];
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly elements: Elements;
  readonly codelists: Workspace['codelists'];
}

export const CALLS = '/console/calls';
const MOST_SAID = 2000;

/** What was answered and written, each under its title. */
function saidIn({ language, bundles, elements, codelists }: CallsProps, { bundle, answers, values }: Call) {
  const say = sayIn(language);
  const ofQuestion = (id: string, answer: unknown): readonly [string, string] | undefined => {
    const question = bundles.get(bundle)?.questions.get(id);
    if (question === undefined) return undefined;
    const one = (part: unknown): string =>
      question.choices.get(String(part))?.[language] ??
      (part === null
        ? say('不清楚', 'not known')
        : part === true
          ? say('是', 'yes')
          : part === false
            ? say('否', 'no')
            : String(part));
    const parts: readonly unknown[] = Array.isArray(answer) ? (answer as readonly unknown[]) : [answer];
    return [question.asks[language], parts.map(one).join(say('、', ', '))];
  };
  const ofElement = (id: string, value: Json): readonly [string, string] | undefined => {
    const element = elements.elements.get(id);
    return element === undefined
      ? undefined
      : [element.title[language], valueWords(element, value, codelists, language)];
  };
  return [
    ...Object.entries(answers).map(([id, answer]) => ofQuestion(id, answer)),
    ...Object.entries(values).map(([id, value]) => ofElement(id, value)),
  ].filter((one) => one !== undefined);
}

export function callsPage(props: CallsProps): JSX.Element {
  const { language, authority, calls, bundles } = props;
  const say = sayIn(language);
  return (
    <>
      <h1>{say('转人工', 'Handed over')}</h1>
      <p class="lead">
        {say(
          `申请人填写途中转给${authority}的草稿，最早的在前。这里看到的是转来时已回答的内容，尚未提交。`,
          `Drafts handed to ${authority} on the way, the oldest first: as they stood then, and not submitted.`,
        )}
      </p>
      {calls.length === 0 ? (
        <div class="card">
          <p class="empty">{say('没有转人工的草稿', 'Nobody waits.')}</p>
        </div>
      ) : null}
      {calls.map((call) => (
        <section class="card pad call" key={call.id} aria-labelledby={`c-${call.id}`} data-call={call.id}>
          <h2 id={`c-${call.id}`}>{bundles.get(call.bundle)?.title[language] ?? say('已停用的事项', call.bundle)}</h2>
          <p class="soft">
            {subjectWords(call.subject)} · <span class="code">{numberOf(call.id)}</span> ·{' '}
            <time dateTime={new Date(call.at).toISOString()}>{localMinute(call.at)}</time>
          </p>
          <p>
            <b>{say('需要帮助：', 'Help with: ')}</b>
            {call.says === '' ? say('未说明', 'not said') : call.says}
          </p>
          <details>
            <summary>{say('已回答的内容', 'Answered so far')}</summary>
            <dl class="facts flat">
              {saidIn(props, call).map(([title, words]) => (
                <>
                  <dt>{title}</dt>
                  <dd>{words}</dd>
                </>
              ))}
            </dl>
          </details>
          <Form name={`call ${call.id}`} action={`${CALLS}/${call.id}`} hidden={{ seen: String(call.version) }}>
            <AreaField name="says" rows={3} maxLength={MOST_SAID} label={say('答复申请人', 'Your answer')} />
            <button class="button" type="submit">
              {say('答复', 'Answer')}
            </button>
          </Form>
        </section>
      ))}
    </>
  );
}
