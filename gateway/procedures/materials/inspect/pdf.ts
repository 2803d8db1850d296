/**
 * Whether a PDF is whole and does nothing by itself (ISO 32000-1). It is read twice: from its tables of objects, as
 * programs read it, and from the first byte to the last. Both have to find the same objects, so that nothing stands
 * where only one of them looks. Every object, those in compressed streams too, is searched for scripts, programs to
 * start, other files, forms that run, and media. What is written in a way that cannot be looked through is refused.
 */
import { setImmediate as soon } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inflate as inflateWith } from 'node:zlib';
import { YitongError } from '../../../../contracts/errors.js';
import { type PdfDictionary, PdfName, PdfReader, PdfReference, type PdfValue } from './pdf-values.js';
import { damagedFile } from './refuse.js';

const inflate = promisify(
  inflateWith as (data: Buffer, options: object, done: (e: Error | null, r: Buffer) => void) => void,
);

/** What only something that acts has, as the key of a dictionary. */
const ACTIVE_KEYS = new Set(['JS', 'JavaScript', 'EmbeddedFiles', 'EF', 'XFA', 'RichMediaContent', 'Launch']);
/** The same, as what `S`, `Type`, `Subtype` or an object by itself says. */
const ACTIVE_NAMES = new Set([
  'JavaScript',
  'Launch',
  'EmbeddedFile',
  'FileAttachment',
  'SubmitForm',
  'ImportData',
  'GoToE',
  'GoToR',
  'Rendition',
  'Movie',
  'Sound',
  'Screen',
  'RichMedia',
  'RichMediaExecute',
  '3D',
  'GoTo3DView',
]);
const TELLING = new Set(['S', 'Type', 'Subtype']);
/** Objects of a file, those in streams included. */
const MOST_OBJECTS = 300_000;
const MOST_SECTIONS = 500;
/** Bytes that all compressed streams of objects unfold to. */
const MOST_UNFOLDED = 33_554_432;
/** Objects between two looks at what else is to do. */
const AT_ONCE = 1000;

const active = (): never => {
  throw new YitongError(
    'file_active',
    'the PDF holds a script, an action, media, a form that runs or another file; print it to a new PDF, and send that',
  );
};
const encrypted = (): never => {
  throw new YitongError('file_encrypted', 'the PDF is encrypted; save it without a password, and send that');
};

/** @throws YitongError `file_active` where it holds something that acts */
function look(value: PdfValue): void {
  if (value instanceof PdfName) {
    if (ACTIVE_NAMES.has(value.name)) active();
    return;
  }
  if (Array.isArray(value)) {
    for (const one of value as readonly PdfValue[]) if (typeof one === 'object' && !(one instanceof PdfName)) look(one);
    return;
  }
  if (!(value instanceof Map)) return;
  for (const [key, inside] of value as PdfDictionary) {
    if (ACTIVE_KEYS.has(key)) active();
    if (!TELLING.has(key)) {
      if (!(inside instanceof PdfName)) look(inside);
    } else if (inside instanceof PdfReference) damagedFile('a part of the PDF does not say what it is');
    else look(inside);
  }
}

/** Where an object stands: in the file, or in a stream of objects. */
type Place = { readonly at: number } | { readonly within: number };

interface Found {
  readonly id: number;
  readonly value: PdfValue;
  readonly stream: Buffer | undefined;
  /** Behind it. */
  readonly end: number;
}

const isName = (value: PdfValue, name: string): boolean => value instanceof PdfName && value.name === name;
const dictionaryOf = (value: PdfValue): PdfDictionary | undefined =>
  value instanceof Map ? (value as PdfDictionary) : undefined;
const wholeNumber = (value: PdfValue): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

