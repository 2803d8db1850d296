/**
 * Bytes that stand beside the state because they are too large for a document of it: what people upload. In the data
 * folder where the state is of one replica; in the state itself, in parts, where replicas share it, so that each of
 * them has it. Who brings them seals them first: nothing here knows what they say.
 *
 * Promises of both:
 * - what was put is there whole or not at all, and is durable when the promise resolves;
 * - put again under the same name nothing is changed: a name stands for its bytes;
 * - what was damaged is refused with `store_damaged`, never given.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { syncDir } from '../files/durable.js';
import { type Change, type Json, type State, StateConflict } from './port.js';
import { commitTried } from './transact.js';

/** A folder of what belongs together, and the name of one in it: hexadecimal digits, 1 to 64. */
interface BlobPlace {
  readonly folder: string;
  readonly name: string;
}

export interface Blobs {
  put(place: BlobPlace, bytes: Uint8Array): Promise<void>;
  /** Undefined where it is not there. @throws YitongError `store_damaged`, `state_unavailable` */
  get(place: BlobPlace): Promise<Buffer | undefined>;
  /** Nothing where it is not there. */
  remove(place: BlobPlace): Promise<void>;
  /** A whole folder, with what was begun in it and never ended. */
  removeAll(folder: string): Promise<void>;
  /** Folders behind that one, in order. */
  folders(after: string, limit: number): Promise<readonly string[]>;
  /** What a folder holds, with the ms since 1970 at which each was put. */
  names(folder: string): Promise<ReadonlyMap<string, number>>;
  /** Removes what was begun before that time, in ms since 1970, and never ended. */
  removeBegun(folder: string, before: number): Promise<void>;
}

const WORD = /^[0-9a-f]{1,64}$/;
function checked({ folder, name }: BlobPlace): BlobPlace {
  if (!WORD.test(folder) || !WORD.test(name)) throw new TypeError('a blob is named by hexadecimal digits');
  return { folder, name };
}
const damaged = (): YitongError =>
  new YitongError('store_damaged', 'an uploaded file is damaged; put it back from a backup');

const DIGEST = 32;
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** @param data the data folder; all stands in `blobs` of it */
export function blobsInFolder(data: string): Blobs {
  const all = join(data, 'blobs');
  const folderOf = (folder: string): string => join(all, checked({ folder, name: '0' }).folder);
  const fileOf = (place: BlobPlace): string => join(folderOf(place.folder), checked(place).name);
  const namesIn = async (folder: string): Promise<readonly string[]> => await readdir(folder).catch(absent);
  return {
    async put(place, bytes) {
      const file = fileOf(place);
      if (await isWhole(file)) {
        // it was put now: who removes what is idle goes by that
        const now = new Date();
        await utimes(file, now, now);
        return;
      }
      const folder = folderOf(place.folder);
      if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) syncAbove(data, all);
      const begun = `${file}.${String(process.pid)}-${randomBytes(4).toString('hex')}.tmp`;
      try {
        const handle = await open(begun, 'wx', 0o600);
        try {
          await handle.writeFile(sha256(bytes));
          await handle.writeFile(bytes);
          await handle.datasync();
        } finally {
          await handle.close();
        }
        await rename(begun, file);
      } catch (cause) {
        await rm(begun, { force: true });
        throw new YitongError('state_unavailable', 'an uploaded file cannot be written', { cause });
      }
      syncDir(folder);
    },
    async get(place) {
      const whole = await readFile(fileOf(place)).catch(absentFile);
      if (whole === undefined) return undefined;
      const bytes = whole.subarray(DIGEST);
      if (whole.length < DIGEST || !sha256(bytes).equals(whole.subarray(0, DIGEST))) throw damaged();
      return bytes;
    },
    async remove(place) {
      await rm(fileOf(place), { force: true });
    },
    async removeAll(folder) {
      await rm(folderOf(folder), { recursive: true, force: true });
    },
    async folders(after, limit) {
      const found = (await namesIn(all)).filter((name) => WORD.test(name) && name > after);
      return found.sort().slice(0, limit);
    },
    async names(folder) {
      const found = new Map<string, number>();
      for (const name of (await namesIn(folderOf(folder))).filter((one) => WORD.test(one)).sort()) {
        const at = await writtenAt(fileOf({ folder, name }));
        if (at !== undefined) found.set(name, at);
      }
      return found;
    },
    async removeBegun(folder, before) {
      for (const name of await namesIn(folderOf(folder))) {
        const file = join(folderOf(folder), name);
        if (!WORD.test(name) && ((await writtenAt(file)) ?? Infinity) < before) await rm(file, { force: true });
      }
    },
  };
}

