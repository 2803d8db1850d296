/** Items out of a JSON document that comes in pieces: the elements of one of its arrays. */
import { RAW, tooDeep, tooLarge } from '../../reading/json-value.js';
import { Held, type ItemLimits, type ItemReader, type JsonItem } from './items.js';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const blank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

/** A container on the way to the items. */
interface Level {
  readonly array: boolean;
  /** The key or number of what is read next or now. */
  at: string | number;
  /** True where the way to the items may lead through here. */
  readonly onWay: boolean;
}

type Expect =
  | 'value'
  | 'value-or-end'
  | 'key'
  | 'key-or-end'
  | 'colon'
  | 'comma-or-end'
  | 'item-or-end'
  | 'item'
  | 'nothing';

/** Containers outside the items. */
const MAX_OUTSIDE = 64;
const MAX_KEY = 4_096;

/**
 * The elements of the array at a pointer. An element ends where its brackets close, so one that is not JSON costs
 * itself only; where brackets do not match, nobody can say where it ends, and it is the last.
 */
export class ArrayReader implements ItemReader {
  over = false;
  private found = false;
  private expect: Expect = 'value';
  private readonly levels: Level[] = [];
  /** A string or scalar outside the items. */
  private token: 'key' | 'string' | 'scalar' | undefined;
  private tokenText = '';
  private escaped = false;
  private inItem = false;
  private inString = false;
  /** Closing brackets that the item still needs, as far as they are counted one by one. */
  private readonly open: number[] = [];
  private deeper = 0;
  private tooDeep = false;
  private readonly held: Held;

  constructor(
    private readonly pointer: readonly string[],
    private readonly limits: ItemLimits,
  ) {
    this.held = new Held(limits.bytes);
  }

  push(piece: string, out: JsonItem[]): void {
    let at = 0;
    while (!this.over && at < piece.length) {
      if (this.inItem) at = this.item(piece, at, out);
      else if (this.token !== undefined) at = this.outside(piece, at, out);
      else {
        const code = piece.charCodeAt(at);
        if (blank(code)) at += 1;
        else at = this.step(code, at, out);
      }
    }
  }

  end(out: JsonItem[]): void {
    if (this.over) return;
    if (this.token === 'scalar' && this.levels.length === 0) this.endScalar(out);
    if (this.over) return;
    if (this.expect !== 'nothing' || this.inItem || this.token !== undefined)
      this.giveUp('the document ends before its end', out);
    else if (!this.found) this.missing(out);
  }

  private missing(out: JsonItem[]): void {
    this.giveUp(`the document has no array at \`/${this.pointer.join('/')}\``, out);
  }

  private giveUp(reason: string, out: JsonItem[]): void {
    out.push({ kind: 'broken', refusal: { code: 'bad_row', reason }, raw: this.held.raw, tail: true });
    this.over = true;
  }

  /** One character of structure. Returns where to go on. */
  private step(code: number, at: number, out: JsonItem[]): number {
    const { expect } = this;
    const level = this.levels.at(-1);
    const ends =
      expect === 'comma-or-end' || expect === 'value-or-end' || expect === 'key-or-end' || expect === 'item-or-end';
    if (ends && level !== undefined && code === (level.array ? CLOSE_ARRAY : CLOSE_OBJECT)) {
      this.levels.pop();
      this.afterValue();
      return at + 1;
    }
    switch (expect) {
      case 'item':
      case 'item-or-end':
        if (code === COMMA || code === CLOSE_ARRAY || code === CLOSE_OBJECT) break;
        this.inItem = true;
        return at;
      case 'value':
      case 'value-or-end':
        return this.value(code, at, out);
      case 'key':
      case 'key-or-end':
        if (code !== QUOTE) break;
        this.token = 'key';
        return at + 1;
      case 'colon':
        if (code !== COLON) break;
        this.expect = 'value';
        return at + 1;
      case 'comma-or-end':
        if (code !== COMMA || level === undefined) break;
        this.expect = this.itemsHere() ? 'item' : level.array ? 'value' : 'key';
        return at + 1;
      case 'nothing':
        break;
    }
    this.giveUp(expect === 'nothing' ? 'something follows the end of the document' : 'the document is not JSON', out);
    return at;
  }

  /** True where the elements of the innermost container are the items. */
  private itemsHere(): boolean {
    const level = this.levels.at(-1);
    return level?.array === true && level.onWay && this.levels.length === this.pointer.length + 1;
  }

