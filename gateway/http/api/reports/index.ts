/**
 * /v1/reports and /v1/authorisations: reports on companies for the system that issues them, in the name of the company
 * that asks.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { id as idSchema, type StatedCase, strict, traceOf } from '../../../answer/question/request.js';
import { lookupUrl } from '../../../documents/address.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { jsonOf } from '../../../documents/credentials/jws.js';
import {
  authorisationsSchema,
  authorisedSchema,
  definitionsSchema,
  issuedSchema,
  listSchema,
  previewSchema,
  shownSchema,
  withdrawnSchema,
} from '../../../documents/model/schemas.js';
import { loadRenderers } from '../../../documents/renderers/port.js';
import { type Asking, reportsOf } from '../../../documents/reports/index.js';
import type { Receipt } from '../../../log/entries/port.js';
import { preferred } from '../../plugins/offers.js';
import { PROGRESS_TYPES, withProgress } from './progress.js';
import {
  type AuthorisationBody,
  authorisationSchema,
  type OfSubject,
  ofSubject,
  type ReportBody,
  reportSchema,
  subjectHeader,
} from './schema.js';

/** What any question for a report can be refused for. */
const ASKING = ['denied', 'bad_case', 'bad_subject', 'not_found', 'view_unavailable'] as const;
const byId = Type.Object({ id: idSchema('of the report or authorisation') }, strict);
const told = (receipt: Receipt): unknown => JSON.parse(receipt.json) as unknown;
// parts are objects already; the schemas are for OpenAPI
const serializerCompiler = () => JSON.stringify;

const tags = ['reports'];

/** What the routes of reports work with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const reports = await reportsOf(context);
  const renderers = await loadRenderers();
  app.addHook('onClose', () => reports.close());

  return { context, reports, renderers };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Only the client that a report names issues it. */
function entitled({ reports }: Desk, request: FastifyRequest, report?: string): void {
  const client = clientOf(request);
  const named =
    report === undefined
      ? [...reports.definitions.values()]
      : [reports.definitions.get(report)].filter((one) => one !== undefined);
  if (!named.some((one) => one.client === client.id))
    throw new YitongError('denied', 'only the client that a report names asks for it');
}
/** Who asks, and in which case. */
const asking = (request: FastifyRequest, stated?: StatedCase, progress?: Asking['progress']): Asking => ({
  requestId: request.id,
  by: clientOf(request).id,
  traceparent: traceOf(request),
  ...present({ stated, progress }),
});

/** The reports that a client can ask for. */
function definitionsRoute(app: FastifyInstance, { reports }: Desk): void {
  app.get(
    '/v1/reports/definitions',
    {
      schema: {
        operationId: 'reportDefinitions',
        summary: 'the reports that can be asked for: domains, purposes',
        description: 'Those that name this client as the one that asks for them.',
        tags,
        response: { 200: definitionsSchema },
      },
      serializerCompiler,
    },
    async (request) => {
      const client = clientOf(request).id;
      return {
        reports: [...reports.definitions.values()]
          .filter((one) => one.client === client)
          .map(({ id, digest, title, purposes, domains, maxSubjects }) => ({
            id,
            definition: digest,
            title,
            maxSubjects,
            purposes: Object.fromEntries(purposes),
            domains: domains.map((domain) => ({ id: domain.id, title: domain.title })),
          })),
      };
    },
  );
}

/** What a report would say. */
function previewRoute(app: FastifyInstance, desk: Desk): void {
  const { reports } = desk;
  app.post<{ Body: ReportBody }>(
    '/v1/reports/preview',
    {
      config: { errors: [...ASKING], offers: PROGRESS_TYPES },
      schema: {
        operationId: 'previewReport',
        summary: 'who a report would be about, whose authorisation is missing, and what it would say',
        description:
          'Nothing is issued. `model` is as it would be issued now; absent while an authorisation is ' +
          'missing. On record like an issue.',
        tags,
        body: reportSchema,
        response: { 200: previewSchema },
      },
      serializerCompiler,
    },
    async (request, reply) => {
      const { case: stated, ...body } = request.body;
      entitled(desk, request, body.report);
      return withProgress(request, reply, 200, async (progress) => {
        const { receipt, ...preview } = await reports.preview(body, asking(request, stated, progress));
        return { ...preview, receipt: told(receipt) };
      });
    },
  );
}

/** Issues a report. */
function issueRoute(app: FastifyInstance, desk: Desk): void {
  const { reports } = desk;
  app.post<{ Body: ReportBody }>(
    '/v1/reports',
    {
      config: { errors: [...ASKING, 'authorisation_missing'] },
      schema: {
        operationId: 'issueReport',
        summary: 'issue a report',
        description:
          'Its code is in this answer and nowhere else. With `Accept: application/x-ndjson` lines ' +
          '`{"progress":{"done","of"}}` come first, then `{"result"}` or `{"problem"}`.',
        tags,
        body: reportSchema,
        response: {
          201: {
            description: 'the report, and its code',
            content: {
              'application/json': { schema: issuedSchema },
              'application/x-ndjson': { schema: Type.String() },
            },
          },
        },
      },
      serializerCompiler,
    },
    async (request, reply) => {
      const { case: stated, ...body } = request.body;
      entitled(desk, request, body.report);
      return withProgress(request, reply, 201, async (progress) => {
        const { receipt, ...issued } = await reports.issue(body, asking(request, stated, progress));
        return { ...issued, receipt: told(receipt) };
      });
    },
  );
}

