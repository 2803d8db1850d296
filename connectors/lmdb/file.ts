/**
 * Whether an LMDB file is whole, found out by reading it and not by mapping it: LMDB keeps no checksums, and a process that maps a file which
 * was cut short ends by SIGBUS at the first page that is not there. Looked at before a store is opened: both heads, each page that can be
 * reached, and the order of its keys. What stands in values is for their own checksums (`checksum.ts`).
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { YitongError } from '../../contracts/errors.js';

const MAGIC = 0xbeefc0de;
const PAGE_HEAD = 24;
const NODE_HEAD = 8;
const META_BYTES = 144;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const META = 8;
const BIG = 1;
const SUB = 2;
const NO_PAGE = 0xffffffffffffffffn;
const DEEPEST = 40;
/** While others write, a page that the look still wants may be taken for something newer: then it looks again. */
const LOOKS = 5;

interface Meta {
  readonly psize: number;
  readonly free: bigint;
  readonly main: bigint;
  readonly lastPage: number;
  readonly txn: bigint;
}

/** How LMDB is told of a data file: `data.mdb` by its folder, any other by its own name. */
export const pathOf = (file: string): { readonly path: string; readonly noSubdir: boolean } => (basename(file) === 'data.mdb' ? { path: dirname(file), noSubdir: false } : { path: file, noSubdir: true });

/** Whether pages are gone from the end of the file, for whoever opens it beside its writer: it looks further only where the file is shorter than it may be. */
export function cutShort(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return false;
    const meta = newest(fd);
    if (typeof meta !== 'string' && size >= (meta.lastPage + 1) * meta.psize) return false;
  } finally {
    closeSync(fd);
  }
  return damageOf(path) !== undefined;
}

/** Undefined where the file is whole, is not there, or was never written to; otherwise what is wrong with it, in words. */
export function damageOf(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if (fstatSync(fd).size === 0) return undefined;
    for (let look = 1; ; look++) {
      const before = newest(fd);
      if (typeof before === 'string') return before;
      const found = walk(fd, before);
      if (found === undefined) return undefined;
      const after = newest(fd);
      if (typeof after === 'string') return after;
      if (after.txn === before.txn) return found;
      // written so fast that no look is quick enough: it works, so it is not for this look to call it damaged
      if (look === LOOKS) return undefined;
    }
  } finally {
    closeSync(fd);
  }
}

/** Stands beside a store that has something in it: one that is gone is missed. */
const markOf = (path: string): string => `${path}.made`;

/**
 * To be called before a store is opened.
 * @param what names the store for people: `the bus`
 * @param mend what somebody has to do, a sentence without its point
 * @param lasting whether nothing else has what is in it: then one that was there and is gone, or empty, is refused as well
 * @throws YitongError `store_damaged`
 */
export function refuseDamaged(path: string, what: string, mend: string, lasting = false): void {
  const refuse = (found: string): never => {
    throw new YitongError('store_damaged', `${what} is damaged (${found}); ${mend}`);
  };
  const found = damageOf(path);
  if (found !== undefined) refuse(found);
  if (!lasting) return;
  if (!filled(path) && existsSync(markOf(path))) refuse(`its file is gone or empty; to begin anew all the same, remove \`${basename(markOf(path))}\` beside it`);
  markMade(path);
}

const filled = (path: string): boolean => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;

/** From now on the store is missed where it is gone; done by each opening of one that lasts, and by the first one once it is open. */
export function markMade(path: string): void {
  if (filled(path) && !existsSync(markOf(path))) writeFileSync(markOf(path), '', { mode: 0o600 });
}

function newest(fd: number): Meta | string {
  const first = metaAt(fd, 0, 0);
  if (typeof first === 'string') return first;
  const second = metaAt(fd, first.psize, 1);
  if (typeof second === 'string') return second;
  if (first.psize !== second.psize) return 'its two heads do not agree';
  const [older, newer] = first.txn > second.txn ? [second, first] : [first, second];
  // a commit writes the head that its number says, so one is just behind the other; in a compacted copy the first is that of an empty file
  if (newer.txn - older.txn > 1n && older.lastPage > 1) return 'its two heads are not of commits that follow each other';
  return newer;
}

function metaAt(fd: number, at: number, page: number): Meta | string {
  const bytes = Buffer.alloc(PAGE_HEAD + META_BYTES);
  if (readSync(fd, bytes, 0, bytes.length, at) !== bytes.length) return 'it was cut short';
  if (bytes.readBigUInt64LE(0) !== BigInt(page) || bytes.readUInt16LE(18) !== META || bytes.readUInt32LE(PAGE_HEAD) !== MAGIC) return 'its head is not one';
  const psize = bytes.readUInt32LE(PAGE_HEAD + 24);
  if (psize < 512 || psize > 65_536 || (psize & (psize - 1)) !== 0) return 'its head names no size of a page';
  const lastPage = bytes.readBigUInt64LE(PAGE_HEAD + 120);
  if (lastPage > 2n ** 40n) return 'its head names a page that cannot be';
  return {
    psize,
    free: bytes.readBigUInt64LE(PAGE_HEAD + 24 + 40),
    main: bytes.readBigUInt64LE(PAGE_HEAD + 72 + 40),
    lastPage: Number(lastPage),
    txn: bytes.readBigUInt64LE(PAGE_HEAD + 128),
  };
}

