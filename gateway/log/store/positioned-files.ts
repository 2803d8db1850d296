/**
 * Files that are read and written by position, with a few descriptors left open, for readers come in runs. What was
 * written is durable after `flush`.
 */
import { closeSync, constants, fdatasyncSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { YitongError } from '../../../contracts/errors.js';
import { syncDir } from '../../ground/files/durable.js';

/** Descriptors that stay open. */
const MOST_OPEN = 64;

export class PositionedFiles {
  /** Made with the first file that is. */
  readonly #folders: readonly string[];
  readonly #open = new Map<string, number>();
  /** Descriptors of what was written since the last flush. */
  readonly #changed = new Set<number>();
  /** Where what was written here ends, by file: one that is shorter than that was cut by somebody else. */
  readonly #ends = new Map<string, number>();

  /** @param folders in which files are made */
  constructor(...folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Bytes of a file; undefined if there is none. */
  size(file: string): number | undefined {
    const fd = this.#toRead(file);
    return fd === undefined ? undefined : fstatSync(fd).size;
  }

  /** `length` bytes from `at` on; undefined where the file has not so many. */
  read(file: string, at: number, length: number): Buffer | undefined {
    const fd = this.#toRead(file);
    if (fd === undefined) return undefined;
    const bytes = Buffer.alloc(length);
    return readSync(fd, bytes, 0, length, at) === length ? bytes : undefined;
  }

  /** @throws YitongError `log_invalid` where somebody else removed or cut the file meanwhile */
  write(file: string, bytes: Buffer, at: number): void {
    const fd = this.#toWrite(file);
    const { nlink, size } = fstatSync(fd);
    if (nlink === 0 || size < (this.#ends.get(file) ?? 0)) {
      this.#forget(file, fd);
      throw new YitongError(
        'log_invalid',
        `the file was ${nlink === 0 ? 'removed' : 'cut short'} while the log was written`,
        { place: { file } },
      );
    }
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    this.#ends.set(file, Math.max(size, at + bytes.length));
    this.#changed.add(fd);
  }

  flush(): void {
    for (const fd of this.#changed) fdatasyncSync(fd);
    this.#changed.clear();
  }

  close(): void {
    this.flush();
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  #toRead(file: string): number | undefined {
    const known = this.#known(file);
    if (known !== undefined) return known;
    let fd: number;
    try {
      fd = openSync(file, constants.O_RDWR);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') return undefined;
      fd = openSync(file, constants.O_RDONLY);
    }
    this.#open.set(file, fd);
    return fd;
  }

  #toWrite(file: string): number {
    const known = this.#known(file);
    if (known !== undefined) return known;
    let fd: number;
    try {
      fd = openSync(file, constants.O_RDWR);
    } catch {
      for (const folder of this.#folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
      fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
      for (const folder of this.#folders) syncDir(folder);
    }
    this.#open.set(file, fd);
    return fd;
  }

  /** The descriptor of a file that is open; where it is not, there is room for it then. */
  #known(file: string): number | undefined {
    const known = this.#open.get(file);
    if (known === undefined && this.#open.size > MOST_OPEN) this.close();
    return known;
  }

  #forget(file: string, fd: number): void {
    closeSync(fd);
    this.#open.delete(file);
    this.#changed.delete(fd);
    this.#ends.delete(file);
  }
}