class PdfInspection {
  readonly #bytes: Buffer;
  /** As the newest tables say it. */
  readonly #places = new Map<number, Place>();
  /** All that any table says, older ones included. */
  readonly #told: { readonly id: number; readonly at: number }[] = [];
  readonly #containers = new Set<number>();
  #root: PdfValue;
  #unfolded = 0;
  #objects = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  async inspect(): Promise<void> {
    await this.#readTables();
    const { starts, streams } = await this.#readThrough();
    for (const { id, at } of this.#told) {
      const reader = new PdfReader(this.#bytes, at);
      reader.skip();
      if (starts.get(reader.at) !== id) damagedFile('a table of the PDF names an object that is not there');
    }
    for (const id of this.#containers)
      if (!streams.has(id)) damagedFile('a table of the PDF names an object that is not there');
    await this.#checkPages(streams);
  }

  // tables, as programs read them

  async #readTables(): Promise<void> {
    const tail = this.#bytes.toString('latin1', Math.max(0, this.#bytes.length - 1100));
    const last = [...tail.matchAll(/startxref[\s\0]+(\d{1,12})[\s\0]+%%EOF/g)].at(-1);
    if (last === null || last === undefined) return damagedFile('the PDF ends too early');
    const open = [Number(last[1])];
    const done = new Set<number>();
    for (let at = open.shift(); at !== undefined; at = open.shift()) {
      if (done.has(at)) continue;
      done.add(at);
      if (done.size > MOST_SECTIONS) damagedFile('the PDF was changed too often');
      const trailer = await this.#readTable(at);
      if (trailer.has('Encrypt')) encrypted();
      look(trailer);
      this.#root ??= trailer.get('Root');
      for (const key of ['XRefStm', 'Prev']) {
        const next = trailer.get(key);
        if (next === undefined) continue;
        open.push(wholeNumber(next) ?? damagedFile('a table of the PDF is damaged'));
      }
    }
  }

  async #readTable(at: number): Promise<PdfDictionary> {
    if (at >= this.#bytes.length) return damagedFile('a table of the PDF is not where it should be');
    const reader = new PdfReader(this.#bytes, at);
    if (!reader.takeWord('xref')) return await this.#readTableStream(at);
    this.#readRows(reader);
    return dictionaryOf(reader.value()) ?? damagedFile('a table of the PDF is damaged');
  }

  #readRows(reader: PdfReader): void {
    while (!reader.takeWord('trailer')) {
      const first = reader.integer();
      const count = reader.integer();
      if (first === undefined || count === undefined || count > MOST_OBJECTS)
        return damagedFile('a table of the PDF is damaged');
      for (let id = first; id < first + count; id++) {
        const offset = reader.integer();
        if (offset === undefined || reader.integer() === undefined) return damagedFile('a table of the PDF is damaged');
        if (reader.takeWord('n')) this.#note(id, { at: offset });
        else if (!reader.takeWord('f')) return damagedFile('a table of the PDF is damaged');
      }
    }
  }

