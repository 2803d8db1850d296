/** The first rows of a proposal, for the eye. */
import type { KeyScheme } from '../../contracts/types.js';
import type { Proposal } from './propose.js';

/** Of a value that says something of a person: no more than how it begins. */
export const maskedText = (value: string): string => `${value.slice(0, 1)}**`;

/** Values of people are not for whoever looks over the shoulder. */
export function maskedRows(
  { trial, fields, subjectField, draft }: Proposal,
  schemes: ReadonlyMap<string, KeyScheme>,
): readonly Readonly<Record<string, unknown>>[] {
  const scheme = schemes.get(draft.contractFile.subject.scheme);
  return trial.first.map((row) =>
    Object.fromEntries(
      fields.map(({ field, classification }): [string, unknown] => {
        const value = row[field];
        if (value === null || value === undefined || (classification !== 'personal' && classification !== 'sensitive'))
          return [field, value ?? null];
        return [
          field,
          field === subjectField && typeof value === 'string' && scheme !== undefined
            ? scheme.mask(value)
            : maskedText(String(value)),
        ];
      }),
    ),
  );
}
