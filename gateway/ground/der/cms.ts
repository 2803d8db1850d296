/**
 * The one form of CMS SignedData (RFC 5652) that a report's signature has: PAdES B-B (ETSI EN 319 142-1, 6.3) with the
 * attributes content-type, message-digest and signing-certificate-v2 (RFC 5035). It is built and read here; what was
 * read must be, byte for byte, what is built from its parts.
 */
import { ALGORITHMS, algorithmOf, type Certificate, readCertificate, type SignatureAlgorithm } from './certificate.js';
import {
  type Bytes,
  children,
  context,
  encode,
  INTEGER,
  malformed,
  OCTET_STRING,
  objectId,
  SEQUENCE,
  SET,
  same,
  taken,
  whole,
} from './der.js';

const SIGNED_DATA = objectId('1.2.840.113549.1.7.2');
const DATA = objectId('1.2.840.113549.1.7.1');
const CONTENT_TYPE = objectId('1.2.840.113549.1.9.3');
const MESSAGE_DIGEST = objectId('1.2.840.113549.1.9.4');
const SIGNING_CERTIFICATE_V2 = objectId('1.2.840.113549.1.9.16.2.47');
const SHA256 = encode(SEQUENCE, objectId('2.16.840.1.101.3.4.2.1'));
const VERSION_1 = encode(INTEGER, Uint8Array.of(1));

function ordered(parts: readonly Bytes[]): readonly Bytes[] {
  return [...parts].sort((a, b) => {
    const at = a.findIndex((byte, i) => byte !== b[i]);
    return at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
  });
}

interface Attributes {
  /** SHA-256 of the bytes that are covered. */
  readonly messageDigest: Bytes;
  /** SHA-256 of each certificate that the signature carries, the signer's first. */
  readonly certificateDigests: readonly Bytes[];
}

/** The signed attributes as they are signed: a DER SET OF. */
export const attributesOf = ({ messageDigest, certificateDigests }: Attributes): Bytes =>
  encode(
    SET,
    ...ordered([
      encode(SEQUENCE, CONTENT_TYPE, encode(SET, DATA)),
      encode(SEQUENCE, MESSAGE_DIGEST, encode(SET, encode(OCTET_STRING, messageDigest))),
      encode(
        SEQUENCE,
        SIGNING_CERTIFICATE_V2,
        encode(
          SET,
          encode(
            SEQUENCE,
            encode(SEQUENCE, ...certificateDigests.map((digest) => encode(SEQUENCE, encode(OCTET_STRING, digest)))),
          ),
        ),
      ),
    ]),
  );

export interface Signed extends Attributes {
  /** The signer's first, then its issuers. */
  readonly certificates: readonly Bytes[];
  readonly algorithm: SignatureAlgorithm;
  /** ECDSA as the DER of r and s, s in the lower half (so that nobody can write the same signature otherwise). */
  readonly signature: Bytes;
}

export function signedDataOf(signed: Signed): Bytes {
  const { certificates, algorithm, signature } = signed;
  const signer = readCertificate(certificates[0] ?? malformed('a signature without a certificate'));
  const attributes = attributesOf(signed);
  const info = encode(
    SEQUENCE,
    VERSION_1,
    encode(SEQUENCE, signer.issuer, signer.serial),
    SHA256,
    encode(context(0), whole(attributes, SET).body),
    encode(SEQUENCE, ...ALGORITHMS[algorithm]),
    encode(OCTET_STRING, signature),
  );
  return encode(
    SEQUENCE,
    SIGNED_DATA,
    encode(
      context(0),
      encode(
        SEQUENCE,
        VERSION_1,
        encode(SET, SHA256),
        encode(SEQUENCE, DATA),
        encode(context(0), ...certificates),
        encode(SET, info),
      ),
    ),
  );
}

/** @throws Malformed for every other form */
export function readSignedData(bytes: Bytes): Signed & { readonly parsed: readonly [Certificate, ...Certificate[]] } {
  const [, wrapper] = children(whole(bytes, SEQUENCE));
  const [, , , carried, infos] = children(whole(taken(wrapper, context(0)).body, SEQUENCE));
  const certificates = children(taken(carried, context(0))).map(({ raw }) => raw);
  const [, , , attributes, algorithm, signature] = children(whole(taken(infos, SET).body, SEQUENCE));
  let messageDigest: Bytes | undefined;
  let certificateDigests: Bytes[] = [];
  for (const one of children(taken(attributes, context(0)))) {
    const [type, values] = children(taken(one, SEQUENCE));
    if (type === undefined || values === undefined) return malformed('an attribute of another form');
    const { body } = taken(values, SET);
    if (same(type.raw, MESSAGE_DIGEST)) messageDigest = whole(body, OCTET_STRING).body;
    else if (same(type.raw, SIGNING_CERTIFICATE_V2))
      certificateDigests = children(whole(whole(body, SEQUENCE).body, SEQUENCE)).map(
        (id) => whole(taken(id, SEQUENCE).body, OCTET_STRING).body,
      );
  }
  if (messageDigest === undefined || algorithm === undefined) return malformed('a signature without a message digest');
  const signed: Signed = {
    certificates,
    algorithm: algorithmOf(algorithm),
    signature: taken(signature, OCTET_STRING).body,
    messageDigest,
    certificateDigests,
  };
  const [first, ...others] = certificates.map(readCertificate);
  if (first === undefined || certificateDigests.length !== certificates.length || !same(signedDataOf(signed), bytes))
    return malformed('a signature that is not written in the one form');
  return { ...signed, parsed: [first, ...others] };
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const toNumber = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
function toBytes(value: bigint): Bytes {
  const bytes = new Uint8Array(32);
  for (let i = 31, left = value; i >= 0; i--, left >>= 8n) bytes[i] = Number(left & 0xffn);
  return bytes;
}
function integer(value: bigint): Bytes {
  const bytes = toBytes(value);
  const first = Math.min(
    31,
    bytes.findIndex((byte) => byte !== 0),
  );
  const body = bytes.subarray(first);
  return (body[0] ?? 0) >= 0x80 ? encode(INTEGER, Uint8Array.of(0), body) : encode(INTEGER, body);
}

function readPair(der: Bytes): readonly [bigint, bigint] {
  const [r, s, more] = children(whole(der, SEQUENCE));
  const pair = [toNumber(taken(r, INTEGER).body), toNumber(taken(s, INTEGER).body)] as const;
  if (more !== undefined || pair.some((one) => one <= 0n || one >= ORDER))
    return malformed('an ECDSA signature of another form');
  return pair;
}

/** An ECDSA signature of P-256 (DER) in the one form that documents carry. */
export function lowerHalf(der: Bytes): Bytes {
  const [r, s] = readPair(der);
  return encode(SEQUENCE, integer(r), integer(s > ORDER / 2n ? ORDER - s : s));
}

/** The form that WebCrypto takes: r and s of 32 bytes each. Any s is taken here; certificates are signed by others. */
export function rawPair(der: Bytes): Bytes {
  const [r, s] = readPair(der);
  const raw = new Uint8Array(64);
  raw.set(toBytes(r), 0);
  raw.set(toBytes(s), 32);
  return raw;
}
