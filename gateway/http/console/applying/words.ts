/** How a case, its items, its terms and its values are told to whoever applies. */
import type { Element, Json, StepPort } from '../../../../contracts/bundle/types.js';
import type { Codelist, Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { ACTS } from '../../../procedures/cases/act-words.js';
import type { ActName, CaseState, ItemState } from '../../../procedures/cases/machine.js';
import type { TermReading } from '../../../procedures/cases/terms.js';

/** A word with the look of its mark (`ui/style/text.css`). */
interface Mark extends Localised {
  readonly css: 'ok' | 'warn' | 'bad' | 'none' | 'current';
}

const phases: Readonly<Record<CaseState['phase'], Mark>> = {
  draft: { zh: '草稿，尚未提交', en: 'draft, not submitted', css: 'warn' },
  submitted: { zh: '办理中', en: 'under way', css: 'current' },
  decided: { zh: '已全部作出决定', en: 'all is decided', css: 'current' },
  delivered: { zh: '已办结', en: 'done', css: 'none' },
  withdrawn: { zh: '已撤回', en: 'withdrawn', css: 'none' },
};
const STOPPED: Mark = { zh: '已终止', en: 'stopped', css: 'bad' };
const IN_PART: Mark = { zh: '已办结，有事项未办成', en: 'done, but not all was granted', css: 'warn' };
const GIVEN_UP: Mark = { zh: '草稿已放弃', en: 'draft given up', css: 'none' };
const ENDED: Mark = { zh: '未办成，已结束', en: 'ended, nothing was granted', css: 'bad' };
const OPEN_STEPS: Mark = { zh: '待您领取', en: 'to be collected', css: 'warn' };

export function phaseOf({ phase, stoppedBy, submittedAt, items }: CaseState, over: boolean): Mark {
  const isWhole = Object.values(items).every(({ status }) => status === 'granted' || status === 'passed');
  if (phase === 'delivered' && !isWhole) return IN_PART;
  if (stoppedBy !== undefined) return STOPPED;
  if (phase === 'withdrawn' && submittedAt === undefined) return GIVEN_UP;
  if (phase === 'decided') return over ? ENDED : OPEN_STEPS;
  return phases[phase];
}

export const statuses: Readonly<Record<ItemState['status'], Mark>> = {
  waiting: { zh: '尚未开始', en: 'not begun', css: 'none' },
  held: { zh: '办理中', en: 'under way', css: 'current' },
  supplement: { zh: '等待您补正', en: 'waits for your supplement', css: 'warn' },
  prepared: { zh: '已预审通过，待生效', en: 'prepared, not in effect yet', css: 'current' },
  granted: { zh: '已办成', en: 'granted', css: 'ok' },
  refused: { zh: '不予办理', en: 'refused', css: 'bad' },
  undone: { zh: '已撤销', en: 'undone', css: 'bad' },
  dropped: { zh: '未办理，已终止', en: 'ended, not done', css: 'none' },
  passed: { zh: '经核查无需办理', en: 'found not to apply', css: 'none' },
};

export const ports: Readonly<Record<StepPort, { readonly open: Localised; readonly done: Localised }>> = {
  form: { open: { zh: '填写表单', en: 'Fill in the form' }, done: { zh: '已填写', en: 'filled in' } },
  identity: {
    open: { zh: '核验身份', en: 'Show who you are' },
    done: { zh: '身份已核验', en: 'who you are is shown' },
  },
  signature: { open: { zh: '电子签名', en: 'Sign' }, done: { zh: '已签名', en: 'signed' } },
  payment: { open: { zh: '缴费', en: 'Pay' }, done: { zh: '已缴费', en: 'paid' } },
  post: { open: { zh: '邮寄', en: 'By post' }, done: { zh: '已选择邮寄', en: 'by post' } },
  appointment: { open: { zh: '预约', en: 'Book' }, done: { zh: '已预约', en: 'booked' } },
  video: { open: { zh: '视频核验', en: 'Be seen by video' }, done: { zh: '视频核验已完成', en: 'seen by video' } },
  collect: { open: { zh: '到窗口办理', en: 'At the window' }, done: { zh: '已在窗口办理', en: 'done at the window' } },
};

export const actWords = (act: ActName, language: Language): string => ACTS[act][language];

const WEEKDAYS: Readonly<Record<Language, readonly string[]>> = {
  zh: ['日', '一', '二', '三', '四', '五', '六'],
  en: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'],
};
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-12-04` → `2026年12月4日（周五）`, `Fri 4 Dec 2026` */
function dayWords(day: string, language: Language): string {
  const [year = '', month = '', date = ''] = day.split('-').map((part) => String(Number(part)));
  const weekday = WEEKDAYS[language][new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';
  return language === 'zh'
    ? `${year}年${month}月${date}日（周${weekday}）`
    : `${weekday} ${date} ${MONTHS[Number(month) - 1] ?? ''} ${year}`;
}
/** Of a moment, the day in the city: `2026年12月4日`, `4 Dec 2026`. */
export const dateWords = (at: number | string, language: Language): string => {
  const words = dayWords(localMinute(at).slice(0, 10), language);
  return language === 'zh' ? words.slice(0, words.indexOf('（')) : words.slice(words.indexOf(' ') + 1);
};

/** Until when, and how much is left of it; of what is over whether that was in time. */
export function termWords(
  { unit, due, over, left }: TermReading,
  endedAt: number | undefined,
  language: Language,
): string {
  const zh = language === 'zh';
  if (endedAt !== undefined) {
    const day = dateWords(endedAt, language);
    return zh ? `${day}办结，${over ? '已超期' : '按期'}` : `ended ${day}, ${over ? 'after its term' : 'in time'}`;
  }
  const day = dayWords(due.day, language);
  const maybe = due.provisional ? (zh ? '（暂定）' : ' (provisional)') : '';
  const until = zh ? `应于${day}前办结${maybe}` : `due by ${day}${maybe}`;
  if (over) return zh ? `${until}，已超期${left < 0 ? `${-left}个工作日` : ''}` : `${until}; overdue`;
  if (unit === 'on-the-spot') return zh ? '当场办结，今日内' : 'on the spot, today';
  const days = left === 1 ? 'day' : 'days';
  const rest =
    left <= 0 ? (zh ? '今日到期' : 'due today') : zh ? `还剩${left}个工作日` : `${left} working ${days} left`;
  return zh ? `${until}，${rest}` : `${until}; ${rest}`;
}

/** An identity number without its middle. */
const masked = (key: string): string => (key.length > 10 ? `${key.slice(0, 6)}****${key.slice(-4)}` : key);

/** What stands in a field, as people read it. */
export function valueWords(
  { type, codelist, scheme }: Element,
  value: Json,
  codelists: ReadonlyMap<string, Codelist>,
  language: Language,
): string {
  const one = (single: Json): string => {
    if (type === 'yes-no') return language === 'zh' ? (single === true ? '是' : '否') : single === true ? 'yes' : 'no';
    const text = String(single);
    if (type === 'code') return codelists.get(codelist ?? '')?.codes.get(text)?.[language] ?? text;
    if (type === 'key' && scheme === 'cn-id') return masked(text);
    if (type === 'date') return /^\d{4}-\d{2}-\d{2}$/.test(text) ? dateWords(text, language) : text;
    return text;
  };
  return Array.isArray(value)
    ? (value as readonly Json[]).map(one).join(language === 'zh' ? '、' : ', ')
    : one(value as Json);
}
