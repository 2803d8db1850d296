/**
 * Bytes of a journal. A segment is a preallocated file: a header of 4096 bytes, then groups. A group is what one
 * fdatasync made durable: its header (chain, Merkle root, one signature), then its entries. Numbers are big endian.
 */
import { crc32 } from 'node:zlib';
import { HASH_BYTES, leafHash, rootOfLeaves, sha256 } from './merkle.js';

export const SEGMENT_HEADER = 4096;
/** Of a group of suite 1, and the least that any header has. */
export const GROUP_HEADER = 164;
/** Of a group of suite 2, which holds the root of its answers as well. */
export const GROUP_HEADER_2 = GROUP_HEADER + HASH_BYTES;
/** Length and salt before each body. */
export const ENTRY_HEADER = 4 + 32;
export const MAX_GROUP_ENTRIES = 256;
export const SALT_BYTES = 32;

const SEGMENT_MAGIC = 'YTSEG001';
const GROUP_MAGIC = 0x59544731; // YTG1
const MARKER_MAGIC = 0x59544d31; // YTM1
/**
 * Both are SHA-256 and Ed25519. 1: the replica signs the root of the entries; 2: the root of the digests of their
 * answers too, so that a promise says to which answer it belongs.
 */
const SUITE_1 = 1;
const SUITE_2 = 2;

/** The chain before the first entry. */
export const CHAIN_START = Buffer.alloc(HASH_BYTES);

export const segmentName = (segment: number): string => `${String(segment).padStart(8, '0')}.seg`;
export const segmentNumber = (name: string): number | undefined => {
  const match = /^(\d{8})\.seg$/.exec(name);
  return match === null ? undefined : Number(match[1]);
};
export const MARKER_FILE = 'durable';
export const SPARE_FILE = 'spare';
/**
 * In the folder of a journal that was restored from a backup: it is read and never written again, for what it gave out
 * since then has its next numbers.
 */
export const RETIRED_FILE = 'retired';

export interface SegmentHeader {
  readonly journal: string;
  readonly segment: number;
  /** The seq of its first entry. */
  readonly firstSeq: number;
  /** Chain hash before its first group. */
  readonly chain: Buffer;
  /** Where the segment before it ends for good: what stands behind was never acknowledged. 0 for the first segment. */
  readonly previousEnd: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER);
  bytes.write(SEGMENT_MAGIC, 0, 'latin1');
  bytes.writeUInt32BE(header.segment, 8);
  bytes.writeUIntBE(header.firstSeq, 12, 6);
  bytes.writeUIntBE(header.previousEnd, 18, 6);
  header.chain.copy(bytes, 24);
  const length = bytes.write(header.journal, 60, 200, 'latin1');
  bytes.writeUInt32BE(length, 56);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, SEGMENT_HEADER - 4)), SEGMENT_HEADER - 4);
  return bytes;
}

/** Undefined if these bytes are not a whole segment header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER || bytes.toString('latin1', 0, 8) !== SEGMENT_MAGIC) return undefined;
  if (crc32(bytes.subarray(0, SEGMENT_HEADER - 4)) !== bytes.readUInt32BE(SEGMENT_HEADER - 4)) return undefined;
  return {
    segment: bytes.readUInt32BE(8),
    firstSeq: bytes.readUIntBE(12, 6),
    previousEnd: bytes.readUIntBE(18, 6),
    chain: Buffer.from(bytes.subarray(24, 56)),
    journal: bytes.toString('latin1', 60, 60 + bytes.readUInt32BE(56)),
  };
}

export interface GroupHeader {
  /** Bytes from this header to the next. */
  readonly length: number;
  readonly keyId: number;
  readonly first: number;
  readonly count: number;
  /** ms since 1970 by which each entry is in the log. */
  readonly mergeBy: number;
  /** Chain hash before this group. */
  readonly previous: Buffer;
  readonly root: Buffer;
  /** Root over `answerLeaf` of each entry; undefined in suite 1. */
  readonly answers: Buffer | undefined;
  readonly signature: Buffer;
}

/** Bytes of the header itself. */
export const headerBytes = ({ answers }: Pick<GroupHeader, 'answers'>): number =>
  answers === undefined ? GROUP_HEADER : GROUP_HEADER_2;

