/**
 * The frame of a page of the console for this request: who is signed in, in which language, what else there is to see.
 */

import { PassThrough } from 'node:stream';
import { setTimeout as later } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ComponentChildren, VNode } from 'preact';
import { errorWords } from '../../../contracts/error-words.js';
import { schemeOf } from '../../../contracts/ids.js';
import type { Localised } from '../../../contracts/types.js';
import { roleNames } from '../../ground/identity/person.js';
import { toldLate } from '../plugins/errors.js';
import { sessionOf } from '../plugins/people.js';
import { sourceOf } from './made.js';
import { type FrameProps, page } from './page.js';

interface Framed {
  readonly title: string;
  readonly workspace: FrameProps['workspace'];
  readonly scripts?: readonly string[];
  readonly refresh?: number;
  readonly carries?: FrameProps['carries'];
  readonly children: ComponentChildren;
}

/** Who speaks for no company but for themselves. */
const NATURAL: Localised = { zh: '个人用户', en: 'person' };

/** A page of the console, whole. @param isMade whether it shows what there is; what went wrong has no source */
export function framed(request: FastifyRequest, content: Framed, isMade = true): string {
  const { language, kept } = request;
  const session = sessionOf(request);
  const { person, csrf } = session;
  const path = request.routeOptions.url ?? '';
  const nav = request.server.people.nav
    .filter(({ roles }) => roles.some((role) => person.roles.includes(role)))
    // a page below an entry belongs to it
    .map((entry) => ({
      path: entry.path,
      title: entry.title[language],
      here: path === entry.path || path.startsWith(`${entry.path}/`),
    }));
  const isCompany = person.subjects.some((subject) => schemeOf(subject) === 'uscc');
  const roles = person.roles
    .map((role) => (role === 'subject' && !isCompany ? NATURAL : roleNames[role])[language])
    .join(language === 'zh' ? '、' : ', ');
  // a form on the answer to another one stands on the page that this one was sent from
  const place =
    request.method === 'GET' ? request.server.people.kept.sealPlace(session, request.url) : request.sentFrom;
  return page({
    ...content,
    language,
    session: { name: person.name, roles, csrf, nav, unread: request.unread },
    kept,
    place,
    source: isMade ? sourceOf(request.routeOptions) : undefined,
    address: request.method === 'GET' ? request.url : undefined,
  });
}

const asPage = (reply: FastifyReply): FastifyReply =>
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');

/** Sends a page of the console; never kept by a cache. */
export const sendFramed = (request: FastifyRequest, reply: FastifyReply, content: Framed): FastifyReply =>
  asPage(reply).send(framed(request, content));

/** Sends a table as a file. @param name of the file, without its ending */
export const sendCsv = (reply: FastifyReply, name: string, body: string): FastifyReply =>
  reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .header('cache-control', 'no-store')
    .send(body);

/**
 * Heads of a file that somebody uploaded: whatever is in it, it is for its reader's disk and no page of ours.
 * @param name of the file, with its ending
 * @param further parameters of its disposition
 */
export const asUploaded = (reply: FastifyReply, type: string, name: string, further = ''): FastifyReply =>
  reply
    .type(type)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('content-disposition', `attachment; filename="${name}"${further}`);

/** Sends a page that everybody sees, signed in or not; the caller may have set status and further headers. */
export const sendOpen = (
  request: FastifyRequest,
  reply: FastifyReply,
  content: Omit<FrameProps, 'language' | 'way' | 'session'>,
): FastifyReply =>
  asPage(reply).send(
    page({
      ...content,
      language: request.language,
      source: sourceOf(request.routeOptions),
      way: request.session === undefined ? 'sign-in' : 'console',
    }),
  );

/** ms after which somebody who waits is shown how far it is. */
const PATIENCE = 400;
const HERE = '\u{e000}';

/**
 * As `sendFramed`, for a page that may take a while: then it comes in parts, first a bar that grows (each part is only
 * shown while it is the last), then what was asked for. Needs no script. A failure by then is said in its place, since
 * the status has left.
 */
export async function sendInSteps(
  request: FastifyRequest,
  reply: FastifyReply,
  content: Omit<Framed, 'children'>,
  run: (progress: (done: number, of: number) => void) => Promise<VNode>,
  patience = PATIENCE,
): Promise<FastifyReply> {
  const zh = request.language === 'zh';
  let stream: PassThrough | undefined;
  const result = run((done, of) => {
    stream?.write(
      `<p class="going" role="status"><label>${zh ? '正在读取各部门记录' : 'Reading the registers'} ${done} / ${of} ` +
        `<progress max="${of}" value="${done}"></progress></label></p>`,
    );
  });
  const waiting = new AbortController();
  const first = await Promise.race([
    result,
    later(patience, undefined, { signal: waiting.signal, ref: false }).catch(() => undefined),
  ]).finally(() => waiting.abort());
  if (first !== undefined) return sendFramed(request, reply, { ...content, children: first });
  const [before = '', after = ''] = framed(request, { ...content, children: HERE }).split(HERE);
  const open = new PassThrough();
  open.write(before);
  stream = open;
  result
    // within its page, from which forms have the token of the session
    .then((children) => framed(request, { ...content, children: [HERE, children, HERE] }).split(HERE)[1] ?? '')
    .catch(async (error: unknown) => {
      request.log.error({ err: error, requestId: request.id }, 'page failed');
      const code = await toldLate(request, error);
      const said = zh ? '未能完成，请重试。' : 'It could not be finished; try again.';
      const label = zh ? '查询编号 ' : `${code} · `;
      return (
        `<p class="notice bad" role="alert" data-error="${code}">${said} ${errorWords(code)[request.language]} ` +
        `<span class="mono">${label}<span class="exact">${request.id}</span></span></p>`
      );
    })
    .then((html) => open.end(`<div>${html}</div>${after}`))
    // neither the page nor what went wrong with it could be told: it ends where it is
    .catch(() => open.destroy());
  return asPage(reply).send(open);
}
