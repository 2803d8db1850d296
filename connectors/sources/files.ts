/** Files on a disk, for every kind of file: which there are, and which are new, by name, size and SHA-256. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { decoder, WrongCharset, type Charset } from './charset.js';

export interface TakenFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly mtime: Date;
}

export interface Fingerprint {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

async function describe(path: string): Promise<TakenFile | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() === true ? { name: basename(path), path, size: info.size, mtime: info.mtime } : undefined;
}

/** @throws YitongError `bad_feed` if a file is not there */
export async function namedFiles(baseDir: string, paths: readonly string[]): Promise<TakenFile[]> {
  const files: TakenFile[] = [];
  for (const path of paths) {
    const file = await describe(resolve(baseDir, path));
    if (file === undefined) throw new YitongError('bad_feed', `the file \`${path}\` is not there`);
    files.push(file);
  }
  return files;
}

/**
 * Files of a drop folder in name order, without those that changed less than `settleMs` ago: they may still be growing.
 * @throws YitongError `bad_feed` if the folder cannot be read
 */
export async function droppedFiles(baseDir: string, folder: string, ending: string, settleMs: number, now: Date): Promise<TakenFile[]> {
  const dir = resolve(baseDir, folder);
  const names = await readdir(dir).catch((cause: unknown) => {
    throw new YitongError('bad_feed', `the folder \`${folder}\` cannot be read`, { cause });
  });
  const files: TakenFile[] = [];
  for (const name of names.filter((name) => name.endsWith(ending) && !name.startsWith('.')).sort()) {
    const file = await describe(join(dir, name));
    if (file !== undefined && now.getTime() - file.mtime.getTime() >= settleMs) files.push(file);
  }
  return files;
}

/** A pass over the bytes, which finds a wrong charset before any row is published. `charsetOk` is false if a byte is not of the charset. */
export async function fingerprint(file: TakenFile, charset?: Charset): Promise<Fingerprint & { readonly charsetOk: boolean }> {
  const hash = createHash('sha256');
  const decode = charset === undefined ? undefined : decoder(charset);
  let charsetOk = true;
  const check = (work: () => void): void => {
    if (!charsetOk) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof WrongCharset)) throw error;
      charsetOk = false;
    }
  };
  let size = 0;
  for await (const chunk of createReadStream(file.path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
    if (decode !== undefined) check(() => decode.write(chunk));
  }
  if (decode !== undefined) check(() => decode.end());
  return { name: file.name, size, sha256: hash.digest('hex'), charsetOk };
}

export interface ReadingFile {
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/** The bytes of a file. @throws YitongError `bad_row` after the last one if the file is no longer what its fingerprint says */
export async function* fileBytes(file: TakenFile, expected: Fingerprint, { signal, onBytes }: ReadingFile): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file.path, { highWaterMark: 65_536, signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    onBytes(chunk.length);
    yield chunk;
  }
  // a file that was replaced while it was read is neither the old nor the new one
  if (hash.digest('hex') !== expected.sha256) throw changed(file);
}

export const changed = (file: TakenFile): YitongError => new YitongError('bad_row', `the file \`${file.name}\` changed while it was read; the next run takes it again`);

/** The text of a file, as `fileBytes`. */
export async function* fileText(file: TakenFile, expected: Fingerprint, options: ReadingFile & { readonly charset: Charset; readonly bom: boolean }): AsyncGenerator<string> {
  const decode = decoder(options.charset, options.bom);
  for await (const chunk of fileBytes(file, expected, options)) yield decode.write(chunk);
  yield decode.end();
}
