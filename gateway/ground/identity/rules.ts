/**
 * What a certificate says of itself that counts when a chain is built (RFC 5280, sections 4 and 6.1), read from its
 * DER.
 */
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  BIT_STRING,
  BOOLEAN,
  content,
  context,
  cursor,
  type Extension,
  encoded,
  extensions,
  GENERALIZED_TIME,
  INTEGER,
  inside,
  type Node,
  OID,
  SEQUENCE,
  type Serial,
  serialHex,
  time,
  UTC_TIME,
  whole,
} from './der.js';
import { constraintsOf, type NameConstraints, type Names, namesOf } from './names.js';

/** Identifiers as hex of their DER content. */
export const CLIENT_AUTH = '2b06010505070302';
const ANY_PURPOSE = '551d2500';
const BASIC_CONSTRAINTS = '551d13';
const KEY_USAGE = '551d0f';
const PURPOSES = '551d25';
const SUBJECT_ALT_NAME = '551d11';
const NAME_CONSTRAINTS = '551d1e';
/**
 * Good where nobody asks for a policy, as nobody does here; what makes policies count (constraints, mappings) is not
 * among them.
 */
const POLICIES = '551d20';
const KNOWN = new Set([BASIC_CONSTRAINTS, KEY_USAGE, PURPOSES, SUBJECT_ALT_NAME, NAME_CONSTRAINTS, POLICIES]);

const PSS = '2a864886f70d01010a';
/** SHA-2 only; ECDSA, RSA of PKCS#1 1.5, Ed25519, Ed448. */
const SIGNATURES = new Set([
  '2a8648ce3d040302',
  '2a8648ce3d040303',
  '2a8648ce3d040304',
  '2a864886f70d01010b',
  '2a864886f70d01010c',
  '2a864886f70d01010d',
  '2b6570',
  '2b6571',
]);
const SHA2 = new Set(['608648016503040201', '608648016503040202', '608648016503040203']);
/** P-256, P-384, P-521, by name: a curve that is described in the key may be anybody's. */
const CURVES = new Set(['2a8648ce3d030107', '2b81040022', '2b81040023']);
const EC_KEY = '2a8648ce3d0201';
/** Bits of the first byte of the key usage. */
const DIGITAL_SIGNATURE = 0x80;
const CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

export interface Rules {
  /** SHA-256 of the subject's name and the key: who issues. Two certificates of one CA have the same. */
  readonly issuerId: string;
  readonly serial: Serial;
  /** Its own issuer by name. */
  readonly selfIssued: boolean;
  /** ms since 1970; good for notBefore ≤ now < notAfter. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly ca: boolean;
  /** How many CAs that do not issue themselves may stand between it and the leaf. */
  readonly pathLength: number;
  /** What its key may be used for; all of it where it does not say. */
  readonly may: { readonly sign: boolean; readonly certify: boolean; readonly list: boolean };
  /** Extended key usages as hex; undefined where it names none. */
  readonly purposes: ReadonlySet<string> | undefined;
  readonly names: Names;
  readonly constraints: NameConstraints | undefined;
  /** In words, why its key is not one that is taken. */
  readonly weakKey: string | undefined;
  /** In words, why its issuer's signature is not one that is taken. */
  readonly weakSignature: string | undefined;
  /** In words, what else forbids to use it. */
  readonly fault: string | undefined;
}

const hexOf = (bytes: Uint8Array, node: Node): string => content(bytes, node).toString('hex');

/** @returns why a key is not taken, here and where one is certified */
export function weaknessOf(key: KeyObject, spki: Buffer): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  switch (type) {
    case 'rsa':
    case 'rsa-pss': {
      const bits = details.modulusLength ?? 0;
      if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS)
        return (
          `it has an RSA key of ${String(bits)} bits; ` + `${String(MIN_RSA_BITS)} to ${String(MAX_RSA_BITS)} are taken`
        );
      const exponent = details.publicExponent ?? 0n;
      return exponent < 3n || exponent % 2n === 0n ? 'it has an RSA key of an exponent that is not taken' : undefined;
    }
    case 'ec': {
      const identifier = cursor(spki, cursor(spki, whole(spki, SEQUENCE)).take(SEQUENCE));
      const algorithm = hexOf(spki, identifier.take(OID));
      const curve = identifier.optional(OID);
      return algorithm === EC_KEY && curve !== undefined && CURVES.has(hexOf(spki, curve))
        ? undefined
        : 'it has an elliptic key on a curve that is not taken; P-256, P-384 and P-521 are';
    }
    case 'ed25519':
    case 'ed448':
      return undefined;
    default:
      return 'it has a key of a kind that is not taken';
  }
}

function signatureWeakness(bytes: Uint8Array, algorithm: Node): string | undefined {
  const fields = cursor(bytes, algorithm);
  const id = hexOf(bytes, fields.take(OID));
  if (SIGNATURES.has(id)) return undefined;
  if (id === PSS) {
    const hash = cursor(bytes, fields.take(SEQUENCE)).optional(context(0));
    if (hash !== undefined && SHA2.has(hexOf(bytes, cursor(bytes, cursor(bytes, hash).take(SEQUENCE)).take(OID))))
      return undefined;
  }
  return 'its signature is by an algorithm that is not taken; SHA-256, SHA-384 and SHA-512 are';
}

