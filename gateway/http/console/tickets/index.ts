/**
 * /console/tickets: objections and repairs for whoever is a party of them: the company's own, the credit centre's desk,
 * a provider's desk. What each may do comes from the lifecycles that the workspace declares. Each look and each act is
 * on record first.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorWords } from '../../../../contracts/error-words.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { SubjectKey } from '../../../../contracts/ids.js';
import type { Localised } from '../../../../contracts/types.js';
import { parseSubject } from '../../../answer/question/request.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { namesOfCompanies } from '../../../documents/names/lookup.js';
import { type Person, ROLES, type Role } from '../../../ground/identity/person.js';
import type { Language } from '../../../ground/language/language.js';
import { isUse, type RecordRef, useOf } from '../../../procedures/lifecycles/effects.js';
import type { Actor } from '../../../procedures/lifecycles/parties.js';
import { concerned, recordReader, type ShownRecord } from '../../../procedures/lifecycles/records.js';
import type { OpenedTicket, SeenTicket, TicketAct } from '../../../procedures/lifecycles/tickets.js';
import { COMPLAINT_ROLE, useWords } from '../../people/complaints.js';
import { byUrgency, MOST_ITEMS, type Room, type WaitingItem } from '../../people/rooms.js';
import { hideSubject, type Session, shownSubject, spokenFor } from '../../people/sessions.js';
import { inField } from '../../plugins/forms.js';
import { watchTickets } from '../../plugins/metrics.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { choosePage } from '../../ui/choose.js';
import { asUploaded, sendFramed } from '../../ui/frame.js';
import { meant } from '../../ui/meant.js';
import { SHOWS, type Show, ticketsPage } from './list.js';
import { missingPage } from './missing.js';
import { recordsPage } from './records.js';
import { ticketPage, type UsedData } from './ticket.js';

const PATH = '/console/tickets';
const PAGE = 50;
const FIELD = 'field.';

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: { readonly show?: string; readonly page?: string; readonly of?: string };
  readonly Body: Readonly<Record<string, unknown>>;
}

/** What was said in an act's form; a blank is nothing said. */
function fieldsOf(body: Route['Body'], known: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(body)) {
    if (known.includes(name)) continue;
    if (!name.startsWith(FIELD) || typeof value !== 'string')
      throw new YitongError('bad_request', 'the form has a field that it should not have');
    if (value.trim() !== '') fields[name.slice(FIELD.length)] = value.trim();
  }
  return fields;
}
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const actorOf = (person: Person): Actor => ({ kind: 'person', person });

/**
 * Roles of whoever is a party of some lifecycle.
 * @throws YitongError `bad_lifecycle` where a lifecycle names one that nobody can have
 */
function rolesIn(lifecycles: GatewayContext['tickets']['lifecycles']): readonly Role[] {
  const named = new Set(
    [...lifecycles.values()].flatMap(({ parties }) => Object.values(parties).map(({ role }) => role)),
  );
  for (const role of named)
    if (!ROLES.some((one) => one === role))
      throw new YitongError(
        'bad_lifecycle',
        `a lifecycle names the role \`${role}\`, which nobody can have; there are ${ROLES.join(', ')}`,
      );
  return ROLES.filter((role) => named.has(role));
}

/** What the pages of tickets work with. */
function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace, tickets } = context;
  const { record } = app.people;
  const roles = rolesIn(tickets.lifecycles);
  const reader = recordReader(context);
  const datasets = concerned(workspace, tickets);
  /** Of which a company can say that something is missing in them. */
  const lacking = concerned(workspace, tickets, true);
  /** On record under the company's key where the company acts, under the officer's own where an officer does. */
  const recording =
    (request: FastifyRequest, person: Person): TicketAct['record'] =>
    ({ subject, detail, ...deed }) =>
      record.did(person, {
        ...deed,
        detail: { requestId: request.id, ...detail },
        ...(deed.role === 'subject' ? { subject } : {}),
      });

  const nameOf = (id: string): Localised =>
    isUse(id)
      ? useWords(workspace, id)
      : ([...datasets, ...lacking].find((one) => one.id === id)?.name ?? { zh: '已停用的数据集', en: id });
  return { context, workspace, tickets, record, roles, reader, datasets, lacking, recording, nameOf };
}
type Desk = ReturnType<typeof openDesk>;

