/** Where compliance codes stand: one map that all workers of a replica share, changed in transactions. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import type { CodeRecord } from './machine.js';
import type { ReleaseRecord } from './release-record.js';

/** Codes that were looked for and are none, by who looked. */
export interface Misses {
  readonly since: number;
  readonly count: number;
}

export interface CodeMaps {
  /** By the SHA-256 of the code. */
  code(id: string): CodeRecord | undefined;
  putCode(id: string, record: CodeRecord): void;
  /** Of a report that was released by a code, by its SHA-256. */
  release(id: string): ReleaseRecord | undefined;
  putRelease(id: string, record: ReleaseRecord): void;
  misses(who: string): Misses | undefined;
  putMisses(who: string, misses: Misses): void;
}

export interface CodeStore {
  /**
   * Runs `work` as if nobody else did anything meanwhile, in whatever process. If it throws, nothing has changed; else
   * what it wrote is durable when this resolves.
   */
  transaction<T>(work: (maps: CodeMaps) => T): Promise<T>;
  code(id: string): Promise<CodeRecord | undefined>;
  release(id: string): Promise<ReleaseRecord | undefined>;
  /**
   * Ten minutes after its end a code is emptied of whom and what it was about; after a day it is forgotten. Looks at
   * some codes a call, in turn.
   */
  sweep(now: number): Promise<void>;
  close(): Promise<void>;
}

/** So long a code that was used is told from one that never was. */
const REMEMBERED = 86_400_000;
export const MISSES_WITHIN = 10 * 60_000;
/** So often, and so many codes at a time: a few ms, and a hundred thousand in four minutes. */
export const SWEEP = 5000;
export const SWEPT = 2000;

/** So long both sides can still see how it ended. */
const SHOWN = 10 * 60_000;

/** What becomes of a record: itself, without what it was about, or nothing. */
export function swept<T extends Pick<CodeRecord, 'madeAt' | 'until'> & { readonly live?: object }>(
  record: T,
  now: number,
): T | undefined {
  if (now - record.madeAt > REMEMBERED) return undefined;
  const { live, ...rest } = record;
  return live !== undefined && now - record.until >= SHOWN ? (rest as T) : record;
}

/** ms since 1970 at which something becomes of a record. */
export const endOf = ({
  madeAt,
  until,
  live,
}: Pick<CodeRecord, 'madeAt' | 'until'> & { readonly live?: object }): number =>
  Math.min(madeAt + REMEMBERED + 1, live === undefined ? Infinity : until + SHOWN);

/** Ends with its process; for tests. */
export function memoryCodes(): CodeStore {
  let codes = new Map<string, CodeRecord>();
  let releases = new Map<string, ReleaseRecord>();
  let misses = new Map<string, Misses>();
  return {
    async transaction(work) {
      const [newCodes, newReleases, newMisses] = [new Map(codes), new Map(releases), new Map(misses)];
      const result = work({
        code: (id) => newCodes.get(id),
        putCode: (id, record) => void newCodes.set(id, record),
        release: (id) => newReleases.get(id),
        putRelease: (id, record) => void newReleases.set(id, record),
        misses: (who) => newMisses.get(who),
        putMisses: (who, count) => void newMisses.set(who, count),
      });
      [codes, releases, misses] = [newCodes, newReleases, newMisses];
      return result;
    },
    code: async (id) => codes.get(id),
    release: async (id) => releases.get(id),
    async sweep(now) {
      const sweep = <T extends CodeRecord | ReleaseRecord>(map: Map<string, T>): void => {
        for (const [id, record] of map) {
          const left = swept(record, now);
          if (left === undefined) map.delete(id);
          else map.set(id, left);
        }
      };
      sweep(codes);
      sweep(releases);
      for (const [who, { since }] of misses) if (now - since > MISSES_WITHIN) misses.delete(who);
    },
    close: async () => {},
  };
}

/**
 * @param dir of its own; made if it is not there
 * @param now where given, it is swept as it goes
 */
export function openCodeStore(dir: string, now?: () => number): CodeStore {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'codes');
  refuseDamaged(path, '`reports/compliance/codes`', 'nothing lasting is in it: remove it (docs/faults.md)');
  const env = openEnv({ file: path, maxReaders: 512, maxDbs: 3 });
  const codes = env.table<CodeRecord, string>('codes', { encoding: 'json' });
  const releases = env.table<ReleaseRecord, string>('releases', { encoding: 'json' });
  const misses = env.table<Misses, string>('misses', { encoding: 'json' });
  chmodSync(path, 0o600);
  const maps: CodeMaps = {
    code: (id) => codes.get(id),
    putCode: (id, record) => codes.putSync(id, record),
    release: (id) => releases.get(id),
    putRelease: (id, record) => releases.putSync(id, record),
    misses: (who) => misses.get(who),
    putMisses: (who, count) => misses.putSync(who, count),
  };
  const places = { codes: '', releases: '' };
  /** Some of a table a call, in turn. */
  function sweepSome<T extends CodeRecord | ReleaseRecord>(
    name: keyof typeof places,
    table: {
      getRange(range: object): Iterable<{ key: string; value: T }>;
      putSync(key: string, value: T): unknown;
      removeSync(key: string): unknown;
    },
    at: number,
  ): void {
    const some = [...table.getRange({ start: places[name], limit: SWEPT })];
    for (const { key, value } of some) {
      const left = swept(value, at);
      if (left === undefined) table.removeSync(key);
      else if (left !== value) table.putSync(key, left);
    }
    places[name] = some.length < SWEPT ? '' : `${some.at(-1)?.key ?? ''}\0`;
  }
  const store: CodeStore = {
    transaction: (work) => env.write(() => env.undone(() => work(maps))),
    async code(id) {
      // what was read before in this turn of the loop would hide what another worker has committed since
      env.root.resetReadTxn();
      return codes.get(id);
    },
    async release(id) {
      env.root.resetReadTxn();
      return releases.get(id);
    },
    async sweep(at) {
      await env.write(() => {
        sweepSome('codes', codes, at);
        sweepSome('releases', releases, at);
        for (const { key, value } of [...misses.getRange({ limit: SWEPT })])
          if (at - value.since > MISSES_WITHIN) misses.removeSync(key);
      });
    },
    async close() {
      clearInterval(timer);
      await env.close();
    },
  };
  // what could not be removed now is removed by a later sweep, and counts for nothing until then
  const timer = now === undefined ? undefined : setInterval(() => store.sweep(now()).catch(() => undefined), SWEEP);
  timer?.unref();
  return store;
}
