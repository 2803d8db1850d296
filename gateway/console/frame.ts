/** The frame of a page of the console for this request: who is signed in, in which language, what else there is to see. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ComponentChildren } from 'preact';
import { roleNames } from '../people/person.js';
import { sessionOf } from '../plugins/people.js';
import { page, type FrameProps } from './page.js';

export interface Framed {
  readonly title: string;
  readonly workspace: FrameProps['workspace'];
  readonly scripts?: readonly string[];
  readonly children: ComponentChildren;
}

/** A page of the console, whole. */
export function framed(request: FastifyRequest, content: Framed): string {
  const { language } = request;
  const { person, csrf } = sessionOf(request);
  const path = request.routeOptions.url ?? '';
  const nav = request.server.people.nav
    .filter(({ roles }) => roles.some((role) => person.roles.includes(role)))
    // a page below an entry belongs to it
    .map((entry) => ({ path: entry.path, title: entry.title[language], here: path === entry.path || path.startsWith(`${entry.path}/`) }));
  const roles = person.roles.map((role) => roleNames[role][language]).join(language === 'zh' ? '、' : ', ');
  return page({ ...content, language, session: { name: person.name, roles, csrf, nav } });
}

/** Sends a page of the console; never kept by a cache. */
export const sendFramed = (request: FastifyRequest, reply: FastifyReply, content: Framed): FastifyReply =>
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(framed(request, content));
