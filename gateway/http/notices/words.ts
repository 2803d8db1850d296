/** What notices and the start of the day say of terms, and what a notice says without its matter. */
import type { Localised } from '../../../contracts/localised.js';
import type { Room } from '../people/rooms.js';
import { DUE, type Notice } from './store.js';

/** Working days left, in words. */
export const leftWords = (left: number): Localised =>
  left < 0
    ? { zh: `已逾期 ${-left} 个工作日`, en: `${-left} working ${left === -1 ? 'day' : 'days'} overdue` }
    : left === 0
      ? { zh: '今日到期', en: 'ends today' }
      : { zh: `剩 ${left} 个工作日`, en: `${left} working ${left === 1 ? 'day' : 'days'} left` };

/** What notices say of a room. */
export type NoticedRoom = Pick<Room, 'title' | 'tells'>;
const OTHER: NoticedRoom = { title: { zh: '其他事项', en: 'Other work' } };

/** A room by its id; also one that an older build had. */
export const noticedRoom = (rooms: readonly Room[], id: string): NoticedRoom =>
  rooms.find((room) => room.id === id) ?? OTHER;

export function noticeWords(
  { kind, left }: Pick<Notice, 'kind' | 'left'>,
  { title, tells = { zh: '新待办', en: 'new work' } }: NoticedRoom,
): Localised {
  const what: Localised = kind === DUE ? { zh: '期限临近', en: 'a term is near' } : tells;
  const days = left === undefined ? undefined : leftWords(left);
  return {
    zh: `${title.zh}：${what.zh}${days === undefined ? '' : `，${days.zh}`}`,
    en: `${title.en}: ${what.en}${days === undefined ? '' : `, ${days.en}`}`,
  };
}
