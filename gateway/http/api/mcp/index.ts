/**
 * POST /mcp: the Model Context Protocol for agents, streamable HTTP without sessions. An agent comes over the
 * connection of a client, with an access token that is made for this address and bound to that client's certificate;
 * each of its tools is a request of the API, made in this process, with the same policies, limits and entries. Where
 * no issuer is configured nothing of this is there.
 */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, isYitongError, YitongError } from '../../../../contracts/errors.js';
import { statesPurpose } from '../../../answer/question/request.js';
import { peopleAddress, publicAddress } from '../../../documents/address.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { MCP_SCOPES, type Tokens } from '../../../ground/identity/tokens.js';
import { connectionOf } from '../../plugins/inside.js';
import { reachInside } from './inside.js';
import { serverFactory } from './server.js';
import { type Bearer, tokenReader } from './token.js';
import { TOOLS } from './tools.js';

const PATH = '/mcp';
const METADATA = '/.well-known/oauth-protected-resource';
const TYPES = ['application/json', 'text/event-stream'];
/** What the protocol reads of a request; the token is ours, and goes no further. */
const READ = /^(?:accept|content-type|mcp-[a-z-]+)$/;

declare module 'fastify' {
  interface FastifyRequest {
    /** Of an agent: what its token lets it do. */
    bearer: Bearer | undefined;
  }
}

/** The one address for which tokens have to be made; never what a request calls its host. */
function resourceOf({ resource }: Tokens, app: FastifyInstance, { settings: { gateway } }: GatewayContext): string {
  if (resource !== undefined) return resource;
  const { port = 0 } = (app.server.address() as AddressInfo | null) ?? {};
  const own = peopleAddress(gateway.host, port);
  if (own === undefined)
    throw new YitongError('address_unknown', 'set `gateway.mcpResource` to the address by which agents reach `/mcp`');
  return `${own}${PATH}`;
}

/** As RFC 6750, section 3.1, calls them. */
const CHALLENGED: Partial<Record<ErrorCode, string | undefined>> = {
  token_required: undefined,
  token_refused: 'invalid_token',
  token_insufficient: 'insufficient_scope',
};

/** RFC 9728, section 5.1: where it is said who makes tokens, and what one would have to allow. */
function challenge(reply: FastifyReply, resource: string, scopes: readonly string[], error: unknown): void {
  if (!isYitongError(error) || !Object.hasOwn(CHALLENGED, error.code)) return;
  const parts = {
    error: CHALLENGED[error.code],
    scope: scopes.join(' '),
    resource_metadata: `${new URL(resource).origin}${METADATA}${PATH}`,
  };
  const told = Object.entries(parts).flatMap(([name, text]) => (text === undefined ? [] : [`${name}="${text}"`]));
  void reply.header('www-authenticate', `Bearer ${told.join(', ')}`);
}

/** What a token has to allow for these messages; of a tool that is not there it is enough to read. */
function scopesFor(body: unknown): readonly string[] {
  const called = [body].flat().flatMap((message: unknown) => {
    const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown } };
    return method === 'tools/call' ? (TOOLS.find(({ name }) => name === params?.name)?.scope ?? []) : [];
  });
  return [...new Set([MCP_SCOPES.read, ...called])];
}

/** Whether a tool is called that asks for a purpose, without one. */
const asksWithoutPurpose = (body: unknown): boolean =>
  [body].flat().some((message: unknown) => {
    const { method, params } = (message ?? {}) as {
      method?: unknown;
      params?: { name?: unknown; arguments?: unknown };
    };
    const tool = method === 'tools/call' ? TOOLS.find(({ name }) => name === params?.name) : undefined;
    return tool !== undefined && 'purpose' in tool.input.properties && !statesPurpose(params?.arguments);
  });

function metadataRoutes(app: FastifyInstance, tokens: Tokens, context: GatewayContext): void {
  for (const path of [METADATA, `${METADATA}${PATH}`])
    app.get(path, { schema: { hide: true }, serializerCompiler: () => JSON.stringify }, () => ({
      resource: resourceOf(tokens, app, context),
      resource_name: '一通 Yitong',
      authorization_servers: [tokens.issuer],
      scopes_supported: Object.values(MCP_SCOPES),
      bearer_methods_supported: ['header'],
      tls_client_certificate_bound_access_tokens: true,
    }));
}

/** A page somewhere that has got a browser to come here is none of ours. */
function checkOrigin(request: FastifyRequest, resource: string): void {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== new URL(resource).origin)
    throw new YitongError('origin_foreign', 'agents are no pages: leave `origin` out');
}

/** Undefined where nobody has said by which address people come. */
function applicationsPage(context: GatewayContext): string | undefined {
  try {
    return `${publicAddress(context)}/console/applications`;
  } catch {
    return undefined;
  }
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  resource: string,
  page: string | undefined,
): Promise<FastifyReply> {
  const { createMcpHandler } = await import('@modelcontextprotocol/server');
  const handler = createMcpHandler(await serverFactory({ ...reachInside(request), applicationsPage: page }), {
    // nothing here changes while somebody listens, and a stream that stays open would be a connection for itself
    maxSubscriptions: 0,
  });
  try {
    const headers = Object.entries(request.headers).filter(
      (header): header is [string, string] => READ.test(header[0]) && typeof header[1] === 'string',
    );
    const response = await handler.fetch(new Request(resource, { method: 'POST', headers }), {
      parsedBody: request.body,
    });
    const body = Buffer.from(await response.arrayBuffer());
    void reply.code(response.status).header('cache-control', 'no-store');
    const type = response.headers.get('content-type');
    if (type !== null) void reply.header('content-type', type);
    return reply.send(body.length === 0 ? undefined : body);
  } finally {
    await handler.close();
  }
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const { tokens, now } = context;
    app.decorateRequest('bearer', undefined);
    if (tokens === undefined) return;
    const read = tokenReader(tokens, now);
    metadataRoutes(app, tokens, context);
    app.post(
      PATH,
      {
        config: { offers: TYPES },
        schema: { hide: true },
        // behind the limits of the client, and before anything of the body is read
        preParsing: async (request, reply) => {
          const resource = resourceOf(tokens, app, context);
          checkOrigin(request, resource);
          try {
            request.bearer = await read(request.headers.authorization, resource, connectionOf(request));
          } catch (error) {
            challenge(reply, resource, [MCP_SCOPES.read], error);
            throw error;
          }
        },
      },
      async (request, reply) => {
        const resource = resourceOf(tokens, app, context);
        const wanted = scopesFor(request.body);
        if (!wanted.every((scope) => request.bearer?.scopes.has(scope) === true)) {
          const error = new YitongError('token_insufficient', `the token has to allow ${wanted.join(' ')}`);
          challenge(reply, resource, wanted, error);
          throw error;
        }
        // the tool would not be called, and nobody would know that it was asked
        if (asksWithoutPurpose(request.body)) await app.refused(request, 'purpose_required');
        return await answer(request, reply, resource, applicationsPage(context));
      },
    );
  },
};
export default service;
