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
export function copies(
  to: string,
  { onBytes, signal }: { readonly onBytes?: (bytes: number) => void; readonly signal?: AbortSignal } = {},
): Copies {
  const files: ManifestFile[] = [];
  const dirs = new Set<string>();
  function folderOf(path: string): void {
    for (let up = dirname(join(to, path)); !dirs.has(up); up = dirname(up)) {
      dirs.add(up);
      if (up === to) break;
    }
    mkdirSync(dirname(join(to, path)), { recursive: true, mode: 0o700 });
  }
  /** Writes what `pieces` gives; each piece is counted when it is written. */
  async function write(
    path: string,
    mode: number,
    pieces: (put: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    folderOf(path);
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await openFile(join(to, path), 'wx', mode);
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
    files.push({ path, bytes, sha256: hash.digest('hex'), mode });
  }

  return {
    files,
    async file(from, path, { length = Infinity, mode, as = path } = {}) {
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
        await write(as, mode ?? stat.mode & 0o777, async (put) => {
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
    },
    bytes: (path, bytes, mode = 0o600) => write(path, mode, (put) => put(bytes)),
    async map(from, path) {
      const source = join(from, path);
      // one that nobody ever wrote to has no pages so far, and is made anew when it is opened
      if (statSync(source).size === 0) return;
      folderOf(path);
      const environment = openEnv({ file: source, readOnly: true, maxDbs: 16 });
      const target = pathOf(join(to, path)).path;
      try {
        try {
          await environment.root.backup(target, true);
        } catch {
          // pages that a killed process left behind are in nobody's tree, and LMDB does not compact such a map
          await rm(join(to, path), { force: true });
          await environment.root.backup(target, false);
        }
      } finally {
        await environment.close();
      }
      chmodSync(join(to, path), 0o600);
      const made = await openFile(join(to, path), 'r+');
      try {
        await made.sync();
        const hash = createHash('sha256');
        const buffer = Buffer.allocUnsafe(PIECE);
        let bytes = 0;
        for (;;) {
          signal?.throwIfAborted();
          const { bytesRead } = await made.read(buffer, 0, buffer.length, bytes);
          if (bytesRead === 0) break;
          hash.update(buffer.subarray(0, bytesRead));
          bytes += bytesRead;
        }
        onBytes?.(bytes);
        files.push({ path, bytes, sha256: hash.digest('hex'), mode: 0o600 });
      } finally {
        await made.close();
      }
    },
    end() {
      for (const dir of dirs) syncDir(dir);
    },
  };
}
