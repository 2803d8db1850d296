/**
 * The key with which credentials are signed, and how others find it: by the issuer's published metadata
 * (draft-ietf-oauth-sd-jwt-vc, section "JWT VC Issuer Metadata") or by the certificates in the header `x5c` (RFC 7515,
 * section 4.1.6).
 */
import { createPublicKey, type KeyObject, sign as signBytes, X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { YitongError } from '../../../contracts/errors.js';
import { certificateFacts } from '../../ground/identity/certificate.js';
import { issues, standsAlone } from '../../ground/identity/chain.js';
import { content, cursor, INTEGER, SEQUENCE, whole } from '../../ground/identity/der.js';

/** The key never stands here: it may be in a hardware module. */
export interface DocumentKey {
  readonly jwk: PublicJwk;
  /** RFC 7638 thumbprint of `jwk`. */
  readonly kid: string;
  /** Base64 DER, the key's own certificate first; empty where there is none. */
  readonly x5c: readonly string[];
  /** ECDSA on P-256 with SHA-256, hashing included: 64 bytes, r and s (RFC 7518, section 3.4). */
  sign(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

const COORDINATE = /^[A-Za-z0-9_-]{43}$/;

/**
 * The four members of a P-256 public key (RFC 7518, section 6.2). Undefined for anything else, a private key, or a
 * point that is not on the curve.
 */
export function publicJwk(jwk: unknown): { readonly jwk: PublicJwk; readonly key: KeyObject } | undefined {
  const { kty, crv, x, y, d } = (jwk ?? {}) as Readonly<Record<string, unknown>>;
  if (
    kty !== 'EC' ||
    crv !== 'P-256' ||
    d !== undefined ||
    typeof x !== 'string' ||
    typeof y !== 'string' ||
    !COORDINATE.test(x) ||
    !COORDINATE.test(y)
  )
    return undefined;
  const plain = { kty, crv, x, y } as const;
  try {
    return { jwk: plain, key: createPublicKey({ key: plain, format: 'jwk' }) };
  } catch {
    return undefined;
  }
}

const isP256 = (key: KeyObject): boolean =>
  key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';

async function keyOf(
  publicKey: KeyObject,
  certificates: readonly X509Certificate[],
  sign: DocumentKey['sign'],
): Promise<DocumentKey> {
  const found = isP256(publicKey) ? publicJwk(publicKey.export({ format: 'jwk' })) : undefined;
  if (found === undefined) throw new YitongError('bad_config', 'the key that signs credentials must be on P-256');
  return {
    jwk: found.jwk,
    kid: await calculateJwkThumbprint(found.jwk),
    x5c: certificates.map(({ raw }) => raw.toString('base64')),
    sign,
  };
}

/**
 * @param chain PEM certificates, the key's own first
 * @throws YitongError `bad_config` for a key that is not EC P-256, or a certificate of another key
 */
export async function documentKey(privateKey: KeyObject, chain: readonly string[] = []): Promise<DocumentKey> {
  const certificates = chain.map((pem) => new X509Certificate(pem));
  if (certificates[0]?.checkPrivateKey(privateKey) === false)
    throw new YitongError('bad_config', 'the first certificate is not that of the document key');
  return keyOf(createPublicKey(privateKey), certificates, (bytes) =>
    signBytes('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  );
}

/** r and s of 32 bytes each, of ECDSA as DER (RFC 3279, section 2.2.3). */
function plainSignature(der: Uint8Array): Uint8Array {
  const bytes = Buffer.from(der);
  const inner = cursor(bytes, whole(bytes, SEQUENCE));
  const both = Buffer.alloc(64);
  for (const at of [32, 64]) {
    const number = content(bytes, inner.take(INTEGER));
    const digits = number.subarray(number.length > 32 ? number.length - 32 : 0);
    digits.copy(both, at - digits.length);
  }
  inner.done();
  return both;
}

/**
 * The key by which the workspace signs its other documents, behind its port: certificates as DER, the signer's own
 * first, and signatures as DER.
 * @throws YitongError `bad_config` where it is not on P-256
 */
export async function documentKeyOf(signer: {
  readonly certificates: readonly Uint8Array[];
  sign(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
}): Promise<DocumentKey> {
  const certificates = signer.certificates.map((der) => new X509Certificate(der));
  const [own] = certificates;
  if (own === undefined) throw new YitongError('bad_config', 'the signer of documents has no certificate');
  return keyOf(own.publicKey, certificates, async (bytes) => plainSignature(await signer.sign(bytes)));
}

export interface IssuerMetadata {
  readonly issuer: string;
  readonly jwks: {
    readonly keys: readonly (PublicJwk & { readonly kid: string; readonly use: 'sig'; readonly alg: 'ES256' })[];
  };
}

/** What stands at `issuerMetadataPath(issuer)`: keys of today, and those of credentials that still live. */
export const issuerMetadata = (issuer: string, keys: readonly Pick<DocumentKey, 'jwk' | 'kid'>[]): IssuerMetadata => ({
  issuer,
  jwks: { keys: keys.map(({ jwk, kid }) => ({ ...jwk, kid, use: 'sig', alg: 'ES256' })) },
});

/** The well-known part stands between host and path of the issuer. */
export const issuerMetadataPath = (issuer: string): string =>
  `/.well-known/jwt-vc-issuer${new URL(issuer).pathname.replace(/\/$/, '')}`;

/**
 * Whom a verifier trusts. With `keys`, the key named by `kid`; else the first certificate of `x5c`, which must lead to
 * an anchor and name the issuer.
 */
export interface IssuerTrust {
  /** As `iss` says it. */
  readonly issuer: string;
  /** `jwks.keys` of the issuer's metadata. */
  readonly keys?: readonly unknown[];
  /** PEM */
  readonly anchors?: readonly string[];
}

const untrusted = (why: string): YitongError => new YitongError('credential_issuer', why);

/** Whether a certificate is of the issuer: by its address as URI, or by the host's name. */
export const namesIssuer = (leaf: X509Certificate, issuer: string): boolean =>
  certificateFacts(leaf).uris.includes(issuer) ||
  leaf.checkHost(new URL(issuer).hostname, { subject: 'never', wildcards: false }) !== undefined;

function ofChain(trust: IssuerTrust, chain: readonly string[], now: number): KeyObject {
  let certificates: X509Certificate[];
  try {
    certificates = chain.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
  } catch (cause) {
    throw new YitongError('credential_malformed', '`x5c` holds something that is no certificate', { cause });
  }
  const [leaf] = certificates;
  const anchors = (trust.anchors ?? []).map((pem) => new X509Certificate(pem));
  if (leaf === undefined || !isP256(leaf.publicKey))
    throw untrusted('`x5c` begins with no certificate of a document key');
  if (!namesIssuer(leaf, trust.issuer)) throw untrusted('the certificate does not name the issuer');
  const within = (certificate: X509Certificate): boolean =>
    now >= Date.parse(certificate.validFrom) && now < Date.parse(certificate.validTo) + 1000;
  if (!standsAlone(leaf)) throw untrusted('the certificate of the issuer is not one to sign with');
  const climbed = [leaf];
  for (const certificate of certificates) {
    if (!within(certificate)) throw untrusted('a certificate of the issuer is not valid at this time');
    if (certificate === leaf) continue;
    if (!issues(certificate, climbed)) throw untrusted('the certificates of the issuer do not lead to one another');
    climbed.push(certificate);
  }
  const held = anchors.some(
    (anchor) =>
      within(anchor) &&
      (anchor.fingerprint256 === climbed[climbed.length - 1]?.fingerprint256 || issues(anchor, climbed)),
  );
  if (!held) throw untrusted('the certificates of the issuer lead to no anchor that is trusted');
  return leaf.publicKey;
}

/**
 * The key that must have signed.
 * @param now ms since 1970
 * @throws YitongError `credential_issuer`, `credential_malformed`
 */
export function trustedKey(
  trust: IssuerTrust,
  header: { readonly kid?: string; readonly x5c?: readonly string[] },
  now: number,
): KeyObject {
  if (trust.keys === undefined) {
    if (header.x5c === undefined) throw untrusted('the header names no certificates');
    return ofChain(trust, header.x5c, now);
  }
  const named = trust.keys.filter((key) => (key as { readonly kid?: unknown } | null)?.kid === header.kid);
  const found = header.kid === undefined || named.length !== 1 ? undefined : publicJwk(named[0]);
  if (found === undefined) throw untrusted('the issuer has published no such key');
  return found.key;
}
