/**
 * The people's port: strict headers, forms, and who is signed in. A page declares the roles that may see it; a form is
 * taken only from our own pages (its session's token, and where it comes from).
 */
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/types.js';
import type { GatewayContext } from '../../documents/context.js';
import type { Person, Role } from '../../ground/identity/person.js';
import { sameText } from '../../ground/identity/same-text.js';
import { type Language, languageOf } from '../../ground/language/language.js';
import { type Recorder, recorder } from '../../log/entries/recorder.js';
import { openSearch, type SearchIndex } from '../../log/search/index.js';
import { type KeptForms, openKeptForms } from '../people/kept.js';
import { keptFile, keptIn } from '../people/kept-map.js';
import type { Room } from '../people/rooms.js';
import { openSessions, type Session, type Sessions, sessionFile, sessionsIn } from '../people/sessions.js';
import { openSignIn, type SignIn } from '../people/signin.js';
import { compressPages } from './compress.js';
import { filesPlugin } from './files.js';
import { findKept, isPage, keepSent, pageOf, takeCarried } from './forms.js';
import { peopleLimitsPlugin } from './limits.js';

/** An entry of the console's navigation, declared by the route that it leads to. */
interface NavEntry {
  readonly title: Localised;
  /** Smaller comes first. */
  readonly order: number;
  /** Who sees it there; default: whoever may call the route. */
  readonly roles?: readonly Role[];
}

export interface People {
  /** Pages that stand in the navigation, with the roles that see them. */
  readonly nav: readonly (NavEntry & { readonly path: string; readonly roles: readonly Role[] })[];
  /** Where work waits; a service that has a tray adds its own. */
  readonly rooms: Room[];
  readonly sessions: Sessions;
  /** Forms that could not be taken. */
  readonly kept: KeptForms;
  /** Undefined where no identity provider is configured. */
  readonly signIn: SignIn | undefined;
  readonly record: Recorder;
  /** Opened with the first question. */
  search(): SearchIndex;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** On the people's port only. */
    people: People;
  }
  interface FastifyContextConfig {
    /** Who may call a route of the people's port; absent: everybody. */
    roles?: readonly Role[];
    nav?: NavEntry;
    /** What its page is made of; default: as the page above it (`ui/made.tsx`). */
    source?: Localised;
    /** Fields of the route's form or address that may come several times; `any`: each of them. */
    lists?: readonly string[] | 'any';
  }
  interface FastifyRequest {
    /** Of whoever is signed in. */
    session: Session | undefined;
    /** On the people's port: as chosen before, else as the browser asks. */
    language: Language;
  }
}

/** Bound to this host, to TLS and to the whole port by its name alone (RFC 6265bis, section 4.1.3). */
export const SESSION_COOKIE = '__Host-yitong';

const LANGUAGE_COOKIE = 'yitong-lang';
const YEAR = 31_536_000;
const MINUTE = 60_000;

/** Strict headers for each answer, and bodies that are forms. */
async function headersAndForms(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        // the identity provider sends the browser on after a form of its own: only ours may be sent, but they may end
        // there
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    // with `no-referrer` a browser sends our own forms with `Origin: null`, by which they cannot be told from foreign
    // ones (Fetch, section 3.2)
    referrerPolicy: { policy: 'same-origin' },
  });
  app.addHook('onRequest', (_request, reply, done) => {
    // a page that needs more says so itself
    void reply.header('permissions-policy', 'camera=(), microphone=(), geolocation=()');
    done();
  });
  await app.register(cookie);
  await app.register(formbody, { bodyLimit: 65_536 });
  await filesPlugin(app);
}

/** Whoever asks may call the route, and a form comes from a page of theirs. */
function guardRoutes(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { roles } = request.routeOptions.config;
    if (roles !== undefined) {
      if (request.session === undefined) {
        // what was written is read first
        if (request.method === 'POST' && isPage(request)) return done();
        return void toSignIn(request, reply);
      }
      if (!roles.some((role) => request.session?.person.roles.includes(role) === true))
        return done(new YitongError('role_missing', 'this page is for other roles than yours'));
    }
    checkQuery(request, takesSeveral(request));
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') request.body = formOf(request);
    done();
  });
  app.addHook('preHandler', async (request, reply) => {
    const { session, method } = request;
    if (method === 'GET' || method === 'HEAD') return;
    const ours = isFromHere(request) && (session === undefined || hasToken(request, session));
    takeCarried(request);
    if (session === undefined && request.routeOptions.config.roles !== undefined) {
      const id = isFromHere(request) ? await keepSent(request, reply, 'sign_in_required') : undefined;
      if (id === undefined) throw new YitongError('sign_in_required', 'sign in first');
      await app.refused(request, 'sign_in_required');
      return reply
        .header('cache-control', 'no-store')
        .redirect(`/sign-in?to=${encodeURIComponent(`/console/kept/${id}`)}`, 303);
    }
    if (session === undefined || ours) return;
    // of a page that another session of the same person had
    const id = isFromHere(request) && isPage(request) ? await keepSent(request, reply, 'form_foreign') : undefined;
    if (id === undefined || request.sent === undefined)
      throw new YitongError('form_foreign', 'the form did not come from a page of this session; load the page again');
    await app.refused(request, 'form_foreign');
    return reply.header('cache-control', 'no-store').redirect(pageOf(request.sent.place, id, session), 303);
  });
}

