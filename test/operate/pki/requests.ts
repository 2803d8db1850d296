/** Signing requests (PKCS#10) of any key, good and bad, made here so that a suite needs no program. */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.of(tag, ...head), body]);
};
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const NULL = der(0x05);

/** Signature algorithm by kind of key and digest: identifier and whether it has a NULL behind it. */
const ALGORITHMS: Readonly<Record<string, readonly [oid: string, parameters: Uint8Array]>> = {
  'ec sha256': ['2a8648ce3d040302', Buffer.alloc(0)],
  'ec sha384': ['2a8648ce3d040303', Buffer.alloc(0)],
  'ec sha1': ['2a8648ce3d0401', Buffer.alloc(0)],
  'rsa sha256': ['2a864886f70d01010b', NULL],
  'rsa sha1': ['2a864886f70d010105', NULL],
  'ed25519 sha256': ['2b6570', Buffer.alloc(0)],
  'ed448 sha256': ['2b6571', Buffer.alloc(0)],
};

export const makeKey = (kind: string): KeyObject => {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519').privateKey;
  if (kind === 'ed448') return generateKeyPairSync('ed448').privateKey;
  const bits = /^rsa (\d+)$/.exec(kind)?.[1];
  return bits === undefined
    ? generateKeyPairSync('ec', { namedCurve: kind }).privateKey
    : generateKeyPairSync('rsa', { modulusLength: Number(bits) }).privateKey;
};

interface Parts {
  readonly key: KeyObject;
  /** DER of the public key, as it stands in the request; default: that of the key. */
  readonly spki?: Buffer;
  readonly digest?: 'sha256' | 'sha384' | 'sha1';
  /** Who signs in truth. */
  readonly signer?: KeyObject;
  readonly name?: string;
}

export function requestDer({ key, spki, digest = 'sha256', signer = key, name = 'somebody' }: Parts): Buffer {
  const kind = key.asymmetricKeyType ?? '';
  const [algorithm, parameters] = ALGORITHMS[`${kind} ${digest}`] ?? ['', NULL];
  const info = der(
    0x30,
    der(0x02, Buffer.of(0)),
    der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(name))))),
    spki ?? publicOf(key),
    der(0xa0),
  );
  const signature = sign(kind.startsWith('ed') ? null : digest, info, signer);
  return der(0x30, info, der(0x30, oid(algorithm), parameters), der(0x03, Buffer.of(0), signature));
}

export const publicOf = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' });

export const pemOf = (bytes: Buffer, label = 'CERTIFICATE REQUEST'): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;

/** A new key of the kind, with its request. */
export function requestOf(kind = 'prime256v1', name?: string): { readonly key: KeyObject; readonly pem: string } {
  const key = makeKey(kind);
  return { key, pem: pemOf(requestDer({ key, ...(name === undefined ? {} : { name }) })) };
}
