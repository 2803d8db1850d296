/** Whether a text says anything to somebody who reads it. */

/** A letter or a digit that can be seen: Hangul fillers are letters to Unicode, and blank to the eye. */
const SEEN = /(?![\u115f\u1160\u3164\uffa0])[\p{L}\p{N}]/u;

/** False of blanks of any kind, of what has no width, of marks and signs alone. */
export const saysSomething = (text: string): boolean => SEEN.test(text);
