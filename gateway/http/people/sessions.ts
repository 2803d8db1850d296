/**
 * Sessions of people, shared by the workers of a replica. The cookie is 32 random bytes; here stands only its SHA-256,
 * so that who reads the file cannot sign in with it. A session ends when it was idle too long, when it is old, or when
 * the person says so.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Person } from '../../ground/identity/person.js';

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
  readonly dataDir: string;
  readonly now: () => number;
  readonly idleMs: number;
  readonly maxMs: number;
}

type Stored =
  | { readonly kind: 'session'; readonly value: Session }
  | { readonly kind: 'pending'; readonly value: Pending };

const SIGN_IN_WITHIN = 10 * 60_000;
/** A session's last use is written once in so long: not for each request. */
const TOUCH = 60_000;
const SWEEP = 10 * 60_000;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export function openSessions({ dataDir, now, idleMs, maxMs }: SessionOptions): Sessions {
  const dir = join(dataDir, 'people');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'sessions');
  refuseDamaged(path, '`people/sessions`', 'nothing lasting is in it: remove it (docs/faults.md)');
  const env = openEnv<Stored, string>({ file: path, encoding: 'json', maxReaders: 512 });
  const map = env.root;
  chmodSync(path, 0o600);

  const fresh = (): string => randomBytes(32).toString('base64url');
  const nameOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
  const over = (stored: Stored): boolean => {
    const at = now();
    if (stored.kind === 'pending') return at - stored.value.since > SIGN_IN_WITHIN;
    return at - stored.value.seen > idleMs || at - stored.value.since > maxMs;
  };
  const look = (token: string): Stored | undefined => {
    if (!TOKEN.test(token)) return undefined;
    const stored = map.get(nameOf(token));
    return stored === undefined || over(stored) ? undefined : stored;
  };
  const put = (token: string, stored: Stored): void => void env.writeSync(() => map.putSync(nameOf(token), stored));
  /** Removes it and gives what it was: of two who come at once, one gets it. */
  const remove = (token: string): Stored | undefined =>
    env.writeSync(() => {
      const stored = look(token);
      if (stored !== undefined) map.removeSync(nameOf(token));
      return stored;
    });
  const sweep = setInterval(() => {
    env.writeSync(() => {
      for (const { key, value } of map.getRange()) if (over(value)) map.removeSync(key);
    });
  }, SWEEP);
  sweep.unref();

  return {
    async begin(pending) {
      const token = fresh();
      put(token, { kind: 'pending', value: { ...pending, since: now() } });
      return token;
    },
    async take(token) {
      const stored = remove(token);
      return stored?.kind === 'pending' ? stored.value : undefined;
    },
    async create(person) {
      const token = fresh();
      const at = now();
      const session: Session = { person, csrf: fresh(), since: at, seen: at, key: randomBytes(32).toString('base64') };
      put(token, { kind: 'session', value: session });
      return { token, session };
    },
    async find(token) {
      const stored = look(token);
      if (stored?.kind !== 'session') return undefined;
      const at = now();
      if (at - stored.value.seen > Math.min(TOUCH, idleMs / 2)) {
        env.writeSync(() => {
          // not if it was ended meanwhile: a session that was ended stays so
          if (map.get(nameOf(token)) !== undefined)
            map.putSync(nameOf(token), { kind: 'session', value: { ...stored.value, seen: at } });
        });
      }
      return stored.value;
    },
    async end(token) {
      const stored = remove(token);
      return stored?.kind === 'session' ? stored.value : undefined;
    },
    async close() {
      clearInterval(sweep);
      await env.close();
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
