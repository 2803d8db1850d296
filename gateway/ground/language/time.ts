/** Times as people of the city read them: Asia/Shanghai, always said so beside them. */
/** Made when it is first asked: most processes never are, and each would take 50 ms for it. */
function form(timeStyle: 'short' | 'medium'): (at: string | number) => string {
  let made: Intl.DateTimeFormat | undefined;
  return (at) => {
    made ??= new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle });
    return made.format(new Date(at));
  };
}

/** `2026-11-24 21:03` */
export const localMinute = form('short');
/** `2026-11-24 21:03:59` */
export const localSecond = form('medium');

/** `<input type="datetime-local">` of the city to ms since 1970; undefined if it is none. */
export function fromLocal(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?)?$/.test(text)) return undefined;
  const at = Date.parse(`${text.includes('T') ? text : `${text}T00:00`}${text.length === 19 ? '' : ':00'}+08:00`);
  return Number.isNaN(at) ? undefined : at;
}
