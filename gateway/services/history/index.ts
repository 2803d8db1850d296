/** /console/history: who looked at a subject, when and why, for whoever speaks for it; and the complaint about one of those looks. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { sendFramed } from '../../console/frame.js';
import { namesOf } from '../../console/names.js';
import { historyView } from '../../console/pages/history/history.js';
import type { Service } from '../../context.js';
import { reportsOf } from '../../reports/index.js';
import { complaintDeed, complaintOf, COMPLAINTS, MAX_COMPLAINT, type Complaint } from '../../people/complaints.js';
import { hideSubject, spokenFor } from '../../people/sessions.js';
import { sessionOf } from '../../plugins/people.js';
import { noticeGrants } from './notice.js';
import { historyEntry, historyPage, type Reading } from './reading.js';

const PATH = '/console/history';
const ROLES = ['subject'] as const;
const PAGE = 30;

interface Route {
  readonly Querystring: { readonly of?: string; readonly after?: string };
  readonly Body: { readonly of?: string; readonly entry?: string; readonly text?: string };
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace } = context;
    const reports = await reportsOf(context);
    app.addHook('onClose', () => reports.close());
    const { record } = app.people;
    const reading = (): Reading => ({ search: app.people.search(), grants: noticeGrants(context.inForce().policies.grants), now: context.now() });

    const indexOf = (text: string | undefined): number | undefined => {
      if (text === undefined) return undefined;
      if (!/^\d{1,15}$/.test(text)) throw new YitongError('bad_request', 'the number of an entry is not a number');
      return Number(text);
    };

    async function complaintsOf(subject: string): Promise<Map<number, Complaint[]>> {
      const found = new Map<number, Complaint[]>();
      for await (const entry of app.people.search().entries({ ...COMPLAINTS, subject }, { open: true, oldestFirst: true })) {
        const complaint = complaintOf(entry);
        if (complaint !== undefined) found.set(complaint.about, [...(found.get(complaint.about) ?? []), complaint]);
      }
      return found;
    }

    interface Shown {
      readonly after?: number | undefined;
      /** A complaint that was recorded just now; the index learns of it a moment later. */
      readonly made?: Complaint & { readonly receipt: string };
    }
    async function show(request: FastifyRequest, reply: FastifyReply, subject: string, { after, made }: Shown): Promise<FastifyReply> {
      const session = sessionOf(request);
      const { person } = session;
      const page = await historyPage(subject, after, PAGE, reading());
      await record.looked(person, { requestId: request.id, action: 'history', role: 'subject', results: page.entries.length, about: { subject } });
      const complaints = await complaintsOf(subject);
      if (made !== undefined) {
        const known = complaints.get(made.about) ?? [];
        if (!known.some(({ text, at }) => text === made.text && at >= made.at)) complaints.set(made.about, [...known, made]);
      }
      const hidden = hideSubject(session, subject);
      const address = (from?: number): string => `${PATH}?of=${hidden}${from === undefined ? '' : `&after=${from}`}`;
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? '数据使用记录' : 'History',
        workspace,
        children: historyView({
          language: request.language, csrf: session.csrf, subject, hidden, complaints, entries: page.entries, max: MAX_COMPLAINT,
          others: person.subjects.length < 2 ? [] : person.subjects.map((one) => ({ subject: one, href: `${PATH}?of=${hideSubject(session, one)}`, here: one === subject })),
          first: after === undefined ? undefined : address(), next: page.next === undefined ? undefined : address(page.next),
          names: namesOf(context, request.language), definitions: reports.definitions,
          elsewhere: Object.keys(context.settings.audit.replicas).length,
          ...(made === undefined ? {} : { receipt: made.receipt }),
        }),
      });
    }

    app.get<Route>(PATH, { schema: { hide: true }, config: { roles: ROLES, nav: { title: { zh: '数据使用记录', en: 'History' }, order: 14 } } }, async (request, reply) => {
      return show(request, reply, spokenFor(sessionOf(request), request.query.of), { after: indexOf(request.query.after) });
    });

    app.post<Route>(PATH, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
      const session = sessionOf(request);
      const { person } = session;
      const { of, entry, text: given = '' } = request.body;
      const subject = spokenFor(session, of);
      const text = given.trim();
      if (text.length < 4 || text.length > MAX_COMPLAINT) throw new YitongError('bad_request', `say what you complain of in 4 to ${MAX_COMPLAINT} characters`);
      const about = indexOf(entry) ?? -1;
      // an entry about somebody else, and one that the subject may not read, do not exist for them
      const { entries: [found] } = await app.people.search().page({ subject }, { limit: 1, after: about + 1 });
      if (found?.index !== about || (await historyEntry(found, reading())) === undefined) throw new YitongError('not_found', 'your history has no such entry');
      const at = new Date(context.now()).toISOString();
      const receipt = await record.did(person, complaintDeed(about, subject, text));
      return show(request, reply, subject, { made: { about, entry: -1, at, text, receipt: receipt.id } });
    });
  },
};
export default service;
