/** Certificates and revocation lists of any shape, good and bad, for the tests of identity. */
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';

const { subtle } = webcrypto;

export { Extension, KeyUsageFlags };
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const DAY = 86_400_000;

export interface Keys {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsa = (modulusLength: number, hash: string) => ({
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash,
});
export const makeEc = (namedCurve = 'P-256'): Promise<Keys> =>
  subtle.generateKey({ ...EC, namedCurve }, true, ['sign', 'verify']);
/** @param hash what it signs with */
export const makeRsa = (bits: number, hash = 'SHA-256'): Promise<Keys> =>
  subtle.generateKey(rsa(bits, hash), true, ['sign', 'verify']);

export interface Shape {
  readonly subject: string;
  readonly keys: Keys;
  /** Name that stands as the issuer's. */
  readonly issuer: string;
  /** Who signs in truth. */
  readonly signer: Keys;
  /** Whose key id stands as the issuer's; default: the signer's. */
  readonly issuerKeyId?: Keys;
  /** Whose key id stands as its own; default: its keys'. */
  readonly keyId?: Keys;
  /** Default: none of both, a leaf. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** `null`: none. Default: for a CA certificates and lists, else signatures. */
  readonly usages?: number | null;
  /** `null`: none. Default: none for a CA, else that of a client. */
  readonly purposes?: readonly string[] | null;
  readonly uris?: readonly string[];
  readonly names?: readonly JsonGeneralName[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly serial?: string;
  readonly more?: readonly Extension[];
}

let serials = 0;
/**
 * In turn one of each shape that DER and hex write differently: a first digit of 0, a first byte above 7f, a first byte
 * of 0.
 */
const FIRST_BYTES = ['40', '04', 'f4', '00'] as const;
export const nextSerial = (): string =>
  `${FIRST_BYTES[++serials % FIRST_BYTES.length] ?? ''}${serials.toString(16).padStart(14, '0')}`;
const nameOf = (name: string) => [{ O: ['City'] }, { CN: [name] }];
export const pemOf = (certificate: X509Certificate): string => certificate.toString();

export async function make(shape: Shape): Promise<X509Certificate> {
  const {
    subject,
    keys,
    issuer,
    signer,
    issuerKeyId = signer,
    keyId = keys,
    ca = false,
    pathLength,
    uris = [],
    names = [],
    more = [],
  } = shape;
  const usages =
    shape.usages === undefined
      ? ca
        ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
        : KeyUsageFlags.digitalSignature
      : shape.usages;
  const purposes = shape.purposes === undefined ? (ca ? null : [CLIENT_AUTH]) : shape.purposes;
  const alternative = [...uris.map((value) => ({ type: 'url' as const, value })), ...names];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: shape.serial ?? nextSerial(),
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    notBefore: shape.notBefore ?? new Date(Date.now() - DAY),
    notAfter: shape.notAfter ?? new Date(Date.now() + 30 * DAY),
    signingAlgorithm: signer.privateKey.algorithm.name === 'ECDSA' ? EC : { ...signer.privateKey.algorithm },
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    extensions: [
      new BasicConstraintsExtension(ca, pathLength, true),
      ...(usages === null ? [] : [new KeyUsagesExtension(usages, true)]),
      ...(purposes === null ? [] : [new ExtendedKeyUsageExtension([...purposes])]),
      await AuthorityKeyIdentifierExtension.create(issuerKeyId.publicKey),
      await SubjectKeyIdentifierExtension.create(keyId.publicKey),
      ...(alternative.length === 0 ? [] : [new SubjectAlternativeNameExtension(alternative)]),
      ...more,
    ],
  });
  return new X509Certificate(Buffer.from(certificate.rawData));
}

export const makeCa = (name: string, keys: Keys, more: Partial<Shape> = {}): Promise<X509Certificate> =>
  make({ subject: name, keys, issuer: name, signer: keys, ca: true, ...more });

/** PEM of a list that `issuer` names and `signer` signs. */
export async function makeList(
  issuer: string,
  signer: Keys,
  serials: readonly string[],
  at = new Date(),
): Promise<string> {
  const list = await X509CrlGenerator.create({
    issuer: [{ O: ['City'] }, { CN: [issuer] }],
    thisUpdate: at,
    nextUpdate: new Date(at.getTime() + 20 * DAY),
    signingAlgorithm: EC,
    signingKey: signer.privateKey,
    entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: at })),
  });
  return (
    '-----BEGIN X509 ' +
    `CRL-----\n${Buffer.from(list.rawData).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ` +
    'X509 CRL-----\n'
  );
}

/** PKCS#8, PEM. */
export async function keyOf({ privateKey }: Keys): Promise<string> {
  return createPrivateKey({
    key: Buffer.from(await subtle.exportKey('pkcs8', privateKey)),
    format: 'der',
    type: 'pkcs8',
  })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}
