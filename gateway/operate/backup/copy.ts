/** Copies into a folder, each with its digest, each on disk before the next. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { type FileHandle, open as openFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { pathOf } from '../../../connectors/lmdb/file.js';
import { syncDir } from '../../../contracts/sync-dir.js';
import type { ManifestFile } from './manifest.js';

const PIECE = 1 << 20;

export interface Copies {
  /** What was copied so far. */
  readonly files: readonly ManifestFile[];
  /** The file `path` of `from`, or its first `length` bytes. `as`: its path in the copy. False if it is not there. */
  file(
    from: string,
    path: string,
    how?: { readonly length?: number; readonly mode?: number; readonly as?: string },
  ): Promise<boolean>;
  bytes(path: string, bytes: Uint8Array, mode?: number): Promise<void>;
  /** What `pieces` gives, one after the other. */
  stream(path: string, pieces: (put: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<void>;
  /** An LMDB environment in one snapshot, compacted. @param path of its data file */
  map(from: string, path: string): Promise<void>;
  /** All names are on disk when it returns. */
  end(): void;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
}

/**
 * @param to a folder; what is copied keeps its path in it
 * @param onBytes with each piece
 * @param signal ends the copying between two pieces
 */
export function copies(to: string, options: CopyOptions = {}): Copies {
  return new FolderCopies(to, options);
}

interface CopyOptions {
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

class FolderCopies implements Copies {
  readonly files: ManifestFile[] = [];
  readonly #to: string;
  readonly #options: CopyOptions;
  /** Folders with new names in them. */
  readonly #dirs = new Set<string>();

  constructor(to: string, options: CopyOptions) {
    this.#to = to;
    this.#options = options;
  }

  async file(
    from: string,
    path: string,
    { length = Infinity, mode, as = path }: { length?: number; mode?: number; as?: string } = {},
  ): Promise<boolean> {
    let source: FileHandle;
    try {
      source = await openFile(join(from, path), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    try {
      const stat = await source.stat();
      const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(PIECE, stat.size, length)));
      await this.#write(as, mode ?? stat.mode & 0o777, async (put) => {
        for (let at = 0; at < length; ) {
          const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, length - at), at);
          if (bytesRead === 0) break;
          await put(buffer.subarray(0, bytesRead));
          at += bytesRead;
        }
      });
    } finally {
      await source.close();
    }
    return true;
  }

  bytes(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
    return this.#write(path, mode, (put) => put(bytes));
  }

  stream(path: string, pieces: (put: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<void> {
    return this.#write(path, 0o600, pieces);
  }

  async map(from: string, path: string): Promise<void> {
    const source = join(from, path);
    // one that nobody ever wrote to has no pages so far, and is made anew when it is opened
    if (statSync(source).size === 0) return;
    this.#makeFolderOf(path);
    await this.#copyMap(source, path);
    chmodSync(join(this.#to, path), 0o600);
    const copy = await openFile(join(this.#to, path), 'r+');
    try {
      await copy.sync();
      const { bytes, sha256 } = await this.#digest(copy);
      this.#options.onBytes?.(bytes);
      this.files.push({ path, bytes, sha256, mode: 0o600 });
    } finally {
      await copy.close();
    }
  }

  end(): void {
    for (const dir of this.#dirs) syncDir(dir);
  }

  #makeFolderOf(path: string): void {
    const folder = dirname(join(this.#to, path));
    for (let up = folder; !this.#dirs.has(up); up = dirname(up)) {
      this.#dirs.add(up);
      if (up === this.#to) break;
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Writes what `pieces` gives; each piece is counted when it is written. */
  async #write(
    path: string,
    mode: number,
    pieces: (put: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    this.#makeFolderOf(path);
    const { onBytes, signal } = this.#options;
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await openFile(join(this.#to, path), 'wx', mode);
    try {
      await pieces(async (piece) => {
        signal?.throwIfAborted();
        hash.update(piece);
        await writeAll(file, piece);
        bytes += piece.length;
        onBytes?.(piece.length);
      });
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    this.files.push({ path, bytes, sha256: hash.digest('hex'), mode });
  }

  async #copyMap(source: string, path: string): Promise<void> {
    const environment = openEnv({ file: source, readOnly: true, maxDbs: 16 });
    const target = pathOf(join(this.#to, path)).path;
    try {
      await environment.root.backup(target, true);
    } catch {
      // pages that a killed process left behind are in nobody's tree, and LMDB does not compact such a map
      await rm(join(this.#to, path), { force: true });
      await environment.root.backup(target, false);
    } finally {
      await environment.close();
    }
  }

  async #digest(file: FileHandle): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(PIECE);
    let bytes = 0;
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length, bytes);
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  }
}
