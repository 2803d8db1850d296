/**
 * RFC 4180 records out of text that comes in pieces: csv-parse, and what it has no option for. It stops at a row that
 * breaks the rules of quotes; a reader must go on with the next line, as one slip of a pen must not cost the rest of
 * the register. So it is given whole lines, and after a broken one it starts anew behind that line. Rows end in CRLF,
 * LF or CR; empty lines are no rows.
 *
 * The only importer of csv-parse.
 */
import { CsvError, type Options, parse } from 'csv-parse/sync';
import type { BrokenCode } from '../../reading/port.js';

export interface CsvOptions {
  readonly separator: string;
  /** One character; empty: quotes are ordinary characters. */
  readonly quote: string;
}

interface Broken {
  readonly kind: 'broken';
  readonly code: BrokenCode;
  readonly reason: string;
  readonly raw: string;
  readonly tail: boolean;
}

export type CsvItem = { readonly kind: 'fields'; readonly fields: readonly string[] } | Broken;

/** Bytes of one record; an unclosed quote swallows at most this much before its line is given up. */
const MAX_RECORD = 1_048_576;
/** After so many broken lines the rest of the file is one broken row: the file is not what the feed says. */
const MAX_BREAKS = 10_000;
/** Bytes that may be read again after unclosed quotes, so that a hostile file costs a bounded time. */
const MAX_REREAD = 64 * 1_048_576;
const RAW = 4_096;
const LINE_END = /[\r\n]/;
const LF = 10;
const CR = 13;

const NOT_CLOSED = 'CSV_QUOTE_NOT_CLOSED';
const TOO_LONG = 'CSV_MAX_RECORD_SIZE';
const REASONS: Readonly<Record<string, string>> = {
  [NOT_CLOSED]: 'a quote is not closed',
  CSV_INVALID_CLOSING_QUOTE: 'a closing quote is followed by other text',
  INVALID_OPENING_QUOTE: 'a quote stands within an unquoted cell',
  [TOO_LONG]: `a row is longer than ${MAX_RECORD} bytes`,
};

class CsvReader {
  /** From the start of the first record that is not whole yet. */
  private held: Buffer = Buffer.alloc(0);
  /** Reading again is worth it once this much is held: a long record is not read anew with each piece. */
  private worth = 0;
  private breaks = 0;
  private reread = 0;
  private over = false;
  /**
   * A line that was given up before its end came; told when it comes, or when it never does: then nobody can say what
   * it swallowed.
   */
  private endless: Broken | undefined;
  private items: CsvItem[] = [];
  /** Where the last whole record ended in what is being parsed. */
  private end = 0;
  private readonly parsing: Options;

  constructor({ separator, quote }: CsvOptions) {
    this.parsing = {
      delimiter: separator,
      quote: quote === '' ? null : quote,
      escape: quote === '' ? null : quote,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: MAX_RECORD,
      on_record: (fields: string[], { bytes }) => {
        this.end = bytes;
        this.items.push({ kind: 'fields', fields });
        return null;
      },
    };
  }

  /** True once the rest was given up: nothing more will come. */
  get done(): boolean {
    return this.over;
  }

  /** Items that are whole with this piece. */
  read(piece: string, final: boolean): CsvItem[] {
    this.items = [];
    let rest = piece;
    if (this.endless !== undefined) {
      const end = piece.search(LINE_END);
      if (end < 0 && !final) return this.items;
      this.over = end < 0;
      this.items.push({ ...this.endless, tail: this.over });
      this.endless = undefined;
      rest = end < 0 ? '' : piece.slice(end);
    }
    this.held = this.held.length === 0 ? Buffer.from(rest) : Buffer.concat([this.held, Buffer.from(rest)]);
    if (final || this.held.length >= this.worth) this.readHeld(final);
    return this.items;
  }

  private readHeld(final: boolean): void {
    this.worth = 0;
    while (!this.over && this.held.length > 0) {
      const whole = final ? this.held.length : Math.max(this.held.lastIndexOf(LF), this.held.lastIndexOf(CR)) + 1;
      const wrong = whole > 0 ? this.parse(this.held.subarray(0, whole)) : undefined;
      if (wrong === undefined || wrong === NOT_CLOSED) {
        if (!final && this.held.length > MAX_RECORD) this.giveUpLine(TOO_LONG);
        else if (wrong === NOT_CLOSED && final) this.giveUpLine(wrong);
        else {
          if (wrong === NOT_CLOSED) this.worth = Math.min(this.held.length * 2, MAX_RECORD);
          return;
        }
      } else this.giveUpLine(wrong);
    }
  }

  /** Takes the whole records off what is held; the code of what is wrong with the next one. */
  private parse(lines: Buffer): string | undefined {
    this.end = 0;
    try {
      parse(lines, this.parsing);
      this.end = lines.length;
      return undefined;
    } catch (error) {
      if (!(error instanceof CsvError) || REASONS[error.code] === undefined) throw error;
      return error.code;
    } finally {
      this.held = this.held.subarray(this.end);
    }
  }

  private giveUpLine(code: string): void {
    const { held } = this;
    let start = 0;
    while (held[start] === LF || held[start] === CR) start++;
    let end = start;
    while (end < held.length && held[end] !== LF && held[end] !== CR) end++;
    this.breaks += 1;
    if (code === NOT_CLOSED || code === TOO_LONG) this.reread += held.length;
    this.over = this.breaks > MAX_BREAKS || this.reread > MAX_REREAD;
    // what swallowed the lines behind a short one was its quote
    const found = code === TOO_LONG && end - start <= MAX_RECORD ? NOT_CLOSED : code;
    const broken: Broken = {
      kind: 'broken',
      code: found === TOO_LONG ? 'record_too_large' : 'bad_row',
      reason: REASONS[found] ?? found,
      raw: held.toString('utf8', start, Math.min(end, start + RAW)),
      tail: this.over,
    };
    if (found === TOO_LONG && end === held.length && !this.over) this.endless = broken;
    else this.items.push(broken);
    this.held = held.subarray(end);
  }
}

/** Batches of items in file order; a failure of `pieces` passes through after what was read before it. */
export async function* csvItems(pieces: AsyncIterable<string>, options: CsvOptions): AsyncGenerator<CsvItem[]> {
  const reader = new CsvReader(options);
  for await (const piece of pieces) {
    const items = reader.read(piece, false);
    if (items.length > 0) yield items;
    if (reader.done) return;
  }
  const items = reader.read('', true);
  if (items.length > 0) yield items;
}
