/**
 * Pages of a tagged PDF that claims PDF/UA-1 (ISO 14289-1; on ISO 32000-1, 14.8), in one go and in memory, on PDFKit.
 * What PDFKit keeps to itself is named here and nowhere else.
 */
import PDFDocument from 'pdfkit';
import { faceOf, type TrueTypeFace, type Weight } from './font.js';
import { PLACEHOLDER } from './seal.js';
import type { TrueTypeSubset } from './subset.js';
import { drawable, widthOf, wrap } from './text.js';

export type Colour = string;
export const INK = '#16211f';
export const SOFT = '#5a6764';
export const LINE = '#cfd8d4';
export const BRAND = '#0b5d57';

/** Points. */
export const WIDTH = 595.28;
export const HEIGHT = 841.89;
export const LEFT = 44;
export const RIGHT = WIDTH - 44;
export const TOP = 70;

export type Element = PDFKit.PDFStructureElement;
interface Reference {
  readonly data: Record<string, unknown>;
  write(chunk: string | Uint8Array): void;
  end(): void;
}
/** A font as PDFKit embeds it at the end: what was used of it, by the index in its subset. */
interface Embedded {
  readonly id: string;
  readonly subset: TrueTypeSubset;
  readonly widths: number[];
  readonly unicode: (readonly number[])[];
  ref(): Reference;
}
interface Page {
  readonly xobjects: Record<string, Reference>;
  readonly fonts: Record<string, Reference>;
  readonly ext_gstates: Record<string, Reference>;
  readonly dictionary: Reference;
  write(operators: string): void;
}
interface Insides {
  readonly _font: Embedded;
  readonly _root: Reference;
  ref(data: object): Reference;
  struct(type: string, options: object, children: readonly PDFKit.PDFStructureContent[]): Element;
  addContent(operators: string): void;
  readonly page: Page;
}

export interface Style {
  /** Points; default 9. */
  readonly size?: number;
  readonly weight?: Weight;
  readonly colour?: Colour;
}
interface TagOptions {
  readonly alt?: string;
  readonly lang?: string;
  readonly scope?: 'Row' | 'Column';
  /** Columns of the table that a cell goes over, where not one. */
  readonly columns?: number;
  readonly bbox?: readonly [number, number, number, number];
}

interface SheetOptions {
  readonly title: string;
  readonly author: string;
  /** Further entries of the information dictionary. */
  readonly info: Readonly<Record<string, string>>;
  readonly at: Date;
  /** Where content ends on each page. */
  readonly bottom: number;
}

/** `#16211f` as three operands between 0 and 1. */
function operandsOf(colour: Colour): string {
  let operands = operandsByColour.get(colour);
  if (operands === undefined)
    operandsByColour.set(
      colour,
      (operands = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255).toFixed(3)).join(' ')),
    );
  return operands;
}
const operandsByColour = new Map<Colour, string>();

export const leading = (size: number): number => size * 1.45;

export class Sheet extends PDFDocument {
  /** Characters that the font has not, as `U+…`, in the order in which they came. */
  readonly outside = new Set<string>();
  readonly root: Element;
  readonly bottom: number;
  readonly #insides: Insides;
  readonly #fonts: Readonly<Record<Weight, Embedded>>;
  readonly #operators = new Map<Page, string[]>();
  readonly #written: Readonly<Record<Weight, Map<string, string>>> = { regular: new Map(), bold: new Map() };
  readonly #drawn = new Map<string, string>();
  // set by `push`, which the parent's constructor calls already
  declare private parts: Buffer[] | undefined;

  constructor({ title, author, info, at, bottom }: SheetOptions) {
    super({
      // its types do not know the subset that it has
      size: [WIDTH, HEIGHT],
      margin: 0,
      pdfVersion: '1.7',
      subset: 'PDF/UA' as 'PDF/A-1',
      tagged: true,
      lang: 'zh-CN',
      displayTitle: true,
      bufferPages: true,
      autoFirstPage: false,
      font: faceOf('regular') as unknown as string,
      info: {
        Title: title,
        Author: author,
        Producer: 'Yitong',
        Creator: 'Yitong',
        CreationDate: at,
        ModDate: at,
        ...info,
      },
    });
    this.#insides = this as unknown as Insides;
    this.bottom = bottom;
    const embedded = (weight: Weight): Embedded => {
      this.registerFont(weight, faceOf(weight) as unknown as string).font(weight);
      return this.#insides._font;
    };
    this.#fonts = { regular: embedded('regular'), bold: embedded('bold') };
    this.root = this.struct('Document');
    this.addStructure(this.root);
  }

