/**
 * Forms of the console. Each carries the token of its session, its own name, and where it stands, so that whatever
 * could not be taken of it comes back into its fields: what was written, and beside it what is wrong (`plugins/forms`).
 * Pages write no token themselves.
 */

import { createHash } from 'node:crypto';
import { type ComponentChildren, createContext, Fragment, h, type JSX } from 'preact';
import { useContext } from 'preact/hooks';
import { errorWords } from '../../../contracts/error-words.js';
import type { Localised } from '../../../contracts/localised.js';
import { present } from '../../../contracts/present.js';
import type { Language } from '../../ground/language/language.js';
import type { KeptForm } from '../people/kept.js';

/** What the forms of one page share. */
interface PageForms {
  readonly language: Language;
  readonly csrf?: string | undefined;
  /** Where the page is, sealed (`KeptForms.sealPlace`). */
  readonly place?: string | undefined;
  readonly kept?: KeptForm | undefined;
  /** Ids of the forms that were written so far. */
  readonly written: Set<string>;
}

export const FormsContext = createContext<PageForms>({ language: 'zh', written: new Set() });

/** Of a form as an element; the same in each session. */
export const formId = (name: string): string => `f-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;

const Within = createContext<{ readonly id: string; readonly kept: KeptForm | undefined }>({
  id: 'f',
  kept: undefined,
});

interface FormProps {
  readonly class?: string;
  readonly role?: 'search';
  /** Whether it may bring files. */
  readonly files?: boolean;
  /** Sent once only (`choose.js`). */
  readonly 'data-once'?: boolean;
  readonly action: string;
  /** Tells it from the other forms of the page; default its address. */
  readonly name?: string;
  /** Fields that nobody fills in. */
  readonly hidden?: Readonly<Record<string, string>>;
  readonly children?: ComponentChildren;
}

export function Form({ action, name = action, hidden = {}, files = false, children, ...more }: FormProps): JSX.Element {
  const { csrf, place, kept, written } = useContext(FormsContext);
  const id = formId(name);
  // one that stands several times on a page is found by its first
  const first = !written.has(id);
  written.add(id);
  const fields = {
    ...present({ csrf }),
    ...(place === undefined ? {} : { place, form: id }),
    ...hidden,
  };
  return (
    <form
      {...more}
      id={first ? id : undefined}
      data-begun={kept?.form === id ? '' : undefined}
      method="post"
      encType={files ? 'multipart/form-data' : undefined}
      action={action}
    >
      {Object.entries(fields).map(([field, value]) => (
        <input type="hidden" name={field} value={value} />
      ))}
      <Within.Provider value={{ id, kept: kept?.form === id ? kept : undefined }}>{children}</Within.Provider>
    </form>
  );
}

/** A form that is folded until somebody wants it; open where it came back. */
export function FoldedForm({
  summary,
  name,
  ...form
}: FormProps & { readonly name: string; readonly summary: string }): JSX.Element {
  const { kept } = useContext(FormsContext);
  return (
    <details open={kept?.form === formId(name)}>
      <summary>{summary}</summary>
      <Form name={name} {...form} />
    </details>
  );
}

/** What was sent in a field; undefined where nothing came back. */
function useKept(name: string): readonly string[] | undefined {
  const { kept } = useContext(Within);
  if (kept === undefined) return undefined;
  const value = kept.fields[name];
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

interface Shared {
  readonly name: string;
  readonly label: ComponentChildren;
  /** Of the frame around label and field. */
  readonly class?: string;
  /** What is wrong, where the page itself knows it. */
  readonly fault?: Localised | undefined;
}

function useField(name: string, own: Localised | undefined) {
  const { language } = useContext(FormsContext);
  const { id, kept } = useContext(Within);
  const fault = own ?? kept?.faults?.[name];
  const field = `${id}-${name.replace(/[^A-Za-z0-9_-]/g, '-')}`;
  return {
    field,
    fault: fault?.[language],
    aria: fault === undefined ? {} : { 'aria-invalid': 'true' as const, 'aria-describedby': `${field}-fault` },
  };
}

function Frame({
  field,
  fault,
  label,
  frame,
  children,
}: {
  readonly field: string;
  readonly fault: string | undefined;
  readonly label: ComponentChildren;
  readonly frame: string | undefined;
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    <div
      class={['field', frame, fault === undefined ? undefined : 'wrong'].filter((one) => one !== undefined).join(' ')}
    >
      <label for={field}>{label}</label>
      {fault === undefined ? null : (
        <p class="fault" id={`${field}-fault`}>
          {fault}
        </p>
      )}
      {children}
    </div>
  );
}

interface InputProps extends Shared {
  readonly type?: 'text' | 'search' | 'date' | 'datetime-local';
  readonly value?: string;
  readonly required?: boolean;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly min?: string;
  readonly max?: string;
  readonly autocomplete?: 'off';
  readonly inputmode?: 'numeric' | 'decimal' | 'tel' | undefined;
  readonly autocapitalize?: 'none' | 'characters';
  readonly spellcheck?: false;
  readonly placeholder?: string;
  /** For scripts of the page. */
  readonly data?: Readonly<Record<`data-${string}`, string>>;
}

/** One line of text, a day, a time. */
export function TextField({
  name,
  label,
  class: frame,
  fault: own,
  value = '',
  type = 'text',
  data = {},
  ...more
}: InputProps): JSX.Element {
  const { field, fault, aria } = useField(name, own);
  const kept = useKept(name);
  return (
    <Frame field={field} fault={fault} label={label} frame={frame}>
      {h('input', {
        ...more,
        ...data,
        ...aria,
        type,
        id: field,
        name,
        value: kept === undefined ? value : (kept[0] ?? ''),
      })}
    </Frame>
  );
}

/** Files, several at once or one. A browser gives none back: they are chosen anew. */
export function FilesField({
  name,
  label,
  class: frame,
  fault: own,
  accept,
  hint,
  several = true,
}: Shared & { readonly accept: string; readonly hint: string; readonly several?: boolean }): JSX.Element {
  const { field, fault, aria } = useField(name, own);
  return (
    <Frame field={field} fault={fault} label={label} frame={frame}>
      <span>
        <input type="file" multiple={several} accept={accept} {...aria} id={field} name={name} />
        <span class="plain soft">{hint}</span>
      </span>
    </Frame>
  );
}

interface AreaProps extends Pick<InputProps, keyof Shared | 'value' | 'required' | 'minLength' | 'maxLength'> {
  readonly rows: number;
}

/** Why somebody does something: it goes on record, so it is asked for alike everywhere. */
export const ReasonField = ({
  name = 'reason',
  ...more
}: Partial<Pick<InputProps, 'name'>> & Omit<InputProps, 'name'>) => (
  <TextField {...more} name={name} required minLength={4} maxLength={500} autocomplete="off" />
);

/** Text of several lines. */
export function AreaField({ name, label, class: frame, fault: own, value = '', ...more }: AreaProps): JSX.Element {
  const { field, fault, aria } = useField(name, own);
  const kept = useKept(name);
  return (
    <Frame field={field} fault={fault} label={label} frame={frame}>
      <textarea {...more} {...aria} id={field} name={name} value={kept === undefined ? value : (kept[0] ?? '')} />
    </Frame>
  );
}

interface ChoiceProps extends Shared {
  readonly value?: string | undefined;
  readonly required?: boolean;
  /** Those of one group stand behind one another. */
  readonly options: readonly {
    readonly value: string;
    readonly title: string;
    readonly group?: string;
    /** In the words of somebody's own source. */
    readonly own?: boolean;
  }[];
}

function grouped(options: ChoiceProps['options']): readonly (readonly [string | undefined, ChoiceProps['options']])[] {
  const groups = new Map<string | undefined, ChoiceProps['options']>();
  for (const one of options) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return [...groups];
}

/** One of several. */
export function ChoiceField({
  name,
  label,
  class: frame,
  fault: own,
  value,
  options,
  ...more
}: ChoiceProps): JSX.Element {
  const { field, fault, aria } = useField(name, own);
  const kept = useKept(name);
  const chosen = kept === undefined ? value : kept[0];
  const option = (one: ChoiceProps['options'][number]): JSX.Element => (
    <option class={one.own === true ? 'own' : undefined} value={one.value} selected={one.value === chosen}>
      {one.title}
    </option>
  );
  return (
    <Frame field={field} fault={fault} label={label} frame={frame}>
      <select {...more} {...aria} id={field} name={name}>
        {grouped(options).map(([group, own]) =>
          group === undefined ? own.map(option) : <optgroup label={group}>{own.map(option)}</optgroup>,
        )}
      </select>
    </Frame>
  );
}

interface PicksProps extends Shared {
  /** `radio`: one of them; default any. */
  readonly type?: 'radio' | 'checkbox';
  readonly required?: boolean;
  readonly value?: readonly string[];
  readonly options: readonly { readonly value: string; readonly title: ComponentChildren; readonly hint?: string }[];
  /** It comes with an empty text as well, so that none chosen is told from not asked. */
  readonly blank?: boolean;
}

/** Some of a few, all of them in sight. */
export function PicksField(props: PicksProps): JSX.Element {
  const { name, label, class: frame, type = 'checkbox', required, value = [], options, blank = false } = props;
  const { field, fault, aria } = useField(name, props.fault);
  const chosen = useKept(name) ?? value;
  return (
    <fieldset class={['asks', frame, fault === undefined ? undefined : 'wrong'].filter(Boolean).join(' ')}>
      <legend>{label}</legend>
      {fault === undefined ? null : (
        <p class="fault" id={`${field}-fault`}>
          {fault}
        </p>
      )}
      {blank ? <input type="hidden" name={name} value="" /> : null}
      {options.map((one, at) => (
        <label key={one.value}>
          <input
            {...(at === 0 ? aria : {})}
            type={type}
            id={at === 0 ? field : undefined}
            name={name}
            value={one.value}
            required={required}
            checked={chosen.includes(one.value)}
          />
          <span>
            {one.title}
            {one.hint === undefined ? null : <small class="soft plain">{one.hint}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface TickProps extends Shared {
  readonly value: string;
  readonly checked?: boolean;
}

/** One box of a field that has several, where each stands by itself. */
export function TickField({ name, value, label, class: frame, checked = false }: TickProps): JSX.Element {
  const kept = useKept(name);
  return (
    <label class={['tick', frame].filter(Boolean).join(' ')}>
      <input type="checkbox" name={name} value={value} checked={kept === undefined ? checked : kept.includes(value)} />
      <span>{label}</span>
    </label>
  );
}

/** At the top of a page whose form did not go through. A browser goes there by itself. */
export function FaultSummary({
  language,
  lines,
}: {
  readonly language: Language;
  readonly lines: readonly { readonly text: string; readonly to?: string | undefined }[];
}): JSX.Element {
  return (
    <div class="notice bad faults" role="alert" tabIndex={-1} autofocus id="faults">
      <h2>{language === 'zh' ? '请更正以下内容' : 'There is a problem'}</h2>
      <ul>
        {lines.map(({ text, to }) => (
          <li>{to === undefined ? text : <a href={`#${to}`}>{text}</a>}</li>
        ))}
      </ul>
    </div>
  );
}

