/**
 * Whether an LMDB file is whole, found out by reading it and not by mapping it: LMDB keeps no checksums, and a process
 * that maps a file which was cut short ends by SIGBUS at the first page that is not there. Looked at before a store is
 * opened: both heads, each page that can be reached, and the order of its keys. What stands in values is for their own
 * checksums (`checksum.ts`).
 */
import { existsSync, fstatSync, mkdirSync, readSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { reading, readingIfThere } from './reading.js';

const MAGIC = 0xbeefc0de;
export const PAGE_HEAD = 24;
export const NODE_HEAD = 8;
const META_BYTES = 144;
const VERSION = 2;
/** Flags of an environment, and of its map of free pages. */
const NO_SUBDIR = 0x4000;
const INTEGER_KEY = 8;
/** Bytes of address space that a store of ours may ask for. */
const LARGEST = 2n ** 46n;
export const BRANCH = 1;
export const LEAF = 2;
const OVERFLOW = 4;
const META = 8;
export const BIG = 1;
const SUB = 2;
/** What stands in place of a large value: its first page, the commit, how many pages. */
const BIG_VALUE = 24;
export const NO_PAGE = 0xffffffffffffffffn;
export const DEEPEST = 40;
/** ms for which a file without its second head may be one that another process makes, and between two looks at it. */
const IN_MAKING = 500;
const PAUSE = 2;
const SLEEP = new Int32Array(new SharedArrayBuffer(4));
const LEAST_PAGE = 4096;
/** While others write, a page that the look still wants may be taken for something newer: then it looks again. */
const LOOKS = 5;

interface Tree {
  readonly root: bigint;
  /** Levels of pages. */
  readonly depth: number;
  readonly entries: bigint;
}

export interface Meta {
  readonly psize: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly txn: bigint;
}

/**
 * The place of a file on its disk, undefined where there is none: one that is made anew, or put back, under the same
 * name is another.
 */
export function identityOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}

/** How LMDB is told of a data file: `data.mdb` by its folder, any other by its own name. */
export const pathOf = (file: string): { readonly path: string; readonly noSubdir: boolean } =>
  basename(file) === 'data.mdb' ? { path: dirname(file), noSubdir: false } : { path: file, noSubdir: true };

/**
 * Whether pages are gone from the end of the file, for whoever opens it beside its writer: it looks further only where
 * the file is shorter than it may be.
 */
export function cutShort(path: string): boolean {
  const isLong = reading(path, (fd) => {
    const { size } = fstatSync(fd);
    if (size === 0) return true;
    const meta = newest(fd);
    return typeof meta !== 'string' && size >= (meta.lastPage + 1) * meta.psize;
  });
  return !isLong && damageOf(path) !== undefined;
}

/**
 * Undefined where the file is whole, is not there, or was never written to; otherwise what is wrong with it, in words.
 */
export function damageOf(path: string): string | undefined {
  return readingIfThere(path, (fd) => {
    if (fstatSync(fd).size === 0) return undefined;
    for (let look = 1; ; look++) {
      const before = newest(fd);
      if (typeof before === 'string') return before;
      const found = damageIn(fd, before);
      if (found === undefined) return undefined;
      const after = newest(fd);
      if (typeof after === 'string') return after;
      if (after.txn === before.txn) return found;
      // written so fast that no look is quick enough: it works, so it is not for this look to call it damaged
      if (look === LOOKS) return undefined;
    }
  });
}

/** As `damageOf`, of one commit whose pages nobody may use again meanwhile. */
export const damageOfSnapshot = (path: string, meta: Meta): string | undefined =>
  reading(path, (fd) => damageIn(fd, meta));

/** Of all pages that can be reached from one head. */
function damageIn(fd: number, meta: Meta): string | undefined {
  const walk = new Walk(fd, meta);
  return walk.damageOf(meta.free, false) ?? walk.damageOf(meta.main, true);
}

/** Of the newest commit in the file; in words, what is wrong with its heads. */
export const newestOf = (path: string): Meta | string => reading(path, newest);

/** Stands beside a store that has something in it: one that is gone is missed. */
const markOf = (path: string): string => `${path}.made`;