function absent(error: unknown): [] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}
function absentFile(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
const writtenAt = async (file: string): Promise<number | undefined> => {
  const found = await stat(file).catch(absentFile);
  return found?.mtimeMs;
};
/** One that is damaged is written anew. */
async function isWhole(file: string): Promise<boolean> {
  const whole = await readFile(file).catch(absentFile);
  return whole !== undefined && sha256(whole.subarray(DIGEST)).equals(whole.subarray(0, DIGEST));
}
function syncAbove(data: string, all: string): void {
  syncDir(all);
  syncDir(data);
}

const HEAD = 'blob';
const PART = 'blob-part';
/** Bytes of one part: a commit holds up others no longer than it takes to write so many. */
const PART_BYTES = 786_432;

/** In the state: its parts, which are of one way of writing it, and how many. */
interface Head {
  readonly writing: string;
  readonly parts: number;
  readonly at: number;
  readonly sha256: string;
}

/** @param now ms since 1970 */
export function blobsInState(state: State, now: () => number): Blobs {
  return new SharedBlobs(state, now);
}

class SharedBlobs implements Blobs {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  async put(place: BlobPlace, bytes: Uint8Array): Promise<void> {
    const { folder, name } = checked(place);
    const id = `${folder}/${name}`;
    const found = await this.#state.document(HEAD, id);
    const at = this.#now();
    if (found !== undefined && (await this.#whole(id, found.body as unknown as Head)) !== undefined) {
      const body = { ...(found.body as unknown as Head), at } as unknown as Json;
      // somebody else put or removed it at the same time: then it is looked at anew
      const { links, version } = found;
      const isPut = await this.#isMade([{ do: 'put', kind: HEAD, id, version, links, body }]);
      return isPut ? undefined : await this.put(place, bytes);
    }
    const writing = `${String(Math.round(at)).padStart(15, '0')}-${randomBytes(8).toString('hex')}`;
    const parts = Math.ceil(bytes.length / PART_BYTES);
    for (let part = 0; part < parts; part++) {
      const body = Buffer.from(bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)).toString('base64');
      await this.#commit([
        { do: 'put', kind: PART, id: partId(id, writing, part), links: [`${folder}/${writing}`], body },
      ]);
    }
    const head: Head = { writing, parts, at, sha256: sha256(bytes).toString('hex') };
    const version = found?.version ?? 0;
    try {
      await this.#commit([
        { do: 'put', kind: HEAD, id, version, links: [`${folder}/`], body: head as unknown as Json },
        ...(found === undefined ? [] : partsOf(id, found.body as unknown as Head)),
      ]);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      // somebody else put the same at the same time
      await this.#commit(partsOf(id, head));
    }
  }

  async get(place: BlobPlace): Promise<Buffer | undefined> {
    const { folder, name } = checked(place);
    const id = `${folder}/${name}`;
    const found = await this.#state.document(HEAD, id);
    if (found === undefined) return undefined;
    const whole = await this.#whole(id, found.body as unknown as Head);
    if (whole !== undefined) return whole;
    // one that was removed while it was read
    if ((await this.#state.document(HEAD, id)) === undefined) return undefined;
    throw damaged();
  }

  async remove(place: BlobPlace): Promise<void> {
    const { folder, name } = checked(place);
    await this.#removeHead(`${folder}/${name}`);
  }

  async removeAll(folder: string): Promise<void> {
    for (const name of (await this.names(folder)).keys()) await this.#removeHead(`${folder}/${name}`);
    await this.removeBegun(folder, Infinity);
  }

  async folders(after: string, limit: number): Promise<readonly string[]> {
    const found = new Set<string>();
    for (const kind of [HEAD, PART]) {
      let from = after === '' ? undefined : after;
      for (let more = true; more && found.size < 2 * limit; ) {
        const next: string | undefined = await this.#folderBehind(kind, from);
        more = next !== undefined;
        if (next !== undefined) found.add((from = next));
      }
    }
    return [...found].sort().slice(0, limit);
  }

  async names(folder: string): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    let after: string | undefined;
    do {
      const page = await this.#state.documents(HEAD, {
        link: `${checked({ folder, name: '0' }).folder}/`,
        ...(after === undefined ? {} : { after }),
      });
      for (const { id, body } of page.documents) found.set(id.slice(folder.length + 1), (body as unknown as Head).at);
      after = page.next;
    } while (after !== undefined);
    return found;
  }

  async removeBegun(folder: string, before: number): Promise<void> {
    const heads = new Set<string>();
    for (const name of (await this.names(folder)).keys()) {
      const found = await this.#state.document(HEAD, `${folder}/${name}`);
      if (found !== undefined) heads.add((found.body as unknown as Head).writing);
    }
    let after: string | undefined;
    do {
      // each of them is large
      const page = await this.#state.documents(PART, {
        link: `${folder}/`,
        limit: 4,
        ...(after === undefined ? {} : { after }),
      });
      const gone = page.documents.filter(({ links: [link = ''] }) => {
        const writing = link.slice(folder.length + 1);
        return !heads.has(writing) && Number(writing.slice(0, 15)) < before;
      });
      if (gone.length > 0) await this.#commit(gone.map(({ id }) => ({ do: 'remove', kind: PART, id })));
      after = page.next;
    } while (after !== undefined);
  }

  /** Ids begin with their folder. */
  async #folderBehind(kind: string, folder: string | undefined): Promise<string | undefined> {
    const { documents } = await this.#state.documents(kind, {
      limit: 1,
      // `0` is the sign behind `/`, so all of that folder stands before it
      ...(folder === undefined ? {} : { after: `${folder}0` }),
    });
    return documents[0]?.id.split('/')[0];
  }

  async #whole(id: string, { writing, parts, sha256: digest }: Head): Promise<Buffer | undefined> {
    const found: Buffer[] = [];
    for (let part = 0; part < parts; part++) {
      const one = await this.#state.document(PART, partId(id, writing, part));
      if (typeof one?.body !== 'string') return undefined;
      found.push(Buffer.from(one.body, 'base64'));
    }
    const whole = Buffer.concat(found);
    return sha256(whole).toString('hex') === digest ? whole : undefined;
  }

  async #removeHead(id: string): Promise<void> {
    const found = await this.#state.document(HEAD, id);
    if (found === undefined) return;
    await this.#commit([{ do: 'remove', kind: HEAD, id }, ...partsOf(id, found.body as unknown as Head)]);
  }

  async #isMade(changes: readonly Change[]): Promise<boolean> {
    try {
      await this.#commit(changes);
      return true;
    } catch (error) {
      if (error instanceof StateConflict) return false;
      throw error;
    }
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    if (changes.length > 0) await commitTried(this.#state, changes);
  }
}

const partId = (id: string, writing: string, part: number): string => `${id}/${writing}/${String(part)}`;
const partsOf = (id: string, { writing, parts }: Head): readonly Change[] =>
  Array.from({ length: parts }, (_, part) => ({ do: 'remove', kind: PART, id: partId(id, writing, part) }));