  async #readTableStream(at: number): Promise<PdfDictionary> {
    const found = this.#objectAt(at);
    const dictionary = dictionaryOf(found?.value);
    if (found?.stream === undefined || dictionary === undefined || !isName(dictionary.get('Type'), 'XRef'))
      return damagedFile('a table of the PDF is not where it should be');
    const rows = await this.#unfold(found.stream, dictionary);
    const widths = dictionary.get('W');
    const [type = NaN, middle = NaN, last = NaN] = Array.isArray(widths) ? widths.map(Number) : [];
    const width = type + middle + last;
    if (![type, middle, last].every((one) => one >= 0 && one <= 6) || width === 0)
      return damagedFile('a table of the PDF is damaged');
    const size = wholeNumber(dictionary.get('Size')) ?? 0;
    const index = dictionary.get('Index') ?? [0, size];
    const ranges = Array.isArray(index) ? index.map((one: PdfValue) => wholeNumber(one) ?? NaN) : [NaN];
    let row = 0;
    for (let n = 0; n < ranges.length; n += 2) {
      const [first = NaN, count = NaN] = ranges.slice(n, n + 2);
      if (!(count <= MOST_OBJECTS) || (row + count) * width > rows.length || Number.isNaN(first))
        return damagedFile('a table of the PDF is damaged');
      for (let id = first; id < first + count; id++, row++) {
        const from = row * width;
        const kind = type === 0 ? 1 : rows.readUIntBE(from, type);
        const value = middle === 0 ? 0 : rows.readUIntBE(from + type, middle);
        if (kind === 1) this.#note(id, { at: value });
        else if (kind === 2) this.#note(id, { within: value });
      }
    }
    return dictionary;
  }

  #note(id: number, place: Place): void {
    // an object at 0 is none: programs write it so for one that was removed
    if ('at' in place && place.at === 0) return;
    if ('at' in place) this.#told.push({ id, at: place.at });
    else this.#containers.add(place.within);
    if (this.#told.length > MOST_OBJECTS) damagedFile('the PDF has too many parts');
    if (!this.#places.has(id)) this.#places.set(id, place);
  }

  // all bytes, from the first to the last

  async #readThrough(): Promise<{ readonly starts: ReadonlyMap<number, number>; readonly streams: Set<number> }> {
    const starts = new Map<number, number>();
    const streams = new Set<number>();
    const reader = new PdfReader(this.#bytes);
    for (reader.skip(); reader.at < this.#bytes.length; reader.skip()) {
      if (reader.takeWord('xref')) {
        this.#passRows(reader);
        continue;
      }
      if (reader.takeWord('startxref')) {
        reader.integer();
        continue;
      }
      const start = reader.at;
      const found = this.#objectAt(start) ?? damagedFile('something stands between the parts of the PDF');
      starts.set(start, found.id);
      await this.#count();
      look(found.value);
      if (isName(dictionaryOf(found.value)?.get('Type'), 'ObjStm')) {
        for (const { value } of await this.#objectsIn(found)) {
          look(value);
          await this.#count();
        }
        streams.add(found.id);
      }
      reader.at = found.end;
    }
    return { starts, streams };
  }

  #passRows(reader: PdfReader): void {
    for (let word = reader.integer(); word !== undefined; word = reader.integer())
      if (!reader.takeWord('n')) reader.takeWord('f');
    const trailer = reader.takeWord('trailer') ? dictionaryOf(reader.value()) : undefined;
    if (trailer === undefined) return damagedFile('a table of the PDF is damaged');
    if (trailer.has('Encrypt')) encrypted();
    look(trailer);
  }

  async #count(): Promise<void> {
    this.#objects++;
    if (this.#objects > MOST_OBJECTS) damagedFile('the PDF has too many parts');
    if (this.#objects % AT_ONCE === 0) await soon();
  }

  // objects

  /** Undefined where none begins there. */
  #objectAt(at: number): Found | undefined {
    const reader = new PdfReader(this.#bytes, at);
    const id = reader.integer();
    if (id === undefined || reader.integer() === undefined || !reader.takeWord('obj')) return undefined;
    if (reader.takeWord('endobj')) return { id, value: undefined, stream: undefined, end: reader.at };
    const value = reader.value();
    if (reader.takeWord('endobj')) return { id, value, stream: undefined, end: reader.at };
    const dictionary = dictionaryOf(value);
    reader.skip();
    if (dictionary === undefined || !reader.take('stream') || !(reader.take('\r\n') || reader.take('\n')))
      return damagedFile('a part of the PDF has no end');
    const from = reader.at;
    const length = this.#lengthOf(dictionary.get('Length'));
    if (length === undefined || from + length > this.#bytes.length) return damagedFile('the PDF ends too early');
    reader.at = from + length;
    if (!reader.takeWord('endstream') || !reader.takeWord('endobj')) return damagedFile('a part of the PDF has no end');
    return { id, value, stream: this.#bytes.subarray(from, from + length), end: reader.at };
  }

  #lengthOf(value: PdfValue): number | undefined {
    if (!(value instanceof PdfReference)) return wholeNumber(value);
    const place = this.#places.get(value.id);
    if (place === undefined || !('at' in place)) return undefined;
    const reader = new PdfReader(this.#bytes, place.at);
    if (reader.integer() !== value.id || reader.integer() === undefined || !reader.takeWord('obj')) return undefined;
    return wholeNumber(reader.value());
  }

  async #objectsIn({ value, stream }: Found): Promise<readonly { readonly id: number; readonly value: PdfValue }[]> {
    const dictionary = dictionaryOf(value) ?? new Map<string, PdfValue>();
    if (stream === undefined) return damagedFile('a part of the PDF has no end');
    const bytes = await this.#unfold(stream, dictionary);
    const count = wholeNumber(dictionary.get('N')) ?? MOST_OBJECTS;
    const first = wholeNumber(dictionary.get('First')) ?? bytes.length;
    if (count >= MOST_OBJECTS || first > bytes.length) return damagedFile('a part of the PDF is damaged');
    const head = new PdfReader(bytes.subarray(0, first));
    return Array.from({ length: count }, () => {
      const [id, at] = [head.integer(), head.integer()];
      if (id === undefined || at === undefined || first + at >= bytes.length)
        return damagedFile('a part of the PDF is damaged');
      return { id, value: new PdfReader(bytes, first + at).value() };
    });
  }

  /** A stream of objects or a table, as it is meant. */
  async #unfold(stream: Buffer, dictionary: PdfDictionary): Promise<Buffer> {
    const only = (value: PdfValue): PdfValue => (Array.isArray(value) && value.length < 2 ? value[0] : value);
    const filter = only(dictionary.get('Filter'));
    if (filter === undefined && !dictionary.has('Filter')) return stream;
    if (!isName(filter, 'FlateDecode')) return damagedFile('the PDF is written in a way that cannot be looked through');
    let bytes: Buffer;
    try {
      bytes = await inflate(stream, { maxOutputLength: Math.max(1, MOST_UNFOLDED - this.#unfolded) });
    } catch {
      return damagedFile('a part of the PDF is damaged, or unfolds to too much');
    }
    this.#unfolded += bytes.length;
    const parameters = only(dictionary.get('DecodeParms'));
    if (parameters === undefined) return bytes;
    const { predictor, columns } = predictorOf(dictionaryOf(parameters));
    return predictor === 1 ? bytes : unpredicted(bytes, columns);
  }

  // pages

  async #checkPages(streams: ReadonlySet<number>): Promise<void> {
    const catalogue = await this.#read(this.#root, streams);
    const pages = await this.#read(catalogue?.get('Pages'), streams);
    if (!isName(catalogue?.get('Type'), 'Catalog') || !isName(pages?.get('Type'), 'Pages'))
      return damagedFile('the PDF has no pages');
    if (!((wholeNumber(pages?.get('Count')) ?? 0) > 0)) return damagedFile('the PDF has no pages');
    const kids = pages?.get('Kids');
    const [first] = Array.isArray(kids) ? (kids as readonly PdfValue[]) : [];
    if ((await this.#read(first, streams)) === undefined) return damagedFile('the PDF has no pages');
  }

  async #read(reference: PdfValue, streams: ReadonlySet<number>): Promise<PdfDictionary | undefined> {
    const place = reference instanceof PdfReference ? this.#places.get(reference.id) : undefined;
    if (place === undefined || !(reference instanceof PdfReference)) return undefined;
    if ('at' in place) return dictionaryOf(this.#objectAt(place.at)?.value);
    const container = this.#places.get(place.within);
    if (!streams.has(place.within) || container === undefined || !('at' in container)) return undefined;
    const found = this.#objectAt(container.at);
    const objects = found === undefined ? [] : await this.#objectsIn(found);
    return dictionaryOf(objects.find(({ id }) => id === reference.id)?.value);
  }
}

function predictorOf(parameters: PdfDictionary | undefined): { readonly predictor: number; readonly columns: number } {
  const number = (key: string, usual: number): number =>
    parameters?.has(key) === true ? (wholeNumber(parameters.get(key)) ?? -1) : usual;
  const [predictor, columns] = [number('Predictor', 1), number('Columns', 1)];
  const plain = number('Colors', 1) === 1 && number('BitsPerComponent', 8) === 8;
  if (parameters === undefined || !(predictor === 1 || predictor >= 10) || !plain || columns < 1 || columns > 65_536)
    return damagedFile('the PDF is written in a way that cannot be looked through');
  return { predictor, columns };
}

/** Rows without their PNG filters, one byte a sample. */
function unpredicted(bytes: Buffer, columns: number): Buffer {
  const rows = Math.floor(bytes.length / (columns + 1));
  const plain = Buffer.alloc(rows * columns);
  for (let row = 0; row < rows; row++) {
    const filter = bytes[row * (columns + 1)] ?? 0;
    if (filter > 4) damagedFile('a part of the PDF is damaged');
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const left = column === 0 ? 0 : (plain[at - 1] ?? 0);
      const up = row === 0 ? 0 : (plain[at - columns] ?? 0);
      const corner = row === 0 || column === 0 ? 0 : (plain[at - columns - 1] ?? 0);
      const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, corner)];
      plain[at] = ((bytes[row * (columns + 1) + 1 + column] ?? 0) + (guesses[filter] ?? 0)) & 0xff;
    }
  }
  return plain;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** @throws YitongError `file_damaged`, `file_active`, `file_encrypted` */
export async function inspectPdf(bytes: Buffer): Promise<void> {
  if (!/^%PDF-(?:1\.[0-7]|2\.0)[\s\0]/.test(bytes.toString('latin1', 0, 9)))
    return damagedFile('the PDF is of no version that is known');
  await new PdfInspection(bytes).inspect();
}
