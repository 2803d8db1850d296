/** One document about sharing: its form, and what it says, for whoever approves or receives it. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import { kindWords } from '../../../documents/pdf/sharing/words.js';
import { gradeNames } from '../../../documents/words/sharing-tables.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import {
  GRADES,
  type PaperMachine,
  type SharingPaper,
  type SignedPaper,
} from '../../../procedures/sharing/machines/papers.js';
import type { SharingStatistics } from '../../../procedures/sharing/statistics/index.js';
import { AreaField, ChoiceField, Form, ReasonField } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import { Acts } from '../applications/acts.js';
import type { ActLine, Marked } from '../applications/views.js';
import { Mark, PATH } from '../applications/words.js';
import { FigureCards } from './tables.js';
import { paperNames, STATISTICS } from './words.js';

const Basis = ({ machine, language }: { readonly machine: PaperMachine; readonly language: Language }): JSX.Element => (
  <p class="notice">
    <b>{kindWords[machine].basis[language]}</b>
    <span class="plain" lang="zh">
      “{kindWords[machine].statute}”
    </span>
  </p>
);

interface DraftProps {
  readonly language: Language;
  readonly machine: PaperMachine;
  readonly action: string;
  readonly statistics: SharingStatistics;
  readonly nameOf: (id: string) => Localised;
  /** As it was written before. */
  readonly before?: SharingPaper | undefined;
  readonly seen?: string;
}

export function draftPage({ language, machine, action, statistics, nameOf, before, seen }: DraftProps): JSX.Element {
  const say = sayIn(language);
  const { from, to } = statistics;
  return (
    <>
      <p class="foot">
        <a href={STATISTICS}>{say('← 共享统计', '← Figures of sharing')}</a>
      </p>
      <h1>{say(`起草${paperNames[machine].zh}`, `Draft: ${paperNames[machine].en}`)}</h1>
      <p class="lead">
        {say(
          `${from} 至 ${to}。各项数字由平台计算，一并写入文书；起草后由主管部门负责人审定，审定后签名。`,
          `${from} to ${to}. The figures come from the platform; another person approves, then it is signed.`,
        )}
      </p>
      <Basis machine={machine} language={language} />
      <Form action={action} hidden={{ kind: machine, from, to, ...(seen === undefined ? {} : { seen }) }} data-once>
        <div class="card pad stacked">
          {machine === 'evaluation'
            ? statistics.departments.map(({ authority }) => (
                <GradeFields
                  say={say}
                  language={language}
                  authority={authority}
                  name={nameOf(authority)}
                  before={before}
                  key={authority}
                />
              ))
            : null}
          <AreaField
            name="findings"
            label={say('发现的问题', 'What was found')}
            value={before?.findings ?? ''}
            required
            minLength={4}
            maxLength={4000}
            rows={6}
          />
          <AreaField
            name="measures"
            label={say('意见和建议', 'What is proposed')}
            value={before?.measures ?? ''}
            required
            minLength={4}
            maxLength={4000}
            rows={6}
          />
          <p>
            <button class="button" type="submit">
              {say('提交审定', 'To be approved')}
            </button>
          </p>
        </div>
      </Form>
      <FigureCards language={language} statistics={statistics} nameOf={nameOf} />
    </>
  );
}

function GradeFields({
  say,
  language,
  authority,
  name,
  before,
}: {
  readonly say: Say;
  readonly language: Language;
  readonly authority: string;
  readonly name: Localised;
  readonly before: SharingPaper | undefined;
}): JSX.Element {
  const given = before?.grades?.find((one) => one.authority === authority);
  return (
    <fieldset class="grade">
      <legend>{name[language]}</legend>
      <ChoiceField
        name={`grade.${authority}`}
        label={say('等次', 'Grade')}
        value={given?.grade}
        required
        options={[
          { value: '', title: say('请选择', 'choose') },
          ...GRADES.map((one) => ({ value: one, title: gradeNames[one][language] })),
        ]}
      />
      <ReasonField
        class="grow"
        name={`reason.${authority}`}
        label={say('评价理由', 'Why')}
        value={given?.reason ?? ''}
      />
    </fieldset>
  );
}

