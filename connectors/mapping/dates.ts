/**
 * Dates and times by the form that a feed names, on the proleptic Gregorian calendar; a day that is not in it is
 * refused, never moved to the next month. Result: `yyyy-MM-dd`, or `yyyy-MM-ddTHH:mm:ss.sssZ` where the form reads
 * hours (ISO 8601).
 */
type Part =
  | { readonly kind: 'digits'; readonly unit: Unit; readonly least: number; readonly most: number }
  | { readonly kind: 'literal'; readonly text: string };
type Unit = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

const TOKENS: readonly (readonly [string, Unit, number, number])[] = [
  ['yyyy', 'year', 4, 4],
  ['MM', 'month', 2, 2],
  ['dd', 'day', 2, 2],
  ['HH', 'hour', 2, 2],
  ['mm', 'minute', 2, 2],
  ['ss', 'second', 2, 2],
  ['M', 'month', 1, 2],
  ['d', 'day', 1, 2],
  ['H', 'hour', 1, 2],
];

/** Undefined: the text is not of this form, or not a real day or time. */
export type ReadDate = (text: string) => string | undefined;

/**
 * Milliseconds to add to local time to have UTC, negated: `utc = local − offset(local)`. Undefined where no such local
 * time exists.
 */
export type Zone = (localMs: number) => number | undefined;

const pad = (n: number, width: number): string => String(n).padStart(width, '0');
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function realDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
}

/** setUTCFullYear, as Date.UTC takes years 0–99 for 1900–1999. */
function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, ms);
  return date.getTime();
}

const OFFSET = /^([+-])(\d\d):?(\d\d)$/;

/** `+08:00`, `Z`, `UTC` or an IANA name. Undefined if there is no such zone. */
export function zoneOf(name: string): Zone | undefined {
  if (name === 'Z' || name === 'UTC') return () => 0;
  const fixed = OFFSET.exec(name);
  if (fixed !== null) {
    const ms = (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000 * (fixed[1] === '-' ? -1 : 1);
    return Math.abs(ms) <= 18 * 3_600_000 ? () => ms : undefined;
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-u-ca-iso8601', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
  } catch {
    return undefined;
  }
  const offsetAt = (utcMs: number): number => {
    const at: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(utcMs)) at[type] = Number(value);
    const local = utc(
      at['year'] ?? 0,
      at['month'] ?? 1,
      at['day'] ?? 1,
      at['hour'] ?? 0,
      at['minute'] ?? 0,
      at['second'] ?? 0,
      0,
    );
    return local - Math.floor(utcMs / 1000) * 1000;
  };
  // one answer a quarter of an hour of local time: every zone's changes fall on such bounds since 1972; earlier times
  // are asked each
  const cache = new Map<number, number | null>();
  const find = (localMs: number): number | null => {
    const first = offsetAt(localMs - offsetAt(localMs));
    if (offsetAt(localMs - first) === first) return first;
    const second = offsetAt(localMs - first);
    return offsetAt(localMs - second) === second ? second : null;
  };
  const QUARTER = 900_000;
  const EPOCH_1972 = 63_072_000_000;
  return (localMs) => {
    if (localMs < EPOCH_1972) return find(localMs) ?? undefined;
    const slot = Math.floor(localMs / QUARTER);
    let known = cache.get(slot);
    if (known === undefined) {
      if (cache.size >= 8192) cache.clear();
      known = find(slot * QUARTER);
      cache.set(slot, known);
    }
    return known ?? undefined;
  };
}

function finish(fields: Readonly<Record<Unit, number>>, timed: boolean, ms: number, zone: Zone): string | undefined {
  const { year, month, day, hour, minute, second } = fields;
  if (!realDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  if (!timed) return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const local = utc(year, month, day, hour, minute, second, ms);
  const offset = zone(local);
  return offset === undefined ? undefined : new Date(local - offset).toISOString();
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** ISO 8601 calendar dates and times; an offset in the text goes before `zone`. */
function isoDate(zone: Zone): ReadDate {
  return (text) => {
    const match = ISO.exec(text);
    if (match === null) return undefined;
    const [, year, month, day, hour, minute, second = '0', fraction = '', offset] = match;
    const fields = {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour ?? 0),
      minute: Number(minute ?? 0),
      second: Number(second),
    };
    const own = offset === undefined ? zone : zoneOf(offset);
    return own === undefined
      ? undefined
      : finish(fields, hour !== undefined, Number(fraction.padEnd(3, '0').slice(0, 3)), own);
  };
}

/** Undefined if `form` reads no full date: year, month and day once each, hours only with minutes. */
export function dateForm(form: string, zone: Zone): ReadDate | undefined {
  if (form === 'iso') return isoDate(zone);
  const parts: Part[] = [];
  const seen = new Set<Unit>();
  for (let at = 0; at < form.length; ) {
    const token = TOKENS.find(([sign]) => form.startsWith(sign, at));
    if (token === undefined) {
      const last = parts.at(-1);
      const sign = form.charAt(at);
      if (last?.kind === 'literal') parts[parts.length - 1] = { kind: 'literal', text: last.text + sign };
      else parts.push({ kind: 'literal', text: sign });
      at += 1;
      continue;
    }
    const [sign, unit, least, most] = token;
    if (seen.has(unit)) return undefined;
    seen.add(unit);
    parts.push({ kind: 'digits', unit, least, most });
    at += sign.length;
  }
  if (!seen.has('year') || !seen.has('month') || !seen.has('day')) return undefined;
  if (seen.has('hour') !== seen.has('minute') || (seen.has('second') && !seen.has('hour'))) return undefined;
  const timed = seen.has('hour');
  return (text) => {
    const fields: Record<Unit, number> = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    let at = 0;
    for (const part of parts) {
      if (part.kind === 'literal') {
        if (!text.startsWith(part.text, at)) return undefined;
        at += part.text.length;
        continue;
      }
      let value = 0;
      let digits = 0;
      while (digits < part.most) {
        const digit = text.charCodeAt(at + digits) - 48;
        if (!(digit >= 0 && digit <= 9)) break;
        value = value * 10 + digit;
        digits += 1;
      }
      if (digits < part.least) return undefined;
      fields[part.unit] = value;
      at += digits;
    }
    return at === text.length ? finish(fields, timed, 0, zone) : undefined;
  };
}
