/**
 * The compliance code (合规一码通) on the people's port. /console/compliance is the company's phone: it shows a code, sees
 * who asks what, confirms or refuses. /compliance is whoever scans it, signed in or not. A code never stands in an
 * address of ours but in the one that its QR says.
 */

import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errorTable, isYitongError, type YitongError } from '../../../../contracts/errors.js';
import { keyOf, schemeOf } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import { publicAddress } from '../../../documents/address.js';
import {
  type CompanyView,
  type Compliance,
  codeId,
  complianceOf,
  type Scanner,
  type ScannerView,
} from '../../../documents/compliance/index.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { openLookups } from '../../../documents/lookups.js';
import { namesOf } from '../../../documents/words/names.js';
import { hideSubject, spokenFor } from '../../people/sessions.js';
import { sessionOf } from '../../plugins/people.js';
import { errorWords } from '../../ui/error.js';
import { sendFramed, sendOpen } from '../../ui/frame.js';
import { ASK_FORM, type AskProps, answerView, askForm, waitView } from './ask.js';
import { showView, UNDER_WAY } from './show.js';

const SHOW = '/console/compliance';
const ASK = '/compliance';
const ROLES = ['subject'] as const;
/** Of the company's browser: the code that it shows. */
const CODE_COOKIE = '__Host-yitong-code';
/** Of the scanner's: who it is, and what it collects with. */
const SCAN_COOKIE = '__Host-yitong-scan';
const COOKIE = { path: '/', secure: true, httpOnly: true, sameSite: 'lax', maxAge: 600 } as const;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** As it is typed or scanned: alone, or at the end of its address. */
const WITHIN = /(?:^|\/)([A-Za-z0-9_-]{43})$/;
const REFRESH = 4;
/** Characters of a code with its address. */
const MAX_GIVEN = 300;

interface Route {
  readonly Params: { readonly code: string };
  readonly Body: {
    readonly of?: string;
    readonly shown?: string;
    readonly code?: string;
    readonly report?: string;
    readonly domain?: string | readonly string[];
    readonly months?: string;
    readonly step?: string;
  };
}

/** What a scanner keeps between its pages. */
interface Scan {
  readonly key: string;
  readonly id: string;
  readonly ticket: string;
}

function scanOf(request: FastifyRequest): Scan {
  const [key = '', id = '', ticket = ''] = (request.cookies[SCAN_COOKIE] ?? '').split('.');
  return { key: TOKEN.test(key) ? key : randomBytes(32).toString('base64url'), id, ticket };
}

/** A refusal that belongs on the page, so that it can be done again; anything else is an error. */
function told(error: unknown): YitongError {
  if (
    isYitongError(error) &&
    (error.code.startsWith('code_') || error.code === 'rate_limited' || error.code === 'bad_request')
  )
    return error;
  throw error;
}

/** Routes of the company. */
const own = { schema: { hide: true }, config: { roles: ROLES } };
/** Routes of whoever scans, for everybody. */
const open = { schema: { hide: true } };

/** What the pages of compliance codes work with. */
function openDesk(app: FastifyInstance, context: GatewayContext, compliance: Compliance) {
  const { workspace, settings, dataDir, now } = context;
  const refused = (request: FastifyRequest, code: ErrorCode): Promise<void> => app.refused(request, code);
  const { definitions } = compliance;
  const codes = compliance.codes();
  const lookups = openLookups(dataDir, {
    perClient: settings.people.lookupsPerMinute,
    inAll: settings.people.lookupsInAll,
  });
  app.addHook('onClose', async () => {
    await lookups.close();
    await compliance.close();
  });

  return { context, workspace, now, definitions, compliance, codes, lookups, refused };
}
type Desk = ReturnType<typeof openDesk>;

