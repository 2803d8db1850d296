/** Verifying a replica's promise. Pure, and without anything of the server: a client does it too. */
import { YitongError } from '../../../contracts/errors.js';
import { answerLeaf, groupText } from './journal.js';
import { HASH_BYTES, rootFromInclusion, sha256 } from './merkle.js';
import { decodeBase64, signatureText, type Verifier } from './note.js';

/** As it stands in an answer. Its format, to the byte, is in docs/log.md. */
export interface Promised {
  /** 2; absent of promises of before, which do not say to which answer they belong. */
  readonly version?: number | undefined;
  readonly journal: string;
  readonly seq: number;
  /** Leaf hash of the entry, base64. */
  readonly leaf: string;
  /** From version 2 on: digest of the answer without its receipt, base64url; absent where the entry is of no answer. */
  readonly bodySha256?: string | undefined;
  /** From the leaf, in version 2 from leaf and digest together, to the root. */
  readonly path: readonly string[];
  readonly first: number;
  readonly count: number;
  readonly root: string;
  /** From version 2 on: root over leaves and digests, to which `path` leads. */
  readonly answers?: string | undefined;
  /** ISO 8601, UTC. */
  readonly mergeBy: string;
  readonly key: string;
  readonly algorithm: string;
  /** base64(key id ‖ signature) */
  readonly signature: string;
}

/**
 * What the digest of an answer is over: its bytes without its last member, the receipt. One that was written anew by a
 * JSON library may have other bytes.
 */
function digestedBytes(answer: Buffer): Buffer {
  const at = answer.lastIndexOf(',"receipt":');
  return at < 0 ? answer : Buffer.concat([answer.subarray(0, at), Buffer.from('}')]);
}

/** base64url, as entries and promises have it. @param answer with or without its receipt */
export const answerSha256 = (answer: Buffer): string => sha256(digestedBytes(answer)).toString('base64url');

const bad = (what: string): YitongError => new YitongError('log_invalid', `the promise does not verify: ${what}`);

function hashOf(text: string): Buffer {
  const bytes = decodeBase64(text);
  if (bytes?.length !== HASH_BYTES) throw bad('a hash is malformed');
  return bytes;
}

/** What `path` leads from and to. @throws YitongError `log_invalid` */
function bound({ version = 1, leaf, bodySha256, root, answers }: Promised): {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly answers: Buffer | undefined;
} {
  if (version === 1 && bodySha256 === undefined && answers === undefined)
    return { from: hashOf(leaf), to: hashOf(root), answers: undefined };
  if (version !== 2 || answers === undefined) throw bad('it is of no version that is known here');
  const digest = bodySha256 === undefined ? undefined : Buffer.from(bodySha256, 'base64url');
  if (digest !== undefined && (digest.length !== HASH_BYTES || digest.toString('base64url') !== bodySha256))
    throw bad('the digest of the answer is malformed');
  const to = hashOf(answers);
  return { from: answerLeaf(hashOf(leaf), bodySha256), to, answers: to };
}

/**
 * The leaf that was promised, if a replica among `replicas` signed for it.
 * @param answered digest of the answer in which it stood, base64url: then it must be the promise of that answer. One of
 * before version 2 cannot say so, and is taken
 * @throws YitongError `log_invalid`
 */
export function promisedLeaf(promise: Promised, replicas: readonly Verifier[], answered?: string): Buffer {
  const { from, to, answers } = bound(promise);
  const path = promise.path.map(hashOf);
  const mergeBy = Date.parse(promise.mergeBy);
  const signature = decodeBase64(promise.signature);
  // the text that was signed has the time in one form only
  if (
    promise.algorithm !== 'ed25519' ||
    signature === undefined ||
    Number.isNaN(mergeBy) ||
    new Date(mergeBy).toISOString() !== promise.mergeBy
  )
    throw bad('it is malformed');
  const { first, count, seq } = promise;
  if (rootFromInclusion(seq - first, count, from, path)?.equals(to) !== true)
    throw bad("its path does not lead to the group's root");
  const replica = replicas.find(
    ({ name, keyId }) => name === promise.key && signatureText(keyId, signature.subarray(4)) === promise.signature,
  );
  if (replica === undefined)
    throw bad(`no vkey of the replica \`${promise.key}\` that signed it; name it with --replica`);
  const text = groupText(promise.journal, { first, count, root: hashOf(promise.root), answers, mergeBy });
  if (!replica.verify(Buffer.from(text), signature.subarray(4))) throw bad("the replica's signature is not over it");
  if (answered !== undefined && answers !== undefined && promise.bodySha256 !== answered)
    throw bad('it is not of this answer; give the receipt alone to ask about the promise alone');
  return hashOf(promise.leaf);
}
