/**
 * /console/messages: a company is told what others did in its objections, repairs and cases, and how each ended.
 * Nothing is sent elsewhere: what is told of a ticket is an event of it, and of a case it was stored with the act, so
 * it is there as soon as that has taken effect. What somebody has not looked at yet stands first where their day
 * begins.
 */
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import type { Person } from '../../../ground/identity/person.js';
import type { SeenTicket } from '../../../procedures/lifecycles/tickets.js';
import { noticesOf } from '../../notices/opened.js';
import { MOST_ITEMS, type Room } from '../../people/rooms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { addressWith, type Chosen, chosenIn, periodOf } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { openDesk } from '../applying/desk.js';
import { isAsked, messageFilters, messagesPage, OF_CASES } from './list.js';
import { type SeenMessages, seenMessages } from './seen.js';
import { actorOf, messagesOf, messagesOfCases, ownTickets, PAGE, unread } from './telling.js';

const PATH = '/console/messages';
const ROLES = ['subject'] as const;

function seenOf(app: FastifyInstance, context: GatewayContext): SeenMessages {
  const notices = noticesOf(
    context,
    () => app.people.rooms,
    (err) => app.log.warn({ err }, 'notices'),
  );
  return seenMessages(notices.desk, notices.deskIfAny, context.now);
}

/** A ticket in which there may be such a message: nothing was done in it after it was moved last. */
const isOf = ({ lifecycle, state }: SeenTicket, chosen: Chosen): boolean =>
  (chosen['kind'] === undefined || chosen['kind'] === lifecycle.id) && state.at >= (periodOf(chosen).since ?? 0);

/** Tells of what was done and decided since somebody looked at the messages last. */
const roomOf = (context: GatewayContext, desk: ReturnType<typeof openDesk>, seen: SeenMessages): Room => ({
  id: 'messages',
  title: { zh: '消息', en: 'Messages' },
  href: PATH,
  roles: ROLES,
  tells: { zh: '有新的办理情况', en: 'something was done or decided' },
  async waiting(person) {
    const since = await seen.until(person);
    const moved = (await ownTickets(context, person)).filter(({ state }) => state.at > since).slice(0, MOST_ITEMS);
    const opened = await Promise.all(moved.map(({ head }) => context.tickets.get(head.id, actorOf(person))));
    const several = person.subjects.length > 1;
    // whoever shows it puts it on record
    const quiet = () => async () => ({ id: '', json: '' });
    const messages = [
      ...opened.flatMap((ticket) => messagesOf(context, ticket, several, since)),
      ...(await messagesOfCases(desk, person, quiet, since)).toReversed(),
    ];
    return unread(messages, PATH);
  },
});

const service: Service = {
  port: 'people',
  register(app, context) {
    const { workspace, tickets } = context;
    if (tickets.lifecycles.size === 0) return;
    const desk = openDesk(app, context);
    const seen = seenOf(app, context);
    app.people.rooms.push(roomOf(context, desk, seen));

    /** What was looked at is not new any more. A state that is away takes nothing from the page but this. */
    const sinceOf = (person: Person): Promise<number> =>
      seen.until(person).catch((err: unknown) => {
        app.log.warn({ err }, 'what somebody was told before');
        return 0;
      });
    const saw = (person: Person, at: number): Promise<void> =>
      seen.saw(person, at).catch((err: unknown) => app.log.warn({ err }, 'what somebody was told'));

    app.get<{ Querystring: { readonly page?: string } }>(
      PATH,
      { schema: { hide: true }, config: { roles: ROLES, nav: { title: { zh: '消息', en: 'Messages' }, order: 12 } } },
      async (request, reply) => {
        const { person } = sessionOf(request);
        const { language } = request;
        const { page = '0' } = request.query;
        if (!/^\d{1,6}$/.test(page)) throw new YitongError('bad_request', 'there is no such list');
        const since = await sinceOf(person);
        const own = await ownTickets(context, person);
        const kinds = new Map(own.map(({ lifecycle }) => [lifecycle.id, lifecycle] as const));
        const filters = messageFilters(language, [...kinds.values()]);
        const chosen = chosenIn(request.query, filters);
        const newest = own.filter((one) => isOf(one, chosen));
        const from = Number(page) * PAGE;
        const shown = newest.slice(from, from + PAGE);
        await app.people.record.looked(person, {
          requestId: request.id,
          action: 'tickets',
          role: roleOf(request, person),
          detail: { show: 'messages', ids: shown.map(({ head }) => head.id), ...chosen },
          results: shown.length,
        });
        const opened = await Promise.all(shown.map(({ head }) => tickets.get(head.id, actorOf(person))));
        const recordFor = (subject: string) => desk.how(request, subject).record;
        const ofCases = from === 0 && (chosen['kind'] ?? OF_CASES) === OF_CASES;
        const messages = [
          ...opened.flatMap((ticket) => messagesOf(context, ticket, person.subjects.length > 1, since)),
          ...(ofCases ? await messagesOfCases(desk, person, recordFor, since) : []),
        ]
          .filter((message) => isAsked(message, chosen))
          .sort((a, b) => b.at - a.at);
        const [last] = messages;
        // what a filter leaves out was not looked at
        if (last?.fresh === true && Object.keys(chosen).length === 0) await saw(person, last.at);
        return sendFramed(request, reply, {
          title: language === 'zh' ? '消息' : 'Messages',
          workspace,
          children: messagesPage({
            language,
            messages,
            filters,
            chosen,
            newest: from === 0 ? undefined : addressWith(PATH, chosen),
            older:
              from + PAGE >= newest.length ? undefined : addressWith(PATH, chosen, { page: String(Number(page) + 1) }),
          }),
        });
      },
    );
  },
};
export default service;