/** Of a form that came back: what is wrong with it, or that it is as it was left. */
export function Returned({
  kept,
  written,
  language,
}: {
  readonly kept: KeptForm;
  readonly written: ReadonlySet<string>;
  readonly language: Language;
}): JSX.Element {
  const zh = language === 'zh';
  const there = written.has(kept.form);
  const faults = Object.entries(kept.faults ?? {});
  const left = Object.entries(kept.fields).filter(
    ([name, value]) =>
      typeof value === 'string' &&
      value.trim().length > 3 &&
      !/^(?:of|record|act|lifecycle|id|entry|report|code)$/.test(name),
  );
  const lines = faults.map(([name, fault]) => ({
    text: fault[language],
    to: there ? `${kept.form}-${name.replace(/[^A-Za-z0-9_-]/g, '-')}` : undefined,
  }));
  return (
    <>
      {kept.why === undefined ? (
        <p class="notice" role="status">
          {zh ? '您填写的内容已保留。' : 'What you had filled in was kept.'}
        </p>
      ) : kept.why === 'sign_in_required' || kept.why === 'form_foreign' ? (
        <p class="notice warn" role="status" tabIndex={-1} autofocus>
          {zh
            ? '登录已过期，上次未能提交。您填写的内容已保留，请核对后重新提交。'
            : 'Your sign-in was over, so the form was not sent. What you had filled in was kept: look it over ' +
              'and send it again.'}
        </p>
      ) : (
        <FaultSummary
          language={language}
          lines={lines.length > 0 ? lines : [{ text: errorWords(kept.why)[language] }]}
        />
      )}
      {there || left.length === 0 ? null : (
        <section class="notice">
          <p>
            {zh
              ? '原表单已不在本页。您填写的内容如下：'
              : 'The form is not on this page any more. What you had written:'}
          </p>
          {left.map(([name, value]) => (
            <Fragment key={name}>
              <p class="said">{value}</p>
            </Fragment>
          ))}
        </section>
      )}
    </>
  );
}
