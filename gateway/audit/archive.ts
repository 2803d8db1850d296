/**
 * Archives: old entries in one file that needs nothing else to verify but the log's vkey. Lines of JSON: what it is; the entries with
 * body, salt and the path to the root of the checkpoint on the first of them, encrypted parts as they are; how many there are and the
 * SHA-256 of all lines before, so that a file cut short is not taken for a whole one. It is a copy: nothing leaves the data folder.
 */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { YitongError } from '../../contracts/errors.js';
import { syncDir } from './durable.js';
import { parseVkey } from './log/note.js';
import type { Evidence } from './search/evidence.js';
import { checkExport, evidenceOf } from './search/export.js';
import type { SearchIndex } from './search/index.js';

const FORMAT = 'yitong-audit-archive/1';

interface Head {
  readonly format: string;
  /** ISO 8601; entries of before then. */
  readonly before: string;
  readonly origin: string;
}

interface Tail {
  readonly entries: number;
  /** Of all lines before, hexadecimal. */
  readonly sha256: string;
}

export interface ArchiveReport {
  readonly before: string;
  readonly entries: number;
  /** Of these, entries whose salt was destroyed before they were archived. */
  readonly erased: number;
  readonly sha256: string;
}

/**
 * Archives the published entries of before `before`. The file is there whole or not at all, mode 0600.
 * @param before ms since 1970
 * @throws YitongError `bad_request` if there is none, or the file exists
 */
export async function writeArchive(dataDir: string, search: SearchIndex, { file, before, origin, onProgress }: { readonly file: string; readonly before: number; readonly origin: string; readonly onProgress?: (done: number) => void }): Promise<ArchiveReport> {
  const made = `${file}.tmp`;
  let fd: number;
  try {
    fd = openSync(made, 'wx', 0o600);
  } catch (cause) {
    throw new YitongError('bad_request', `\`${made}\` cannot be made; is another archive being written, or was one broken off?`, { cause });
  }
  const digest = createHash('sha256');
  let entries = 0;
  let erased = 0;
  const put = (line: object): void => {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    digest.update(bytes);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  };
  try {
    try {
      const head: Head = { format: FORMAT, before: new Date(before).toISOString(), origin };
      put(head);
      const prove = evidenceOf(dataDir, search);
      for await (const { index, receipt, erasedBy } of search.entries({ until: before }, { oldestFirst: true })) {
        const evidence = prove(index, entries === 0);
        if (evidence?.path === undefined) continue; // not under the published checkpoint
        put({ receipt, ...(erasedBy === undefined ? {} : { erasedBy }), ...evidence });
        entries++;
        if (erasedBy !== undefined) erased++;
        if (entries % 10_000 === 0) onProgress?.(entries);
      }
      if (entries === 0) throw new YitongError('bad_request', `no published entry is of before ${head.before}`);
      const sha256 = digest.copy().digest('hex');
      put({ entries, sha256 } satisfies Tail);
      fsyncSync(fd);
      renameSync(made, file);
      syncDir(dirname(file));
      return { before: head.before, entries, erased, sha256 };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  }
}

/** Verifies an archive from the file and the log's key. @throws YitongError `log_invalid` at the first line that does not hold */
export async function verifyArchive(file: string, vkey: string): Promise<ArchiveReport> {
  const verifier = parseVkey(vkey);
  const bad = (what: string): YitongError => new YitongError('log_invalid', `the archive does not verify: ${what}`);
  const digest = createHash('sha256');
  let head: Head | undefined;
  let checkpoint: string | undefined;
  let tail: Tail | undefined;
  let [entries, erased] = [0, 0];
  let last = -1;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: 0 })) {
    let value: Partial<Head & Tail & Evidence>;
    try {
      value = JSON.parse(line) as typeof value;
    } catch {
      throw bad(`line ${entries + 2} is not JSON`);
    }
    if (tail !== undefined) throw bad('something stands behind its end');
    if (head === undefined) {
      if (value.format !== FORMAT || value.origin !== verifier.name || value.before === undefined) throw bad(`it is none of \`${verifier.name}\``);
      head = { format: FORMAT, before: value.before, origin: value.origin };
    } else if (value.sha256 !== undefined) {
      tail = { entries: value.entries ?? -1, sha256: value.sha256 };
      if (tail.entries !== entries || tail.sha256 !== digest.copy().digest('hex')) throw bad('its lines are not those that were written');
    } else {
      const { index, text, path, salt } = value;
      checkpoint ??= value.checkpoint;
      if (index === undefined || text === undefined || path === undefined || checkpoint === undefined || index <= last) throw bad(`line ${entries + 2} is no entry in its place`);
      checkExport([{ index, text, path, checkpoint, ...(salt === undefined ? {} : { salt }) }], head.origin, [verifier]);
      last = index;
      entries++;
      if (salt === undefined) erased++;
    }
    digest.update(`${line}\n`);
  }
  if (head === undefined || tail === undefined) throw bad('its end is missing');
  return { before: head.before, entries, erased, sha256: tail.sha256 };
}
