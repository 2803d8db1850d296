/**
 * Logical values and their JSON form: dates `2019-01-02` ↔ days since 1970-01-01, timestamps `2019-01-02T03:04:05.678Z`
 * ↔ milliseconds since 1970, decimals `12.50` ↔ big-endian two's complement (Avro 1.11, "Logical Types"). Years 0001 to
 * 9999. Every reader gives undefined for what is not exactly in that form, so each value has one spelling.
 */
const DAY = 86_400_000;
const MIN_DAY = -719_162; // 0001-01-01
const MAX_DAY = 2_932_896; // 9999-12-31
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const digit = (text: string, at: number): number => {
  const code = text.charCodeAt(at) - 48;
  return code >= 0 && code <= 9 ? code : NaN;
};
const two = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1);
const PAIRS = Array.from({ length: 100 }, (_, n) => (n < 10 ? `0${n}` : `${n}`));
const pair = (n: number): string => PAIRS[n] ?? '';

const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Days since 1970-01-01 of a civil date, or undefined if there is no such day. */
export function civilToDays(year: number, month: number, day: number): number | undefined {
  if (!(year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1)) return undefined;
  if (day > (month === 2 && isLeapYear(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0))) return undefined;
  // Howard Hinnant, "chrono-compatible low-level date algorithms"; the year begins in March
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function dateAt(text: string): number | undefined {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  return civilToDays(two(text, 0) * 100 + two(text, 2), two(text, 5), two(text, 8));
}

/** `2019-01-02` → days since 1970-01-01 */
export const dateToDays = (text: string): number | undefined => (text.length === 10 ? dateAt(text) : undefined);

/** Days since 1970-01-01 → `2019-01-02` */
export function daysToDate(days: number): string | undefined {
  if (!(days >= MIN_DAY && days <= MAX_DAY)) return undefined;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${pair(Math.floor(year / 100))}${pair(year % 100)}-${pair(month)}-${pair(day)}`;
}

/** `2019-01-02T03:04:05.678Z` → milliseconds since 1970 */
export function timestampToMillis(text: string): number | undefined {
  if (
    text.length !== 24 ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58 ||
    text.charCodeAt(19) !== 46 ||
    text.charCodeAt(23) !== 90
  )
    return undefined;
  const days = dateAt(text);
  const [hours, minutes, seconds] = [two(text, 11), two(text, 14), two(text, 17)];
  const millis = two(text, 20) * 10 + digit(text, 22);
  if (days === undefined || !(hours <= 23 && minutes <= 59 && seconds <= 59 && millis <= 999)) return undefined;
  return days * DAY + ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis;
}

/** Milliseconds since 1970 → `2019-01-02T03:04:05.678Z` */
export function millisToTimestamp(millis: number): string | undefined {
  const days = Math.floor(millis / DAY);
  const date = daysToDate(days);
  if (date === undefined || !Number.isInteger(millis)) return undefined;
  const rest = millis - days * DAY;
  const seconds = Math.floor(rest / 1000);
  const ms = rest % 1000;
  const time = `${pair(Math.floor(seconds / 3600))}:${pair(Math.floor(seconds / 60) % 60)}:${pair(seconds % 60)}`;
  return `${date}T${time}.${Math.floor(ms / 100)}${pair(ms % 100)}Z`;
}

/** Digits that a number holds exactly; beyond them bigint, which is slower. */
const EXACT_DIGITS = 15;

/**
 * `-12.50` → -1250 for scale 2, a bigint beyond 15 digits; exactly `scale` digits after the point, at most `precision`
 * in all, no `+`, no leading zeros, no `-0`.
 */
export function decimalToUnscaled(text: string, precision: number, scale: number): number | bigint | undefined {
  const start = text.charCodeAt(0) === 45 ? 1 : 0;
  const point = scale === 0 ? text.length : text.length - scale - 1;
  const whole = point - start;
  if (whole < 1 || text.length > precision + 3 || (scale > 0 && text.charCodeAt(point) !== 46)) return undefined;
  if (whole > 1 && text.charCodeAt(start) === 48) return undefined;
  const count = whole + scale;
  if ((text.charCodeAt(start) === 48 ? count - 1 : count) > precision) return undefined;
  let small = 0;
  for (let at = start; at < text.length; at++) {
    if (at === point) continue;
    const value = digit(text, at);
    if (Number.isNaN(value)) return undefined;
    small = small * 10 + value;
  }
  if (count <= EXACT_DIGITS) {
    if (start === 0) return small;
    return small === 0 ? undefined : -small;
  }
  const value = BigInt(text.slice(start, point) + text.slice(point + 1));
  if (start === 0) return value;
  return value === 0n ? undefined : -value;
}

/** -1250 → `-12.50` for scale 2; undefined if it has more digits than `precision` */
export function unscaledToDecimal(value: number | bigint, precision: number, scale: number): string | undefined {
  const negative = value < 0;
  const bare = (negative ? -value : value).toString();
  if (bare.length > precision && bare !== '0') return undefined;
  const digits = bare.padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return negative ? `-${text}` : text;
}

/** The shortest big-endian two's complement; zero is one byte. */
export function unscaledToBytes(unscaled: number | bigint): Buffer {
  const value = BigInt(unscaled);
  let length = 1;
  while (value < -(1n << BigInt(length * 8 - 1)) || value >= 1n << BigInt(length * 8 - 1)) length++;
  const bytes = Buffer.allocUnsafe(length);
  let rest = value;
  for (let at = length - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** Undefined for no bytes, or for more than 17 (38 digits fit in 16). */
export function bytesToUnscaled(bytes: Uint8Array): number | bigint | undefined {
  if (bytes.length === 0 || bytes.length > 17) return undefined;
  if (bytes.length <= 6) {
    let small = ((bytes[0] ?? 0) << 24) >> 24;
    for (let at = 1; at < bytes.length; at++) small = small * 256 + (bytes[at] ?? 0);
    return small;
  }
  let value = BigInt(((bytes[0] ?? 0) << 24) >> 24);
  for (let at = 1; at < bytes.length; at++) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return value;
}
