/**
 * /console/applications: applications for sharing, for who asks, who provides, their heads, the sharing authority and
 * its superior. What is seen and done is on record first; who may not see an application is told what is told of one
 * that there is not.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { SharingAttribute } from '../../../../contracts/types.js';
import { dateOf } from '../../../../policies/dates.js';
import type { Service } from '../../../documents/context.js';
import { roleNames } from '../../../ground/identity/person.js';
import type { Json } from '../../../ground/state/port.js';
import type { Application } from '../../../procedures/sharing/application.js';
import type { OpenedMatter, SeenMatter } from '../../../procedures/sharing/types.js';
import { formFault } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { calendarRoute } from './calendar.js';
import { choosePage } from './choose-page.js';
import { APPLIES, type Desk, MACHINE, openDesk, READERS } from './desk.js';
import { draftPage } from './draft-page.js';
import { matterPage } from './matter-page.js';
import { draftProps, offersFor, proposed } from './offers.js';
import { openable, openingRoutes } from './opening-routes.js';
import { otherLine, otherView } from './others.js';
import { applicationIn, byDue, matterView, namesFor, sideOf, trayLines } from './reading.js';
import { applicationOf, replyOf, type Sent, several, text } from './sent.js';
import { SHOWS, type Show, trayPage } from './tray-page.js';
import type { MatterView, TrayLine } from './views.js';
import { PATH } from './words.js';

const PAGE = 50;
const OFFERS = 60;

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: Readonly<
    Partial<
      Record<'show' | 'q' | 'attribute' | 'machine' | 'page' | 'did' | 'left' | 'client' | 'purpose' | 'told', string>
    >
  >;
  readonly Body: Sent;
}

const isAttribute = (one: string): one is Exclude<SharingAttribute, 'none'> =>
  one === 'conditional' || one === 'unconditional';
const pageOf = (given = '1'): number => {
  if (!/^[1-9]\d{0,4}$/.test(given)) throw new YitongError('bad_request', '`page` is not a number from 1');
  return Number(given);
};

/** Authority and capacity, in words. */
const whoIs = (desk: Desk, request: FastifyRequest): string => {
  const { person } = sessionOf(request);
  const authority = namesFor(desk.context).authority(person.authority)[request.language];
  return [person.authority === undefined ? '' : authority, roleNames[roleOf(request, person)][request.language]]
    .filter(Boolean)
    .join(' · ');
};

async function traysOf(desk: Desk, request: FastifyRequest): Promise<Readonly<Record<Show, readonly TrayLine[]>>> {
  const authority = desk.authorityOf(request);
  const lines = (all: readonly SeenMatter[], todo: boolean): readonly TrayLine[] =>
    all
      .flatMap((one) =>
        one.head.machine === MACHINE
          ? trayLines(desk.context, one, todo, authority)
          : otherLine(desk.context, one, todo),
      )
      .sort(byDue);
  const open = await desk.all(request, 'open');
  const asks = (one: SeenMatter): boolean => authority !== undefined && sideOf(one, '', 'requester') === authority;
  const todo = lines(await desk.all(request, 'todo'), true);
  return {
    todo,
    asked: lines(open.filter(asks), false),
    held: lines(
      open.filter((one) => !asks(one)),
      false,
    ),
    done: [...lines(await desk.all(request, 'over'), false)].sort((a, b) => b.since - a.since),
  };
}

function trayRoute(app: FastifyInstance, desk: Desk): void {
  app.get<Route>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: READERS, nav: { title: { zh: '共享事项', en: 'Sharing' }, order: 12 } },
    },
    async (request, reply) => {
      const { language } = request;
      const { show = 'todo', q = '', attribute = '', machine = '', page, did, left } = request.query;
      const shown = SHOWS.find((one) => one === show);
      if (shown === undefined || q.length > 100) throw new YitongError('bad_request', 'there is no such list');
      const only = isAttribute(attribute) ? attribute : undefined;
      const trays = await traysOf(desk, request);
      const matters = await desk.matters();
      const word = q.trim().toLowerCase();
      const texts = ({ title, from, to, purpose }: TrayLine): readonly string[] =>
        [title, from, to, purpose].flatMap((one: Localised) => [one.zh, one.en.toLowerCase()]);
      const found = trays[shown].filter(
        (line) =>
          (only === undefined || line.attribute === only) &&
          (machine === '' || line.machine === machine) &&
          (word === '' || texts(line).some((one) => one.includes(word))),
      );
      const at = pageOf(page);
      const lines = found.slice((at - 1) * PAGE, at * PAGE);
      const { person } = sessionOf(request);
      await desk.looked(request, 'applications', lines.length, { show });
      return sendFramed(request, reply, {
        title: language === 'zh' ? '共享事项' : 'Matters of sharing',
        workspace: desk.workspace,
        scripts: ['keys.js', 'choose.js'],
        children: trayPage({
          language,
          of: whoIs(desk, request),
          show: shown,
          counts: {
            todo: trays.todo.length,
            asked: trays.asked.length,
            held: trays.held.length,
            done: trays.done.length,
          },
          over: trays.todo.filter(({ term }) => term?.over === true).length,
          q,
          attribute: only,
          machine: machine === '' ? undefined : machine,
          machines: [...matters.machines.values()],
          openable: await openable(desk, request),
          lines,
          mayApply: person.roles.includes('sharing-officer'),
          together: person.roles.includes('sharing-head')
            ? { zh: '同意所选', en: 'Agree to what is picked' }
            : { zh: '对所选拟定“全部同意”的答复', en: 'Draft a reply that agrees, for what is picked' },
          page: at,
          pages: Math.ceil(found.length / PAGE),
          ...(did === undefined ? {} : { did: { done: Number(did) || 0, left: Number(left) || 0 } }),
        }),
      });
    },
  );
}

