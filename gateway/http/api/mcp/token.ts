/**
 * Access tokens of agents: signed by the issuer that is configured, for this address and no other (RFC 8707), not
 * expired, and bound to the certificate of the connection on which they come (RFC 8705), so that one that was stolen
 * opens nothing.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { YitongError } from '../../../../contracts/errors.js';
import type { Tokens } from '../../../ground/identity/tokens.js';

/** None by which a public key could be taken for a secret. */
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'EdDSA'];
/** s that the clocks of issuer and gateway may differ. */
const TOLERANCE = 5;
/** Longer ones are no tokens of ours. */
const MAX_LENGTH = 8192;
const BEARER = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;

export interface Bearer {
  readonly scopes: ReadonlySet<string>;
}

const refused = (cause?: unknown): YitongError =>
  new YitongError(
    'token_refused',
    'present a token of the issuer that the metadata names, for this address and certificate, that has not expired',
    cause === undefined ? {} : { cause },
  );

/** Of the certificate that TLS has verified the key of; never of a header. */
function thumbprintOf(socket: unknown): Buffer | undefined {
  const raw = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined;
  return raw === undefined ? undefined : createHash('sha256').update(raw).digest();
}

function isBound({ cnf }: JWTPayload, socket: unknown): boolean {
  const said = (cnf as { readonly 'x5t#S256'?: unknown } | undefined)?.['x5t#S256'];
  const own = thumbprintOf(socket);
  if (typeof said !== 'string' || own === undefined) return false;
  const bytes = Buffer.from(said, 'base64url');
  return bytes.length === own.length && timingSafeEqual(bytes, own);
}

/** @param now ms since 1970 */
export function tokenReader({ issuer, keys }: Tokens, now: () => number) {
  const set = createRemoteJWKSet(new URL(keys), { timeoutDuration: 5000 });
  /**
   * @param resource the address for which it has to be made
   * @throws YitongError `token_required`, `token_refused`, `tokens_unavailable`
   */
  return async (authorization: string | undefined, resource: string, socket: unknown): Promise<Bearer> => {
    if (authorization === undefined)
      throw new YitongError('token_required', 'come with an access token; the metadata says who makes it');
    const token = authorization.length > MAX_LENGTH ? undefined : BEARER.exec(authorization)?.[1];
    if (token === undefined) throw refused();
    const { payload } = await jwtVerify(token, set, {
      issuer,
      audience: resource,
      // RFC 9068: an ID token, or whatever else the issuer signs, is none
      typ: 'at+jwt',
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'iat', 'aud', 'cnf'],
      clockTolerance: TOLERANCE,
      currentDate: new Date(now()),
    }).catch((cause: unknown) => {
      // whoever cannot be asked has refused nobody; a key that the set does not have is a refusal
      if (!(cause instanceof errors.JOSEError) || isNoSet(cause))
        throw new YitongError('tokens_unavailable', 'the keys of the issuer cannot be read', { cause });
      throw refused(cause);
    });
    // one for several addresses could be used by any of them here
    if (Array.isArray(payload.aud) && payload.aud.length !== 1) throw refused();
    if (!isBound(payload, socket)) throw refused();
    const { scope } = payload;
    return { scopes: new Set(typeof scope === 'string' ? scope.split(' ') : []) };
  };
}

/** None came, or what came is none: for an answer that is no JSON jose has one general error. */
const isNoSet = ({ code }: errors.JOSEError): boolean =>
  code === errors.JWKSTimeout.code || code === errors.JWKSInvalid.code || code === 'ERR_JOSE_GENERIC';
