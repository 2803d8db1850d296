/** Columns of a table whose first row names them. */
import { YitongError } from '../../contracts/errors.js';

/** The second `Libelle_commune` is `Libelle_commune#2`; a column without a name is `#<number>`. */
export function headerNames(fields: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return fields.map((field, i) => {
    const name = field.trim() === '' ? `#${i + 1}` : field.trim();
    if (name === '__proto__') throw new YitongError('bad_feed', 'a column has a name that cannot be used');
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  });
}

/** A column that the mapping reads and that is not there. */
export const missingColumn = (found: readonly string[], wanted: ReadonlySet<string>): string | undefined =>
  [...wanted].find((column) => !found.includes(column));

/** @throws YitongError `bad_feed` if a column that the mapping reads is not there */
export function requireColumns(file: string, found: readonly string[], wanted: ReadonlySet<string>): readonly string[] {
  const missing = missingColumn(found, wanted);
  if (missing !== undefined)
    throw new YitongError('bad_feed', `the file \`${file}\` lacks the column \`${missing}\` that the mapping reads`);
  return found;
}