const recordName = (session: Session, { dataset, subject, recordId }: RecordRef): string =>
  hideSubject(session, JSON.stringify([dataset, subject, recordId]));
async function namedRecord({ reader }: Desk, session: Session, hidden: string): Promise<ShownRecord> {
  const found = shownSubject(session, hidden);
  const [dataset = '', subject = '', recordId = ''] = found === undefined ? [] : (JSON.parse(found) as string[]);
  const shown = found === undefined ? undefined : await reader.one({ dataset, subject, recordId });
  if (shown === undefined) throw new YitongError('not_found', 'the record is not there any more; look it up anew');
  return shown;
}

/** The use that a ticket is about, for whoever may see it. */
function usedIn({ nameOf }: Desk, ticket: OpenedTicket, session: Session): UsedData | undefined {
  const { roles: own, subjects } = session.person;
  const index = ticket.record === undefined ? undefined : useOf(ticket.record);
  if (index === undefined || ticket.record === undefined) return undefined;
  const isOwn = subjects.includes(ticket.record.subject);
  return {
    name: nameOf(ticket.head.dataset),
    index,
    href:
      own.includes('auditor') || own.includes('inspector')
        ? `/console/entries/${String(index)}`
        : isOwn
          ? `/console/history?of=${hideSubject(session, ticket.record.subject)}#entry-${String(index)}`
          : undefined,
  };
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

interface Found {
  readonly subject?: string;
  readonly records?: readonly ShownRecord[];
}
/** Records that somebody can open a ticket on. */
async function sendRecords(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  { subject, records: found = [] }: Found,
): Promise<FastifyReply> {
  const { context, workspace, record, tickets, datasets, lacking } = desk;
  const session = sessionOf(request);
  const { person, csrf } = session;
  const own = datasets.filter(
    ({ authority }) => person.roles.includes('data-officer') && authority === person.authority,
  );
  await record.looked(person, {
    requestId: request.id,
    action: 'ticket_records',
    role: roleOf(request, person),
    results: found.length,
    ...(subject === undefined ? {} : { about: { subject } }),
  });
  const records = await Promise.all(
    found.map(async (shown) => ({
      ...shown,
      hidden: recordName(session, shown.record),
      openings: await tickets.openings(shown.record, actorOf(person)),
      marked: tickets.effects.marks(shown.record).length > 0,
      gone: tickets.effects.hidden(shown.record) !== undefined,
    })),
  );
  const { language } = request;
  return sendFramed(request, reply, {
    title: language === 'zh' ? '选择记录' : 'Choose a record',
    workspace,
    scripts: ['names.js'],
    children: recordsPage({
      byName: (await namesOfCompanies(context)).definition?.roles.has('data-officer') === true,
      language,
      csrf,
      subject,
      datasets: own,
      missing:
        subject === undefined || lacking.length === 0 || !person.subjects.includes(subject)
          ? undefined
          : `${PATH}/missing?of=${hideSubject(session, subject)}`,
      others: person.subjects.map((one) => ({
        subject: one,
        href: `${PATH}/records?of=${hideSubject(session, one)}`,
        here: one === subject,
      })),
      records,
    }),
  });
}

const wholeOf = (subject: string, dataset: string): RecordRef => ({
  dataset,
  subject,
  recordId: '',
  missing: true,
});

const to = (reply: FastifyReply, id: string): FastifyReply =>
  reply.header('cache-control', 'no-store').redirect(`${PATH}/${id}`, 303);

/** Tickets that somebody is a party of. */
function listRoute(app: FastifyInstance, { workspace, tickets, record, roles, nameOf }: Desk): void {
  app.get<Route>(
    PATH,
    {
      schema: { hide: true },
      config: {
        roles,
        nav: {
          title: { zh: '异议与投诉', en: 'Objections' },
          order: 16,
          roles: roles.filter((role) => role !== 'auditor'),
        },
      },
    },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { show = 'todo', page = '0' } = request.query;
      if (!SHOWS.some((one) => one === show) || !/^\d{1,6}$/.test(page))
        throw new YitongError('bad_request', 'there is no such list');
      const all = await tickets.list(actorOf(person));
      const fits: Readonly<Record<Show, (one: SeenTicket) => boolean>> = {
        todo: ({ acts, over }) => !over && acts.length > 0,
        open: ({ over }) => !over,
        closed: ({ over }) => over,
      };
      const chosen = all.filter(fits[show as Show]);
      const from = Number(page) * PAGE;
      const shown = chosen.slice(from, from + PAGE);
      await record.looked(person, {
        requestId: request.id,
        action: 'tickets',
        role: roleOf(request, person),
        detail: { show, ids: shown.map(({ head }) => head.id) },
        results: shown.length,
      });
      const { language } = request;
      return sendFramed(request, reply, {
        title: language === 'zh' ? '异议、修复与投诉' : 'Objections, repair and complaints',
        workspace,
        children: ticketsPage({
          language,
          show: show as Show,
          tickets: shown,
          begin: beginnings(tickets, person, language),
          counts: {
            todo: all.filter(fits.todo).length,
            open: all.filter(fits.open).length,
            closed: all.filter(fits.closed).length,
          },
          over: all.filter(({ due }) => due?.over === true).length,
          dataset: nameOf,
          previous: from === 0 ? undefined : `${PATH}?show=${show}&page=${Number(page) - 1}`,
          next: from + PAGE >= chosen.length ? undefined : `${PATH}?show=${show}&page=${Number(page) + 1}`,
        }),
      });
    },
  );
}