  override push(chunk: Uint8Array | null): boolean {
    if (chunk !== null) (this.parts ??= []).push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    return true;
  }
  /**
   * A page's operators are gathered and written in one go: three thousand small writes are half of what a report costs.
   */
  override addContent(operators: string): this {
    const { page } = this.#insides;
    const held = this.#operators.get(page);
    if (held === undefined) this.#operators.set(page, [operators]);
    else held.push(operators);
    return this;
  }
  /** The signature's own dictionary would need fonts of a form: it is ended in `signable`. */
  override endAcroForm(): this {
    return this;
  }

  /** Of the page that is drawn on, from 1. */
  get pageNumber(): number {
    return this.bufferedPageRange().count;
  }

  face(weight: Weight = 'regular'): TrueTypeFace {
    return faceOf(weight);
  }

  /** The text as it can be drawn; what the font has not is noted. */
  drawable(text: string): string {
    let drawn = this.#drawn.get(text);
    if (drawn === undefined) {
      drawn = drawable(text, this.face(), (code) => this.outside.add(code));
      this.#drawn.set(text, drawn);
    }
    return drawn;
  }

  /** Notes what the font has not of all texts in a value, however deep. */
  noteAll(value: unknown): void {
    if (typeof value === 'string') this.drawable(value);
    else if (typeof value === 'object' && value !== null)
      for (const member of Object.values(value)) this.noteAll(member);
  }

  /** Lines of a text that was not made drawable yet. */
  lines(text: string, width: number, { size = 9, weight = 'regular' }: Style = {}): readonly string[] {
    return wrap(this.drawable(text), this.face(weight), size, width);
  }

  widthOf(text: string, { size = 9, weight = 'regular' }: Style = {}): number {
    return widthOf(this.drawable(text), this.face(weight), size);
  }

