/**
 * How full an LMDB file is: the bytes of its pages that hold something. The file itself never gets smaller; pages that
 * hold nothing any more are listed in it and are used again.
 */
import { readSync } from 'node:fs';
import {
  BIG,
  BRANCH,
  childAt,
  countOf,
  DEEPEST,
  entryAt,
  LEAF,
  type Meta,
  NO_PAGE,
  NODE_HEAD,
  newest,
  PAGE_HEAD,
} from './file.js';
import { readingIfThere } from './reading.js';

/** While others write, a list may change that is being read: then it is read again. */
const LOOKS = 5;

/** How much may be in a store. */
export interface Limit {
  readonly bytes: number;
  /** The setting that says so, for people: `bus.maxBytes`. */
  readonly setting: string;
  /** What the store is, for people: `the bus`. */
  readonly what: string;
}

/**
 * Undefined where there is no such file, or nothing was ever written to it. Where the list of free pages cannot be read
 * (the file is damaged, or others write too fast), all pages count as used.
 */
export function usedBytes(path: string): number | undefined {
  return readingIfThere(path, (fd) => {
    for (let look = 1; ; look++) {
      const meta = newest(fd);
      if (typeof meta === 'string') return undefined;
      const pages = meta.lastPage + 1;
      const free = new FreePages(fd, meta).count();
      const after = newest(fd);
      if (free !== undefined && typeof after !== 'string' && after.txn === meta.txn) return (pages - free) * meta.psize;
      if (look === LOOKS) return pages * meta.psize;
    }
  });
}

/** The map of free pages: transaction → the pages that it freed. */
class FreePages {
  readonly #fd: number;
  readonly #meta: Meta;

  constructor(fd: number, meta: Meta) {
    this.#fd = fd;
    this.#meta = meta;
  }

  /** Undefined where it is not what such a map is. */
  count(): number | undefined {
    const { root } = this.#meta.free;
    if (root === NO_PAGE) return 0;
    const free = this.#of(Number(root), 0);
    return free !== undefined && free <= this.#meta.lastPage ? free : undefined;
  }

  #of(page: number, level: number): number | undefined {
    const bytes = level > DEEPEST ? undefined : this.#read(page, 1);
    if (bytes === undefined || bytes.readBigUInt64LE(0) !== BigInt(page)) return undefined;
    const kind = bytes.readUInt16LE(18) & 0xff;
    if (kind !== BRANCH && kind !== LEAF) return undefined;
    const count = countOf(bytes);
    if (PAGE_HEAD + 2 * count > bytes.length) return undefined;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const at = entryAt(bytes, i);
      if (at + NODE_HEAD > bytes.length) return undefined;
      const free = kind === BRANCH ? this.#of(childAt(bytes, at), level + 1) : this.#listed(bytes, at);
      if (free === undefined) return undefined;
      sum += free;
    }
    return sum;
  }

  /** Pages in one list, which stands in the page or on pages of its own. */
  #listed(bytes: Buffer, at: number): number | undefined {
    const size = bytes.readUInt32LE(at);
    const begin = at + NODE_HEAD + bytes.readUInt16LE(at + 6);
    if ((bytes.readUInt16LE(at + 4) & BIG) === 0)
      return begin + size > bytes.length ? undefined : pagesOf(bytes.subarray(begin, begin + size));
    if (begin + 24 > bytes.length) return undefined;
    const { psize } = this.#meta;
    const large = this.#read(Number(bytes.readBigUInt64LE(begin)), Math.ceil((size + PAGE_HEAD) / psize));
    return large === undefined ? undefined : pagesOf(large.subarray(PAGE_HEAD, PAGE_HEAD + size));
  }

  #read(page: number, pages: number): Buffer | undefined {
    const { psize, lastPage } = this.#meta;
    if (page < 2 || page + pages - 1 > lastPage) return undefined;
    const bytes = Buffer.alloc(pages * psize);
    return readSync(this.#fd, bytes, 0, bytes.length, page * psize) === bytes.length ? bytes : undefined;
  }
}

/**
 * A list as the package `lmdb` writes it: its length, then numbers of pages; before the first page of several in a row
 * stands how many they are, below zero. An entry of 0 is none.
 */
function pagesOf(list: Buffer): number | undefined {
  if (list.length < 8) return undefined;
  const length = Number(list.readBigInt64LE(0));
  if (length < 0 || (length + 1) * 8 > list.length) return undefined;
  let pages = 0;
  for (let i = 1; i <= length; i++) {
    const entry = list.readBigInt64LE(i * 8);
    if (entry === 0n) continue;
    if (entry > 0n) pages++;
    else {
      pages += Number(-entry);
      i++;
    }
  }
  return pages;
}
