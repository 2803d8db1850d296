/**
 * Entries of a ZIP archive (PKWARE APPNOTE 6.3.10) by its central directory, as far as workbooks use it: stored or
 * deflated, unencrypted, without ZIP64. Every size is bounded twice: as the directory declares it, and as it is while
 * bytes come out.
 */
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import type { BrokenCode } from '../../reading/port.js';

/** A workbook that cannot be read. The message holds nothing of its content. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  constructor(
    message: string,
    options?: ErrorOptions,
    readonly code: BrokenCode = 'bad_row',
  ) {
    super(message, options);
  }
}

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly compressed: number;
  readonly size: number;
  readonly crc: number;
  readonly offset: number;
}

export type ZipDirectory = ReadonlyMap<string, ZipEntry>;

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** Of the older binary format, in which protected workbooks are wrapped as well. */
const COMPOUND = 0xd0cf11e0;
const END_BYTES = 22;
const MAX_COMMENT = 65_535;
const MAX_ENTRIES = 10_000;
const MAX_DIRECTORY = 16 * 1_048_576;
/** Worksheets of one repeated row reach about 100; deflate itself ends at 1,032. */
const MAX_RATIO = 250;
const RATIO_FROM = 10 * 1_048_576;

async function readAt(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, from);
  if (bytesRead < length) throw new Unreadable('the archive is cut short');
  return buffer;
}

/** @throws Unreadable */
export async function readDirectory(handle: FileHandle, fileSize: number): Promise<ZipDirectory> {
  if (fileSize < END_BYTES) throw new Unreadable('the file is no workbook, or is cut short');
  if ((await readAt(handle, 0, 4)).readUInt32BE(0) === COMPOUND) {
    throw new Unreadable('the file is an old `.xls` or is protected by a password; save it as `.xlsx` without one');
  }
  const tail = await readAt(
    handle,
    Math.max(0, fileSize - END_BYTES - MAX_COMMENT),
    Math.min(fileSize, END_BYTES + MAX_COMMENT),
  );
  let at = tail.length - END_BYTES;
  while (at >= 0 && !(tail.readUInt32LE(at) === END && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length))
    at -= 1;
  if (at < 0) throw new Unreadable('the file is no workbook, or is cut short');
  const count = tail.readUInt16LE(at + 10);
  const size = tail.readUInt32LE(at + 12);
  const offset = tail.readUInt32LE(at + 16);
  if (tail.readUInt16LE(at + 4) !== 0 || tail.readUInt16LE(at + 8) !== count || offset === 0xffffffff)
    throw new Unreadable('the archive has several parts or uses ZIP64');
  if (count > MAX_ENTRIES || size > MAX_DIRECTORY)
    throw new Unreadable(`the archive has more than ${MAX_ENTRIES} entries`);
  if (offset + size > fileSize) throw new Unreadable('the archive is cut short');
  return parseDirectory(await readAt(handle, offset, size), count, fileSize);
}

function parseDirectory(bytes: Buffer, count: number, fileSize: number): ZipDirectory {
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let n = 0; n < count; n++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL)
      throw new Unreadable('the directory of the archive is damaged');
    const nameLength = bytes.readUInt16LE(at + 28);
    const end = at + 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (end > bytes.length) throw new Unreadable('the directory of the archive is damaged');
    const entry: ZipEntry = {
      name: bytes.toString('utf8', at + 46, at + 46 + nameLength),
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      compressed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
    };
    if ((bytes.readUInt16LE(at + 8) & 1) !== 0) throw new Unreadable('the archive is encrypted');
    if (entry.offset + 30 + entry.compressed > fileSize) throw new Unreadable('the archive is cut short');
    if (entries.has(entry.name)) throw new Unreadable('the archive has two entries of one name');
    entries.set(entry.name, entry);
    at = end;
  }
  return entries;
}

const isZlib = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');

/**
 * What an entry holds, at most `limit` bytes of it.
 * @throws Unreadable if it is larger, or is not what the directory says
 */
export async function* entryBytes(
  handle: FileHandle,
  entry: ZipEntry,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { method, compressed, size, crc, offset } = entry;
  if (method !== 0 && method !== 8) throw new Unreadable('an entry of the archive is packed in an unknown way');
  if (size > limit) throw new Unreadable(`a part of the workbook is larger than ${limit} bytes`);
  if (size > RATIO_FROM && size > compressed * MAX_RATIO)
    throw new Unreadable(`a part of the workbook unpacks to more than ${MAX_RATIO} times its size`);
  const local = await readAt(handle, offset, 30);
  const nameLength = local.readUInt16LE(26);
  const isLocal =
    local.readUInt32LE(0) === LOCAL && (await readAt(handle, offset + 30, nameLength)).toString('utf8') === entry.name;
  if (!isLocal) throw new Unreadable('the directory of the archive is damaged');
  if (compressed === 0) {
    if (size !== 0) throw new Unreadable('an entry of the archive is damaged');
    return;
  }
  const start = offset + 30 + nameLength + local.readUInt16LE(28);
  const source = handle.createReadStream({
    start,
    end: start + compressed - 1,
    autoClose: false,
    highWaterMark: 65_536,
    signal,
  });
  // a failure of either stream reaches the one that is read
  const bytes = method === 0 ? source : pipeline(source, createInflateRaw({ chunkSize: 65_536 }), () => undefined);
  let given = 0;
  let sum = 0;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      given += chunk.length;
      if (given > size) throw new Unreadable('a part of the workbook is larger than the archive declares');
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    throw isZlib(error) ? new Unreadable('an entry of the archive is damaged', { cause: error }) : error;
  }
  if (given !== size || sum !== crc) throw new Unreadable('an entry of the archive is damaged');
}