/** Writes the header before a payload that already stands behind it, from `headerBytes` to `header.length`. */
export function writeGroupHeader(bytes: Buffer, header: GroupHeader): void {
  const payload = headerBytes(header);
  bytes.writeUInt32BE(GROUP_MAGIC, 0);
  bytes.writeUInt32BE(header.length, 4);
  bytes.writeUIntBE(header.first, 8, 6);
  bytes.writeUInt16BE(header.count, 14);
  bytes.writeUIntBE(header.mergeBy, 16, 6);
  bytes.writeUInt16BE(header.answers === undefined ? SUITE_1 : SUITE_2, 22);
  bytes.writeUInt32BE(header.keyId, 24);
  header.previous.copy(bytes, 28);
  header.root.copy(bytes, 60);
  header.signature.copy(bytes, 92);
  header.answers?.copy(bytes, 156);
  bytes.writeUInt32BE(crc32(bytes.subarray(payload, header.length)), payload - 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, payload - 4)), payload - 4);
}

/** What is left of entries whose salts were destroyed, by seq; see erased.ts. */
export type ErasedEntries = ReadonlyMap<number, ErasedEntry>;
export interface ErasedEntry {
  readonly commitment: Buffer;
  /** True where the whole body went, not the subject part alone. */
  readonly expired: boolean;
}
export const NONE_ERASED: ErasedEntries = new Map();

/**
 * Undefined if no whole, undamaged group stands at `at`. The checksum of a group with erased entries no longer fits;
 * its Merkle root, which the replica signed, still does, and `readEntries` asks for it.
 */
export function readGroup(bytes: Buffer, at: number, erased: ErasedEntries = NONE_ERASED): GroupHeader | undefined {
  const group = groupHeader(bytes, at);
  if (group === undefined || at + group.length > bytes.length) return undefined;
  const { length, first, count } = group;
  const payload = at + headerBytes(group);
  return crc32(bytes.subarray(payload, at + length)) !== bytes.readUInt32BE(payload - 8) &&
    !someErased(erased, first, count)
    ? undefined
    : group;
}

/**
 * The header alone; undefined if none that is undamaged stands at `at`. What it says of its payload is not looked at.
 */
export function groupHeader(bytes: Buffer, at: number): GroupHeader | undefined {
  const head = wholeHeader(bytes, at);
  if (head === undefined) return undefined;
  const length = head.readUInt32BE(4);
  if (length < head.length) return undefined;
  return {
    length,
    first: head.readUIntBE(8, 6),
    count: head.readUInt16BE(14),
    mergeBy: head.readUIntBE(16, 6),
    keyId: head.readUInt32BE(24),
    previous: Buffer.from(head.subarray(28, 60)),
    root: Buffer.from(head.subarray(60, 92)),
    answers: head.length === GROUP_HEADER ? undefined : Buffer.from(head.subarray(156, 188)),
    signature: Buffer.from(head.subarray(92, 156)),
  };
}

/** The bytes of the header at `at`; undefined if none whose checksum fits stands there. */
function wholeHeader(bytes: Buffer, at: number): Buffer | undefined {
  if (at + GROUP_HEADER > bytes.length || bytes.readUInt32BE(at) !== GROUP_MAGIC) return undefined;
  const suite = bytes.readUInt16BE(at + 22);
  if (suite !== SUITE_1 && suite !== SUITE_2) return undefined;
  const length = suite === SUITE_1 ? GROUP_HEADER : GROUP_HEADER_2;
  const head = bytes.subarray(at, at + length);
  return head.length === length && crc32(head.subarray(0, length - 4)) === head.readUInt32BE(length - 4)
    ? head
    : undefined;
}

function someErased(erased: ErasedEntries, first: number, count: number): boolean {
  if (erased.size > 0) for (let seq = first; seq < first + count; seq++) if (erased.has(seq)) return true;
  return false;
}

/** True where a group header stands, whole or cut off: what follows damage then is not a torn tail. */
export function groupHeaderAt(bytes: Buffer, at: number): boolean {
  return wholeHeader(bytes, at) !== undefined;
}

/** The next place at or behind `from` where a group header could begin, -1 if none. */
export function nextMagic(bytes: Buffer, from: number): number {
  return bytes.indexOf(Buffer.from([0x59, 0x54, 0x47, 0x31]), from);
}

export interface StoredEntry {
  readonly seq: number;
  readonly salt: Buffer;
  /** JSON text. */
  readonly body: Buffer;
  /** SHA-256(salt ‖ body): what the log publishes. */
  readonly commitment: Buffer;
  readonly leaf: Buffer;
  /** Its salt and subject, or its whole body, are gone, and the commitment is the one that was kept. */
  readonly erased?: boolean;
  /** Where in `bytes` its salt begins; the body stands right behind it. */
  readonly saltAt: number;
}

export const commitmentOf = (salt: Uint8Array, body: Uint8Array): Buffer => sha256(Buffer.concat([salt, body]));

/**
 * The entries of the group at `at`, hashed anew; undefined if their lengths or their Merkle root do not fit the header.
 */
