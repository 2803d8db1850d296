/**
 * A ZIP archive (APPNOTE 6.3.10) written part by part while its parts are made: sizes stand behind each, so nothing is
 * gone back to.
 */
import { once } from 'node:events';
import { crc32, createDeflateRaw } from 'node:zlib';

export interface ZipPart {
  /** ASCII. */
  readonly name: string;
  readonly text: Iterable<string> | AsyncIterable<string>;
}

/** A part whose size is not known in front: its sizes follow it in a descriptor. */
const FOLLOWS = 0x0008;
const DEFLATED = 8;
/** 1980-01-01: the same table gives the same bytes. */
const DATE = 0x0021;
/** The fields of 32 bits; a part of 4 GiB would need ZIP64. */
const MOST = 0xffff_fffe;

interface Written {
  readonly name: string;
  readonly at: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
}

function header(signature: number, fields: readonly (readonly [bytes: 2 | 4, value: number])[], name = ''): Buffer {
  const head = Buffer.alloc(4 + fields.reduce((sum, [bytes]) => sum + bytes, 0));
  head.writeUInt32LE(signature);
  let at = 4;
  for (const [bytes, value] of fields) at = bytes === 2 ? head.writeUInt16LE(value, at) : head.writeUInt32LE(value, at);
  return Buffer.concat([head, Buffer.from(name, 'ascii')]);
}

/** @throws RangeError for an archive of 4 GiB and more */
export async function* zipped(parts: Iterable<ZipPart>): AsyncGenerator<Buffer, void, undefined> {
  const written: Written[] = [];
  let at = 0;
  for (const { name, text } of parts) {
    const head = header(
      0x04034b50,
      [
        [2, 20],
        [2, FOLLOWS],
        [2, DEFLATED],
        [2, 0],
        [2, DATE],
        [4, 0],
        [4, 0],
        [4, 0],
        [2, name.length],
        [2, 0],
      ],
      name,
    );
    const begun = at;
    yield head;
    let [crc, packed, size] = [0, 0, 0];
    const deflate = createDeflateRaw();
    const left = new AbortController();
    const feeding = (async () => {
      try {
        for await (const piece of text) {
          const bytes = Buffer.from(piece, 'utf8');
          crc = crc32(bytes, crc);
          size += bytes.length;
          if (!deflate.write(bytes)) await once(deflate, 'drain', { signal: left.signal });
        }
        deflate.end();
      } catch (error) {
        deflate.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    })();
    try {
      for await (const piece of deflate as AsyncIterable<Buffer>) {
        packed += piece.length;
        yield piece;
      }
    } finally {
      // whoever reads no further lets go of what makes the text
      left.abort();
      deflate.destroy();
      await feeding;
    }
    yield header(0x08074b50, [
      [4, crc],
      [4, packed],
      [4, size],
    ]);
    at += head.length + packed + 16;
    if (size > MOST || at > MOST)
      throw new RangeError('the archive is larger than its format holds: narrow the search');
    written.push({ name, at: begun, crc, packed, size });
  }
  const central = Buffer.concat(
    written.map((part) =>
      header(
        0x02014b50,
        [
          [2, 20],
          [2, 20],
          [2, FOLLOWS],
          [2, DEFLATED],
          [2, 0],
          [2, DATE],
          [4, part.crc],
          [4, part.packed],
          [4, part.size],
          [2, part.name.length],
          [2, 0],
          [2, 0],
          [2, 0],
          [2, 0],
          [4, 0],
          [4, part.at],
        ],
        part.name,
      ),
    ),
  );
  yield central;
  yield header(0x06054b50, [
    [2, 0],
    [2, 0],
    [2, written.length],
    [2, written.length],
    [4, central.length],
    [4, at],
    [2, 0],
  ]);
}
