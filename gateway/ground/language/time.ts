/** Times as people of the city read them: Asia/Shanghai, always said so beside them. */
const minute = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' });
const second = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'medium' });

/** `2026-11-24 21:03` */
export const localMinute = (at: string | number): string => minute.format(new Date(at));
/** `2026-11-24 21:03:59` */
export const localSecond = (at: string | number): string => second.format(new Date(at));

/** `<input type="datetime-local">` of the city to ms since 1970; undefined if it is none. */
export function fromLocal(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?)?$/.test(text)) return undefined;
  const at = Date.parse(`${text.includes('T') ? text : `${text}T00:00`}${text.length === 19 ? '' : ':00'}+08:00`);
  return Number.isNaN(at) ? undefined : at;
}
