/** In which forms a field can be released: what of a grant's `fields` a contract can carry. */
import type { Contract } from '../contracts/types.js';
import { bandsProblem } from './bands.js';
import { above, isWhole } from './fields.js';
import type { GrantField } from './types.js';

const DATES: ReadonlySet<string> = new Set(['date', 'timestamp']);
const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'double', 'decimal']);

/** What is wrong with the forms of a grant's fields, all of which the contract knows; undefined if nothing is. */
export function formsProblem(fields: readonly GrantField[], contract: Contract): string | undefined {
  const byPath = new Map(fields.map((field) => [field.path as string, field]));
  for (const { path, as, bands } of fields) {
    const info = contract.latest.fields.find((known) => known.path === path);
    if (info === undefined) return `\`${contract.id}\` has no field \`${path}\``;
    if ((as === 'band') !== (bands !== undefined))
      return `\`${path}\`: \`bands\` stands with the form \`band\`, and only with it`;
    if (bands !== undefined) {
      if (!DATES.has(info.type) && !NUMBERS.has(info.type))
        return `\`${path}\` is neither a number nor a date, so it has no bands`;
      const problem = bandsProblem(bands, DATES.has(info.type));
      if (problem !== undefined) return `\`${path}\`: ${problem}`;
    }
    if (as === 'count' && info.type !== 'array') return `\`${path}\` is no list, so there is nothing to count`;
    // a code of a short list is told by its first character
    if (as === 'masked' && (info.type !== 'string' || info.codelist !== undefined))
      return `\`${path}\` is not free text, so it cannot be masked`;
    const whole = above(path).find((way) => isWhole(byPath.get(way)?.as ?? 'value'));
    if (whole !== undefined)
      return `\`${path}\` lies in \`${whole}\`, of which the grant releases only \`${byPath.get(whole)?.as ?? ''}\``;
  }
  return undefined;
}