  /** One line whose box begins at `y`; of height `leading(size)`. */
  put(line: string, x: number, y: number, { size = 9, weight = 'regular', colour = INK }: Style = {}): void {
    if (line === '') return;
    const font = this.#fonts[weight];
    let glyphs = '';
    for (const character of line) glyphs += this.#written[weight].get(character) ?? this.#write(character, weight);
    const { page } = this.#insides;
    page.fonts[font.id] ??= font.ref();
    // the em box of Chinese is centred in the line; the page's own y runs downwards, letters stand upright
    const base = y + leading(size) / 2 + size * 0.36;
    this.#insides.addContent(
      `q ${operandsOf(colour)} rg BT /${font.id} ${String(size)} Tf 1 0 0 -1 ${x.toFixed(2)} ` +
        `${base.toFixed(2)} Tm <${glyphs}> Tj ET Q`,
    );
  }

  /** Takes a character into the embedded font. @returns its index there, four hex digits */
  #write(character: string, weight: Weight): string {
    const codePoint = character.codePointAt(0) ?? 0;
    const face = this.face(weight);
    const width = face.advance(codePoint);
    // `drawable` has replaced what the font has not
    if (width === undefined) throw new Error('a character outside the font was to be drawn');
    const font = this.#fonts[weight];
    const glyph = font.subset.includeGlyph(codePoint);
    font.widths[glyph] = (width * 1000) / face.unitsPerEm;
    font.unicode[glyph] = [codePoint];
    const written = glyph.toString(16).padStart(4, '0');
    this.#written[weight].set(character, written);
    return written;
  }

  putRight(line: string, right: number, y: number, style: Style = {}): void {
    this.put(line, right - this.widthOf(line, style), y, style);
  }

  /** Lines one under the other. @returns where the next begins */
  putLines(lines: readonly string[], x: number, y: number, style: Style = {}): number {
    for (const line of lines) {
      this.put(line, x, y, style);
      y += leading(style.size ?? 9);
    }
    return y;
  }

  /** Text of the document's properties goes into XML as PDFKit is given it: a company's `&` would break it. */
  _addInfo(): void {
    const { info } = this;
    const escaped = Object.entries(info).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'string' ? value.replace(/[&<>]/g, (sign) => `&#${String(sign.charCodeAt(0))};`) : value,
    ]);
    this.info = Object.fromEntries(escaped) as typeof info;
    (PDFDocument.prototype as unknown as { _addInfo(this: Sheet): void })._addInfo.call(this);
    this.info = info;
  }

  /** An element of the structure with what `draw` puts on the page. */
  tag(parent: Element, type: string, draw: () => void, options: TagOptions = {}): void {
    this.tagParts(parent, type, [draw], options);
  }

  /**
   * One element whose parts stand on several pages: what comes before a part, as a new page, is done by the iterable.
   */
  tagParts(
    parent: Element,
    type: string,
    draws: Iterable<() => void>,
    { bbox, columns = 1, ...options }: TagOptions = {},
  ): void {
    const contents: PDFKit.PDFStructureContent[] = [];
    for (const draw of draws) {
      contents.push(this.markStructureContent(type));
      draw();
      this.endMarkedContent();
    }
    const element = this.#insides.struct(
      type,
      { ...options, ...(bbox === undefined ? {} : { bbox: [...bbox] }) },
      contents,
    );
    const { data } = (element as unknown as { readonly dictionary: Reference }).dictionary;
    // PDFKit writes it for its own tables only
    if (columns > 1) data['A'] = { ...(data['A'] ?? {}), O: 'Table', ColSpan: columns };
    parent.add(element);
  }

  /** An element that holds others; it is ended after them. */
  group(parent: Element, type: string, build: (group: Element) => void): void {
    const group = this.struct(type);
    parent.add(group);
    build(group);
    group.end();
  }

  /** As `group`, for one that gets members later on as well; whoever opened it ends it. */
  open(parent: Element, type: string): Element {
    const group = this.struct(type);
    parent.add(group);
    return group;
  }

  /** What a screen reader passes over. */
  artifact(draw: () => void, type?: 'Pagination' | 'Layout'): void {
    this.markContent('Artifact', { type: type ?? 'Layout' });
    draw();
    this.endMarkedContent();
  }

  rule(x: number, y: number, right: number, colour: Colour = LINE, width = 0.5): void {
    this.moveTo(x, y).lineTo(right, y).lineWidth(width).strokeColor(colour).stroke();
  }

  /** A drawing that is kept once and shown on each page. @param operators in its own units, y upwards */
  drawing(name: string, operators: string, size: number): (x: number, y: number, width: number) => void {
    const form = this.#insides.ref({ Type: 'XObject', Subtype: 'Form', BBox: [0, 0, size, size], Resources: {} });
    form.write(operators);
    form.end();
    return (x, y, width) => {
      this.#insides.page.xobjects[name] = form;
      const scale = width / size;
      // the page's own y runs downwards
      this.#insides.addContent(
        `q ${scale.toFixed(6)} 0 0 ${(-scale).toFixed(6)} ${x.toFixed(3)} ${(y + width).toFixed(3)} cm /${name} Do Q`,
      );
    };
  }

  /**
   * A PNG in grey or RGB, whose white lets through what is below it: a PDF holds its pixels as the file does (ISO
   * 32000-1, 7.4.4.4).
   */
  stamp(name: string, png: Uint8Array): (x: number, y: number, width: number) => void {
    const bytes = Buffer.from(png.buffer, png.byteOffset, png.length);
    const [columns, rows] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    const grey = bytes[25] === 0;
    const image = this.#insides.ref({
      Type: 'XObject',
      Subtype: 'Image',
      Width: columns,
      Height: rows,
      BitsPerComponent: 8,
      ColorSpace: grey ? 'DeviceGray' : 'DeviceRGB',
      Filter: 'FlateDecode',
      DecodeParms: { Predictor: 15, Colors: grey ? 1 : 3, BitsPerComponent: 8, Columns: columns },
    });
    for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
      if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT')
        image.write(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
    }
    image.end();
    const blend = this.#insides.ref({ Type: 'ExtGState', BM: 'Multiply' });
    blend.end();
    return (x, y, width) => {
      const { page } = this.#insides;
      page.xobjects[name] = image;
      page.ext_gstates[`${name}Blend`] = blend;
      const height = (width * rows) / columns;
      this.#insides.addContent(
        `q /${name}Blend gs ${width.toFixed(3)} 0 0 ${(-height).toFixed(3)} ${x.toFixed(3)} ` +
          `${(y + height).toFixed(3)} cm /${name} Do Q`,
      );
    };
  }

  /** Leaves room for a signature of `room` bytes over all the file (ISO 32000-1, 12.8.1). */
  signable(room: number, at: Date): void {
    const { _root: catalogue, page } = this.#insides;
    const signature = this.#insides.ref({
      Type: 'Sig',
      Filter: 'Adobe.PPKLite',
      SubFilter: 'ETSI.CAdES.detached',
      ByteRange: [0, PLACEHOLDER, PLACEHOLDER, PLACEHOLDER],
      Contents: new Uint8Array(room),
      M: at,
    });
    // no appearance, and printed: what is said of the signature stands in the text
    const field = this.#insides.ref({
      Type: 'Annot',
      Subtype: 'Widget',
      FT: 'Sig',
      T: new String('signature'),
      TU: new String('Signature'),
      F: 132,
      Rect: [0, 0, 0, 0],
      P: page.dictionary,
      V: signature,
    });
    page.dictionary.data['Annots'] = [field];
    const form = this.#insides.ref({ Fields: [field], SigFlags: 3 });
    catalogue.data['AcroForm'] = form;
    for (const one of [signature, field, form]) one.end();
  }

  /** Ends the document. */
  finish(): Buffer {
    for (const [page, operators] of this.#operators) page.write(operators.join('\n'));
    this.end();
    return Buffer.concat(this.parts ?? []);
  }
}
