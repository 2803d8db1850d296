/**
 * /console/sharing/records: what is recorded of the use of grants (政务数据共享条例 Art.29(2)), and which grants have no
 * record, for the sharing authority and both sides; /console/sharing/told: of which corrections own systems were told.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Service } from '../../../documents/context.js';
import { type GrantUse, grantUses, lacksRecords } from '../../../procedures/sharing/grant-sides.js';
import { toldTo } from '../../../procedures/sharing/receivers.js';
import { useRecords, writeUseRecord } from '../../../procedures/sharing/use-records.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { type Listed, listed, sendListed } from '../../ui/listing.js';
import { APPLIES, type Desk, openDesk, whoIs } from '../applications/desk.js';
import { namesFor } from '../applications/reading.js';
import { type Sent, text } from '../applications/sent.js';
import { recordsPage } from './grant.js';
import { listPage, SHOWS, type Show, type UseLine, useListing } from './list.js';
import { type ToldLine, toldListing, toldPage } from './told.js';
import { PARTS, PATH, partNames, statusNames, TOLD_PATH } from './words.js';

const READERS = ['sharing-officer', 'sharing-head', 'department-head', 'sharing-authority', 'inspector'] as const;
/** Corrections of one list. */
const MOST_TOLD = 1000;
const TOLD_READERS = ['sharing-officer', 'sharing-head', 'department-head'] as const;

interface Route {
  readonly Params: { readonly grant: string };
  readonly Querystring: { readonly show?: string };
  readonly Body: Sent;
}

function lineOf({ context }: Desk, use: GrantUse): UseLine {
  const names = namesFor(context);
  const { id: grant, client, dataset, sides, until, over, kept } = use;
  return {
    grant,
    client: names.client(client),
    dataset: names.dataset(dataset),
    requester: names.authority(sides.requester),
    provider: names.authority(sides.provider),
    over,
    lacking: lacksRecords(use),
    records: kept?.count ?? 0,
    ...present({ until, at: kept?.at, status: kept?.status }),
  };
}

async function usesOf(desk: Desk, request: FastifyRequest): Promise<readonly GrantUse[]> {
  const { grants } = await desk.sharing();
  return grantUses(grants, desk.actorOf(request), desk.context.now());
}

const isShown = (show: Show, { lacking, records }: UseLine): boolean =>
  show === 'all' || (show === 'lacking' ? lacking : records > 0);

/** The list as somebody looks at it, once that is on record. */
async function foundUses(desk: Desk, request: FastifyRequest<Route>, isExport: boolean) {
  const { show: asked = 'lacking' } = request.query;
  const show = SHOWS.find((one) => one === asked);
  if (show === undefined) throw new YitongError('bad_request', 'there is no such list');
  const all = (await usesOf(desk, request)).map((use) => lineOf(desk, use));
  const lines = await listed(
    request,
    desk.context,
    useListing(request.language),
    all.filter((line) => isShown(show, line)),
    { show: show === 'lacking' ? undefined : show },
  );
  await desk.looked(request, 'use_records', lines.rows.length, { show, ...(isExport ? { export: true } : {}) });
  return { show, all, lines };
}

function listRoute(app: FastifyInstance, desk: Desk): void {
  app.get<Route>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: READERS, lists: ['cols'], nav: { title: { zh: '使用记录', en: 'Use' }, order: 14 } },
    },
    async (request, reply) => {
      const { language } = request;
      const { show, all, lines } = await foundUses(desk, request, false);
      return sendFramed(request, reply, {
        title: language === 'zh' ? '共享数据使用记录' : 'Records of use',
        workspace: desk.workspace,
        children: listPage({
          language,
          of: whoIs(desk, request),
          show,
          counts: {
            lacking: all.filter((line) => isShown('lacking', line)).length,
            kept: all.filter((line) => isShown('kept', line)).length,
            all: all.length,
          },
          lines,
        }),
      });
    },
  );
  app.get<Route>(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: READERS, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, (await foundUses(desk, request, true)).lines),
  );
}

