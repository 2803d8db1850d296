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
/** What a field of 32 bits holds; a part of 4 GiB would need ZIP64. */
const MOST = 0xffff_fffe;
/** The version that a reader needs: 2.0, for deflated parts. */
const VERSION = 20;
const DESCRIPTOR_BYTES = 16;

/** What stands behind a part: its sums, in bytes. */
interface Sums {
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
}

/** A part as the central directory lists it; `at`: where its header begins. */
interface Listed extends Sums {
  readonly name: string;
  readonly at: number;
}

type Field = readonly [bytes: 2 | 4, value: number];

function header(signature: number, fields: readonly Field[], name = ''): Buffer {
  const head = Buffer.alloc(4 + fields.reduce((sum, [bytes]) => sum + bytes, 0));
  head.writeUInt32LE(signature);
  let at = 4;
  for (const [bytes, value] of fields) at = bytes === 2 ? head.writeUInt16LE(value, at) : head.writeUInt32LE(value, at);
  return Buffer.concat([head, Buffer.from(name, 'ascii')]);
}

/** The header in front of a part: its sums are zero, since they follow. */
function localHeader(name: string): Buffer {
  const sums: Field[] = [0, 0, 0].map((sum) => [4, sum]);
  return header(
    0x04034b50,
    [[2, VERSION], [2, FOLLOWS], [2, DEFLATED], [2, 0], [2, DATE], ...sums, [2, name.length], [2, 0]],
    name,
  );
}

const sumFields = ({ crc, packed, size }: Sums): Field[] => [crc, packed, size].map((sum) => [4, sum]);

const descriptor = (sums: Sums): Buffer => header(0x08074b50, sumFields(sums));

function centralHeader(part: Listed): Buffer {
  const { name, at } = part;
  const made: Field[] = [VERSION, VERSION, FOLLOWS, DEFLATED, 0, DATE].map((value) => [2, value]);
  // extra field, comment, disk, internal attributes
  const lengths: Field[] = [name.length, 0, 0, 0, 0].map((value) => [2, value]);
  return header(0x02014b50, [...made, ...sumFields(part), ...lengths, [4, 0], [4, at]], name);
}

function endOfArchive(parts: number, centralBytes: number, centralAt: number): Buffer {
  const counts: Field[] = [0, 0, parts, parts].map((value) => [2, value]);
  return header(0x06054b50, [...counts, [4, centralBytes], [4, centralAt], [2, 0]]);
}

/** The text deflated, piece by piece while it is made; returns its sums. */
async function* deflated(text: ZipPart['text']): AsyncGenerator<Buffer, Sums, undefined> {
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
  return { crc, packed, size };
}

/** @throws RangeError for an archive of 4 GiB and more */
export async function* zipped(parts: Iterable<ZipPart>): AsyncGenerator<Buffer, void, undefined> {
  const listed: Listed[] = [];
  let at = 0;
  for (const { name, text } of parts) {
    const head = localHeader(name);
    yield head;
    const sums = yield* deflated(text);
    yield descriptor(sums);
    const begun = at;
    at += head.length + sums.packed + DESCRIPTOR_BYTES;
    if (sums.size > MOST || at > MOST)
      throw new RangeError('the archive is larger than its format holds: narrow the search');
    listed.push({ name, at: begun, ...sums });
  }
  const central = Buffer.concat(listed.map(centralHeader));
  yield central;
  yield endOfArchive(listed.length, central.length, at);
}
