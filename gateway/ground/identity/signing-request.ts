/**
 * Requests for a certificate (PKCS#10, RFC 2986). A key is taken from one, and nothing else: neither its name nor the
 * extensions that it wishes for, since who a client is the workspace says.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { pemBlocks } from './certificate.js';
import { BIT_STRING, content, context, cursor, encoded, INTEGER, OID, SEQUENCE, whole } from './der.js';
import { DIGESTS } from './revocation.js';
import { weaknessOf } from './rules.js';

/** A key of which whoever asks has shown that the other half is theirs. */
export interface SignedKey {
  /** DER of the SubjectPublicKeyInfo, written anew: one key is written in one way. */
  readonly spki: Buffer;
  /** As `keyDigest`. */
  readonly digest: string;
}

/**
 * `private_key`: a private key was sent, which nobody but its owner may have. `unreadable`: it is no request.
 * `weak_key`: its key is not one that is let in. `unsigned`: it is not signed by its key, or as is not taken.
 */
export type RequestFault = 'private_key' | 'unreadable' | 'weak_key' | 'unsigned';

/** Bytes; one of an RSA key of 8192 bits has some 3000. */
const LARGEST = 16_384;
const LABELS = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'] as const;
/** Kinds whose public half has one form in JSON. */
const KINDS: ReadonlySet<string> = new Set(['rsa', 'ec', 'ed25519']);

/** SHA-256, hex, of what a key is, however it is written; undefined for a kind that is not certified here. */
export function keyDigest(key: KeyObject): string | undefined {
  if (!KINDS.has(key.asymmetricKeyType ?? '')) return undefined;
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' });
  return createHash('sha256')
    .update(JSON.stringify([kty, crv, x, y, n, e]))
    .digest('hex');
}

/** The DER of what was sent: one PEM block with whatever stands around it, or the bytes themselves. */
function derOf(sent: Buffer): Buffer | undefined {
  const blocks = LABELS.flatMap((label) => pemBlocks(sent.toString('latin1'), label));
  const [block] = blocks;
  if (block !== undefined)
    return blocks.length === 1 ? Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64') : undefined;
  return sent[0] === SEQUENCE ? sent : undefined;
}

interface Parsed {
  readonly signed: Buffer;
  readonly spki: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
}

/** @throws YitongError `certificate_invalid` for what is not written so */
function parse(der: Buffer): Parsed | undefined {
  const outer = cursor(der, whole(der, SEQUENCE));
  const info = outer.take(SEQUENCE);
  const algorithm = cursor(der, outer.take(SEQUENCE)).take(OID);
  const signature = content(der, outer.take(BIT_STRING));
  outer.done();
  const fields = cursor(der, info);
  const version = content(der, fields.take(INTEGER)).toString('hex');
  fields.take(SEQUENCE); // the name that it wishes for
  const spki = encoded(der, fields.take(SEQUENCE));
  fields.optional(context(0)); // and what else
  fields.done();
  // the first byte of a BIT STRING counts unused bits, none in a signature
  if (version !== '00' || signature[0] !== 0) return undefined;
  return {
    signed: encoded(der, info),
    spki,
    algorithm: content(der, algorithm).toString('hex'),
    signature: signature.subarray(1),
  };
}

function read(sent: Buffer): Parsed | undefined {
  try {
    const der = sent.length > LARGEST ? undefined : derOf(sent);
    return der === undefined ? undefined : parse(der);
  } catch {
    return undefined;
  }
}

/** @returns what is wrong with the key, or the key */
function keyOf(spki: Buffer): KeyObject | RequestFault {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return KINDS.has(key.asymmetricKeyType ?? '') && weaknessOf(key, spki) === undefined ? key : 'weak_key';
  } catch {
    return 'weak_key';
  }
}

function isSigned({ signed, algorithm, signature }: Parsed, key: KeyObject): boolean {
  const digest = DIGESTS.get(algorithm);
  try {
    return digest !== undefined && verify(digest, signed, key, signature);
  } catch {
    return false;
  }
}

/** @param sent as it came: PEM, or DER */
export function readSigningRequest(sent: Buffer): SignedKey | RequestFault {
  // whatever else is in it: this one is not secret any more
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(sent.toString('latin1'))) return 'private_key';
  const parsed = read(sent);
  if (parsed === undefined) return 'unreadable';
  const key = keyOf(parsed.spki);
  if (typeof key === 'string') return key;
  if (!isSigned(parsed, key)) return 'unsigned';
  const digest = keyDigest(key);
  if (digest === undefined) return 'weak_key';
  const jwk = key.export({ format: 'jwk' });
  return { spki: createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }), digest };
}
