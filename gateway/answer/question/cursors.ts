/**
 * Cursors: where an answer stopped, for the client to send back. AES-256-GCM, under a key that is derived for one
 * client and one question (subject, purpose, dataset, fields, policies in force): a cursor of any other does not
 * decrypt, and nobody can make one. Inside stand the last record id, padded, and at which state of the data it was
 * read.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { createOnce } from '../../ground/files/durable.js';
import { openToOthers } from '../../ground/files/private-file.js';
import type { Cut, ReadPoint } from '../view/port.js';

const NONCE = 12;
const TAG = 16;
const KEY_BYTES = 32;
/** A cursor's content is filled up to a multiple of so many bytes: its length does not tell that of the record id. */
const BLOCK = 64;
/** Of SHA-256 of a state of the data. */
const POINT = 16;

/** The longest cursor that is looked at; a record id has 1,024 bytes at most. */
export const MAX_CURSOR = 4000;

export interface Cursors {
  /** @param returned the cut that the answer says, at which the next page may be asked for too */
  make(scope: string, subject: SubjectKey, recordId: string, at: ReadPoint, returned: Cut | undefined): string;
  /** The record id behind which to go on. @throws YitongError `bad_cursor`, the same for whatever is wrong with it */
  recordId(scope: string, subject: SubjectKey, cursor: string, at: ReadPoint): string;
}

/** What of a question is known before its subject is, and has to be the same for each page. Fields count as a set. */
export const cursorScope = (question: {
  readonly client: string;
  readonly purpose: string;
  readonly dataset: string;
  readonly fields: readonly string[] | undefined;
  readonly policyVersion: string;
}): string =>
  JSON.stringify([
    question.client,
    question.purpose,
    question.dataset,
    question.fields === undefined ? null : [...question.fields].sort(),
    question.policyVersion,
  ]);

const bad = (): YitongError =>
  new YitongError(
    'bad_cursor',
    'the cursor is not one of this question, or older than the policies in force; ask without it, from the ' +
      'first record on',
  );
const pointOf = (at: ReadPoint): Buffer => createHash('sha256').update(canonicalJson(at)).digest().subarray(0, POINT);

function cursorsOf(master: KeyObject): Cursors {
  const keyOf = (scope: string, subject: SubjectKey): Buffer =>
    createHmac('sha256', master)
      .update(JSON.stringify([scope, subject]))
      .digest();
  return {
    make(scope, subject, recordId, at, returned) {
      const id = Buffer.from(recordId, 'utf8');
      const used = 2 * POINT + 2 + id.length;
      const plain = Buffer.alloc(Math.ceil(used / BLOCK) * BLOCK);
      pointOf(at).copy(plain, 0);
      pointOf(returned === undefined ? at : { kind: 'cut', cut: returned }).copy(plain, POINT);
      plain.writeUInt16BE(id.length, 2 * POINT);
      id.copy(plain, 2 * POINT + 2);
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', keyOf(scope, subject), nonce);
      const middle = cipher.update(plain);
      cipher.final(); // GCM is a stream: nothing is left to come
      return Buffer.concat([nonce, middle, cipher.getAuthTag()]).toString('base64url');
    },
    recordId(scope, subject, cursor, at) {
      const whole = Buffer.from(cursor, 'base64url');
      if (whole.length < NONCE + TAG + BLOCK) throw bad();
      let plain: Buffer;
      try {
        const decipher = createDecipheriv('aes-256-gcm', keyOf(scope, subject), whole.subarray(0, NONCE));
        decipher.setAuthTag(whole.subarray(whole.length - TAG));
        plain = Buffer.concat([decipher.update(whole.subarray(NONCE, whole.length - TAG)), decipher.final()]);
      } catch {
        throw bad();
      }
      const point = pointOf(at);
      if (!point.equals(plain.subarray(0, POINT)) && !point.equals(plain.subarray(POINT, 2 * POINT))) throw bad();
      return plain.toString('utf8', 2 * POINT + 2, 2 * POINT + 2 + plain.readUInt16BE(2 * POINT));
    },
  };
}

/** Under a key that is kept nowhere: good for as long as the process runs. */
export const momentaryCursors = (): Cursors => cursorsOf(createSecretKey(randomBytes(KEY_BYTES)));

/**
 * @param dataDir where the replica keeps a key of its own, shared by its workers and kept over restarts
 * @param file holds a secret of at least 32 bytes that all replicas share; empty: each has its own, and refuses cursors
 * of others
 * @throws YitongError `bad_config` for a file that cannot be read, is too short, or is open to others
 */
export function openCursors(dataDir: string, file: string): Cursors {
  const own = join(dataDir, 'cursors', 'key');
  const place = { place: { file } };
  if (file === '') {
    mkdirSync(dirname(own), { recursive: true, mode: 0o700 });
    createOnce(own, () => randomBytes(KEY_BYTES));
  }
  let secret: Buffer;
  try {
    secret = readFileSync(file === '' ? own : file);
    const open = file === '' ? undefined : openToOthers(file);
    if (open !== undefined) throw new YitongError('bad_config', `the secret of cursors: ${open}`, place);
  } catch (cause) {
    if (cause instanceof YitongError || file === '') throw cause;
    throw new YitongError('bad_config', '`gateway.cursorKeyFile` names a file that cannot be read', {
      ...place,
      cause,
    });
  }
  if (secret.length < KEY_BYTES)
    throw new YitongError(
      'bad_config',
      `the secret of cursors is shorter than ${String(KEY_BYTES)} bytes; make one of random bytes`,
      { place: { file: file === '' ? own : file } },
    );
  return cursorsOf(createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'yitong cursors', KEY_BYTES))));
}
