/**
 * Items out of JSON text that comes in pieces, so that memory holds one item and not the document; here those that
 * stand on lines.
 */
import { RAW, type Refusal, tooLarge } from '../../reading/json-value.js';

export type JsonItem =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'broken';
      readonly refusal: Refusal;
      readonly raw: string /** Nothing after it can be read. */;
      readonly tail: boolean;
    };

export interface ItemLimits {
  readonly bytes: number;
  readonly depth: number;
}

export interface ItemReader {
  /** True once nothing more will come. */
  readonly over: boolean;
  push(piece: string, out: JsonItem[]): void;
  end(out: JsonItem[]): void;
}

/** The text of the item that is being read; beyond the limit only its beginning is kept. */
export class Held {
  private text = '';
  tooLong = false;
  constructor(private readonly limit: number) {}

  add(piece: string): void {
    if (this.tooLong) return;
    this.text = this.text === '' ? piece : this.text + piece;
    if (this.text.length > this.limit) {
      this.tooLong = true;
      this.text = this.text.slice(0, RAW);
    }
  }
  get raw(): string {
    return this.text.slice(0, RAW);
  }
  take(): string {
    const { text } = this;
    this.text = '';
    this.tooLong = false;
    return text;
  }
}

/** Newline-delimited JSON: an item a line; empty lines are none. */
export class LineReader implements ItemReader {
  readonly over = false;
  private readonly held: Held;

  constructor(private readonly limits: ItemLimits) {
    this.held = new Held(limits.bytes);
  }

  push(piece: string, out: JsonItem[]): void {
    let from = 0;
    for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', from)) {
      this.held.add(piece.slice(from, at));
      this.give(out);
      from = at + 1;
    }
    if (from < piece.length) this.held.add(piece.slice(from));
  }

  end(out: JsonItem[]): void {
    this.give(out);
  }

  private give(out: JsonItem[]): void {
    const { tooLong } = this.held;
    const text = this.held.take();
    if (tooLong) out.push({ kind: 'broken', refusal: tooLarge(this.limits.bytes), raw: text, tail: false });
    else if (text.trim() !== '') out.push({ kind: 'text', text });
  }
}