/** What waits here for whoever starts the day. */
const roomOf = ({ tickets, roles, nameOf }: Desk): Room => ({
  id: 'tickets',
  title: { zh: '异议与信用修复', en: 'Objections and repairs' },
  href: PATH,
  roles,
  async waiting(person) {
    const todo = (await tickets.list(actorOf(person))).filter(
      // complaints have a room of their own for auditors
      ({ acts, over, head }) =>
        !over && acts.length > 0 && !(isUse(head.dataset) && person.roles.includes(COMPLAINT_ROLE)),
    );
    const items = todo.map(({ head, lifecycle, due }): WaitingItem => {
      const of = nameOf(head.dataset);
      return {
        id: head.id,
        title: { zh: `${lifecycle.title.zh}：${of.zh}`, en: `${lifecycle.title.en}: ${of.en}` },
        href: `${PATH}/${head.id}`,
        ...(due === undefined ? {} : { due: { at: due.due.overAt, left: due.left, over: due.over } }),
      };
    });
    return { count: items.length, items: items.sort(byUrgency).slice(0, MOST_ITEMS) };
  },
});

/** Records of a company, for itself. */
function recordsRoute(app: FastifyInstance, desk: Desk): void {
  const { roles, reader, datasets } = desk;
  app.get<Route>(`${PATH}/records`, { schema: { hide: true }, config: { roles } }, async (request, reply) => {
    const session = sessionOf(request);
    const { of } = request.query;
    const asked = of === undefined ? session.person.subjects[0] : shownSubject(session, of);
    const subject = session.person.roles.includes('subject')
      ? session.person.subjects.find((one) => one === asked)
      : undefined;
    if (of !== undefined && subject === undefined)
      throw new YitongError('not_found', 'you speak for no such subject; open the page anew');
    return sendRecords(
      desk,
      request,
      reply,
      subject === undefined ? {} : { subject, records: await reader.of(subject, datasets) },
    );
  });
}

