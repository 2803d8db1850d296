/**
 * RFC 4180 records out of text that comes in pieces. Strict about quotes, as merged rows in silence are the worst a CSV reader can do: a
 * quote opens only at the start of a cell and is followed by a separator or the end of the line where it closes. A line that breaks
 * this is given as broken, and reading goes on with the next line. Rows end in CRLF, LF or CR; empty lines are no rows.
 *
 * Our own scanner, as csv-parse 7 reads 15 MB/s where this reads over 100; csv-parse is the yardstick of its tests.
 */
export interface CsvOptions {
  readonly separator: string;
  /** One character; empty: quotes are ordinary characters. */
  readonly quote: string;
}

export type CsvItem =
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
  | { readonly kind: 'broken'; readonly reason: string; readonly raw: string; readonly tail: boolean };

/** Characters of one record; an unclosed quote swallows at most this much before its line is given up. */
const MAX_RECORD = 1_048_576;
/** After so many broken lines the rest of the file is one broken row: the file is not what the feed says. */
const MAX_BREAKS = 10_000;
/** Characters that may be read again after unclosed quotes, so that a hostile file costs a bounded time. */
const MAX_REREAD = 256 * 1_048_576;
const RAW = 4_096;
const LF = 10;
const CR = 13;

const NOT_CLOSED = 'a quote is not closed';
const AFTER_CLOSING = 'a closing quote is followed by other text';
const WITHIN = 'a quote stands within an unquoted cell';
const TOO_LONG = `a row is longer than ${MAX_RECORD} characters, or a quote is not closed`;

export class CsvScanner {
  /** Text from the start of the first record that is not whole yet. */
  private text = '';
  private at = 0;
  private fields: string[] = [];
  private breaks = 0;
  private reread = 0;
  private given = false;
  private readonly quoteCode: number;
  private readonly separatorCode: number;

  constructor(private readonly options: CsvOptions) {
    this.quoteCode = options.quote === '' ? -1 : options.quote.charCodeAt(0);
    this.separatorCode = options.separator.charCodeAt(0);
  }

  /** True once the rest was given up: nothing more will come. */
  get over(): boolean {
    return this.given;
  }

  push(piece: string, out: CsvItem[]): void {
    this.text = this.at >= this.text.length ? piece : this.text.slice(this.at) + piece;
    this.at = 0;
    this.scan(false, out);
  }

  end(out: CsvItem[]): void {
    this.scan(true, out);
  }

  private scan(final: boolean, out: CsvItem[]): void {
    while (!this.given && this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (code === LF || code === CR) {
        this.at += 1;
        continue;
      }
      this.fields = [];
      const result = this.record(this.at, final);
      if (typeof result === 'number') {
        if (result < 0) {
          if (this.text.length - this.at <= MAX_RECORD) return;
          if (!this.broken(TOO_LONG, final, out)) return;
          continue;
        }
        this.at = result;
        out.push({ kind: 'fields', fields: this.fields });
      } else if (!this.broken(result, final, out)) return;
    }
  }

  /** Where the next record starts, -1 if this one is not whole yet, or what is wrong with it. */
  private record(start: number, final: boolean): number | string {
    const { text, fields, quoteCode, separatorCode } = this;
    const { separator, quote } = this.options;
    const { length } = text;
    const single = separator.length === 1;
    let at = start;
    for (;;) {
      if (at < length && text.charCodeAt(at) === quoteCode) {
        let from = at + 1;
        let value = '';
        for (;;) {
          const close = text.indexOf(quote, from);
          if (close < 0) return final ? NOT_CLOSED : -1;
          if (close + 1 === length && !final) return -1;
          value = value === '' ? text.slice(from, close) : value + text.slice(from, close);
          if (text.charCodeAt(close + 1) !== quoteCode) {
            at = close + 1;
            break;
          }
          value += quote;
          from = close + 2;
        }
        fields.push(value);
      } else {
        let end = at;
        let code = 0;
        for (; end < length; end++) {
          code = text.charCodeAt(end);
          if (code === LF || code === CR || code === quoteCode || (code === separatorCode && (single || text.startsWith(separator, end)))) break;
        }
        if (end === length) {
          if (!final) return -1;
          fields.push(text.slice(at));
          return length;
        }
        if (code === quoteCode) return WITHIN;
        fields.push(text.slice(at, end));
        at = end;
      }
      if (at >= length) return final ? length : -1;
      const code = text.charCodeAt(at);
      if (code === LF) return at + 1;
      // a line feed that follows in the next piece is then an empty line, which is no row
      if (code === CR) return at + 1;
      if (code !== separatorCode || !(single || text.startsWith(separator, at))) {
        return !single && !final && at + separator.length > length ? -1 : AFTER_CLOSING;
      }
      at += separator.length;
      if (at >= length && !final) return -1;
    }
  }

  /** Gives the first line of what cannot be read and goes on behind it; false if that line is not whole yet. */
  private broken(reason: string, final: boolean, out: CsvItem[]): boolean {
    const newline = this.text.indexOf('\n', this.at);
    if (newline < 0 && !final && this.text.length - this.at <= MAX_RECORD) return false;
    const end = newline < 0 ? this.text.length : newline;
    this.breaks += 1;
    if (reason === NOT_CLOSED || reason === TOO_LONG) this.reread += this.text.length - this.at;
    const tail = this.breaks > MAX_BREAKS || this.reread > MAX_REREAD || (newline < 0 && !final);
    let raw = this.text.slice(this.at, Math.min(end, this.at + RAW));
    if (raw.endsWith('\r')) raw = raw.slice(0, -1);
    out.push({ kind: 'broken', reason, raw, tail });
    this.given = tail;
    this.at = newline < 0 ? this.text.length : newline + 1;
    return true;
  }
}

/** Batches of items in file order; a failure of `pieces` passes through after what was read before it. */
export async function* csvItems(pieces: AsyncIterable<string>, options: CsvOptions): AsyncGenerator<CsvItem[]> {
  const scanner = new CsvScanner(options);
  for await (const piece of pieces) {
    const out: CsvItem[] = [];
    scanner.push(piece, out);
    if (out.length > 0) yield out;
    if (scanner.over) return;
  }
  const out: CsvItem[] = [];
  scanner.end(out);
  if (out.length > 0) yield out;
}
