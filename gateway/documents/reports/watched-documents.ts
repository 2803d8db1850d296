/**
 * Documents that clients watch, and what was told of them: `<data>/reports/watched`, shared by the workers of a
 * replica. Neither codes nor whom a document is about stand there; a change stands under the key of the company that
 * the document was issued to, and goes with it.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import { YitongError } from '../../../contracts/errors.js';
import { openSubjectKeys, type SubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import type { Moment } from '../model/model.js';
import type { SectionKinds } from './change-kinds.js';
import type { Outcome } from './store.js';

export interface Watch {
  readonly client: string;
  /** Of the report. */
  readonly id: string;
  /** When it began, or was last given anew, and when it ends: ms since 1970. */
  readonly since: number;
  readonly until: number;
  /** The state that the client knows. */
  readonly state: string;
}

/** A change as a client reads it. */
export interface WatchedChange {
  /** Increases for each client; numbers of what is past its time are gone. */
  readonly number: number;
  readonly document: string;
  readonly report: string;
  /** When it was found. */
  readonly at: Moment;
  readonly outcome: Outcome;
  readonly sections: readonly SectionKinds[];
}

export interface Watched {
  /**
   * One that is watched already is watched to the later of both ends.
   * @throws YitongError `too_many_watched`: then none is
   */
  watch(client: string, asked: readonly Pick<Watch, 'id' | 'until' | 'state'>[], now: number): Promise<void>;
  /** Those that are not over, by report. */
  all(now: number): Promise<readonly Watch[]>;
  /** Nobody watches it any more. */
  forget(id: string): Promise<void>;
  /**
   * On disk when it resolves, many with one write.
   * @returns false if the watch has ended or its client knows another state by now; then nothing is kept
   */
  append(watch: Watch, state: string, issuer: string, change: Omit<WatchedChange, 'number'>): Promise<boolean>;
  /** In order. */
  changes(client: string, after: number, limit: number): Promise<readonly WatchedChange[]>;
  /** The highest that was given. */
  last(client: string): Promise<number>;
  /** Whether this holder does the watching now; asked again within `LEASE` ms. */
  lease(holder: string, now: number): Promise<boolean>;
  release(holder: string): Promise<void>;
  /** Removes what is past its time. @returns how many */
  sweep(now: number): Promise<number>;
  close(): Promise<void>;
}

export const MAX_WATCHED = 10_000;
/** ms after which another worker watches in place of one that has died. */
export const LEASE = 2500;
/** How long a change can be read after the watch is over, in ms. */
export const READABLE = 7 * 86_400_000;

type Key =
  | readonly ['watch', id: string, client: string]
  | readonly ['change', client: string, number: number]
  | readonly ['number', client: string]
  | readonly ['count', client: string];
/** A change as it is kept: under the key of the company that its document was issued to. */
interface SealedChange {
  readonly owner: string;
  readonly enc: string;
  readonly until: number;
}
type Value = Omit<Watch, 'client' | 'id'> | SealedChange | number;
interface Lease {
  readonly holder: string;
  /** ms since 1970 */
  readonly until: number;
}

export const openWatched = (dataDir: string): Watched => new WatchStore(dataDir);

export const tooManyWatched = (): YitongError =>
  new YitongError('too_many_watched', `a client watches ${String(MAX_WATCHED)} documents at most`);

/** What stands in the store of a data folder, as whoever takes it over reads it. */
export type WatchedRow =
  | { readonly kind: 'watch'; readonly watch: Watch }
  | ({ readonly kind: 'change'; readonly client: string; readonly number: number } & SealedChange)
  /** How many a client watches, and the last number that it was given. */
  | { readonly kind: 'count' | 'last'; readonly client: string; readonly value: number };

/** Undefined where there is none. */
export function watchedFolder(
  dataDir: string,
): { rows(): Generator<WatchedRow, void>; close(): Promise<void> } | undefined {
  const file = join(dataDir, 'reports', 'watched');
  if (!existsSync(file)) return undefined;
  const env = openEnv<Value, Key[number][]>({ file, encoding: 'json', maxReaders: 512, readOnly: true });
  return {
    *rows() {
      for (const { key, value } of env.root.getRange({})) {
        const [kind, first, second] = key;
        const client = String(first);
        if (kind === 'watch' && isWatch(value)) yield { kind, watch: { ...value, id: client, client: String(second) } };
        else if (kind === 'change' && isSealedChange(value)) yield { kind, client, number: Number(second), ...value };
        else if (kind === 'number' && typeof value === 'number') yield { kind: 'last', client, value };
        else if (kind === 'count' && typeof value === 'number') yield { kind, client, value };
      }
    },
    close: () => env.close(),
  };
}

const isWatch = (value: Value | undefined): value is Omit<Watch, 'client' | 'id'> =>
  typeof value === 'object' && 'state' in value;
const isSealedChange = (value: Value | undefined): value is SealedChange => typeof value === 'object' && 'enc' in value;

class WatchStore implements Watched {
  readonly #env: Env<Value, Key[number][]>;
  readonly #map: Env<Value, Key[number][]>['root'];
  readonly #leases: Env<Lease, string>;
  readonly #keys: SubjectKeys;

