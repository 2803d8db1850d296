/**
 * How many different values a client has claimed of one field of one subject. Without a limit, a client that may only
 * compare would find the value by trying. Kept in the data folder, so that a restart forgets nothing and all workers
 * count together; by HMAC under a secret of that folder, so that the file tells neither subjects nor values.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes as systemRandom } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../../connectors/lmdb/file.js';
import { createOnce } from '../../../ground/files/durable.js';
import { endDocuments, endLink } from '../../../ground/state/ending.js';
import type { State, StateDocument } from '../../../ground/state/port.js';
import { adoptSecret } from '../../../ground/state/secret.js';
import { isTaken, taken } from '../../../ground/state/taken.js';
import { transact } from '../../../ground/state/transact.js';

const WINDOW = 86_400_000;

interface Guess {
  readonly client: string;
  readonly subject: string;
  readonly dataset: string;
  readonly field: string;
  /** In normal form: two ways to write one value are one guess. */
  readonly value: string;
}

export interface Guesses {
  /**
   * Which of these may be compared. A value that was claimed within the window may be again and counts once; a new one
   * only while fewer than the limit stand in the window. On disk, and seen by all workers, when this resolves.
   */
  admit(guesses: readonly Guess[], now: number): Promise<readonly boolean[]>;
  close(): Promise<void>;
}

/** Of a value: 16 bytes of its HMAC, and when it came, ms since 1970, as a double. */
const MAC = 16;
const ENTRY = MAC + 8;
/** Fields looked through for what is over, each time that one is written. */
const SWEPT = 4;
const SWEPT_IN_STATE = 400;

interface Keys {
  readonly field: Buffer;
  readonly value: Buffer;
}

function keysOf(secret: KeyObject, { client, subject, dataset, field, value }: Guess): Keys {
  const mac = (...parts: readonly string[]): Buffer =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest();
  return {
    field: mac('field', client, subject, dataset, field),
    value: mac('value', client, subject, dataset, field, value).subarray(0, MAC),
  };
}

/** The entries that are still in the window. */
function current(stored: Buffer | undefined, now: number): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; stored !== undefined && at + ENTRY <= stored.length; at += ENTRY) {
    const entry = stored.subarray(at, at + ENTRY);
    if (now - entry.readDoubleBE(MAC) < WINDOW) entries.push(entry);
  }
  return entries;
}

const holds = (entries: readonly Buffer[], value: Buffer): boolean =>
  entries.some((entry) => entry.subarray(0, MAC).equals(value));

/** What stands of a field once a value was claimed: undefined where the value may not be compared. */
function admitted(entries: readonly Buffer[], value: Buffer, limit: number, now: number): Buffer | undefined {
  if (holds(entries, value)) return Buffer.concat([...entries]);
  if (entries.length >= limit) return undefined;
  const time = Buffer.alloc(8);
  time.writeDoubleBE(now);
  return Buffer.concat([...entries, value, time]);
}

/** @param limit different values a client, subject and field in 24 hours */
export function openGuesses(dir: string, limit: number, randomBytes: (size: number) => Buffer = systemRandom): Guesses {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const secretFile = join(dir, 'secret');
  createOnce(secretFile, () => randomBytes(32));
  const secret = createSecretKey(readFileSync(secretFile));
  refuseDamaged(join(dir, 'guesses'), '`verify/guesses`', 'put it back from a backup (docs/faults.md)', true);
  const env = openEnv<Buffer, Buffer>({
    file: join(dir, 'guesses'),
    encoding: 'binary',
    keyEncoding: 'binary',
    maxReaders: 512,
  });
  const map = env.root;
  chmodSync(join(dir, 'guesses'), 0o600);
  let swept = Buffer.alloc(0);

  const sweep = (now: number): void => {
    const keys = [...map.getKeys({ start: swept, limit: SWEPT })];
    for (const key of keys) if (current(map.get(key), now).length === 0) map.removeSync(key);
    swept = keys.length < SWEPT ? Buffer.alloc(0) : Buffer.concat([keys.at(-1) ?? swept, Buffer.alloc(1)]);
  };

  return {
    async admit(guesses, now) {
      const wanted = guesses.map((guess) => keysOf(secret, guess));
      if (wanted.every(({ field, value }) => holds(current(map.get(field), now), value))) return wanted.map(() => true);
      return env.write(() => {
        const results = wanted.map(({ field, value }) => {
          // read inside: another worker may have counted since
          const entries = current(map.get(field), now);
          const after = admitted(entries, value, limit, now);
          if (after !== undefined && after.length > entries.length * ENTRY) map.putSync(field, after);
          return after !== undefined;
        });
        sweep(now);
        return results;
      });
    },
    close: () => env.close(),
  };
}

const GUESSES = 'guesses';
/** Those that are over are looked for once in so many ms. */
const SWEEP = 60_000;

/**
 * In the state that all replicas share: one limit for all of them.
 * @param secret of the installation, so that the store tells neither subjects nor values
 */
export function guessesIn(state: State, limit: number, secret: KeyObject): Guesses {
  let sweptAt = 0;
  let sweeping: Promise<unknown> | undefined;
  const fieldId = ({ field }: Keys): string => field.toString('base64url');
  const entriesIn = (found: Pick<StateDocument, 'body'> | undefined, now: number): Buffer[] => {
    const body = found?.body as { readonly entries: string } | undefined;
    return current(body === undefined ? undefined : Buffer.from(body.entries, 'base64'), now);
  };
  return {
    async admit(guesses, now) {
      const wanted = guesses.map((guess) => keysOf(secret, guess));
      const { result } = await transact(state, async (transaction) => {
        const results: boolean[] = [];
        for (const keys of wanted) {
          const id = fieldId(keys);
          const entries = entriesIn(await transaction.document(GUESSES, id), now);
          const after = admitted(entries, keys.value, limit, now);
          results.push(after !== undefined);
          if (after !== undefined && after.length > entries.length * ENTRY)
            transaction.put({
              kind: GUESSES,
              id,
              links: [endLink(now + WINDOW)],
              body: { entries: after.toString('base64') },
            });
        }
        return results;
      });
      if (now - sweptAt > SWEEP) {
        sweptAt = now;
        // beside the answer, which does not wait for it; what could not go goes with a later one
        sweeping ??= endDocuments(state, GUESSES, now, undefined, SWEPT_IN_STATE)
          .catch(() => undefined)
          .finally(() => (sweeping = undefined));
      }
      return result;
    },
    close: async () => void (await sweeping),
  };
}

/**
 * What a data folder counted, taken over into a state that replicas share. Again it changes nothing. @returns how many
 */
export async function adoptGuesses(state: State, folder: string, dir: string): Promise<number> {
  const file = join(dir, 'guesses');
  if (!existsSync(file) || (await isTaken(state, folder, GUESSES))) return 0;
  await adoptSecret(state, GUESSES, readFileSync(join(dir, 'secret')));
  const env = openEnv<Buffer, Buffer>({ file, encoding: 'binary', keyEncoding: 'binary', readOnly: true });
  try {
    let count = 0;
    for (const { key, value } of env.root.getRange({})) {
      const newest = current(value, 0).reduce((time, entry) => Math.max(time, entry.readDoubleBE(MAC)), 0);
      await state.commit([
        {
          do: 'put',
          kind: GUESSES,
          id: key.toString('base64url'),
          links: [endLink(newest + WINDOW)],
          body: { entries: value.toString('base64') },
        },
      ]);
      count++;
    }
    await state.commit([taken(folder, GUESSES)]);
    return count;
  } finally {
    await env.close();
  }
}
