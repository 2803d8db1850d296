/**
 * /console/applications: applications for sharing, for who asks, who provides, their heads, the sharing authority and
 * its superior. What is seen and done is on record first; who may not see an application is told what is told of one
 * that there is not.
 */
import { hash, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { SharingAttribute } from '../../../../contracts/types.js';
import { callsOf } from '../../../answer/question/volumes.js';
import type { Service } from '../../../documents/context.js';
import { type Person, roleNames } from '../../../ground/identity/person.js';
import type { Json } from '../../../ground/state/port.js';
import { commentsOf } from '../../../procedures/sharing/comments.js';
import { deputationsOf, isInForce } from '../../../procedures/sharing/deputies.js';
import { toldIn } from '../../../procedures/sharing/receivers.js';
import { seesTold } from '../../../procedures/sharing/shown.js';
import type { OpenedMatter, SeenMatter } from '../../../procedures/sharing/types.js';
import { byUrgency, MOST_ITEMS, type Room, type WaitingItem } from '../../people/rooms.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { sendCsv, sendFramed } from '../../ui/frame.js';
import { csvOfList, rulesOf } from '../../ui/list.js';
import { type ListState, listState, sorted } from '../../ui/list-state.js';
import { commentRoute, standingRoutes } from './beside.js';
import { calendarRoute } from './calendar.js';
import { type Desk, MACHINE, openDesk, pageOf, READERS, whoIs } from './desk.js';
import { fileRoutes, filesOf } from './files.js';
import { lateOf, noneWhereNobodySays, overdueIn } from './late.js';
import { type LateHere, matterPage } from './matter-page.js';
import { openable, openingRoutes } from './opening-routes.js';
import { otherLine, otherView } from './others.js';
import { applicationIn, byDue, commentLine, matterView, namesFor, sideOf, trayLines } from './reading.js';
import { replyOf, type Sent, several, text } from './sent.js';
import { type DeputyNotice, SHOWS, type Show, trayColumns, trayPage } from './tray-page.js';
import type { MatterView, TrayLine } from './views.js';
import { PATH } from './words.js';
import { writingRoutes } from './writing.js';

const PAGE = 50;

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: Readonly<
    Partial<Record<'show' | 'q' | 'attribute' | 'machine' | 'page' | 'did' | 'left', string>>
  >;
  readonly Body: Sent;
}

const isAttribute = (one: string): one is Exclude<SharingAttribute, 'none'> =>
  one === 'conditional' || one === 'unconditional';

const linesOf = (desk: Desk, all: readonly SeenMatter[], todo: boolean, authority?: string): readonly TrayLine[] =>
  all
    .flatMap((one) =>
      one.head.machine === MACHINE ? trayLines(desk.context, one, todo, authority) : otherLine(desk.context, one, todo),
    )
    .sort(byDue);

const todoOf = async (desk: Desk, person: Person): Promise<readonly TrayLine[]> =>
  linesOf(desk, await desk.all(person, 'todo'), true, person.authority);

async function traysOf(desk: Desk, request: FastifyRequest): Promise<Readonly<Record<Show, readonly TrayLine[]>>> {
  const { person } = sessionOf(request);
  const { authority } = person;
  const open = await desk.all(person, 'open');
  const asks = (one: SeenMatter): boolean => authority !== undefined && sideOf(one, '', 'requester') === authority;
  const lines = (all: readonly SeenMatter[]): readonly TrayLine[] => linesOf(desk, all, false, authority);
  return {
    todo: await todoOf(desk, person),
    asked: lines(open.filter(asks)),
    held: lines(open.filter((one) => !asks(one))),
    done: [...lines(await desk.all(person, 'over'))].sort((a, b) => b.since - a.since),
  };
}

/** What waits here for whoever starts the day. */
const roomOf = (desk: Desk): Room => ({
  id: 'sharing',
  title: { zh: '共享事项', en: 'Matters of sharing' },
  href: PATH,
  roles: READERS,
  async waiting(person) {
    const lines = await todoOf(desk, person).catch(noneWhereNobodySays);
    const items = lines.map(({ id, title, from, todo, term }): WaitingItem => {
      const act = todo ?? { zh: '待办理', en: 'to be done' };
      return {
        // one matter may wait for several things
        id: `${id}.${hash('sha256', `${act.zh}\n${title.zh}`, 'hex').slice(0, 12)}`,
        title: { zh: `${act.zh}：${title.zh}（${from.zh}）`, en: `${act.en}: ${title.en} (${from.en})` },
        href: `${PATH}/${id}`,
        ...(term === undefined ? {} : { due: { at: term.due.overAt, left: term.left, over: term.over } }),
      };
    });
    return { count: lines.length, items: items.sort(byUrgency).slice(0, MOST_ITEMS) };
  },
  wrong: (person) => lateOf(desk, person),
});

