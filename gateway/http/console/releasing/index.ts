/**
 * The second form of the compliance code (合规一码通) on the people's port: at /console/compliance/release a company shows
 * an issued report, or chosen domains of it, by a code; at /compliance/report whoever scans it sees that, once. A code
 * stands in no address of ours but in the one that its QR says.
 */

import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorTable, isYitongError, YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { publicAddress } from '../../../documents/address.js';
import {
  type Compliance,
  codeId,
  complianceOf,
  type ReleaseView,
  type Releasing,
  type Scanner,
} from '../../../documents/compliance/index.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { openLookups } from '../../../documents/lookups.js';
import { type Asking, type Reports, reportsOf } from '../../../documents/reports/index.js';
import { namesOf } from '../../../documents/words/names.js';
import { hideSubject, spokenFor } from '../../people/sessions.js';
import { sessionOf } from '../../plugins/people.js';
import { errorWords } from '../../ui/error.js';
import { sendFramed, sendOpen } from '../../ui/frame.js';
import { beforeLook, chooseRelease, releasedView, shownRelease } from './release.js';

const COMPANY = '/console/compliance/release';
const SHOWN = '/console/compliance/released';
const LOOK = '/compliance/report';
const ROLES = ['subject'] as const;
/** Of the company's browser: the code that it shows. */
const CODE_COOKIE = '__Host-yitong-release';
/** Of the scanner's: which browser it is. */
const LOOK_COOKIE = '__Host-yitong-look';
const COOKIE = { path: '/', secure: true, httpOnly: true, sameSite: 'lax', maxAge: 600 } as const;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const REFRESH = 4;

interface Route {
  readonly Params: { readonly code: string };
  readonly Querystring: { readonly report?: string; readonly of?: string };
  readonly Body: {
    readonly of?: string;
    readonly report?: string;
    readonly scope?: string;
    readonly domain?: string | readonly string[];
    readonly code?: string;
  };
}

/** Routes of the company. */
const own = { schema: { hide: true }, config: { roles: ROLES } };
/** Routes of whoever scans, for everybody. */
const open = { schema: { hide: true } };

/** What the pages of released reports work with. */
function openDesk(app: FastifyInstance, context: GatewayContext, compliance: Compliance, reports: Reports) {
  const { workspace, settings, dataDir, now } = context;
  const { definitions } = compliance;
  const releases = compliance.releases();
  const lookups = openLookups(dataDir, {
    perClient: settings.people.lookupsPerMinute,
    inAll: settings.people.lookupsInAll,
  });
  app.addHook('onClose', () => lookups.close());

  return { context, workspace, now, definitions, compliance, reports, releases, lookups };
}
type Desk = ReturnType<typeof openDesk>;

const titleIn = ({ language }: FastifyRequest): string => (language === 'zh' ? '扫码出示报告' : 'Show a report');
const askingOf = (request: FastifyRequest): Asking => ({
  requestId: request.id,
  by: 'subject',
  stated: { actor: sessionOf(request).person.id },
});
const releasing = (request: FastifyRequest, subject: string): Releasing => {
  const { person } = sessionOf(request);
  return { owner: person.id, by: 'subject', subject, about: { person: person.id, name: person.name } };
};

/** What of a report a company releases. */
async function choose(
  { workspace, reports }: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
  subject: string,
  fault?: string,
): Promise<FastifyReply> {
  const session = sessionOf(request);
  const { model, revokedAt } = await reports.find(id, subject, askingOf(request));
  if (revokedAt !== undefined)
    throw new YitongError('report_revoked', 'the report was revoked; it is released to nobody');
  return sendFramed(request, reply.code(fault === undefined ? 200 : 400), {
    title: titleIn(request),
    workspace,
    children: chooseRelease({
      language: request.language,
      csrf: session.csrf,
      id,
      hidden: hideSubject(session, subject),
      model,
      fault,
    }),
  });
}

/** Of the code that this browser shows; undefined where there is none, or it is another person's. */
async function shownBy(
  { releases }: Desk,
  request: FastifyRequest,
): Promise<{ readonly code: string; readonly view: ReleaseView } | undefined> {
  const code = request.cookies[CODE_COOKIE] ?? '';
  if (!TOKEN.test(code)) return undefined;
  try {
    return { code, view: await releases.follow(codeId(code), sessionOf(request).person.id) };
  } catch (error) {
    if (isYitongError(error) && error.code === 'code_unknown') return undefined;
    throw error;
  }
}
/** The code that is shown. */
async function show(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  fault?: YitongError,
): Promise<FastifyReply> {
  const { context, workspace, definitions, now } = desk;
  const shown = await shownBy(desk, request);
  if (shown === undefined) return reply.header('cache-control', 'no-store').redirect('/console/reports', 303);
  const { language } = request;
  return sendFramed(request, reply.code(fault === undefined ? 200 : errorTable[fault.code].status), {
    title: titleIn(request),
    workspace,
    scripts: ['follow.js'],
    ...(shown.view.state === 'released' ? { refresh: REFRESH } : {}),
    children: shownRelease({
      language,
      csrf: sessionOf(request).csrf,
      definitions,
      names: namesOf(context, language),
      now: now(),
      view: shown.view,
      url: `${publicAddress(context, request.headers.host)}${LOOK}/${shown.code}`,
      fault: fault === undefined ? undefined : errorWords(fault.code, language),
    }),
  });
}

