/** Columns of fixed width, as far as blanks show them; where columns touch, only a person knows. */
import type { Charset } from '../reading/charset.js';
import type { Decision } from './decision.js';

interface Fixed {
  readonly source: {
    readonly unit: 'characters' | 'bytes';
    readonly columns: readonly { readonly name: string; readonly start: number; readonly length: number }[];
    readonly shortLines?: 'fill';
  };
  readonly decisions: readonly Decision[];
}

const SAMPLE = 400;

/** Width of a character in bytes of the older Chinese charsets, where a mainframe counts bytes. */
const wide = (line: string): number[] => [...line].map((sign) => ((sign.codePointAt(0) ?? 0) < 128 ? 1 : 2));

type Kind = 'blank' | 'digit' | 'letter' | 'wide';
const kindOf = (sign: string): Kind =>
  sign === ' ' ? 'blank' : /[0-9]/.test(sign) ? 'digit' : (sign.codePointAt(0) ?? 0) < 128 ? 'letter' : 'wide';

/** One kind a unit: a character of two bytes takes two. */
function kinds(line: string, bytes: boolean): Kind[] {
  const widths = wide(line);
  return [...line].flatMap((sign, i) => Array.from({ length: bytes ? (widths[i] ?? 1) : 1 }, () => kindOf(sign)));
}

/** Undefined unless most lines have one length. */
export function fixedColumns(text: string, charset: Charset): Fixed | undefined {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .slice(0, SAMPLE);
  if (lines.length < 3) return undefined;
  const measure = (bytes: boolean): { readonly rows: Kind[][]; readonly length: number; readonly share: number } => {
    const rows = lines.map((line) => kinds(line, bytes));
    const lengths = new Map<number, number>();
    for (const { length } of rows) lengths.set(length, (lengths.get(length) ?? 0) + 1);
    const [length, times] = [...lengths].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
    return { rows, length, share: times / rows.length };
  };
  const inCharacters = measure(false);
  const inBytes = ['gb18030', 'gbk', 'big5'].includes(charset) ? measure(true) : undefined;
  const bytes = inBytes !== undefined && inBytes.share > inCharacters.share;
  const { rows, length, share } = bytes ? inBytes : inCharacters;
  if (share < 0.8 || length < 4) return undefined;
  const whole = rows.filter((row) => row.length === length);
  const starts = [0];
  for (let at = 1; at < length; at++) {
    const before = whole.every((row) => row[at - 1] === 'blank');
    const now = whole.some((row) => row[at] !== 'blank');
    // text of one kind ends here in every line, and another begins
    const turned =
      whole.every((row) => row[at] !== 'blank' && row[at] === whole[0]?.[at]) &&
      whole.filter((row) => row[at - 1] !== row[at]).length === whole.length &&
      (whole[0]?.[at] === 'wide' || whole.some((row) => row[at - 1] === 'blank'));
    if ((before && now) || turned) starts.push(at);
  }
  const columns = starts.map((start, i) => ({
    name: `column${i + 1}`,
    start: start + 1,
    length: (starts[i + 1] ?? length) - start,
  }));
  return {
    source: { unit: bytes ? 'bytes' : 'characters', columns },
    decisions: [
      {
        about: 'columns',
        proposed: columns.map(({ start, length: width }) => `${start}–${start + width - 1}`).join(', '),
        reason:
          `${Math.round(share * 100)} % of the lines have ${length} ${bytes ? 'bytes' : 'characters'}; columns ` +
          'begin where blanks end in every line, so those that touch are seen as one',
        zh: `${Math.round(share * 100)}% 的行等长；列从每行空格结束处开始，因此紧挨着的列被看作一列，请交技术人员核对`,
        sure: false,
        alternatives: [],
        option: '',
      },
    ],
  };
}
