/**
 * /console/tickets: objections and repairs for whoever is a party of them: the company's own, the credit centre's desk,
 * a provider's desk. What each may do comes from the lifecycles that the workspace declares. Each look and each act is
 * on record first.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorWords } from '../../../../contracts/error-words.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { SubjectKey } from '../../../../contracts/ids.js';
import { parseSubject } from '../../../answer/question/request.js';
import type { Service } from '../../../documents/context.js';
import { namesOfCompanies } from '../../../documents/names/lookup.js';
import { isUse, type RecordRef, useOf } from '../../../procedures/lifecycles/effects.js';
import type { ShownRecord } from '../../../procedures/lifecycles/records.js';
import type { OpenedTicket } from '../../../procedures/lifecycles/tickets.js';
import { COMPLAINT_ROLE } from '../../people/complaints.js';
import { byUrgency, MOST_ITEMS, type Room, type WaitingItem } from '../../people/rooms.js';
import { hideSubject, type Session, shownSubject, spokenFor } from '../../people/sessions.js';
import { inField } from '../../plugins/forms.js';
import { watchTickets } from '../../plugins/metrics.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { choosePage } from '../../ui/choose.js';
import { type Chosen, chosenIn, type Filter } from '../../ui/filters.js';
import { asUploaded, sendFramed } from '../../ui/frame.js';
import { meant } from '../../ui/meant.js';
import { actorOf, type Desk, openDesk, PATH } from './desk.js';
import { listRoute } from './list-routes.js';
import { missingPage } from './missing.js';
import { recordsPage } from './records.js';
import { ticketPage, type UsedData } from './ticket.js';

const FIELD = 'field.';

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: { readonly of?: string };
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

interface Found {
  readonly subject?: string;
  readonly records?: readonly ShownRecord[];
  /** Whether they are of whoever looks. */
  readonly own?: boolean;
}

const ANY: Chosen = {};

/** Registers in which somebody's own records stand; of one there is nothing to choose. */
function recordFilters(records: readonly ShownRecord[], language: 'zh' | 'en'): readonly Filter[] {
  const found = new Map(records.map(({ record: { dataset }, name }) => [dataset, name[language]] as const));
  if (found.size < 2) return [];
  return [
    {
      kind: 'choice',
      id: 'dataset',
      title: { zh: '数据集', en: 'Dataset' },
      options: [...found].map(([value, title]) => ({ value, title })),
    },
  ];
}

/** Records that somebody can open a ticket on. */
async function sendRecords(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  { subject, records: all = [], own: isOwn = false }: Found,
): Promise<FastifyReply> {
  const { context, workspace, record, tickets, datasets, lacking } = desk;
  const session = sessionOf(request);
  const { person, csrf } = session;
  const filters = isOwn ? recordFilters(all, request.language) : [];
  const chosen = isOwn ? chosenIn(request.query, filters) : ANY;
  const found = all.filter(({ record: { dataset } }) => (chosen['dataset'] ?? dataset) === dataset);
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
      filters,
      chosen,
      of: subject === undefined ? undefined : hideSubject(session, subject),
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
      subject === undefined ? {} : { subject, records: await reader.of(subject, datasets), own: true },
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
