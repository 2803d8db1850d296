/** The one importer of @peculiar/x509: makes certificates and revocation lists (RFC 5280). Nothing is verified here. */
import { createPrivateKey, webcrypto } from 'node:crypto';
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonGeneralName,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';
import { DOCUMENT_SIGNING } from '../../ground/der/certificate.js';

const { subtle } = webcrypto;
type Key = webcrypto.CryptoKey;

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const;

interface KeyPair {
  readonly publicKey: Key;
  readonly privateKey: Key;
}

export const makeKeys = (kind: 'ec' | 'rsa'): Promise<KeyPair> =>
  subtle.generateKey(kind === 'ec' ? EC : RSA, true, ['sign', 'verify']);

/** PKCS#8, PEM. */
export async function keyPem(key: Key): Promise<string> {
  const der = Buffer.from(await subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

/** The CA's own key: EC P-256, PEM. */
export function readSigningKey(pem: string): Promise<Key> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return subtle.importKey('pkcs8', der, EC, false, ['sign']);
}

interface Span {
  readonly notBefore: Date;
  readonly notAfter: Date;
}
const name = (organisation: string, common: string): JsonName => [{ O: [organisation] }, { CN: [common] }];
const pem = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`;

export async function makeRoot(
  organisation: string,
  common: string,
  serialNumber: string,
  keys: KeyPair,
  span: Span,
): Promise<string> {
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: name(organisation, common),
    ...span,
    signingAlgorithm: EC,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pem(root);
}

export interface Issuer {
  /** PEM */
  readonly certificate: string;
  readonly key: Key;
}

const USES = {
  client: { key: KeyUsageFlags.digitalSignature, purposes: [ExtendedKeyUsage.clientAuth] },
  server: { key: KeyUsageFlags.digitalSignature, purposes: [ExtendedKeyUsage.serverAuth] },
  // of a replica, which others ask and which asks them
  both: { key: KeyUsageFlags.digitalSignature, purposes: [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth] },
  // RFC 9336; readers that check by NSS (Okular, Evince, pdfsig) trust a signer only for mail
  documents: {
    key: KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation,
    purposes: [DOCUMENT_SIGNING, ExtendedKeyUsage.emailProtection],
  },
} as const;

export interface LeafParts extends Span {
  readonly organisation: string;
  readonly common: string;
  readonly serialNumber: string;
  readonly use: keyof typeof USES;
  readonly names: readonly { readonly type: 'dns' | 'ip' | 'url'; readonly value: string }[];
  /** Or the DER of its SubjectPublicKeyInfo. */
  readonly publicKey: Key | Uint8Array<ArrayBuffer>;
}

export async function makeLeaf(
  issuer: Issuer,
  { organisation, common, use, names, publicKey, notBefore, notAfter, serialNumber }: LeafParts,
): Promise<string> {
  const ca = new X509Certificate(issuer.certificate);
  const alternative: JsonGeneralName[] = names.map(({ type, value }) => ({ type, value }));
  const certificate = await X509CertificateGenerator.create({
    serialNumber,
    subject: name(organisation, common),
    issuer: ca.subjectName,
    notBefore,
    notAfter,
    signingAlgorithm: EC,
    publicKey,
    signingKey: issuer.key,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(USES[use].key, true),
      new ExtendedKeyUsageExtension([...USES[use].purposes]),
      await AuthorityKeyIdentifierExtension.create(ca),
      await SubjectKeyIdentifierExtension.create(publicKey),
      ...(alternative.length === 0 ? [] : [new SubjectAlternativeNameExtension(alternative)]),
    ],
  });
  return pem(certificate);
}

/** DER INTEGER of a whole number that is not negative. */
function integer(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const body = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits;
  return Buffer.concat([Buffer.of(0x02, body.length), body]);
}

const CRL_NUMBER = '2.5.29.20';

/** @param revoked serial (hex) → ms since 1970 */
export async function makeCrl(
  issuer: Issuer,
  revoked: ReadonlyMap<string, number>,
  thisUpdate: Date,
  nextUpdate: Date,
): Promise<string> {
  const ca = new X509Certificate(issuer.certificate);
  const crl = await X509CrlGenerator.create({
    issuer: ca.subjectName,
    thisUpdate,
    nextUpdate,
    signingAlgorithm: EC,
    signingKey: issuer.key,
    entries: [...revoked].map(([serialNumber, at]) => ({
      serialNumber,
      revocationDate: new Date(at),
      reason: X509CrlReason.cessationOfOperation,
    })),
    // the number must rise; the time does
    extensions: [
      await AuthorityKeyIdentifierExtension.create(ca),
      new Extension(CRL_NUMBER, false, Uint8Array.from(integer(BigInt(thisUpdate.getTime())))),
    ],
  });
  // the library's own label is `CRL`, which Node and OpenSSL refuse
  const base64 = Buffer.from(crl.rawData).toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`;
}
