/** Values of a PDF as any program writes them (ISO 32000-1, 7.3); strings are passed over. */
import { damagedFile } from './refuse.js';

export class PdfName {
  constructor(readonly name: string) {}
}
export class PdfReference {
  constructor(readonly id: number) {}
}
export type PdfDictionary = ReadonlyMap<string, PdfValue>;
/** `undefined`: a string, or a word that says nothing here. */
export type PdfValue = number | undefined | PdfName | PdfReference | readonly PdfValue[] | PdfDictionary;

const MAX_DEPTH = 60;
const SPACE = new Set([0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20]);
const DELIMITERS = new Set([...Buffer.from('()<>[]{}/%')]);
const PERCENT = 0x25;
const isEnd = (byte: number | undefined): boolean => byte === undefined || SPACE.has(byte) || DELIMITERS.has(byte);
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
/** Bytes of a name, a number or a word. */
const MOST_WORD = 4096;

export class PdfReader {
  constructor(
    readonly bytes: Buffer,
    public at = 0,
  ) {}

  /** White space and comments. */
  skip(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === undefined) return;
      if (SPACE.has(byte)) this.at++;
      else if (byte === PERCENT) this.#skipLine();
      else return;
    }
  }

  #skipLine(): void {
    while (this.at < this.bytes.length && this.bytes[this.at] !== 0x0a && this.bytes[this.at] !== 0x0d) this.at++;
  }

  #isNext(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.bytes[this.at + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /** Whether these signs come next; then they are behind. */
  take(text: string): boolean {
    if (!this.#isNext(text)) return false;
    this.at += text.length;
    return true;
  }

  /** As `take`, of a whole word, after white space. */
  takeWord(text: string): boolean {
    this.skip();
    if (!this.#isNext(text) || !isEnd(this.bytes[this.at + text.length])) return false;
    this.at += text.length;
    return true;
  }

  #word(): string {
    const from = this.at;
    while (!isEnd(this.bytes[this.at])) this.at++;
    if (this.at - from > MOST_WORD) damagedFile('the PDF holds a word without an end');
    return this.bytes.toString('latin1', from, this.at);
  }

  /** A whole number without a sign, after white space; undefined where there is none, and then nothing is passed. */
  integer(): number | undefined {
    const back = this.at;
    this.skip();
    const word = isDigit(this.bytes[this.at]) ? this.#word() : '';
    if (/^\d{1,12}$/.test(word)) return Number(word);
    this.at = back;
    return undefined;
  }

  value(depth = 0): PdfValue {
    if (depth > MAX_DEPTH) return damagedFile('the PDF is nested too deep');
    this.skip();
    if (this.take('<<')) return this.#dictionary(depth);
    if (this.take('[')) return this.#array(depth);
    if (this.take('/')) return new PdfName(nameIn(this.#word()));
    if (this.take('(')) return this.#literal();
    if (this.take('<')) return this.#hexadecimal();
    const from = this.at;
    if (isDigit(this.bytes[from])) return this.#numberOrReference();
    const word = this.#word();
    if (word === '') return damagedFile('the PDF holds what is no value');
    const number = Number(word);
    // `true`, `false`, `null`, and numbers in the ways in which programs miswrite them
    return Number.isNaN(number) ? undefined : number;
  }

  #numberOrReference(): PdfValue {
    const word = this.#word();
    if (!/^\d{1,12}$/.test(word)) return Number.isNaN(Number(word)) ? undefined : Number(word);
    const back = this.at;
    const generation = this.integer();
    if (generation !== undefined && this.takeWord('R')) return new PdfReference(Number(word));
    this.at = back;
    return Number(word);
  }

  #array(depth: number): PdfValue {
    const items: PdfValue[] = [];
    for (this.skip(); !this.take(']'); this.skip()) items.push(this.value(depth + 1));
    return items;
  }

  #dictionary(depth: number): PdfDictionary {
    const entries = new Map<string, PdfValue>();
    for (this.skip(); !this.take('>>'); this.skip()) {
      if (!this.take('/')) return damagedFile('a part of the PDF is not written as PDFs are');
      const key = nameIn(this.#word());
      // programs differ in which of two they take
      if (entries.has(key)) return damagedFile('a part of the PDF says the same thing twice');
      entries.set(key, this.value(depth + 1));
    }
    return entries;
  }

  #literal(): undefined {
    for (let depth = 1; depth > 0; this.at++) {
      const byte = this.bytes[this.at];
      if (byte === undefined) return damagedFile('the PDF ends within a text');
      if (byte === 0x5c) this.at++;
      else if (byte === 0x28) depth++;
      else if (byte === 0x29) depth--;
    }
    return undefined;
  }

  #hexadecimal(): undefined {
    for (; this.bytes[this.at] !== 0x3e; this.at++) {
      const byte = this.bytes[this.at];
      if (byte === undefined || !(SPACE.has(byte) || /[0-9a-fA-F]/.test(String.fromCharCode(byte))))
        return damagedFile('a text of the PDF is not written as PDFs are');
    }
    this.at++;
    return undefined;
  }
}

/** `/J#61vaScript` is `/JavaScript`. */
const nameIn = (word: string): string =>
  word.includes('#')
    ? word.replace(/#([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))
    : word;