/** What may go together, one act each; what has changed meanwhile stays as it is. */
function togetherRoute(app: FastifyInstance, desk: Desk): void {
  app.post<Route>(
    `${PATH}/together`,
    { schema: { hide: true }, config: { roles: READERS, lists: ['pick'] } },
    async (request, reply) => {
      const picked = several(request.body['pick']).slice(0, PAGE);
      if (picked.length === 0)
        throw formFault({ pick: { zh: '请先选择要一并办理的申请。', en: 'Pick what is to go together.' } });
      const authority = desk.authorityOf(request);
      const matters = await desk.matters();
      let done = 0;
      for (const one of picked) {
        const [id = '', part = ''] = one.split(' ');
        try {
          const matter = await desk.opened(request, id);
          const line = trayLines(desk.context, matter, true, authority).find(({ together }) => together === one);
          if (line === undefined) continue;
          const agrees = matter.state.parts[part]?.state === 'proposed';
          const fields = applicationIn(matter)?.datasets.find(({ dataset }) => dataset === part)?.fields ?? [];
          await matters.act(id, {
            actor: desk.actorOf(request),
            act: agrees ? 'agree' : 'propose',
            part,
            fields: {},
            ...(agrees
              ? {}
              : { content: { fields: fields.map(({ path }) => ({ path, decision: 'agree' })) } as unknown as Json }),
            record: desk.recordOf(request),
          });
          done++;
        } catch (error) {
          // somebody was faster, or it is no more as it was: it is looked at by itself
          if (
            !isYitongError(error) ||
            !['act_refused', 'act_incomplete', 'not_found', 'matter_moved'].includes(error.code)
          )
            throw error;
        }
      }
      return reply
        .header('cache-control', 'no-store')
        .redirect(`${PATH}?did=${String(done)}&left=${String(picked.length - done)}`, 303);
    },
  );
}

function chooseRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, workspace, systemsOf: own } = desk;
  app.get<Route>(`${PATH}/new`, { schema: { hide: true }, config: { roles: APPLIES } }, async (request, reply) => {
    const { language } = request;
    const { q = '', page, client = '', purpose = '' } = request.query;
    if (q.length > 100) throw new YitongError('bad_request', 'the words are too long');
    const at = pageOf(page);
    const { purposes } = context.inForce().policies;
    const asked = [...purposes.values()].find(({ id }) => id === purpose);
    const clients = own(request);
    const { found, offers } = await offersFor(
      desk,
      await desk.readers(),
      { purpose: asked?.id ?? '', q, own: desk.authorityOf(request) },
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
        offers,
        found,
        page: at,
        pages: Math.ceil(found / OFFERS),
      }),
    });
  });
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
      const readers = await desk.readers();
      const content: Application = {
        purposes: [purpose.id],
        basis: purpose.legalBasis,
        datasets: contracts.map((contract) =>
          proposed(contract, { purpose: purpose.id, client: client.id }, readers, context.now()),
        ),
      };
      const { head } = await (await desk.matters()).open(
        MACHINE,
        {},
        {
          actor: desk.actorOf(request),
          act: 'draft',
          fields: {},
          content: content as unknown as Json,
          record: desk.recordOf(request),
        },
      );
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${head.id}/edit`, 303);
    },
  );
}

function draftRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, workspace } = desk;
  async function draftOf(request: FastifyRequest<Route>) {
    const matter = await desk.opened(request, request.params.id);
    const application = applicationIn(matter);
    if (application === undefined || !matter.acts.some(({ act }) => act === 'save'))
      throw new YitongError('act_refused', 'this application is no draft any more, or belongs to others');
    return { matter, application };
  }
  app.get<Route>(`${PATH}/:id/edit`, { schema: { hide: true }, config: { roles: APPLIES } }, async (request, reply) => {
    const { language } = request;
    const { matter, application } = await draftOf(request);
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
      const { matter, application } = await draftOf(request);
      const { body } = request;
      const bases =
        context.inForce().policies.purposes.get((application.purposes?.[0] ?? '') as never)?.legalBasis ?? [];
      const content = applicationOf(body, application, {
        knows: (dataset, path) => desk.contractOf(dataset)?.latest.fields.some((one) => one.path === path) === true,
        bases,
        systems: desk.systemsOf(request).map(({ id }) => id),
        today: dateOf(context.now()),
      });
      await (await desk.matters()).act(matter.head.id, {
        actor: desk.actorOf(request),
        act: 'save',
        fields: {},
        content: content as unknown as Json,
        record: desk.recordOf(request),
      });
      const to = text(body['step']) === 'go' ? `${PATH}/${matter.head.id}` : `${PATH}/${matter.head.id}/edit?told=1`;
      return reply.header('cache-control', 'no-store').redirect(to, 303);
    },
  );
}

const MOVED: Localised = {
  zh: '该申请刚刚由其他人员办理，请核对最新情况后再作决定。',
  en: 'Somebody has acted on this meanwhile: look at it as it is now.',
};

function matterRoutes(app: FastifyInstance, desk: Desk): void {
  const { workspace } = desk;
  app.get<Route>(`${PATH}/:id`, { schema: { hide: true }, config: { roles: READERS } }, async (request, reply) => {
    const { language } = request;
    const { person } = sessionOf(request);
    const matter = await desk.opened(request, request.params.id);
    await desk.looked(request, 'application', 1, { application: matter.head.id });
    const view = viewOf(desk, matter, request);
    return sendFramed(request, reply, {
      title: view.title[language],
      workspace,
      scripts: ['keys.js', 'choose.js'],
      children: matterPage({
        language,
        matter: view,
        seen: String(matter.state.events),
        mayEdit: matter.acts.some(({ act }) => act === 'save'),
        mayComment: false,
        mayGrants: person.roles.includes('sharing-authority'),
      }),
    });
  });
  app.post<Route>(
    `${PATH}/:id`,
    { schema: { hide: true }, config: { roles: READERS, lists: ['missing'] } },
    async (request, reply) => {
      const { body } = request;
      const matter = await desk.opened(request, request.params.id);
      if (text(body['seen']) !== String(matter.state.events)) throw formFault({ act: MOVED }, 'ticket_moved');
      await (await desk.matters()).act(matter.head.id, {
        actor: desk.actorOf(request),
        record: desk.recordOf(request),
        ...doingOf(viewOf(desk, matter, request), body),
      });
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${matter.head.id}`, 303);
    },
  );
}

const viewOf = ({ context, authorityOf }: Desk, matter: OpenedMatter, request: FastifyRequest): MatterView =>
  matter.head.machine === MACHINE ? matterView(context, matter, authorityOf(request)) : otherView(context, matter);

/** The act that a form of the matter's page means. */
function doingOf(view: MatterView, body: Sent) {
  const part = text(body['part']);
  const clock = text(body['clock']);
  const act = text(body['act']);
  const dataset = view.datasets.find(({ id }) => id === part);
  const own = dataset ?? view.parts.find(({ id }) => id === part);
  const line = (part === '' ? view.acts : (own?.acts ?? [])).find(
    (one) => one.act === act && (one.clock ?? '') === clock,
  );
  if (line === undefined) throw new YitongError('act_refused', 'this act is not possible now');
  const fields: Record<string, string> = {};
  for (const { name } of line.fields) {
    const value = text(body[`field.${name}`]);
    if (value !== '') fields[name] = value;
  }
  if (line.content === 'missing' && dataset !== undefined) {
    const picked = several(body['missing']);
    const titles = dataset.fields
      .filter(({ path }) => picked.includes(path))
      .map(({ title }) => `${title.zh}：请补充说明`);
    fields['missing'] = [...titles, fields['missing'] ?? ''].filter(Boolean).join('\n');
  }
  const days = text(body['days']);
  return {
    act,
    fields,
    ...(part === '' ? {} : { part }),
    ...(clock === '' ? {} : { clock }),
    ...present({ days: /^\d{1,2}$/.test(days) ? Number(days) : undefined }),
    ...(line.content === 'reply' && dataset !== undefined
      ? { content: replyOf(body, dataset) as unknown as Json }
      : {}),
    key: randomBytes(9).toString('base64url'),
  };
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    trayRoute(app, desk);
    togetherRoute(app, desk);
    chooseRoutes(app, desk);
    openingRoutes(app, desk);
    calendarRoute(app, desk, whoIs);
    draftRoutes(app, desk);
    matterRoutes(app, desk);
  },
};
export default service;
