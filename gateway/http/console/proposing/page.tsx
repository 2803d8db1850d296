/** A sample is chosen; and what it would become. */
import type { JSX } from 'preact';
import type { Decision } from '../../../../connectors/propose/decision.js';
import { maskedRows } from '../../../../connectors/propose/masked.js';
import type { Proposal } from '../../../../connectors/propose/propose.js';
import { errorWordsOf } from '../../../../contracts/error-words.js';
import type { Localised } from '../../../../contracts/types.js';
import { CLASSES } from '../../../../policies/explain.js';
import type { Language } from '../../../ground/language/language.js';
import type { FormFields } from '../../people/kept.js';
import { FilesField, Form, TextField } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import { typeName } from '../datasets/dataset.js';
import type { QuestionsProps } from './asking.js';
import { AnswerFaults, Questions } from './questions.js';

const PATH = '/console/feeds/new';
/** Reasons that are listed. */
const REASONS = 20;

/** Answers of a form that could not be taken: they go with the sample that is chosen anew. */
const answersIn = (kept: FormFields): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(kept).flatMap(([field, value]) =>
      typeof value !== 'string' || value === '' || ['dataset', 'back', 'sample.name'].includes(field)
        ? []
        : [[field, value]],
    ),
  );

interface SampleProps {
  readonly language: Language;
  /** What came back of a form. */
  readonly kept: FormFields;
}

export function samplePage({ language, kept }: SampleProps): JSX.Element {
  const say = sayIn(language);
  const answers = answersIn(kept);
  return (
    <>
      <p class="foot">
        <a href="/console/feeds">{say('← 本单位数据源', '← My feeds')}</a>
      </p>
      <h1>{say('新数据集', 'A new dataset')}</h1>
      <p class="lead">
        {say(
          '选择一份样表，先看它会成为怎样的数据集：各列是什么、哪些是个人信息、哪些行不能通过校验及其原因。样表看不出的，' +
            '由您在页面上说明。样表不保存。',
          'Choose a sample, and see what it would become: what its columns are, what is personal, and which rows ' +
            'would not pass and why. What it cannot say you are asked on the page. It is not kept.',
        )}
      </p>
      {Object.keys(answers).length === 0 ? null : (
        <p class="notice" role="status">
          {say(
            '您此前的说明已保留，重新选择样表后仍然有效。',
            'What you had answered is kept, and counts once you choose the sample again.',
          )}
        </p>
      )}
      <Form class="card pad stacked" action={PATH} files data-once hidden={answers}>
        <FilesField
          name="files"
          several={false}
          label={say('样表', 'Sample')}
          accept=".csv,.tsv,.txt,.json,.ndjson,.xlsx"
          hint={say('CSV、JSON 或者 Excel 文件，不超过 2 兆字节', 'CSV, JSON or Excel (.xlsx), 2 MiB at most')}
        />
        <TextField
          name="dataset"
          label={say('数据集标识（小写字母，可不填）', 'Id of the dataset (lower case, may be left out)')}
          maxLength={60}
          autocomplete="off"
          spellcheck={false}
        />
        <button class="button" type="submit">
          {say('试读样表', 'Read the sample')}
        </button>
      </Form>
    </>
  );
}

interface ProposalProps extends QuestionsProps {
  readonly proposal: Proposal;
  /** The files, base64. */
  readonly archive: string;
}

interface Titled {
  readonly titles: ReadonlyMap<string, Localised>;
  readonly language: Language;
}

