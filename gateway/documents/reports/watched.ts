/**
 * Documents that clients watch, and what was told of them: `<data>/reports/watched`, shared by the workers of a
 * replica. Neither codes nor whom a document is about stand there; a change stands under the key of the company that
 * the document was issued to, and goes with it.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import { YitongError } from '../../../contracts/errors.js';
import { openSubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import type { Moment } from '../model/model.js';
import type { SectionKinds } from './kinds.js';
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
  watch(client: string, asked: readonly Pick<Watch, 'id' | 'until' | 'state'>[], now: number): void;
  /** Those that are not over, by report. */
  all(now: number): readonly Watch[];
  /** Nobody watches it any more. */
  forget(id: string): void;
  /**
   * On disk when it resolves, many with one write.
   * @returns false if the watch has ended or its client knows another state by now; then nothing is kept
   */
  append(watch: Watch, state: string, issuer: string, change: Omit<WatchedChange, 'number'>): Promise<boolean>;
  /** In order. */
  changes(client: string, after: number, limit: number): readonly WatchedChange[];
  /** The highest that was given. */
  last(client: string): number;
  /** Whether this holder does the watching now; asked again within `LEASE` ms. */
  lease(holder: string, now: number): boolean;
  release(holder: string): void;
  /** Removes what is past its time. @returns how many */
  sweep(now: number): number;
  close(): Promise<void>;
}

export const MAX_WATCHED = 10_000;
/** ms after which another worker watches in place of one that has died. */
export const LEASE = 2500;
/** How long a change can be read after the watch is over, in ms. */
const READABLE = 7 * 86_400_000;

type Key =
  | readonly ['watch', id: string, client: string]
  | readonly ['change', client: string, number: number]
  | readonly ['number', client: string]
  | readonly ['count', client: string];
interface Told {
  readonly owner: string;
  readonly enc: string;
  readonly until: number;
}
type Value = Omit<Watch, 'client' | 'id'> | Told | number;

export function openWatched(dataDir: string): Watched {
  const dir = join(dataDir, 'reports');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'watched');
  refuseDamaged(path, '`reports/watched`', 'put it back from a backup (docs/faults.md)', true);
  refuseDamaged(join(dir, 'watching'), '`reports/watching`', 'nothing lasting is in it: remove it (docs/faults.md)');
  const env = openEnv<Value, Key[number][]>({ file: path, encoding: 'json', maxReaders: 512 });
  const map = env.root;
  chmodSync(path, 0o600);
  // who watches is of the moment: a power cut may take it
  const leases = openEnv<{ readonly holder: string; readonly until: number }, string>({
    file: join(dir, 'watching'),
    encoding: 'json',
    noSync: true,
    maxReaders: 512,
  });
  const lease = leases.root;
  const keys = openSubjectKeys({ dir: auditLayout(dataDir).subjectKeys });

  const number = (kind: 'number' | 'count', client: string): number => {
    const value = map.get([kind, client]);
    return typeof value === 'number' ? value : 0;
  };
  const isWatch = (value: Value | undefined): value is Omit<Watch, 'client' | 'id'> =>
    typeof value === 'object' && 'state' in value;
  const isTold = (value: Value | undefined): value is Told => typeof value === 'object' && 'enc' in value;
  const between = (...start: Key[number][]) => map.getRange({ start, end: [...start, '\uffff'] });

  function drop(id: string, client: string): void {
    map.removeSync(['watch', id, client]);
    map.putSync(['count', client], Math.max(0, number('count', client) - 1));
  }

  return {
    watch(client, asked, now) {
      env.writeSync(() => {
        const there = asked.map(({ id }) => map.get(['watch', id, client]));
        const added = new Set(asked.filter((_, i) => !isWatch(there[i])).map(({ id }) => id)).size;
        const count = number('count', client) + added;
        if (count > MAX_WATCHED)
          throw new YitongError('too_many_watched', `a client watches ${String(MAX_WATCHED)} documents at most`);
        if (added > 0) map.putSync(['count', client], count);
        asked.forEach(({ id, until, state }, i) => {
          const before = there[i];
          map.putSync(['watch', id, client], {
            since: now,
            state,
            until: isWatch(before) ? Math.max(before.until, until) : until,
          });
        });
      });
    },
    all(now) {
      const found: Watch[] = [];
      for (const {
        key: [, id, client],
        value,
      } of between('watch'))
        if (isWatch(value) && value.until > now && typeof id === 'string' && typeof client === 'string')
          found.push({ ...value, id, client });
      return found;
    },
    forget(id) {
      env.writeSync(() => {
        for (const {
          key: [, , client],
        } of [...between('watch', id)])
          if (typeof client === 'string') drop(id, client);
      });
    },
    async append({ id, client, since, state: before }, state, issuer, change) {
      keys.ensure([issuer]);
      const secret = keys.get(issuer);
      if (secret === undefined) return false;
      const enc = seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(change)));
      return env.write(() => {
        const now = map.get(['watch', id, client]);
        if (!isWatch(now) || now.state !== before || now.since !== since) return false;
        const next = number('number', client) + 1;
        map.putSync(['number', client], next);
        map.putSync(['change', client, next], { owner: secret.pseudonym, enc, until: now.until + READABLE });
        map.putSync(['watch', id, client], { ...now, state });
        return true;
      });
    },
    changes(client, after, limit) {
      const found: WatchedChange[] = [];
      for (const {
        key: [, , at],
        value,
      } of map.getRange({ start: ['change', client, after + 1], end: ['change', client, '\uffff'] })) {
        const secret = isTold(value) ? keys.byPseudonym(value.owner) : undefined;
        // of an erased company nothing is readable
        if (!isTold(value) || secret === undefined || typeof at !== 'number') continue;
        found.push({ number: at, ...unseal<Omit<WatchedChange, 'number'>>(secret, value.enc) });
        if (found.length === limit) break;
      }
      return found;
    },
    last: (client) => number('number', client),
    lease: (holder, now) =>
      leases.writeSync(() => {
        const held = lease.get('lease');
        if (held !== undefined && held.holder !== holder && held.until > now) return false;
        lease.putSync('lease', { holder, until: now + LEASE });
        return true;
      }),
    release(holder) {
      leases.writeSync(() => {
        if (lease.get('lease')?.holder === holder) lease.removeSync('lease');
      });
    },
    sweep: (now) =>
      env.writeSync(() => {
        let removed = 0;
        for (const {
          key: [, id, client],
          value,
        } of [...between('watch')]) {
          if (!isWatch(value) || value.until > now || typeof id !== 'string' || typeof client !== 'string') continue;
          drop(id, client);
          removed++;
        }
        for (const { key, value } of [...between('change')]) {
          if (!isTold(value) || value.until > now) continue;
          map.removeSync(key);
          removed++;
        }
        return removed;
      }),
    async close() {
      await env.close();
      await leases.close();
      await keys.close();
    },
  };
}