/** Of the code that this browser shows; undefined where there is none, or it is another person's. */
async function shownBy(
  { codes }: Desk,
  request: FastifyRequest,
): Promise<{ readonly code: string; readonly id: string; readonly view: CompanyView } | undefined> {
  const code = request.cookies[CODE_COOKIE] ?? '';
  if (!TOKEN.test(code)) return undefined;
  const id = codeId(code);
  try {
    return { code, id, view: await codes.look(id, sessionOf(request).person) };
  } catch (error) {
    if (isYitongError(error) && error.code === 'code_unknown') return undefined;
    throw error;
  }
}
/** The company's page: its code, or how it makes one. */
async function show(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  fault?: YitongError,
): Promise<FastifyReply> {
  const { context, workspace, definitions, now } = desk;
  const session = sessionOf(request);
  const { language } = request;
  const shown = await shownBy(desk, request);
  const schemes = new Set([...definitions.values()].map(({ scheme }) => scheme));
  const subjects = session.person.subjects.filter((one) => schemes.has(schemeOf(one)));
  return sendFramed(request, reply.code(fault === undefined ? 200 : errorTable[fault.code].status), {
    title: language === 'zh' ? '合规码' : 'Compliance code',
    workspace,
    scripts: ['follow.js'],
    ...(shown !== undefined && UNDER_WAY.has(shown.view.state) ? { refresh: REFRESH } : {}),
    children: showView({
      language,
      csrf: session.csrf,
      definitions,
      names: namesOf(context, language),
      now: now(),
      subjects: subjects.map((one) => ({
        hidden: hideSubject(session, one),
        key: keyOf(one),
      })),
      ...(shown === undefined
        ? {}
        : {
            code: { view: shown.view, url: `${publicAddress(context, request.headers.host)}${ASK}/${shown.code}` },
          }),
      ...(fault === undefined ? {} : { fault: errorWords(fault.code, language) }),
    }),
  });
}

function scannerOf(request: FastifyRequest, { key }: Scan): Scanner {
  const person = request.session?.person;
  if (person === undefined) return { kind: 'public', key };
  return {
    kind: 'person',
    key: person.id,
    name: person.name,
    ...present({ authority: person.authority }),
  };
}
/** What each page of the scanner is told. */
const base = ({ definitions }: Desk, request: FastifyRequest) => ({
  language: request.language,
  definitions,
  csrf: request.session?.csrf,
});
/**
 * A page of the scanner. Its referrer is our name alone: the address may hold a code, and with none at all its
 * forms could not be told from foreign ones.
 */
const send = (
  { workspace }: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  children: ReturnType<typeof askForm>,
  more: {
    readonly scripts?: readonly string[];
    readonly refresh?: number;
    readonly carries?: { readonly form: string; readonly action: string };
  } = {},
): FastifyReply =>
  sendOpen(
    request,
    reply
      .header('referrer-policy', 'origin')
      .header('permissions-policy', 'camera=(self), microphone=(), geolocation=()'),
    { workspace, title: request.language === 'zh' ? '扫合规码' : 'Ask by code', ...more, children },
  );
const ask = (
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  props: Pick<AskProps, 'code' | 'chosen' | 'fault'>,
): FastifyReply =>
  send(desk, request, reply, askForm({ ...base(desk, request), ...props }), {
    scripts: ['scan.js'],
    carries: { form: ASK_FORM, action: ASK },
  });
/** Of what this browser asked; where that is nothing, it begins anew. */
async function waited({ codes }: Desk, request: FastifyRequest): Promise<ScannerView> {
  const scan = scanOf(request);
  return codes.follow(scan.id, scan.ticket, scannerOf(request, scan));
}
/** What did not work, above the form by which it can be done again. */
const again = async (
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  sent: Pick<AskProps, 'code' | 'chosen'> = { code: '' },
): Promise<FastifyReply> => {
  const { code: why } = told(error);
  await desk.refused(request, why);
  return ask(desk, request, reply.code(errorTable[why].status), { ...sent, fault: errorWords(why, request.language) });
};

/** What a company shows: its page, and how far its code is. */
function showRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, codes } = desk;
  app.get(
    SHOW,
    { ...own, config: { roles: ROLES, nav: { title: { zh: '合规码', en: 'Code' }, order: 13 } } },
    async (request, reply) => show(desk, request, reply),
  );
  app.get(
    `${SHOW}/state`,
    { ...own, config: { ...own.config, offers: ['application/json'] } },
    async (request, reply) =>
      reply.header('cache-control', 'no-store').send({ state: (await shownBy(desk, request))?.view.state ?? 'none' }),
  );
  app.post<Route>(SHOW, own, async (request, reply) => {
    const session = sessionOf(request);
    // a code that cannot be shown is not made
    publicAddress(context, request.headers.host);
    const { code } = await codes.create(session.person, spokenFor(session, request.body.of), request.id);
    return reply.setCookie(CODE_COOKIE, code, COOKIE).header('cache-control', 'no-store').redirect(SHOW, 303);
  });
}

