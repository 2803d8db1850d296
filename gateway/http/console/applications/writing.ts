/** Writing an application: datasets from the catalogue, then fields, reasons and terms, kept as a draft. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { dateOf } from '../../../../policies/dates.js';
import type { Json } from '../../../ground/state/port.js';
import type { Application } from '../../../procedures/sharing/application.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { choosePage } from './choose-page.js';
import { APPLIES, type Desk, MACHINE, pageOf } from './desk.js';
import { draftPage } from './draft-page.js';
import { draftProps, offersFor, proposed } from './offers.js';
import { applicationIn, sideOf } from './reading.js';
import { applicationOf, type Sent, several, text } from './sent.js';
import { PATH } from './words.js';

const OFFERS = 60;

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: Readonly<Partial<Record<'draft' | 'q' | 'page' | 'client' | 'purpose' | 'told', string>>>;
  readonly Body: Sent;
}

async function draftOf(desk: Desk, request: FastifyRequest, id: string) {
  const matter = await desk.opened(request, id);
  const application = applicationIn(matter);
  if (application === undefined || !matter.acts.some(({ act }) => act === 'save'))
    throw new YitongError('act_refused', 'this application is no draft any more, or belongs to others');
  return { matter, application };
}

export function writingRoutes(app: FastifyInstance, desk: Desk): void {
  catalogueRoute(app, desk);
  beginRoute(app, desk);
  draftRoutes(app, desk);
}

function catalogueRoute(app: FastifyInstance, desk: Desk): void {
  const { context, workspace, systemsOf: own } = desk;
  app.get<Route>(`${PATH}/new`, { schema: { hide: true }, config: { roles: APPLIES } }, async (request, reply) => {
    const { language } = request;
    const { q = '', page, draft } = request.query;
    // datasets are added to a draft under its own system and purpose
    const before = draft === undefined ? undefined : (await draftOf(desk, request, draft)).application;
    const { client = before?.datasets[0]?.systems?.[0] ?? '', purpose = before?.purposes?.[0] ?? '' } = request.query;
    if (q.length > 100) throw new YitongError('bad_request', 'the words are too long');
    const at = pageOf(page);
    const { purposes } = context.inForce().policies;
    const asked = [...purposes.values()].find(({ id }) => id === purpose);
    const clients = own(request);
    const { found, offers } = await offersFor(
      desk,
      await desk.readers(),
      {
        purpose: asked?.id ?? '',
        q,
        own: desk.authorityOf(request),
        without: (before?.datasets ?? []).map(({ dataset }) => dataset),
      },
      { from: (at - 1) * OFFERS, to: at * OFFERS },
    );
    await desk.looked(request, 'application_catalogue', offers.length);
    return sendFramed(request, reply, {
      title: language === 'zh' ? '新建共享申请' : 'Apply for data',
      workspace,
      children: choosePage({
        language,
        clients,
        purposes: [...purposes.values()].map(({ id, name, legalBasis }) => ({ id, name, basis: legalBasis })),
        client: clients.find(({ id }) => id === client)?.id ?? clients[0]?.id ?? '',
        purpose: asked?.id ?? '',
        q,
        draft,
        offers,
        found,
        page: at,
        pages: Math.ceil(found / OFFERS),
      }),
    });
  });
}

/** Whom the newest application of the department names: it is seldom another office. */
async function contactBefore(desk: Desk, request: FastifyRequest): Promise<Application['contact']> {
  const { person } = sessionOf(request);
  const own = (await desk.all(person, 'open'))
    .filter((one) => one.head.machine === MACHINE && sideOf(one, '', 'requester') === person.authority)
    .sort((a, b) => b.openedAt - a.openedAt);
  return own.map((one) => applicationIn(one)?.contact).find((one) => one?.office !== undefined);
}