/** Registers in which a company can say that something is missing. */
function missingRoute(app: FastifyInstance, { workspace, tickets, record, roles, lacking }: Desk): void {
  app.get<Route>(
    `${PATH}/missing`,
    { schema: { hide: true }, config: { roles: roles.filter((role) => role === 'subject') } },
    async (request, reply) => {
      const session = sessionOf(request);
      const { person, csrf } = session;
      const { of } = request.query;
      const subject =
        of === undefined ? person.subjects[0] : person.subjects.find((one) => one === shownSubject(session, of));
      if (subject === undefined)
        throw new YitongError('not_found', 'you speak for no such subject; open the page anew');
      const fitting = lacking.filter(({ subject: { scheme } }) => subject.startsWith(`${scheme}:`));
      const openable = await Promise.all(
        fitting.map(async (contract) => ({
          contract,
          openings: await tickets.openings(wholeOf(subject, contract.id), actorOf(person)),
        })),
      );
      const offered = openable.filter(({ openings }) => openings.length > 0);
      const openings = new Map(
        offered
          .flatMap((one) => one.openings)
          .flatMap(({ lifecycle, acts }) => acts.map((act) => [`${lifecycle.id} ${act}`, { lifecycle, act }] as const)),
      );
      await record.looked(person, {
        requestId: request.id,
        action: 'ticket_records',
        role: roleOf(request, person),
        results: 0,
        about: { subject },
      });
      const { language } = request;
      return sendFramed(request, reply, {
        title: language === 'zh' ? '信息有遗漏' : 'Something is missing',
        workspace,
        children: missingPage({
          language,
          csrf,
          subject,
          hidden: hideSubject(session, subject),
          openings: [...openings.values()],
          others: person.subjects.map((one) => ({
            subject: one,
            href: `${PATH}/missing?of=${hideSubject(session, one)}`,
            here: one === subject,
          })),
          registers: offered.map(({ contract: { id, name, authority } }) => ({
            id,
            name,
            authority: workspace.authorities.get(authority)?.name ?? { zh: authority, en: authority },
          })),
        }),
      });
    },
  );
}

/** Records of a company, for an officer of the authority that holds them. */
function findRoute(app: FastifyInstance, desk: Desk): void {
  const { context, workspace, roles, reader, datasets } = desk;
  app.post<Route>(
    `${PATH}/find`,
    { schema: { hide: true }, config: { roles: roles.filter((role) => role === 'data-officer') } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const contract = datasets.find(
        ({ id, authority }) => id === request.body['dataset'] && authority === person.authority,
      );
      if (contract === undefined) throw new YitongError('not_found', 'your authority has no such dataset');
      const typed = text(request.body['subject']).trim();
      const { scheme } = contract.subject;
      const parse = (one: string): SubjectKey =>
        parseSubject(one.includes(':') ? one : `${scheme}:${one}`, workspace.schemes);
      const names = await namesOfCompanies(context);
      const whom =
        names.definition?.contract.subject.scheme === scheme
          ? await meant(typed, parse, names, request, 'data-officer').catch((error: unknown) =>
              inField('subject', errorWords, () => {
                throw error;
              }),
            )
          : { kind: 'key' as const, subject: inField('subject', errorWords, () => parse(typed)) };
      if (whom.kind === 'name') {
        const { language } = request;
        return sendFramed(request, reply, {
          title: language === 'zh' ? '选择企业' : 'Which company?',
          workspace,
          scripts: ['names.js'],
          children: choosePage({
            language,
            text: typed,
            found: whom.found,
            action: `${PATH}/find`,
            fields: [
              ['csrf', sessionOf(request).csrf],
              ['dataset', contract.id],
            ],
            name: 'subject',
            valueOf: (choice) => choice.subject,
            back: `${PATH}/records`,
          }),
        });
      }
      const { subject } = whom;
      return sendRecords(desk, request, reply, { subject, records: await reader.of(subject, [contract]) });
    },
  );
}

