/** An agent: the official client of MCP over the mTLS of a city's client, with tokens of the development provider. */
import { createPrivateKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { Client, PrivateKeyJwtProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { SignJWT } from 'jose';
import { present } from '../../contracts/present.js';
import type { City } from './city.js';

type Fetch = typeof fetch;

/** Speaks TLS with the certificate of a client, and lets anything that is not the gateway go its own way. */
export function fetchAs(
  { api, pki }: Pick<City, 'api' | 'pki'>,
  client: string | undefined,
): Fetch & { close(): void } {
  const agent = new Agent({
    keepAlive: true,
    ca: readFileSync(join(pki, 'ca.pem')),
    ...(client === undefined
      ? {}
      : {
          cert: readFileSync(join(pki, 'clients', client, 'cert.pem')),
          key: readFileSync(join(pki, 'clients', client, 'key.pem')),
        }),
  });
  const ask: Fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== new URL(api).origin) return fetch(input, init);
    const headers = Object.fromEntries(new Headers(init?.headers));
    const body = init?.body === undefined || init.body === null ? undefined : String(init.body);
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(
        url,
        {
          agent,
          method: init?.method ?? 'GET',
          headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            resolve(
              new Response([202, 204, 304].includes(status) ? null : Buffer.concat(chunks), {
                status,
                headers: Object.entries(response.headers).flatMap(([name, value]): [string, string][] =>
                  value === undefined ? [] : [[name, String(value)]],
                ),
              }),
            );
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  };
  return Object.assign(ask, { close: () => agent.destroy() });
}

/** What a tool gave. */
export interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent: Readonly<Record<string, unknown>>;
}
export const resultOf = (result: unknown): ToolResult => result as ToolResult;

export interface CallAgent {
  readonly agent: Client;
  token(): string;
  raw(name: string, given: object): Promise<ToolResult>;
  /** @throws Error with what was refused */
  call<T = unknown>(name: string, given: object): Promise<T>;
  close(): Promise<void>;
}

const keyOf = ({ pki }: Pick<City, 'pki'>, client: string): string =>
  readFileSync(join(pki, 'clients', client, 'key.pem'), 'utf8');

/** Connected: it has found out by itself who makes tokens, and got one by the key of its certificate. */
export async function agentOf(city: City, client: string, scope?: string): Promise<CallAgent> {
  const ask = fetchAs(city, client);
  const metadata = (await (await ask(`${city.api}/.well-known/oauth-protected-resource/mcp`)).json()) as {
    readonly authorization_servers: readonly [string];
  };
  const provider = new PrivateKeyJwtProvider({
    clientId: client,
    privateKey: keyOf(city, client),
    algorithm: 'ES256',
    expectedIssuer: metadata.authorization_servers[0],
    ...present({ scope }),
  });
  const agent = new Client({ name: 'test-agent', version: '1' });
  await agent.connect(
    new StreamableHTTPClientTransport(new URL(`${city.api}/mcp`), { authProvider: provider, fetch: ask }),
  );
  const raw = async (name: string, given: object): Promise<ToolResult> =>
    resultOf(await agent.callTool({ name, arguments: given as Record<string, unknown> }));
  return {
    agent,
    token: () => provider.tokens()?.access_token ?? '',
    raw,
    async call<T>(name: string, given: object) {
      const { isError, content, structuredContent } = await raw(name, given);
      if (isError === true) throw new Error(`${name}: ${content[0]?.text ?? ''}`);
      return structuredContent as T;
    },
    async close() {
      await agent.close();
      ask.close();
    },
  };
}

/** A token of the development provider for any address. */
export async function tokenFor(
  city: Pick<City, 'pki'>,
  issuer: string,
  client: string,
  resource: string,
  scope = 'mcp:read',
): Promise<string> {
  const assertion = await new SignJWT()
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(client)
    .setSubject(client)
    .setAudience(issuer)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(createPrivateKey(keyOf(city, client)));
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      scope,
      resource,
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}
