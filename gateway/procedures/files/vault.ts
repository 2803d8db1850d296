/**
 * The bytes of a file at rest: segments of 64 KiB, each AES-256-GCM under a key of this file alone, with its number as
 * the nonce, so that any byte can be reached by opening one of them. The key is made of a secret of the installation
 * and of a salt that stands in the state with the order: once that is gone nobody can read what is left on a disk.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, type Hash, type KeyObject } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { YitongError } from '../../../contracts/errors.js';

const SEGMENT = 65_536;
const TAG = 16;
const NONCE = 12;
const CIPHER = 'aes-256-gcm';

/** @param secret of the installation @param salt of this file, base64url */
export const vaultKey = (secret: KeyObject, id: string, salt: string): Buffer =>
  createHmac('sha256', secret).update(`file\0${id}\0${salt}`).digest();

function nonceOf(segment: number): Buffer {
  const nonce = Buffer.alloc(NONCE);
  nonce.writeUIntBE(segment, NONCE - 6, 6);
  return nonce;
}

/** What a file came to. */
interface Written {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export class VaultWriter {
  readonly #fd: number;
  readonly #key: Buffer;
  readonly #digest: Hash = createHash('sha256');
  readonly #segment = Buffer.allocUnsafeSlow(SEGMENT);
  #filled = 0;
  #number = 0;
  #bytes = 0;
  #closed = false;

  /** @param file that is not there so far */
  constructor(file: string, key: Buffer) {
    this.#fd = openSync(file, 'wx', 0o600);
    this.#key = key;
  }

  get bytes(): number {
    return this.#bytes;
  }

  write(bytes: Uint8Array): void {
    this.#digest.update(bytes);
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const some = bytes.subarray(at, at + SEGMENT - this.#filled);
      this.#segment.set(some, this.#filled);
      this.#filled += some.length;
      at += some.length;
      if (this.#filled === SEGMENT) this.#flush();
    }
  }

  #flush(): void {
    const cipher = createCipheriv(CIPHER, this.#key, nonceOf(this.#number));
    const sealed = Buffer.concat([
      cipher.update(this.#segment.subarray(0, this.#filled)),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    for (let at = 0; at < sealed.length; ) at += writeSync(this.#fd, sealed, at);
    this.#number++;
    this.#filled = 0;
  }

  /** Durable when it returns. */
  end(): Written {
    if (this.#filled > 0) this.#flush();
    fdatasyncSync(this.#fd);
    this.close();
    return { bytes: this.#bytes, sha256: this.#digest.digest('hex') };
  }

  close(): void {
    if (!this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }
}

const damaged = (cause?: unknown): YitongError =>
  new YitongError('store_damaged', 'a file that was made is damaged; order it anew', { cause });

export class VaultReader {
  readonly #handle: FileHandle;
  readonly #key: Buffer;
  readonly #bytes: number;

  private constructor(handle: FileHandle, key: Buffer, bytes: number) {
    this.#handle = handle;
    this.#key = key;
    this.#bytes = bytes;
  }

  /** @param bytes that it has in all @throws where it is not there */
  static async open(file: string, key: Buffer, bytes: number): Promise<VaultReader> {
    return new VaultReader(await open(file, 'r'), key, bytes);
  }

  /** From that byte on as many as its segment has, at most `most`. @throws YitongError `store_damaged` */
  async read(from: number, most: number): Promise<Buffer> {
    const segment = Math.floor(from / SEGMENT);
    const length = Math.min(SEGMENT, this.#bytes - segment * SEGMENT);
    const sealed = Buffer.allocUnsafe(length + TAG);
    const { bytesRead } = await this.#handle.read(sealed, 0, sealed.length, segment * (SEGMENT + TAG));
    if (bytesRead !== sealed.length) throw damaged();
    const begin = from - segment * SEGMENT;
    return this.#opened(segment, sealed, length).subarray(begin, begin + most);
  }

  #opened(segment: number, sealed: Buffer, length: number): Buffer {
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, nonceOf(segment));
      decipher.setAuthTag(sealed.subarray(length));
      return Buffer.concat([decipher.update(sealed.subarray(0, length)), decipher.final()]);
    } catch (cause) {
      throw damaged(cause);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** A list of pseudonyms on disk, 16 bytes each: who is in a file, so that an erasure finds it. */
const PSEUDONYM = 16;

export class WhoIsIn {
  readonly #fd: number;
  #closed = false;

  constructor(file: string) {
    this.#fd = openSync(file, 'wx', 0o600);
  }

  add(pseudonyms: readonly string[]): void {
    const bytes = Buffer.from(pseudonyms.join(''), 'hex');
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
  }

  end(): void {
    fdatasyncSync(this.#fd);
    this.close();
  }

  close(): void {
    if (!this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }
}

/** Those in it, some at a time. */
export function* whoIsIn(file: string): Generator<readonly string[]> {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.allocUnsafe(PSEUDONYM * 4096);
    for (let read = readSync(fd, bytes); read > 0; read = readSync(fd, bytes)) {
      const hex = bytes.toString('hex', 0, read - (read % PSEUDONYM));
      yield Array.from({ length: hex.length / 32 }, (_, i) => hex.slice(i * 32, i * 32 + 32));
    }
  } finally {
    closeSync(fd);
  }
}
