/**
 * An issued report, or chosen domains of it, released by a code (合规一码通), for systems: the client that issued it
 * releases it in the name of its company, and any client that has scanned the code looks, once.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { YitongError } from '../../../../contracts/errors.js';
import { id as idSchema, parseSubject, strict } from '../../../answer/question/request.js';
import { moment } from '../../../answer/question/schemas.js';
import { complianceOf, type Releasing } from '../../../documents/compliance/index.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { releasedReportSchema } from '../../../documents/model/schemas.js';
import { type OfSubject, subjectHeader } from '../reports/schema.js';

export const releaseBody = Type.Object(
  {
    domains: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 120 }), {
        minItems: 1,
        maxItems: 500,
        uniqueItems: true,
        description: 'ids of domains of the report; default: all',
      }),
    ),
  },
  strict,
);
export const lookBody = Type.Object(
  {
    code: Type.String({ minLength: 43, maxLength: 43, description: 'as the QR says it: the last part of its address' }),
  },
  strict,
);
export const releaseSchema = Type.Object({
  release: Type.String({ description: 'by which it is followed and taken back' }),
  code: Type.String({ description: 'for a phone to show, as the last part of an address; in no other answer' }),
  expiresAt: moment(),
});
export const releaseStateSchema = Type.Object({
  state: Type.Enum(['released', 'looked', 'withdrawn', 'expired']),
  until: moment('when the state ends by itself, or ended'),
  domains: Type.Array(Type.String()),
  lookedBy: Type.Optional(
    Type.Object(
      {
        kind: Type.Enum(['client', 'person', 'public']),
        name: Type.Optional(Type.String()),
        authority: Type.Optional(Type.String()),
      },
      { description: 'who saw it' },
    ),
  ),
});
const byId = Type.Object({ id: idSchema('of the report') }, strict);
const byRelease = Type.Object(
  { id: idSchema('of the report'), release: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) },
  strict,
);

const tags = ['compliance'];
const iso = (at: number): string => new Date(at).toISOString();
const serializerCompiler = () => JSON.stringify;

/** What the routes of releases work with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const compliance = await complianceOf(context);
  app.addHook('onClose', () => compliance.close());

  /** Only a client that a report names speaks for companies. */
  function releasing(request: FastifyRequest<{ Headers: OfSubject }>): Releasing {
    const client = clientOf(request);
    if (![...compliance.definitions.values()].some((one) => one.client === client.id))
      throw new YitongError('denied', 'only the client that a report names releases it');
    const subject = parseSubject(request.headers['yitong-subject'], context.workspace.schemes);
    return { owner: `client ${client.id} ${subject}`, by: client.id, subject };
  }
  async function stateOf(id: string, release: string, { owner }: Releasing) {
    const { state, until, scope, looker } = await compliance.releases().follow(release, owner);
    if (scope.id !== id) throw new YitongError('code_unknown', 'there is no such release of this report');
    const { client: _, ...lookedBy } = looker ?? { kind: 'public' as const };
    return { state, until: iso(until), domains: scope.domains, ...(looker === undefined ? {} : { lookedBy }) };
  }

  return { compliance, releasing, stateOf };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Releases a report. */
function releaseRoute(app: FastifyInstance, { compliance, releasing }: Desk): void {
  app.post<{ Params: { id: string }; Headers: OfSubject; Body: Static<typeof releaseBody> }>(
    '/v1/reports/:id/releases',
    {
      config: { errors: ['denied', 'bad_subject', 'not_found', 'report_revoked'] },
      schema: {
        operationId: 'releaseReport',
        summary: 'release an issued report, or chosen domains of it, to whoever scans a code',
        description:
          'By the client that the report names, in the name of the company that asked for it. Good for two ' +
          'minutes and one look; until then it can be taken back.',
        tags,
        params: byId,
        headers: subjectHeader,
        body: releaseBody,
        response: { 201: releaseSchema },
      },
    },
    async (request, reply) => {
      const who = releasing(request);
      const scope = await compliance.scope(request.params.id, who.subject, request.body.domains, {
        requestId: request.id,
        by: who.by,
      });
      if (compliance.definitions.get(scope.report)?.client !== who.by)
        throw new YitongError('denied', 'only the client that a report names releases it');
      const { code, id, until } = await compliance.releases().release(who, scope, request.id);
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ release: id, code, expiresAt: iso(until) });
    },
  );
}

/** What has become of a release, for the client that made it; and taking it back. */
function followRoutes(app: FastifyInstance, { compliance, releasing, stateOf }: Desk): void {
  app.get<{ Params: { id: string; release: string }; Headers: OfSubject }>(
    '/v1/reports/:id/releases/:release',
    {
      config: { errors: ['denied', 'bad_subject', 'code_unknown'] },
      schema: {
        operationId: 'releaseState',
        summary: 'what has become of a release',
        description: 'For the client that released it: whether it was seen, and by whom.',
        tags,
        params: byRelease,
        headers: subjectHeader,
        response: { 200: releaseStateSchema },
      },
    },
    async (request) => stateOf(request.params.id, request.params.release, releasing(request)),
  );

  app.delete<{ Params: { id: string; release: string }; Headers: OfSubject }>(
    '/v1/reports/:id/releases/:release',
    {
      config: { errors: ['denied', 'bad_subject', 'code_unknown', 'code_used', 'code_withdrawn', 'code_expired'] },
      schema: {
        operationId: 'withdrawRelease',
        summary: 'take a release back that nobody has looked at',
        description: 'Whoever scans the code afterwards is told that it was taken back, and nothing else.',
        tags,
        params: byRelease,
        headers: subjectHeader,
        response: { 200: releaseStateSchema },
      },
    },
    async (request) => {
      const who = releasing(request);
      const { id, release } = request.params;
      await stateOf(id, release, who);
      await compliance.releases().withdraw(release, who, request.id);
      return stateOf(id, release, who);
    },
  );
}

/** What was released by a code. */
function lookRoute(app: FastifyInstance, { compliance }: Desk): void {
  app.post<{ Body: Static<typeof lookBody> }>(
    '/v1/compliance/looks',
    {
      config: {
        errors: ['code_unknown', 'code_used', 'code_withdrawn', 'code_expired', 'report_revoked', 'not_found'],
      },
      schema: {
        operationId: 'lookAtReport',
        summary: 'see what a company released by a code, once',
        description:
          'The domains that it chose, beside the registers as they are now; of any other nothing, not even ' +
          'whether the report has it. The company sees the client and its authority.',
        tags,
        body: lookBody,
        response: { 200: releasedReportSchema },
      },
      serializerCompiler,
    },
    async (request, reply) => {
      const { id, name, authority } = clientOf(request);
      void reply.header('cache-control', 'no-store');
      return compliance
        .releases()
        .look(request.body.code, { kind: 'client', key: id, name: name.zh, authority }, request.ip, request.id);
    },
  );
}

const service: Service = {
  port: 'api',
  async register(app, context) {
    const desk = await openDesk(app, context);
    releaseRoute(app, desk);
    followRoutes(app, desk);
    lookRoute(app, desk);
  },
};
export default service;