function basicOf(value: Buffer | undefined): Pick<Rules, 'ca' | 'pathLength'> & { readonly wrong: boolean } {
  if (value === undefined) return { ca: false, pathLength: Infinity, wrong: false };
  const fields = cursor(value, whole(value, SEQUENCE));
  const flag = fields.optional(BOOLEAN);
  const limit = fields.optional(INTEGER);
  fields.done();
  const ca = flag !== undefined && value[flag.start] !== 0;
  const digits = limit === undefined ? undefined : content(value, limit);
  const wrong = digits !== undefined && (!ca || digits.length > 2 || (digits[0] ?? 0x80) >= 0x80);
  return {
    ca,
    pathLength: digits === undefined ? Infinity : digits.length > 2 ? 0 : digits.readUIntBE(0, digits.length),
    wrong,
  };
}

/** The first byte of a BIT STRING; a usage that names nothing allows nothing. */
function usagesOf(value: Buffer | undefined): Rules['may'] {
  const bits = value === undefined ? 0xff : (content(value, whole(value, BIT_STRING))[1] ?? 0);
  return { sign: (bits & DIGITAL_SIGNATURE) !== 0, certify: (bits & CERT_SIGN) !== 0, list: (bits & CRL_SIGN) !== 0 };
}

function keyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

interface Extensions {
  readonly get: (oid: string) => Buffer | undefined;
  readonly fault: string | undefined;
}

function extensionsOf(all: readonly Extension[]): Extensions {
  const held = new Map(all.map(({ oid, value }) => [oid, value]));
  const unknown = all.some(({ oid, critical }) => critical && !KNOWN.has(oid));
  const fault =
    held.size !== all.length
      ? 'it has an extension twice'
      : unknown
        ? 'it has a critical extension that is not known here'
        : undefined;
  return { get: (oid) => held.get(oid), fault };
}

function read(certificate: X509Certificate): Rules {
  const { raw } = certificate;
  const outer = cursor(raw, whole(raw, SEQUENCE));
  const fields = cursor(raw, outer.take(SEQUENCE));
  const algorithm = outer.take(SEQUENCE);
  outer.take(BIT_STRING);
  outer.done();
  const version = fields.optional(context(0));
  const serial = content(raw, fields.take(INTEGER));
  const inner = fields.take(SEQUENCE);
  const issuer = encoded(raw, fields.take(SEQUENCE));
  const validity = cursor(raw, fields.take(SEQUENCE));
  const times = [validity.optional(UTC_TIME, GENERALIZED_TIME), validity.optional(UTC_TIME, GENERALIZED_TIME)] as const;
  validity.done();
  const subject = encoded(raw, fields.take(SEQUENCE));
  const spki = encoded(raw, fields.take(SEQUENCE));
  fields.optional(context(1, false));
  fields.optional(context(2, false));
  const wrapper = fields.optional(context(3));
  fields.done();
  const { get, fault } = extensionsOf(
    wrapper === undefined ? [] : extensions(raw, cursor(raw, wrapper).take(SEQUENCE)),
  );
  const basic = basicOf(get(BASIC_CONSTRAINTS));
  const usages = get(KEY_USAGE);
  const may = usagesOf(usages);
  const key = keyOf(certificate);
  const purposes = get(PURPOSES);
  const constraints = get(NAME_CONSTRAINTS);
  const selfIssued = issuer.equals(subject);
  const faults = [
    fault,
    version !== undefined && hexOf(raw, version) === '020102' ? undefined : 'it is not of version 3',
    encoded(raw, inner).equals(encoded(raw, algorithm)) ? undefined : 'it names two signature algorithms',
    basic.wrong ? 'its basic constraints contradict themselves' : undefined,
    // RFC 5280, section 4.2.1.9
    usages !== undefined && may.certify && !basic.ca ? 'it may sign certificates and is no CA' : undefined,
    times.includes(undefined) ? 'its term is not written as a term is' : undefined,
    // a root is known by its bytes
    selfIssued || (serial.length <= 21 && (serial[0] ?? 0x80) < 0x80 && serial.some((byte) => byte !== 0))
      ? undefined
      : 'its serial number is not one',
  ];
  return {
    issuerId: createHash('sha256').update(subject).update(spki).digest('hex'),
    serial: serialHex(serial.toString('hex')),
    selfIssued,
    notBefore: times[0] === undefined ? NaN : time(raw, times[0]),
    // the second named is the last one that is good
    notAfter: times[1] === undefined ? NaN : time(raw, times[1]) + 1000,
    ca: basic.ca,
    pathLength: basic.pathLength,
    may,
    purposes:
      purposes === undefined
        ? undefined
        : new Set(
            [...inside(purposes, whole(purposes, SEQUENCE))].map((one) =>
              one.tag === OID ? hexOf(purposes, one) : '',
            ),
          ),
    names: namesOf(subject, get(SUBJECT_ALT_NAME)),
    constraints: constraints === undefined ? undefined : constraintsOf(constraints),
    weakKey: key === undefined ? 'its key cannot be read' : weaknessOf(key, spki),
    weakSignature: signatureWeakness(raw, algorithm),
    fault: faults.find((one) => one !== undefined),
  };
}

const held = new WeakMap<X509Certificate, Rules>();

/**
 * Read once for each certificate.
 * @throws YitongError `certificate_invalid` for what is no certificate of RFC 5280
 */
export function rulesOf(certificate: X509Certificate): Rules {
  const known = held.get(certificate);
  if (known !== undefined) return known;
  const rules = read(certificate);
  held.set(certificate, rules);
  return rules;
}

/** Whether a CA lets those below it serve the purpose. */
export const letsServe = ({ purposes }: Rules, purpose: string): boolean =>
  purposes === undefined || purposes.has(purpose) || purposes.has(ANY_PURPOSE);
