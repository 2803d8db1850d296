/**
 * The data officer's pages: the feeds of the own authority, how fresh they are, what of them was held back and why, and
 * the retry of it once mapping or contract are mended. Each look and each retry is on record first.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { loadFeed } from '../../../../connectors/feeds.js';
import { heldId } from '../../../../connectors/publish/index.js';
import type { QuarantineEntry } from '../../../../connectors/quarantine.js';
import type { RetryReport } from '../../../../connectors/retry.js';
import { loadSourceKinds } from '../../../../connectors/sources/load.js';
import { authorityNamed } from '../../../../contracts/authorities.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Contract } from '../../../../contracts/types.js';
import { statusOf } from '../../../answer/question/status.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import type { Person } from '../../../ground/identity/person.js';
import { byUrgency, MOST_ITEMS, NOTHING, type Room, type WaitingItem } from '../../people/rooms.js';
import { staleOf } from '../../people/stale.js';
import { sessionOf } from '../../plugins/people.js';
import { openMendDesk } from '../../publishing/mends.js';
import { openQuarantineDesk, retryDetail } from '../../publishing/quarantine.js';
import { sendCsv, sendFramed } from '../../ui/frame.js';
import { csvOfList, rulesOf } from '../../ui/list.js';
import { listState, sorted } from '../../ui/list-state.js';
import { causeRoutes, unlessRefused } from './cause.js';
import { type FeedFacts, feedPage } from './feed.js';
import { feedColumns, feedsPage, type ListedFeed } from './feeds.js';
import { mendRoutes } from './mends.js';

const PATH = '/console/feeds';
const ROLES = ['data-officer'] as const;
const PAGE = 50;
const ID = /^[0-9a-f]{16}$/;
const HELD_ID = /^[\w-]{12}$/;
/** Held records that are shown at once. */
const HELD = 100;

interface Route {
  readonly Params: { readonly dataset: string };
  readonly Querystring: { readonly after?: string };
  readonly Body: { readonly id?: string };
}

/** What the pages of a provider's desk work with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace, view, now } = context;
  const kinds = await loadSourceKinds();
  const quarantines = openQuarantineDesk(context);
  app.addHook('onClose', () => quarantines.close());
  const mends = openMendDesk(context, quarantines);
  app.addHook('onClose', () => mends.close());
  const { record } = app.people;

  /** Another authority's dataset does not exist for them. */
  function own({ authority }: Person, id: string): Contract {
    const contract = [...workspace.contracts.values()].find((one) => one.id === id);
    if (contract === undefined || contract.authority !== authority)
      throw new YitongError('not_found', 'your authority has no such dataset');
    return contract;
  }

  async function factsOf(contract: Contract): Promise<FeedFacts> {
    const state = view.datasetState(contract.id);
    const feed = await loadFeed(workspace, contract.id, kinds).catch((error: unknown) => {
      if (isYitongError(error)) return error;
      throw error;
    });
    return {
      id: contract.id,
      name: contract.name,
      records: state.records,
      updateFrequency: contract.updateFrequencyText,
      titles: new Map(contract.latest.fields.map(({ path, title }) => [path, title])),
      ...statusOf(contract, state, now()),
      ...(state.watermark === undefined
        ? {}
        : { lastRun: { at: state.watermark.receivedAt, state: state.watermark.state, rows: state.watermark.rows } }),
      ...(feed === undefined
        ? {}
        : isYitongError(feed)
          ? { broken: feed }
          : { schedule: feed.schedule, kind: kinds.get(feed.source.kind)?.title }),
    };
  }

  /** Rows of it that are held back. */
  const countOf = async (contract: Contract): Promise<number> =>
    (await quarantines.look(contract, async (quarantine) => quarantine.count())) ?? 0;

  return { context, workspace, record, quarantines, mends, own, factsOf, countOf };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

