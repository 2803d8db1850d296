/** Numbers and dates of cells as text (ECMA-376 part 1, 18.8.30 number formats, 18.17.4 dates). */

/** How a number is meant, by its number format. */
export type Meaning = 'number' | 'date' | 'time' | 'datetime';

/** Number formats that have no text of their own, those of East Asian locales included. */
function builtIn(id: number): Meaning {
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 54) || id === 57 || id === 58)
    return 'date';
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id === 55 || id === 56 || (id >= 45 && id <= 47))
    return 'time';
  return id === 22 ? 'datetime' : 'number';
}

/** @param code the format's own text, where the workbook gives one */
export function meaningOf(id: number, code: string | undefined): Meaning {
  if (code === undefined) return builtIn(id);
  // the program takes 255 characters
  const [first = ''] = code
    .slice(0, 1_000)
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .split(';');
  const letters = first.replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '').replace(/general|am\/pm|a\/p|上午\/下午/gi, '');
  const day = /[yd]/i.test(letters) || /e(?![+-])/i.test(letters);
  const time = /[hs]/i.test(letters);
  if (day) return time ? 'datetime' : 'date';
  return time ? 'time' : /m/i.test(letters) ? 'date' : 'number';
}

const WHOLE = /^-?\d+$/;
const plain = new Intl.NumberFormat('en-US', { useGrouping: false, maximumSignificantDigits: 15 });

/**
 * As the workbook's program shows it: 15 digits, no exponent, so that 0.30000000000000004 is `0.3`. Whole numbers keep
 * every digit that the file has. Undefined if it is no number.
 */
export function numberText(raw: string): string | undefined {
  if (WHOLE.test(raw) && raw.length < 400) return raw.length < 16 ? String(Number(raw)) : BigInt(raw).toString();
  const number = Number(raw);
  if (raw.trim() === '' || !Number.isFinite(number)) return undefined;
  const text = String(Number(number.toPrecision(15)));
  return text.includes('e') ? plain.format(number) : text;
}

const DAY = 86_400;
/** The program's year 1900 has a 29 February. */
const NO_DAY = 60;
const LAST_DAY = 2_958_465;
const two = (n: number): string => String(n).padStart(2, '0');

/**
 * A serial day to `2024-03-01`, `2024-03-01T08:30:00` or `08:30:00`. Undefined if it is no such day.
 * @param from1904 the workbook counts from 1904
 */
export function dateText(raw: string, meaning: 'date' | 'time' | 'datetime', from1904: boolean): string | undefined {
  const serial = Number(raw);
  if (raw.trim() === '' || !Number.isFinite(serial) || serial < 0) return undefined;
  let day = Math.floor(serial);
  let seconds = Math.round((serial - day) * DAY);
  if (seconds === DAY) {
    day += 1;
    seconds = 0;
  }
  const hours = Math.floor(seconds / 3600);
  const behindHours = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (day > LAST_DAY) return undefined;
  // more than a day is a duration, as of the format `[h]:mm`
  if (meaning === 'time') return `${two(hours + day * 24)}:${behindHours}`;
  if (!from1904 && (day < 1 || day === NO_DAY)) return undefined;
  const epoch = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, day < NO_DAY ? 31 : 30);
  const date = new Date(epoch + day * DAY * 1000).toISOString().slice(0, 10);
  return meaning === 'date' ? date : `${date}T${two(hours)}:${behindHours}`;
}

/** `AB` → 28; undefined if it is no column. */
export function columnNumber(reference: string): number | undefined {
  let column = 0;
  let at = 0;
  for (; at < reference.length; at++) {
    const code = reference.charCodeAt(at) - 64;
    if (code < 1 || code > 26) break;
    column = column * 26 + code;
    if (column > 16_384) return undefined;
  }
  return column === 0 ? undefined : column;
}

/** `_x000D_` stands for a character that XML cannot hold. */
export const unescapeText = (text: string): string =>
  text.includes('_x')
    ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
