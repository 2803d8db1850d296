/** Saved questions on the page of the search: those that there are, and the form that keeps the present one. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { FoldedForm, Form, TextField, TickField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import type { Filters, Side } from './filters.js';
import type { SavedSearch } from './saved.js';

const PATH = '/console/search/saved';

export function Saved({
  language,
  saved,
}: {
  readonly language: Language;
  readonly saved: readonly SavedSearch[];
}): JSX.Element | null {
  const say = sayIn(language);
  if (saved.length === 0) return null;
  return (
    <section class="card pad saved" aria-labelledby="saved">
      <h2 class="own" id="saved">
        {say('已存检索', 'Saved questions')}
      </h2>
      <ul class="waits">
        {saved.map(({ id, name, alert }) => (
          <li key={id}>
            <span>
              <a href={`${PATH}/${id}`}>{name}</a>{' '}
              {alert ? <span class="state ok">{say('有新记录时提醒', 'tells of news')}</span> : null}
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
        ))}
      </ul>
    </section>
  );
}

export function SaveForm({
  language,
  filters,
  side,
}: {
  readonly language: Language;
  readonly filters: Filters;
  readonly side: Side | undefined;
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
        label={say('名称（不保存时间范围）', 'Name (without its period)')}
        required
        maxLength={40}
      />
      <TickField name="alert" value="yes" label={say('有新记录时提醒我', 'Tell me when something new fits')} />
      <button class="button" type="submit">
        {say('保存', 'Keep')}
      </button>
    </FoldedForm>
  );
}
