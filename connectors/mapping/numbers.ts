/** Numbers as decimal text: no value of a register passes through a binary float on its way to a decimal field. */

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
/** A group sign written as a space may be U+00A0, U+2009 or U+202F in what spreadsheets export. */
const isSpace = (code: number): boolean => code === 0x20 || code === 0xa0 || code === 0x2009 || code === 0x202f;

/**
 * `-1.234,50` (decimal `,`, group `.`) → `-1234.50`. Groups must be of three digits, so that `12,34` is refused rather
 * than read as 1234. Undefined if it is not such a number.
 */
export function readNumber(text: string, decimal: string, group: string | undefined): string | undefined {
  let at = 0;
  let sign = '';
  const first = text.charCodeAt(0);
  if (first === 45 || first === 43) {
    sign = first === 45 ? '-' : '';
    at = 1;
  }
  const groupCode = group === undefined ? -1 : group.charCodeAt(0);
  const isGroup = (code: number): boolean => (groupCode === 0x20 ? isSpace(code) : code === groupCode);
  let whole = '';
  let run = 0;
  let groups = 0;
  let start = at;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isDigit(code)) {
      run += 1;
      continue;
    }
    if (!isGroup(code)) break;
    if (groups === 0 ? run < 1 || run > 3 : run !== 3) return undefined;
    whole += text.slice(start, at);
    start = at + 1;
    groups += 1;
    run = 0;
  }
  if (run === 0 || (groups > 0 && run !== 3)) return undefined;
  whole += text.slice(start, at);
  let fraction = '';
  if (at < text.length) {
    if (text.charAt(at) !== decimal || at + 1 === text.length) return undefined;
    fraction = text.slice(at + 1);
    for (let i = 0; i < fraction.length; i++) if (!isDigit(fraction.charCodeAt(i))) return undefined;
  }
  let zeros = 0;
  while (zeros < whole.length - 1 && whole.charCodeAt(zeros) === 48) zeros += 1;
  return `${sign}${whole.slice(zeros)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** `12` or `12.00` as a safe integer; undefined for any other text. */
export function toInteger(text: string): number | undefined {
  const number = readNumber(text, '.', undefined);
  if (number === undefined) return undefined;
  const dot = number.indexOf('.');
  if (dot >= 0) for (let i = dot + 1; i < number.length; i++) if (number.charCodeAt(i) !== 48) return undefined;
  const value = Number(dot < 0 ? number : number.slice(0, dot));
  return Number.isSafeInteger(value) ? (value === 0 ? 0 : value) : undefined;
}
