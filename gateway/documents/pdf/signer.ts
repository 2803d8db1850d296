/**
 * Who signs documents. The port is small, so that a driver for a hardware module or for SM2 stands beside the one for
 * files: it names an algorithm, its certificates, and signs bytes. The key never crosses into the threads that draw.
 */
import { createPrivateKey, hash, sign as signBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { DOCUMENT_SIGNING, readCertificate, type SignatureAlgorithm } from '../../ground/der/certificate.js';
import { openToOthers } from '../../ground/files/private-file.js';
import { pemBlocks } from '../../ground/identity/certificate.js';

export interface DocumentSigner {
  /** First 16 hex digits of the SHA-256 of the key's SubjectPublicKeyInfo. */
  readonly kid: string;
  /** Common name of the certificate; stands on the document. */
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  /** DER: the signer's own, then its issuers up to, not including, the trusted one. */
  readonly certificates: readonly Uint8Array[];
  /** Signs the bytes, hashing included. ECDSA as DER (RFC 3279, 2.2.3), RSA as PKCS #1 v1.5. */
  sign(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/**
 * A signer of PEM texts.
 * @param certificates the signer's own first
 * @throws YitongError `bad_config` if key and certificate do not belong together or are not for signing documents
 */
export function documentSigner(certificates: string, key: string): DocumentSigner {
  const chain = pemBlocks(certificates, 'CERTIFICATE').map((pem) => new X509Certificate(pem));
  const [own] = chain;
  if (own === undefined) throw new YitongError('bad_config', 'there is no certificate to sign documents with');
  const privateKey = createPrivateKey(key);
  const { keyAlgorithm, name, ca, purposes } = readCertificate(new Uint8Array(own.raw));
  if (!own.checkPrivateKey(privateKey))
    throw new YitongError('bad_config', 'the key for signing documents is not that of its certificate');
  if (keyAlgorithm === undefined) throw new YitongError('bad_config', 'a key for signing documents is of P-256 or RSA');
  if (ca || purposes?.includes(DOCUMENT_SIGNING) !== true)
    throw new YitongError(
      'bad_config',
      'the certificate is not one for signing documents (extended key usage 1.3.6.1.5.5.7.3.36)',
    );
  const spki = own.publicKey.export({ format: 'der', type: 'spki' });
  return {
    kid: hash('sha256', spki).slice(0, 16),
    name,
    algorithm: keyAlgorithm,
    certificates: chain.map(({ raw }) => new Uint8Array(raw)),
    sign: (bytes) => signBytes('sha256', bytes, privateKey),
  };
}

/**
 * The signer of a folder: `cert.pem` and `key.pem`, as `yitong up` and `yitong pki documents` leave them in
 * `<pki>/documents`.
 * @throws YitongError `bad_config` if a file is missing, malformed, or the key can be read by others than its owner
 */
export function openDocumentSigner(dir: string): DocumentSigner {
  const file = join(dir, 'key.pem');
  try {
    const open = openToOthers(file);
    if (open !== undefined) throw new YitongError('bad_config', open, { place: { file } });
    return documentSigner(readFileSync(join(dir, 'cert.pem'), 'utf8'), readFileSync(file, 'utf8'));
  } catch (cause) {
    if (cause instanceof YitongError) throw cause;
    throw new YitongError('bad_config', 'the certificate or key for signing documents cannot be read', {
      place: { file },
      cause,
    });
  }
}

const inUse = new Map<string, DocumentSigner>();

/**
 * The signer of a folder that is in use in this process; opened where none is.
 * @throws YitongError as `openDocumentSigner`
 */
export function documentSignerOf(dir: string): DocumentSigner {
  let signer = inUse.get(dir);
  if (signer === undefined) inUse.set(dir, (signer = openDocumentSigner(dir)));
  return signer;
}

/**
 * What stands in the folder now is what signs from now on.
 * @throws YitongError as `openDocumentSigner`; then the one before goes on
 */
export function renewDocumentSigner(dir: string): void {
  inUse.set(dir, openDocumentSigner(dir));
}
