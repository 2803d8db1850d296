/**
 * Sessions of people, shared by the workers of a replica, or by all replicas. The cookie is 32 random bytes; here
 * stands only its SHA-256, so that who reads the file cannot sign in with it, and the person, with whom that person
 * speaks for, sealed under a key of those bytes, so that who reads the file learns of nobody. A session ends when it
 * was idle too long, when it is old, or when the person says so.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Person } from '../../ground/identity/person.js';
import { asJson } from '../../ground/state/as-json.js';
import { removeAsFound } from '../../ground/state/ending.js';
import type { State } from '../../ground/state/port.js';
import { transact } from '../../ground/state/transact.js';
import { sealed, unsealed } from './under-token.js';

export interface Session {
  readonly person: Person;
  /** Stands in each form of the session, hidden. */
  readonly csrf: string;
  /** ms since 1970 */
  readonly since: number;
  readonly seen: number;
  /** Of the names under which subjects stand in addresses. Base64. */
  readonly key: string;
}

/** A sign-in that has left for the provider and not come back. */
export interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** A path of this port. */
  readonly returnTo: string;
  readonly since: number;
}

export interface Sessions {
  begin(pending: Omit<Pending, 'since'>): Promise<string>;
  /** Once only. */
  take(token: string): Promise<Pending | undefined>;
  /** A new session under a new token: whoever knew an older token gains nothing (session fixation). */
  create(person: Person): Promise<{ readonly token: string; readonly session: Session }>;
  /** Undefined if there is none, or it is over. */
  find(token: string): Promise<Session | undefined>;
  end(token: string): Promise<Session | undefined>;
  close(): Promise<void>;
}

interface SessionOptions {
  readonly map: SessionMap;
  readonly now: () => number;
  readonly idleMs: number;
  readonly maxMs: number;
}

type Stored =
  | { readonly kind: 'session'; readonly since: number; readonly seen: number; readonly enc: string }
  | { readonly kind: 'pending'; readonly value: Pending };