export async function peoplePlugin(app: FastifyInstance, context: GatewayContext): Promise<void> {
  const { settings, dataDir, state, now, journal, provider } = context;
  const { idleMinutes, maxHours } = settings.people;
  const sessions = openSessions({
    map: state === undefined ? sessionFile(dataDir) : sessionsIn(state),
    now,
    idleMs: idleMinutes * MINUTE,
    maxMs: maxHours * 60 * MINUTE,
  });
  app.addHook('onClose', () => sessions.close());
  const kept = openKeptForms(state === undefined ? keptFile(dataDir, now) : keptIn(state), now);
  app.addHook('onClose', () => kept.close());
  const nav: People['nav'][number][] = [];
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config?.nav === undefined || [method].flat().includes('HEAD')) return;
    nav.push({ ...config.nav, path: url, roles: config.nav.roles ?? config.roles ?? [] });
    nav.sort((a, b) => a.order - b.order);
  });
  let index: SearchIndex | undefined;
  app.addHook('onClose', async () => index?.close());
  const search = (): SearchIndex => {
    // an empty page would say that nothing is on record
    if (!settings.audit.sequencer)
      throw new YitongError('log_elsewhere', 'this replica does not keep the log; open this page at the one that does');
    return (index ??= openSearch(dataDir));
  };
  app.decorate('people', {
    nav,
    rooms: [],
    search,
    sessions,
    kept,
    signIn: provider === undefined ? undefined : openSignIn(provider, sessions),
    record: recorder(journal, now),
  });
  app.decorateRequest('session', undefined);
  app.decorateRequest('language', 'zh');

  await headersAndForms(app);

  app.addHook('onRequest', async (request, reply) => {
    const chosen = (request.query as { readonly lang?: unknown }).lang;
    request.language = languageOf(chosen ?? request.cookies[LANGUAGE_COOKIE], request.headers['accept-language']);
    if (chosen === 'zh' || chosen === 'en')
      void reply.setCookie(LANGUAGE_COOKIE, chosen, {
        path: '/',
        secure: true,
        httpOnly: true,
        sameSite: 'lax',
        maxAge: YEAR,
      });
    const token = request.cookies[SESSION_COOKIE];
    request.session = token === undefined ? undefined : await sessions.find(token);
    if (request.session !== undefined) await kept.ready();
    // what was written is kept where it can be; whoever is not signed in is told what is the matter otherwise
    else if (request.method === 'POST') await kept.ready().catch(() => undefined);
  });
  await peopleLimitsPlugin(app, context);
  guardRoutes(app);
  findKept(app);
  compressPages(app);
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Whether the route takes a field of that name several times. */
const takesSeveral = ({ routeOptions }: FastifyRequest): ((name: string) => boolean) => {
  const { lists = [] } = routeOptions.config;
  return (name) => lists === 'any' || lists.includes(name);
};

/**
 * Handlers read texts: what an address says it says once, unless the route takes it several times.
 * @throws YitongError `bad_request`
 */
function checkQuery({ query }: FastifyRequest, several: (name: string) => boolean): void {
  for (const [name, value] of Object.entries(query as Readonly<Record<string, unknown>>))
    if (!isText(value) && !(several(name) && Array.isArray(value) && value.every(isText)))
      throw new YitongError('bad_request', 'a parameter of the address comes once');
}

/**
 * A form, whatever was sent: fields with a text each, and those that the route names as `lists` with one or several.
 * None is an empty one.
 * @throws YitongError `bad_request`
 */
function formOf(request: FastifyRequest): Readonly<Record<string, string | readonly string[]>> {
  const { body } = request;
  if (body === undefined || body === null) return {};
  const several = takesSeveral(request);
  if (typeof body !== 'object' || Array.isArray(body)) throw new YitongError('bad_request', 'the body is not a form');
  for (const [name, value] of Object.entries(body)) {
    if (!isText(value) && !(several(name) && Array.isArray(value) && value.every(isText)))
      throw new YitongError('bad_request', 'a field of the form is a text, and comes once');
  }
  return body as Readonly<Record<string, string | readonly string[]>>;
}

/** A page is asked for again after signing in; anything else is told why it is refused. */
function toSignIn(request: FastifyRequest, reply: FastifyReply): void {
  const page = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
  if (!page) throw new YitongError('sign_in_required', 'sign in first');
  void reply.header('cache-control', 'no-store').redirect(`/sign-in?to=${encodeURIComponent(request.url)}`, 303);
}

/** Where browsers say it, the origin. */
function isFromHere(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin } = request.headers;
  return origin === undefined || origin === `https://${request.headers.host ?? ''}`;
}

/** The token in the form or header. */
function hasToken(request: FastifyRequest, session: Session): boolean {
  const form = request.body as { readonly csrf?: unknown } | undefined;
  const given = request.headers['x-csrf'] ?? form?.csrf;
  return typeof given === 'string' && sameText(given, session.csrf);
}

/** Whoever is signed in; on a route with roles there is somebody. */
export function sessionOf(request: FastifyRequest): Session {
  if (request.session === undefined) throw new YitongError('sign_in_required', 'sign in first');
  return request.session;
}

/** The role of the route in which a person acts: the first that both have. */
export function roleOf(request: FastifyRequest, person: Person): Role {
  const role = request.routeOptions.config.roles?.find((one) => person.roles.includes(one));
  if (role === undefined) throw new YitongError('role_missing', 'this page is for other roles than yours');
  return role;
}