export function readEntries(
  bytes: Buffer,
  at: number,
  group: GroupHeader,
  erased: ErasedEntries = NONE_ERASED,
): StoredEntry[] | undefined {
  const entries: StoredEntry[] = [];
  const end = at + group.length;
  const leaves = Buffer.allocUnsafe(group.count * HASH_BYTES);
  let from = at + headerBytes(group);
  for (let i = 0; i < group.count; i++) {
    if (from + ENTRY_HEADER > end) return undefined;
    const next = from + ENTRY_HEADER + bytes.readUInt32BE(from);
    if (next > end) return undefined;
    // salt and body stand side by side so that the commitment is one hash over one slice
    const kept = erased.get(group.first + i);
    const commitment = kept?.commitment ?? sha256(bytes.subarray(from + 4, next));
    const leaf = leafHash(commitment);
    leaf.copy(leaves, i * HASH_BYTES);
    entries.push({
      seq: group.first + i,
      salt: bytes.subarray(from + 4, from + ENTRY_HEADER),
      body: bytes.subarray(from + ENTRY_HEADER, next),
      commitment,
      leaf,
      saltAt: from + 4,
      ...(kept === undefined ? {} : { erased: true }),
    });
    from = next;
  }
  return rootOfLeaves(leaves).equals(group.root) ? entries : undefined;
}

const chainInput = Buffer.alloc(1 + HASH_BYTES + 6 + 2 + HASH_BYTES);
chainInput[0] = 2;

/** SHA-256(0x02 ‖ previous ‖ first ‖ count ‖ root): each group holds all before it. */
export function chainAfter(group: Pick<GroupHeader, 'previous' | 'first' | 'count' | 'root'>): Buffer {
  group.previous.copy(chainInput, 1);
  chainInput.writeUIntBE(group.first, 33, 6);
  chainInput.writeUInt16BE(group.count, 39);
  group.root.copy(chainInput, 41);
  return sha256(chainInput);
}

/**
 * What the replica signs for a group; plain Ed25519 over this text, as a signed note would. The promises in answers are
 * made of it: docs/log.md gives the text to the byte, and whoever changes it gives it another version.
 */
export function groupText(
  journal: string,
  group: Pick<GroupHeader, 'first' | 'count' | 'root' | 'answers' | 'mergeBy'>,
): string {
  const { first, count, root, answers, mergeBy } = group;
  const roots = answers === undefined ? [root] : [root, answers];
  return (
    `yitong-journal-group/v${String(roots.length)} ed25519 sha256\n${journal}\n${first} ${count}\n` +
    `${roots.map((hash) => `${hash.toString('base64')}\n`).join('')}${new Date(mergeBy).toISOString()}\n`
  );
}

/**
 * SHA-256(0x00 ‖ leaf ‖ digest): what binds an entry to the bytes that were answered.
 * @param digest of the answer, base64url of 32 bytes; none where the entry is of no answer
 */
export const answerLeaf = (leaf: Uint8Array, digest: string | undefined): Buffer =>
  leafHash(digest === undefined ? leaf : Buffer.concat([leaf, Buffer.from(digest, 'base64url')]));

const DIGEST_MEMBER = Buffer.from('"bodySha256":"');
/** 32 bytes in base64url. */
const DIGEST_TEXT = /^[\w-]{43}$/;

/**
 * The digest of the answer as the clear part of an entry has it, base64url; undefined where it has none. A quote inside
 * of a JSON string is escaped, so no text can look like the member.
 */
export function answerDigest(clear: Buffer): string | undefined {
  const at = clear.indexOf(DIGEST_MEMBER);
  if (at < 0) return undefined;
  const from = at + DIGEST_MEMBER.length;
  const digest = clear.toString('latin1', from, from + 43);
  return DIGEST_TEXT.test(digest) ? digest : undefined;
}

/** How far a journal is durable. Written after each fdatasync and itself never synced: it can lag, never lead. */
export interface Marker {
  readonly segment: number;
  readonly end: number;
  readonly lastSeq: number;
}

export const MARKER_BYTES = 32;

export function writeMarker(bytes: Buffer, marker: Marker): void {
  bytes.writeUInt32BE(MARKER_MAGIC, 0);
  bytes.writeUInt32BE(marker.segment, 4);
  bytes.writeUIntBE(marker.end, 8, 6);
  bytes.writeUIntBE(marker.lastSeq, 16, 6);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 28)), 28);
}

export function readMarker(bytes: Buffer): Marker | undefined {
  if (
    bytes.length < MARKER_BYTES ||
    bytes.readUInt32BE(0) !== MARKER_MAGIC ||
    crc32(bytes.subarray(0, 28)) !== bytes.readUInt32BE(28)
  )
    return undefined;
  return { segment: bytes.readUInt32BE(4), end: bytes.readUIntBE(8, 6), lastSeq: bytes.readUIntBE(16, 6) };
}
