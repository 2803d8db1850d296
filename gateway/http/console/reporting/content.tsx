/**
 * What a report says: who did not answer, the table of companies and domains, each record, notes. The same before it is
 * issued and after.
 */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import type { Localised } from '../../../../contracts/types.js';
import type { ReportContents, ReportRecord, ReportSection } from '../../../documents/model/model.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { kindName, relationNames, stateNames } from '../../ui/report-words.js';
import { sayIn } from '../../ui/say.js';

type Section = ReportContents['sections'][number];

interface Silent {
  readonly name: Localised;
  readonly since?: string;
  readonly domains: ReadonlySet<number>;
}

/** Departments that did not answer, each once, with the domains that wait for them. */
function silent({ sections }: ReportContents): readonly Silent[] {
  const found = new Map<string, { name: Localised; since?: string; domains: Set<number> }>();
  for (const { domain, missing } of sections) {
    for (const { authority, name, since } of missing) {
      const known = found.get(authority) ?? {
        name,
        ...present({ since }),
        domains: new Set<number>(),
      };
      if (since !== undefined && (known.since === undefined || since < known.since)) known.since = since;
      found.set(authority, known);
      known.domains.add(domain);
    }
  }
  return [...found.values()];
}

const MARK: Readonly<Record<ReportSection['state'], string>> = {
  none: '·',
  records: '',
  at_least: '≥',
  not_answered: '?',
};
const inCell = ({ state, records }: Section): string =>
  `${MARK[state]}${state === 'none' || state === 'not_answered' ? '' : records.length}`;
const inWords = ({ state, records }: Section, language: Language): string =>
  state === 'records' || state === 'at_least'
    ? `${stateNames[state][language]} ${records.length}`
    : stateNames[state][language];
/** More columns than this have their headings upright. */
const FEW = 6;

