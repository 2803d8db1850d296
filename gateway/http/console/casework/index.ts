/**
 * /console/casework: what of cases waits for an officer's authority, one case on one page, and what the officer decides
 * there. Each look and each act is on record first; who is later than a colleague is told.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { materialBytes } from '../../../documents/pdf/open-material.js';
import type { Role } from '../../../ground/identity/person.js';
import type { Language } from '../../../ground/language/language.js';
import { byUrgency, MOST_ITEMS, NOTHING, type Room, type WaitingItem } from '../../people/rooms.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { asUploaded, sendFramed, sendOpen } from '../../ui/frame.js';
import { VideoPage } from '../../ui/video.js';
import { CALLS, callsPage } from './calls-page.js';
import { casePage } from './case-page.js';
import { type Desk, OFFICER, openDesk, PATH, unrecorded } from './desk.js';
import { inboxRoutes } from './inbox-routes.js';
import { managerPage, SPANS } from './manager-page.js';
import { publicPage } from './public-page.js';
import { doingOf, inWordsOfCases } from './sent.js';

const FIGURES = '/console/case-figures';
const MANAGER = ['case-manager'] as const;
/** Who leads a matter answers for it as well: a manager reads its cases. */
const READERS = [...OFFICER, ...MANAGER];
/** Months of which everybody is told. */
const PUBLIC_MONTHS = 12;

interface Route {
  readonly Params: { readonly id: string };
  readonly Body: Readonly<Record<string, string | readonly string[]>>;
}

/** What waits here for whoever starts the day. */
const roomOf = ({ cases, nameOf }: Desk): Room => ({
  id: 'cases',
  title: { zh: '一件事待办事项', en: 'Inbox of cases' },
  href: PATH,
  roles: OFFICER,
  async waiting({ authority, name }) {
    if (authority === undefined) return NOTHING;
    const desk = await cases();
    const { lines, counts } = await desk.inbox(
      { group: 'held', over: false, limit: MOST_ITEMS },
      { actor: { kind: 'authority', authority, client: 'console', officer: name }, record: unrecorded },
    );
    const items = lines.map((line): WaitingItem => {
      const bundle = desk.bundles.get(line.bundle);
      const item = bundle?.items.get(line.item ?? '')?.title ?? bundle?.outcomes.get(line.task ?? '')?.title;
      const of = (language: Language): string =>
        [bundle?.title[language], item?.[language]].filter((one) => one !== undefined).join(' · ') ||
        nameOf({ language })(authority);
      const { term } = line;
      return {
        id: [line.case, line.item ?? line.task ?? 'rating'].join('.'),
        title: { zh: of('zh'), en: of('en') },
        href: `${PATH}/${line.case}`,
        ...(term === undefined ? {} : { due: { at: term.due.overAt, left: term.left, over: term.over } }),
      };
    });
    const count = [...counts.bundles.held.values()].reduce((sum, one) => sum + one, 0);
    return { count, items: items.sort(byUrgency) };
  },
});

/** What a region is called, as it says it. */
const regionTitle = ({ inForce }: GatewayContext, region: string, language: Language): string =>
  inForce().policies.regions.get(region)?.offer.name[language] ?? (language === 'zh' ? '其他地区' : 'another region');

