/** What a company asks for: of whom, in which domains, for which days, for whom. One page, and no script is needed. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { CompanyField } from '../../ui/company-field.js';
import { ChoiceField, FaultSummary, Form, formId, TextField } from '../../ui/form.js';
import { relationNames } from '../../ui/report-words.js';
import { sayIn } from '../../ui/say.js';
import { Speaking, type Subjects } from '../../ui/speaking.js';
import { type Asked, RANGES, type Range } from './form.js';
import { Picks } from './picks.js';
import { isReady, type Placed } from './standing.js';

interface FormProps {
  readonly language: Language;
  readonly csrf: string;
  readonly subjects: Subjects;
  readonly definition: ReportDefinition;
  readonly definitions: readonly ReportDefinition[];
  readonly group: readonly Placed[];
  readonly asked: Asked;
  readonly fault?: Localised | undefined;
  /** The field that it is about. */
  readonly faultAt?: string | undefined;
  /** Whether a company is found by its name. */
  readonly byName: boolean;
}

const rangeNames: Readonly<Record<Range, Localised>> = {
  '24': { zh: '近 24 个月', en: 'the last 24 months' },
  '36': { zh: '近 36 个月', en: 'the last 36 months' },
  '60': { zh: '近 5 年', en: 'the last five years' },
  own: { zh: '自定起止日', en: 'from one day to another' },
};

function StandingChip({
  standing,
  language,
}: {
  readonly standing: Placed['standing'];
  readonly language: Language;
}): JSX.Element {
  const say = sayIn(language);
  switch (standing.state) {
    case 'own':
      return <span class="state none">{say('无需授权', 'no authorisation needed')}</span>;
    case 'authorised':
      return <span class="state ok">{say(`已授权至 ${standing.until}`, `authorised until ${standing.until}`)}</span>;
    case 'limited':
      return <span class="state warn">{say(`部分授权至 ${standing.until}`, `in part until ${standing.until}`)}</span>;
    case 'invited':
      return <span class="state warn">{say(`${standing.on} 已请求授权`, `asked on ${standing.on}`)}</span>;
    case 'missing':
      return <span class="state bad">{say('未授权', 'not authorised')}</span>;
  }
}

/** Also where it has come to a preview: what comes back is filled in here. */
export const REPORT_FORM = 'report';

/** A longer group scrolls in its own box, so that the rest of the form stays near. */
const SHORT = 14;

const Wrong = ({
  fault,
  language,
}: {
  readonly fault: Localised | undefined;
  readonly language: Language;
}): JSX.Element | null => (fault === undefined ? null : <p class="fault">{fault[language]}</p>);

/** Branches stand below their company, everybody else side by side. */
function Tree({
  group,
  chosen,
  language,
}: {
  readonly group: readonly Placed[];
  readonly chosen: ReadonlySet<string>;
  readonly language: Language;
}): JSX.Element {
  const ids = new Set<string>(group.map(({ member }) => member.subject));
  const below = (subject: string): readonly Placed[] =>
    group.filter(({ member }) => member.relation === 'branch' && member.company === subject);
  const tops = group.filter(
    ({ member }) => member.relation !== 'branch' || member.company === undefined || !ids.has(member.company),
  );
  const item = ({ member, standing }: Placed): JSX.Element => {
    const branches = below(member.subject);
    return (
      <li>
        <label class="pick member">
          <input
            type="checkbox"
            name="subjects"
            value={member.subject}
            checked={chosen.has(member.subject)}
            data-ready={isReady(standing) ? 'true' : undefined}
            data-group={member.relation === 'named' ? undefined : 'true'}
          />
          <span>
            <b>{member.name}</b> <span class="soft">{relationNames[member.relation][language]}</span>{' '}
            {member.name === keyOf(member.subject) ? null : <span class="code soft">{keyOf(member.subject)}</span>}
          </span>
          <StandingChip standing={standing} language={language} />
        </label>
        {branches.length === 0 ? null : <ul>{branches.map(item)}</ul>}
      </li>
    );
  };
  return <ul class={`tree ${group.length > SHORT ? 'long' : ''}`}>{tops.map(item)}</ul>;
}

/** Ways to choose several companies at once. */
function Shortcuts({ here, language }: { readonly here: string; readonly language: Language }): JSX.Element {
  const say = sayIn(language);
  return (
    <p class="row" data-choose="subjects">
      <a class="quiet" href={here} data-pick="first">
        {say('仅本企业', 'This company only')}
      </a>
      <a class="quiet" href={`${here}&whom=ready`} data-pick="ready">
        {say('全部已授权', 'All that authorised')}
      </a>
      <a class="quiet" href={`${here}&whom=group`} data-pick="group">
        {say('整个集团', 'The whole group')}
      </a>
      <span class="soft" data-count>
        {''}
      </span>
    </p>
  );
}

