/** What notices and the start of the day say of terms, and what a notice says without its matter. */
import type { Localised } from '../../../contracts/localised.js';
import { DUE, type Notice } from './store.js';

/** Working days left, in words. */
export const leftWords = (left: number): Localised =>
  left < 0
    ? { zh: `已逾期 ${-left} 个工作日`, en: `${-left} working ${left === -1 ? 'day' : 'days'} overdue` }
    : left === 0
      ? { zh: '今日到期', en: 'ends today' }
      : { zh: `剩 ${left} 个工作日`, en: `${left} working ${left === 1 ? 'day' : 'days'} left` };

/** @param title of its room */
export function noticeWords({ kind, left }: Pick<Notice, 'kind' | 'left'>, title: Localised): Localised {
  const what: Localised = kind === DUE ? { zh: '期限临近', en: 'a term is near' } : { zh: '新待办', en: 'new work' };
  const days = left === undefined ? undefined : leftWords(left);
  return {
    zh: `${title.zh}：${what.zh}${days === undefined ? '' : `，${days.zh}`}`,
    en: `${title.en}: ${what.en}${days === undefined ? '' : `, ${days.en}`}`,
  };
}