interface PaperProps {
  readonly language: Language;
  readonly id: string;
  readonly machine: PaperMachine;
  readonly state: Marked;
  readonly paper: SharingPaper;
  readonly signed: SignedPaper | undefined;
  /** It was not revoked. */
  readonly valid: boolean;
  readonly acts: readonly ActLine[];
  readonly mayRevise: boolean;
  readonly seen: string;
}

export function paperPage({
  language,
  id,
  machine,
  state,
  paper,
  signed,
  valid,
  acts,
  mayRevise,
  seen,
}: PaperProps): JSX.Element {
  const say = sayIn(language);
  const nameOf = (one: string): Localised => paper.names[one] ?? { zh: '未登记的单位', en: one };
  return (
    <>
      <p class="foot">
        <a href={STATISTICS}>{say('← 共享统计', '← Figures of sharing')}</a>
      </p>
      <div class="head">
        <h1>{kindWords[machine].title[language]}</h1>
        <Mark of={state} language={language} />
      </div>
      <p class="lead">
        {say(
          `${nameOf(paper.statistics.authority).zh}，${paper.from} 至 ${paper.to}。`,
          `${nameOf(paper.statistics.authority).en}, ${paper.from} to ${paper.to}.`,
        )}
      </p>
      {signed === undefined || !valid ? null : (
        <div class="card pad">
          <p class="row">
            <a class="button" href={`/console/sharing/papers/${id}/pdf`} download>
              {say('下载签名文书', 'The signed PDF')}
            </a>
            <a class="quiet" href={`/verify/${signed.code}`}>
              {say('核验', 'Verify')}
            </a>
          </p>
          <dl class="facts flat">
            <dt>{say('审定时间', 'Approved')}</dt>
            <dd>{localMinute(Date.parse(signed.at))}</dd>
            <dt>{say('核验码', 'Code')}</dt>
            <dd class="mono exact">{signed.code}</dd>
            <dt>{say('日志凭证', 'Receipt')}</dt>
            <dd class="mono exact">{signed.entry}</dd>
          </dl>
        </div>
      )}
      {mayRevise ? (
        <p class="row">
          <a class="button low" href={`/console/sharing/papers/${id}/edit`}>
            {say('修改', 'Write anew')}
          </a>
        </p>
      ) : null}
      <Acts id={id} seen={seen} language={language} say={say} acts={acts} />
      <p class="foot">
        <a href={`${PATH}/${id}`}>{say('办理经过', 'What was done')}</a>
      </p>
      <Basis machine={machine} language={language} />
      {paper.grades === undefined ? null : (
        <section aria-label={say('考核评价结果', 'Result')}>
          <h2>{say('考核评价结果', 'Result')}</h2>
          <div class="card">
            <table class="stack">
              <thead>
                <tr>
                  <th>{say('部门', 'Department')}</th>
                  <th>{say('等次', 'Grade')}</th>
                  <th>{say('评价理由', 'Why')}</th>
                </tr>
              </thead>
              <tbody>
                {paper.grades.map(({ authority, grade, reason }) => (
                  <tr key={authority}>
                    <th scope="row">{nameOf(authority)[language]}</th>
                    <td>{gradeNames[grade][language]}</td>
                    <td>
                      <span class="own">{reason}</span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      <h2>{say('发现的问题', 'What was found')}</h2>
      <p class="card pad own">{paper.findings}</p>
      <h2>{say('意见和建议', 'What is proposed')}</h2>
      <p class="card pad own">{paper.measures}</p>
      <FigureCards language={language} statistics={paper.statistics} nameOf={nameOf} />
    </>
  );
}
