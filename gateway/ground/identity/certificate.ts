/** What identity needs of a certificate that TLS has verified already. */
import { createHash, type X509Certificate } from 'node:crypto';
import {
  content,
  context,
  cursor,
  encoded,
  extensions,
  INTEGER,
  inside,
  SEQUENCE,
  type Serial,
  serialHex,
  whole,
} from './der.js';

const SUBJECT_ALT_NAME = '551d11';
const URI = context(6, false);

export interface CertificateFacts {
  /** SHA-256 of the certificate, as Node prints it. */
  readonly fingerprint: string;
  readonly serial: Serial;
  /** ms since 1970; the certificate is good for notBefore ≤ now < notAfter. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Subject and issuer as `C=CN, O=Tax, CN=x`: in the certificate's order, escaped as in RFC 2253. */
  readonly subject: string;
  readonly issuer: string;
  /** DER of the subject's name, hex: what a list's issuer is compared with. */
  readonly subjectDer: string;
  /** URIs among the subject alternative names (RFC 5280, section 4.2.1.6). */
  readonly uris: readonly string[];
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly keySha256: string;
}

const oneLine = (name: string | undefined): string => (name ?? '').split('\n').join(', ');

/**
 * Reads names and key from the DER itself: the text that Node makes of alternative names has been a way to forge them.
 * @throws YitongError `certificate_invalid`
 */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const { raw } = certificate;
  const outer = cursor(raw, whole(raw, SEQUENCE));
  const fields = cursor(raw, outer.take(SEQUENCE));
  fields.optional(context(0));
  const serial = content(raw, fields.take(INTEGER)).toString('hex');
  fields.take(SEQUENCE); // signature
  fields.take(SEQUENCE); // issuer
  fields.take(SEQUENCE); // validity
  const subject = fields.take(SEQUENCE);
  const key = fields.take(SEQUENCE);
  fields.optional(context(1, false));
  fields.optional(context(2, false));
  const wrapper = fields.optional(context(3));
  fields.done();
  const uris: string[] = [];
  if (wrapper !== undefined) {
    for (const { oid, value } of extensions(raw, cursor(raw, wrapper).take(SEQUENCE))) {
      if (oid !== SUBJECT_ALT_NAME) continue;
      for (const name of inside(value, whole(value, SEQUENCE)))
        if (name.tag === URI) uris.push(content(value, name).toString('latin1'));
    }
  }
  return {
    fingerprint: certificate.fingerprint256,
    serial: serialHex(serial),
    notBefore: Date.parse(certificate.validFrom),
    // the second named is the last one that is good
    notAfter: Date.parse(certificate.validTo) + 1000,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    subjectDer: encoded(raw, subject).toString('hex'),
    uris,
    keySha256: createHash('sha256').update(encoded(raw, key)).digest('hex'),
  };
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** The PEM blocks of one label, in order. */
export const pemBlocks = (pem: string, label: string): string[] =>
  [...pem.matchAll(BLOCK)].filter((match) => match[1] === label).map(([block]) => block);