function Matrix({ model, language }: { readonly model: ReportContents; readonly language: Language }): JSX.Element {
  const { subjects, domains, sections } = model;
  const say = sayIn(language);
  const row = (s: number): readonly Section[] => sections.slice(s * domains.length, (s + 1) * domains.length);
  return (
    <>
      <div
        class="card scroll broad"
        tabIndex={0}
        role="region"
        aria-label={say('企业与领域对照表', 'Companies by domains')}
      >
        <table class={`matrix ${domains.length > FEW ? 'many' : ''}`}>
          <thead>
            <tr>
              <th scope="col">{say('企业', 'Company')}</th>
              {domains.map(({ title }) => (
                <th scope="col">
                  <span>{title[language]}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {subjects.map(({ subject, name, relation }, s) => (
              <tr>
                <th scope="row">
                  {name}
                  <span class="plain soft">
                    {relationNames[relation][language]} <span class="code">{keyOf(subject)}</span>
                  </span>
                </th>
                {row(s).map((section, d) => (
                  <td
                    class={section.state}
                    title={`${name} · ${domains[d]?.title[language] ?? ''}: ${inWords(section, language)}`}
                  >
                    <span aria-hidden="true">{inCell(section)}</span>
                    <span class="unseen">{inWords(section, language)}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ul class="card rows slim">
        {subjects.map(({ subject, name, relation }, s) => {
          const own = row(s);
          const named = (states: readonly ReportSection['state'][]): readonly Section[] =>
            own.filter(({ state }) => states.includes(state));
          const found = named(['records', 'at_least']);
          const unanswered = named(['not_answered']);
          return (
            <li>
              <div>
                <p>
                  <b>{name}</b> <span class="soft">{relationNames[relation][language]}</span>
                </p>
                <p class="code soft">{keyOf(subject)}</p>
                {found.length === 0 ? null : (
                  <p>
                    {found
                      .map((section) => `${domains[section.domain]?.title[language] ?? ''} ${inCell(section)}`)
                      .join(say('、', ', '))}
                  </p>
                )}
                {unanswered.length === 0 ? null : (
                  <p class="soft">
                    {say('未答复：', 'Not answered: ')}
                    {unanswered.map(({ domain }) => domains[domain]?.title[language]).join(say('、', ', '))}
                  </p>
                )}
              </div>
              <span class={`state ${found.length > 0 ? 'warn' : unanswered.length > 0 ? 'none' : 'ok'}`}>
                {found.length > 0
                  ? say(
                      `${found.length} 个领域有记录`,
                      `records in ${found.length} ${found.length === 1 ? 'domain' : 'domains'}`,
                    )
                  : unanswered.length > 0
                    ? say(`${named(['none']).length} 个领域无记录`, `none in ${named(['none']).length} domains`)
                    : say('均无记录', 'none on record')}
              </span>
            </li>
          );
        })}
      </ul>
      <p class="foot broad">
        {say(
          '“·”无记录；数字为记录条数；“≥”部门数据不全，至少有这些；“?”部门未答复。',
          '“·” none on record; a number: records; “≥” at least these, a register is not current; “?” not answered.',
        )}
      </p>
    </>
  );
}

function Told({
  record,
  domain,
  language,
  changed,
}: {
  readonly record: ReportRecord;
  readonly domain: Localised;
  readonly language: Language;
  readonly changed: string | undefined;
}): JSX.Element {
  const say = sayIn(language);
  const { authority, facts, endedOn, reportableUntil, marks } = record;
  return (
    <li class="card">
      <div class="head pad">
        <h4>
          {domain[language]}{' '}
          <small>
            {kindName(record)[language]} · {authority[language]}
          </small>
        </h4>
        <span class="row">
          {marks.includes('objection') ? <span class="state warn">{say('异议处理中', 'under objection')}</span> : null}
          {marks.includes('correction') ? (
            <span class="state warn">{say('更正校核中', 'under correction')}</span>
          ) : null}
          {changed === undefined ? null : <span class="state warn">{changed}</span>}
        </span>
      </div>
      <dl class="facts">
        {facts.map(({ title, value }) => (
          <>
            <dt>{title[language]}</dt>
            <dd>{typeof value === 'string' ? value : value[language]}</dd>
          </>
        ))}
        {endedOn === undefined ? null : (
          <>
            <dt>{say('期限起算日', 'Term counts from')}</dt>
            <dd>{endedOn}</dd>
          </>
        )}
        <dt>{say('报告期限', 'Reportable until')}</dt>
        <dd>
          {reportableUntil ??
            (endedOn === undefined
              ? say('尚未终止，期限未起算', 'goes on, its term has not begun')
              : say('法律未规定', 'no end is set'))}
        </dd>
      </dl>
    </li>
  );
}

interface ContentProps {
  readonly model: ReportContents;
  readonly language: Language;
  /** What became of a record since, in words; by section and place. */
  readonly changed?: (section: number, record: number) => string | undefined;
}

export function ReportContent({ model, language, changed = () => undefined }: ContentProps): JSX.Element {
  const say = sayIn(language);
  const { subjects, domains, sections, notes, range, purpose, bearer, leftOut = [] } = model;
  const unanswered = silent(model);
  const disputed = sections.filter(({ marks = [] }) => marks.includes('objection'));
  const records = sections.reduce((sum, section) => sum + section.records.length, 0);
  const told = subjects
    .map((subject, s) => ({
      subject,
      own: sections
        .map((section, at) => ({ section, at }))
        .filter(({ section }) => section.subject === s && section.records.length > 0),
    }))
    .filter(({ own }) => own.length > 0);
  return (
    <>
      {disputed.length === 0 ? null : (
        <div class="notice warn" role="note">
          {disputed.map(({ subject, domain }) => (
            <p>
              <b>{say('异议处理中：', 'Under objection: ')}</b>
              {subjects[subject]?.name} · {domains[domain]?.title[language]}
              {say('，企业认为该领域的信息有遗漏。', ': the company says that something is missing there.')}
            </p>
          ))}
        </div>
      )}
      {unanswered.length === 0 ? null : (
        <div class="notice warn" role="note">
          <ul class="plainlist">
            {unanswered.map(({ name, since, domains: waiting }) => (
              <li>
                <b>
                  {say('未答复：', 'Not answered: ')}
                  {name[language]}
                </b>
                {since === undefined
                  ? say('，从未提供数据', ', which never supplied any data')
                  : say(`，自 ${localMinute(since)} 起`, `, since ${localMinute(since)}`)}
                <span class="soft">
                  {' '}
                  {say('涉及领域：', 'Domains: ')}
                  {[...waiting].map((d) => domains[d]?.title[language]).join(say('、', ', '))}
                </span>
              </li>
            ))}
          </ul>
          <p class="soft">
            {say(
              '这些领域有无记录目前不能确认，报告中写明“未答复”，不写“无记录”。',
              'Whether there are records in these domains cannot be said now: the report says “not answered”, ' +
                'and not “none”.',
            )}
          </p>
        </div>
      )}
      <dl class="card facts">
        <dt>{say('结论', 'In short')}</dt>
        <dd>
          <b>
            {say(
              `${subjects.length} 家企业，${domains.length} 个领域：`,
              `${subjects.length} ${subjects.length === 1 ? 'company' : 'companies'}, ${domains.length} ` +
                `${domains.length === 1 ? 'domain' : 'domains'}: `,
            )}
            {records === 0
              ? unanswered.length === 0
                ? say('均无记录', 'none on record')
                : say('已答复的领域均无记录', 'none on record where there was an answer')
              : say(`${records} 条记录`, `${records} ${records === 1 ? 'record' : 'records'}`)}
          </b>
        </dd>
        <dt>{say('查询期间', 'Days')}</dt>
        <dd>
          {range.from} – {range.to}
        </dd>
        <dt>{say('用途', 'Purpose')}</dt>
        <dd>{purpose.name[language]}</dd>
        <dt>{say('使用单位', 'To be shown to')}</dt>
        <dd>{bearer}</dd>
      </dl>
      {leftOut.length === 0 ? null : (
        <div class="notice warn" role="note">
          <p>
            <b>
              {say(
                `下列 ${leftOut.length} 家企业未授权，未列入本报告，未查询其记录：`,
                `${leftOut.length === 1 ? 'One company has' : `${leftOut.length} companies have`} not authorised ` +
                  `this and ${leftOut.length === 1 ? 'is' : 'are'} left out; no record of theirs was read:`,
              )}
            </b>
          </p>
          <ul class="plainlist">
            {leftOut.map(({ subject, name, relation }) => (
              <li>
                {name} <span class="soft">{relationNames[relation][language]}</span>{' '}
                <span class="code soft">{keyOf(subject)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <h2>{say('各企业各领域结果', 'By company and domain')}</h2>
      <Matrix model={model} language={language} />
      <h2>{say('记录明细', 'The records')}</h2>
      {told.length === 0 ? (
        <div class="card">
          <p class="empty">{say('暂无数据', 'There are no records.')}</p>
        </div>
      ) : (
        told.map(({ subject, own }) => (
          <section class="on-record">
            <h3>
              {subject.name} <small class="code soft">{keyOf(subject.subject)}</small>
            </h3>
            <ul class="what two">
              {own.flatMap(({ section, at }) =>
                section.records.map((record, r) => (
                  <Told
                    record={record}
                    domain={domains[section.domain]?.title ?? { zh: '', en: '' }}
                    language={language}
                    changed={changed(at, r)}
                  />
                )),
              )}
            </ul>
          </section>
        ))
      )}
      {notes.length === 0 ? null : (
        <>
          <h2>{say('说明', 'Notes')}</h2>
          <ul class="card pad fields-list">
            {notes.map((note) => (
              <li>{note[language]}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
