/**
 * The development provider of OpenID Connect: it exists under `up` only, on loopback, says so on its page, and asks for
 * no password. Production brings its own: the gateway takes no issuer that is not https.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AdapterPayload, Provider } from 'oidc-provider';
import type { Workspace } from '../../../contracts/types.js';
import type { ClaimNames } from '../../ground/identity/person.js';
import { languageOf } from '../../ground/language/language.js';
import { assets } from '../ui/assets.js';
import { agentFeatures, agentOf, SCOPES } from './agents.js';
import { MemoryAdapter } from './memory.js';
import { choosePerson } from './pages.js';
import type { DemoPerson } from './persons.js';

interface ProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly claims: ClaimNames;
  readonly persons: readonly DemoPerson[];
  readonly workspace: Workspace;
  /** Folder of the development CA: its clients get access tokens for `/mcp`. Undefined: nobody does. */
  readonly pki?: string;
}

const HOUR = 3600;

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response
    .writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .end(body);
};

/** Another one each time, and by another name: whoever has read the one of before reads anew. */
function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomBytes(9).toString('base64url');
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256', kty: 'EC' };
}

/** The listener of a plain HTTP server on loopback. */
export function developmentProvider({
  issuer,
  clientId,
  clientSecret,
  redirectUris,
  claims,
  persons,
  workspace,
  pki,
}: ProviderOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const provider = new Provider(issuer, {
    adapter: class extends MemoryAdapter {
      override async find(id: string): Promise<AdapterPayload | undefined> {
        return this.model === 'Client' ? agentOf(pki, id) : super.find(id);
      }
    },
    scopes: ['openid', 'profile', ...SCOPES],
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [...redirectUris],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    claims: { openid: ['sub', claims.roles, claims.authority, claims.subjects], profile: ['name'] },
    // the gateway reads the ID token only
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      ...agentFeatures(pki),
    },
    pkce: { required: () => true },
    ttl: { Interaction: HOUR, Session: HOUR, Grant: HOUR, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    interactions: { url: (_context, interaction) => `/choose/${interaction.uid}` },
    findAccount: (_context, id) => {
      const person = persons.find((one) => one.id === id);
      if (person === undefined) return undefined;
      return {
        accountId: id,
        claims: () => ({
          sub: id,
          name: person.name,
          [claims.roles]: person.roles,
          ...(person.authority === undefined ? {} : { [claims.authority]: person.authority }),
          ...(person.subjects === undefined ? {} : { [claims.subjects]: person.subjects }),
        }),
      };
    },
    // one client, ours: nothing to consent to
    loadExistingGrant: async (context) => {
      const { client, session, provider: of } = context.oidc;
      const grant = new of.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    // whoever is sent here chooses anew: two roles are then two sign-ins in one browser
    routes: { authorization: '/authorize' },
  });
  const oidc = provider.callback();

  async function choose(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const [, , uid = '', person] = url.pathname.split('/');
    const details = await provider.interactionDetails(request, response);
    if (details.uid !== uid)
      return send(response, 400, 'text/plain', 'another sign-in is under way in this browser; begin again\n');
    if (person === undefined) {
      const language = languageOf(url.searchParams.get('lang'), request.headers['accept-language']);
      return send(response, 200, 'text/html; charset=utf-8', choosePerson({ language, workspace, persons, uid }));
    }
    if (request.method !== 'POST' || !persons.some(({ id }) => id === person))
      return send(response, 404, 'text/plain', 'nobody of that name\n');
    await provider.interactionFinished(
      request,
      response,
      { login: { accountId: person, remember: false } },
      { mergeWithLastSubmission: false },
    );
  }

  return (request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    const asset = assets().assets.find(({ name }) => url.pathname === `${assets().folder}${name}`);
    if (asset !== undefined) return send(response, 200, asset.type, asset.text);
    if (url.pathname.startsWith('/choose/')) {
      choose(request, response, url).catch(() =>
        send(response, 400, 'text/plain', 'this sign-in is over; begin again\n'),
      );
      return;
    }
    Promise.resolve(oidc(request, response)).catch(() => response.destroy());
  };
}
