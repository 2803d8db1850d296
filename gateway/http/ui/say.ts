/** Words of a page in its language. */
import type { Language } from '../../ground/language/language.js';

export type Say = (zh: string, en: string) => string;
export const sayIn =
  (language: Language): Say =>
  (zh, en) =>
    language === 'zh' ? zh : en;

/** The id of a ticket or a case, easier to read out: `3f0a-91c2-…`. */
export const numberOf = (id: string): string => id.replace(/(.{4})(?=.)/g, '$1-');

/** In English: `1 field`, `12 fields`. */
export const counted = (n: number, one: string): string => `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`;
