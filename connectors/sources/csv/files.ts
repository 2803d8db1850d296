/** Which files are new: by name, size and SHA-256. A pass over the bytes also finds a wrong charset before any row is published. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
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

/** `charsetOk` is false if a byte is not of the charset. */
export async function fingerprint(file: TakenFile, charset: Charset): Promise<Fingerprint & { readonly charsetOk: boolean }> {
  const hash = createHash('sha256');
  const decode = decoder(charset);
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
    check(() => decode.write(chunk));
  }
  check(() => decode.end());
  return { name: file.name, size, sha256: hash.digest('hex'), charsetOk };
}
