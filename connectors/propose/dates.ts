/** Whether a column holds dates, and of which forms; a form is only found by days that exist in it. */
import { dateForm, type ReadDate, zoneOf } from '../mapping/dates.js';

const DAYS = [
  'yyyy-MM-dd',
  'yyyy/MM/dd',
  'yyyy.MM.dd',
  'yyyyMMdd',
  'yyyy年MM月dd日',
  'dd/MM/yyyy',
  'MM/dd/yyyy',
  'dd-MM-yyyy',
  'dd.MM.yyyy',
  'yyyy-M-d',
  'yyyy/M/d',
  'yyyy.M.d',
  'yyyy年M月d日',
  'd/M/yyyy',
  'M/d/yyyy',
  'd.M.yyyy',
  'd-M-yyyy',
];
const TIMES = [' HH:mm:ss', ' HH:mm', ' H:mm:ss', ' H:mm', 'THH:mm:ss', 'THH:mm'];
/** Strict forms go before those that take one digit or two, days before months where both would do. */
const DATE_FORMS: readonly string[] = [
  ...DAYS,
  ...DAYS.flatMap((day) => TIMES.map((time) => `${day}${time}`)),
  'yyyyMMddHHmmss',
  'iso',
];

const utc = zoneOf('UTC');
const readers: readonly ReadDate[] = DATE_FORMS.map((form) => {
  const read = utc === undefined ? undefined : dateForm(form, utc);
  if (read === undefined) throw new Error(`the form ${form} reads no date`);
  return read;
});

const TOKEN = /yyyy|MM|dd|HH|mm|ss|M|d|H/g;
const skeleton = (form: string): RegExp =>
  form === 'iso'
    ? /^9999-99-99(?:[T ]99:99(?::99(?:[.,]9{1,9})?)?(?:Z|[+-]99:?99)?)?$/
    : new RegExp(
        '^' +
          form
            .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
            .replace(TOKEN, (token) => (token === 'yyyy' ? '9999' : token.length === 2 ? '99' : '99?')) +
          '$',
      );
const skeletons = DATE_FORMS.map(skeleton);

/** Places of the forms that a text of this shape can have; the shape of a text is it with each digit as 9. */
const formsOf = new Map<string, readonly number[]>();
function possible(shape: string): readonly number[] {
  let forms = formsOf.get(shape);
  if (forms === undefined) {
    forms = skeletons.flatMap((pattern, at) => (pattern.test(shape) ? [at] : []));
    // what a plain form reads, iso need not
    if (forms.length > 1) forms = forms.filter((at) => DATE_FORMS[at] !== 'iso');
    if (formsOf.size < 10_000) formsOf.set(shape, forms);
  }
  return forms;
}

const DIGIT = /\d/g;
const DIGITS = /^\d+$/;
/** Days that programs write where they mean none. */
const SENTINELS = /^(?:0001-01-01|1900-01-0[01]|1899-12-3[01]|1970-01-01|2099-12-31|9999-12-31)/;
const MAX_SHAPES = 40;

interface Shape {
  count: number;
  /** Place of a form → values that are days in it. */
  readonly fits: Map<number, number>;
}

export interface DateChoice {
  /** As the mapping has them. */
  readonly forms: readonly string[];
  /** Values that are dates in these. */
  readonly fits: number;
  /** Other forms that fit as well: day and month could change places. */
  readonly otherwise: readonly string[];
  readonly timed: boolean;
}

export class DateTally {
  private readonly shapes = new Map<string, Shape>();
  /** Text of such a day → how often. */
  readonly sentinels = new Map<string, number>();

  add(text: string): void {
    if (text.length < 8 || text.length > 35) return;
    const first = text.charCodeAt(0);
    if (first < 48 || first > 57) return;
    const shape = text.replace(DIGIT, '9');
    const forms = possible(shape);
    if (forms.length === 0) return;
    let entry = this.shapes.get(shape);
    if (entry === undefined) {
      if (this.shapes.size >= MAX_SHAPES) return;
      this.shapes.set(shape, (entry = { count: 0, fits: new Map() }));
    }
    entry.count += 1;
    for (const at of forms) {
      const date = readers[at]?.(text);
      if (date === undefined) continue;
      // eight digits are a date only where the year could be one
      if (DIGITS.test(text) && (date < '1850' || date > '2101')) continue;
      entry.fits.set(at, (entry.fits.get(at) ?? 0) + 1);
      if (SENTINELS.test(date)) this.sentinels.set(text, (this.sentinels.get(text) ?? 0) + (at === forms[0] ? 1 : 0));
    }
  }

  /** The forms that read most values. @param monthFirst how the file's other columns are written, where they tell */
  choose(monthFirst?: boolean): DateChoice | undefined {
    const chosen = new Set<number>();
    const otherwise = new Set<string>();
    let fits = 0;
    for (const { fits: counts } of this.shapes.values()) {
      let best: number | undefined;
      const isMonthFirst = (at: number): boolean => DATE_FORMS[at]?.startsWith('M') === true;
      for (const [at, count] of counts) {
        const most = best === undefined ? 0 : (counts.get(best) ?? 0);
        if (
          count > most ||
          (count === most &&
            best !== undefined &&
            monthFirst !== undefined &&
            isMonthFirst(at) === monthFirst &&
            isMonthFirst(best) !== monthFirst)
        )
          best = at;
      }
      if (best === undefined) continue;
      const most = counts.get(best) ?? 0;
      fits += most;
      chosen.add(best);
      for (const [at, count] of counts)
        if (at !== best && count === most && isMonthFirst(at) !== isMonthFirst(best))
          otherwise.add(DATE_FORMS[at] ?? '');
    }
    if (chosen.size === 0) return undefined;
    const forms = [...chosen].sort((a, b) => a - b).map((at) => DATE_FORMS[at] ?? '');
    // a lenient form that is there anyway reads what its strict one does
    const kept = forms.filter(
      (form) => !forms.some((other) => other !== form && other === form.replace('MM', 'M').replace('dd', 'd')),
    );
    return {
      forms: kept,
      fits,
      otherwise: [...otherwise],
      timed: kept.some((form) => form === 'iso' || form.includes('H')),
    };
  }

  /** Whether days come after months: undefined where nothing in the column tells. */
  get monthFirst(): boolean | undefined {
    let [day, month] = [0, 0];
    for (const { fits } of this.shapes.values()) {
      for (const [at, count] of fits) {
        const form = DATE_FORMS[at] ?? '';
        if (form.startsWith('M')) month += count;
        else if (form.startsWith('d') && form.includes('/')) day += count;
      }
    }
    return day === month ? undefined : month > day;
  }
}
