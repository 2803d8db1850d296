/**
 * A file for its receiver only: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084), the key carried by
 * RSAES-OAEP with SHA-256 (RFC 3560), the receiver named by its subject key identifier. It is written as it comes, in
 * BER of indefinite length, and `openssl cms -decrypt -inform DER` opens it.
 */
import {
  constants,
  createCipheriv,
  createHash,
  createPublicKey,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import {
  BIT_STRING,
  children,
  context,
  encode,
  INTEGER,
  joined,
  OCTET_STRING,
  objectId,
  SEQUENCE,
  SET,
  taken,
  whole,
} from '../../ground/der/der.js';

const AUTH_ENVELOPED = objectId('1.2.840.113549.1.9.16.1.23');
const DATA = objectId('1.2.840.113549.1.7.1');
const AES256_GCM = objectId('2.16.840.1.101.3.4.1.46');
const OAEP = objectId('1.2.840.113549.1.1.7');
const MGF1 = objectId('1.2.840.113549.1.1.8');
const SHA256 = encode(SEQUENCE, objectId('2.16.840.1.101.3.4.2.1'));
const OAEP_SHA256 = encode(
  SEQUENCE,
  OAEP,
  encode(SEQUENCE, encode(context(0), SHA256), encode(context(1), encode(SEQUENCE, MGF1, SHA256))),
);
/** Primitive, class context, number 0. */
const KEY_ID = 0x80;
const INDEFINITE = 0x80;
const END = Buffer.of(0, 0);
const NONCE = 12;
const TAG = 16;
const LEAST_BITS = 2048;

const integer = (value: number): Uint8Array => encode(INTEGER, Uint8Array.of(value));
/** The beginning of something whose length is not known so far. */
const begun = (tag: number): Buffer => Buffer.of(tag, INDEFINITE);

/** @param pem `-----BEGIN PUBLIC KEY-----` or a certificate @throws YitongError `bad_request` */
export function receiverKey(pem: string): KeyObject {
  const wrong = (what: string, cause?: unknown): YitongError =>
    new YitongError('bad_request', `\`receiver\`: ${what}`, { cause });
  // whoever sends the other half has lost it
  if (pem.includes('PRIVATE KEY')) throw wrong('this is a private key, and nobody is to have it; make another pair');
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw wrong('it is no public key and no certificate in PEM', cause);
  }
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_BITS)
    throw wrong(`it is no RSA key of at least ${String(LEAST_BITS)} bits`);
  return key;
}

/** RFC 5280, section 4.2.1.2, method 1. */
function keyIdOf(key: KeyObject): Buffer {
  const spki = new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  const [, bits] = children(whole(spki, SEQUENCE));
  // behind the number of unused bits
  return createHash('sha1').update(taken(bits, BIT_STRING).body.subarray(1)).digest();
}

export interface Envelope {
  /** What stands in front. */
  head(): Buffer;
  update(plain: Uint8Array): Buffer;
  end(): Buffer;
}

export function envelopeFor(receiver: KeyObject): Envelope {
  const key = randomBytes(32);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const wrapped = publicEncrypt({ key: receiver, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, key);
  const octets = (bytes: Uint8Array): Buffer =>
    bytes.length === 0 ? Buffer.alloc(0) : Buffer.from(encode(OCTET_STRING, bytes));
  return {
    head: () =>
      Buffer.concat([
        begun(SEQUENCE),
        AUTH_ENVELOPED,
        begun(context(0)),
        begun(SEQUENCE),
        integer(0),
        encode(
          SET,
          encode(SEQUENCE, integer(2), encode(KEY_ID, keyIdOf(receiver)), OAEP_SHA256, encode(OCTET_STRING, wrapped)),
        ),
        begun(SEQUENCE),
        DATA,
        encode(SEQUENCE, AES256_GCM, encode(SEQUENCE, encode(OCTET_STRING, nonce), integer(TAG))),
        begun(context(0)),
      ]),
    update: (plain) => octets(cipher.update(plain)),
    end: () => {
      const last = octets(cipher.final());
      // the contents, what is said of them, the mac, and the three that were begun first
      return Buffer.from(joined(last, END, END, encode(OCTET_STRING, cipher.getAuthTag()), END, END, END));
    },
  };
}
