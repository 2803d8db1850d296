/**
 * The file by which an installation introduces itself to another one is signed by the key of its log: whoever takes it
 * has the key from it by which everything that the region promises is verified later, and one who changed a root on the
 * way could not.
 */
import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import type { RegionOffer } from '../../../policies/types.js';
import { parseWitnessVkey } from './cosignature.js';
import { sha256 } from './merkle.js';
import { decodeBase64, parseVkey, type Signer, signatureText } from './note.js';

/** No checkpoint begins so, and no group of a journal: a signature of one is none of the other. */
const textOf = (offer: Omit<RegionOffer, 'signature'>): Buffer =>
  Buffer.from(`yitong region\n${sha256(Buffer.from(canonicalJson(offer))).toString('base64')}\n`);

export function signOffer(offer: Omit<RegionOffer, 'signature'>, signer: Signer): RegionOffer {
  return { ...offer, signature: signatureText(signer.keyId, signer.sign(textOf(offer))) };
}

/**
 * That the file fits together: signed by the key that it names, and each key in it one.
 * @throws YitongError `bad_policy`
 */
export function checkOffer({ signature, ...offer }: RegionOffer): void {
  const refuse = (why: string, cause?: unknown): never => {
    throw new YitongError('bad_policy', `the file of region \`${offer.region}\` ${why}`, { cause });
  };
  try {
    const key = parseVkey(offer.log.vkey);
    offer.log.replicas.forEach(parseVkey);
    offer.log.witnesses.forEach(parseWitnessVkey);
    const bytes = decodeBase64(signature);
    if (bytes?.length === 68 && bytes.readUInt32BE(0) === key.keyId && key.verify(textOf(offer), bytes.subarray(4)))
      return;
  } catch (cause) {
    refuse('holds a key that is none', cause);
  }
  refuse('is not signed by the key of the log that it names: it was changed after it was exported');
}
