/** Verifying a replica's promise. Pure, and without anything of the server: a client does it too. */
import { YitongError } from '../../../contracts/errors.js';
import { groupText } from '../journal/format.js';
import { HASH_BYTES, rootFromInclusion } from './merkle.js';
import { decodeBase64, signatureText, type Verifier } from './note.js';

/** As it stands in an answer. */
export interface Promised {
  readonly journal: string;
  readonly seq: number;
  /** Leaf hash of the entry, base64. */
  readonly leaf: string;
  readonly path: readonly string[];
  readonly first: number;
  readonly count: number;
  readonly root: string;
  /** ISO 8601, UTC. */
  readonly mergeBy: string;
  readonly key: string;
  readonly algorithm: string;
  /** base64(key id ‖ signature) */
  readonly signature: string;
}

/** The leaf that was promised, if a replica among `replicas` signed for it. @throws YitongError `log_invalid` */
export function promisedLeaf(promise: Promised, replicas: readonly Verifier[]): Buffer {
  const bad = (what: string): YitongError => new YitongError('log_invalid', `the promise does not verify: ${what}`);
  const [leaf, root, ...path] = [promise.leaf, promise.root, ...promise.path].map((hash) => {
    const bytes = decodeBase64(hash);
    if (bytes?.length !== HASH_BYTES) throw bad('a hash is malformed');
    return bytes;
  });
  const mergeBy = Date.parse(promise.mergeBy);
  const signature = decodeBase64(promise.signature);
  if (leaf === undefined || root === undefined || signature === undefined || Number.isNaN(mergeBy)) throw bad('it is malformed');
  const { first, count, seq } = promise;
  if (rootFromInclusion(seq - first, count, leaf, path)?.equals(root) !== true) throw bad('its path does not lead to the group\'s root');
  const replica = replicas.find(({ name, keyId }) => name === promise.key && signatureText(keyId, signature.subarray(4)) === promise.signature);
  if (replica === undefined) throw bad(`no vkey of the replica \`${promise.key}\` that signed it; name it with --replica`);
  if (!replica.verify(Buffer.from(groupText(promise.journal, { first, count, root, mergeBy })), signature.subarray(4))) throw bad('the replica\'s signature is not over it');
  return leaf;
}
