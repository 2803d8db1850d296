/** One dataset for whoever may know that it exists: what it says, how good it is, who may ask it, and how one asks. */
import type { JSX } from 'preact';
import { waysTo } from '../../../../contracts/authorities.js';
import type { Localised } from '../../../../contracts/types.js';
import { CLASSES } from '../../../../policies/explain.js';
import { deliveryNames, formNames, unitName } from '../../../../policies/words.js';
import { durationOf } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { AskedIn } from '../../ui/asked.js';
import { counted } from '../../ui/say.js';
import { INTERFACES } from '../developer/tabs.js';
import { sharing as sharingNames, state as stateNames } from '../home/page.js';
import { Apply, type ApplyProps } from './apply.js';
import type { DatasetFacts, FieldFacts, GrantedTo } from './facts.js';
import { Lineage } from './lineage.js';
import { Mine, type MineProps } from './mine.js';
import { Quality } from './quality.js';
import { sampleQuestion } from './sample.js';

interface DatasetProps {
  readonly language: Language;
  readonly facts: DatasetFacts;
  /** To the feed's page, for its owner. */
  readonly rows?: string | undefined;
  /** For whoever may apply for it. */
  readonly apply?: ApplyProps | undefined;
  /** For whoever builds systems. */
  readonly mine?: MineProps | undefined;
}

const TYPES: Readonly<Record<string, Localised>> = {
  string: { zh: '文本', en: 'text' },
  text: { zh: '文本', en: 'text' },
  texts: { zh: '列表', en: 'list' },
  int: { zh: '整数', en: 'integer' },
  long: { zh: '整数', en: 'integer' },
  double: { zh: '小数', en: 'number' },
  decimal: { zh: '小数', en: 'decimal' },
  boolean: { zh: '是否', en: 'yes or no' },
  date: { zh: '日期', en: 'date' },
  timestamp: { zh: '时间', en: 'time' },
  enum: { zh: '代码', en: 'code' },
  bytes: { zh: '二进制', en: 'bytes' },
  record: { zh: '组', en: 'group' },
  array: { zh: '列表', en: 'list' },
  map: { zh: '对照表', en: 'map' },
};
export const typeName = (type: string): Localised => TYPES[type] ?? { zh: '其他', en: type };

function Summary({ facts, language }: Omit<DatasetProps, 'rows'>): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const { contract, authority, scheme, freshness, records } = facts;
  const { sharing, grading, subject } = contract;
  const means = authority === undefined ? [] : waysTo(authority, language);
  const rows: readonly (readonly [string, JSX.Element | string] | undefined)[] = [
    zh ? undefined : ['Id', <span class="mono">{contract.id}</span>],
    [say('提供单位', 'Publisher'), authority?.name[language] ?? contract.authority],
    [
      say('咨询', 'Whom to ask'),
      means.length > 0 ? means.join(say('，', ', ')) : say('提供单位的数据专员', 'the data officer of the publisher'),
    ],
    [
      say('共享属性', 'Sharing'),
      `${sharingNames[sharing.attribute][language]}${
        sharing.delivery.length === 0
          ? ''
          : say('：', ': ') + sharing.delivery.map((one) => deliveryNames[one][language]).join(say('、', ', '))
      }`,
    ],
    sharing.conditions === undefined ? undefined : [say('共享范围', 'Scope'), sharing.conditions.scope[language]],
    sharing.conditions === undefined ? undefined : [say('使用要求', 'Use'), sharing.conditions.use[language]],
    sharing.refusal === undefined
      ? undefined
      : [
          say('不予共享的理由', 'Why it is not shared'),
          `${sharing.refusal.reason[language]}${say('；', '; ')}${sharing.refusal.legalBasis.join(say('、', ', '))}`,
        ],
    [say('查询主体', 'Asked about by'), scheme?.[language] ?? subject.scheme],
    [
      say('分类分级', 'Grading'),
      say(
        `${grading.category}，${{ general: '一般数据', important: '重要数据', core: '核心数据' }[grading.grade]}`,
        `${grading.category}, ${grading.grade}`,
      ),
    ],
    [say('领域', 'Domains'), contract.domains.join(say('、', ', ')) || '–'],
    [
      say('更新频率', 'Updated'),
      `${say('每 ', 'every ')}${durationOf(contract.updateFrequencyText, language)}${
        freshness.sourceTime === undefined
          ? ''
          : say('，数据截至 ', '; seen up to ') + localMinute(freshness.sourceTime) + say('（北京时间）', ' (UTC+8)')
      }`,
    ],
    [say('记录数', 'Records'), records.toLocaleString('en')],
    [
      say('审核', 'Approved'),
      say(
        `${contract.approval.date} ${contract.approval.role}审核；保密审查 ${contract.assessments.secrecy.date}，` +
          `个人信息保护审查 ${contract.assessments.personalInformation.date}`,
        `on ${contract.approval.date}; assessed for secrets on ${contract.assessments.secrecy.date}, for personal ` +
          `information on ${contract.assessments.personalInformation.date}`,
      ),
    ],
  ];
  return (
    <div class="card">
      <dl class="facts">
        {rows.map((row) =>
          row === undefined ? null : (
            <>
              <dt>{row[0]}</dt>
              <dd>{row[1]}</dd>
            </>
          ),
        )}
      </dl>
    </div>
  );
}

