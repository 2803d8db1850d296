/** Builds the two HTTP faces of a worker. Apart from `server.ts`, so that tests can inject. */

import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { ServerOptions } from 'node:https';
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import { holdsKey, isFilledKey } from '../../contracts/keys.js';
import { parseTraceparent } from '../../contracts/tracing.js';
import type { Workspace } from '../../contracts/types.js';
import { completions } from '../answer/question/completions.js';
import { checkCase, checkPurpose } from '../answer/question/request.js';
import type { GatewayContext, Service, WorkerContext } from '../documents/context.js';
import { requestsWithin } from '../ground/sockets/limits.js';
import { openTickets } from '../procedures/lifecycles/tickets.js';
import { unreadPlugin } from './notices/unread.js';
import { endingPlugin } from './plugins/ending.js';
import {
  type AsPage,
  answerUnrouted,
  errorsPlugin,
  jsonBodies,
  notFoundPlugin,
  sendBelowHttp,
} from './plugins/errors.js';
import { identityPlugin, type RefusalOf } from './plugins/identity.js';
import { sayingVia } from './plugins/inside.js';
import { limitsPlugin } from './plugins/limits.js';
import { watchEffects } from './plugins/metrics.js';
import { offersPlugin } from './plugins/offers.js';
import { openApiPlugin } from './plugins/openapi.js';
import { peoplePlugin } from './plugins/people.js';
import { refusalsPlugin } from './plugins/refusals.js';
import { tracingPlugin } from './plugins/tracing.js';
import { underWayPlugin } from './plugins/under-way.js';
import { validators } from './plugins/validators.js';
import { errorPage } from './ui/error.js';

type Face = Service['port'];

/** What a caller may give as its own request id; anything else is replaced. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Ids unique over restarts and workers: a random prefix of the process and a count. One that is given is kept, unless
 * it is somebody's key: it stands in logs in clear.
 */
function requestIds(schemes: Workspace['schemes']): (given: string | string[] | undefined) => string {
  const prefix = randomBytes(9).toString('base64url').replaceAll('_', '.');
  let count = 0;
  return (given) =>
    typeof given === 'string' && REQUEST_ID.test(given) && !holdsKey(given, schemes.values())
      ? given
      : `${prefix}-${(count++).toString(36)}`;
}

/**
 * A trace context is repeated in entries, headers of records and spans: what is none goes, and one that names somebody
 * is none. Of its state stays what is read.
 */
function traceKeeper(schemes: Workspace['schemes']): (headers: IncomingHttpHeaders) => void {
  const names = (id: string): boolean => id !== '' && isFilledKey(id, schemes.values());
  return (headers) => {
    const { traceparent, tracestate } = headers;
    delete headers.tracestate;
    const trace =
      typeof traceparent === 'string' ? parseTraceparent(traceparent, [tracestate ?? []].flat().join(',')) : undefined;
    if (trace === undefined || names(trace.traceId) || names(trace.spanId)) delete headers.traceparent;
    else if (trace.state !== undefined && !trace.state.split(/[^0-9a-f]+/).some(names))
      headers.tracestate = trace.state;
  };
}

interface AppOptions {
  readonly https?: ServerOptions;
  readonly logger?: NonNullable<FastifyServerOptions['loggerInstance']>;
  /** Folder of services; default the built one. */
  readonly services?: URL;
}

/** All services of the folder, by name. Each is a folder with an `index.js`. */
async function loadServices(folder: URL): Promise<readonly { readonly name: string; readonly service: Service }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      service: ((await import(new URL(`${name}/index.js`, folder).href)) as { default: Service }).default,
    })),
  );
}

/** Those of this build. What a process loads once is there the next time. */
export const builtServices = async (): ReturnType<typeof loadServices> =>
  (await Promise.all(['./api/', './console/'].map((path) => loadServices(new URL(path, import.meta.url))))).flat();

/** What every question has to say, before it is looked at any further. */
function checkQuestions(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.routeOptions.config.errors?.includes('purpose_required') === true) checkPurpose(request.body);
    done();
  });
  app.addHook('preHandler', (request, _reply, done) => {
    checkCase(request.body);
    done();
  });
}

export async function buildApp(face: Face, brought: WorkerContext, options: AppOptions = {}): Promise<FastifyInstance> {
  const journal = face === 'api' && brought.tokens !== undefined ? sayingVia(brought.journal) : brought.journal;
  const context: GatewayContext = {
    ...brought,
    journal,
    completions: completions(brought.journal, brought.now),
    tickets: await openTickets(brought),
  };
  const { gateway } = context.settings;
  const idOf = requestIds(context.workspace.schemes);
  const keepTrace = traceKeeper(context.workspace.schemes);
  let refusalOf: RefusalOf | undefined;
  const base: FastifyServerOptions & { readonly https?: ServerOptions } = {
    ...(options.https === undefined
      ? {}
      : {
          https: {
            ...options.https,
            handshakeTimeout: gateway.handshakeTimeoutMs,
            ...requestsWithin(gateway.requestTimeoutMs),
          },
        }),
    ...(options.logger === undefined ? { logger: false as const } : { loggerInstance: options.logger }),
    // a request is in the audit log; the process log holds what went wrong
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: gateway.bodyLimitBytes,
    // one logger for all: what is logged names its request itself
    childLoggerFactory: (logger) => logger,
    // a busy machine is waited for; whoever starts a worker says what it is at, and for how long
    // (operate/process/waiting.ts)
    pluginTimeout: 0,
    requestTimeout: gateway.requestTimeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    maxRequestsPerSocket: 0,
    forceCloseConnections: 'idle' as const,
    // addresses that no route could be found for; they come before the hooks of a request
    frameworkErrors: (_error, request, reply) => answerUnrouted(request, reply, refusalOf),
    genReqId: (request) => idOf(request.headers['x-request-id']),
    clientErrorHandler: (error, socket) => sendBelowHttp(error, socket, idOf(undefined)),
    routerOptions: { maxParamLength: 300 },
  };
  const app: FastifyInstance = Fastify(base);
  // answers are what their services made; a serializer a schema would cost each worker memory and a part of its start
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  validators(app);
  const asPage: AsPage = async (request, told, reply, error) =>
    face === 'people' ? errorPage(request, told, context.workspace, reply, error) : undefined;
  endingPlugin(app);
  refusalsPlugin(app, face, context);
  errorsPlugin(app, asPage, (request, code) => app.refused(request, code));
  jsonBodies(app, gateway.maxJsonDepth);
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    keepTrace(request.raw.headers);
    done();
  });
  app.decorateRequest('watched', undefined);
  app.whenOver((request, reply) => context.completions.over(request, reply));
  app.addHook('onClose', () => context.completions.flush());
  const unwatch = watchEffects(context.tickets);
  app.addHook('onClose', async () => {
    unwatch();
    await context.tickets.close();
  });
  if (face === 'api') {
    refusalOf = identityPlugin(app, context);
    underWayPlugin(app, context);
    tracingPlugin(app, context);
    const limit = limitsPlugin(app, context);
    checkQuestions(app);
    offersPlugin(app, 'application/json');
    notFoundPlugin(app, [limit]);
    await openApiPlugin(app, context);
  } else {
    await peoplePlugin(app, context);
    unreadPlugin(app, context);
    tracingPlugin(app, context);
    offersPlugin(app, 'text/html');
    notFoundPlugin(app, [], asPage);
  }
  for (const { service } of await (options.services === undefined ? builtServices() : loadServices(options.services))) {
    if (service.port === face) await app.register(async (scope) => service.register(scope, context));
  }
  return app;
}
