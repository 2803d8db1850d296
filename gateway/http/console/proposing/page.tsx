/** A sample is chosen; and what it would become. */
import type { JSX } from 'preact';
import type { Decision } from '../../../../connectors/propose/decision.js';
import { maskedRows } from '../../../../connectors/propose/masked.js';
import type { Proposal } from '../../../../connectors/propose/propose.js';
import { errorWordsOf } from '../../../../contracts/error-words.js';
import type { KeyScheme, Localised } from '../../../../contracts/types.js';
import { CLASSES } from '../../../../policies/explain.js';
import type { Language } from '../../../ground/language/language.js';
import { FilesField, Form, TextField } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import { typeName } from '../datasets/dataset.js';

const PATH = '/console/feeds/new';
/** Reasons that are listed. */
const REASONS = 20;

export function samplePage({ language }: { readonly language: Language }): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <p class="foot">
        <a href="/console/feeds">{say('← 本单位数据源', '← My feeds')}</a>
      </p>
      <h1>{say('新数据集', 'A new dataset')}</h1>
      <p class="lead">
        {say(
          '选择一份样表，先看它会成为怎样的数据集：各列是什么、哪些是个人信息、哪些行不能通过校验及其原因。样表只读一次，不保存。',
          'Choose a sample, and see what it would become: what its columns are, what is personal, and which rows ' +
            'would not pass and why. It is read once and not kept.',
        )}
      </p>
      <Form class="card pad stacked" action={PATH} files data-once>
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

interface ProposalProps {
  readonly language: Language;
  readonly proposal: Proposal;
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  /** A dataset of that id is there already. */
  readonly taken: boolean;
  /** The files, base64. */
  readonly archive: string;
}

const ABOUT: Readonly<Record<string, Localised>> = {
  authority: { zh: '提供单位', en: 'whose register it is' },
  dataset: { zh: '数据集标识', en: 'id of the dataset' },
  subject: { zh: '主体标识所在的列', en: 'whose key the records hang on' },
  key: { zh: '区分同一主体各条记录的列', en: "what tells one subject's records apart" },
  zeros: { zh: '代码前面的零', en: 'zeros in front of keys' },
  charset: { zh: '字符编码', en: 'character set' },
  delimiter: { zh: '分隔符', en: 'delimiter' },
  header: { zh: '标题行', en: 'header' },
  sheet: { zh: '工作表', en: 'sheet' },
  items: { zh: '数据在文件中的位置', en: 'where items stand' },
};
const OF_FIELD: Readonly<Record<string, Localised>> = {
  type: { zh: '的取值', en: ': its values' },
  class: { zh: '的分类', en: ': its class' },
  name: { zh: '的字段名', en: ': its name' },
};

interface Titled {
  readonly titles: ReadonlyMap<string, Localised>;
  readonly language: Language;
}

function aboutWords({ about }: Decision, { titles, language }: Titled): string {
  const known = ABOUT[about];
  if (known !== undefined) return known[language];
  const [, field = '', what = ''] = /^(.*) (type|class|name)$/.exec(about) ?? [];
  const title = titles.get(field)?.[language];
  return title === undefined ? sayIn(language)('其他', about) : `${title}${OF_FIELD[what]?.[language] ?? ''}`;
}

/** As a person would say it. */
function valueWords({ about }: Decision, value: string, language: Language): string {
  if (language !== 'zh') return value;
  // the column alone: what its keys are stands in its title
  if (about === 'subject') return value.replace(/:[\w-]+$/, '');
  if (about === 'key' && value === 'none') return '不需要，每个主体一条记录';
  if (about.endsWith(' type')) return typeName(value.replace(/\(.*$/, '')).zh;
  if (about.endsWith(' class')) return (CLASSES as Readonly<Record<string, string>>)[value] ?? value;
  return value;
}

/** What is not sure, and was decided carefully. */
function Open({ open, titled, say }: { open: readonly Decision[]; titled: Titled; say: Say }): JSX.Element {
  const { language } = titled;
  return (
    <ul class="card rows">
      {open.map((one) => (
        <li>
          <div class="grow">
            <p>
              <b class="own">{aboutWords(one, titled)}</b>
              {say('：', ': ')}
              <span class="own">
                {one.proposed === '' ? say('未能确定', 'to be named') : valueWords(one, one.proposed, language)}
              </span>
              {one.alternatives.length === 0 ? null : (
                <>
                  {say('；也可能是', '; or ')}
                  <span class="own">
                    {one.alternatives
                      .slice(0, 6)
                      .map((other) => valueWords(one, other, language))
                      .join(say('、', ', '))}
                  </span>
                </>
              )}
            </p>
            {language === 'zh' ? null : <p class="foot">{one.reason}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
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
              <th class="n">{say('行数', 'Rows')}</th>
            </tr>
          </thead>
          <tbody>
            {trial.refused.slice(0, REASONS).map(({ field, code, reason, rows }) => (
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

export function proposalPage({ language, proposal, schemes, taken, archive }: ProposalProps): JSX.Element {
  const say = sayIn(language);
  const { trial, draft, decisions, fields } = proposal;
  const open = decisions.filter(({ sure }) => !sure);
  const titled: Titled = { language, titles: new Map(fields.map(({ field, title }) => [field, title])) };
  const n = (of: number): string => of.toLocaleString('en');
  return (
    <>
      <p class="foot">
        <a href={PATH}>{say('← 换一份样表', '← Another sample')}</a>
      </p>
      <h1 class="own">{draft.contractFile.name[language]}</h1>
      <p class="lead">
        {say(
          `样表共 ${n(trial.rows)} 行：${n(trial.published)} 行可以发布，${n(trial.merged)} 行与其他行相同，` +
            `${n(trial.quarantined)} 行不能通过校验。`,
          `${n(trial.rows)} rows: ${n(trial.published)} would be published, ${n(trial.merged)} are the same as ` +
            `others, ${n(trial.quarantined)} would be held back.`,
        )}
      </p>
      {taken ? (
        <p class="notice warn" role="status">
          {say('已有同一标识的数据集，请换一个标识。', 'There is a dataset of that id already: choose another.')}
        </p>
      ) : null}
      <h2>{say('不能通过校验的行', 'Rows that would be held back')}</h2>
      <Refused trial={trial} titled={titled} say={say} />
      {open.length === 0 ? null : (
        <>
          <h2>{say('请确认', 'To be confirmed')}</h2>
          <Open open={open} titled={titled} say={say} />
        </>
      )}
      <h2>{say('字段', 'Fields')}</h2>
      <Fields proposal={proposal} open={open} say={say} language={language} />
      <h2>{say('前几行（个人信息已遮盖）', 'The first rows, what is personal masked')}</h2>
      <FirstRows proposal={proposal} schemes={schemes} language={language} />
      <h2>{say('接入', 'To put it on offer')}</h2>
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
    </>
  );
}
