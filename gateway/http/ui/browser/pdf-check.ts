/**
 * Checks a report in this browser, without sending it anywhere: WebCrypto under the rules that the command line has.
 */

import { check, type PdfCheck, type Proof } from '../../../documents/signed/pdf-rules.js';
import type { SignatureAlgorithm } from '../../../ground/der/certificate.js';
import { lowerHalf, rawPair } from '../../../ground/der/cms.js';
import { type Bytes, same } from '../../../ground/der/der.js';

const KEYS = {
  'ecdsa-sha256': { name: 'ECDSA', namedCurve: 'P-256' },
  'rsa-sha256': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
} as const;

async function verified(
  publicKey: Bytes,
  algorithm: SignatureAlgorithm,
  signature: Bytes,
  data: Bytes,
): Promise<boolean> {
  const key = await crypto.subtle.importKey('spki', publicKey, KEYS[algorithm], false, ['verify']);
  return algorithm === 'ecdsa-sha256'
    ? crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, rawPair(signature), data)
    : crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, signature, data);
}

const web: Proof = {
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data)),
  verify: async (publicKey, algorithm, signature, data) =>
    (algorithm !== 'ecdsa-sha256' || same(lowerHalf(signature), signature)) &&
    verified(publicKey, algorithm, signature, data),
  issued: (certificate, issuer) =>
    issuer.keyAlgorithm === certificate.algorithm
      ? verified(issuer.publicKey, certificate.algorithm, certificate.signature, certificate.signed)
      : false,
  async inflate(data, limit) {
    const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > limit) throw new Error('the attached model is too large');
      chunks.push(value);
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  },
};

/**
 * @param trusted DER of the CA certificates, which `certificatesOfPem` of `ground/der/certificate.ts` makes of a PEM
 * text
 * @returns what holds and, of a report that is genuine, its model; never throws for what the file holds
 */
export const checkPdf = (file: ArrayBuffer, trusted: readonly Bytes[]): Promise<PdfCheck> =>
  check(new Uint8Array(file), trusted, web);
