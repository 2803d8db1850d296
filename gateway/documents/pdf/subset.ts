/**
 * The part of a TrueType font that a document uses, as a font of its own (OpenType 1.9; what ISO 32000-1, 9.9 asks of a
 * FontFile2).
 */

// flags of a composite glyph
const WORDS = 0x0001;
const SCALE = 0x0008;
const MORE = 0x0020;
const TWO_SCALES = 0x0040;
const FOUR_SCALES = 0x0080;

/** What a subset is made from: tables and outlines of one face, as its file has them. */
interface Outlines {
  readonly headTable: Buffer;
  readonly hheaTable: Buffer;
  readonly maxpTable: Buffer;
  readonly prepTable: Buffer | undefined;
  /** 0 where the face has no outline of the character. */
  outlineOf(codePoint: number): number;
  /** Advance width and left side bearing. */
  metric(outline: number): Buffer;
  outline(index: number): Buffer;
}

export class TrueTypeSubset {
  readonly #face: Outlines;
  /** Outline of each glyph of the subset, in its order; `.notdef` first. */
  readonly #outlines: number[] = [0];
  readonly #byCharacter = new Map<number, number>();

  constructor(face: Outlines) {
    this.#face = face;
  }

  /**
   * By character, not by outline: two characters of one outline stay two, and are read back as they were.
   * @returns index in the subset
   */
  includeGlyph(codePoint: number): number {
    let index = this.#byCharacter.get(codePoint);
    if (index === undefined) {
      index = this.#outlines.push(this.#face.outlineOf(codePoint)) - 1;
      this.#byCharacter.set(codePoint, index);
    }
    return index;
  }

  encode(): Buffer {
    const outlines = [...this.#outlines];
    // parts of composite glyphs come behind, so that no index changes
    const parts = new Map<number, number>();
    const glyphs: Buffer[] = [];
    for (let i = 0; i < outlines.length; i++) {
      glyphs.push(
        renumbered(this.#face.outline(outlines[i] ?? 0), (part) => {
          let index = parts.get(part);
          if (index === undefined) parts.set(part, (index = outlines.push(part) - 1));
          return index;
        }),
      );
    }
    const loca = Buffer.alloc((outlines.length + 1) * 4);
    let at = 0;
    const padded = glyphs.map((glyph, i) => {
      loca.writeUInt32BE(at, i * 4);
      const whole = glyph.length % 4 === 0 ? glyph : Buffer.concat([glyph, Buffer.alloc(4 - (glyph.length % 4))]);
      at += whole.length;
      return whole;
    });
    loca.writeUInt32BE(at, outlines.length * 4);
    const head = Buffer.from(this.#face.headTable);
    head.writeUInt32BE(0, 8);
    const hhea = Buffer.from(this.#face.hheaTable);
    hhea.writeUInt16BE(outlines.length, 34);
    const maxp = Buffer.from(this.#face.maxpTable);
    maxp.writeUInt16BE(outlines.length, 4);
    const { prepTable } = this.#face;
    return fontFile([
      ['glyf', Buffer.concat(padded)],
      ['head', head],
      ['hhea', hhea],
      ['hmtx', Buffer.concat(outlines.map((outline) => this.#face.metric(outline)))],
      ['loca', loca],
      ['maxp', maxp],
      ...(prepTable === undefined ? [] : [['prep', prepTable] as const]),
    ]);
  }
}

/** A glyph whose parts, if it is made of such, carry the numbers of the subset. */
function renumbered(glyph: Buffer, number: (outline: number) => number): Buffer {
  if (glyph.length === 0 || glyph.readInt16BE(0) >= 0) return glyph;
  const copy = Buffer.from(glyph);
  for (let at = 10, more = true; more; ) {
    const flags = copy.readUInt16BE(at);
    copy.writeUInt16BE(number(copy.readUInt16BE(at + 2)), at + 2);
    at += 4 + ((flags & WORDS) === 0 ? 2 : 4);
    if ((flags & SCALE) !== 0) at += 2;
    else if ((flags & TWO_SCALES) !== 0) at += 4;
    else if ((flags & FOUR_SCALES) !== 0) at += 8;
    more = (flags & MORE) !== 0;
  }
  return copy;
}

function checksum(table: Buffer): number {
  let sum = 0;
  const whole = table.length - (table.length % 4);
  for (let at = 0; at < whole; at += 4) sum = (sum + table.readUInt32BE(at)) >>> 0;
  if (whole < table.length)
    sum = (sum + Buffer.concat([table.subarray(whole), Buffer.alloc(4 - (table.length % 4))]).readUInt32BE(0)) >>> 0;
  return sum;
}

function fontFile(tables: readonly (readonly [string, Buffer])[]): Buffer {
  const power = 2 ** Math.floor(Math.log2(tables.length));
  const header = Buffer.alloc(12 + tables.length * 16);
  header.writeUInt32BE(0x00010000, 0);
  header.writeUInt16BE(tables.length, 4);
  header.writeUInt16BE(power * 16, 6);
  header.writeUInt16BE(Math.log2(power), 8);
  header.writeUInt16BE((tables.length - power) * 16, 10);
  const bodies: Buffer[] = [];
  let at = header.length;
  tables.forEach(([name, table], i) => {
    const row = 12 + i * 16;
    header.write(name, row, 'latin1');
    header.writeUInt32BE(checksum(table), row + 4);
    header.writeUInt32BE(at, row + 8);
    header.writeUInt32BE(table.length, row + 12);
    bodies.push(table, Buffer.alloc((4 - (table.length % 4)) % 4));
    at += table.length + ((4 - (table.length % 4)) % 4);
  });
  return Buffer.concat([header, ...bodies]);
}
