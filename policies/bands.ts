/**
 * Bands: a number or a date is told as the span that it lies in. Written `<100`, `100–500` (with an en dash), `≥500`.
 */

import { dateToDays } from '../contracts/logical.js';
import { present } from '../contracts/present.js';

/** The lower bound is in the band, the upper is not. */
interface Band {
  readonly text: string;
  readonly from?: string;
  readonly below?: string;
}

const BOUND = String.raw`(-?\d{1,18}(?:\.\d{1,18})?|\d{4}-\d{2}-\d{2})`;
const FORMS = [
  new RegExp(`^<(?<below>${BOUND})$`),
  new RegExp(`^(?:≥|>=)(?<from>${BOUND})$`),
  new RegExp(`^(?<from>${BOUND})–(?<below>${BOUND})$`),
];
/** Digits after the point that an order has, so that a decimal of any declared scale is compared exactly. */
export const ORDER_SCALE = 38;

/** Undefined where the text is no band. */
export function readBand(text: string): Band | undefined {
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups;
    if (groups === undefined) continue;
    const { from, below } = groups;
    return { text, ...present({ from, below }) };
  }
  return undefined;
}

/**
 * Where a bound stands among values: days since 1970 of a date, a number times 10^38. Undefined if it is of the other
 * kind.
 */
export function orderOf(bound: string, dates: boolean): bigint | undefined {
  if (dates) {
    const days = dateToDays(bound);
    return days === undefined ? undefined : BigInt(days);
  }
  if (!/^-?\d+(\.\d+)?$/.test(bound)) return undefined;
  const [whole = '', part = ''] = bound.split('.');
  return BigInt(whole + part.padEnd(ORDER_SCALE, '0'));
}

/**
 * Why these are not the bands of one field; undefined if they are: each well written, in ascending order, none over
 * another. Gaps are allowed; a value in none is told as `outside`.
 */
export function bandsProblem(texts: readonly string[], dates: boolean): string | undefined {
  let reached: bigint | undefined;
  for (const [index, text] of texts.entries()) {
    const band = readBand(text);
    if (band === undefined) return `\`${text}\` is no band; write \`<100\`, \`100–500\` with an en dash, or \`≥500\``;
    const [from, below] = [band.from, band.below].map((bound) =>
      bound === undefined ? undefined : orderOf(bound, dates),
    );
    if ((band.from !== undefined && from === undefined) || (band.below !== undefined && below === undefined)) {
      return `\`${text}\` has bounds that are no ${dates ? 'dates' : 'numbers'}`;
    }
    if (from === undefined && index > 0) return `\`${text}\` has no lower bound, so it must be the first band`;
    if (below === undefined && index < texts.length - 1)
      return `\`${text}\` has no upper bound, so it must be the last band`;
    if (from !== undefined && below !== undefined && from >= below) return `\`${text}\` holds nothing`;
    if (from !== undefined && reached !== undefined && from < reached)
      return `\`${text}\` begins before the band in front of it ends`;
    reached = below;
  }
  return undefined;
}