interface FoundTray {
  readonly show: Show;
  readonly q: string;
  readonly attribute: Exclude<SharingAttribute, 'none'> | undefined;
  readonly machine: string;
  readonly trays: Readonly<Record<Show, readonly TrayLine[]>>;
  /** Of the one that is shown, filtered and in the order that is asked for. */
  readonly rows: readonly TrayLine[];
  readonly state: ListState;
}

async function foundTray(desk: Desk, request: FastifyRequest<Route>): Promise<FoundTray> {
  const { show = 'todo', q = '', attribute = '', machine = '' } = request.query;
  const shown = SHOWS.find((one) => one === show);
  if (shown === undefined || q.length > 100) throw new YitongError('bad_request', 'there is no such list');
  const only = isAttribute(attribute) ? attribute : undefined;
  const columns = trayColumns(request.language, false);
  const state = await listState(request, desk.context, rulesOf('sharing', columns));
  const trays = await traysOf(desk, request);
  const word = q.trim().toLowerCase();
  const texts = ({ title, from, to, purpose }: TrayLine): readonly string[] =>
    [title, from, to, purpose].flatMap((one: Localised) => [one.zh, one.en.toLowerCase()]);
  const found = trays[shown].filter(
    (line) =>
      (only === undefined || line.attribute === only) &&
      (machine === '' || line.machine === machine) &&
      (word === '' || texts(line).some((one) => one.includes(word))),
  );
  return { show: shown, q, attribute: only, machine, trays, rows: sorted(found, columns, state), state };
}

/** Heads for whom whoever looks acts today. */
async function standsInFor(desk: Desk, request: FastifyRequest): Promise<readonly DeputyNotice[]> {
  const { state, keys } = await desk.sharing();
  const { person } = sessionOf(request);
  const now = desk.context.now();
  const me = keys.reference('actor', person.id);
  return (await deputationsOf({ state }, person.authority))
    .filter((one) => one.deputy === me && isInForce(one, now))
    .map(({ ofName, role, until }) => ({ of: ofName, role: roleNames[role], until }));
}

