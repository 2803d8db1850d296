/** A table of figures: each column says its title, on a phone beside the figure, and what it shows of a row. */
import type { ComponentChildren, JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import type { Grade } from '../../../procedures/cases/machine.js';
import { GRADES, gradeNames } from '../../ui/rating.js';

interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => ComponentChildren;
}

interface FiguresTableProps<T> {
  readonly class?: string;
  /** What the rows are, and how one of them is called. */
  readonly head: Column<T>;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
}

const small = (title: string): string => title.charAt(0).toLowerCase() + title.slice(1);

export function FiguresTable<T>({ class: more, head, columns, rows, keyOf }: FiguresTableProps<T>): JSX.Element {
  return (
    <table class={more === undefined ? 'stack' : `stack ${more}`}>
      <thead>
        <tr>
          <th scope="col">{head.title}</th>
          {columns.map(({ title }) => (
            <th scope="col" class="n" key={title}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            <th scope="row">{head.of(row)}</th>
            {columns.map(({ title, of }) => (
              <td class="n" data-title={small(title)} key={title}>
                {of(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A column for each grade, the best first. */
export const gradeColumns = <T,>(
  language: Language,
  ratings: (row: T) => ReadonlyMap<Grade, number>,
): readonly Column<T>[] =>
  GRADES.map((grade) => ({
    title: gradeNames[grade][language],
    of: (row) => (ratings(row).get(grade) ?? 0).toLocaleString('en'),
  }));
