/** What all who have to do with files stand on: the orders, the secret of their keys, and the folder of their bytes. */
import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatedCase } from '../../answer/question/request.js';
import type { StateSettings } from '../../ground/config/state.js';
import { createOnce } from '../../ground/files/durable.js';
import type { State } from '../../ground/state/port.js';
import { secretIn } from '../../ground/state/secret.js';
import { openCaseGround } from '../cases/opened.js';
import { type FileOrder, FileStore } from './store.js';

interface Surroundings {
  readonly settings: { readonly state: StateSettings };
  readonly dataDir: string;
  /** Undefined: that of the data folder. */
  readonly state?: State;
  readonly now: () => number;
}

export interface FileDesk {
  readonly store: FileStore;
  readonly secret: KeyObject;
  readonly folder: FileFolder;
  close(): Promise<void>;
}

const SECRET = 'files';
const NONCE = 12;
const TAG = 16;

/** @throws YitongError `state_unavailable`, `store_damaged` */
export async function openFiles(around: Surroundings): Promise<FileDesk> {
  const ground = await openCaseGround(around);
  try {
    const secret = await secretIn(ground.state, SECRET);
    const store = new FileStore(ground.state, ground.keys);
    return { store, secret, folder: new FileFolder(around.dataDir), close: () => ground.close() };
  } catch (error) {
    await ground.close();
    throw error;
  }
}

/** Where the bytes of this replica's files stand. */
export class FileFolder {
  readonly path: string;
  /** Tells this data folder from those of other replicas. */
  readonly id: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'files');
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const file = join(this.path, 'folder');
    createOnce(file, () => randomBytes(16).toString('hex'));
    this.id = readFileSync(file, 'utf8');
  }

  /** Its bytes, and who is in it. Another attempt has other names: half a file is never taken for a whole one. */
  filesOf({ id, attempt }: Pick<FileOrder, 'id' | 'attempt'>): { readonly bytes: string; readonly who: string } {
    const base = join(this.path, `${id}.${String(attempt)}`);
    return { bytes: `${base}.bin`, who: `${base}.who` };
  }
}

const caseKey = (secret: KeyObject): Buffer => createHmac('sha256', secret).update('stated cases of orders').digest();

/** A case may name who handles it, so it stands sealed with its order. */
export function sealCase(secret: KeyObject, stated: StatedCase): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', caseKey(secret), nonce);
  const sealed = [cipher.update(JSON.stringify(stated), 'utf8'), cipher.final()];
  return Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString('base64');
}

export function openCase(secret: KeyObject, sealed: string | undefined): StatedCase | undefined {
  if (sealed === undefined) return undefined;
  const whole = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', caseKey(secret), whole.subarray(0, NONCE));
  decipher.setAuthTag(whole.subarray(-TAG));
  const plain = Buffer.concat([decipher.update(whole.subarray(NONCE, -TAG)), decipher.final()]);
  return JSON.parse(plain.toString('utf8')) as StatedCase;
}