function trayRoute(app: FastifyInstance, desk: Desk): void {
  app.get<Route>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: READERS, lists: ['cols'], nav: { title: { zh: '共享事项', en: 'Sharing' }, order: 12 } },
    },
    async (request, reply) => {
      const { language } = request;
      const { page, did, left } = request.query;
      const { show, q, attribute, machine, trays, rows, state } = await foundTray(desk, request);
      const matters = await desk.matters();
      const at = pageOf(page);
      const lines = rows.slice((at - 1) * PAGE, at * PAGE);
      const { person } = sessionOf(request);
      await desk.looked(request, 'applications', lines.length, { show });
      return sendFramed(request, reply, {
        title: language === 'zh' ? '共享事项' : 'Matters of sharing',
        workspace: desk.workspace,
        scripts: ['keys.js', 'choose.js'],
        children: trayPage({
          language,
          of: whoIs(desk, request),
          show,
          counts: {
            todo: trays.todo.length,
            asked: trays.asked.length,
            held: trays.held.length,
            done: trays.done.length,
          },
          over: trays.todo.filter(({ term }) => term?.over === true).length,
          q,
          attribute,
          machine: machine === '' ? undefined : machine,
          machines: [...matters.machines.values()],
          openable: await openable(desk, request),
          lines,
          state,
          mayApply: person.roles.includes('sharing-officer'),
          mayConsent: person.roles.includes('sharing-head'),
          standsInFor: await standsInFor(desk, request),
          together: person.roles.includes('sharing-head')
            ? { zh: '同意所选', en: 'Agree to what is picked' }
            : { zh: '对所选拟定“全部同意”的答复', en: 'Draft a reply that agrees, for what is picked' },
          page: at,
          pages: Math.ceil(rows.length / PAGE),
          ...(did === undefined ? {} : { did: { done: Number(did) || 0, left: Number(left) || 0 } }),
        }),
      });
    },
  );

  app.get<Route>(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: READERS, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => {
      const { show, rows, state } = await foundTray(desk, request);
      await desk.looked(request, 'applications', rows.length, { show, export: true });
      const { language } = request;
      return sendCsv(reply, 'sharing', csvOfList({ language, columns: trayColumns(language, false), rows, state }));
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

const MOVED: Localised = {
  zh: '该申请刚刚由其他人员办理，请核对最新情况后再作决定。',
  en: 'Somebody has acted on this meanwhile: look at it as it is now.',
};

function matterRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, workspace } = desk;
  app.get<Route>(`${PATH}/:id`, { schema: { hide: true }, config: { roles: READERS } }, async (request, reply) => {
    const { language } = request;
    const { person } = sessionOf(request);
    const matter = await desk.opened(request, request.params.id);
    await desk.looked(request, 'application', 1, { application: matter.head.id });
    // figures beside the decision: without them it is decided all the same
    const calls = await desk
      .sharing()
      .then(({ state }) => callsOf(state, context.now()))
      .catch(() => undefined);
    const view = viewOf(desk, matter, request, calls);
    const talks =
      matter.head.subject === undefined && Object.values(matter.state.parts).some(({ state }) => state !== 'draft');
    const comments = talks ? await commentsOf((await desk.sharing()).state, matter.head.id) : [];
    return sendFramed(request, reply, {
      title: view.title[language],
      workspace,
      scripts: ['keys.js', 'choose.js'],
      children: matterPage({
        language,
        matter: { ...view, comments: comments.map((one) => commentLine(context, matter, one)) },
        ...(await filesOf(desk, request, matter)),
        told: await toldLines(desk, request, matter),
        mayUse: Object.values(matter.state.parts).some(({ state }) => USED.has(state)),
        seen: String(matter.state.events),
        mayEdit: matter.acts.some(({ act }) => act === 'save'),
        mayComment: talks,
        mayGrants: person.roles.includes('sharing-authority'),
        late: lateHere(desk, matter, person),
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

/** Departments that let a term run out, for whoever may order them to mend it. */
function lateHere({ context }: Desk, matter: OpenedMatter, { roles, authority }: Person): readonly LateHere[] {
  if (!roles.includes('sharing-authority')) return [];
  const names = namesFor(context);
  const late = new Set(overdueIn(matter).map(({ holder }) => holder));
  return [...late]
    .filter((holder) => holder !== authority)
    .map((holder) => ({ name: names.authority(holder), order: `${PATH}/open/order?authority=${holder}` }));
}

/** States of a part under which there is, or was, a grant. */
const USED: ReadonlySet<string> = new Set(['agreed', 'supplied', 'in-use', 'ended', 'closed']);

/** Systems that were told of the answer of a correction, as far as whoever looks is shown them. */
async function toldLines(desk: Desk, request: FastifyRequest, matter: OpenedMatter) {
  if (matter.head.machine !== 'correction') return [];
  const names = namesFor(desk.context);
  const own = desk.authorityOf(request);
  return (await toldIn((await desk.sharing()).state, matter.head.id))
    .filter(({ authority }) => seesTold(matter, authority, own))
    .map(({ client, authority, at, receipts }) => ({
      client: names.client(client),
      authority: names.authority(authority),
      at,
      answers: receipts.length,
    }));
}

function viewOf(
  { context, authorityOf }: Desk,
  matter: OpenedMatter,
  request: FastifyRequest,
  calls?: ReadonlyMap<string, number>,
): MatterView {
  const { workspace, inForce, view, now } = context;
  const ground = { workspace, inForce, view, now, calls };
  return (matter.head.machine === MACHINE ? matterView : otherView)(ground, matter, authorityOf(request));
}

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
    app.people.rooms.push(roomOf(desk));
    trayRoute(app, desk);
    togetherRoute(app, desk);
    writingRoutes(app, desk);
    openingRoutes(app, desk);
    calendarRoute(app, desk, whoIs);
    matterRoutes(app, desk);
    commentRoute(app, desk);
    fileRoutes(app, desk);
    standingRoutes(app, desk, whoIs);
  },
};
export default service;
