/**
 * Where uploads of cases stand: each under a name that only the keeper of the keys can make of its digest, sealed under
 * the key of who applies, so that an erasure takes it. Names of people's files are not kept.
 */
import { createHash, randomBytes } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import type { Blobs } from '../../ground/state/blobs.js';
import type { SubjectSecret } from '../../log/entries/keys.js';
import { NONCE_BYTES, sealBytes, unsealBytes } from '../../log/entries/seal.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import type { FileType } from './inspect/index.js';

/** An upload as its case tells of it, or as the matter of sharing to which it is attached. */
export interface Upload<Type extends string = FileType> {
  /** Of its blob. */
  readonly name: string;
  readonly pseudonym: string;
  readonly type: Type;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, base64url. */
  readonly digest: string;
}

const digestOfBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url');

/**
 * The upload that the case has, where it is of these bytes; else one of a name that was never used in it, so that who
 * removes what was replaced never removes what came since.
 * @param after number of events of the case
 */
export function uploadOf<Type extends string = FileType>(
  keys: Pick<SealingKeys, 'reference'>,
  { pseudonym }: SubjectSecret,
  { bytes, type }: { readonly bytes: Uint8Array; readonly type: Type },
  { current, after }: { readonly current: Upload<Type> | undefined; readonly after: number },
): Upload<Type> {
  const digest = digestOfBytes(bytes);
  if (current?.digest === digest && current.pseudonym === pseudonym) return current;
  const name = keys.reference('record', `upload ${pseudonym} ${digest} ${String(after)}`);
  return { name, pseudonym, type, size: bytes.length, digest };
}

/** Durable when it resolves. */
export const keepUpload = (
  blobs: Blobs,
  folder: string,
  { name }: Pick<Upload, 'name'>,
  secret: SubjectSecret,
  bytes: Uint8Array,
): Promise<void> => blobs.put({ folder, name }, sealBytes(secret, randomBytes(NONCE_BYTES), bytes));

/** @throws YitongError `store_damaged` where it is gone or was changed; `not_found` where its subject was erased */
export async function openUpload(
  blobs: Blobs,
  keys: Pick<SealingKeys, 'byPseudonym'>,
  folder: string,
  { name, pseudonym, digest }: Omit<Upload, 'type'>,
): Promise<Buffer> {
  const secret = await keys.byPseudonym(pseudonym);
  if (secret === undefined) throw new YitongError('not_found', 'the subject of the case was erased');
  const sealed = await blobs.get({ folder, name });
  const bytes = sealed === undefined ? undefined : opened(secret, sealed);
  if (bytes === undefined || digestOfBytes(bytes) !== digest)
    throw new YitongError('store_damaged', 'an upload of a case is missing or was changed; put it back from a backup');
  return bytes;
}

function opened(secret: SubjectSecret, sealed: Buffer): Buffer | undefined {
  try {
    return unsealBytes(secret, sealed);
  } catch {
    return undefined;
  }
}
