/**
 * Text as it is drawn: what the font has not is replaced by a sign that can be read, and lines end where Chinese and
 * English let them.
 */
import type { Face } from './font.js';

const hexOf = (codePoint: number): string => `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;

/**
 * `［U+20BB7］` in place of a character that the font has not; each such character is told once. White space becomes a
 * space, line ends stay.
 */
export function drawable(text: string, face: Face, onOutside: (codePoint: string) => void): string {
  let drawn = '';
  for (const character of text.replace(/\r\n?/g, '\n')) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (character === '\n') drawn += '\n';
    else if (character === '\t') drawn += ' ';
    else if (codePoint >= 0x20 && codePoint !== 0x7f && face.advance(codePoint) !== undefined) drawn += character;
    else {
      onOutside(hexOf(codePoint));
      drawn += `［${hexOf(codePoint)}］`;
    }
  }
  return drawn;
}

/** GB/T 15834: what does not begin a line, and what does not end one. */
const NO_START = new Set('，。、；：！？）】〕》〉”’」』％…—·,.;:!?)]}%');
const NO_END = new Set('（【〔《〈“‘「『([{');
const isWide = (character: string): boolean => (character.codePointAt(0) ?? 0) >= 0x2e80;

export function widthOf(text: string, face: Face, size: number): number {
  let width = 0;
  for (const character of text) width += face.advance(character.codePointAt(0) ?? 0) ?? 0;
  return (width * size) / face.unitsPerEm;
}

/** Lines of at most `width`; a word that is longer is broken. Spaces at the end of a line go. */
export function wrap(text: string, face: Face, size: number, width: number): readonly string[] {
  return text.split('\n').flatMap((paragraph) => wrapOne([...paragraph], face, (width * face.unitsPerEm) / size));
}

function wrapOne(characters: readonly string[], face: Face, limit: number): string[] {
  const lines: string[] = [];
  let start = 0;
  let breakAt = 0;
  let used = 0;
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    const before = characters[i - 1];
    if (
      i > start &&
      before !== undefined &&
      character !== ' ' &&
      (before === ' ' || before === '-' || isWide(before) || isWide(character)) &&
      !NO_START.has(character) &&
      !NO_END.has(before)
    )
      breakAt = i;
    used += face.advance(character.codePointAt(0) ?? 0) ?? 0;
    if (used > limit && i > start && character !== ' ') {
      if (breakAt <= start) breakAt = i;
      lines.push(characters.slice(start, breakAt).join('').trimEnd());
      start = breakAt;
      used = 0;
      for (let n = start; n <= i; n++) used += face.advance((characters[n] ?? '').codePointAt(0) ?? 0) ?? 0;
    }
  }
  lines.push(characters.slice(start).join('').trimEnd());
  return lines;
}
