/**
 * The one importer of node-forge: PKCS#12 bundles (RFC 7292) for systems that take no PEM. Its own bundler writes a
 * certificate anew and spoils the signature of one that an EC key signed, so the bundle is put together here and the
 * certificates go in as they are.
 */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import forge from 'node-forge';

const { asn1, pki, pkcs12, hmac, md } = forge;
/** Passwords here are random and long; a reader on an old machine waits for each round. */
const ROUNDS = 10_000;
const OIDS = {
  data: '1.2.840.113549.1.7.1',
  keyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha1: '1.3.14.3.2.26',
} as const;

type Asn1 = forge.asn1.Asn1;
const { Class, Type } = asn1;
const make = (type: forge.asn1.Type, value: string | Asn1[]): Asn1 =>
  asn1.create(Class.UNIVERSAL, type, typeof value !== 'string', value);
const sequence = (...items: Asn1[]): Asn1 => make(Type.SEQUENCE, items);
const set = (...items: Asn1[]): Asn1 => make(Type.SET, items);
const oid = (name: keyof typeof OIDS): Asn1 => make(Type.OID, asn1.oidToDer(OIDS[name]).getBytes());
const octets = (bytes: string): Asn1 => make(Type.OCTETSTRING, bytes);
const integer = (value: number): Asn1 => make(Type.INTEGER, asn1.integerToDer(value).getBytes());
const explicit = (inner: Asn1): Asn1 => asn1.create(Class.CONTEXT_SPECIFIC, 0 as forge.asn1.Type, true, [inner]);
const der = (item: Asn1): string => asn1.toDer(item).getBytes();
/** forge keeps bytes in strings. */
const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const utf16 = (text: string): string => Buffer.from(text, 'utf16le').swap16().toString('latin1');

const data = (content: string): Asn1 => sequence(oid('data'), explicit(octets(content)));
const certificateBag = (pem: string, ...attributes: Asn1[]): Asn1 =>
  sequence(
    oid('certBag'),
    explicit(sequence(oid('x509'), explicit(octets(binary(new X509Certificate(pem).raw))))),
    ...(attributes.length === 0 ? [] : [set(...attributes)]),
  );

/**
 * @param certificates PEM: the key's own, then those above it
 * @param key PKCS#8 PEM, RSA or EC
 * @returns DER: the key under AES-256 (PBES2), the certificates in the open, all under a MAC (SHA-1, which every reader
 * knows)
 */
export function makeP12(certificates: readonly string[], key: string, name: string, password: string): Buffer {
  const [own = '', ...above] = certificates;
  const id = binary(Buffer.from(new X509Certificate(own).fingerprint.replaceAll(':', ''), 'hex'));
  const attributes = [
    sequence(oid('friendlyName'), set(make(Type.BMPSTRING, utf16(name)))),
    sequence(oid('localKeyId'), set(octets(id))),
  ];
  const plain = asn1.fromDer(binary(createPrivateKey(key).export({ format: 'der', type: 'pkcs8' })));
  const locked = pki.encryptPrivateKeyInfo(plain, password, { algorithm: 'aes256', count: ROUNDS });
  const keys = sequence(sequence(oid('keyBag'), explicit(locked), set(...attributes)));
  const open = sequence(certificateBag(own, ...attributes), ...above.map((pem) => certificateBag(pem)));
  const safe = der(sequence(data(der(open)), data(der(keys))));
  const salt = forge.util.createBuffer(binary(randomBytes(8)));
  const mac = hmac.create();
  mac.start(md.sha1.create(), pkcs12.generateKey(password, forge.util.createBuffer(salt.bytes()), 3, ROUNDS, 20));
  mac.update(safe);
  const digest = sequence(sequence(oid('sha1'), make(Type.NULL, '')), octets(mac.getMac().getBytes()));
  const bundle = sequence(integer(3), data(safe), sequence(digest, octets(salt.bytes()), integer(ROUNDS)));
  return Buffer.from(der(bundle), 'latin1');
}
