/** How items, terms, acts and values of cases are told to officers. */

import type { JSX } from 'preact';
import type { Element, Json } from '../../../../contracts/bundle/types.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { Workspace } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { CaseState } from '../../../procedures/cases/machine.js';
import type { TermReading } from '../../../procedures/cases/terms.js';
import { type Say, sayIn } from '../../ui/say.js';

type Marked = Localised & { readonly css: 'ok' | 'warn' | 'bad' | 'none' };

type ItemStatus = CaseState['items'][string]['status'];
export const statuses: Readonly<Record<ItemStatus, Marked>> = {
  waiting: { zh: '未开始', en: 'not begun', css: 'none' },
  held: { zh: '办理中', en: 'under way', css: 'warn' },
  supplement: { zh: '待申请人补正', en: 'applicant asked', css: 'none' },
  prepared: { zh: '已同意，待生效', en: 'granted, takes effect later', css: 'ok' },
  granted: { zh: '已办结', en: 'granted', css: 'ok' },
  refused: { zh: '不予办理', en: 'refused', css: 'bad' },
  undone: { zh: '已撤销', en: 'undone', css: 'bad' },
  dropped: { zh: '已终止', en: 'ended', css: 'none' },
  passed: { zh: '不适用', en: 'did not apply', css: 'none' },
};

export const phases: Readonly<Record<CaseState['phase'], Marked>> = {
  draft: { zh: '草稿', en: 'draft', css: 'none' },
  submitted: { zh: '办理中', en: 'under way', css: 'warn' },
  decided: { zh: '已办结，待送达', en: 'decided', css: 'ok' },
  delivered: { zh: '已送达', en: 'delivered', css: 'ok' },
  withdrawn: { zh: '已撤回', en: 'withdrawn', css: 'none' },
};

export const ports: Readonly<Record<string, Localised>> = {
  identity: { zh: '身份核验', en: 'identity' },
  signature: { zh: '签名', en: 'signature' },
  payment: { zh: '缴费', en: 'payment' },
  post: { zh: '邮寄', en: 'post' },
  appointment: { zh: '预约', en: 'appointment' },
  video: { zh: '视频核验', en: 'video' },
  collect: { zh: '领取', en: 'collection' },
};

export const Mark = ({ of, language }: { readonly of: Marked; readonly language: Language }): JSX.Element => (
  <span class={`state ${of.css}`}>{of[language]}</span>
);

function leftOf({ over, left, unit }: TermReading, say: Say): readonly [css: string, text: string] {
  if (over && left === 0) return ['bad', say('已逾期', 'over')];
  if (over) return ['bad', say(`逾期 ${-left} 个工作日`, `${-left} working ${left === -1 ? 'day' : 'days'} over`)];
  if (unit === 'on-the-spot') return ['warn', say('当场办结', 'on the spot')];
  if (left === 0) return ['warn', say('今日到期', 'due today')];
  return [
    left <= 2 ? 'warn' : 'none',
    say(`剩 ${left} 个工作日`, `${left} working ${left === 1 ? 'day' : 'days'} left`),
  ];
}

interface TermProps {
  readonly term: TermReading;
  readonly language: Language;
}

/** Until when. */
export const DueDay = ({ term: { due }, language }: TermProps): JSX.Element => (
  <>
    <time dateTime={due.day}>{due.day}</time>
    {due.provisional ? <small>{language === 'zh' ? '（暂定）' : ' (provisional)'}</small> : null}
  </>
);

/** How much of it is left, or how long it is over. */
export function Left({ term, language }: TermProps): JSX.Element {
  const [css, text] = leftOf(term, sayIn(language));
  return <span class={`state ${css}`}>{text}</span>;
}

/** Both. */
export const Term = (props: TermProps): JSX.Element => (
  <span class="term">
    <DueDay {...props} /> <Left {...props} />
  </span>
);

interface ValueProps {
  readonly element: Pick<Element, 'type' | 'codelist'> | undefined;
  readonly value: Json | undefined;
  readonly codelists: Workspace['codelists'];
  readonly language: Language;
}

/** A value of a form as people read it; undefined where there is none. */
export function valueText({ element, value, codelists, language }: ValueProps): string | undefined {
  const say = sayIn(language);
  if (value === undefined || value === null || value === '') return undefined;
  if (Array.isArray(value)) {
    const all = value.flatMap((one: Json) => valueText({ element, value: one, codelists, language }) ?? []);
    return all.length === 0 ? undefined : all.join(say('、', ', '));
  }
  if (typeof value === 'boolean') return value ? say('是', 'yes') : say('否', 'no');
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const named = element?.codelist === undefined ? undefined : codelists.get(element.codelist)?.codes.get(text);
  return named?.[language] ?? text;
}
