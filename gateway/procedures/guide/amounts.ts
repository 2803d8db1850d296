/**
 * Days, areas, sums of money and masses as people write them in a sentence. Units only: what they are of is said by the
 * elements of the workspace.
 */
import { isDay } from '../../../contracts/bundle/parse.js';
import { dayOf } from '../../../contracts/calendar.js';

type AmountKind = 'area' | 'money' | 'mass' | 'date';
interface Amount {
  readonly kind: AmountKind;
  /** Square metres, yuan or kilograms as a decimal number; a day as `YYYY-MM-DD`. */
  readonly value: string;
  /** As it was written. */
  readonly text: string;
}

const DIGITS: Readonly<Record<string, number>> = {
  ...Object.fromEntries([...'零一二三四五六七八九'].map((character, value) => [character, value])),
  〇: 0,
  两: 2,
};
const TENS: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1000 };
const LARGE: Readonly<Record<string, number>> = { 万: 1e4, 亿: 1e8 };

/** `三百二十`, `500`, `1.5万`, `两千万`; undefined of what is no number. */
function numberOf(text: string): number | undefined {
  let [whole, part, digit]: [number, number, number | undefined] = [0, 0, undefined];
  for (const token of text.replaceAll(',', '').match(/\d+(?:\.\d+)?|./gu) ?? []) {
    if (/^\d/.test(token)) digit = Number(token);
    else if (token in DIGITS) digit = DIGITS[token];
    else if (token in TENS) {
      part += (digit ?? 1) * (TENS[token] as number);
      digit = undefined;
    } else if (token in LARGE) {
      whole = (whole + part + (digit ?? 0)) * (LARGE[token] as number);
      [part, digit] = [0, undefined];
    } else return undefined;
  }
  const found = whole + part + (digit ?? 0);
  return Number.isFinite(found) && found < 1e15 ? found : undefined;
}

/** A text that is one number and little else: `88`, `三层`, `地下一层`, `第二`, `大概八十平方米`. */
export function numberIn(said: string): number | undefined {
  const found =
    /^(?:大概|大约|差不多|约|一共|总共|共|第|在)*(负|地下|-)?(?:第)?([\d.,零〇一二两三四五六七八九十百千万亿]+)(?:[来多]?(?!\d)[\p{L}]{0,5})$/u.exec(
      said
        .normalize('NFKC')
        .replace(/[\s，。,!！.、的吧呢啊]+$/gu, '')
        .replace(/\s+/g, ''),
    );
  const value = found === null ? undefined : numberOf(found[2] ?? '');
  return value === undefined ? undefined : found?.[1] === undefined ? value : -value;
}

const NUMBER =
  '((?:\\d[\\d,]{0,14}(?:\\.\\d{1,4})?|[零〇一二两三四五六七八九十百千])[零〇一二两三四五六七八九十百千万亿]{0,12})';
const ABOUT = '[来多几]?个?\\s?';
const UNITS: readonly {
  readonly kind: AmountKind;
  readonly pattern: RegExp;
  readonly times: (unit: string) => number;
}[] = [
  { kind: 'area', pattern: new RegExp(`${NUMBER}${ABOUT}(平方米|平方|平米|平|m2)`, 'gu'), times: () => 1 },
  {
    kind: 'mass',
    pattern: new RegExp(`${NUMBER}${ABOUT}(吨|公斤|千克|kg|t)(?![a-z])`, 'gu'),
    times: (unit) => (unit === '吨' || unit === 't' ? 1000 : 1),
  },
  { kind: 'money', pattern: new RegExp(`${NUMBER}${ABOUT}(元|块|圆|人民币|rmb)`, 'gu'), times: () => 1 },
  // a sum in ten thousands needs no unit
  {
    kind: 'money',
    pattern: new RegExp(`(?<![\\d.])${NUMBER}(?<=[万亿])()(?![元块圆人个家名辆台吨平公米])`, 'gu'),
    times: () => 1,
  },
];

const AHEAD: Readonly<Record<string, number>> = { 前天: -2, 昨天: -1, 今天: 0, 明天: 1, 后天: 2 };
const DAY = 86_400_000;

function dates(text: string, now: number): readonly Amount[] {
  const found: Amount[] = [];
  const year = dayOf(now).slice(0, 4);
  const keep = (written: string, y: string, m: string, d: string): void => {
    const value = `${y}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`;
    if (isDay(value)) found.push({ kind: 'date', value, text: written });
  };
  for (const [written, y = year, m = '', d = ''] of text.matchAll(
    /(?:(\d{4})\s?年\s?)?(\d{1,2})\s?月\s?(\d{1,2})\s?[日号]/gu,
  ))
    keep(written, y, m, d);
  for (const [written, y = '', m = '', d = ''] of text.matchAll(/(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/gu))
    keep(written, y, m, d);
  for (const [written] of text.matchAll(/前天|昨天|今天|明天|后天/gu))
    found.push({ kind: 'date', value: dayOf(now + (AHEAD[written] as number) * DAY), text: written });
  return found;
}

/** What of it is there, in the order of kinds. @param now ms since 1970 */
export function amountsIn(sentence: string, now: number): readonly Amount[] {
  const text = sentence.normalize('NFKC').toLowerCase();
  const found = UNITS.flatMap(({ kind, pattern, times }) =>
    [...text.matchAll(pattern)].flatMap(([written, number = '', unit = '']) => {
      const value = numberOf(number);
      return value === undefined || value === 0 ? [] : [{ kind, value: String(value * times(unit)), text: written }];
    }),
  );
  return [...found, ...dates(text, now)];
}

const ADDRESS = new RegExp(
  '(?:\\p{Script=Han}{2,8}?(?:省|自治区))?(?:\\p{Script=Han}{2,6}?市)?(?:\\p{Script=Han}{1,6}?(?:区|县))?' +
    '(?:\\p{Script=Han}{1,8}?(?:路|街|大道|道|巷|村))' +
    '\\d{1,5}(?:号|弄)(?:\\d{1,5}(?:号楼|号|栋|幢|座|室|楼|层))*',
  'gu',
);
/** What stands before a place and is none of it. */
const BEFORE = /^.*(?:搬到|迁到|位于|地址是|地址为|[在到去从是于])/u;

/** Addresses with a street and a number. */
export function addressesIn(sentence: string): readonly string[] {
  const text = sentence.normalize('NFKC').replace(/\s+/g, '');
  return [...text.matchAll(ADDRESS)].map(([written]) => written.replace(BEFORE, ''));
}