  private value(code: number, at: number, out: JsonItem[]): number {
    const above = this.levels.at(-1);
    const depth = this.levels.length;
    const onWay = above === undefined || (above.onWay && String(above.at) === this.pointer[depth - 1]);
    if (onWay && depth === this.pointer.length) {
      if (code !== OPEN_ARRAY) this.missing(out);
      else if (this.found) this.giveUp('the document has two arrays at the place of the items', out);
      else {
        this.found = true;
        this.levels.push({ array: true, at: 0, onWay: true });
        this.expect = 'item-or-end';
      }
      return at + 1;
    }
    if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (depth >= MAX_OUTSIDE) this.giveUp(`the document is nested deeper than ${MAX_OUTSIDE} levels`, out);
      const array = code === OPEN_ARRAY;
      this.levels.push({ array, at: array ? 0 : '', onWay });
      this.expect = array ? 'value-or-end' : 'key-or-end';
      return at + 1;
    }
    if (code === QUOTE) {
      this.token = 'string';
      return at + 1;
    }
    this.token = 'scalar';
    return at;
  }

  private afterValue(): void {
    const level = this.levels.at(-1);
    if (level !== undefined && typeof level.at === 'number') level.at += 1;
    this.expect = level === undefined ? 'nothing' : 'comma-or-end';
  }

  /** A key, a string or a scalar outside the items. */
  private outside(piece: string, from: number, out: JsonItem[]): number {
    if (this.token === 'scalar') {
      for (let at = from; at < piece.length; at++) {
        const code = piece.charCodeAt(at);
        if (code === COMMA || code === CLOSE_ARRAY || code === CLOSE_OBJECT || blank(code)) {
          this.endScalar(out);
          return at;
        }
        this.tokenText += piece[at];
        if (this.tokenText.length > MAX_KEY) {
          this.giveUp('the document is not JSON', out);
          return at;
        }
      }
      return piece.length;
    }
    for (let at = from; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (this.escaped) this.escaped = false;
      else if (code === BACKSLASH) this.escaped = true;
      else if (code === QUOTE) {
        this.endString(out);
        return at + 1;
      }
      if (this.token === 'key') {
        this.tokenText += piece[at];
        if (this.tokenText.length > MAX_KEY) {
          this.giveUp('a key of the document is too long', out);
          return at;
        }
      }
    }
    return piece.length;
  }

  private endString(out: JsonItem[]): void {
    const { token, tokenText } = this;
    this.token = undefined;
    this.tokenText = '';
    if (token === 'string') return this.afterValue();
    const level = this.levels.at(-1);
    try {
      if (level !== undefined) level.at = String(JSON.parse(`"${tokenText}"`));
      this.expect = 'colon';
    } catch {
      this.giveUp('the document is not JSON', out);
    }
  }

  private endScalar(out: JsonItem[]): void {
    const { tokenText } = this;
    this.token = undefined;
    this.tokenText = '';
    try {
      JSON.parse(tokenText);
      this.afterValue();
    } catch {
      this.giveUp('the document is not JSON', out);
    }
  }

  private item(piece: string, from: number, out: JsonItem[]): number {
    for (let at = from; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (code === BACKSLASH) this.escaped = true;
        else if (code === QUOTE) this.inString = false;
        continue;
      }
      if (code === QUOTE) this.inString = true;
      else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
        if (this.open.length < this.limits.depth) this.open.push(code + 2);
        else {
          this.deeper += 1;
          this.tooDeep = true;
        }
      } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
        if (this.deeper > 0) this.deeper -= 1;
        else if (this.open.length === 0) return this.endItem(piece, from, at, out);
        else if (this.open.pop() !== code) {
          this.held.add(piece.slice(from, at + 1));
          this.giveUp('the brackets of an item do not match', out);
          return at;
        }
        // biome-ignore lint/suspicious/noDuplicateElseIf: `pop` took a bracket off in between
        else if (this.open.length === 0) return this.endItem(piece, from, at + 1, out);
      } else if (code === COMMA && this.open.length === 0 && this.deeper === 0)
        return this.endItem(piece, from, at, out);
    }
    this.held.add(piece.slice(from));
    return piece.length;
  }

  private endItem(piece: string, from: number, to: number, out: JsonItem[]): number {
    this.held.add(piece.slice(from, to));
    const { tooLong } = this.held;
    const { tooDeep: deep } = this;
    const text = this.held.take();
    this.inItem = false;
    this.tooDeep = false;
    this.afterValue();
    if (tooLong || deep)
      out.push({
        kind: 'broken',
        refusal: tooLong ? tooLarge(this.limits.bytes) : tooDeep(this.limits.depth),
        raw: text.slice(0, RAW),
        tail: false,
      });
    else out.push({ kind: 'text', text });
    return to;
  }
}
