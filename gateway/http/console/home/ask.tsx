/** The question that those who read the log begin with most often, on their first page: who looked at this company. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { CompanyField } from '../../ui/company-field.js';
import { ChoiceField, Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { periodsAt, USUAL_PERIOD } from '../auditing/periods.js';

export interface AskProps {
  /** Whether a company is found by its name. */
  readonly byName: boolean;
  /** ms since 1970 */
  readonly now: number;
}

export function AskWho({ language, byName, now }: AskProps & { readonly language: Language }): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <h2>{say('查询企业数据使用情况', 'Who looked at a company')}</h2>
      <Form class="filters ask-who" action="/console/search" name="who-looked" role="search">
        <CompanyField
          language={language}
          name="subject"
          label={byName ? say('企业名称或代码', 'Name or code of the company') : say('企业代码', 'Code of the company')}
          value=""
          byName={byName}
          required
        />
        <ChoiceField
          name="period"
          label={say('时间', 'Period')}
          value={USUAL_PERIOD}
          options={periodsAt(now).map(({ words }, at) => ({ value: String(at), title: words[language] }))}
        />
        <button class="button low" type="submit">
          {say('检索', 'Search')}
        </button>
      </Form>
    </>
  );
}