/**
 * To be called before a store is opened.
 * @param what names the store for people: `the bus`
 * @param mend what somebody has to do, a sentence without its point
 * @param lasting whether nothing else has what is in it: then one that was there and is gone, or empty, is refused as
 * well
 * @throws YitongError `store_damaged`
 */
export function refuseDamaged(path: string, what: string, mend: string, lasting = false): void {
  const refuse = (found: string): never => {
    throw new YitongError('store_damaged', `${what} is damaged (${found}); ${mend}`);
  };
  const found = damageOf(path);
  if (found !== undefined) refuse(found);
  if (!lasting) return;
  if (!filled(path) && existsSync(markOf(path)))
    refuse(`its file is gone or empty; to begin anew all the same, remove \`${basename(markOf(path))}\` beside it`);
  markMade(path);
}

const filled = (path: string): boolean => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;

/**
 * From now on the store is missed where it is gone; done by each opening of one that lasts, and by the first one once
 * it is open.
 */
export function markMade(path: string): void {
  if (filled(path) && !existsSync(markOf(path))) writeFileSync(markOf(path), '', { mode: 0o600 });
}

/** Whether a store is known to have had something in it. */
export const wasMade = (path: string): boolean => existsSync(markOf(path));

/** Of a store that is never to be begun, for what would be in it stands elsewhere: whoever opens it is refused. */
export function neverBegin(path: string): void {
  if (wasMade(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(markOf(path), '', { mode: 0o600 });
}

/** Of the newest commit; in words, what is wrong with the heads. */
export function newest(fd: number): Meta | string {
  const until = performance.now() + IN_MAKING;
  for (let look = 1; ; look++) {
    const found = newestNow(fd);
    if (typeof found !== 'string') return found;
    // another process makes it at this moment: LMDB writes both heads at once, and a reader sees them come page by page
    if (isBegun(fd) && performance.now() < until) {
      Atomics.wait(SLEEP, 0, 0, PAUSE);
      look = 0;
      continue;
    }
    // others may commit between a look at the one head and a look at the other
    if (look >= LOOKS) return found;
  }
}

/** Whether the file ends before its second head does. */
function isBegun(fd: number): boolean {
  const first = metaAt(fd, 0, 0);
  return fstatSync(fd).size < 2 * (typeof first === 'string' ? LEAST_PAGE : first.psize);
}

function newestNow(fd: number): Meta | string {
  const first = metaAt(fd, 0, 0);
  if (typeof first === 'string') return first;
  const second = metaAt(fd, first.psize, 1);
  if (typeof second === 'string') return second;
  if (first.psize !== second.psize) return 'its two heads do not agree';
  const [older, newer] = first.txn > second.txn ? [second, first] : [first, second];
  // a commit writes the head that its number says, so one is just behind the other; in a compacted copy the first is
  // that of an empty file
  if (newer.txn - older.txn > 1n && older.lastPage > 1)
    return 'its two heads are not of commits that follow each other';
  return newer;
}

function metaAt(fd: number, at: number, page: number): Meta | string {
  const bytes = Buffer.alloc(PAGE_HEAD + META_BYTES);
  if (readSync(fd, bytes, 0, bytes.length, at) !== bytes.length) return 'it was cut short';
  if (
    bytes.readBigUInt64LE(0) !== BigInt(page) ||
    bytes.readUInt16LE(18) !== META ||
    bytes.readUInt32LE(PAGE_HEAD) !== MAGIC
  )
    return 'its head is not one';
  const psize = bytes.readUInt32LE(PAGE_HEAD + 24);
  if (psize < 512 || psize > 65_536 || (psize & (psize - 1)) !== 0) return 'its head names no size of a page';
  const [version, address, mapSize] = [
    bytes.readUInt32LE(PAGE_HEAD + 4),
    bytes.readBigUInt64LE(PAGE_HEAD + 8),
    bytes.readBigUInt64LE(PAGE_HEAD + 16),
  ];
  const [freeFlags, mainFlags] = [bytes.readUInt16LE(PAGE_HEAD + 28), bytes.readUInt16LE(PAGE_HEAD + 76)];
  if (version !== VERSION || address !== 0n || (freeFlags & ~NO_SUBDIR) !== INTEGER_KEY || mainFlags !== 0)
    return 'its head says that it is of another kind';
  const lastPage = bytes.readBigUInt64LE(PAGE_HEAD + 120);
  if (mapSize > LARGEST || lastPage * BigInt(psize) >= mapSize) return 'its head names a page that cannot be';
  return {
    psize,
    free: treeAt(bytes, PAGE_HEAD + 24),
    main: treeAt(bytes, PAGE_HEAD + 72),
    lastPage: Number(lastPage),
    txn: bytes.readBigUInt64LE(PAGE_HEAD + 128),
  };
}

const treeAt = (bytes: Buffer, at: number): Tree => ({
  root: bytes.readBigUInt64LE(at + 40),
  depth: bytes.readUInt16LE(at + 6),
  entries: bytes.readBigUInt64LE(at + 32),
});

/** Looks at the pages that can be reached from one head. */
class Walk {
  readonly #fd: number;
  readonly #psize: number;
  readonly #lastPage: number;
  /** A bit for each page that something names. */
  readonly #taken: Uint8Array;
  /** A buffer for each level of pages. */
  readonly #levels: Buffer[] = [];
  /** For each byte of the page being looked at: the number of the page if an entry begins there. */
  readonly #begins: Float64Array;
  #found: string | undefined;

  constructor(fd: number, { psize, lastPage }: Meta) {
    this.#fd = fd;
    this.#psize = psize;
    this.#lastPage = lastPage;
    this.#taken = new Uint8Array((lastPage >> 3) + 1);
    this.#begins = new Float64Array(psize + 1).fill(-1);
  }

  /** What is wrong with the map and with the maps in it. */
  damageOf(map: Tree, ordered: boolean): string | undefined {
    this.#map(map, 0, ordered);
    return this.#found;
  }

  #wrong(what: string): false {
    this.#found ??= what;
    return false;
  }

  /** @param above how many levels of pages stand over it @param ordered whether keys are in the order of bytes */
  #map({ root, depth, entries }: Tree, above: number, ordered: boolean): boolean {
    if (root === NO_PAGE)
      return (depth === 0 && entries === 0n) || this.#wrong('an empty map says that it has entries');
    const map: MapSeen = { ordered, leafLevel: above + depth - 1, entries: 0 };
    return (
      this.#page(map, Number(root), above, undefined, undefined) &&
      (BigInt(map.entries) === entries || this.#wrong('a map has another number of entries than it says'))
    );
  }

  /** @param low the key that the page's keys are not below @param high the key that they are below */
  #page(map: MapSeen, page: number, level: number, low: Buffer | undefined, high: Buffer | undefined): boolean {
    if (level > DEEPEST) return this.#wrong('its pages go round in a circle');
    if (!this.#take(page, 1)) return false;
    const bytes = (this.#levels[level] ??= Buffer.alloc(this.#psize));
    if (readSync(this.#fd, bytes, 0, this.#psize, page * this.#psize) !== this.#psize)
      return this.#wrong('it was cut short');
    if (bytes.readBigUInt64LE(0) !== BigInt(page)) return this.#wrong('a page says that it is another one');
    const kind = bytes.readUInt16LE(18) & 0xff;
    if (kind !== BRANCH && kind !== LEAF) return this.#wrong('a page is of no known kind');
    if ((kind === LEAF) !== (level === map.leafLevel)) return this.#wrong('a map is not as deep as it says');
    if (!this.#isFilled(bytes, page, kind)) return this.#wrong('the entries of a page do not fill it');
    const count = countOf(bytes);
    if (kind === LEAF) map.entries += count;
    let before = low;
    for (let i = 0; i < count; i++) {
      const at = entryAt(bytes, i);
      const key = keyAt(bytes, at);
      // the first key of a branch is never looked at and may be empty
      const first = kind === BRANCH && i === 0;
      if (map.ordered && !first) {
        const inOrder =
          before === undefined || Buffer.compare(before, key) < (i === 0 || (kind === BRANCH && i === 1) ? 1 : 0);
        if (!inOrder || (high !== undefined && Buffer.compare(key, high) >= 0))
          return this.#wrong('keys are not in their order');
      }
      if (kind === BRANCH) {
        const next = map.ordered && i + 1 < count ? keyAt(bytes, entryAt(bytes, i + 1)) : high;
        if (!this.#page(map, childAt(bytes, at), level + 1, first ? low : key, next)) return false;
      } else if (!this.#value(bytes, at, level)) return false;
      if (!first) before = key;
    }
    return true;
  }

  /**
   * Entries stand beside each other from where the page says that it is filled to its end, and each is of a kind that a
   * store of ours has.
   */
  #isFilled(bytes: Buffer, page: number, kind: number): boolean {
    const [lower, upper] = [bytes.readUInt16LE(20), bytes.readUInt16LE(22)];
    const psize = this.#psize;
    if (lower % 2 !== 0 || lower > upper || upper + PAGE_HEAD > psize) return false;
    const count = countOf(bytes);
    this.#begins[psize] = page;
    for (let i = 0; i < count; i++) {
      const at = entryAt(bytes, i);
      if (at < upper + PAGE_HEAD || at + NODE_HEAD > psize || this.#begins[at] === page) return false;
      this.#begins[at] = page;
    }
    let filled = 0;
    for (let i = 0; i < count; i++) {
      const at = entryAt(bytes, i);
      const flags = bytes.readUInt16LE(at + 4);
      // no store of ours has several values under one key
      if (kind === LEAF && flags !== 0 && flags !== BIG && flags !== SUB) return false;
      const value = kind === BRANCH ? 0 : flags === BIG ? BIG_VALUE : bytes.readUInt32LE(at);
      const size = NODE_HEAD + bytes.readUInt16LE(at + 6) + value;
      const even = size + (size % 2);
      if (this.#begins[at + even] !== page) return false;
      filled += even;
    }
    return filled === psize - PAGE_HEAD - upper;
  }

  #value(bytes: Buffer, at: number, level: number): boolean {
    const [size, flags, begin] = [
      bytes.readUInt32LE(at),
      bytes.readUInt16LE(at + 4),
      at + NODE_HEAD + bytes.readUInt16LE(at + 6),
    ];
    if (flags === BIG)
      return this.#large(Number(bytes.readBigUInt64LE(begin)), Number(bytes.readBigUInt64LE(begin + 16)), size);
    if (flags !== SUB) return true;
    if (size !== 48 || bytes.readUInt16LE(begin + 4) !== 0) return this.#wrong('a map has no head');
    return this.#map(treeAt(bytes, begin), level + 1, true);
  }

  #large(page: number, pages: number, size: number): boolean {
    // a value that is put again in one transaction, shorter, keeps its pages
    if (pages < 1 || pages * this.#psize < size + PAGE_HEAD)
      return this.#wrong('a large value has another size than its place');
    if (!this.#take(page, pages)) return false;
    const head = Buffer.alloc(PAGE_HEAD);
    if (readSync(this.#fd, head, 0, PAGE_HEAD, page * this.#psize) !== PAGE_HEAD)
      return this.#wrong('it was cut short');
    if (
      head.readBigUInt64LE(0) !== BigInt(page) ||
      (head.readUInt16LE(18) & OVERFLOW) === 0 ||
      head.readUInt32LE(20) !== pages
    )
      return this.#wrong('the page of a large value is another one');
    return (
      readSync(this.#fd, head, 0, 1, page * this.#psize + PAGE_HEAD + size - 1) === 1 || this.#wrong('it was cut short')
    );
  }

  #take(page: number, pages: number): boolean {
    if (page < 2 || page + pages - 1 > this.#lastPage) return this.#wrong('it names a page that is not there');
    for (let one = page; one < page + pages; one++) {
      if (((this.#taken[one >> 3] ?? 0) & (1 << (one & 7))) !== 0) return this.#wrong('two places name one page');
      this.#taken[one >> 3] = (this.#taken[one >> 3] ?? 0) | (1 << (one & 7));
    }
    return true;
  }
}

interface MapSeen {
  readonly ordered: boolean;
  readonly leafLevel: number;
  /** Seen so far. */
  entries: number;
}

export const countOf = (page: Buffer): number => page.readUInt16LE(20) / 2;
export const entryAt = (page: Buffer, i: number): number => page.readUInt16LE(PAGE_HEAD + 2 * i) + PAGE_HEAD;
const keyAt = (page: Buffer, at: number): Buffer =>
  page.subarray(at + NODE_HEAD, at + NODE_HEAD + page.readUInt16LE(at + 6));
export const childAt = (page: Buffer, at: number): number =>
  page.readUInt32LE(at) + page.readUInt16LE(at + 4) * 2 ** 32;
