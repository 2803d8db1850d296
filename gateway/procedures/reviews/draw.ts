/**
 * Which answers a review looks at: drawn by what nobody chooses. The root of the published log at the moment of the
 * drawing, with the drawing's own id, orders all entries of the period; the first that match are the sample. Whoever
 * has the log draws the same again.
 */
import { createHash, hash } from 'node:crypto';

interface Drawing {
  /** 16 hex digits. */
  readonly id: string;
  /** Root of the published log, base64, of so many entries. */
  readonly root: string;
  readonly size: number;
  /** Entries of the period: from the first to the last one. */
  readonly first: number;
  readonly last: number;
  readonly wanted: number;
}

/** Places that are looked at in one drawing at most. */
export const MOST_LOOKS = 20_000;

/** The place in its period that comes `turn`-th: SHA-256 over root, id and turn, its first 48 bits. */
export function placeOf({ root, id, first, last }: Drawing, turn: number): number {
  const digest = createHash('sha256')
    .update(`${root}\n${id}\n${String(turn)}\n`)
    .digest();
  return first + (digest.readUIntBE(0, 6) % (last - first + 1));
}

/**
 * Entries in the order in which they are drawn, each once; fewer than are wanted where there are not so many among the
 * places that are looked at.
 */
export function draw(drawing: Drawing, matches: (index: number) => boolean): readonly number[] {
  const seen = new Set<number>();
  const drawn: number[] = [];
  const all = drawing.last - drawing.first + 1;
  for (let turn = 0; turn < MOST_LOOKS && drawn.length < drawing.wanted && seen.size < all; turn++) {
    const place = placeOf(drawing, turn);
    if (seen.has(place)) continue;
    seen.add(place);
    if (matches(place)) drawn.push(place);
  }
  return drawn;
}

/** Of a drawing that is put on record: what it was made of, in one digest. */
export const digestOf = (drawing: Drawing): string => hash('sha256', JSON.stringify(drawing), 'hex');
