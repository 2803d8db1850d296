/** The one form: what is asked, and what is filled in already, from where and as of when. */

import type { JSX } from 'preact';
import type { MergedField } from '../../../../contracts/bundle/merge.js';
import type { Bundle, Element, Elements, Json, JsonSchema } from '../../../../contracts/bundle/types.js';
import type { Workspace } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { askedIn, type CaseForm } from '../../../procedures/cases/form.js';
import { AreaField, ChoiceField, Form, PicksField, TextField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { PATH } from './desk.js';
import { Ways } from './parts.js';
import { asText, fieldName } from './reading.js';
import { valueWords } from './words.js';

export interface FillProps {
  readonly language: Language;
  readonly id: string;
  readonly bundle: Bundle;
  readonly elements: Elements;
  readonly form: CaseForm;
  /** As they were written, whether the form takes them or not. */
  readonly written: Readonly<Record<string, Json>>;
  readonly workspace: Pick<Workspace, 'codelists' | 'contracts'>;
  readonly nameOf: (authority: string, region?: string) => string;
  /** Where what a register says is objected to; undefined where that is not done here. */
  readonly correction: (dataset: string) => string | undefined;
}

const groupOf = ({ element: { id } }: MergedField): string => id.slice(0, id.indexOf('.'));

export function fillPage(props: FillProps): JSX.Element {
  const { language, id, bundle, elements, form } = props;
  const say = sayIn(language);
  const asked = askedIn(form);
  const groups = [...new Set(asked.map(groupOf))];
  const required = asked.filter((field) => field.required).length;
  return (
    <div class="apply">
      <p class="foot">
        <a href={PATH}>{say('← 我的办件', '← My cases')}</a>
      </p>
      <h1>{bundle.title[language]}</h1>
      <Ways language={language} here="form" id={id} done={form.merged.open.length === 0 ? ['questions'] : []} />
      <Trouble {...props} />
      <h2>{say(`请您填写（${asked.length}项）`, `You fill in (${asked.length})`)}</h2>
      <Form class="fill" name="form" action={`${PATH}/${id}/form`}>
        {asked.length === 0 ? (
          <div class="card">
            <p class="empty">{say('没有需要您填写的内容。', 'Nothing is left for you to fill in.')}</p>
          </div>
        ) : null}
        {asked.length > required ? (
          <p class="foot">{say('标有“选填”的可以不填。', 'What is marked optional may be left out.')}</p>
        ) : null}
        {groups.map((group) => (
          <section class="card pad" key={group} aria-labelledby={`g-${group}`}>
            <h3 id={`g-${group}`}>{elements.groups.get(group)?.[language] ?? ''}</h3>
            {asked
              .filter((field) => groupOf(field) === group)
              .map((field) => (
                <ValueField
                  key={field.element.id}
                  language={language}
                  element={field.element}
                  schema={field.schema}
                  required={field.required}
                  value={form.values[field.element.id] ?? props.written[field.element.id]}
                  hint={field.way.way === 'register' ? say('登记库中没有记载', 'no register has it') : undefined}
                  codelists={props.workspace.codelists}
                />
              ))}
          </section>
        ))}
        <p class="row goes">
          <button class="button big" type="submit" name="then" value="on">
            {say('保存并继续', 'Save and go on')}
          </button>
          <button class="quiet" type="submit" name="then" value="later" formNoValidate>
            {say('保存，稍后再填', 'Save and come back later')}
          </button>
        </p>
      </Form>
      <FilledIn {...props} />
    </div>
  );
}

const optionsOf = (
  { codelist, type }: Element,
  schema: JsonSchema,
  codelists: Workspace['codelists'],
  language: Language,
): readonly { readonly value: string; readonly title: string }[] => {
  if (type === 'yes-no')
    return [
      { value: 'yes', title: language === 'zh' ? '是' : 'yes' },
      { value: 'no', title: language === 'zh' ? '否' : 'no' },
    ];
  const each = (schema['type'] === 'array' ? (schema['items'] as JsonSchema) : schema)['enum'] as readonly string[];
  const list = codelists.get(codelist ?? '');
  return each.map((value) => ({ value, title: list?.codes.get(value)?.[language] ?? value }));
};

const IN_SIGHT = 6;
const LONG = 400;

interface ValueProps {
  readonly language: Language;
  readonly element: Element;
  /** What is asked of the value. */
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly value: Json | undefined;
  /** Said beside its title. */
  readonly hint?: string | undefined;
  readonly codelists: Workspace['codelists'];
}

/** A field that takes a value of the element. */
export function ValueField(props: ValueProps): JSX.Element {
  const { language, element, schema, value, codelists } = props;
  const say = sayIn(language);
  const { id, type, many } = element;
  const shared = { name: fieldName(id), label: <Label {...props} /> };
  const text = asText(value);
  if (type === 'yes-no' || type === 'code') {
    const options = optionsOf(element, schema, codelists, language);
    if (many || options.length <= IN_SIGHT)
      return (
        <PicksField
          blank
          {...shared}
          type={many ? 'checkbox' : 'radio'}
          value={text === '' ? [] : text.split('\n')}
          options={options}
        />
      );
    const none = { value: '', title: say('请选择', 'choose') };
    return <ChoiceField {...shared} value={text} options={[none, ...options]} />;
  }
  const most = schema['maxLength'];
  if (many || (type === 'text' && typeof most === 'number' && most > LONG))
    return <AreaField {...shared} rows={3} value={text} />;
  return (
    <TextField
      {...shared}
      type={type === 'date' ? 'date' : 'text'}
      inputmode={type === 'integer' ? 'numeric' : type === 'decimal' ? 'decimal' : undefined}
      value={text}
      autocomplete="off"
    />
  );
}

function Label({ language, element, schema, required, hint }: ValueProps): JSX.Element {
  const say = sayIn(language);
  const { type, many, title, examples } = element;
  const hints = [
    hint,
    many && type !== 'code' ? say('每行填写一项', 'one a line') : undefined,
    schema['pattern'] !== undefined && type === 'text'
      ? say(`例如：${asText(examples[0])}`, `such as ${asText(examples[0])}`)
      : undefined,
  ].filter((one) => one !== undefined);
  return (
    <>
      {title[language]}
      {required ? null : say('（选填）', ' (optional)')}
      {hints.length === 0 ? null : <small>{hints.join(say('；', '; '))}</small>}
    </>
  );
}

/** What registers do not say, or say differently: whose it is, and what can be done. */
export function Trouble({ language, form, workspace, nameOf, correction }: FillProps): JSX.Element | null {
  const say = sayIn(language);
  const shown = form.merged.fields.filter(({ element: { id } }) => form.away.has(id) || form.conflicts.has(id));
  if (shown.length === 0) return null;
  const registerOf = (dataset: string): { readonly name: string; readonly owner: string } => {
    const contract = workspace.contracts.get(dataset as never);
    return { name: contract?.name[language] ?? '', owner: contract === undefined ? '' : nameOf(contract.authority) };
  };
  return (
    <section class="notice warn" aria-label={say('登记信息', 'What registers say')}>
      {shown.map(({ element, required }) => {
        const conflict = form.conflicts.get(element.id);
        if (conflict === undefined)
          return (
            <p key={element.id}>
              <b>{element.title[language]}</b>
              {say('：', ': ')}
              {(form.away.get(element.id) ?? [])
                .map(registerOf)
                .map(({ name, owner }) => say(`${owner}的“${name}”`, `${name} of ${owner}`))
                .join(say('、', ', '))}
              {say('暂时没有答复，内容不明。', ' does not answer now: it is not known. ')}
              {required ? say('请稍后重新打开本页。', 'Open this page again later.') : null}
            </p>
          );
        return (
          <div key={element.id} data-conflict={element.id}>
            <p>
              <b>{element.title[language]}</b>
              {say('：不同登记库的记载不一致。', ': registers say different things.')}
            </p>
            <ul class="plainlist">
              {conflict.said.map(({ dataset, value }) => {
                const { name, owner } = registerOf(dataset);
                const href = correction(dataset);
                return (
                  <li key={dataset}>
                    {say(`${owner}“${name}”：`, `${owner}, ${name}: `)}
                    {valueWords(element, value, workspace.codelists, language)}{' '}
                    {href === undefined ? (
                      <span class="soft">{say(`记载有误的，请联系${owner}更正`, `wrong? ${owner} corrects it`)}</span>
                    ) : (
                      <a href={href}>{say('记载有误，申请更正', 'It is wrong: have it corrected')}</a>
                    )}
                  </li>
                );
              })}
            </ul>
          </div>
        );
      })}
    </section>
  );
}

/** What nobody has to write, by where it comes from. */
export function FilledIn({ language, form, workspace, nameOf, correction, bundle }: FillProps): JSX.Element | null {
  const say = sayIn(language);
  const { merged, values, filled } = form;
  const from = new Map<string, MergedField[]>();
  const issued = merged.fields.flatMap(({ element, way }) =>
    way.way === 'issued' ? [{ element, item: bundle.items.get(way.item)?.title[language] ?? '' }] : [],
  );
  for (const field of merged.fields) {
    const { id } = field.element;
    const source = filled[id]?.dataset ?? (field.way.way === 'identity' ? '' : undefined);
    if (source !== undefined) from.set(source, [...(from.get(source) ?? []), field]);
  }
  const count = [...from.values()].reduce((sum, fields) => sum + fields.length, 0);
  if (count === 0 && issued.length === 0) return null;
  return (
    <>
      <h2>{say(`已为您填好（${count}项，无需填写）`, `Filled in for you (${count})`)}</h2>
      <div class="two">
        {[...from].map(([dataset, fields]) => {
          const contract = workspace.contracts.get(dataset as never);
          const [first] = fields;
          const time = filled[first?.element.id ?? '']?.sourceTime;
          const href = dataset === '' ? undefined : correction(dataset);
          return (
            <section class="card pad filled" key={dataset}>
              <h3>{dataset === '' ? say('登录账号', 'Your account') : (contract?.name[language] ?? '')}</h3>
              {contract === undefined ? null : (
                <p class="foot">
                  {nameOf(contract.authority)}
                  {time === undefined || time === '' ? null : (
                    <>
                      {say(' · 数据时间 ', ' · as of ')}
                      <time dateTime={time}>{localMinute(time)}</time>
                    </>
                  )}
                </p>
              )}
              <dl class="facts flat">
                {fields.map(({ element }) => {
                  const value = values[element.id];
                  return (
                    <>
                      <dt>{element.title[language]}</dt>
                      <dd>
                        {value === undefined
                          ? say('核验身份后自动填写', 'filled in once you have shown who you are')
                          : valueWords(element, value, workspace.codelists, language)}
                      </dd>
                    </>
                  );
                })}
              </dl>
              {contract === undefined ? null : (
                <p class="foot">
                  {href === undefined ? (
                    say(
                      `信息有误的，请联系${nameOf(contract.authority)}更正`,
                      `Is it wrong? ${nameOf(contract.authority)} corrects it.`,
                    )
                  ) : (
                    <a href={href}>{say('信息有误，申请更正', 'Wrong? Have it corrected')}</a>
                  )}
                </p>
              )}
            </section>
          );
        })}
      </div>
      {issued.length === 0 ? null : (
        <p class="foot">
          {say('办理过程中产生，无需填写：', 'Made on the way: ')}
          {issued.map(({ element, item }) => `${element.title[language]}（${item}）`).join(say('、', ', '))}
        </p>
      )}
    </>
  );
}
