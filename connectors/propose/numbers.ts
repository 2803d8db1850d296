/** Whether a column holds numbers, and in the way of which country. */
import { readNumber } from '../mapping/numbers.js';

export interface NumberStyle {
  readonly decimal: '.' | ',';
  readonly group?: ',' | '.' | ' ' | "'";
}

/** In the order in which one is preferred that fits as well as another. */
export const NUMBER_STYLES: readonly NumberStyle[] = [
  { decimal: '.' },
  { decimal: ',' },
  { decimal: '.', group: ',' },
  { decimal: ',', group: '.' },
  { decimal: ',', group: ' ' },
  { decimal: '.', group: ' ' },
  { decimal: '.', group: "'" },
];

const INTEGER = /^[-+]?\d+$/;
const NUMERIC = /^[-+]?\d[\d.,' \u00a0\u2009\u202f]*$/;

export class NumberTally {
  integers = 0;
  leadingZeros = 0;
  longestDigits = 0;
  largest = 0;
  /** Numbers with decimals, or with their digits in groups. */
  others = 0;
  /** For each style of `NUMBER_STYLES`: how many of `others` are written in it. */
  readonly styles: number[] = NUMBER_STYLES.map(() => 0);
  /** For each style: the most decimals that were seen, and the most digits before them. */
  readonly scales: number[] = NUMBER_STYLES.map(() => 0);
  readonly wholes: number[] = NUMBER_STYLES.map(() => 0);

  add(text: string): void {
    if (text.length > 40) return;
    const first = text.charCodeAt(0);
    if (!((first >= 48 && first <= 57) || first === 45 || first === 43)) return;
    if (INTEGER.test(text)) {
      this.integers += 1;
      const start = first === 45 || first === 43 ? 1 : 0;
      const digits = text.length - start;
      if (digits > 1 && text.charCodeAt(start) === 48) this.leadingZeros += 1;
      if (digits > this.longestDigits) this.longestDigits = digits;
      const value = Math.abs(Number(text));
      if (value > this.largest) this.largest = value;
      return;
    }
    if (!NUMERIC.test(text)) return;
    let any = false;
    NUMBER_STYLES.forEach(({ decimal, group }, at) => {
      const number = readNumber(text, decimal, group);
      if (number === undefined) return;
      any = true;
      this.styles[at] = (this.styles[at] ?? 0) + 1;
      const bare = number.replace(/^-/, '');
      const point = bare.indexOf('.');
      this.scales[at] = Math.max(this.scales[at] ?? 0, point < 0 ? 0 : bare.length - point - 1);
      this.wholes[at] = Math.max(this.wholes[at] ?? 0, point < 0 ? bare.length : point);
    });
    if (any) this.others += 1;
  }
}