/** Where sessions and sign-ins stand, by the SHA-256 of their tokens. */
interface SessionMap {
  get(name: string): Promise<Stored | undefined>;
  put(name: string, stored: Stored): Promise<void>;
  /**
   * Gives what is there to `decide`, which says what stands there from now on; nobody else does anything meanwhile.
   * @param decide may be asked again where somebody else was faster; does nothing else
   */
  change<T>(name: string, decide: (found: Stored | undefined) => Decision<T>): Promise<T>;
  /** Removes those that are over. */
  sweep(over: (stored: Stored) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** `stored` absent: it stays as it is; null: it goes. */
interface Decision<T> {
  readonly result: T;
  readonly stored?: Stored | null;
}

const SIGN_IN_WITHIN = 10 * 60_000;
/** A session's last use is written once in so long: not for each request. */
const TOUCH = 60_000;
const SWEEP = 10 * 60_000;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** In a file of the data folder. */
export function sessionFile(dataDir: string): SessionMap {
  const dir = join(dataDir, 'people');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'sessions');
  refuseDamaged(path, '`people/sessions`', 'nothing lasting is in it: remove it (docs/faults.md)');
  const env = openEnv<Stored, string>({ file: path, encoding: 'json', maxReaders: 512 });
  const map = env.root;
  chmodSync(path, 0o600);
  return {
    get: async (name) => map.get(name),
    put: async (name, stored) => void env.writeSync(() => map.putSync(name, stored)),
    change: async (name, decide) =>
      env.writeSync(() => {
        const { result, stored } = decide(map.get(name));
        if (stored === null) map.removeSync(name);
        else if (stored !== undefined) map.putSync(name, stored);
        return result;
      }),
    async sweep(over) {
      env.writeSync(() => {
        for (const { key, value } of map.getRange()) if (over(value)) map.removeSync(key);
      });
    },
    close: () => env.close(),
  };
}

/** Kind of documents. */
export const SIGN_IN = 'sign-in';

/** In the state that all replicas share. */
export const sessionsIn = (state: State): SessionMap => ({
  get: async (name) => (await state.document(SIGN_IN, name))?.body as Stored | undefined,
  put: async (name, stored) =>
    void (await state.commit([{ do: 'put', kind: SIGN_IN, id: name, body: asJson(stored) }])),
  async change(name, decide) {
    const { result } = await transact(state, async (transaction) => {
      const found = await transaction.document(SIGN_IN, name);
      const { result, stored } = decide(found?.body as Stored | undefined);
      if (stored === null) transaction.remove(SIGN_IN, name);
      else if (stored !== undefined) transaction.put({ kind: SIGN_IN, id: name, body: asJson(stored) });
      return result;
    });
    return result;
  },
  async sweep(over) {
    let after: string | undefined;
    do {
      const page = await state.documents(SIGN_IN, after === undefined ? {} : { after });
      for (const found of page.documents) if (over(found.body as unknown as Stored)) await removeAsFound(state, found);
      after = page.next;
    } while (after !== undefined);
  },
  close: async () => {},
});

export function openSessions({ map, now, idleMs, maxMs }: SessionOptions): Sessions {
  const fresh = (): string => randomBytes(32).toString('base64url');
  const nameOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
  const over = (stored: Stored): boolean => {
    const at = now();
    if (stored.kind === 'pending') return at - stored.value.since > SIGN_IN_WITHIN;
    // so that one of another form is over as well
    return !(at - stored.seen <= idleMs && at - stored.since <= maxMs);
  };
  const stands = (stored: Stored | undefined): Stored | undefined =>
    stored === undefined || over(stored) ? undefined : stored;
  /** Removes it and gives what it was: of two who come at once, one gets it. */
  const remove = async (token: string): Promise<Stored | undefined> =>
    TOKEN.test(token)
      ? map.change(nameOf(token), (found) => {
          const result = stands(found);
          return result === undefined ? { result } : { result, stored: null };
        })
      : undefined;
  const keyOf = (token: string): Buffer =>
    createHmac('sha256', Buffer.from(token, 'base64url')).update('session').digest();
  const openWith = (token: string, stored: Stored | undefined): Session | undefined => {
    if (stored?.kind !== 'session') return undefined;
    const { since, seen, enc } = stored;
    const found = unsealed(keyOf(token), enc) as Pick<Session, 'person' | 'csrf' | 'key'> | undefined;
    return found === undefined ? undefined : { ...found, since, seen };
  };
  let sweeping: Promise<void> | undefined;
  const sweep = setInterval(() => {
    // what could not be removed now is removed by a later sweep; it signs nobody in until then
    sweeping ??= map
      .sweep(over)
      .catch(() => undefined)
      .finally(() => (sweeping = undefined));
  }, SWEEP);
  sweep.unref();

  return {
    async begin(pending) {
      const token = fresh();
      await map.put(nameOf(token), { kind: 'pending', value: { ...pending, since: now() } });
      return token;
    },
    async take(token) {
      const stored = await remove(token);
      return stored?.kind === 'pending' ? stored.value : undefined;
    },
    async create(person) {
      const token = fresh();
      const at = now();
      const own = { person, csrf: fresh(), key: randomBytes(32).toString('base64') };
      const times = { since: at, seen: at };
      await map.put(nameOf(token), { kind: 'session', ...times, enc: sealed(keyOf(token), own) });
      return { token, session: { ...own, ...times } };
    },
    async find(token) {
      const stored = TOKEN.test(token) ? stands(await map.get(nameOf(token))) : undefined;
      const session = openWith(token, stored);
      if (stored?.kind !== 'session' || session === undefined) return undefined;
      const at = now();
      if (at - stored.seen <= Math.min(TOUCH, idleMs / 2)) return session;
      // not if it was ended meanwhile: a session that was ended stays so
      await map.change(nameOf(token), (found) =>
        found === undefined ? { result: undefined } : { result: undefined, stored: { ...stored, seen: at } },
      );
      return session;
    },
    async end(token) {
      return openWith(token, await remove(token));
    },
    async close() {
      clearInterval(sweep);
      await sweeping;
      await map.close();
    },
  };
}

const NONCE = 12;
const TAG = 16;

/**
 * The name under which a subject stands in an address: the same for one session, meaningless to any other, so that
 * neither history, logs nor a shared link tell of whom it was.
 */
export function hideSubject(session: Session, subject: string): string {
  const key = Buffer.from(session.key, 'base64');
  const nonce = createHmac('sha256', key).update(subject).digest().subarray(0, NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const middle = cipher.update(subject, 'utf8');
  cipher.final();
  return Buffer.concat([nonce, middle, cipher.getAuthTag()]).toString('base64url');
}

/** Undefined if the name is of another session, or none. */
export function shownSubject(session: Session, hidden: string): string | undefined {
  const whole = Buffer.from(hidden, 'base64url');
  if (whole.length <= NONCE + TAG) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(session.key, 'base64'), whole.subarray(0, NONCE));
    decipher.setAuthTag(whole.subarray(whole.length - TAG));
    return Buffer.concat([decipher.update(whole.subarray(NONCE, whole.length - TAG)), decipher.final()]).toString(
      'utf8',
    );
  } catch {
    return undefined;
  }
}

/**
 * One for whom the person speaks, as an address or a form names it: by what only this session understands. The first
 * where none is named.
 * @throws YitongError `not_found`
 */
export function spokenFor(session: Session, hidden: string | undefined, subjects = session.person.subjects): string {
  const named = hidden === undefined ? subjects[0] : shownSubject(session, hidden);
  const subject = subjects.find((one) => one === named);
  if (subject === undefined) throw new YitongError('not_found', 'you speak for no such subject; open the page anew');
  return subject;
}
