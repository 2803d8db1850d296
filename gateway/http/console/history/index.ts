/**
 * /console/history: who looked at a subject, when and why, for whoever speaks for it; and the complaint about one of
 * those looks.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { reportsOf } from '../../../documents/reports/index.js';
import { namesOf } from '../../../documents/words/names.js';
import { complaintsFor } from '../../../procedures/lifecycles/complaints.js';
import { useRef } from '../../../procedures/lifecycles/effects.js';
import { COMPLAINTS, type Complaint, complaintDeed, complaintOf, MAX_COMPLAINT } from '../../people/complaints.js';
import { hideSubject, spokenFor } from '../../people/sessions.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { addressWith, type Chosen, choicesIn, chosenIn, periodOf } from '../../ui/filters.js';
import { sendCsv, sendFramed } from '../../ui/frame.js';
import { historyView } from './history.js';
import { fits, historyFilters } from './narrowing.js';
import { noticeGrants } from './notice.js';
import { type HistoryEntry, historyEntry, historyPage, type Reading } from './reading.js';
import { historyCsv } from './table.js';

const PATH = '/console/history';
const ROLES = ['subject'] as const;
const PAGE = 30;
/** Looks of one file; the rest of a longer history goes out by its days. */
const MOST_OUT = 5000;

interface Route {
  readonly Querystring: { readonly of?: string; readonly after?: string };
  readonly Body: { readonly of?: string; readonly entry?: string; readonly text?: string };
}

/** What the page of a history works with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace } = context;
  const reports = await reportsOf(context);
  app.addHook('onClose', () => reports.close());
  const { record } = app.people;
  const search = () => app.people.search();
  const reading = (): Reading => ({
    search: search(),
    grants: noticeGrants(context.inForce().policies.grants),
    now: context.now(),
  });

  return { context, workspace, reports, record, search, reading };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

/** The number of an entry, as an address or a form gives it. */
const indexOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new YitongError('bad_request', 'the number of an entry is not a number');
  return Number(text);
};

/** Complaints of a subject, by the entries that they are about. */
async function complaintsOf({ search }: Desk, subject: string): Promise<Map<number, Complaint[]>> {
  const found = new Map<number, Complaint[]>();
  for await (const entry of search().entries({ ...COMPLAINTS, subject }, { open: true, oldestFirst: true })) {
    const complaint = complaintOf(entry);
    if (complaint !== undefined) found.set(complaint.about, [...(found.get(complaint.about) ?? []), complaint]);
  }
  return found;
}

interface Shown {
  readonly after?: number | undefined;
  readonly chosen?: Chosen;
  /** A complaint that was recorded just now; the index learns of it a moment later. */
  readonly made?: Partial<Complaint> & { readonly receipt: string; readonly ticket?: string };
}
/** The page, after what was done. */
async function show(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  subject: string,
  { after, chosen = {}, made }: Shown,
): Promise<FastifyReply> {
  const { context, workspace, reports, record, reading } = desk;
  const session = sessionOf(request);
  const { person } = session;
  const page = await historyPage(subject, after, PAGE, reading(), narrowing(chosen));
  const names = namesOf(context, request.language, reports.definitions);
  const filters = historyFilters(request.language, { subject, context, names, entries: page.entries });
  await record.looked(person, {
    requestId: request.id,
    action: 'history',
    role: 'subject',
    detail: choicesIn(filters, chosen),
    results: page.entries.length,
    about: { subject },
  });
  const complaints = await complaintsOf(desk, subject);
  if (made?.about !== undefined) {
    const { about, entry = -1, at = '', text = '' } = made;
    const known = complaints.get(about) ?? [];
    if (!known.some((one) => one.text === text && one.at >= at))
      complaints.set(about, [...known, { about, entry, at, text }]);
  }
  const handled = new Map(
    (await complaintsFor(context.tickets, person))
      .filter((one) => one.subject === subject)
      .map((one) => [one.about ?? -1, one]),
  );
  const hidden = hideSubject(session, subject);
  const address = (from?: number, path = PATH): string =>
    addressWith(path, chosen, { of: hidden, after: from === undefined ? undefined : String(from) });
  return sendFramed(request, reply, {
    title: request.language === 'zh' ? '数据使用记录' : 'History',
    workspace,
    children: historyView({
      language: request.language,
      subject,
      hidden,
      complaints,
      handled,
      entries: page.entries,
      max: MAX_COMPLAINT,
      others:
        person.subjects.length < 2
          ? []
          : person.subjects.map((one) => ({
              subject: one,
              href: `${PATH}?of=${hideSubject(session, one)}`,
              here: one === subject,
            })),
      filters,
      chosen,
      first: after === undefined ? undefined : address(),
      next: page.next === undefined ? undefined : address(page.next),
      csv: address(undefined, `${PATH}.csv`),
      names,
      definitions: reports.definitions,
      elsewhere: Object.keys(context.settings.audit.replicas).length,
      ...(made === undefined ? {} : { receipt: made.receipt }),
      ...present({ ticket: made?.ticket }),
    }),
  });
}

