/** What a merge saves, counted. */
import type { Merged } from './merge.js';
import type { Material } from './types.js';

/** Before: each department with its own form and its own papers. After: one form. */
interface Figures {
  readonly bundle: string;
  readonly forms: { readonly before: number; readonly after: number };
  /** `names`: what is still asked, by element, or by question where its answer stands in no form. */
  readonly fields: { readonly before: number; readonly after: number; readonly names: readonly string[] };
  readonly materials: { readonly before: number; readonly after: number };
}

/** What the applicant still hands in: made of the form and signed, or uploaded because no register has it. */
export const handedIn = ({ kind, within }: Material): boolean => kind !== 'data' && within === undefined;

/** Of what certainly applies under the answers; every question that is asked counts as a field. */
export function figuresOf({ bundle, items, fields, questions, materials }: Merged): Figures {
  const sure = new Set(items.filter(({ applies }) => applies === 'yes').map(({ item }) => item.id));
  const shown = fields.filter((field) => field.shown === 'yes');
  const before = fields.reduce((sum, { forms }) => sum + forms.filter((one) => one.shown === 'yes').length, 0);
  const names = new Set([
    ...questions.map(({ id, element }) => element ?? id),
    ...shown.filter(({ way }) => way.way === 'asked').map(({ element }) => element.id),
  ]);
  const needed = materials.filter((one) => one.needed === 'yes').map(({ material }) => material);
  return {
    bundle: bundle.id,
    forms: { before: sure.size, after: Math.min(sure.size, 1) },
    fields: { before, after: names.size, names: [...names] },
    materials: {
      before: needed.reduce((sum, { items: of }) => sum + of.filter((item) => sure.has(item)).length, 0),
      after: needed.filter(handedIn).length,
    },
  };
}