function Field({ of: { field, codelist, examples }, language }: { of: FieldFacts; language: Language }): JSX.Element {
  const zh = language === 'zh';
  const { path, title, classification, type, nullable, unit } = field;
  const depth = path.split('.').length - 1;
  return (
    <tr>
      <th scope="row" class={depth > 0 ? `deep d${Math.min(depth, 3)}` : undefined}>
        {title[language]}
        {zh ? null : <small class="mono">{path}</small>}
      </th>
      <td>
        <span class={`state ${['personal', 'sensitive'].includes(classification) ? 'warn' : 'none'}`}>
          {zh ? CLASSES[classification] : classification}
        </span>
      </td>
      <td>
        {codelist?.[language] ?? typeName(type)[language]}
        {unit === undefined ? null : `${zh ? '，' : ', '}${unitName(unit)[language]}`}
        {nullable ? (zh ? '，可以为空' : ', may be empty') : null}
      </td>
      <td class={examples.length === 0 ? 'example none' : 'example'} data-title={zh ? '虚构' : 'invented'}>
        {examples.map((one) => one[language]).join(zh ? '；' : '; ') || '–'}
      </td>
    </tr>
  );
}

function Fields({ fields, language }: { fields: readonly FieldFacts[]; language: Language }): JSX.Element {
  const zh = language === 'zh';
  return (
    <>
      <p class="foot">
        {zh
          ? '示例全部由程序按数据契约虚构，不是任何人的数据；主体代码已遮盖。'
          : 'All examples are invented from the contract and are nobody’s data; keys are masked.'}
      </p>
      <div class="card">
        <table class="stack fieldlist">
          <thead>
            <tr>
              <th scope="col">{zh ? '字段' : 'Field'}</th>
              <th scope="col">{zh ? '分类' : 'Class'}</th>
              <th scope="col">{zh ? '取值' : 'Values'}</th>
              <th scope="col">{zh ? '虚构示例' : 'Invented examples'}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((one) => (
              <Field of={one} language={language} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Grants({ grants, language }: { grants: readonly GrantedTo[]; language: Language }): JSX.Element {
  const zh = language === 'zh';
  if (grants.length === 0)
    return (
      <div class="card">
        <p class="empty">{zh ? '目前没有有效授权' : 'No grant is in force.'}</p>
      </div>
    );
  return (
    <div class="card">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">{zh ? '使用单位与应用' : 'Department and system'}</th>
            <th scope="col">{zh ? '用途' : 'Purposes'}</th>
            <th scope="col">{zh ? '方式' : 'Delivery'}</th>
            <th scope="col">{zh ? '有效期至' : 'Until'}</th>
          </tr>
        </thead>
        <tbody>
          {grants.map(({ grant, client, authority, purposes }) => {
            const forms = [...new Set(grant.fields.map(({ as }) => as))].filter((as) => as !== 'value');
            return (
              <tr>
                <th scope="row">
                  {client[language]}
                  <small>{authority[language]}</small>
                </th>
                <td data-title={zh ? '用途' : 'Purposes'}>
                  {purposes.map((one) => one[language]).join(zh ? '、' : ', ')}
                </td>
                <td data-title={zh ? '方式' : 'Delivery'}>
                  {grant.delivery.map((one) => deliveryNames[one][language]).join(zh ? '、' : ', ')}
                  <small>
                    {zh ? `${grant.fields.length} 个字段` : counted(grant.fields.length, 'field')}
                    {forms.length === 0
                      ? null
                      : `${zh ? '；' : '; '}${forms.map((as) => formNames[as][language]).join(zh ? '、' : ', ')}`}
                  </small>
                </td>
                <td data-title={zh ? '有效期至' : 'Until'}>{grant.until}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Changes({ facts: { changes }, language }: Omit<DatasetProps, 'rows'>): JSX.Element {
  const zh = language === 'zh';
  return (
    <ul class="card rows changes">
      {changes.map(({ version, changes: said }) => (
        <li>
          <b>{zh ? `第 ${version} 版` : `Version ${version}`}</b>
          <p>
            {said.length === 0
              ? zh
                ? '首次发布'
                : 'first published'
              : said.map((one) => one[language]).join(zh ? '；' : '; ')}
          </p>
        </li>
      ))}
    </ul>
  );
}

export function datasetPage({ language, facts, rows, apply, mine }: DatasetProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const { contract, freshness, fields, grants, days } = facts;
  const { css, ...status } = stateNames[freshness.status];
  const sample = sampleQuestion(facts);
  const parts: readonly (readonly [id: string, title: string])[] = [
    ['quality', say('数据质量', 'Quality')],
    ['fields', say('字段', 'Fields')],
    ['grants', say('谁可以查询', 'Who may ask it')],
    ['lineage', say('来龙去脉', 'Lineage')],
    ['changes', say('数据契约的变化', 'Changes')],
    ...(sample === undefined ? [] : [['sample', say('调用示例', 'Sample')] as const]),
  ];
  return (
    <>
      <p class="foot">
        <a href="/console/datasets">{say('← 数据目录', '← Catalogue')}</a>
      </p>
      <div class="head">
        <h1>{contract.name[language]}</h1>
        <span class={`state ${css}`}>{status[language]}</span>
      </div>
      <p class="lead">{contract.description[language]}</p>
      {apply === undefined ? null : <Apply {...apply} language={language} />}
      {mine === undefined ? null : <Mine {...mine} language={language} />}
      <nav class="onpage" aria-label={say('本页内容', 'On this page')}>
        {parts.map(([id, title]) => (
          <a class="quiet" href={`#${id}`}>
            {title}
          </a>
        ))}
      </nav>
      <Summary facts={facts} language={language} />
      <h2 id="quality">{say('数据质量', 'Quality')}</h2>
      <Quality days={days} language={language} rows={rows} />
      <h2 id="fields">{say('字段', 'Fields')}</h2>
      <Fields fields={fields} language={language} />
      <h2 id="grants">{say('谁可以查询', 'Who may ask it')}</h2>
      <Grants grants={grants} language={language} />
      <h2 id="lineage">{say('来龙去脉', 'Lineage')}</h2>
      <Lineage facts={facts} language={language} />
      <h2 id="changes">{say('数据契约的变化', 'Changes of its contract')}</h2>
      <Changes facts={facts} language={language} />
      {sample === undefined ? null : (
        <>
          <h2 id="sample">{say('调用示例', 'A sample question')}</h2>
          <p>
            <a href={`${INTERFACES}/query`}>{say('该接口的文档', 'How this is asked, in full')}</a>
          </p>
          <AskedIn request={sample} client="YOUR-CLIENT" language={language} />
        </>
      )}
    </>
  );
}