function beginRoute(app: FastifyInstance, desk: Desk): void {
  const { context, systemsOf: own } = desk;
  app.post<Route>(
    PATH,
    { schema: { hide: true }, config: { roles: APPLIES, lists: ['dataset'] } },
    async (request, reply) => {
      const client = own(request).find(({ id }) => id === text(request.body['client']));
      const purpose = [...context.inForce().policies.purposes.values()].find(
        ({ id }) => id === text(request.body['purpose']),
      );
      const contracts = several(request.body['dataset']).flatMap((id) => desk.contractOf(id) ?? []);
      if (client === undefined || purpose === undefined)
        throw formFault({ purpose: { zh: '请先选择使用系统和用途。', en: 'Choose system and purpose first.' } });
      if (contracts.length === 0)
        throw formFault({ dataset: { zh: '请至少选择一个数据集。', en: 'Pick a dataset at least.' } });
      const draft = text(request.body['draft']);
      const before = draft === '' ? undefined : (await draftOf(desk, request, draft)).application;
      const there = new Set((before?.datasets ?? []).map(({ dataset }) => dataset));
      const readers = await desk.readers();
      const content: Application = {
        purposes: [purpose.id],
        basis: purpose.legalBasis,
        ...present({ contact: before === undefined ? await contactBefore(desk, request) : undefined }),
        ...before,
        datasets: [
          ...(before?.datasets ?? []),
          ...contracts
            .filter(({ id }) => !there.has(id))
            .map((contract) => proposed(contract, { purpose: purpose.id, client: client.id }, readers, context.now())),
        ],
      };
      const matters = await desk.matters();
      const act = {
        actor: desk.actorOf(request),
        fields: {},
        content: content as unknown as Json,
        record: desk.recordOf(request),
      };
      const { head } =
        draft === ''
          ? await matters.open(MACHINE, {}, { ...act, act: 'draft' })
          : await matters.act(draft, { ...act, act: 'save' });
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${head.id}/edit`, 303);
    },
  );
}

function draftRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, workspace } = desk;
  app.get<Route>(`${PATH}/:id/edit`, { schema: { hide: true }, config: { roles: APPLIES } }, async (request, reply) => {
    const { language } = request;
    const { matter, application } = await draftOf(desk, request, request.params.id);
    await desk.looked(request, 'application', 1, { application: matter.head.id });
    return sendFramed(request, reply, {
      title: language === 'zh' ? '填写共享申请' : 'Fields and reasons',
      workspace,
      children: draftPage(
        await draftProps(desk, matter, application, request.query.told === '1', desk.systemsOf(request), language),
      ),
    });
  });
  app.post<Route>(
    `${PATH}/:id/draft`,
    { schema: { hide: true }, config: { roles: APPLIES, lists: 'any' } },
    async (request, reply) => {
      const { matter, application } = await draftOf(desk, request, request.params.id);
      const { body } = request;
      const bases =
        context.inForce().policies.purposes.get((application.purposes?.[0] ?? '') as never)?.legalBasis ?? [];
      const content = applicationOf(body, application, {
        knows: (dataset, path) => desk.contractOf(dataset)?.latest.fields.some((one) => one.path === path) === true,
        bases,
        systems: desk.systemsOf(request).map(({ id }) => id),
        today: dateOf(context.now()),
      });
      const dropped = new Set(several(body['drop']));
      const datasets = content.datasets.filter(({ dataset }) => !dropped.has(dataset));
      if (datasets.length === 0)
        throw formFault({ drop: { zh: '申请至少保留一个数据集；不再申请的，请撤回。', en: 'One dataset stays.' } });
      await (await desk.matters()).act(matter.head.id, {
        actor: desk.actorOf(request),
        act: 'save',
        fields: {},
        content: { ...content, datasets } as unknown as Json,
        record: desk.recordOf(request),
      });
      const to = text(body['step']) === 'go' ? `${PATH}/${matter.head.id}` : `${PATH}/${matter.head.id}/edit?told=1`;
      return reply.header('cache-control', 'no-store').redirect(to, 303);
    },
  );
}
