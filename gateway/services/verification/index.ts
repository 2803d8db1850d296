/**
 * /verify: whether a document is genuine and what has changed since, for whoever holds its code. Nobody signs in. A code that is typed is sent by
 * POST; one that a QR brings stands in the address, which then goes to nobody (`no-referrer`) and into no log.
 */
import { readFileSync } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { page } from '../../console/page.js';
import { verifiedView, verifyForm, type Found } from '../../console/pages/documents/verify.js';
import type { Service } from '../../context.js';
import { reportsOf, type Asking } from '../../reports/index.js';
import { openLookups } from '../../reports/lookups.js';
import { shownSubjects } from '../../reports/shown.js';

const PATH = '/verify';
/** As a person may type it, with hyphens and blanks. */
const MAX_CODE = 60;

interface Route {
  readonly Params: { readonly code: string };
  readonly Body: { readonly code?: string };
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace, settings, dataDir, now } = context;
    const reports = await reportsOf(context);
    const lookups = openLookups(dataDir, { perClient: settings.people.lookupsPerMinute, inAll: settings.people.lookupsInAll });
    app.addHook('onClose', async () => {
      await lookups.close();
      await reports.close();
    });

    async function found(request: FastifyRequest, code: string): Promise<Found> {
      if (code.length > MAX_CODE) throw new YitongError('bad_request', 'a code is shorter');
      const person = request.session?.person;
      lookups.admit(person === undefined ? `address:${request.ip}` : `person:${person.id}`, now());
      const asking: Asking = {
        requestId: request.id,
        by: person === undefined ? 'public page' : (person.authority ?? person.roles[0] ?? 'signed in'),
        ...(person === undefined ? {} : { stated: { actor: person.name } }),
      };
      const { outcome, issued, changes } = await reports.verifyCode(code, asking);
      if (issued === undefined) return { outcome };
      const shown = reports.definitions.get(issued.model.report)?.shown ?? { name: 'masked', subject: 'masked' };
      return { outcome, issued, subjects: shownSubjects(issued.model, shown, workspace.schemes), ...(changes === undefined ? {} : { changes }) };
    }
    async function show(request: FastifyRequest, reply: FastifyReply, code: string): Promise<FastifyReply> {
      const { language } = request;
      const result = await found(request, code);
      return reply
        .type('text/html; charset=utf-8').header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
        .code(result.issued === undefined ? 404 : 200)
        .send(page({
          language, workspace, title: language === 'zh' ? '文书核验' : 'Verification', way: request.session === undefined ? 'sign-in' : 'console', scripts: ['drop.js'],
          children: verifiedView({ language, ...result }),
        }));
    }

    app.get(PATH, { schema: { hide: true } }, async (request, reply) => {
      const { language } = request;
      return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page({
        language, workspace, title: language === 'zh' ? '文书核验' : 'Verification', way: request.session === undefined ? 'sign-in' : 'console', scripts: ['drop.js'],
        children: verifyForm({ language, csrf: request.session?.csrf }),
      }));
    });
    app.post<Route>(PATH, { schema: { hide: true } }, (request, reply) => show(request, reply, request.body.code ?? ''));
    app.get<Route>(`${PATH}/:code`, { schema: { hide: true } }, (request, reply) => show(request, reply, request.params.code));

    // by which the browser trusts a document's certificate; a document is compared with it where the file is, and goes nowhere
    app.get(`${PATH}/ca.pem`, { schema: { hide: true } }, async (_request, reply) => {
      if (settings.gateway.documentCa === '') throw new YitongError('not_found', 'documents are not signed here');
      return reply.type('application/x-pem-file').header('cache-control', 'no-cache').send(readFileSync(settings.gateway.documentCa, 'utf8'));
    });
  },
};
export default service;