function caseRoutes(app: FastifyInstance, { context, cases, actorOf, how, nameOf, workspace }: Desk): void {
  app.get<Route>(`${PATH}/:id`, { schema: { hide: true }, config: { roles: READERS } }, async (request, reply) => {
    const { language } = request;
    const desk = await cases();
    const opened = await desk.get(request.params.id, how(request, 'case'));
    const bundle = desk.bundles.get(opened.state.bundle);
    return sendFramed(request, reply, {
      title: bundle?.title[language] ?? (language === 'zh' ? '办件' : 'Case'),
      workspace,
      scripts: ['choose.js', 'keys.js'],
      children: casePage({
        language,
        opened,
        bundle,
        elements: desk.content.elements.elements,
        workspace,
        authority: actorOf(request).authority,
        roles: sessionOf(request).person.roles,
        materials: opened.contents === undefined ? [] : await desk.materials(opened.id, how(request, 'case')),
        nameOf: nameOf(request),
        regionName: (region) => regionTitle(context, region, language),
        videoPath: context.settings.gateway.caseDrivers === 'development' ? `${PATH}/${opened.id}/video` : undefined,
        key: randomBytes(9).toString('base64url'),
      }),
    });
  });
  app.post<Route>(
    `${PATH}/:id`,
    { schema: { hide: true }, config: { roles: READERS, lists: ['checked', 'fields', 'reason'] } },
    async (request, reply) => {
      const { id } = request.params;
      const desk = await cases();
      await inWordsOfCases(async () => {
        const acting = how(request, 'case');
        const before = await desk.get(id, acting);
        const {
          bundles,
          content: {
            elements: { elements },
          },
        } = desk;
        checkRole(text(request.body['act']), sessionOf(request).person.roles);
        const { doing, key } = doingOf(request.body, before, { bundles, elements, schemes: workspace.schemes });
        await desk.act(id, doing, { ...acting, ...present({ key }) });
      });
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${id}`, 303);
    },
  );
}

/** The officer's side of a video question, as the development driver pretends it. */
function videoRoute(app: FastifyInstance, { context, cases, how, workspace }: Desk): void {
  if (context.settings.gateway.caseDrivers !== 'development') return;
  app.get<Route>(
    `${PATH}/:id/video`,
    { schema: { hide: true }, config: { roles: READERS } },
    async (request, reply) => {
      const { language } = request;
      const desk = await cases();
      const { id, state, contents } = await desk.get(request.params.id, how(request, 'case'));
      const done = Object.entries(contents?.origin?.steps ?? {}).find(([name]) => name.endsWith('.video'));
      if (done === undefined) throw new YitongError('not_found', 'nobody was seen by video');
      return sendFramed(request, reply, {
        title: language === 'zh' ? '视频核验' : 'Video question',
        workspace,
        children: VideoPage({
          language,
          title: desk.bundles.get(state.bundle)?.title[language] ?? '',
          reference: done[1],
          side: 'officer',
          isDone: true,
          back: { href: `${PATH}/${id}`, title: language === 'zh' ? '← 回到办件' : '← Back to the case' },
        }),
      });
    },
  );
}

interface OneMaterial {
  readonly Params: { readonly id: string; readonly material: string };
}

/** A paper of the officer's own items, as a file. */
function materialRoute(app: FastifyInstance, { cases, how, context }: Desk): void {
  app.get<OneMaterial>(
    `${PATH}/:id/materials/:material`,
    { schema: { hide: true }, config: { roles: READERS, offers: ['application/pdf', 'image/jpeg', 'image/png'] } },
    async (request, reply) => {
      const { id, material } = request.params;
      const opened = await (await cases()).openMaterial(id, material, how(request, 'case'));
      const { type, bytes, extension } = await materialBytes(opened, context);
      return asUploaded(reply, type, `${material}.${extension}`).send(bytes);
    },
  );
}

/** Officers decide, managers answer ratings; somebody may be both. */
function checkRole(act: string, roles: readonly Role[]): void {
  if (!roles.includes(act === 'answer' ? 'case-manager' : 'case-officer'))
    throw new YitongError('role_missing', 'officers decide on items, managers answer ratings');
}
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function managerRoute(app: FastifyInstance, { cases, actorOf, how, nameOf, workspace }: Desk): void {
  app.get<{ Querystring: { readonly months?: string } }>(
    FIGURES,
    {
      schema: { hide: true },
      config: { roles: MANAGER, nav: { title: { zh: '办理统计', en: 'Figures' }, order: 15 } },
    },
    async (request, reply) => {
      const { language } = request;
      const span = SPANS.find((one) => String(one) === (request.query.months ?? '3'));
      if (span === undefined) throw new YitongError('bad_request', 'there is no such time');
      const desk = await cases();
      const found = await desk.overview(span, how(request, 'case_figures'));
      return sendFramed(request, reply, {
        title: language === 'zh' ? '办理统计' : 'How cases go',
        workspace,
        children: managerPage({
          language,
          authority: nameOf(request)(actorOf(request).authority),
          span,
          found,
          bundles: desk.bundles,
          nameOf: nameOf(request),
        }),
      });
    },
  );
}

/** Drafts that were handed to a person, for officers of the authority that leads. */
function callRoutes(app: FastifyInstance, { cases, actorOf, how, nameOf, workspace }: Desk): void {
  app.get(
    CALLS,
    {
      schema: { hide: true },
      config: { roles: OFFICER, nav: { title: { zh: '转人工', en: 'Handed over' }, order: 15 } },
    },
    async (request, reply) => {
      const { language } = request;
      const desk = await cases();
      return sendFramed(request, reply, {
        title: language === 'zh' ? '转人工' : 'Handed over',
        workspace,
        children: callsPage({
          language,
          authority: nameOf(request)(actorOf(request).authority),
          calls: await desk.calls(how(request, 'case_calls')),
          bundles: desk.bundles,
          elements: desk.content.elements,
          codelists: workspace.codelists,
        }),
      });
    },
  );
  app.post<Route>(`${CALLS}/:id`, { schema: { hide: true }, config: { roles: OFFICER } }, async (request, reply) => {
    const { body, params } = request;
    const says = text(body['says']).trim();
    if (says === '') throw formFault({ says: { zh: '请填写答复', en: 'Write an answer.' } }, 'act_incomplete');
    await (await cases()).answerCall(params.id, { says, seen: Number(body['seen']) }, how(request, 'case_calls'));
    return reply.header('cache-control', 'no-store').redirect(CALLS, 303);
  });
}

/** For everybody, without signing in. */
function publicRoute(app: FastifyInstance, { cases, workspace }: Desk): void {
  app.get('/ratings', { schema: { hide: true }, config: { compressed: true } }, async (request, reply) => {
    const { language } = request;
    const desk = await cases();
    return sendOpen(request, reply, {
      workspace,
      title: language === 'zh' ? '政务服务好差评' : 'How matters were rated',
      children: publicPage({ language, ratings: await desk.ratings(PUBLIC_MONTHS), bundles: desk.bundles }),
    });
  });
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    app.people.rooms.push(roomOf(desk));
    inboxRoutes(app, desk);
    caseRoutes(app, desk);
    videoRoute(app, desk);
    materialRoute(app, desk);
    managerRoute(app, desk);
    callRoutes(app, desk);
    publicRoute(app, desk);
  },
};
export default service;