/** What became of a subject's data. */
function historyRoute(app: FastifyInstance, desk: Desk): void {
  app.get<Route>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: ROLES, nav: { title: { zh: '数据使用记录', en: 'History' }, order: 14 } },
    },
    async (request, reply) => {
      return show(desk, request, reply, spokenFor(sessionOf(request), request.query.of), {
        after: indexOf(request.query.after),
        chosen: chosenIn(request.query, historyFilters(request.language)),
      });
    },
  );
}

const narrowing = (chosen: Chosen) => ({
  period: periodOf(chosen),
  fits: (entry: HistoryEntry): boolean => fits(entry, chosen),
});

/** The same as a file, as far as it is narrowed. */
function fileRoute(app: FastifyInstance, { context, reports, record, reading }: Desk): void {
  app.get<Route>(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: ROLES, offers: ['text/csv'] } },
    async (request, reply) => {
      const session = sessionOf(request);
      const subject = spokenFor(session, request.query.of);
      const { language } = request;
      const chosen = chosenIn(request.query, historyFilters(language));
      const names = namesOf(context, language, reports.definitions);
      const entries: HistoryEntry[] = [];
      let after: number | undefined;
      do {
        const page = await historyPage(subject, after, MOST_OUT - entries.length, reading(), narrowing(chosen));
        entries.push(...page.entries);
        after = page.next;
      } while (after !== undefined && entries.length < MOST_OUT);
      await record.looked(session.person, {
        requestId: request.id,
        action: 'history',
        role: 'subject',
        detail: { ...choicesIn(historyFilters(language, { subject, context, names, entries }), chosen), export: true },
        results: entries.length,
        about: { subject },
      });
      return sendCsv(reply, 'history', historyCsv(entries, names, language));
    },
  );
}

/** A complaint about one use. */
function complaintRoute(app: FastifyInstance, desk: Desk): void {
  const { context, record, search, reading } = desk;
  app.post<Route>(PATH, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const session = sessionOf(request);
    const { person } = session;
    const { of, entry, text: given = '' } = request.body;
    const subject = spokenFor(session, of);
    const text = given.trim();
    if (text.length < 4 || text.length > MAX_COMPLAINT)
      throw formFault({
        text: {
          zh: `请用 4 至 ${MAX_COMPLAINT} 字说明投诉理由。`,
          en: `Say what you complain of in 4 to ${MAX_COMPLAINT} characters.`,
        },
      });
    const about = indexOf(entry) ?? -1;
    // an entry about somebody else, and one that the subject may not read, do not exist for them
    const {
      entries: [found],
    } = await search().page({ subject }, { limit: 1, after: about + 1 });
    if (found?.index !== about || (await historyEntry(found, reading())) === undefined)
      throw new YitongError('not_found', 'your history has no such entry');
    const at = new Date(context.now()).toISOString();
    const use = useRef(found.body.authority ?? '', subject, about);
    const actor = { kind: 'person', person } as const;
    const uses = [...context.tickets.lifecycles.values()].some(({ about: { uses } }) => uses === true);
    const [opening] = await context.tickets.openings(use, actor);
    if (opening?.acts[0] === undefined) {
      if (uses)
        throw new YitongError('act_refused', 'your complaint about this is being handled', {
          faults: {
            text: {
              zh: '对此次使用的投诉正在办理中，请等待答复。',
              en: 'Your complaint about this is being handled; wait for its answer.',
            },
          },
        });
      const receipt = await record.did(person, complaintDeed(about, subject, text));
      return show(desk, request, reply, subject, { made: { about, entry: -1, at, text, receipt: receipt.id } });
    }
    const [field = ''] = opening.lifecycle.acts[opening.acts[0]]?.requires ?? [];
    const ticket = await context.tickets.open(opening.lifecycle.id, use, {
      actor,
      act: opening.acts[0],
      fields: { [field]: text },
      record: ({ detail, subject: of, ...deed }) =>
        record.did(person, { ...deed, subject: of, detail: { requestId: request.id, ...detail } }),
    });
    return show(desk, request, reply, subject, {
      made: { receipt: ticket.events[0]?.entry ?? '', ticket: ticket.head.id },
    });
  });
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const desk = await openDesk(app, context);
    historyRoute(app, desk);
    fileRoute(app, desk);
    complaintRoute(app, desk);
  },
};
export default service;
