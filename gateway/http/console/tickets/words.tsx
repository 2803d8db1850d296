/** How tickets, their clocks and their forms are told. */
import type { ComponentChildren, JSX } from 'preact';
import type { ClockReading } from '../../../../contracts/lifecycle/clocks.js';
import type { ActRule, Lifecycle } from '../../../../contracts/lifecycle/types.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { ShownRecord } from '../../../procedures/lifecycles/records.js';
import { AreaField, FilesField, FoldedForm, Form } from '../../ui/form.js';
import { Id } from '../../ui/id.js';

export const nameOf = (
  rules: Readonly<Record<string, { readonly title: Localised }>>,
  id: string,
  language: Language,
): string => (Object.hasOwn(rules, id) ? rules[id]?.title[language] : undefined) ?? (language === 'zh' ? '其他' : id);

/** Acts of a lifecycle with those on clocks that every lifecycle has. */
export const actsOf = ({ acts }: Pick<Lifecycle, 'acts'>): Readonly<Record<string, { readonly title: Localised }>> => ({
  ...acts,
  extend: { title: { zh: '申请延长', en: 'Asked for more time' } },
  consent: { title: { zh: '同意延长', en: 'Agreed to more time' } },
});

/** Working days until a clock runs out, or how long it is over. */
export function Due({
  reading: { due, over, left },
  language,
}: {
  readonly reading: ClockReading;
  readonly language: Language;
}): JSX.Element {
  const zh = language === 'zh';
  const [css, text] = over
    ? [
        'bad',
        left === 0
          ? zh
            ? '已逾期'
            : 'over'
          : zh
            ? `逾期 ${-left} 个工作日`
            : `${-left} working ${left === -1 ? 'day' : 'days'} over`,
      ]
    : left === 0
      ? ['warn', zh ? '今日到期' : 'due today']
      : ['none', zh ? `剩 ${left} 个工作日` : `${left} working ${left === 1 ? 'day' : 'days'} left`];
  return (
    <>
      <time dateTime={due.day}>{due.day}</time>
      {due.provisional ? <small>{zh ? '（暂定）' : ' (provisional)'}</small> : null}{' '}
      <span class={`state ${css}`}>{text}</span>
    </>
  );
}

export function Facts({
  record: { name, authority, facts, record },
  language,
}: {
  readonly record: ShownRecord;
  readonly language: Language;
}): JSX.Element {
  const zh = language === 'zh';
  return (
    <dl class="facts flat">
      <dt>{zh ? '数据集' : 'Dataset'}</dt>
      <dd>
        {name[language]}
        <Id language={language}>{record.dataset}</Id>
      </dd>
      <dt>{zh ? '提供单位' : 'Provider'}</dt>
      <dd>{authority[language]}</dd>
      {facts.map(({ title, value }) => (
        <>
          <dt>{title[language]}</dt>
          <dd>{value[language]}</dd>
        </>
      ))}
    </dl>
  );
}

interface ActFormProps {
  readonly language: Language;
  readonly action: string;
  readonly csrf?: string;
  /** Tells it from the other forms of the page; default the act. */
  readonly name?: string;
  readonly lifecycle: Lifecycle;
  readonly act: string;
  readonly hidden?: Readonly<Record<string, string>>;
  /** Of a form that is folded. */
  readonly summary?: string;
  /** Fields of the form that are none of the act. */
  readonly children?: ComponentChildren;
}

/** What people write stands in fields of its own, so that an act has no hidden part. */
export function ActForm({
  language,
  action,
  lifecycle,
  act,
  name: form = act,
  hidden = {},
  summary,
  children,
}: ActFormProps): JSX.Element {
  const rule: ActRule | undefined = lifecycle.acts[act];
  const fields = [
    ...(rule?.requires ?? []).map((name) => ({ name, required: true })),
    ...(rule?.optional ?? []).map((name) => ({ name, required: false })),
  ];
  const carried = { act, ...hidden };
  const content = (
    <>
      {children}
      {fields.map(({ name, required }) => {
        const field = lifecycle.fields[name];
        const label =
          nameOf(lifecycle.fields, name, language) + (required ? '' : language === 'zh' ? '（选填）' : ' (optional)');
        return (
          <AreaField
            name={`field.${name}`}
            label={label}
            rows={(field?.max ?? 0) > 400 ? 3 : 1}
            required={required}
            minLength={required ? field?.min : undefined}
            maxLength={field?.max}
          />
        );
      })}
      {rule?.files === undefined ? null : (
        <FilesField
          name="files"
          label={language === 'zh' ? '证明材料（选填）' : 'Evidence (optional)'}
          accept=".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"
          hint={
            language === 'zh'
              ? `PDF、JPEG、PNG，至多 ${rule.files} 个，每个不超过 5 兆字节。`
              : `PDF, JPEG, PNG; ${rule.files} at most, 5 MiB each.`
          }
        />
      )}
      {lifecycle.states[rule?.to ?? '']?.terminal === true ? (
        <p class="foot">
          {language === 'zh' ? '工单由此办结，不能撤回。' : 'This closes the ticket and cannot be undone.'}
        </p>
      ) : null}
      <p>
        <button class="button" type="submit">
          {nameOf(lifecycle.acts, act, language)}
        </button>
      </p>
    </>
  );
  return summary === undefined ? (
    <Form name={form} action={action} hidden={carried} files={rule?.files !== undefined}>
      {content}
    </Form>
  ) : (
    <FoldedForm name={form} action={action} hidden={carried} summary={summary} files={rule?.files !== undefined}>
      {content}
    </FoldedForm>
  );
}
