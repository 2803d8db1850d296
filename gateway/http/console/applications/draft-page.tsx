/**
 * An application as it is being written: of each dataset the fields with the reason for each, rows, ways, calls a day
 * and term. What is missing stands beside its field as soon as it is saved; nothing that was written is lost.
 */

import type { JSX } from 'preact';
import type { FormFaults } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { Classification, Delivery, SharingAttribute } from '../../../../contracts/types.js';
import type { ReleaseAs } from '../../../../policies/types.js';
import { deliveryNames, formNames } from '../../../../policies/words.js';
import type { Language } from '../../../ground/language/language.js';
import { AreaField, ChoiceField, Form, PicksField, TextField, TickField } from '../../ui/form.js';
import { counted, type Say, sayIn } from '../../ui/say.js';
import { Steps } from './choose-page.js';
import type { SampleLine } from './sample.js';
import { Sample } from './sample-table.js';
import { attributes, ClassMark, Mark, PATH } from './words.js';

interface DraftField {
  readonly path: string;
  readonly title: Localised;
  readonly classification: Classification;
  readonly picked: boolean;
  readonly as: ReleaseAs;
  readonly reason: string;
  /** Why the declared use needs it; undefined: nothing of that use reads it. */
  readonly needed?: readonly Localised[];
}

export interface DraftDataset {
  readonly id: string;
  readonly title: Localised;
  readonly description: Localised;
  readonly provider: Localised;
  readonly attribute: SharingAttribute;
  readonly conditions?: { readonly scope: Localised; readonly use: Localised };
  readonly records: number;
  /** Who has it, and for how many fields. */
  readonly users: readonly { readonly name: Localised; readonly fields: number; readonly same: boolean }[];
  readonly sample: readonly SampleLine[];
  readonly fields: readonly DraftField[];
  readonly ways: readonly Delivery[];
  /** Fields that hold an area code, by which rows can be limited. */
  readonly areaFields: readonly { readonly path: string; readonly title: Localised }[];
  readonly values: Readonly<
    Record<'areaField' | 'areas' | 'frequency' | 'callsADay' | 'batchLimit' | 'from' | 'until', string>
  >;
  readonly delivery: readonly Delivery[];
}

export interface DraftProps {
  readonly language: Language;
  readonly id: string;
  readonly client: Localised;
  readonly purpose: Localised;
  readonly bases: readonly string[];
  readonly chosenBases: readonly string[];
  /** What the draft says, by field. */
  readonly values: Readonly<Record<string, string>>;
  readonly truthful: boolean;
  readonly systems: readonly { readonly id: string; readonly name: Localised }[];
  readonly chosenSystems: readonly string[];
  readonly datasets: readonly DraftDataset[];
  /** What is missing, by field; empty: nothing. */
  readonly missing: FormFaults;
  /** It was saved at least once, so that what is missing is told. */
  readonly told: boolean;
  readonly frequencies: readonly { readonly value: string; readonly title: Localised }[];
}

type Part = DraftProps & { readonly say: Say };
const MOST = 2000;

export function draftPage(props: DraftProps): JSX.Element {
  const { language, id, client, purpose, datasets, missing, told } = props;
  const say = sayIn(language);
  const part: Part = { ...props, say };
  const lacking = Object.keys(missing).length;
  return (
    <>
      <p class="foot">
        <a href={`${PATH}/${id}`}>{say('← 返回本件申请', '← The application')}</a>
      </p>
      <div class="head">
        <h1>{say('填写共享申请', 'Fields and reasons')}</h1>
        <span class="state none">{say('草稿', 'draft')}</span>
      </div>
      <Steps at={2} say={say} />
      <p class="lead">
        {say(
          `${client.zh}为“${purpose.zh}”申请 ${datasets.length} 个数据集。` +
            '已按该用途勾选最小范围的字段；多选一个字段，就要多说明一个理由。',
          `${client.en} asks for ${counted(datasets.length, 'dataset')}, for “${purpose.en}”. ` +
            'The fewest fields that this use needs are picked.',
        )}
      </p>
      {told ? (
        <p class={`notice ${lacking === 0 ? '' : 'warn'}`} role="status">
          {lacking === 0
            ? say('已保存，材料齐全，可以提请同意。', 'Saved and complete: it can go on.')
            : say(
                `已保存。还缺 ${lacking} 项，已在对应栏目旁一次列明。`,
                `Saved. ${lacking} ${lacking === 1 ? 'thing is' : 'things are'} missing, each told beside its field.`,
              )}
        </p>
      ) : null}
      <Form action={`${PATH}/${id}/draft`} name="draft" class="fill">
        {datasets.map((dataset, at) => (
          <Dataset {...part} dataset={dataset} at={at} key={dataset.id} />
        ))}
        <p class="row">
          <a class="quiet" href={`${PATH}/new?draft=${id}`}>
            {say('添加数据集（请先保存）', 'Add datasets (save first)')}
          </a>
        </p>
        <Common {...part} />
        <p class="row goes">
          <button class="button" name="step" value="check" type="submit">
            {say('保存并检查', 'Save and check')}
          </button>
          <button class="quiet" name="step" value="go" type="submit">
            {say('保存，查看全件', 'Save and see the whole')}
          </button>
        </p>
      </Form>
    </>
  );
}