function scannerOf(request: FastifyRequest, key: string): Scanner {
  const person = request.session?.person;
  if (person === undefined) return { kind: 'public', key };
  return {
    kind: 'person',
    key: person.id,
    name: person.name,
    ...present({ authority: person.authority }),
  };
}
/**
 * A page of the scanner. Its referrer is our name alone: the address may hold a code, and with none at all its form
 * could not be told from a foreign one.
 */
const send = (
  { workspace }: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  children: ReturnType<typeof beforeLook>,
): FastifyReply =>
  sendOpen(request, reply.header('referrer-policy', 'origin'), {
    workspace,
    title: request.language === 'zh' ? '查看报告' : 'A report',
    children,
  });

/** A company chooses what it releases, and gets a code. */
function chooseRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, compliance, releases } = desk;
  app.get<Route>(COMPANY, own, async (request, reply) =>
    choose(desk, request, reply, request.query.report ?? '', spokenFor(sessionOf(request), request.query.of)),
  );
  app.post<Route>(
    COMPANY,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['domain'] } },
    async (request, reply) => {
      const { of, report = '', scope, domain = [] } = request.body;
      const subject = spokenFor(sessionOf(request), of);
      const domains = [domain].flat();
      if (scope !== 'whole' && domains.length === 0)
        return choose(
          desk,
          request,
          reply,
          report,
          subject,
          request.language === 'zh' ? '请至少选择一个领域。' : 'Choose at least one domain.',
        );
      // a code that cannot be shown is not made
      publicAddress(context, request.headers.host);
      const released = await compliance.scope(
        report,
        subject,
        scope === 'whole' ? undefined : domains,
        askingOf(request),
      );
      const { code } = await releases.release(releasing(request, subject), released, request.id);
      return reply.setCookie(CODE_COOKIE, code, COOKIE).header('cache-control', 'no-store').redirect(SHOWN, 303);
    },
  );
}

/** The code on the company's phone, until it is withdrawn. */
function shownRoutes(app: FastifyInstance, desk: Desk): void {
  const { releases } = desk;
  app.get(SHOWN, own, async (request, reply) => show(desk, request, reply));
  app.get(
    `${SHOWN}/state`,
    { ...own, config: { ...own.config, offers: ['application/json'] } },
    async (request, reply) =>
      reply.header('cache-control', 'no-store').send({ state: (await shownBy(desk, request))?.view.state ?? 'none' }),
  );
  app.post<Route>(`${COMPANY}/withdraw`, own, async (request, reply) => {
    const shown = await shownBy(desk, request);
    if (shown === undefined)
      throw new YitongError('code_unknown', 'there is no such code; let the company release the report anew');
    try {
      await releases.withdraw(codeId(shown.code), releasing(request, shown.view.subject), request.id);
    } catch (error) {
      if (!isYitongError(error) || !error.code.startsWith('code_')) throw error;
      await app.refused(request, error.code);
      return show(desk, request, reply, error);
    }
    return reply.header('cache-control', 'no-store').redirect(SHOWN, 303);
  });
}

/** Whoever scanned the code looks at the report. */
function lookRoutes(app: FastifyInstance, desk: Desk): void {
  const { now, releases, lookups } = desk;
  app.get<Route>(`${LOOK}/:code`, open, async (request, reply) =>
    send(
      desk,
      request,
      reply,
      beforeLook({
        language: request.language,
        csrf: request.session?.csrf,
        code: TOKEN.test(request.params.code) ? request.params.code : '',
      }),
    ),
  );
  // the code of a page that was looked at stands in no address: whoever reloads begins anew
  app.get(LOOK, open, async (_request, reply) =>
    reply.header('cache-control', 'no-store').redirect('/compliance', 303),
  );
  app.post<Route>(LOOK, open, async (request, reply) => {
    const kept = request.cookies[LOOK_COOKIE] ?? '';
    const key = TOKEN.test(kept) ? kept : randomBytes(32).toString('base64url');
    const scanner = scannerOf(request, key);
    void reply.setCookie(LOOK_COOKIE, key, COOKIE);
    const { language } = request;
    try {
      lookups.admit(scanner.kind === 'person' ? `person:${scanner.key}` : `address:${request.ip}`, now());
      return send(
        desk,
        request,
        reply,
        releasedView({
          language,
          report: await releases.look(request.body.code ?? '', scanner, request.ip, request.id),
        }),
      );
    } catch (error) {
      if (
        !isYitongError(error) ||
        !(error.code.startsWith('code_') || error.code === 'rate_limited' || error.code === 'report_revoked')
      )
        throw error;
      await app.refused(request, error.code);
      return send(
        desk,
        request,
        reply.code(errorTable[error.code].status),
        beforeLook({ language, csrf: request.session?.csrf, code: '', fault: errorWords(error.code, language) }),
      );
    }
  });
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const compliance = await complianceOf(context);
    const reports = await reportsOf(context);
    app.addHook('onClose', () => compliance.close());
    if (compliance.definitions.size === 0) return;
    const desk = openDesk(app, context, compliance, reports);
    chooseRoutes(app, desk);
    shownRoutes(app, desk);
    lookRoutes(app, desk);
  },
};
export default service;
