/**
 * /console/messages: a company is told what others did in its objections, repairs and cases, and how each ended, where
 * it comes in. Nothing is sent elsewhere: what is told of a ticket is an event of it, and of a case it was stored with
 * the act, so it is there as soon as that has taken effect.
 */
import type { FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { type DatasetId, keyOf } from '../../../../contracts/ids.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Service } from '../../../documents/context.js';
import type { Actor } from '../../../procedures/lifecycles/parties.js';
import type { OpenedTicket } from '../../../procedures/lifecycles/tickets.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { PATH as APPLYING, type ApplyingDesk, openDesk, subjectWords } from '../applying/desk.js';
import { actWords } from '../applying/words.js';
import { actsOf } from '../tickets/words.js';
import { type Message, messagesPage } from './list.js';

const PATH = '/console/messages';
const ROLES = ['subject'] as const;
const PAGE = 30;
/** When this browser last saw the page, ms since 1970. */
const SEEN_COOKIE = 'yitong-messages';
const YEAR = 31_536_000;

const title = (rules: Readonly<Record<string, { readonly title: Localised }>>, id: string): Localised =>
  (Object.hasOwn(rules, id) ? rules[id]?.title : undefined) ?? { zh: '其他', en: id };

const WHO_APPLIES: Localised = { zh: '申请人', en: 'who applies' };

/** What departments did in cases, the newest of each subject. */
async function messagesOfCases(desk: ApplyingDesk, request: FastifyRequest, seen: number): Promise<readonly Message[]> {
  const { subjects } = sessionOf(request).person;
  const service = await desk.cases();
  const found = await Promise.all(
    subjects.map(async (subject) =>
      (await service.messages(desk.how(request, subject), PAGE)).map((message) => ({ subject, message })),
    ),
  );
  return found.flat().map(({ subject, message: { case: id, bundle: name, at, act, item, phase, task } }): Message => {
    const bundle = service.bundles.get(name);
    const told = item === undefined ? undefined : bundle?.items.get(item);
    const authority = told?.authority ?? bundle?.outcomes.get(task ?? '')?.task?.owner ?? bundle?.authority ?? '';
    const of = (language: 'zh' | 'en') => (act === 'step' ? WHO_APPLIES[language] : desk.nameOf(authority, language));
    return {
      href: `${APPLYING}/${id}`,
      matter: bundle?.title ?? { zh: '其他事项', en: 'another matter' },
      dataset: told?.title,
      act: { zh: actWords(act, 'zh'), en: actWords(act, 'en') },
      by: { zh: of('zh'), en: of('en') },
      at,
      fresh: at > seen,
      subject: subjects.length > 1 ? subjectWords(subject) : undefined,
      ended: phase === 'delivered' ? { zh: '已办结', en: 'done' } : undefined,
      said: [],
    };
  });
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const { workspace, tickets } = context;
    if (tickets.lifecycles.size === 0) return;

    /** Acts of others; the last one of a ticket that is over says how it ended. */
    function messagesOf(ticket: OpenedTicket, several: boolean, seen: number): readonly Message[] {
      const { head, lifecycle, events, over, state, record } = ticket;
      const dataset = workspace.contracts.get(head.dataset as DatasetId)?.name;
      return events.flatMap(({ at, act, party, fields = {} }, i): Message[] => {
        if (lifecycle.parties[party]?.role === 'subject') return [];
        return [
          {
            href: `/console/tickets/${head.id}`,
            ticket: head.id,
            matter: lifecycle.title,
            dataset,
            act: title(actsOf(lifecycle), act),
            by: title(lifecycle.parties, party),
            at,
            fresh: at > seen,
            subject: several && record !== undefined ? keyOf(record.subject) : undefined,
            ended: over && i === events.length - 1 ? title(lifecycle.states, state.state) : undefined,
            said: Object.entries(fields).map(([name, text]) => ({ title: title(lifecycle.fields, name), text })),
          },
        ];
      });
    }

    const desk = openDesk(app, context);
    app.get<{ Querystring: { readonly page?: string } }>(
      PATH,
      { schema: { hide: true }, config: { roles: ROLES, nav: { title: { zh: '消息', en: 'Messages' }, order: 12 } } },
      async (request, reply) => {
        const { person } = sessionOf(request);
        const { page = '0' } = request.query;
        if (!/^\d{1,6}$/.test(page)) throw new YitongError('bad_request', 'there is no such list');
        const actor: Actor = { kind: 'person', person };
        const seen = Number(request.cookies[SEEN_COOKIE] ?? 0);
        const own = (await tickets.list(actor)).filter(({ parties, lifecycle }) =>
          parties.some((party) => lifecycle.parties[party]?.role === 'subject'),
        );
        const newest = own.sort((a, b) => b.state.at - a.state.at);
        const from = Number(page) * PAGE;
        const shown = newest.slice(from, from + PAGE);
        await app.people.record.looked(person, {
          requestId: request.id,
          action: 'tickets',
          role: roleOf(request, person),
          detail: { show: 'messages', ids: shown.map(({ head }) => head.id) },
          results: shown.length,
        });
        const opened = await Promise.all(shown.map(({ head }) => tickets.get(head.id, actor)));
        const since = Number.isFinite(seen) ? seen : 0;
        const messages = [
          ...opened.flatMap((ticket) => messagesOf(ticket, person.subjects.length > 1, since)),
          ...(from === 0 ? await messagesOfCases(desk, request, since) : []),
        ].sort((a, b) => b.at - a.at);
        const { language } = request;
        void reply.setCookie(SEEN_COOKIE, String(context.now()), {
          path: PATH,
          secure: true,
          httpOnly: true,
          sameSite: 'lax',
          maxAge: YEAR,
        });
        return sendFramed(request, reply, {
          title: language === 'zh' ? '消息' : 'Messages',
          workspace,
          children: messagesPage({
            language,
            messages,
            older: from + PAGE >= newest.length ? undefined : `${PATH}?page=${String(Number(page) + 1)}`,
          }),
        });
      },
    );
  },
};
export default service;
