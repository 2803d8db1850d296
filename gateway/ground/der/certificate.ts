/** What a check of a document needs of its certificates (RFC 5280). */
import {
  BIT_STRING,
  BOOLEAN,
  type Bytes,
  children,
  context,
  type Der,
  INTEGER,
  latin1,
  malformed,
  OCTET_STRING,
  OID,
  objectId,
  SEQUENCE,
  same,
  taken,
  whole,
} from './der.js';

/** SHA-256 throughout; a key of P-256 or RSA. */
export type SignatureAlgorithm = 'ecdsa-sha256' | 'rsa-sha256';

const NULL_BYTES = Uint8Array.of(0x05, 0x00);
/** DER of the AlgorithmIdentifier's content. */
export const ALGORITHMS: Readonly<Record<SignatureAlgorithm, readonly Uint8Array[]>> = {
  'ecdsa-sha256': [objectId('1.2.840.10045.4.3.2')],
  'rsa-sha256': [objectId('1.2.840.113549.1.1.11'), NULL_BYTES],
};

export function algorithmOf(identifier: Der): SignatureAlgorithm {
  const parts = children(taken(identifier, SEQUENCE)).map(({ raw }) => raw);
  for (const name of ['ecdsa-sha256', 'rsa-sha256'] as const) {
    const wanted = ALGORITHMS[name];
    if (parts.length === wanted.length && parts.every((part, i) => same(part, wanted[i] ?? part))) return name;
  }
  return malformed('a signature algorithm that is not taken');
}

export interface Certificate {
  readonly raw: Bytes;
  /** What its issuer signed. */
  readonly signed: Bytes;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Bytes;
  /** DER, with the tag. */
  readonly serial: Bytes;
  readonly issuer: Bytes;
  readonly subject: Bytes;
  readonly publicKey: Bytes;
  /** What its own key is good for; undefined for keys that are not taken. */
  readonly keyAlgorithm: SignatureAlgorithm | undefined;
  /** Common name of the subject, or the organisation where there is none. */
  readonly name: string;
  /** ms since 1970; both moments are good. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly ca: boolean;
  /** How many CA certificates may stand between it and the last one. */
  readonly pathLength: number;
  readonly usages: { readonly digitalSignature: boolean; readonly keyCertSign: boolean };
  /** Extended key usages, dotted; undefined where it names none. */
  readonly purposes: readonly string[] | undefined;
}

/** id-kp-documentSigning (RFC 9336). */
export const DOCUMENT_SIGNING = '1.3.6.1.5.5.7.3.36';
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

function time(one: Der | undefined): number {
  const digits = one === undefined ? '' : latin1(one.body);
  const match = (
    one?.tag === UTC_TIME
      ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
      : one?.tag === GENERALIZED_TIME
        ? /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
        : /^$a/
  ).exec(digits);
  if (match === null) return malformed('a time of another form');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(
    match[1]?.length === 2 ? (year < 50 ? 2000 : 1900) + year : year,
    month - 1,
    day,
    hour,
    minute,
    second,
  );
}

function dotted(id: Der): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of id.body) {
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = arcs.shift() ?? 0;
  return [Math.min(2, Math.floor(first / 40)), first - Math.min(2, Math.floor(first / 40)) * 40, ...arcs].join('.');
}

/** The last value of an attribute type in a name. */
function attribute(name: Der, type: string): string | undefined {
  const wanted = objectId(type);
  let value: string | undefined;
  for (const set of children(name)) {
    for (const pair of children(set)) {
      const [id, text] = children(pair);
      if (id !== undefined && text !== undefined && same(id.raw, wanted)) value = new TextDecoder().decode(text.body);
    }
  }
  return value;
}

const EC_KEY = objectId('1.2.840.10045.2.1');
const P256 = objectId('1.2.840.10045.3.1.7');
const RSA_KEY = objectId('1.2.840.113549.1.1.1');

