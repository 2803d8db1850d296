/** Whether a row names the columns, or is data already. */
import type { KeyScheme, Localised } from '../../contracts/types.js';
import { telling } from './profile.js';

const DATA = /^[-+]?[\d.,:/ -]+$/;
const hasKey = (cells: readonly string[], schemes: ReadonlyMap<string, KeyScheme>): boolean =>
  cells.some((cell) => [...telling(schemes).values()].some((scheme) => scheme.parse(cell.trim()).ok));
const dataLike = (cell: string): boolean => cell.trim() !== '' && DATA.test(cell.trim());

interface HeaderGuess {
  readonly header: boolean;
  readonly reason: Localised;
  readonly sure: boolean;
}

export function isHeader(
  first: readonly string[],
  rest: readonly (readonly string[])[],
  schemes: ReadonlyMap<string, KeyScheme>,
): HeaderGuess {
  if (hasKey(first, schemes))
    return {
      header: false,
      reason: { zh: '首行含有有效的主体标识，因此是数据', en: 'the first row holds a valid key, so it is data' },
      sure: true,
    };
  const named = first.filter((cell) => cell.trim() !== '');
  const numbers = first.filter(dataLike).length;
  if (numbers > 0) {
    // a year or a number among titles occurs; below titles there are such cells as well
    return {
      header: numbers * 3 < first.length,
      reason: {
        zh: `首行 ${first.length} 格中有 ${numbers} 格是数字或日期`,
        en: `${numbers} of its ${first.length} cells are numbers or dates`,
      },
      sure: false,
    };
  }
  if (new Set(named).size < named.length * 0.7)
    return {
      header: false,
      reason: { zh: '首行各格有重复', en: 'cells of the first row repeat' },
      sure: false,
    };
  const below = rest.some((row) => row.some(dataLike));
  return {
    header: true,
    reason: below
      ? { zh: '首行均为文字，其下有数字和日期', en: 'its cells are words, below them stand numbers and dates' }
      : { zh: '首行均为文字，互不相同', en: 'its cells are words, each another one' },
    sure: below,
  };
}

/** The first row of a sheet that is as wide as the table and holds words only. */
export function headerRowOf(
  rows: readonly { readonly number: number; readonly cells: readonly string[] }[],
  schemes: ReadonlyMap<string, KeyScheme>,
): { readonly number: number; readonly reason: Localised; readonly sure: boolean } {
  const filled = rows.map(({ cells }) => cells.filter((cell) => cell.trim() !== '').length);
  const most = Math.max(...filled);
  const at = filled.findIndex((cells, i) => cells >= Math.max(2, most * 0.6) && !hasKey(rows[i]?.cells ?? [], schemes));
  const row = rows[at] ?? rows[0];
  const number = row?.number ?? 1;
  const words = row !== undefined && !row.cells.some(dataLike);
  return {
    number,
    reason:
      number === 1
        ? { zh: '首行与表同宽，且均为文字', en: 'the first row is as wide as the table and holds words' }
        : {
            zh: `上方各行较窄（为标题），第 ${number} 行与表同宽`,
            en: `the rows above are narrower (a title); row ${number} is as wide as the table`,
          },
    sure: words && at >= 0,
  };
}
