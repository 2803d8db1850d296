/**
 * Signing in with OpenID Connect: authorization code with PKCE (RFC 7636), state and nonce; the ID token alone says who
 * it is.
 */

import * as oidc from 'openid-client';
import { YitongError } from '../../../contracts/errors.js';
import { type Person, personOf } from '../../ground/identity/person.js';
import type { Provider } from '../../ground/identity/provider.js';
import type { Pending, Sessions } from './sessions.js';

export interface SignIn {
  /** Where to send the browser, and what to leave in its cookie. */
  leave(redirectUri: string, returnTo: string): Promise<{ readonly url: string; readonly token: string }>;
  /** @throws YitongError `sign_in_failed` */
  back(pending: Pending, callback: URL): Promise<Person>;
}

export function openSignIn(provider: Provider, sessions: Sessions): SignIn {
  let found: Promise<oidc.Configuration> | undefined;
  const configuration = (): Promise<oidc.Configuration> => {
    found ??= oidc
      .discovery(
        new URL(provider.issuer),
        provider.clientId,
        {},
        oidc.ClientSecretBasic(provider.clientSecret),
        provider.insecure ? { execute: [oidc.allowInsecureRequests] } : {},
      )
      .catch((cause: unknown) => {
        // the provider may be back for the next one who comes
        found = undefined;
        throw new YitongError('sign_in_unavailable', 'the identity provider does not answer', { cause });
      });
    return found;
  };
  return {
    async leave(redirectUri, returnTo) {
      const config = await configuration();
      const verifier = oidc.randomPKCECodeVerifier();
      const state = oidc.randomState();
      const nonce = oidc.randomNonce();
      const token = await sessions.begin({ state, nonce, verifier, returnTo });
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile',
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, token };
    },
    async back(pending, callback) {
      const config = await configuration();
      const tokens = await oidc
        .authorizationCodeGrant(config, callback, {
          pkceCodeVerifier: pending.verifier,
          expectedState: pending.state,
          expectedNonce: pending.nonce,
          idTokenExpected: true,
        })
        .catch((cause: unknown) => {
          throw new YitongError('sign_in_failed', 'the identity provider did not confirm the sign-in', { cause });
        });
      const claims = tokens.claims();
      if (claims === undefined) throw new YitongError('sign_in_failed', 'the identity provider gave no ID token');
      return personOf(config.serverMetadata().issuer, claims, provider.claims);
    },
  };
}
