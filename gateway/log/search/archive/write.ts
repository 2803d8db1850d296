/** An archive is written from the published log. It is a copy: nothing leaves the data folder. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { YitongError } from '../../../../contracts/errors.js';
import { syncDir } from '../../../ground/files/durable.js';
import { publishedCommitments } from '../../store/published.js';
import { evidenceOf } from '../export/export.js';
import type { SearchIndex } from '../index.js';
import {
  type ArchivedEntry,
  type ArchiveReport,
  FORMAT,
  type Head,
  lineDigest,
  type OrderLine,
  type Tail,
} from './format.js';

interface ArchiveWriter {
  /** A line as JSON, or as it stood in another archive. */
  put(line: object | string): void;
  /** Writes the tail; the file has its name when this returns, and is durable. @returns SHA-256 of the lines */
  end(entries: number): string;
  /** Leaves nothing of it. */
  abandon(): void;
}

/** @param made the name until it is whole. @throws YitongError `bad_request` if there is such a file already */
export function archiveWriter(file: string, made: string): ArchiveWriter {
  let fd: number;
  try {
    fd = openSync(made, 'wx', 0o600);
  } catch (cause) {
    throw new YitongError(
      'bad_request',
      `\`${made}\` cannot be made; is another archive being written, or was one broken off?`,
      { cause },
    );
  }
  const digest = lineDigest();
  let open = true;
  const write = (text: string): void => {
    const bytes = Buffer.from(`${text}\n`);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  };
  const close = (): void => {
    if (open) closeSync(fd);
    open = false;
  };
  return {
    put(line) {
      const text = typeof line === 'string' ? line : JSON.stringify(line);
      digest.add(text);
      write(text);
    },
    end(entries) {
      const sha256 = digest.hex();
      write(JSON.stringify({ entries, sha256 } satisfies Tail));
      fsyncSync(fd);
      close();
      if (made !== file) renameSync(made, file);
      syncDir(dirname(file));
      return sha256;
    },
    abandon() {
      close();
      rmSync(made, { force: true });
    },
  };
}

/**
 * What proves orders of erasures, each against the published checkpoint.
 * @throws YitongError `log_invalid` where one is not under it so far
 */
export function orderLines(dataDir: string, search: SearchIndex, orders: Iterable<number>): OrderLine[] {
  const prove = evidenceOf(dataDir, search);
  return [...new Set(orders)]
    .sort((a, b) => a - b)
    .map((index) => {
      const order = prove(index, true);
      if (order?.path === undefined)
        throw new YitongError(
          'log_invalid',
          `entry ${index}, which orders an erasure, is not under the published checkpoint so far; try again later`,
        );
      return { order };
    });
}

/**
 * Archives the published entries of before `before`. The file is there whole or not at all, mode 0600.
 * @param before ms since 1970
 * @throws YitongError `bad_request` if there is none, or the file is being written
 */
export async function writeArchive(
  dataDir: string,
  search: SearchIndex,
  {
    file,
    before,
    origin,
    onProgress,
  }: {
    readonly file: string;
    readonly before: number;
    readonly origin: string;
    readonly onProgress?: (done: number) => void;
  },
): Promise<ArchiveReport> {
  const out = archiveWriter(file, `${file}.tmp`);
  try {
    let [entries, erased] = [0, 0];
    const orders = new Set<number>();
    const head: Head = { format: FORMAT, before: new Date(before).toISOString(), origin };
    out.put(head);
    const prove = evidenceOf(dataDir, search);
    const commitment = publishedCommitments(dataDir);
    for await (const { index, receipt, erasedBy } of search.entries({ until: before }, { oldestFirst: true })) {
      const evidence = prove(index, entries === 0);
      if (evidence?.path === undefined) continue; // not under the published checkpoint
      const gone = erasedBy === undefined ? {} : { erasedBy, commitment: commitment(index).toString('base64') };
      out.put({ receipt, ...gone, ...evidence } satisfies ArchivedEntry);
      entries++;
      if (erasedBy !== undefined) {
        erased++;
        orders.add(erasedBy);
      }
      if (entries % 10_000 === 0) onProgress?.(entries);
    }
    if (entries === 0) throw new YitongError('bad_request', `no published entry is of before ${head.before}`);
    for (const line of orderLines(dataDir, search, orders)) out.put(line);
    return { before: head.before, entries, erased, sha256: out.end(entries) };
  } catch (error) {
    out.abandon();
    throw error;
  }
}