/** The company says yes or no to a question. */
function stepRoutes(app: FastifyInstance, desk: Desk): void {
  const { codes } = desk;
  const step = (path: string, act: (id: string, request: FastifyRequest<Route>) => Promise<void>) =>
    app.post<Route>(`${SHOW}/${path}`, own, async (request, reply) => {
      try {
        await act((await shownBy(desk, request))?.id ?? '', request);
      } catch (error) {
        const why = told(error);
        await app.refused(request, why.code);
        return show(desk, request, reply, why);
      }
      return reply.header('cache-control', 'no-store').redirect(SHOW, 303);
    });
  step('confirm', (id, request) => codes.confirm(id, sessionOf(request).person, request.body.shown ?? '', request.id));
  step('refuse', (id, request) => codes.refuse(id, sessionOf(request).person, request.id));
}

/** The form of whoever asks, and its question. */
function askRoutes(app: FastifyInstance, desk: Desk): void {
  const { now, compliance, codes, lookups } = desk;
  app.get(ASK, open, async (request, reply) => ask(desk, request, reply, { code: '' }));
  app.get<Route>(`${ASK}/:code`, open, async (request, reply) =>
    ask(desk, request, reply, { code: TOKEN.test(request.params.code) ? request.params.code : '' }),
  );
  app.post<Route>(ASK, { ...open, config: { lists: ['domain'] } }, async (request, reply) => {
    const { code: given = '', report = '', domain = [], months = '', step } = request.body;
    const domains = [domain]
      .flat()
      .flatMap((one) => (one.startsWith(`${report}/`) ? [one.slice(report.length + 1)] : []));
    const chosen = { report, domains, months: Number(months) };
    const code = WITHIN.exec(given.trim())?.[1] ?? '';
    if (step === 'edit') return ask(desk, request, reply, { code: given.slice(0, MAX_GIVEN), chosen });
    // by the camera of this page, or typed: a report that is shown has a page of its own
    if (given.trim().endsWith(`${ASK}/report/${code}`))
      return reply.header('cache-control', 'no-store').redirect(`${ASK}/report/${code}`, 303);
    const scan = scanOf(request);
    const scanner = scannerOf(request, scan);
    try {
      lookups.admit(scanner.kind === 'person' ? `person:${scanner.key}` : `address:${request.ip}`, now());
      const { id, ticket } = await codes.scan(code, scanner, request.ip, compliance.question(chosen), request.id);
      return await reply
        .setCookie(SCAN_COOKIE, [scan.key, id, ticket].join('.'), COOKIE)
        .header('cache-control', 'no-store')
        .redirect(`${ASK}/answer`, 303);
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'bad_request')
        return again(desk, request, reply, error, { code: given.slice(0, MAX_GIVEN), chosen });
      return ask(desk, request, reply.code(400), {
        code,
        chosen,
        fault: request.language === 'zh' ? '请至少选择一个领域。' : 'Choose at least one domain.',
      });
    }
  });
}

/** How far the question is, and its answer. */
function answerRoutes(app: FastifyInstance, desk: Desk): void {
  const { now, codes } = desk;
  app.get(`${ASK}/answer`, open, async (request, reply) => {
    let view: ScannerView;
    try {
      view = await waited(desk, request);
    } catch (error) {
      return again(desk, request, reply, error);
    }
    return send(desk, request, reply, waitView({ ...base(desk, request), view, now: now() }), {
      scripts: ['follow.js'],
      ...(UNDER_WAY.has(view.state) ? { refresh: REFRESH } : {}),
    });
  });
  app.get(`${ASK}/answer/state`, { ...open, config: { offers: ['application/json'] } }, async (request, reply) =>
    reply.header('cache-control', 'no-store').send({ state: (await waited(desk, request)).state }),
  );
  app.post(`${ASK}/answer`, open, async (request, reply) => {
    const scan = scanOf(request);
    try {
      const found = await codes.collect(scan.id, scan.ticket, scannerOf(request, scan), request.id);
      if (found.state === 'waiting')
        return await reply.header('cache-control', 'no-store').redirect(`${ASK}/answer`, 303);
      return send(desk, request, reply, answerView({ ...base(desk, request), answer: found.answer }));
    } catch (error) {
      return again(desk, request, reply, error);
    }
  });
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const compliance = await complianceOf(context);
    if (compliance.definitions.size === 0) return void app.addHook('onClose', () => compliance.close());
    const desk = openDesk(app, context, compliance);
    showRoutes(app, desk);
    stepRoutes(app, desk);
    askRoutes(app, desk);
    answerRoutes(app, desk);
  },
};
export default service;