function Refused({ trial, titled, say }: { trial: Proposal['trial']; titled: Titled; say: Say }): JSX.Element {
  const { titles, language } = titled;
  return (
    <div class="card">
      {trial.refused.length === 0 ? (
        <p class="empty">{say('样表各行均可通过校验', 'All rows of the sample would pass.')}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>{say('原因', 'Cause')}</th>
              <th>{say('第几行（不含表头）', 'Which (without the head)')}</th>
              <th class="n">{say('行数', 'Rows')}</th>
            </tr>
          </thead>
          <tbody>
            {trial.refused.slice(0, REASONS).map(({ field, code, reason, rows, at }) => (
              <tr>
                <th>
                  {field === '' ? null : (
                    <span class="own">
                      {titles.get(field)?.[language] ?? field}
                      {say('：', ': ')}
                    </span>
                  )}
                  {say(errorWordsOf(code).zh, reason)}
                </th>
                <td>
                  {at.map((one) => one.toLocaleString('en')).join(say('、', ', '))}
                  {rows > at.length && at.length > 0 ? say(' 等', ' …') : ''}
                </td>
                <td class="n">{rows.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Fields({
  proposal,
  open,
  say,
  language,
}: Pick<ProposalProps, 'proposal' | 'language'> & {
  readonly open: readonly Decision[];
  readonly say: Say;
}): JSX.Element {
  const { fields, subjectField, draft, leftOut } = proposal;
  return (
    <>
      <div class="card scroll" role="region" tabIndex={0} aria-label={say('字段', 'Fields')}>
        <table>
          <thead>
            <tr>
              <th>{say('样表中的列', 'Column')}</th>
              <th>{say('取值', 'Values')}</th>
              <th>{say('分类', 'Class')}</th>
              <th class="n">{say('空值行数', 'Rows without')}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map(({ column, field, title, type, classification, empty }) => (
              <tr>
                <th>
                  <span class="own">{column}</span>{' '}
                  {field === subjectField ? <span class="state ok">{say('主体标识', 'subject')}</span> : null}
                  {draft.contractFile.recordId.includes(field) ? (
                    <span class="state none">{say('区分记录', 'key')}</span>
                  ) : null}{' '}
                  {open.some(({ about }) => about.startsWith(`${field} `)) ? (
                    <span class="state warn">{say('待确认', 'to be confirmed')}</span>
                  ) : null}
                  {title[language] === column ? null : <span class="plain own">{title[language]}</span>}
                </th>
                <td>{typeName(type.kind)[language]}</td>
                <td>
                  <span class={`state ${['personal', 'sensitive'].includes(classification) ? 'warn' : 'none'}`}>
                    {say(CLASSES[classification], classification)}
                  </span>
                </td>
                <td class="n">{empty.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {leftOut.length === 0 ? null : (
        <p class="foot">
          {say('未采用的列：', 'Left out: ')}
          <span class="own">{leftOut.map(({ column }) => column).join(say('、', ', '))}</span>
        </p>
      )}
    </>
  );
}

/** As they would be published; what is personal is masked. */
function FirstRows({ proposal, schemes, language }: Pick<ProposalProps, 'proposal' | 'schemes' | 'language'>) {
  const say = sayIn(language);
  const rows = maskedRows(proposal, schemes);
  return (
    <div class="card scroll" role="region" tabIndex={0} aria-label={say('前几行', 'The first rows')}>
      <table class="cells own">
        <thead>
          <tr>
            {proposal.fields.map(({ title }) => (
              <th>{title[language]}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {proposal.fields.map(({ field }) => {
                const value = row[field];
                return (
                  <td>
                    {value === null || value === undefined
                      ? '–'
                      : typeof value === 'string'
                        ? value
                        : typeof value === 'boolean'
                          ? say(value ? '是' : '否', String(value))
                          : JSON.stringify(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The way to another sample. */
const Another = ({ say }: { readonly say: Say }): JSX.Element => (
  <p class="foot">
    <a href={PATH}>{say('← 换一份样表', '← Another sample')}</a>
  </p>
);

/** A sample of which nobody knows so far whose records it holds. */
export function unfinishedPage(questions: QuestionsProps): JSX.Element {
  const { language, tried } = questions;
  const say = sayIn(language);
  return (
    <>
      <Another say={say} />
      <h1 class="own">{tried.name}</h1>
      <p class="lead">
        {say(
          `样表共 ${tried.rows.toLocaleString('en')} 行、${String(tried.columns.length)} 列。先要知道哪一列是主体标识，才能看出它会成为怎样的数据集。`,
          `${tried.rows.toLocaleString('en')} rows of ${String(tried.columns.length)} columns. Whose records they ` +
            'are has to be known before anything else can be seen.',
        )}
      </p>
      <AnswerFaults language={language} tried={tried} />
      <Questions {...questions} />
    </>
  );
}

/** How the files are put in place. */
function Offer({ archive, say }: { readonly archive: string; readonly say: Say }): JSX.Element {
  return (
    <div class="card pad">
      <ol>
        <li>
          <a class="button" download="dataset.zip" href={`data:application/zip;base64,${archive}`}>
            {say('下载数据契约与数据源配置', 'Download contract and feed')}
          </a>
        </li>
        <li>
          {say(
            '填写其中标为“待确认”的说明：共享属性、使用要求、审核与审查日期。',
            'Fill in what stands as “to be confirmed”: how it is shared, its use, and the approvals.',
          )}
        </li>
        <li>
          {say(
            '交运行维护人员放入工作区，样表所在的登记放入收件目录；校验通过后一分钟内接入，出现在“本单位数据源”。',
            'Hand them to the operators, who put them into the workspace, and the register into its inbox; once ' +
              'they pass the checks it is taken in within a minute, and stands among your feeds.',
          )}
        </li>
      </ol>
    </div>
  );
}

export function proposalPage({ proposal, archive, ...questions }: ProposalProps): JSX.Element {
  const { language, schemes, tried } = questions;
  const say = sayIn(language);
  const { trial, draft, decisions, fields } = proposal;
  const open = decisions.filter(({ sure }) => !sure);
  const titled: Titled = { language, titles: new Map(fields.map(({ field, title }) => [field, title])) };
  const n = (of: number): string => of.toLocaleString('en');
  return (
    <>
      <Another say={say} />
      <h1 class="own">{draft.contractFile.name[language]}</h1>
      <p class="lead">
        {say(
          `样表共 ${n(trial.rows)} 行：${n(trial.published)} 行可以发布，${n(trial.merged)} 行与其他行相同，` +
            `${n(trial.quarantined)} 行不能通过校验${trial.skipped === 0 ? '' : `，${n(trial.skipped)} 行已删除或者作废`}。`,
          `${n(trial.rows)} rows: ${n(trial.published)} would be published, ${n(trial.merged)} are the same as ` +
            `others, ${n(trial.quarantined)} would be held back` +
            `${trial.skipped === 0 ? '' : `, ${n(trial.skipped)} have left`}.`,
        )}
      </p>
      <AnswerFaults language={language} tried={tried} />
      <Questions {...questions} />
      <h2>{say('不能通过校验的行', 'Rows that would be held back')}</h2>
      <Refused trial={trial} titled={titled} say={say} />
      <h2>{say('字段', 'Fields')}</h2>
      <Fields proposal={proposal} open={open} say={say} language={language} />
      <h2>{say('前几行（个人信息已遮盖）', 'The first rows, what is personal masked')}</h2>
      <FirstRows proposal={proposal} schemes={schemes} language={language} />
      <h2>{say('接入', 'To put it on offer')}</h2>
      <Offer archive={archive} say={say} />
    </>
  );
}
