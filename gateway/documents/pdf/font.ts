/**
 * Noto Sans SC as PDFKit embeds it. Read straight from its TrueType tables (OpenType 1.9: head, hhea, maxp, hmtx, cmap
 * 12, loca, glyf), one glyph at a time, so that a face costs a few hundred kilobytes of a thread instead of ten
 * megabytes. Nothing is shaped: one character is one glyph, which is what Chinese needs and what makes text come out of
 * the document exactly as it went in.
 */
import { openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { TrueTypeSubset } from './subset.js';

export type Weight = 'regular' | 'bold';
const FILES: Readonly<Record<Weight, string>> = {
  regular: '400Regular/NotoSansSC_400Regular.ttf',
  bold: '600SemiBold/NotoSansSC_600SemiBold.ttf',
};

export interface Face {
  readonly postscriptName: string;
  readonly unitsPerEm: number;
  readonly ascent: number;
  readonly descent: number;
  /** Of the character, in thousandths of the size; undefined where the font has no such character. */
  advance(codePoint: number): number | undefined;
}

const faces = new Map<Weight, TrueTypeFace>();
/** One face a weight and thread. */
export function faceOf(weight: Weight): TrueTypeFace {
  let face = faces.get(weight);
  if (face === undefined)
    faces.set(
      weight,
      (face = new TrueTypeFace(
        createRequire(import.meta.url).resolve(`@expo-google-fonts/noto-sans-sc/${FILES[weight]}`),
        weight,
      )),
    );
  return face;
}

/** A face of a file that stays open. The members with PDFKit's names are what its embedding reads. */
export class TrueTypeFace implements Face {
  readonly postscriptName: string;
  readonly unitsPerEm: number;
  readonly ascent: number;
  readonly descent: number;
  readonly lineGap = 0;
  readonly xHeight: number;
  readonly capHeight: number;
  readonly italicAngle = 0;
  readonly bbox: { readonly minX: number; readonly minY: number; readonly maxX: number; readonly maxY: number };
  readonly post = { isFixedPitch: false };
  readonly head = { macStyle: { italic: false } };
  readonly 'OS/2' = { sFamilyClass: 0 };
  /** Tables that a subset takes over as they are. */
  readonly headTable: Buffer;
  readonly hheaTable: Buffer;
  readonly maxpTable: Buffer;
  readonly prepTable: Buffer | undefined;
  readonly #fd: number;
  readonly #tables = new Map<string, { readonly offset: number; readonly length: number }>();
  readonly #advances: Buffer;
  readonly #metrics: number;
  readonly #loca: Buffer;
  /** Groups of cmap format 12: first and last character, first glyph. */
  readonly #groups: Uint32Array;
  readonly #widths = new Map<number, number | undefined>();
  readonly #outlines = new Map<number, Buffer>();

  constructor(file: string, weight: Weight) {
    this.#fd = openSync(file, 'r');
    const count = this.#read(0, 12).readUInt16BE(4);
    const directory = this.#read(12, count * 16);
    for (let at = 0; at < directory.length; at += 16) {
      this.#tables.set(directory.toString('latin1', at, at + 4), {
        offset: directory.readUInt32BE(at + 8),
        length: directory.readUInt32BE(at + 12),
      });
    }
    this.headTable = this.#table('head');
    this.hheaTable = this.#table('hhea');
    this.maxpTable = this.#table('maxp');
    this.prepTable = this.#tables.has('prep') ? this.#table('prep') : undefined;
    const os2 = this.#table('OS/2');
    this.postscriptName = `NotoSansSC-${weight === 'regular' ? 'Regular' : 'SemiBold'}`;
    this.unitsPerEm = this.headTable.readUInt16BE(18);
    this.bbox = {
      minX: this.headTable.readInt16BE(36),
      minY: this.headTable.readInt16BE(38),
      maxX: this.headTable.readInt16BE(40),
      maxY: this.headTable.readInt16BE(42),
    };
    this.ascent = this.hheaTable.readInt16BE(4);
    this.descent = this.hheaTable.readInt16BE(6);
    this.xHeight = os2.readInt16BE(86);
    this.capHeight = os2.readInt16BE(88);
    this.#metrics = this.hheaTable.readUInt16BE(34);
    this.#advances = this.#table('hmtx');
    this.#loca = this.#table('loca');
    this.#groups = groupsOf(this.#table('cmap'));
    if (this.headTable.readInt16BE(50) !== 1) throw new Error('the font has offsets of another size than is read here');
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    if (readSync(this.#fd, bytes, 0, length, offset) !== length) throw new Error('the font file is cut short');
    return bytes;
  }

  #table(name: string): Buffer {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`the font has no table ${name}`);
    return this.#read(table.offset, table.length);
  }

  /** Index of the outline; 0 where the font has none. */
  outlineOf(codePoint: number): number {
    let [low, high] = [0, this.#groups.length / 3 - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const first = this.#groups[middle * 3] ?? 0;
      if (codePoint < first) high = middle - 1;
      else if (codePoint > (this.#groups[middle * 3 + 1] ?? 0)) low = middle + 1;
      else return (this.#groups[middle * 3 + 2] ?? 0) + codePoint - first;
    }
    return 0;
  }

  /** Advance and left bearing, as they stand in hmtx. */
  metric(outline: number): Buffer {
    if (outline < this.#metrics) return this.#advances.subarray(outline * 4, outline * 4 + 4);
    const bearing = this.#metrics * 4 + (outline - this.#metrics) * 2;
    const last = (this.#metrics - 1) * 4;
    return Buffer.concat([this.#advances.subarray(last, last + 2), this.#advances.subarray(bearing, bearing + 2)]);
  }

  /** The glyph's description in glyf. */
  outline(index: number): Buffer {
    let bytes = this.#outlines.get(index);
    if (bytes === undefined) {
      const from = this.#loca.readUInt32BE(index * 4);
      const length = this.#loca.readUInt32BE(index * 4 + 4) - from;
      bytes = this.#read((this.#tables.get('glyf')?.offset ?? 0) + from, length);
      this.#outlines.set(index, bytes);
    }
    return bytes;
  }

  advance(codePoint: number): number | undefined {
    if (this.#widths.has(codePoint)) return this.#widths.get(codePoint);
    const outline = this.outlineOf(codePoint);
    const width = outline === 0 ? undefined : this.metric(outline).readUInt16BE(0);
    this.#widths.set(codePoint, width);
    return width;
  }

  getGlyph(): { readonly advanceWidth: number } {
    return { advanceWidth: this.metric(0).readUInt16BE(0) };
  }

  /** PDFKit tells by it that this is a font; pages draw through the subset. */
  layout(): never {
    throw new Error('text is drawn glyph by glyph');
  }

  createSubset(): TrueTypeSubset {
    return new TrueTypeSubset(this);
  }
}

function groupsOf(cmap: Buffer): Uint32Array {
  for (let i = 0; i < cmap.readUInt16BE(2); i++) {
    const at = cmap.readUInt32BE(4 + i * 8 + 4);
    if (cmap.readUInt16BE(at) !== 12) continue;
    const count = cmap.readUInt32BE(at + 12);
    return Uint32Array.from({ length: count * 3 }, (_, n) => cmap.readUInt32BE(at + 16 + n * 4));
  }
  throw new Error('the font has no character map of format 12');
}