async function useOf(desk: Desk, request: FastifyRequest<Route>): Promise<GrantUse> {
  const found = (await usesOf(desk, request)).find(({ id }) => id === request.params.grant);
  if (found === undefined) throw new YitongError('not_found', 'there is no such grant, or it is not yours to read');
  return found;
}

function grantRoutes(app: FastifyInstance, desk: Desk): void {
  app.get<Route>(`${PATH}/:grant`, { schema: { hide: true }, config: { roles: READERS } }, async (request, reply) => {
    const { language } = request;
    const use = await useOf(desk, request);
    const { id: grant, sides, matter } = use;
    const { state } = await desk.sharing();
    const records = await useRecords({ state, grant, sides, actor: desk.actorOf(request) });
    await desk.looked(request, 'use_records', records.length, { grant });
    const { person } = sessionOf(request);
    const line = lineOf(desk, use);
    return sendFramed(request, reply, {
      title: `${line.client[language]} · ${line.dataset[language]}`,
      workspace: desk.workspace,
      children: recordsPage({
        language,
        line,
        records,
        mayWrite: sides.requester === person.authority && person.roles.includes('sharing-officer'),
        mayGrants: person.roles.includes('sharing-authority') && line.until !== undefined,
        ...present({ matter }),
      }),
    });
  });
  app.post<Route>(`${PATH}/:grant`, { schema: { hide: true }, config: { roles: APPLIES } }, async (request, reply) => {
    const { body } = request;
    const { id: grant, sides } = await useOf(desk, request);
    const content = Object.fromEntries(PARTS.map((part) => [part, text(body[part])]));
    const faults = Object.fromEntries(
      PARTS.filter((part) => (content[part] ?? '').length < 2 || (content[part] ?? '').length > 4000).map(
        (part): [string, Localised] => [
          part,
          {
            zh: `请填写${partNames[part].zh}（2 至 4000 字）。`,
            en: `Say ${partNames[part].en} in 2 to 4000 characters.`,
          },
        ],
      ),
    );
    const status = text(body['status']);
    if (!Object.hasOwn(statusNames, status)) faults['status'] = { zh: '请选择目前状态。', en: 'Choose how it stands.' };
    if (Object.keys(faults).length > 0) throw formFault(faults, 'act_incomplete');
    const { state } = await desk.sharing();
    await writeUseRecord(
      { state, grant, sides, actor: desk.actorOf(request) },
      { ...content, status },
      { record: desk.recordOf(request), now: desk.context.now },
    );
    return reply.header('cache-control', 'no-store').redirect(`${PATH}/${grant}`, 303);
  });
}

/** All that the department was told, as somebody looks at it, once that is on record. */
async function foundTold(desk: Desk, request: FastifyRequest, isExport: boolean): Promise<Listed<ToldLine>> {
  const { state } = await desk.sharing();
  const names = namesFor(desk.context);
  const all: ToldLine[] = [];
  let after: string | undefined;
  do {
    const page = await toldTo(state, desk.authorityOf(request) ?? '', after);
    all.push(
      ...page.told.map(({ dataset, client, ...one }) => ({
        ...one,
        dataset: names.dataset(dataset),
        client: names.client(client),
      })),
    );
    after = page.next;
  } while (after !== undefined && all.length < MOST_TOLD);
  const lines = await listed(request, desk.context, toldListing(request.language), all);
  await desk.looked(request, 'corrections_told', lines.rows.length, isExport ? { export: true } : {});
  return lines;
}

function toldRoute(app: FastifyInstance, desk: Desk): void {
  const config = { roles: TOLD_READERS, lists: ['cols'] };
  app.get(TOLD_PATH, { schema: { hide: true }, config }, async (request, reply) => {
    const { language } = request;
    const lines = await foundTold(desk, request, false);
    return sendFramed(request, reply, {
      title: language === 'zh' ? '更正告知' : 'Corrections told',
      workspace: desk.workspace,
      children: toldPage({ language, of: whoIs(desk, request), lines }),
    });
  });
  app.get(
    `${TOLD_PATH}.csv`,
    { schema: { hide: true }, config: { ...config, offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, await foundTold(desk, request, true)),
  );
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    listRoute(app, desk);
    grantRoutes(app, desk);
    toldRoute(app, desk);
  },
};
export default service;