/** Which days the report is about, why it is asked for, and for whom. */
function Occasion({
  definition,
  asked,
  at,
  language,
}: Pick<FormProps, 'definition' | 'asked' | 'language'> & {
  /** What is wrong with a field. */
  readonly at: (field: string) => Localised | undefined;
}): JSX.Element {
  const say = sayIn(language);
  return (
    <fieldset class="card pad">
      <legend>{say('3 · 查询期间、用途与使用单位', '3 · Which days, why, for whom')}</legend>
      <div class="filters in">
        <ChoiceField
          name="range"
          label={say('查询期间', 'Days')}
          value={asked.range}
          options={RANGES.map((id) => ({ value: id, title: rangeNames[id][language] }))}
        />
        <TextField
          type="date"
          name="from"
          label={say('起始日（自定起止日时填写）', 'From (of your own)')}
          value={asked.from}
          fault={at('from')}
        />
        <TextField
          type="date"
          name="to"
          label={say('截止日（自定起止日时填写）', 'To (of your own)')}
          value={asked.to}
          fault={at('to')}
        />
      </div>
      <div class="filters in">
        <ChoiceField
          name="purpose"
          label={say('用途', 'Purpose')}
          required
          value={asked.purpose}
          fault={at('purpose')}
          options={[
            { value: '', title: say('请选择', 'Choose') },
            ...[...definition.purposes].map(([id, title]) => ({ value: id, title: title[language] })),
          ]}
        />
        <TextField
          class="span"
          name="bearer"
          label={say('使用单位', 'To be shown to')}
          value={asked.bearer}
          fault={at('bearer')}
          required
          maxLength={200}
          autocomplete="off"
          placeholder={say('例如：云州证券股份有限公司', 'e.g. Yunzhou Securities')}
        />
      </div>
    </fieldset>
  );
}

export function formPage({
  language,
  subjects,
  definition,
  definitions,
  group,
  asked,
  fault,
  faultAt,
  byName,
}: FormProps): JSX.Element {
  const say = sayIn(language);
  const at = (field: string): Localised | undefined => (field === faultAt ? fault : undefined);
  const missing = group.filter(({ standing }) => !isReady(standing) || standing.state === 'limited').length;
  const chosen = new Set(asked.subjects);
  const here = `/console/reports/new?report=${definition.id}${subjects.query('&')}`;
  return (
    <>
      <p class="foot">
        <a href={`/console/reports${subjects.query('?')}`}>{say('← 信用报告', '← Reports')}</a>
      </p>
      <h1>{say('申请报告', 'Ask for a report')}</h1>
      {definitions.length < 2 ? null : (
        <nav class="pills" aria-label={say('报告种类', 'Kind of report')}>
          {definitions.map(({ id, title }) => (
            <a
              href={`/console/reports/new?report=${id}${subjects.query('&')}`}
              aria-current={id === definition.id ? 'true' : undefined}
            >
              {title[language]}
            </a>
          ))}
        </nav>
      )}
      <Speaking
        language={language}
        subjects={subjects}
        name={group.find(({ member }) => member.subject === subjects.subject)?.member.name}
      />
      {fault === undefined ? null : (
        <FaultSummary
          language={language}
          lines={[{ text: fault[language], to: `${formId(REPORT_FORM)}-${faultAt ?? ''}` }]}
        />
      )}
      <Form
        name={REPORT_FORM}
        action="/console/reports/new"
        class="sheet"
        hidden={{ of: subjects.hidden, report: definition.id }}
      >
        <fieldset class="card pad" id={`${formId(REPORT_FORM)}-subjects`}>
          <legend>
            {say(`1 · 选择企业（共 ${group.length} 家可选）`, `1 · About whom (${group.length} to choose from)`)}
          </legend>
          {group.length < 2 ? null : <Shortcuts here={here} language={language} />}
          <Wrong fault={at('subjects')} language={language} />
          <Tree group={group} chosen={chosen} language={language} />
          {group.length > 1 ? null : (
            <p class="soft">
              {say(
                '登记系统中没有该企业的分支机构、控股子公司或控股股东。',
                'The register ties no branch, subsidiary or controlling shareholder to it.',
              )}
            </p>
          )}
          <div class="filters in other">
            <CompanyField
              language={language}
              name="other"
              label={
                byName
                  ? say('另加其他企业（名称或统一社会信用代码）', 'Another company (its name, or its code)')
                  : say('另加其他企业（统一社会信用代码）', 'Another company (its code)')
              }
              value=""
              byName={byName}
              fault={at('other')}
            />
            <button class="quiet low" type="submit" formnovalidate>
              {say('加入', 'Add it')}
            </button>
          </div>
          {missing === 0 ? null : (
            <p class="notice warn">
              {say(
                '部分企业尚未授权。仍可勾选：预览时可以请其授权，或不列入并在报告中写明。分支机构随所属企业一并授权。',
                'Some have not authorised it. Choose them all the same: with the preview you can ask them, or ' +
                  'leave them out and have the report say so. Branches go with their company.',
              )}
            </p>
          )}
        </fieldset>
        <fieldset class="card pad" id={`${formId(REPORT_FORM)}-domains`}>
          <legend>
            {say(
              `2 · 选择领域（共 ${definition.domains.length} 个）`,
              `2 · Which domains (of ${definition.domains.length})`,
            )}
          </legend>
          <Wrong fault={at('domains')} language={language} />
          <Picks name="domains" all={definition.domains} chosen={new Set(asked.domains)} language={language} />
        </fieldset>
        <Occasion definition={definition} asked={asked} at={at} language={language} />
        <p class="row">
          <button class="button" type="submit">
            {say('预览', 'Preview')}
          </button>
          <span class="soft">
            {say('预览不出具报告，也不产生核验码。', 'A preview issues nothing and makes no code.')}
          </span>
        </p>
      </Form>
    </>
  );
}
