/**
 * /console/notices: what somebody was told of, read or not, and what each wants to be told of and where. A notice leads
 * to its matter, where the role decides again.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { MAILBOX } from '../../../ground/config/notices.js';
import { ROLES } from '../../../ground/identity/person.js';
import { publicKeyOf } from '../../../procedures/subscriptions/webhook.js';
import { noticesOf } from '../../notices/opened.js';
import { hasWay } from '../../notices/sending.js';
import { CHANNELS, type Channel, DUE } from '../../notices/store.js';
import { noticedRoom } from '../../notices/words.js';
import { roomsOf } from '../../people/rooms.js';
import { formFault } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { chosenIn } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { fitsNotice, noticeFilters, noticesPage } from './list-page.js';
import { type KindLine, settingsPage } from './settings-page.js';

const PATH = '/console/notices';
const SETTINGS = `${PATH}/settings`;
const ADDRESS = new RegExp(MAILBOX);
const CODE = /^\d{8}$/;

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: { readonly did?: string };
  readonly Body: Readonly<Record<string, string | readonly string[]>>;
}

const text = (value: string | readonly string[] | undefined): string => (typeof value === 'string' ? value.trim() : '');

function openDesk(app: FastifyInstance, context: GatewayContext) {
  const notices = noticesOf(
    context,
    () => app.people.rooms,
    (err) => app.log.warn({ err }, 'notices'),
  );
  const ways = (): readonly Channel[] =>
    CHANNELS.filter((channel) => channel === 'page' || hasWay(channel, context.settings.notices));
  const kinds = (request: FastifyRequest): readonly KindLine[] => [
    ...roomsOf(app.people.rooms, sessionOf(request).person).map(({ id, title }) => ({ id, title })),
    { id: DUE, title: { zh: '期限临近（剩 1 个工作日以内）', en: 'A term is near (within one working day)' } },
  ];
  const did = (request: FastifyRequest, target: 'switches' | 'mail' | 'confirmed', about = {}) => {
    const { person } = sessionOf(request);
    return app.people.record.did(person, {
      action: 'notices_chosen',
      role: roleOf(request, person),
      target,
      detail: { requestId: request.id },
      about,
    });
  };
  return { context, notices, ways, kinds, did, store: async () => (await notices.desk()).store };
}
type Desk = ReturnType<typeof openDesk>;

function listRoutes(app: FastifyInstance, { context, store }: Desk): void {
  app.get(PATH, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const { language } = request;
    const all = await (await store()).list(person);
    const { rooms } = app.people;
    const told = [...new Set(all.map(({ room }) => room))].map((value) => ({
      value,
      title: noticedRoom(rooms, value).title[language],
    }));
    const filters = noticeFilters(language, told);
    const chosen = chosenIn(request.query, filters);
    const list = all.filter((one) => fitsNotice(one, chosen));
    await app.people.record.looked(person, {
      requestId: request.id,
      action: 'notices',
      role: roleOf(request, person),
      results: list.length,
    });
    return sendFramed(request, reply, {
      title: language === 'zh' ? '提醒' : 'Notices',
      workspace: context.workspace,
      children: noticesPage({
        language,
        filters,
        chosen,
        unread: all.filter(({ read }) => !read).length,
        notices: list,
        rooms,
      }),
    });
  });

  app.get<Route>(`${PATH}/:id`, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { id } = request.params;
    const notice = /^[0-9a-f]{16}$/.test(id) ? await (await store()).read(sessionOf(request).person, id) : undefined;
    if (notice === undefined) throw new YitongError('not_found', 'you have no such notice');
    return reply.header('cache-control', 'no-store').redirect(notice.href, 303);
  });

  app.post<Route>(`${PATH}/read`, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    await (await store()).readAll(sessionOf(request).person);
    return reply.header('cache-control', 'no-store').redirect(PATH, 303);
  });
}

function settingsRoutes(app: FastifyInstance, { context, notices, ways, kinds, did, store }: Desk): void {
  app.get<Route>(SETTINGS, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const { language } = request;
    const desk = await notices.desk();
    return sendFramed(request, reply, {
      title: language === 'zh' ? '提醒设置' : 'Notifications',
      workspace: context.workspace,
      children: settingsPage({
        language,
        kinds: kinds(request),
        ways: ways(),
        profile: (await desk.store.profile(person)) ?? { switches: {} },
        key: ways().includes('hook') ? publicKeyOf(desk.key) : undefined,
        saved: request.query.did === 'saved',
      }),
    });
  });

  app.post<Route>(
    SETTINGS,
    { schema: { hide: true }, config: { roles: ROLES, lists: [...CHANNELS] } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const known = kinds(request);
      const chosen = new Map(CHANNELS.map((channel) => [channel, new Set([request.body[channel] ?? []].flat())]));
      for (const all of chosen.values())
        for (const one of all)
          if (one !== '' && !known.some(({ id }) => id === one))
            throw new YitongError('bad_request', 'there is nothing of that kind to be told of');
      await did(request, 'switches');
      const offered = ways();
      await (await store()).change(person, request.language, (profile) => ({
        ...profile,
        switches: {
          ...profile.switches,
          ...Object.fromEntries(
            known.map(({ id }) => [
              id,
              {
                ...profile.switches[id],
                ...Object.fromEntries(offered.map((channel) => [channel, chosen.get(channel)?.has(id) === true])),
              },
            ]),
          ),
        },
      }));
      return reply.header('cache-control', 'no-store').redirect(`${SETTINGS}?did=saved`, 303);
    },
  );
}

/** The address of whoever is signed in, which is given back what was sent there before anything else goes there. */
function mailRoutes(app: FastifyInstance, { ways, did, store }: Desk): void {
  app.post<Route>(`${PATH}/mail`, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const address = text(request.body['address']);
    if (address === '') {
      await did(request, 'mail');
      await (await store()).forgetMail(person, request.language);
      return reply.header('cache-control', 'no-store').redirect(SETTINGS, 303);
    }
    if (!ways().includes('mail') || address.length > 200 || !ADDRESS.test(address))
      throw formFault({ address: { zh: '请填写有效的邮箱地址。', en: 'Give an e-mail address.' } });
    await did(request, 'mail', { address });
    if (!(await (await store()).askMail(person, request.language, address)))
      throw formFault({
        address: { zh: '确认码刚刚发出，请一分钟后再试。', en: 'A code was just sent; try again in a minute.' },
      });
    return reply.header('cache-control', 'no-store').redirect(SETTINGS, 303);
  });

  app.post<Route>(`${PATH}/confirm`, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const code = text(request.body['code']);
    if (!CODE.test(code) || !(await (await store()).confirmMail(person, request.language, code)))
      throw formFault({ code: { zh: '确认码不正确或已过期。', en: 'The code is wrong, or too old.' } });
    await did(request, 'confirmed');
    return reply.header('cache-control', 'no-store').redirect(SETTINGS, 303);
  });
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    settingsRoutes(app, desk);
    mailRoutes(app, desk);
    listRoutes(app, desk);
  },
};
export default service;
