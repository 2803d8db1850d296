/** Tickets that somebody is a party of: their page, and the same as a file. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { Person } from '../../../ground/identity/person.js';
import type { Language } from '../../../ground/language/language.js';
import type { SeenTicket } from '../../../procedures/lifecycles/tickets.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import { actorOf, type Desk, PATH } from './desk.js';
import { SHOWS, type Show, ticketListing, ticketsPage } from './list.js';

interface Route {
  readonly Querystring: { readonly show?: string };
}

/** What a person may open tickets with: titles of acts. */
const beginnings = (tickets: Desk['tickets'], { roles: own }: Person, language: Language): readonly string[] => [
  ...new Set(
    [...tickets.lifecycles.values()]
      .filter(({ about }) => about.uses !== true)
      .flatMap(({ acts, parties }) =>
        Object.values(acts).flatMap(({ title, from, by }) =>
          from.length === 0 && by.some((party) => own.some((role) => role === parties[party]?.role))
            ? [title[language]]
            : [],
        ),
      ),
  ),
];

const FITS: Readonly<Record<Show, (one: SeenTicket) => boolean>> = {
  todo: ({ acts, over }) => !over && acts.length > 0,
  open: ({ over }) => !over,
  closed: ({ over }) => over,
};

const isSubject = ({ roles }: Person): boolean => roles.includes('subject');

/** Tickets that somebody is a party of, as they look at them, once that is on record. */
async function foundTickets(
  { context, tickets, record, nameOf }: Desk,
  request: FastifyRequest<Route>,
  isExport: boolean,
) {
  const { person } = sessionOf(request);
  const all = await tickets.list(actorOf(person));
  // to a company little comes back: it looks for what is under way
  const first = !isSubject(person) || all.some(FITS.todo) ? 'todo' : 'open';
  const { show: asked = first } = request.query;
  const show = SHOWS.find((one) => one === asked);
  if (show === undefined) throw new YitongError('bad_request', 'there is no such list');
  const listing = ticketListing(request.language, nameOf);
  const found = await listed(request, context, listing, all.filter(FITS[show]), {
    show: show === first ? undefined : show,
  });
  await record.looked(person, {
    requestId: request.id,
    action: 'tickets',
    role: roleOf(request, person),
    detail: isExport ? { show, export: true } : { show, ids: found.shown.map(({ head }) => head.id) },
    results: isExport ? found.rows.length : found.shown.length,
  });
  return { show, all, found };
}

/** As a page and as a file. */
export function listRoute(app: FastifyInstance, desk: Desk): void {
  const { workspace, tickets, roles } = desk;
  app.get<Route>(
    PATH,
    {
      schema: { hide: true },
      config: {
        roles,
        lists: ['cols'],
        nav: {
          title: { zh: '异议与投诉', en: 'Objections' },
          order: 16,
          roles: roles.filter((role) => role !== 'auditor'),
        },
      },
    },
    async (request, reply) => {
      const { show, all, found } = await foundTickets(desk, request, false);
      const { language } = request;
      return sendFramed(request, reply, {
        title: language === 'zh' ? '异议、修复与投诉' : 'Objections, repair and complaints',
        workspace,
        children: ticketsPage({
          language,
          show,
          tickets: found,
          isSubject: isSubject(sessionOf(request).person),
          begin: beginnings(tickets, sessionOf(request).person, language),
          counts: {
            todo: all.filter(FITS.todo).length,
            open: all.filter(FITS.open).length,
            closed: all.filter(FITS.closed).length,
          },
          over: all.filter(({ due }) => due?.over === true).length,
        }),
      });
    },
  );
  app.get<Route>(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, (await foundTickets(desk, request, true)).found),
  );
}