type OfDataset = Part & { readonly dataset: DraftDataset; readonly at: number };

function Dataset(part: OfDataset): JSX.Element {
  const { dataset, at, language, missing, told, say } = part;
  const { title, provider, attribute, conditions, records, fields, sample } = dataset;
  const needed = fields.filter((one) => one.needed !== undefined);
  const others = fields.filter((one) => one.needed === undefined);
  const picked = others.some((one) => one.picked);
  const fault = told ? missing[`pick.${at}`] : undefined;
  return (
    <section class="card pad asked" aria-labelledby={`dataset-${at}`}>
      <div class="head">
        <h2 id={`dataset-${at}`}>{title[language]}</h2>
        <Mark of={attributes[attribute]} language={language} />
      </div>
      <p>{dataset.description[language]}</p>
      <p class="foot">
        {provider[language]} · {say(`${records.toLocaleString('en')} 条记录`, counted(records, 'record'))} ·{' '}
        {attribute === 'unconditional'
          ? say('收到申请后 1 个工作日内答复', 'answered within 1 working day')
          : say('收到申请后 10 个工作日内答复', 'answered within 10 working days')}
      </p>
      {conditions === undefined ? null : (
        <p class="notice">
          {say('共享范围：', 'Scope: ')}
          {conditions.scope[language]}
          <br />
          {say('使用条件：', 'Use: ')}
          {conditions.use[language]}
        </p>
      )}
      <Users {...part} />
      <Sample lines={sample} title={title} language={language} />
      {fault === undefined ? null : (
        <p class="fault" id={`missing-pick-${at}`}>
          {fault[language]}
        </p>
      )}
      <h3>{say('该用途需要的字段', 'What this purpose needs')}</h3>
      <ul class="ask-fields">
        {needed.map((field) => (
          <FieldLine {...part} field={field} key={field.path} />
        ))}
      </ul>
      {others.length === 0 ? null : (
        <details class="more-fields" open={picked}>
          <summary>
            {say(`其他 ${others.length} 个字段（该用途的表单和报告均不读取）`, `${others.length} other fields`)}
          </summary>
          <ul class="ask-fields">
            {others.map((field) => (
              <FieldLine {...part} field={field} key={field.path} />
            ))}
          </ul>
        </details>
      )}
      <Terms {...part} />
      {part.datasets.length < 2 ? null : (
        <TickField
          name="drop"
          value={dataset.id}
          label={say('不再申请此数据集（保存后移除）', 'Leave this dataset out')}
        />
      )}
    </section>
  );
}

function Users({ dataset: { users, title }, language, say }: OfDataset): JSX.Element | null {
  if (users.length === 0) return null;
  return (
    <details class="sample">
      <summary>
        {say(`谁在使用${title.zh}（${users.length} 个应用）`, `Who uses ${title.en} (${users.length})`)}
      </summary>
      <ul class="fields">
        {users.map(({ name, fields, same }) => (
          <li key={name.zh}>
            {name[language]} · {say(`${fields} 个字段`, counted(fields, 'field'))}{' '}
            {same ? <span class="state ok">{say('同一用途', 'same purpose')}</span> : null}
          </li>
        ))}
      </ul>
    </details>
  );
}

function FieldLine({
  at,
  field,
  language,
  missing,
  told,
  say,
}: OfDataset & { readonly field: DraftField }): JSX.Element {
  const { path, title, classification, picked, reason, as, needed } = field;
  const name = `why.${at}.${path}`;
  const inWords = title[language];
  return (
    <li>
      <TickField
        name={`pick.${at}`}
        value={path}
        checked={picked}
        label={
          <>
            <b>{inWords}</b> <ClassMark of={classification} language={language} />
            {needed === undefined ? null : (
              <small class="soft plain">
                {needed
                  .map((one) => one[language])
                  .slice(0, 2)
                  .join(say('；', '; '))}
              </small>
            )}
          </>
        }
      />
      <TextField
        name={name}
        value={reason}
        label={say(`为什么需要${title.zh}`, `Why ${title.en} is needed`)}
        maxLength={300}
        autocomplete="off"
        fault={told && picked ? missing[name] : undefined}
      />
      <ChoiceField
        name={`as.${at}.${path}`}
        value={as}
        label={say('提供形式', 'Given')}
        options={(['value', 'match', 'exists', 'masked'] as const).map((one) => ({
          value: one,
          title: formNames[one][language],
        }))}
      />
    </li>
  );
}

