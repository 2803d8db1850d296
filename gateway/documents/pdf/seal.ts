/** The signature of a drawn report: PAdES B-B (ETSI EN 319 142-1) put into the place that was left for it. */
import { createHash, hash } from 'node:crypto';
import { attributesOf, lowerHalf, signedDataOf } from '../../ground/der/cms.js';
import type { DocumentSigner } from './signer.js';

/** Stands in ByteRange until the true numbers are known, and is as wide as they can become. */
export const PLACEHOLDER = 1_000_000_000;

/** Bytes that a signature of these certificates may need. */
export const roomFor = (certificates: readonly Uint8Array[]): number =>
  2048 + Math.ceil(certificates.reduce((sum, { length }) => sum + length, 0) / 1024) * 1024;

/**
 * Signs in place. Everything but the signature itself is the same for the same model, code, address and time; an ECDSA
 * signature never is.
 * @param bytes a drawn report with room for the signature
 */
export async function seal(bytes: Buffer, signer: DocumentSigner): Promise<void> {
  // the last of the file: what stands in a stream before it is nobody's signature
  const contents = bytes.lastIndexOf('/Contents <00') + '/Contents '.length;
  const end = bytes.indexOf('>', contents) + 1;
  const placeholder = `[0 ${String(PLACEHOLDER)} ${String(PLACEHOLDER)} ${String(PLACEHOLDER)}]`;
  const range = bytes.lastIndexOf(placeholder);
  if (contents < 100 || end === 0 || range < 0) throw new Error('the document has no room for a signature');
  bytes.write(
    `[0 ${String(contents)} ${String(end)} ${String(bytes.length - end)}]`.padEnd(placeholder.length),
    range,
    'latin1',
  );
  const messageDigest = new Uint8Array(
    createHash('sha256').update(bytes.subarray(0, contents)).update(bytes.subarray(end)).digest(),
  );
  const certificates = signer.certificates.map((one) => new Uint8Array(one));
  const parts = {
    messageDigest,
    certificateDigests: certificates.map((one) => new Uint8Array(hash('sha256', one, 'buffer'))),
  };
  const made = new Uint8Array(await signer.sign(attributesOf(parts)));
  const cms = Buffer.from(
    signedDataOf({
      ...parts,
      certificates,
      algorithm: signer.algorithm,
      signature: signer.algorithm === 'ecdsa-sha256' ? lowerHalf(made) : made,
    }),
  );
  if (cms.length * 2 > end - contents - 2)
    throw new Error('the signature is larger than the room that was left for it');
  bytes.write(cms.toString('hex'), contents + 1, 'latin1');
}
