/**
 * Which company was meant: what is asked where a name stood in place of a key. Works without a script; the form goes on
 * as it was.
 */

import type { JSX } from 'preact';
import { keyOf } from '../../../contracts/ids.js';
import type { Choice, LookUp } from '../../documents/names/lookup.js';
import type { Language } from '../../ground/language/language.js';
import { Form, TextField } from './form.js';

interface ChooseProps {
  readonly language: Language;
  /** What was typed. */
  readonly text: string;
  readonly found: LookUp;
  /** Where the form goes. */
  readonly action: string;
  /** What else was in it, its token included. */
  readonly fields: readonly (readonly [string, string])[];
  /** The field that the chosen key is put into, and how it is written there. */
  readonly name: string;
  readonly valueOf: (choice: Choice) => string;
  /** Back to the form. */
  readonly back: string;
}

export const tellOf = ({ tell }: Choice, language: Language): string =>
  tell.map((one) => (typeof one === 'string' ? one : one[language])).join(' · ');

export function choosePage({ language, text, found, action, fields, name, valueOf, back }: ChooseProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const hidden = fields
    .filter(([field]) => field !== 'csrf')
    .map(([field, value]) => <input type="hidden" name={field} value={value} />);
  const choices = found.kind === 'found' ? found.choices : [];
  const advice =
    found.kind === 'short'
      ? say('请至少输入两个字，不只是“有限公司”等组织形式。', 'Say at least two letters, and more than a legal form.')
      : found.kind === 'unavailable'
        ? say('目前不能按名称查找，请输入统一社会信用代码。', 'Names cannot be looked up now; write the code.')
        : choices.length === 0
          ? say(
              '登记系统中没有名称相符的企业。可换个写法，或输入统一社会信用代码。',
              'The register has no company of such a name. Write it otherwise, or write the code.',
            )
          : found.more
            ? say(
                '还有更多相符的企业；未列出的，请输入更完整的名称。',
                'There are more; say more of the name where it is not here.',
              )
            : undefined;
  return (
    <>
      <h1>{say('选择企业', 'Which company?')}</h1>
      <p class="lead">{say(`按名称“${text}”查找`, `Looked up by “${text}”`)}</p>
      {advice === undefined ? null : (
        <p class={`notice ${choices.length === 0 ? 'warn' : ''}`} role="status">
          {advice}
        </p>
      )}
      {choices.length === 0 ? null : (
        <ul class="card rows choices">
          {choices.map((one) => (
            <li>
              <div>
                <p>
                  <b>{one.name}</b>
                </p>
                <p class="code soft">{keyOf(one.subject)}</p>
                <p class="soft">{tellOf(one, language)}</p>
              </div>
              <Form name={`choose ${one.subject}`} action={action}>
                {hidden}
                <input type="hidden" name={name} value={valueOf(one)} />
                <button
                  class="button low"
                  type="submit"
                  aria-label={`${say('选择', 'Choose')} ${one.name} ${keyOf(one.subject)}`}
                >
                  {say('选择', 'Choose')}
                </button>
              </Form>
            </li>
          ))}
        </ul>
      )}
      <Form class="card pad row" action={action}>
        {hidden}
        <TextField
          type="search"
          class="grow"
          name={name}
          label={say('都不是：重新输入名称或统一社会信用代码', 'None of these: write the name or the code again')}
          value={text}
          required
          maxLength={100}
          autocomplete="off"
        />
        <button class="button low" type="submit">
          {say('查找', 'Look it up')}
        </button>
        <a class="quiet low" href={back}>
          {say('返回', 'Back')}
        </a>
      </Form>
    </>
  );
}