function Terms({ dataset, at, language, missing, told, frequencies, say }: OfDataset): JSX.Element {
  const { ways, delivery, values, areaFields } = dataset;
  const fault = (name: string): Localised | undefined => (told ? missing[name] : undefined);
  return (
    <div class="ask-terms">
      <PicksField
        name={`delivery.${at}`}
        label={say('提供方式', 'Delivery')}
        value={delivery}
        fault={fault(`delivery.${at}`)}
        options={ways.map((one) => ({ value: one, title: deliveryNames[one][language] }))}
      />
      {areaFields.length === 0 ? null : (
        <>
          <ChoiceField
            name={`areaField.${at}`}
            label={say('记录范围', 'Records')}
            value={values.areaField}
            options={[
              { value: '', title: say('全部记录', 'all records') },
              ...areaFields.map(({ path, title }) => ({
                value: path,
                title: say(`按${title.zh}限定区域`, `by ${title.en}`),
              })),
            ]}
          />
          <TextField
            name={`areas.${at}`}
            label={say('区域代码（多个用空格隔开）', 'Area codes, blanks between')}
            value={values.areas}
            maxLength={200}
            inputmode="numeric"
            autocomplete="off"
            fault={fault(`areas.${at}`)}
          />
        </>
      )}
      <ChoiceField
        name={`frequency.${at}`}
        label={say('使用频率', 'How often')}
        fault={fault(`frequency.${at}`)}
        value={values.frequency}
        options={frequencies.map(({ value, title }) => ({ value, title: title[language] }))}
      />
      <TextField
        name={`callsADay.${at}`}
        label={say('每日最多调用次数', 'Calls a day at most')}
        value={values.callsADay}
        maxLength={9}
        inputmode="numeric"
        autocomplete="off"
        fault={fault(`callsADay.${at}`)}
      />
      {!ways.includes('batch') ? null : (
        <TextField
          name={`batchLimit.${at}`}
          label={say('每批最多主体数（批量查询时填写）', 'Subjects a batch, where it is asked so')}
          value={values.batchLimit}
          maxLength={6}
          inputmode="numeric"
          autocomplete="off"
          fault={fault(`batchLimit.${at}`)}
        />
      )}
      <TextField
        name={`from.${at}`}
        type="date"
        label={say('自何日起', 'From')}
        value={values.from}
        fault={fault(`from.${at}`)}
      />
      <TextField
        name={`until.${at}`}
        type="date"
        label={say('至何日止', 'Until')}
        value={values.until}
        fault={fault(`until.${at}`)}
      />
    </div>
  );
}

function Common(part: Part): JSX.Element {
  const { bases, chosenBases, values, truthful, systems, chosenSystems, missing, told, language, say } = part;
  const fault = (name: string): Localised | undefined => (told ? missing[name] : undefined);
  const line = (name: string, label: string, max = 200): JSX.Element => (
    <TextField
      name={name}
      label={label}
      value={values[name] ?? ''}
      maxLength={max}
      autocomplete="off"
      fault={fault(name)}
    />
  );
  const text = (name: string, label: string): JSX.Element => (
    <AreaField name={name} label={label} value={values[name] ?? ''} rows={3} maxLength={MOST} fault={fault(name)} />
  );
  return (
    <section class="card pad asked" aria-labelledby="common">
      <h2 id="common">{say('依据、场景和承诺', 'Basis, scenario and statement')}</h2>
      <PicksField
        name="basis"
        label={say('法律依据（现行有效）', 'Legal basis, in force')}
        value={chosenBases}
        fault={fault('basis')}
        options={bases.map((one) => ({ value: one, title: one }))}
      />
      {line('item', say('事项编码', 'Item code'), 60)}
      {text('scenario', say('应用场景', 'Scenario'))}
      {text('necessity', say('为什么必须共享（不能由申请人提供、不能由现有授权满足）', 'Why it is necessary'))}
      <PicksField
        name="systems"
        label={say('使用数据的系统', 'Systems that use it')}
        value={chosenSystems}
        fault={fault('systems')}
        options={systems.map(({ id, name }) => ({ value: id, title: name[language] }))}
      />
      {line('contractors', say('参与的受托单位（没有可不填，多个用顿号隔开）', 'Contractors, if any'), 600)}
      {line('office', say('联系处室', 'Office'))}
      {line('phone', say('联系电话', 'Telephone'), 60)}
      <PicksField
        name="truthful"
        label={say('承诺', 'Statement')}
        value={truthful ? ['yes'] : []}
        fault={fault('truthful')}
        options={[
          {
            value: 'yes',
            title: say(
              '所填内容真实，仅用于上述场景，不超范围使用，使用完毕后按规定处置。',
              'What is said is true; the data are used for this alone and disposed of afterwards.',
            ),
          },
        ]}
      />
    </section>
  );
}
