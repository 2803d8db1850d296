/**
 * /verify: whether a document is genuine and what has changed since, for whoever holds its code. Nobody signs in. A
 * code that is typed is sent by POST; one that a QR brings stands in the address, which then goes to nobody
 * (`no-referrer`) and into no log.
 */

import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JSX } from 'preact';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { openLookups } from '../../../documents/lookups.js';
import { shownSubjects } from '../../../documents/model/shown.js';
import { type Asking, reportsOf } from '../../../documents/reports/index.js';
import { sharingDocument, sharingModel } from '../../../documents/sharing-paper.js';
import { verifiedBody } from '../../../log/entries/events.js';
import { type FoundPaper, paperByCode } from '../../../procedures/sharing/machines/papers.js';
import { sharingDeskOf } from '../../../procedures/sharing/opened.js';
import { isPage } from '../../plugins/forms.js';
import { sendOpen } from '../../ui/frame.js';
import type { FrameProps } from '../../ui/page.js';
import { sharingView } from './sharing.js';
import { type Found, VERIFY_FORM, verifiedView, verifyForm } from './verify.js';

const PATH = '/verify';
/** As a person may type it, with hyphens and blanks. */
const MAX_CODE = 60;
/** Letters and digits of one. */
const CODE = 28;

interface Route {
  readonly Params: { readonly code: string };
  readonly Body: { readonly code?: string; readonly step?: string } | undefined;
}

/** What the pages of verification work with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace, settings, dataDir, now } = context;
  const reports = await reportsOf(context);
  const sharing = sharingDeskOf(context);
  const lookups = openLookups(dataDir, {
    perClient: settings.people.lookupsPerMinute,
    inAll: settings.people.lookupsInAll,
  });
  app.addHook('onClose', async () => {
    await lookups.close();
    await reports.close();
    await sharing.close();
  });

  /** Undefined also where nobody looks after sharing. */
  async function paper(code: string): Promise<FoundPaper | undefined> {
    try {
      return await paperByCode((await sharing.desk()).state, code);
    } catch (error) {
      if (isYitongError(error) && error.code === 'not_found') return undefined;
      throw error;
    }
  }
  return { workspace, settings, now, reports, lookups, paper, journal: context.journal };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Who asks, as far as it is known, where not too many codes were asked for. */
function askingOf({ lookups, now }: Desk, request: FastifyRequest, code: string): Asking {
  if (code.length > MAX_CODE) throw new YitongError('bad_request', 'a code is shorter');
  const person = request.session?.person;
  lookups.admit(person === undefined ? `address:${request.ip}` : `person:${person.id}`, now());
  return {
    requestId: request.id,
    by: person === undefined ? 'public page' : (person.authority ?? person.roles[0] ?? 'signed in'),
    ...(person === undefined ? {} : { stated: { actor: person.name } }),
  };
}

/** What a code stands for. */
async function found({ workspace, reports }: Desk, code: string, asking: Asking): Promise<Found> {
  const { outcome, issued, revokedAt, changes } = await reports.verifyCode(code, asking);
  if (issued === undefined) return { outcome };
  const definition = reports.definitions.get(issued.model.report);
  const shown = definition?.shown ?? { name: 'masked', subject: 'masked' };
  return {
    outcome,
    issued,
    subjects: shownSubjects(issued.model, shown, workspace.schemes),
    ...present({ revokedAt, changes, issuer: definition?.issuer }),
  };
}
const send = (
  { workspace }: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  children: JSX.Element,
  more: Pick<FrameProps, 'asked' | 'carries'> = {},
): FastifyReply =>
  sendOpen(request, reply, {
    workspace,
    title: request.language === 'zh' ? '文书核验' : 'Verification',
    scripts: ['drop.js'],
    ...more,
    children,
  });
/** @param sent the code that was typed, where it is shown again; `fault`: why */
const form = (
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  sent: { readonly code?: string; readonly fault?: Localised } = {},
): FastifyReply =>
  send(
    desk,
    request,
    reply.code(sent.fault === undefined ? 200 : 400),
    verifyForm({
      language: request.language,
      csrf: request.session?.csrf,
      codes: desk.reports.definitions.size > 0,
      ...sent,
    }),
    { carries: { form: VERIFY_FORM, action: PATH } },
  );

/** @param typed whether the code came by a form; else it stands in the address */
async function show(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  code: string,
  typed: boolean,
): Promise<FastifyReply> {
  const { language, session } = request;
  const asking = askingOf(desk, request, code);
  const paper = await desk.paper(code);
  if (paper !== undefined) {
    const model = sharingModel(paper);
    const document = sharingDocument(model);
    await desk.journal.append({
      clear: verifiedBody({
        time: new Date(desk.now()).toISOString(),
        requestId: asking.requestId,
        report: paper.signed.machine,
        document,
        by: asking.by,
        outcome: paper.revokedAt === undefined ? 'genuine' : 'revoked',
      }),
    });
    if (!typed) void reply.header('referrer-policy', 'no-referrer');
    return send(
      desk,
      request,
      reply,
      sharingView({
        language,
        model,
        document,
        government: paper.government,
        ...present({ revokedAt: paper.revokedAt }),
      }),
    );
  }
  const result = await found(desk, code, asking);
  const fields = typed ? { code, ...(session === undefined ? {} : { csrf: session.csrf }) } : undefined;
  // no address of ours names the code but this one; and with `no-referrer` the forms of the other page could not be
  // told from foreign ones
  if (!typed) void reply.header('referrer-policy', 'no-referrer');
  return send(
    desk,
    request,
    reply.code(result.issued === undefined ? 404 : 200),
    verifiedView({ language, again: fields, ...result }),
    fields === undefined ? {} : { asked: { action: PATH, fields } },
  );
}

/** The form, and what a code that was typed or scanned stands for. */
function verifyRoutes(app: FastifyInstance, desk: Desk): void {
  app.get(PATH, { schema: { hide: true }, config: { compressed: true } }, async (request, reply) =>
    form(desk, request, reply),
  );
  app.post<Route>(PATH, { schema: { hide: true } }, async (request, reply) => {
    const { code = '', step } = request.body ?? {};
    if (step === 'edit') return form(desk, request, reply, { code: code.slice(0, MAX_CODE) });
    // what can be no code is asked for again; a code that belongs to nothing is an answer
    if (isPage(request) && code.replace(/[\s-]/g, '').length !== CODE)
      return form(desk, request, reply, {
        code: code.slice(0, MAX_CODE),
        fault: {
          zh: '核验码为 28 位字母和数字，请对照文书重新输入。',
          en: 'A code has 28 letters and digits: compare it with the document and type it again.',
        },
      });
    return show(desk, request, reply, code, true);
  });
  app.get<Route>(`${PATH}/:code`, { schema: { hide: true } }, (request, reply) =>
    show(desk, request, reply, request.params.code, false),
  );
}

function authorityRoute(app: FastifyInstance, { settings }: Desk): void {
  // by which the browser trusts a document's certificate; a document is compared with it where the file is, and goes
  // nowhere
  app.get(
    `${PATH}/ca.pem`,
    { schema: { hide: true }, config: { open: true, offers: ['application/x-pem-file'], public: true } },
    async (_request, reply) => {
      if (settings.gateway.documentCa === '') throw new YitongError('not_found', 'documents are not signed here');
      return reply
        .type('application/x-pem-file')
        .header('cache-control', 'no-cache')
        .send(readFileSync(settings.gateway.documentCa, 'utf8'));
    },
  );
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const desk = await openDesk(app, context);
    verifyRoutes(app, desk);
    authorityRoute(app, desk);
  },
};
export default service;