/** Opens a ticket on a record, or on what is missing. */
function openRoute(app: FastifyInstance, desk: Desk): void {
  const { tickets, roles, lacking, recording } = desk;
  app.post<Route>(PATH, { schema: { hide: true }, config: { roles, files: true } }, async (request, reply) => {
    const session = sessionOf(request);
    const { body } = request;
    // what is missing has no record to name: a register and who it is about stand in its place
    const register = lacking.find(({ id }) => id === body['register']);
    const about =
      register === undefined
        ? (await namedRecord(desk, session, text(body['record']))).record
        : wholeOf(spokenFor(session, text(body['of'])), register.id);
    const opened = await tickets.open(text(body['lifecycle']), about, {
      actor: actorOf(session.person),
      act: text(body['act']),
      fields: fieldsOf(body, ['csrf', 'act', 'lifecycle', 'record', 'register', 'of', 'files']),
      files: request.sentFiles,
      record: recording(request, session.person),
    });
    return to(reply, opened.head.id);
  });
}

/** One ticket. */
function ticketRoute(app: FastifyInstance, desk: Desk): void {
  const { workspace, tickets, record, roles, reader } = desk;
  app.get<Route>(`${PATH}/:id`, { schema: { hide: true }, config: { roles } }, async (request, reply) => {
    const { person, csrf } = sessionOf(request);
    const ticket = await tickets.get(request.params.id, actorOf(person));
    await record.looked(person, {
      requestId: request.id,
      action: 'ticket',
      role: roleOf(request, person),
      detail: { ticket: ticket.head.id },
      ...(ticket.record === undefined ? {} : { about: { ...ticket.record } }),
    });
    const { language } = request;
    const shown = ticket.record === undefined ? undefined : await reader.one(ticket.record);
    return sendFramed(request, reply, {
      title: ticket.lifecycle.title[language],
      workspace,
      children: ticketPage({
        language,
        csrf,
        ticket,
        record: shown,
        used: usedIn(desk, ticket, sessionOf(request)),
      }),
    });
  });
}

/** A file's name in a header (RFC 5987, section 3.2.1). */
const extendedValue = (name: string): string =>
  encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** A file of a ticket, as it was sent. */
function fileRoute(app: FastifyInstance, { tickets, record, roles }: Desk): void {
  app.get<{ Params: { readonly id: string; readonly file: string } }>(
    `${PATH}/:id/files/:file`,
    { schema: { hide: true }, config: { roles, offers: ['application/pdf', 'image/jpeg', 'image/png'] } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { id, file } = request.params;
      const { name, type, bytes, size } = await tickets.file(id, file, actorOf(person));
      await record.looked(person, {
        requestId: request.id,
        action: 'ticket_file',
        role: roleOf(request, person),
        detail: { ticket: id, file },
        results: 1,
        about: { name },
      });
      const further = `; filename*=UTF-8''${extendedValue(name)}`;
      return asUploaded(reply, type, `evidence${name.slice(name.lastIndexOf('.'))}`, further)
        .header('content-length', size)
        .send(bytes);
    },
  );
}

/** Takes the next step of a ticket. */
function actRoute(app: FastifyInstance, { tickets, roles, recording }: Desk): void {
  app.post<Route>(`${PATH}/:id`, { schema: { hide: true }, config: { roles, files: true } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const done = await tickets.act(request.params.id, {
      actor: actorOf(person),
      act: text(request.body['act']),
      fields: fieldsOf(request.body, ['csrf', 'act', 'files']),
      files: request.sentFiles,
      record: recording(request, person),
    });
    return to(reply, done.head.id);
  });
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const { tickets } = context;
    if (tickets.lifecycles.size === 0) return;
    watchTickets(tickets);
    const desk = openDesk(app, context);
    app.people.rooms.push(roomOf(desk));
    listRoute(app, desk);
    recordsRoute(app, desk);
    missingRoute(app, desk);
    findRoute(app, desk);
    openRoute(app, desk);
    ticketRoute(app, desk);
    fileRoute(app, desk);
    actRoute(app, desk);
  },
};
export default service;
