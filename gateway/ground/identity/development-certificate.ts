/** By this mark production tells the keys of a development CA, and refuses them. */
import { X509Certificate } from 'node:crypto';

/** O of everything that the development CA makes. */
export const DEVELOPMENT = 'Yitong development';

/** True if a certificate is the development CA's, or issued by it. */
export function isDevelopmentCertificate(certificate: X509Certificate | string): boolean {
  const { subject, issuer } = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  return `${subject}\n${issuer}`.split('\n').includes(`O=${DEVELOPMENT}`);
}
