/** TLS of the mTLS port, and what all ports have of it. */
import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { TrustAnchor } from './anchors.js';

interface ServerTls {
  /** PEM: the server's certificate, then its intermediates. */
  readonly cert: string;
  readonly key: string;
  readonly anchors: readonly TrustAnchor[];
}

/** Forward secrecy and authenticated encryption only. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * What every TLS port has: 1.2 and 1.3, those suites, no renegotiation, and an end to a handshake that does not end.
 */
export const SAFE_TLS = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: CIPHERS,
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
  handshakeTimeout: 10_000,
} as const satisfies TlsOptions;

/**
 * TLS 1.2 and 1.3. The handshake takes any certificate, so that a refusal has a code and is recorded: `makeIdentifier`
 * must be asked on each request. A resumed session would carry an identity past its certificate, so there are no
 * tickets, and no listener keeps sessions.
 */
export function serverTlsOptions({ cert, key, anchors }: ServerTls): TlsOptions {
  return {
    cert,
    key,
    ca: anchors.flatMap(({ certificates }) => certificates.map((certificate) => certificate.toString())),
    requestCert: true,
    rejectUnauthorized: false,
    ...SAFE_TLS,
    secureOptions: SAFE_TLS.secureOptions | constants.SSL_OP_NO_TICKET,
    sessionIdContext: 'yitong',
    sessionTimeout: 1,
  };
}