function keyAlgorithmOf(publicKey: Der): SignatureAlgorithm | undefined {
  const [identifier] = children(publicKey);
  const [type, curve] = children(taken(identifier, SEQUENCE)).map(({ raw }) => raw);
  if (type === undefined) return undefined;
  if (same(type, EC_KEY)) return curve !== undefined && same(curve, P256) ? 'ecdsa-sha256' : undefined;
  return same(type, RSA_KEY) ? 'rsa-sha256' : undefined;
}

/** The bits of a BIT STRING. */
const bits = (one: Der): Bytes =>
  taken(one, BIT_STRING).body[0] === undefined ? malformed('a bit string without bits') : one.body.subarray(1);

/** @throws Malformed for what is no such certificate, and for critical extensions that are not known here */
export function readCertificate(bytes: Bytes): Certificate {
  const [body, outer, signature, more] = children(whole(bytes, SEQUENCE));
  if (body === undefined || outer === undefined || signature === undefined || more !== undefined)
    return malformed('a certificate of another form');
  const fields = [...children(taken(body, SEQUENCE))];
  if (fields[0]?.tag === context(0)) fields.shift();
  const [serial, inner, issuer, validity, subject, publicKey, ...rest] = fields;
  if (
    serial === undefined ||
    inner === undefined ||
    issuer === undefined ||
    subject === undefined ||
    publicKey === undefined
  )
    return malformed('a certificate of another form');
  // RFC 5280, 4.1.1.2: the two must be one
  if (!same(inner.raw, outer.raw)) return malformed('a certificate with two algorithms');
  const [notBefore, notAfter] = children(taken(validity, SEQUENCE));
  let [ca, pathLength, digitalSignature, keyCertSign] = [false, Infinity, true, true];
  let purposes: string[] | undefined;
  for (const wrapper of rest.filter(({ tag }) => tag === context(3))) {
    for (const extension of children(whole(wrapper.body, SEQUENCE))) {
      const parts = [...children(extension)];
      const id = dotted(taken(parts.shift(), OID));
      const critical = parts[0]?.tag === BOOLEAN ? parts.shift()?.body[0] !== 0 : false;
      const value = taken(parts[0], OCTET_STRING).body;
      if (id === '2.5.29.19') {
        const [flag, limit] = children(whole(value, SEQUENCE));
        ca = flag?.tag === BOOLEAN && flag.body[0] !== 0;
        if (limit?.tag === INTEGER) pathLength = limit.body[0] ?? 0;
      } else if (id === '2.5.29.15') {
        const first = bits(whole(value, BIT_STRING))[0] ?? 0;
        digitalSignature = (first & 0x80) !== 0;
        keyCertSign = (first & 0x04) !== 0;
      } else if (id === '2.5.29.37') purposes = children(whole(value, SEQUENCE)).map(dotted);
      else if (critical && id !== '2.5.29.17')
        return malformed('a certificate with a critical extension that is not known');
    }
  }
  return {
    raw: bytes,
    signed: body.raw,
    algorithm: algorithmOf(outer),
    signature: bits(signature),
    serial: taken(serial, INTEGER).raw,
    issuer: issuer.raw,
    subject: subject.raw,
    publicKey: publicKey.raw,
    keyAlgorithm: keyAlgorithmOf(publicKey),
    name: attribute(subject, '2.5.4.3') ?? attribute(subject, '2.5.4.10') ?? '',
    notBefore: time(notBefore),
    notAfter: time(notAfter),
    ca,
    pathLength,
    usages: { digitalSignature, keyCertSign },
    purposes,
  };
}

/** The certificates of a PEM text, in their order. */
export const certificatesOfPem = (pem: string): readonly Bytes[] =>
  [...pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g)].map(([, base64 = '']) =>
    Uint8Array.from(atob(base64.replace(/\s/g, '')), (c) => c.charCodeAt(0)),
  );
