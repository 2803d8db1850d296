/**
 * Tiles and bundles on disk: each there whole or not at all, and durable with its name before a checkpoint asks for it.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { syncDir } from '../../ground/files/durable.js';
import type { TileFile } from '../proof/tiles.js';

const sync = promisify(fdatasync);
const PARALLEL = 32;

/** Two who write the same tile at once must not share a temporary file. */
const own = `${process.pid}-${randomBytes(4).toString('hex')}`;

async function writeTile(dir: string, { path, bytes }: TileFile): Promise<void> {
  const file = join(dir, path);
  const made = `${file}.${own}.tmp`;
  const fd = openSync(made, 'w', 0o644);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    await sync(fd);
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(made, file);
}

export async function writeTiles(dir: string, files: readonly TileFile[]): Promise<void> {
  const dirs = new Set<string>();
  for (const { path } of files) for (let up = dirname(path); up !== '.'; up = dirname(up)) dirs.add(up);
  for (const one of dirs) mkdirSync(join(dir, one), { recursive: true });
  for (let at = 0; at < files.length; at += PARALLEL)
    await Promise.all(files.slice(at, at + PARALLEL).map((file) => writeTile(dir, file)));
  for (const one of ['.', ...dirs]) syncDir(join(dir, one));
}

/** A partial tile, or where it is gone, since its full tile is there, the beginning of that one. */
export function readPartial(dir: string, path: string, bytes: number): Buffer {
  const file = join(dir, path);
  return existsSync(file)
    ? readFileSync(file)
    : readFileSync(join(dir, path.replace(/\.p\/\d+$/, ''))).subarray(0, bytes);
}

/** Partial tiles whose full tile is there now; the specification lets a log delete them. */
export async function dropPartials(dir: string, files: readonly TileFile[]): Promise<void> {
  for (const { path } of files)
    if (!path.includes('.p/')) await rm(join(dir, `${path}.p`), { recursive: true, force: true });
}