/** What is wrong with the pages that can be reached. */
function walk(fd: number, meta: Meta): string | undefined {
  const { psize, lastPage } = meta;
  const seen = new Uint8Array((lastPage >> 3) + 1);
  const levels: Buffer[] = [];
  let found: string | undefined;
  const wrong = (what: string): false => {
    found ??= what;
    return false;
  };
  const take = (page: number, pages = 1): boolean => {
    if (page < 2 || page + pages - 1 > lastPage) return wrong('it names a page that is not there');
    for (let one = page; one < page + pages; one++) {
      if (((seen[one >> 3] ?? 0) & (1 << (one & 7))) !== 0) return wrong('two places name one page');
      seen[one >> 3] = (seen[one >> 3] ?? 0) | (1 << (one & 7));
    }
    return true;
  };
  const head = Buffer.alloc(PAGE_HEAD);
  function overflow(page: number, pages: number, size: number): boolean {
    // a value that is put again in one transaction, shorter, keeps its pages
    if (pages < 1 || pages * psize < size + PAGE_HEAD) return wrong('a large value has another size than its place');
    if (!take(page, pages)) return false;
    if (readSync(fd, head, 0, PAGE_HEAD, page * psize) !== PAGE_HEAD) return wrong('it was cut short');
    if (head.readBigUInt64LE(0) !== BigInt(page) || (head.readUInt16LE(18) & OVERFLOW) === 0 || head.readUInt32LE(20) !== pages) return wrong('the page of a large value is another one');
    return readSync(fd, head, 0, 1, page * psize + PAGE_HEAD + size - 1) === 1 || wrong('it was cut short');
  }
  /** @param ordered whether keys are in the order of bytes @param low the key that the page's keys are not below */
  function tree(page: number, depth: number, ordered: boolean, low: Buffer | undefined, high: Buffer | undefined): boolean {
    if (depth > DEEPEST) return wrong('its pages go round in a circle');
    if (!take(page)) return false;
    const bytes = (levels[depth] ??= Buffer.alloc(psize));
    if (readSync(fd, bytes, 0, psize, page * psize) !== psize) return wrong('it was cut short');
    if (bytes.readBigUInt64LE(0) !== BigInt(page)) return wrong('a page says that it is another one');
    const kind = bytes.readUInt16LE(18) & 0xff;
    if (kind !== BRANCH && kind !== LEAF) return wrong('a page is of no known kind');
    const [lower, upper] = [bytes.readUInt16LE(20), bytes.readUInt16LE(22)];
    if (lower % 2 !== 0 || lower > upper || upper + PAGE_HEAD > psize) return wrong('a page does not say how full it is');
    let before = low;
    for (let i = 0; i < lower / 2; i++) {
      const at = bytes.readUInt16LE(PAGE_HEAD + 2 * i) + PAGE_HEAD;
      if (at < upper + PAGE_HEAD || at + NODE_HEAD > psize) return wrong('an entry stands outside of its page');
      const [lo, hi, flags, length] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2), bytes.readUInt16LE(at + 4), bytes.readUInt16LE(at + 6)];
      const end = at + NODE_HEAD + length;
      if (end > psize) return wrong('a key stands outside of its page');
      const key = bytes.subarray(at + NODE_HEAD, end);
      const first = kind === BRANCH && i === 0;
      if (ordered && !first) {
        if (before !== undefined && Buffer.compare(before, key) > (i === 0 || (kind === BRANCH && i === 1) ? 0 : -1)) return wrong('keys are not in their order');
        if (high !== undefined && Buffer.compare(key, high) >= 0) return wrong('keys are not in their order');
      }
      if (kind === BRANCH) {
        const child = lo + hi * 65_536 + flags * 2 ** 32;
        let next: Buffer | undefined = high;
        if (ordered && i + 1 < lower / 2) {
          const other = bytes.readUInt16LE(PAGE_HEAD + 2 * (i + 1)) + PAGE_HEAD;
          if (other + NODE_HEAD > psize) return wrong('an entry stands outside of its page');
          next = bytes.subarray(other + NODE_HEAD, other + NODE_HEAD + bytes.readUInt16LE(other + 6));
        }
        if (!tree(child, depth + 1, ordered, first ? low : key, next)) return false;
      } else {
        const size = lo + hi * 65_536;
        if ((flags & BIG) !== 0) {
          if (end + 24 > psize) return wrong('a value stands outside of its page');
          if (!overflow(Number(bytes.readBigUInt64LE(end)), Number(bytes.readBigUInt64LE(end + 16)), size)) return false;
        } else {
          if (end + size > psize) return wrong('a value stands outside of its page');
          if ((flags & SUB) !== 0) {
            if (size !== 48) return wrong('a map has no head');
            const root = bytes.readBigUInt64LE(end + 40);
            if (root !== NO_PAGE && !tree(Number(root), depth + 1, true, undefined, undefined)) return false;
          }
        }
      }
      if (!first) before = key;
    }
    return true;
  }
  for (const [root, ordered] of [[meta.free, false], [meta.main, true]] as const) {
    if (root !== NO_PAGE && !tree(Number(root), 0, ordered, undefined, undefined)) return found;
  }
  return undefined;
}
