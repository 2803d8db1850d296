/**
 * Archives: old entries in one file that needs nothing else to verify but the log's vkey and those of witnesses. Lines
 * of JSON: what it is; the entries with body, salt and the path to the root of the checkpoint on the first of them,
 * encrypted parts as they are; the entries that order what is erased in it, each with a path and a checkpoint of its
 * own, for they are newer; how many there are and the SHA-256 of all lines before, so that a file cut short is not
 * taken for a whole one.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { YitongError } from '../../../../contracts/errors.js';
import type { Evidence } from '../export/evidence.js';

export const FORMAT = 'yitong-audit-archive/2';

export interface Head {
  readonly format: string;
  /** ISO 8601; entries of before then. */
  readonly before: string;
  readonly origin: string;
}

export interface ArchivedEntry extends Evidence {
  /** `<journal>:<seq>` */
  readonly receipt: string;
  /** Log index of the order by which its subject was erased: one of the file's orders. */
  readonly erasedBy?: number;
  /** base64, where there is no salt to make it from: what the log published of the entry. */
  readonly commitment?: string;
}

/** An entry that orders an erasure. */
export interface OrderLine {
  readonly order: Evidence;
}

export interface Tail {
  readonly entries: number;
  /** Of all lines before, hexadecimal. */
  readonly sha256: string;
}

export interface ArchiveReport {
  readonly before: string;
  readonly entries: number;
  /** Of these, entries whose subject was erased: an order in the file says so. */
  readonly erased: number;
  readonly sha256: string;
}

/** Digests lines as they are written. */
export function lineDigest(): { add(line: string): void; hex(): string } {
  const digest = createHash('sha256');
  return { add: (line) => void digest.update(`${line}\n`), hex: () => digest.copy().digest('hex') };
}

type ArchiveLine =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'entry'; readonly entry: ArchivedEntry }
  | { readonly kind: 'order'; readonly order: Evidence }
  | { readonly kind: 'tail'; readonly tail: Tail };

export const badArchive = (what: string, cause?: unknown): YitongError =>
  new YitongError('log_invalid', `the archive does not verify: ${what}`, cause === undefined ? {} : { cause });

/**
 * Lines in their order: head, entries, orders, tail, with the text of each. Says whether the file is whole, nothing of
 * whether it is true.
 * @throws YitongError `log_invalid`
 */
export async function* readArchive(
  file: string,
): AsyncGenerator<ArchiveLine & { readonly text: string }, void, undefined> {
  const digest = lineDigest();
  let stage: 'head' | 'entry' | 'order' | 'tail' = 'head';
  let entries = 0;
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: 0 })) {
    number++;
    if (stage === 'tail') throw badArchive('something stands behind its end');
    let value: Partial<Head & Tail & ArchivedEntry & OrderLine>;
    try {
      value = JSON.parse(text) as typeof value;
    } catch (cause) {
      throw badArchive(`line ${number} is not JSON`, cause);
    }
    if (typeof value !== 'object' || value === null) throw badArchive(`line ${number} is none of an archive`);
    const { format, before, origin, order, sha256, index, text: body, path, receipt } = value;
    if (stage === 'head') {
      if (format !== FORMAT || before === undefined || origin === undefined)
        throw badArchive(`it is none of the form \`${FORMAT}\``);
      stage = 'entry';
      yield { kind: 'head', head: { format, before, origin }, text };
    } else if (sha256 !== undefined) {
      stage = 'tail';
      if (value.entries !== entries || sha256 !== digest.hex())
        throw badArchive('its lines are not those that were written');
      yield { kind: 'tail', tail: { entries, sha256 }, text };
    } else if (order !== undefined) {
      stage = 'order';
      if (
        order.index === undefined ||
        order.text === undefined ||
        order.path === undefined ||
        order.checkpoint === undefined ||
        order.salt === undefined
      )
        throw badArchive(`line ${number} is no order`);
      yield { kind: 'order', order, text };
    } else {
      if (stage !== 'entry' || index === undefined || body === undefined || path === undefined || receipt === undefined)
        throw badArchive(`line ${number} is no entry in its place`);
      entries++;
      yield { kind: 'entry', entry: { ...value, index, text: body, path, receipt }, text };
    }
    digest.add(text);
  }
  if (stage !== 'tail') throw badArchive('its end is missing');
}
