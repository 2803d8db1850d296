/** Checks a signed report with Node's own cryptography, under the rules that the browser has as well. */
import { createPublicKey, hash, verify, X509Certificate } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { lowerHalf } from '../../ground/der/cms.js';
import { same } from '../../ground/der/der.js';
import { check, type PdfCheck, type Proof } from '../signed/pdf-rules.js';

const proof: Proof = {
  sha256: (data) => new Uint8Array(hash('sha256', data, 'buffer')),
  verify: (publicKey, algorithm, signature, data) =>
    (algorithm !== 'ecdsa-sha256' || same(lowerHalf(signature), signature)) &&
    verify('sha256', data, createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }), signature),
  issued(certificate, issuer) {
    const [one, by] = [new X509Certificate(certificate.raw), new X509Certificate(issuer.raw)];
    return one.checkIssued(by) && one.verify(by.publicKey);
  },
  inflate: (data, limit) => new Uint8Array(inflateSync(data, { maxOutputLength: limit })),
};

/**
 * @param trusted the CA certificates that count
 * @returns what holds and, of a report that is genuine, its model; never throws for what the file holds
 */
export const verifyPdf = (file: Uint8Array, trusted: readonly X509Certificate[]): Promise<PdfCheck> =>
  check(
    new Uint8Array(file),
    trusted.map(({ raw }) => new Uint8Array(raw)),
    proof,
  );
