/**
 * The development provider's clients for `/mcp`: each client of the development CA is one, by the same id. It proves
 * that it has the key of its certificate (`private_key_jwt`, RFC 7523), and its token is bound to that certificate.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterPayload, Configuration } from 'oidc-provider';
import { MCP_SCOPES } from '../../ground/identity/tokens.js';

/** Ids of clients, and nothing that leads out of a folder. */
const CLIENT = /^[a-z][a-z0-9-]{0,119}$/;

export const SCOPES: readonly string[] = Object.values(MCP_SCOPES);

/** Read each time: the development CA renews certificates. Undefined where it issued none. */
function certificateOf(pki: string | undefined, client: string): X509Certificate | undefined {
  if (pki === undefined || !CLIENT.test(client)) return undefined;
  try {
    return new X509Certificate(readFileSync(join(pki, 'clients', client, 'cert.pem')));
  } catch {
    return undefined;
  }
}

export function agentOf(pki: string | undefined, client: string): AdapterPayload | undefined {
  const key = certificateOf(pki, client)?.publicKey;
  if (key === undefined) return undefined;
  return {
    client_id: client,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
    id_token_signed_response_alg: 'ES256',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), use: 'sig' }] },
    tls_client_certificate_bound_access_tokens: true,
    scope: SCOPES.join(' '),
  } as unknown as AdapterPayload;
}

const TOKEN_SECONDS = 600;

/** A token is bound to a certificate (RFC 8705), and made for the one address that is named (RFC 8707). */
export const agentFeatures = (pki: string | undefined): NonNullable<Configuration['features']> => ({
  clientCredentials: { enabled: true },
  mTLS: {
    enabled: true,
    certificateBoundAccessTokens: true,
    getCertificate: (context) => certificateOf(pki, context.oidc.client?.clientId ?? ''),
  },
  resourceIndicators: {
    enabled: true,
    getResourceServerInfo: (_context, audience) => ({
      scope: SCOPES.join(' '),
      audience,
      accessTokenFormat: 'jwt',
      accessTokenTTL: TOKEN_SECONDS,
      jwt: { sign: { alg: 'ES256' } },
    }),
  },
});
