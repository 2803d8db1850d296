/**
 * Signing in and out. A sign-in begins anew each time under a new cookie; where it leads is a path of this port and
 * nothing else.
 */
import type { FastifyInstance } from 'fastify';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { publicAddress } from '../../../documents/address.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { firstInvited, reportsOf } from '../../../documents/reports/index.js';
import { ROLES } from '../../../ground/identity/person.js';
import { hideSubject } from '../../people/sessions.js';
import { KEPT_COOKIE, keepSent, pageOf } from '../../plugins/forms.js';
import { SESSION_COOKIE, sessionOf } from '../../plugins/people.js';
import { signedOut, signInFirst } from './page.js';

/** Lives for the trip to the identity provider and back. */
const PENDING_COOKIE = '__Host-yitong-sign-in';
const COOKIE = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;
const PATH = /^\/(?![/\\])[\w\-./?&=%~+:,@]{0,1500}$/;
const home = '/console';
/** Where a form that was sent without a session waits. */
const OF_FORM = /^\/console\/kept\//;

/** What sessions on the people's port work with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace } = context;
  const reports = await reportsOf(context);
  app.addHook('onClose', () => reports.close());
  const { people } = app;
  const redirectUri = (host: string | undefined): string => `${publicAddress(context, host)}/callback`;

  return { workspace, reports, people, redirectUri };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

function homeRoute(app: FastifyInstance, { reports, people }: Desk): void {
  // where it leads depends on the roles: to the first page that somebody may see
  app.get(home, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const session = sessionOf(request);
    const { roles, subjects } = session.person;
    // what others wait for comes first
    const invited = roles.includes('subject') ? await firstInvited(reports, subjects) : undefined;
    if (invited !== undefined)
      return reply
        .header('cache-control', 'no-store')
        .redirect(`/console/authorisations?of=${hideSubject(session, invited)}`, 303);
    const first = people.nav.find((entry) => entry.roles.some((role) => roles.includes(role)));
    if (first === undefined) throw new YitongError('role_missing', 'there is no page for your role yet');
    return reply.header('cache-control', 'no-store').redirect(first.path, 303);
  });
}

/** To the identity provider, and back. */
function signInRoutes(app: FastifyInstance, { workspace, people, redirectUri }: Desk): void {
  type Query = { readonly to?: string; readonly go?: string };
  app.get<{ Querystring: Query }>('/sign-in', { schema: { hide: true } }, async (request, reply) => {
    if (people.signIn === undefined) throw new YitongError('sign_in_unavailable', 'no identity provider is configured');
    const { to = home, go } = request.query;
    if (OF_FORM.test(to) && go === undefined) {
      const on = `/sign-in?${new URLSearchParams({ to, go: 'yes' }).toString()}`;
      return reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('refresh', `0;url=${on}`)
        .send(signInFirst({ language: request.language, workspace, to: on }));
    }
    const { url, token } = await people.signIn.leave(redirectUri(request.headers.host), PATH.test(to) ? to : home);
    return reply
      .setCookie(PENDING_COOKIE, token, { ...COOKIE, maxAge: 600 })
      .header('cache-control', 'no-store')
      .redirect(url, 303);
  });

  app.get('/callback', { schema: { hide: true } }, async (request, reply) => {
    const pending = await people.sessions.take(request.cookies[PENDING_COOKIE] ?? '');
    void reply.clearCookie(PENDING_COOKIE, COOKIE).header('cache-control', 'no-store');
    try {
      if (people.signIn === undefined || pending === undefined)
        throw new YitongError('sign_in_failed', 'this sign-in was not begun here, or it took too long; begin again');
      const callback = new URL(redirectUri(request.headers.host));
      callback.search = new URL(request.url, callback).search;
      const person = await people.signIn.back(pending, callback);
      if (person.roles.length === 0) {
        await people.record.signedIn(person, 'refused', 'role_missing');
        throw new YitongError('role_missing', 'the identity provider gives you no role here; ask your administrator');
      }
      // on record before the session exists
      await people.record.signedIn(person, 'signed_in');
      const old = request.cookies[SESSION_COOKIE];
      if (old !== undefined) await people.sessions.end(old);
      const { token } = await people.sessions.create(person);
      return reply.setCookie(SESSION_COOKIE, token, COOKIE).redirect(pending.returnTo, 303);
    } catch (error) {
      if (isYitongError(error) && error.code === 'sign_in_failed')
        await people.record.signedIn(undefined, 'refused', error.code);
      throw error;
    }
  });
}

/** Forms that are taken up again. */
function keptRoutes(app: FastifyInstance, { people }: Desk): void {
  // a form that could not be taken, for whoever signed in since; somebody else than who wrote it finds nothing
  app.get<{ Params: { id: string } }>(
    '/console/kept/:id',
    { schema: { hide: true }, config: { roles: ROLES, open: true } },
    async (request, reply) => {
      const session = sessionOf(request);
      const found = await people.kept.find(request.cookies[KEPT_COOKIE], request.params.id, session.person);
      return reply
        .header('cache-control', 'no-store')
        .redirect(found === undefined ? home : pageOf(found.place, request.params.id, session), 303);
    },
  );

  // the page of a form in the other language, with what was written so far
  app.post<{ Querystring: { lang?: string } }>(
    '/console/keep',
    { schema: { hide: true }, config: { roles: ROLES, lists: 'any' } },
    async (request, reply) => {
      const id = await keepSent(request, reply);
      if (id === undefined || request.sent === undefined)
        throw new YitongError('bad_request', 'the form does not say where it stands');
      return reply
        .header('cache-control', 'no-store')
        .redirect(pageOf(request.sent.place, id, sessionOf(request)), 303);
    },
  );
}

/** The end of a session. */
function signOutRoutes(app: FastifyInstance, { workspace, people }: Desk): void {
  app.post('/sign-out', { schema: { hide: true } }, async (request, reply) => {
    const session = await people.sessions.end(request.cookies[SESSION_COOKIE] ?? '');
    if (session !== undefined) await people.record.signedIn(session.person, 'signed_out');
    return reply
      .clearCookie(SESSION_COOKIE, COOKIE)
      .clearCookie(KEPT_COOKIE, COOKIE)
      .header('cache-control', 'no-store')
      .redirect('/signed-out', 303);
  });

  app.get('/signed-out', { schema: { hide: true } }, async (request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(signedOut({ language: request.language, workspace })),
  );
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const desk = await openDesk(app, context);
    homeRoute(app, desk);
    signInRoutes(app, desk);
    keptRoutes(app, desk);
    signOutRoutes(app, desk);
  },
};
export default service;