/** Reports that a company asked for. */
function listRoute(app: FastifyInstance, desk: Desk): void {
  const { reports } = desk;
  app.get<{ Headers: OfSubject }>(
    '/v1/reports',
    {
      config: { errors: ['denied', 'bad_subject'] },
      schema: {
        operationId: 'listReports',
        summary: 'reports that a company asked for, newest first',
        description: 'Of what they say, nothing; no code.',
        tags,
        headers: subjectHeader,
        response: { 200: listSchema },
      },
      serializerCompiler,
    },
    async (request) => {
      entitled(desk, request);
      return { reports: await reports.listFor(request.headers['yitong-subject'], asking(request)) };
    },
  );
}

/** An issued report, in the form that is asked for. */
function showRoute(app: FastifyInstance, desk: Desk): void {
  const { context, reports, renderers } = desk;
  app.get<{ Params: { id: string }; Headers: OfSubject }>(
    '/v1/reports/:id',
    {
      config: { errors: ['denied', 'bad_subject', 'not_found', 'report_revoked'] },
      schema: {
        operationId: 'showReport',
        summary: 'an issued report, as `Accept` asks for it',
        description:
          'JSON by default. Documents that carry the code are written where the header `yitong-code` gives ' +
          'it: it is not kept here.',
        tags,
        params: byId,
        headers: ofSubject,
        response: {
          200: {
            description: 'the report',
            content: {
              'application/json': { schema: shownSchema },
              ...Object.fromEntries(
                [...renderers.values()].map(({ mediaType }) => [mediaType, { schema: Type.String() }]),
              ),
            },
          },
        },
      },
      serializerCompiler,
    },
    async (request, reply) => {
      entitled(desk, request);
      const { id } = request.params;
      const { accept = '', 'yitong-subject': subject, 'yitong-code': code, 'yitong-holder': holder } = request.headers;
      const wanted = preferred(accept, [
        'application/json',
        ...[...renderers.values()].map(({ mediaType }) => mediaType),
      ]);
      const renderer = [...renderers.values()].find(({ mediaType }) => mediaType === wanted);
      if (renderer !== undefined && (code === undefined || !(await reports.isCodeOf(id, code))))
        throw new YitongError('bad_request', 'the header `yitong-code` gives the code of the report');
      // one that could not say where it is looked up is not made
      const url = renderer === undefined || code === undefined ? '' : lookupUrl(code, context);
      const issued = await reports.find(id, subject, asking(request));
      entitled(desk, request, issued.model.report);
      if (renderer === undefined || code === undefined)
        return reply.send({ id, document: issued.document, model: issued.model });
      // bytes: the serializer above is for JSON
      return reply
        .type(renderer.mediaType)
        .header('content-disposition', `attachment; filename="report.${renderer.extension}"`)
        .send(
          Buffer.from(
            await renderer.render(
              {
                id,
                model: issued.model,
                code,
                url,
                seal: reports.definitions.get(issued.model.report)?.seal,
                ...(holder === undefined ? {} : { holder: jsonOf(holder) ?? null }),
              },
              context,
            ),
          ),
        );
    },
  );
}

/** Records an authorisation. */
function authoriseRoute(app: FastifyInstance, desk: Desk): void {
  const { reports } = desk;
  app.post<{ Body: AuthorisationBody }>(
    '/v1/authorisations',
    {
      config: { errors: ['denied', 'bad_case', 'bad_subject', 'not_found'] },
      schema: {
        operationId: 'authorise',
        summary: 'record that a company lets another ask for its report',
        description: 'The client answers for it that the company has said so. It counts once it is on record.',
        tags,
        body: authorisationSchema,
        response: { 201: authorisedSchema },
      },
      serializerCompiler,
    },
    async (request, reply) => {
      const { case: stated, ...body } = request.body;
      entitled(desk, request, body.report);
      const { authorisation, receipt } = await reports.authorise(body, asking(request, stated));
      return reply.code(201).send({ authorisation, receipt: told(receipt) });
    },
  );
}

/** Authorisations that a company gave and received. */
function authorisationsRoute(app: FastifyInstance, desk: Desk): void {
  const { reports } = desk;
  app.get<{ Headers: OfSubject }>(
    '/v1/authorisations',
    {
      config: { errors: ['denied', 'bad_subject'] },
      schema: {
        operationId: 'authorisations',
        summary: 'authorisations that a company gave and received, newest first',
        description: 'Also those that are over or withdrawn, as long as they are kept.',
        tags,
        headers: subjectHeader,
        response: { 200: authorisationsSchema },
      },
      serializerCompiler,
    },
    async (request) => {
      entitled(desk, request);
      const { given, received } = await reports.authorisationsOf(request.headers['yitong-subject'], asking(request));
      return { given, received };
    },
  );
}

/** Withdraws an authorisation. */
function withdrawRoute(app: FastifyInstance, desk: Desk): void {
  const { reports } = desk;
  app.delete<{ Params: { id: string }; Headers: OfSubject }>(
    '/v1/authorisations/:id',
    {
      config: { errors: ['denied', 'bad_subject', 'not_found'] },
      schema: {
        operationId: 'withdrawAuthorisation',
        summary: 'withdraw an authorisation, by the company that gave it',
        description: 'From now on no report is issued on it; those that were issued stand.',
        tags,
        params: byId,
        headers: subjectHeader,
        response: { 200: withdrawnSchema },
      },
      serializerCompiler,
    },
    async (request) => {
      entitled(desk, request);
      return {
        receipt: told(await reports.withdraw(request.params.id, request.headers['yitong-subject'], asking(request))),
      };
    },
  );
}

const service: Service = {
  port: 'api',
  async register(app, context) {
    const desk = await openDesk(app, context);
    definitionsRoute(app, desk);
    previewRoute(app, desk);
    issueRoute(app, desk);
    listRoute(app, desk);
    showRoute(app, desk);
    authoriseRoute(app, desk);
    authorisationsRoute(app, desk);
    withdrawRoute(app, desk);
  },
};
export default service;