  constructor(dataDir: string) {
    const dir = join(dataDir, 'reports');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, 'watched');
    refuseDamaged(path, '`reports/watched`', 'put it back from a backup (docs/faults.md)', true);
    refuseDamaged(join(dir, 'watching'), '`reports/watching`', 'nothing lasting is in it: remove it (docs/faults.md)');
    this.#env = openEnv<Value, Key[number][]>({ file: path, encoding: 'json', maxReaders: 512 });
    this.#map = this.#env.root;
    chmodSync(path, 0o600);
    // who watches is of the moment: a power cut may take it
    this.#leases = openEnv<Lease, string>({
      file: join(dir, 'watching'),
      encoding: 'json',
      noSync: true,
      maxReaders: 512,
    });
    this.#keys = openSubjectKeys({ dir: auditLayout(dataDir).subjectKeys });
  }

  // watches

  async watch(client: string, asked: readonly Pick<Watch, 'id' | 'until' | 'state'>[], now: number): Promise<void> {
    this.#env.writeSync(() => {
      const known = asked.map(({ id }) => this.#map.get(['watch', id, client]));
      const added = new Set(asked.filter((_, i) => !isWatch(known[i])).map(({ id }) => id)).size;
      const count = this.#number('count', client) + added;
      if (count > MAX_WATCHED) throw tooManyWatched();
      if (added > 0) this.#map.putSync(['count', client], count);
      asked.forEach(({ id, until, state }, i) => {
        const before = known[i];
        this.#map.putSync(['watch', id, client], {
          since: now,
          state,
          until: isWatch(before) ? Math.max(before.until, until) : until,
        });
      });
    });
  }

  async all(now: number): Promise<readonly Watch[]> {
    return [...this.#watches()].filter(({ until }) => until > now);
  }

  *#watches(): Generator<Watch, void> {
    for (const { key, value } of this.#under('watch')) {
      const [, id, client] = key;
      if (isWatch(value) && typeof id === 'string' && typeof client === 'string') yield { ...value, id, client };
    }
  }

  async forget(id: string): Promise<void> {
    this.#env.writeSync(() => {
      for (const { key } of [...this.#under('watch', id)]) {
        const [, , client] = key;
        if (typeof client === 'string') this.#drop(id, client);
      }
    });
  }

  #drop(id: string, client: string): void {
    this.#map.removeSync(['watch', id, client]);
    this.#map.putSync(['count', client], Math.max(0, this.#number('count', client) - 1));
  }

  // changes

  async append(
    { id, client, since, state: before }: Watch,
    state: string,
    issuer: string,
    change: Omit<WatchedChange, 'number'>,
  ): Promise<boolean> {
    this.#keys.ensure([issuer]);
    const secret = this.#keys.get(issuer);
    if (secret === undefined) return false;
    const enc = seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(change)));
    return this.#env.write(() => {
      const now = this.#map.get(['watch', id, client]);
      if (!isWatch(now) || now.state !== before || now.since !== since) return false;
      const next = this.#number('number', client) + 1;
      this.#map.putSync(['number', client], next);
      this.#map.putSync(['change', client, next], { owner: secret.pseudonym, enc, until: now.until + READABLE });
      this.#map.putSync(['watch', id, client], { ...now, state });
      return true;
    });
  }

  async changes(client: string, after: number, limit: number): Promise<readonly WatchedChange[]> {
    const found: WatchedChange[] = [];
    const range = { start: ['change', client, after + 1], end: ['change', client, '\uffff'] };
    for (const { key, value } of this.#map.getRange(range)) {
      const [, , number] = key;
      if (!isSealedChange(value) || typeof number !== 'number') continue;
      const secret = this.#keys.byPseudonym(value.owner);
      // of an erased company nothing is readable
      if (secret === undefined) continue;
      found.push({ number, ...unseal<Omit<WatchedChange, 'number'>>(secret, value.enc) });
      if (found.length === limit) break;
    }
    return found;
  }

  async last(client: string): Promise<number> {
    return this.#number('number', client);
  }

  // who watches

  async lease(holder: string, now: number): Promise<boolean> {
    return this.#leases.writeSync(() => {
      const held = this.#leases.root.get('lease');
      if (held !== undefined && held.holder !== holder && held.until > now) return false;
      this.#leases.root.putSync('lease', { holder, until: now + LEASE });
      return true;
    });
  }

  async release(holder: string): Promise<void> {
    this.#leases.writeSync(() => {
      if (this.#leases.root.get('lease')?.holder === holder) this.#leases.root.removeSync('lease');
    });
  }

  // the end of what is past its time

  async sweep(now: number): Promise<number> {
    return this.#env.writeSync(() => {
      const over = [...this.#watches()].filter(({ until }) => until <= now);
      for (const { id, client } of over) this.#drop(id, client);
      const unreadable = [...this.#under('change')].filter(({ value }) => isSealedChange(value) && value.until <= now);
      for (const { key } of unreadable) this.#map.removeSync(key);
      return over.length + unreadable.length;
    });
  }

  async close(): Promise<void> {
    await this.#env.close();
    await this.#leases.close();
    await this.#keys.close();
  }

  #number(kind: 'number' | 'count', client: string): number {
    const value = this.#map.get([kind, client]);
    return typeof value === 'number' ? value : 0;
  }

  #under(...start: Key[number][]) {
    return this.#map.getRange({ start, end: [...start, '\uffff'] });
  }
}
