/**
 * A form that cannot be taken is not lost. Whatever is wrong with it, its page comes again with what was written, and
 * says beside the field what it is; also where the session was over meanwhile, then after its person has signed in
 * anew. Each form says where it stands, sealed by this installation, and for whom.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../../contracts/errors.js';
import { type FormFaults, isYitongError, YitongError } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/localised.js';
import { present } from '../../../contracts/present.js';
import { addressOf, type FormFields, type FormPlace, type KeptForm } from '../people/kept.js';
import { KEPT_FOR } from '../people/kept-map.js';
import type { Session } from '../people/sessions.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** On the people's port, of a page to which a form came back. */
    kept: KeptForm | undefined;
    /** Where the form stands that was sent, as its page sealed it. */
    sentFrom: string | undefined;
    /** The form that was sent: its place, its name on the page, and what was written. */
    sent: { readonly place: FormPlace; readonly form: string; readonly fields: FormFields } | undefined;
  }
}

export const KEPT_COOKIE = '__Host-yitong-kept';
const COOKIE = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;
/** What forms carry beside their fields. */
const CARRIED: ReadonlySet<string> = new Set(['csrf', 'place', 'form']);

/** Wrong with fields of a form. In English it is the error's detail as well. */
export function formFault(faults: FormFaults, code: ErrorCode = 'bad_request'): YitongError {
  return new YitongError(
    code,
    Object.values(faults)
      .map(({ en }) => en)
      .join(' '),
    { faults },
  );
}

/** What an act says is wrong is wrong with this field. */
export function inField<T>(name: string, words: Localised | ((code: ErrorCode) => Localised), act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isYitongError(error) || error.extra.faults !== undefined) throw error;
    throw new YitongError(error.code, error.message, {
      ...error.extra,
      faults: { [name]: typeof words === 'function' ? words(error.code) : words },
    });
  }
}

export const isPage = (request: FastifyRequest): boolean => request.headers.accept?.includes('text/html') === true;

/** Takes what forms carry beside their fields off the body: handlers read fields alone. */
export function takeCarried(request: FastifyRequest): void {
  const body = request.body as FormFields;
  const { place, form } = body;
  const fields = Object.fromEntries(Object.entries(body).filter(([name]) => !CARRIED.has(name)));
  request.body = fields;
  if (typeof place !== 'string' || typeof form !== 'string' || !/^f-[0-9a-f]{12}$/.test(form)) return;
  const known = request.server.people.kept.openPlace(place);
  if (known === undefined) return;
  request.sentFrom = place;
  // what goes along with a form is in its page, and is not kept
  const along = request.routeOptions.config.along?.field;
  request.sent = {
    place: known,
    form,
    fields: Object.fromEntries(Object.entries(fields).filter(([name]) => name !== along)),
  };
}

/** Faults under the names of the form: what a ticket calls `grounds` is its field `field.grounds`. */
const named = (faults: FormFaults, fields: FormFields): FormFaults =>
  Object.fromEntries(
    Object.entries(faults).map(([name, fault]) => [
      Object.hasOwn(fields, `field.${name}`) ? `field.${name}` : name,
      fault,
    ]),
  );

/**
 * Keeps what was sent.
 * @returns its number; undefined where the form says not where it stands, or belongs to somebody else than who is
 * signed in
 */
export async function keepSent(
  request: FastifyRequest,
  reply: FastifyReply,
  why?: ErrorCode,
  faults?: FormFaults,
): Promise<string | undefined> {
  const { sent, session } = request;
  if (sent === undefined || (session !== undefined && session.person.id !== sent.place.person)) return undefined;
  const { place, form, fields } = sent;
  const again =
    request.sentFiles.length > 0 && faults?.['files'] === undefined
      ? { files: { zh: '请重新选择文件。', en: 'Choose the files again.' } }
      : undefined;
  const kept: KeptForm = {
    form,
    fields,
    ...present({ why }),
    ...(faults === undefined && again === undefined
      ? {}
      : { faults: { ...(faults === undefined ? {} : named(faults, fields)), ...again } }),
  };
  const { token, id } = await request.server.people.kept.keep(request.cookies[KEPT_COOKIE], place, kept);
  void reply.setCookie(KEPT_COOKIE, token, { ...COOKIE, maxAge: KEPT_FOR / 1000 });
  return id;
}

/** The page of a form that was kept, for a session of its person. */
export const pageOf = (
  place: FormPlace,
  id: string,
  session: Session,
  more: Readonly<Record<string, string>> = {},
): string => addressOf(place, session, { ...more, kept: id });

/**
 * Errors after which a form is asked for again; any other is told as it is, and what was written is kept for whoever
 * goes back.
 */
const goesBack = (status: number): boolean => status < 500;

/**
 * Where a browser is sent whose form could not be taken.
 * @returns undefined where it is told on a page of its own
 */
export async function backToForm(
  request: FastifyRequest,
  reply: FastifyReply,
  code: ErrorCode,
  status: number,
  error: unknown,
): Promise<{ readonly to: string; readonly redirect: boolean } | undefined> {
  const { session, sent } = request;
  if (
    request.method !== 'POST' ||
    !isPage(request) ||
    session === undefined ||
    sent === undefined ||
    code === 'role_missing'
  )
    return undefined;
  const faults = isYitongError(error) ? error.extra.faults : undefined;
  // what could not be kept is told on a page of its own
  const id = await keepSent(request, reply, code, faults).catch(() => undefined);
  return id === undefined ? undefined : { to: pageOf(sent.place, id, session), redirect: goesBack(status) };
}

/** A page to which a form came back has it; its number is none of the page's own parameters. */
export function findKept(app: FastifyInstance): void {
  app.decorateRequest('kept', undefined);
  app.decorateRequest('sentFrom', undefined);
  app.decorateRequest('sent', undefined);
  app.addHook('preHandler', async (request) => {
    const query = request.query as Record<string, unknown>;
    const { kept: id } = query;
    if (id === undefined) return;
    delete query['kept'];
    if (request.method === 'GET' && typeof id === 'string' && request.session !== undefined) {
      const found = await request.server.people.kept.find(request.cookies[KEPT_COOKIE], id, request.session.person);
      if (found?.place.path === request.url.split('?')[0]) request.kept = found?.kept;
    }
  });
}
