import { YitongError } from '../../../contracts/errors.js';

/** Bytes up to which a loop is as fast as a call. */
const SHORT = 64;

/** A buffer that answers are written into: one, reused from answer to answer. Bytes from 0 to `pos` are written. */
export class Out {
  buf: Buffer;
  pos = 0;
  readonly #limit: number;

  /** @param limit bytes beyond which an answer is refused */
  constructor(size = 64 * 1024, limit = 64 * 2 ** 20) {
    this.buf = Buffer.allocUnsafeSlow(size);
    this.#limit = limit;
  }
  /** Room for `bytes` more. `buf` may be another one afterwards. @throws YitongError `record_too_large` */
  ensure(bytes: number): void {
    if (this.pos + bytes > this.buf.length) this.#grow(bytes);
  }
  #grow(bytes: number): void {
    const size = Math.max(this.pos + bytes, this.buf.length * 2);
    if (this.pos + bytes > this.#limit)
      throw new YitongError('record_too_large', 'an answer grew beyond its limit; ask for fewer records at a time');
    const grown = Buffer.allocUnsafeSlow(Math.min(size, this.#limit));
    this.buf.copy(grown, 0, 0, this.pos);
    this.buf = grown;
  }
  /** UTF-8 of `text`, as it is. */
  raw(text: string): void {
    this.ensure(text.length * 3);
    this.pos += this.buf.write(text, this.pos);
  }
  /** ASCII, as it is. What is short is written faster here than by a call out of JavaScript. */
  ascii(text: string): void {
    const { length } = text;
    this.ensure(length);
    const { buf } = this;
    let { pos } = this;
    for (let i = 0; i < length; i++) buf[pos++] = text.charCodeAt(i);
    this.pos = pos;
  }
  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.ensure(length);
    if (length > SHORT) this.buf.set(bytes, this.pos);
    else for (let i = 0, at = this.pos; i < length; i++) this.buf[at++] = bytes[i]!;
    this.pos += length;
  }
  /** What another one holds between two places. */
  from(other: Out, start: number, end: number): void {
    this.ensure(end - start);
    this.pos += other.buf.copy(this.buf, this.pos, start, end);
  }
  /** What is written so far, in place: valid until the next write. */
  written(): Buffer {
    return this.buf.subarray(0, this.pos);
  }
}