interface Shown {
  readonly after?: string | undefined;
  /** The row whose content is shown. */
  readonly content?: QuarantineEntry;
  readonly report?: RetryReport;
}
/** The page of one feed. */
async function show(
  { workspace, quarantines, mends, factsOf }: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  contract: Contract,
  { after = '', content, report }: Shown,
): Promise<FastifyReply> {
  const [rows, causes] = (await quarantines.look(contract, (quarantine) =>
    Promise.all([quarantine.page(after, PAGE + 1), quarantine.causes()]),
  )) ?? [[], []];
  // of the same moment as the causes, so that they add up
  const count = causes.reduce((sum, { rows: n }) => sum + n, 0);
  const facts = await factsOf(contract);
  const shown = rows.slice(0, PAGE);
  const held = quarantines.held(contract);
  return sendFramed(request, reply, {
    title: contract.name[request.language],
    workspace,
    scripts: ['follow.js'],
    children: feedPage({
      language: request.language,
      facts,
      rows: shown,
      causes,
      count,
      first: after === '',
      held: held.slice(0, HELD),
      heldCount: held.length,
      drafts: await mends.list(contract),
      reading: await unlessRefused(quarantines.reading(contract)),
      next: rows.length > PAGE ? shown.at(-1)?.id : undefined,
      ...present({ content, report }),
    }),
  });
}

/** The feeds of an officer's authority, as a page and as a file. */
function feedsRoute(app: FastifyInstance, { context, workspace, record, factsOf, countOf }: Desk): void {
  async function found(request: FastifyRequest, isExport: boolean) {
    const { person } = sessionOf(request);
    const { language } = request;
    const mine = [...workspace.contracts.values()]
      .filter(({ authority }) => authority === person.authority)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const columns = feedColumns(language);
    const state = await listState(request, context, rulesOf('feeds', columns));
    const feeds: ListedFeed[] = [];
    for (const contract of mine) feeds.push({ ...(await factsOf(contract)), quarantined: await countOf(contract) });
    const word = state.q.toLowerCase();
    const rows = sorted(
      feeds.filter(({ name }) => `${name.zh} ${name.en}`.toLowerCase().includes(word)),
      columns,
      state,
    );
    await record.looked(person, {
      requestId: request.id,
      action: 'feeds',
      role: 'data-officer',
      results: rows.length,
      ...(isExport ? { detail: { export: true } } : {}),
    });
    return { person, language, columns, state, feeds, rows };
  }
  app.get(
    PATH,
    {
      schema: { hide: true },
      config: { roles: ROLES, lists: ['cols'], nav: { title: { zh: '本单位数据源', en: 'My feeds' }, order: 12 } },
    },
    async (request, reply) => {
      const { person, language, state, feeds, rows } = await found(request, false);
      const authority = authorityNamed(workspace, person.authority ?? '')?.name;
      return sendFramed(request, reply, {
        title: language === 'zh' ? '本单位数据源' : 'My feeds',
        workspace,
        children: feedsPage({
          language,
          authority: authority?.[language] ?? person.authority ?? '',
          feeds,
          rows,
          state,
        }),
      });
    },
  );
  app.get(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendCsv(reply, 'feeds', csvOfList(await found(request, true))),
  );
}

/** What waits here for whoever starts the day, and what does not come as it should. */
function roomOf({ context, workspace, quarantines, countOf }: Desk): Room {
  const mine = ({ authority }: Person): readonly Contract[] =>
    [...workspace.contracts.values()].filter((one) => one.authority === authority);
  return {
    id: 'feeds',
    title: { zh: '本单位数据源', en: 'Rows held back' },
    href: PATH,
    roles: ROLES,
    async waiting(person) {
      const items: WaitingItem[] = [];
      for (const contract of mine(person)) {
        const rows = await countOf(contract);
        const held = quarantines.held(contract).length;
        if (rows + held === 0) continue;
        const { zh, en } = contract.name;
        items.push({
          id: contract.id,
          title: {
            zh: `${zh}：${rows} 行未通过检查${held === 0 ? '' : `，${held} 项撤回待决定`}`,
            en: `${en}: ${rows} rows held back${held === 0 ? '' : `, ${held} withdrawals to decide`}`,
          },
          href: `${PATH}/${contract.id}`,
        });
      }
      return { count: items.length, items: items.sort(byUrgency).slice(0, MOST_ITEMS) };
    },
    wrong: async (person) => staleOf(context, mine(person)),
  };
}

/** Drafts of mends that a colleague proposed. */
const approvingRoom = ({ mends }: Desk): Room => ({
  id: 'mends',
  title: { zh: '待审批的映射修正', en: 'Mends to approve' },
  href: PATH,
  roles: ROLES,
  async waiting(person) {
    if (person.authority === undefined) return NOTHING;
    const items = (await mends.toApprove(person.authority, person)).map(({ contract, draft }): WaitingItem => {
      const { zh, en } = contract.name;
      const back = draft.undoes !== undefined;
      return {
        id: draft.id,
        title: {
          zh: `${zh}：${back ? '恢复原映射' : `可使 ${draft.held.good} 行通过检查`}`,
          en: `${en}: ${back ? 'puts back what was before' : `makes ${draft.held.good} rows good`}`,
        },
        href: `${PATH}/${contract.id}/mends/${draft.id}`,
      };
    });
    return { count: items.length, items: items.slice(0, MOST_ITEMS) };
  },
});

