/** Saved questions on the page of the search: those that there are, and the form that keeps the present one. */
import type { JSX } from 'preact';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { FoldedForm, Form, TextField, TickField } from '../../ui/form.js';
import { QUESTION_LABELS, questionFields, questionWords } from '../../ui/question-words.js';
import { sayIn } from '../../ui/say.js';
import type { Filters, Side } from './filters.js';
import { periodNamed } from './periods.js';
import type { ShownSaved } from './saved.js';

const PATH = '/console/search/saved';

/** What it asks, in words. */
function askedWords({ filters, period, seenAt }: ShownSaved, names: Names, language: Language): string {
  const zh = language === 'zh';
  const asked = questionFields(filters).map(
    (name) =>
      `${QUESTION_LABELS[name][language]}${zh ? '：' : ': '}${questionWords(name, filters, { names, language })}`,
  );
  // names of periods are the same at any time
  const when = periodNamed(period, seenAt)?.words[language];
  return [...asked, ...(when === undefined ? [] : [when])].join(zh ? '；' : '; ');
}

function News({ one, language }: { readonly one: ShownSaved; readonly language: Language }): JSX.Element | null {
  const { news, seenAt } = one;
  if (news === undefined) return null;
  const say = sayIn(language);
  const at = localMinute(seenAt);
  const count = `${news.count}${news.more ? '+' : ''}`;
  return (
    <span class="plain soft">
      {news.count === 0
        ? say(`${at} 查看后没有新记录`, `nothing new since ${at}`)
        : say(`${at} 查看后新增 ${count} 条`, `${count} new since ${at}`)}
    </span>
  );
}

export function Saved({
  language,
  saved,
  names,
}: {
  readonly language: Language;
  readonly saved: readonly ShownSaved[];
  readonly names: Names;
}): JSX.Element | null {
  const say = sayIn(language);
  if (saved.length === 0) return null;
  return (
    <section class="card pad saved" aria-labelledby="saved">
      <h2 class="own" id="saved">
        {say('已存检索', 'Saved questions')}
      </h2>
      <ul class="waits">
        {saved.map((one) => {
          const { id, name, alert } = one;
          return (
            <li key={id}>
              <span>
                <a href={`${PATH}/${id}`}>{name}</a>{' '}
                {alert ? <span class="state ok">{say('有新记录时提醒', 'tells of news')}</span> : null}
                <span class="plain soft">{askedWords(one, names, language)}</span>
                <News one={one} language={language} />
              </span>
              <Form class="row" action={`${PATH}/${id}`}>
                <button class="quiet" type="submit" name="act" value={alert ? 'quiet' : 'alert'}>
                  {alert ? say('关闭提醒', 'Stop telling') : say('开启提醒', 'Tell of news')}
                  <span class="unseen">{name}</span>
                </button>
                <button class="quiet" type="submit" name="act" value="remove">
                  {say('删除', 'Remove')}
                  <span class="unseen">{name}</span>
                </button>
              </Form>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

export function SaveForm({
  language,
  filters,
  side,
  period,
}: {
  readonly language: Language;
  readonly filters: Filters;
  readonly side: Side | undefined;
  /** The period that is asked for, where it has a name. */
  readonly period: { readonly value: string; readonly words: string } | undefined;
}): JSX.Element {
  const say = sayIn(language);
  const { since: _, until: __, ...kept } = filters;
  const asked = Object.fromEntries(Object.entries(kept).filter((one): one is [string, string] => one[1] !== undefined));
  return (
    <FoldedForm
      name="save-search"
      class="row card pad"
      action={PATH}
      summary={say('保存此检索', 'Keep this question')}
      hidden={{ ...asked, ...(side === 'authority' ? { side } : {}) }}
    >
      <TextField
        name="name"
        label={period === undefined ? say('名称（不保存时间范围）', 'Name (without its period)') : say('名称', 'Name')}
        required
        maxLength={40}
      />
      {period === undefined ? null : (
        <TickField
          name="period"
          value={period.value}
          checked
          label={say(`时间范围也保存：${period.words}`, `With its period: ${period.words.toLowerCase()}`)}
        />
      )}
      <TickField name="alert" value="yes" label={say('有新记录时提醒我', 'Tell me when something new fits')} />
      <button class="button" type="submit">
        {say('保存', 'Keep')}
      </button>
    </FoldedForm>
  );
}
