/**
 * Erasures, carried out in archives. An archive holds no key, so what it has encrypted of an erased subject nobody can
 * read any more; its salt and pseudonym still show that entries belong together, and that one is what somebody guesses.
 * Here these go as well. The file is written anew beside the old one and proves itself, with the orders in it; then the
 * old one is overwritten and replaced. A crash leaves the old file whole, or the new one whole beside it, which the
 * next call puts in its place.
 */
import { closeSync, existsSync, fdatasyncSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isYitongError } from '../../../../contracts/errors.js';
import { syncDir } from '../../../ground/files/durable.js';
import { pseudonymOf, withoutSubject } from '../../entries/seal.js';
import { commitmentOf } from '../../proof/journal.js';
import { type ArchivedEntry, badArchive, type OrderLine, readArchive } from './format.js';
import { archiveWriter } from './write.js';

interface ErasedArchive {
  /** Entries that were erased in it now. */
  readonly erased: number;
  /** Of the file as it is now. */
  readonly sha256: string;
}

interface ArchiveErasure {
  /** Whose archive it must be. */
  readonly origin: string;
  /** Pseudonym → log index of the order by which it was erased. */
  readonly erased: ReadonlyMap<string, number>;
  /** What proves orders. */
  readonly orders: (indices: Iterable<number>) => readonly OrderLine[];
}

/** @throws YitongError `log_invalid` if the file is no whole archive of this log; then it stays as it is */
export async function eraseInArchive(file: string, { origin, erased, orders }: ArchiveErasure): Promise<ErasedArchive> {
  const made = `${file}.erasing`;
  await finish(file, made);
  const by = (entry: ArchivedEntry): number | undefined => {
    const pseudonym = entry.salt === undefined ? undefined : pseudonymOf(Buffer.from(entry.text));
    return pseudonym === undefined ? undefined : erased.get(pseudonym);
  };

  // Whole, and of this log? What is in it to erase, and which orders it has already.
  const wanted = new Set<number>();
  const there = new Set<number>();
  let [entries, gone, sha256] = [0, 0, ''];
  for await (const line of readArchive(file)) {
    if (line.kind === 'head' && line.head.origin !== origin) throw badArchive(`it is none of \`${origin}\``);
    if (line.kind === 'order') there.add(line.order.index);
    if (line.kind === 'tail') ({ entries, sha256 } = line.tail);
    const order = line.kind === 'entry' ? by(line.entry) : undefined;
    if (order === undefined) continue;
    wanted.add(order);
    gone++;
  }
  if (gone === 0) return { erased: 0, sha256 };

  const missing = orders([...wanted].filter((order) => !there.has(order)));
  const out = archiveWriter(made, made);
  try {
    for await (const line of readArchive(file)) {
      if (line.kind === 'tail') break;
      const order = line.kind === 'entry' ? by(line.entry) : undefined;
      if (line.kind !== 'entry' || order === undefined) {
        out.put(line.text);
        continue;
      }
      const { salt = '', text, ...rest } = line.entry;
      const body = Buffer.from(text);
      out.put({
        ...rest,
        erasedBy: order,
        commitment: commitmentOf(Buffer.from(salt, 'base64'), body).toString('base64'),
        text: withoutSubject(body).toString('utf8'),
      } satisfies ArchivedEntry);
    }
    for (const line of missing) out.put(line);
    sha256 = out.end(entries);
  } catch (error) {
    out.abandon();
    throw error;
  }
  replace(file, made);
  return { erased: gone, sha256 };
}

/** What a call that died left: a new file that is whole takes its place, another goes. */
async function finish(file: string, made: string): Promise<void> {
  if (!existsSync(made)) return;
  try {
    for await (const _ of readArchive(made)) void _;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    rmSync(made, { force: true });
    return;
  }
  replace(file, made);
}

const ZEROS = Buffer.alloc(1 << 20);

/** Overwrites the old file before its name goes to the new one. */
function replace(file: string, made: string): void {
  const fd = openSync(file, 'r+');
  try {
    const { size } = fstatSync(fd);
    for (let at = 0; at < size; ) at += writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, size - at), at);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(made, file);
  syncDir(dirname(file));
}
