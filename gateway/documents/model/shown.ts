/** Whom a report is about, for somebody who only holds its code. */
import { keyOf, schemeOf } from '../../../contracts/ids.js';
import type { Shown } from '../../../contracts/reports.js';
import type { KeyScheme } from '../../../contracts/types.js';
import type { ReportModel } from './model.js';

export interface ShownSubject {
  readonly name: string;
  /** The key without its scheme. */
  readonly key: string;
}

const STARS = '＊＊';

/** Its first two and last two letters; of a short one the first alone. */
function maskedName(name: string): string {
  const letters = [...name];
  return letters.length < 6
    ? `${letters[0] ?? ''}${STARS}`
    : `${letters.slice(0, 2).join('')}${STARS}${letters.slice(-2).join('')}`;
}

/** In the model's order. A key of a scheme that is gone is not shown at all. */
export function shownSubjects(
  { subjects }: Pick<ReportModel, 'subjects'>,
  shown: Shown,
  schemes: ReadonlyMap<string, KeyScheme>,
): readonly ShownSubject[] {
  return subjects.map(({ subject, name }) => {
    const key = keyOf(subject);
    return {
      name: shown.name === 'value' ? name : maskedName(name),
      key: shown.subject === 'value' ? key : (schemes.get(schemeOf(subject))?.mask(key) ?? STARS),
    };
  });
}
