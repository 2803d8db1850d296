/** Whether a PNG is whole (W3C PNG, third edition): its chunks, their check sums, and as many pixels as it says. */
import { crc32, createInflate } from 'node:zlib';
import { checkPixels, damagedFile } from './refuse.js';

const HEADER = 8;
/** Colour type → samples a pixel, and the bit depths that it may have. */
const KINDS: ReadonlyMap<number, readonly [samples: number, depths: readonly number[]]> = new Map([
  [0, [1, [1, 2, 4, 8, 16]]],
  [2, [3, [8, 16]]],
  [3, [1, [1, 2, 4, 8]]],
  [4, [2, [8, 16]]],
  [6, [4, [8, 16]]],
]);
/** Adam7: first column and row, step between columns and rows. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function* chunksOf(bytes: Buffer): Generator<Chunk, void> {
  let at = HEADER;
  for (let ended = false; !ended; ) {
    if (at + 12 > bytes.length) damagedFile('the picture ends too early');
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (end > bytes.length || !/^[A-Za-z]{4}$/.test(type)) damagedFile('the picture ends too early');
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4))
      damagedFile('a part of the picture was changed on its way');
    ended = type === 'IEND';
    yield { type, data: bytes.subarray(at + 8, end - 4) };
    at = end;
  }
  if (at !== bytes.length) damagedFile('something stands behind the picture');
}

/** Bytes of the filtered rows. */
function rawSize(width: number, height: number, bits: number, interlaced: boolean): number {
  const rows = (columns: number, lines: number): number =>
    columns === 0 || lines === 0 ? 0 : lines * (1 + Math.ceil((columns * bits) / 8));
  if (!interlaced) return rows(width, height);
  return PASSES.reduce(
    (sum, [x, y, dx, dy]) =>
      sum + rows(Math.max(0, Math.ceil((width - x) / dx)), Math.max(0, Math.ceil((height - y) / dy))),
    0,
  );
}

/** Bytes that come of it, without keeping them; stops above `most`. */
function inflatedSize(parts: readonly Buffer[], most: number): Promise<number> {
  return new Promise((resolve) => {
    let size = 0;
    const inflate = createInflate({ chunkSize: 262_144 });
    const ended = (result: number): void => {
      inflate.removeAllListeners();
      inflate.on('error', () => undefined);
      inflate.destroy();
      resolve(result);
    };
    inflate.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > most) ended(size);
    });
    inflate.on('end', () => ended(size));
    inflate.on('error', () => ended(-1));
    for (const part of parts) inflate.write(part);
    inflate.end();
  });
}

/** @throws YitongError `file_damaged`, `image_too_large` */
export async function inspectPng(bytes: Buffer): Promise<void> {
  let header: Buffer | undefined;
  let palette = false;
  const data: Buffer[] = [];
  for (const { type, data: inside } of chunksOf(bytes)) {
    if ((header === undefined) !== (type === 'IHDR')) damagedFile('the picture does not begin as pictures do');
    if (type === 'IHDR') header = inside;
    if (type === 'PLTE') palette = true;
    if (type === 'IDAT') data.push(inside);
  }
  if (header?.length !== 13) return damagedFile('the picture does not begin as pictures do');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth = 0, colour = 0, compression, filter, interlace = 0] = header.subarray(8);
  const [samples, depths] = KINDS.get(colour) ?? damagedFile('the picture has colours of no known kind');
  if (!depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1)
    damagedFile('the picture has colours of no known kind');
  checkPixels(width, height);
  if (colour === 3 && !palette) damagedFile('the colours of the picture are missing');
  const wanted = rawSize(width, height, samples * depth, interlace === 1);
  if (data.length === 0 || (await inflatedSize(data, wanted)) !== wanted)
    damagedFile('the picture has not as many pixels as it says');
}
