/** Records about which a ticket can be opened: a company's own, or the one that a provider looks up. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { Lifecycle } from '../../../../contracts/lifecycle/types.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { ShownRecord } from '../../../procedures/lifecycles/records.js';
import { CompanyField } from '../../ui/company-field.js';
import { type Chosen, type Filter, FilterBar } from '../../ui/filters.js';
import { ChoiceField, Form } from '../../ui/form.js';
import { ActForm, Facts, nameOf } from './words.js';

interface OfferedRecord extends ShownRecord {
  /** Its name in this session. */
  readonly hidden: string;
  readonly openings: readonly { readonly lifecycle: Lifecycle; readonly acts: readonly string[] }[];
  readonly marked: boolean;
  readonly gone: boolean;
}

interface RecordsProps {
  readonly language: Language;
  readonly csrf: string;
  /** Whose records these are; undefined before anything was looked up. */
  readonly subject: string | undefined;
  readonly others: readonly { readonly subject: string; readonly href: string; readonly here: boolean }[];
  readonly records: readonly OfferedRecord[];
  /** Of somebody's own records: by what they are narrowed. */
  readonly filters: readonly Filter[];
  readonly chosen: Chosen;
  /** Whose records, in the address. */
  readonly of: string | undefined;
  /** Where somebody who speaks for a subject says that something is missing. */
  readonly missing: string | undefined;
  /** Datasets in which the person may look a record up. */
  readonly datasets: readonly { readonly id: string; readonly name: Localised }[];
  /** Whether a company is found by its name. */
  readonly byName: boolean;
}

export function recordsPage({
  language,
  subject,
  others,
  records,
  filters,
  chosen,
  of,
  missing,
  datasets,
  byName,
}: RecordsProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const bare = (one: string): string => keyOf(one);
  return (
    <>
      <h1>{say('选择记录', 'Choose a record')}</h1>
      <p class="lead">
        {say(
          '可以提出异议或告知撤销、修复的信用记录。',
          'Credit records to object to, or of which a revocation or a repair can be told.',
        )}
      </p>
      {missing === undefined ? null : (
        <p>
          <a class="quiet" href={missing}>
            {say('应有的记录没有列出？', 'A record that should be here is not?')}
          </a>
        </p>
      )}
      {datasets.length === 0 ? null : (
        <Form class="filters" action="/console/tickets/find">
          <ChoiceField
            name="dataset"
            label={say('数据集', 'Dataset')}
            value={undefined}
            options={datasets.map(({ id, name }) => ({ value: id, title: name[language] }))}
          />
          <CompanyField
            language={language}
            name="subject"
            label={
              byName
                ? say('企业（名称或统一社会信用代码）', 'Company (its name, or e.g. uscc:…)')
                : say('企业（统一社会信用代码）', 'Company (e.g. uscc:…)')
            }
            value=""
            byName={byName}
            required
          />
          <button class="button low" type="submit">
            {say('查找', 'Look up')}
          </button>
        </Form>
      )}
      {subject === undefined ? null : others.length > 1 ? (
        <nav class="pills" aria-label={say('企业', 'Company')}>
          {others.map((one) => (
            <a href={one.href} aria-current={one.here ? 'true' : undefined}>
              {bare(one.subject)}
            </a>
          ))}
        </nav>
      ) : (
        <p class="notice">
          {say('企业：', 'Company: ')}
          <span class="mono">{bare(subject)}</span>
        </p>
      )}
      {filters.length === 0 ? null : (
        <FilterBar
          language={language}
          path="/console/tickets/records"
          filters={filters}
          chosen={chosen}
          keeps={{ of }}
        />
      )}
      {subject === undefined ? null : records.length === 0 ? (
        <div class="card">
          <p class="empty">
            {Object.keys(chosen).length === 0
              ? say('暂无数据', 'There are no such records.')
              : say('没有符合条件的记录', 'Nothing matches.')}
          </p>
        </div>
      ) : (
        <ol class="timeline">
          {records.map((shown) => {
            const { record, hidden, openings, marked, gone } = shown;
            return (
              <li class="card pad">
                <div class="head">
                  <h2 class="mono own">{record.recordId}</h2>
                  {gone ? (
                    <span class="state none">{say('不再展示', 'no longer shown')}</span>
                  ) : marked ? (
                    <span class="state warn">{say('异议标注', 'objection')}</span>
                  ) : null}
                </div>
                <Facts record={shown} language={language} />
                {openings.length === 0 ? (
                  <p class="foot">
                    {say(
                      '关于该记录的工单正在办理，或您不能就其提出。',
                      'A ticket about it is under way, or you cannot open one.',
                    )}
                  </p>
                ) : (
                  openings.flatMap(({ lifecycle, acts }) =>
                    acts.map((act) => (
                      <ActForm
                        language={language}
                        summary={nameOf(lifecycle.acts, act, language)}
                        name={JSON.stringify([record.dataset, record.recordId, lifecycle.id, act])}
                        action="/console/tickets"
                        lifecycle={lifecycle}
                        act={act}
                        hidden={{ lifecycle: lifecycle.id, record: hidden }}
                      />
                    )),
                  )
                )}
              </li>
            );
          })}
        </ol>
      )}
    </>
  );
}