/** One feed. */
function feedRoute(app: FastifyInstance, desk: Desk): void {
  const { record, own } = desk;
  app.get<Route>(`${PATH}/:dataset`, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const contract = own(person, request.params.dataset);
    const { after = '' } = request.query;
    if (after !== '' && !ID.test(after)) throw new YitongError('bad_request', '`after` is the id of a row');
    await record.looked(person, {
      requestId: request.id,
      action: 'feed',
      role: 'data-officer',
      detail: { dataset: contract.id },
    });
    return show(desk, request, reply, contract, { after });
  });
}

/** What a row in quarantine says; the look at it is on record. */
function contentRoute(app: FastifyInstance, desk: Desk): void {
  const { record, quarantines, own } = desk;
  app.post<Route>(
    `${PATH}/:dataset/content`,
    { schema: { hide: true }, config: { roles: ROLES } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const contract = own(person, request.params.dataset);
      const { id = '' } = request.body;
      const entry = await quarantines.look(contract, (quarantine) => quarantine.get(id));
      if (entry === undefined) throw new YitongError('not_found', 'the row is not in quarantine any more');
      await record.looked(person, {
        requestId: request.id,
        action: 'quarantine_rows',
        role: 'data-officer',
        detail: { dataset: contract.id, ids: [entry.id] },
        results: 1,
      });
      return show(desk, request, reply, contract, { content: entry });
    },
  );
}

/** Checks rows in quarantine anew. */
function retryRoute(app: FastifyInstance, desk: Desk): void {
  const { context, record, quarantines, own } = desk;
  app.post<Route>(
    `${PATH}/:dataset/retry`,
    { handlerTimeout: context.settings.gateway.handlerTimeoutMs, schema: { hide: true }, config: { roles: ROLES } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const contract = own(person, request.params.dataset);
      const { id } = request.body;
      if (id !== undefined && !ID.test(id)) throw new YitongError('bad_request', '`id` is the id of a row');
      const ids = id === undefined ? undefined : [id];
      const report = await quarantines.retry(contract, ids, async () => {
        await record.did(person, {
          action: 'quarantine_retry',
          role: 'data-officer',
          target: contract.id,
          detail: retryDetail(request.id, ids),
        });
      });
      if (report === undefined) throw new YitongError('not_found', 'nothing of this dataset is in quarantine');
      const { results: _, ...counts } = report;
      await record.did(person, {
        action: 'quarantine_retried',
        role: 'data-officer',
        target: contract.id,
        detail: { requestId: request.id, ...counts },
      });
      return show(desk, request, reply, contract, { report });
    },
  );
}

/** Releases a withdrawal that is held, or keeps the record. */
function decideRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, record, quarantines, own } = desk;
  for (const [what, action] of [
    ['release', 'withdrawal_released'],
    ['keep', 'withdrawal_kept'],
  ] as const) {
    app.post<Route>(
      `${PATH}/:dataset/${what}`,
      { handlerTimeout: context.settings.gateway.handlerTimeoutMs, schema: { hide: true }, config: { roles: ROLES } },
      async (request, reply) => {
        const { person } = sessionOf(request);
        const contract = own(person, request.params.dataset);
        const { id = '' } = request.body;
        if (!HELD_ID.test(id)) throw new YitongError('bad_request', '`id` is the id of a held record');
        if (!quarantines.held(contract).some((one) => heldId(one) === id))
          throw new YitongError('not_found', 'the withdrawal is not held any more');
        await quarantines.decide(contract, what, id, `role:${person.authority ?? ''}`, async () => {
          await record.did(person, {
            action,
            role: 'data-officer',
            target: contract.id,
            detail: { requestId: request.id, id },
          });
        });
        return show(desk, request, reply, contract, {});
      },
    );
  }
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const desk = await openDesk(app, context);
    app.people.rooms.push(roomOf(desk), approvingRoom(desk));
    feedsRoute(app, desk);
    feedRoute(app, desk);
    contentRoute(app, desk);
    retryRoute(app, desk);
    decideRoutes(app, desk);
    causeRoutes(app, desk);
    mendRoutes(app, desk);
  },
};
export default service;
