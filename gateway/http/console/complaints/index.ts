/** /console/complaints: what subjects complain of, for the auditor. Their texts are opened, and that is on record. */

import { YitongError } from '../../../../contracts/errors.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import type { Person } from '../../../ground/identity/person.js';
import type { Language } from '../../../ground/language/language.js';
import { complaintsFor, type HandledComplaint } from '../../../procedures/lifecycles/complaints.js';
import { isUse } from '../../../procedures/lifecycles/effects.js';
import { COMPLAINT_ROLE, COMPLAINTS, complaintOf, useWords } from '../../people/complaints.js';
import { byUrgency, MOST_ITEMS, type Room, type Trouble, type WaitingItem } from '../../people/rooms.js';
import { hideSubject } from '../../people/sessions.js';
import { sessionOf } from '../../plugins/people.js';
import { addressWith, chosenIn, type Option, periodOf } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { nameOf } from '../tickets/words.js';
import { complaintFilters, complaintState, complaintsPage, fitsComplaint } from './list.js';

const PATH = '/console/complaints';
const PAGE = 30;

/** Those on which an auditor can act, and those that others keep waiting. */
function roomOf({ tickets, workspace }: Pick<GatewayContext, 'tickets' | 'workspace'>): Room {
  const open = async (person: Person) =>
    (await tickets.list({ kind: 'person', person })).filter(({ head, over }) => !over && isUse(head.dataset));
  return {
    id: 'complaints',
    title: { zh: '投诉', en: 'Complaints' },
    href: PATH,
    roles: [COMPLAINT_ROLE],
    async waiting(person) {
      const todo = (await open(person)).filter(({ acts }) => acts.length > 0);
      const items = todo.map(({ head, lifecycle, state, due }): WaitingItem => {
        const of = useWords(workspace, head.dataset);
        const at = lifecycle.states[state.state]?.title ?? { zh: '办理中', en: 'under way' };
        return {
          id: head.id,
          title: { zh: `${of.zh}：${at.zh}`, en: `${of.en}: ${at.en}` },
          href: `/console/tickets/${head.id}`,
          ...(due === undefined ? {} : { due: { at: due.due.overAt, left: due.left, over: due.over } }),
        };
      });
      return { count: items.length, items: items.sort(byUrgency).slice(0, MOST_ITEMS) };
    },
    /** A term of somebody else that is over; the auditor's own stand among what waits. */
    async wrong(person) {
      return (await open(person)).flatMap(({ head, lifecycle, clocks }) =>
        clocks.flatMap(({ clock, over, stoppedAt }): readonly Trouble[] => {
          const rule = lifecycle.clocks[clock];
          const party = lifecycle.parties[rule?.party ?? ''];
          if (!over || stoppedAt !== undefined || rule === undefined) return [];
          if (party === undefined || party.role === COMPLAINT_ROLE) return [];
          const of = useWords(workspace, head.dataset);
          return [
            {
              what: {
                zh: `投诉（${of.zh}）：${rule.title.zh}已逾期`,
                en: `complaint (${of.en}): ${rule.title.en} is overdue`,
              },
              mends: party.title,
              href: `/console/tickets/${head.id}`,
            },
          ];
        }),
      );
    },
  };
}

/** Those in which complaints are, each once. */
const statesOf = (all: readonly HandledComplaint[], language: Language): readonly Option[] => [
  ...new Map(
    all.map((one): [string, Option] => {
      const { lifecycle, state } = one.ticket;
      return [
        complaintState(one),
        { value: complaintState(one), title: nameOf(lifecycle.states, state.state, language) },
      ];
    }),
  ).values(),
];

const service: Service = {
  port: 'people',
  register(app, context) {
    const { workspace, tickets } = context;
    app.people.rooms.push(roomOf(context));
    app.get<{ Querystring: { after?: string } }>(
      PATH,
      {
        schema: { hide: true },
        config: { roles: [COMPLAINT_ROLE], nav: { title: { zh: '投诉', en: 'Complaints' }, order: 30 } },
      },
      async (request, reply) => {
        const session = sessionOf(request);
        const { after } = request.query;
        if (after !== undefined && !/^\d{1,15}$/.test(after))
          throw new YitongError('bad_request', '`after` is not a number');
        const { language } = request;
        const all = await complaintsFor(tickets, session.person);
        const filters = complaintFilters(language, statesOf(all, language));
        const chosen = chosenIn(request.query, filters);
        const handled = all.filter((one) => fitsComplaint(one, chosen));
        const page = await app.people
          .search()
          .page(
            { ...COMPLAINTS, ...periodOf(chosen) },
            { limit: PAGE, open: true, ...(after === undefined ? {} : { after: Number(after) }) },
          );
        // those in the log alone have no state, and are nobody's turn
        const complaints =
          chosen['state'] === undefined && chosen['turn'] === undefined
            ? page.entries.flatMap((entry) => complaintOf(entry) ?? [])
            : [];
        await app.people.record.looked(session.person, {
          requestId: request.id,
          action: 'complaints',
          role: COMPLAINT_ROLE,
          detail: { entries: complaints.map(({ entry }) => entry), ids: handled.map(({ id }) => id) },
          results: complaints.length + handled.length,
        });
        return sendFramed(request, reply, {
          title: language === 'zh' ? '投诉' : 'Complaints',
          workspace,
          children: complaintsPage({
            language,
            filters,
            chosen,
            handled:
              after !== undefined
                ? []
                : handled.map((one) => ({
                    ...one,
                    ...(one.subject === undefined
                      ? {}
                      : { search: `/console/search?subject=${hideSubject(session, one.subject)}` }),
                  })),
            complaints: complaints.map((one) => ({
              ...one,
              ...(one.subject === undefined
                ? {}
                : { search: `/console/search?subject=${hideSubject(session, one.subject)}` }),
            })),
            first: after === undefined ? undefined : addressWith(PATH, chosen),
            next:
              page.next === undefined || complaints.length === 0
                ? undefined
                : addressWith(PATH, chosen, { after: String(page.next) }),
          }),
        });
      },
    );
  },
};
export default service;
