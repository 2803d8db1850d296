/**
 * Reads the objects of a PDF that was written in one go: one cross-reference table, no object streams, no encryption
 * (ISO 32000-1, 7.5). Everything else is refused.
 */
import { type Bytes, latin1, malformed } from '../../ground/der/der.js';

export class Name {
  constructor(readonly name: string) {}
}
class Reference {
  constructor(readonly id: number) {}
}
/** A string, and the place where it stands in the file, its brackets included. */
export class PdfString {
  constructor(
    readonly bytes: Bytes,
    readonly from: number,
    readonly to: number,
  ) {}
}
type Dictionary = ReadonlyMap<string, Value>;
export type Value = number | boolean | null | Name | Reference | PdfString | readonly Value[] | Dictionary;

interface PdfObject {
  readonly value: Value;
  /** The stream behind it, as it stands in the file. */
  readonly stream?: Bytes;
}

const MAX_DEPTH = 40;
const isSpace = (c: number | undefined): boolean => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
const isEnd = (c: number | undefined): boolean =>
  c === undefined || isSpace(c) || '()<>[]{}/%'.includes(String.fromCharCode(c));

class Reader {
  constructor(
    readonly bytes: Bytes,
    public at: number,
  ) {}

  skip(): void {
    while (isSpace(this.bytes[this.at])) this.at++;
  }
  #next(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.bytes[this.at + i] !== text.charCodeAt(i)) return false;
    return true;
  }
  take(text: string): boolean {
    if (!this.#next(text)) return false;
    this.at += text.length;
    return true;
  }
  expect(text: string): void {
    if (!this.take(text)) malformed('the file is not written as reports are');
  }
  #word(): string {
    const from = this.at;
    while (!isEnd(this.bytes[this.at])) this.at++;
    return latin1(this.bytes.subarray(from, this.at));
  }

  value(depth = 0): Value {
    if (depth > MAX_DEPTH) return malformed('an object is nested too deep');
    this.skip();
    if (this.take('<<')) return this.#dictionary(depth);
    if (this.take('[')) {
      const items: Value[] = [];
      for (this.skip(); !this.take(']'); this.skip()) items.push(this.value(depth + 1));
      return items;
    }
    if (this.take('/'))
      return new Name(
        this.#word().replace(/#([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))),
      );
    if (this.#next('<')) return this.#hexString();
    if (this.#next('(')) return this.#literal();
    const word = this.#word();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(word)) return malformed('a value that is none');
    if (/^\d+$/.test(word)) {
      const back = this.at;
      this.skip();
      const generation = this.#word();
      this.skip();
      if (/^\d+$/.test(generation) && this.bytes[this.at] === 0x52 && isEnd(this.bytes[this.at + 1])) {
        this.at++;
        return generation === '0' ? new Reference(Number(word)) : malformed('an object of a later generation');
      }
      this.at = back;
    }
    return Number(word);
  }

  #dictionary(depth: number): Dictionary {
    const entries = new Map<string, Value>();
    for (this.skip(); !this.take('>>'); this.skip()) {
      const key = this.value(depth + 1);
      if (!(key instanceof Name) || entries.has(key.name)) return malformed('a dictionary of another form');
      entries.set(key.name, this.value(depth + 1));
    }
    return entries;
  }

  #hexString(): PdfString {
    const from = this.at++;
    const start = this.at;
    while (this.bytes[this.at] !== undefined && this.bytes[this.at] !== 0x3e) this.at++;
    const digits = latin1(this.bytes.subarray(start, this.at++));
    if (this.at > this.bytes.length || digits.length % 2 !== 0 || !/^[0-9a-f]*$/.test(digits))
      return malformed('a string that is not hexadecimal');
    return new PdfString(
      Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(i * 2, i * 2 + 2), 16)),
      from,
      this.at,
    );
  }

  #literal(): PdfString {
    const from = this.at++;
    const bytes: number[] = [];
    for (let depth = 1; ; this.at++) {
      const c = this.bytes[this.at] ?? malformed('a string without an end');
      if (c === 0x28) depth++;
      else if (c === 0x29 && --depth === 0) break;
      if (c !== 0x5c) {
        bytes.push(c);
        continue;
      }
      const escaped = this.bytes[++this.at] ?? malformed('a string without an end');
      const known = 'nrtbf'.indexOf(String.fromCharCode(escaped));
      bytes.push(known < 0 ? escaped : ([0x0a, 0x0d, 0x09, 0x08, 0x0c][known] ?? 0));
    }
    this.at++;
    return new PdfString(Uint8Array.from(bytes), from, this.at);
  }
}

export interface PdfFile {
  readonly bytes: Bytes;
  readonly trailer: Dictionary;
  object(reference: Value | undefined): PdfObject;
  /** The dictionary itself, or the one that is referred to. */
  dictionary(value: Value | undefined): Dictionary;
}

/** @throws Malformed */
export function readPdf(bytes: Bytes): PdfFile {
  if (!/^%PDF-1\.7\n/.test(latin1(bytes.subarray(0, 9)))) return malformed('no PDF of this form');
  const tail = /startxref\n(\d{1,10})\n%%EOF\n$/.exec(latin1(bytes.subarray(Math.max(0, bytes.length - 64))));
  if (tail === null) return malformed('the end of the file is not where it ends');
  const reader = new Reader(bytes, Number(tail[1]));
  reader.expect('xref\n0 ');
  const count = reader.value();
  reader.expect('\n');
  if (typeof count !== 'number' || count < 1 || reader.at + count * 20 > bytes.length)
    return malformed('a table of objects that is cut short');
  const offsets: number[] = [];
  for (let i = 0; i < count; i++, reader.at += 20) {
    const row = /^(\d{10}) (00000 n|65535 f) \n$/.exec(latin1(bytes.subarray(reader.at, reader.at + 20)));
    if (row === null || (row[2] === '65535 f') !== (i === 0)) return malformed('a table of objects of another form');
    offsets.push(Number(row[1]));
  }
  reader.expect('trailer\n');
  const trailer = reader.value();
  reader.expect('\n');
  if (
    !(trailer instanceof Map) ||
    trailer.has('Prev') ||
    trailer.has('XRefStm') ||
    trailer.has('Encrypt') ||
    reader.at + tail[0].length !== bytes.length
  )
    return malformed('a file that was written in several steps');

  const object = (reference: Value | undefined): PdfObject => {
    const at = reference instanceof Reference ? offsets[reference.id] : undefined;
    if (!(reference instanceof Reference) || at === undefined || reference.id === 0)
      return malformed('a reference to nothing');
    const one = new Reader(bytes, at);
    one.expect(`${String(reference.id)} 0 obj\n`);
    const value = one.value();
    one.skip();
    if (one.take('endobj')) return { value };
    one.expect('stream\n');
    const length = value instanceof Map ? value.get('Length') : undefined;
    if (typeof length !== 'number' || one.at + length > bytes.length) return malformed('a stream without a length');
    const stream = bytes.subarray(one.at, one.at + length);
    one.at += length;
    one.expect('\nendstream');
    return { value, stream };
  };
  const dictionary = (value: Value | undefined): Dictionary => {
    const found = value instanceof Reference ? object(value).value : value;
    return found instanceof Map ? found : malformed('no dictionary where one has to stand');
  };
  return { bytes, trailer, object, dictionary };
}
