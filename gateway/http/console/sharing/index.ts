/**
 * The sharing authority's pages: every grant, how it is used and what of it is not, and the suspension of one. A
 * suspension is on record with its person before it stands on disk, and in force in every worker of the data folder
 * within two seconds (`answer/inforce/suspensions.ts`), of other replicas that share a store within five.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { endOfDay, startOfDay } from '../../../../policies/dates.js';
import type { Grant } from '../../../../policies/types.js';
import { appliedDir, originOf, readApplied } from '../../../answer/inforce/applied-grants.js';
import { changeSuspended } from '../../../answer/inforce/shared-suspensions.js';
import {
  readSuspensions,
  type Suspension,
  type Suspensions,
  suspendedByFile,
  suspensionsDir,
} from '../../../answer/inforce/suspensions.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { namesOf } from '../../../documents/words/names.js';
import type { GrantUse } from '../../../log/search/summary.js';
import { sharingDeskOf } from '../../../procedures/sharing/opened.js';
import { useKept } from '../../../procedures/sharing/use-records.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { callsToday } from '../../plugins/volumes.js';
import { sendFramed } from '../../ui/frame.js';
import { grantPage } from './grant.js';
import { GRANT_STATES, type GrantState, type GrantSummary, grantsPage } from './grants.js';

const PATH = '/console/grants';
const ROLES = ['sharing-authority'] as const;
const DAYS = 90;
const DAY = 86_400_000;
const ACCESSES = 10;
const MAX_QUERY = 100;
const PAGE = 20;
const MIN_REASON = 4;
const MAX_REASON = 500;

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: { readonly q?: string; readonly state?: string; readonly page?: string };
  readonly Body: { readonly reason?: string };
}

/** What the pages of grants work with. */
function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace, dataDir } = context;
  const dir = suspensionsDir(dataDir);
  const { record } = app.people;
  const search = () => app.people.search();

  function stateOf(grant: Grant, suspensions: Suspensions): GrantState {
    const now = context.now();
    if (suspendedByFile(grant) || suspensions.grants.has(grant.id)) return 'suspended';
    if (now >= endOfDay(grant.until)) return 'ended';
    return now < startOfDay(grant.from) ? 'not-begun' : 'active';
  }
  async function uses(): Promise<Readonly<Record<string, GrantUse>>> {
    const now = context.now();
    return (await search().overview(now - DAYS * DAY, now + 1)).grants;
  }
  /** Of today; undefined where no grant has a volume, or the state does not answer. */
  async function calls(): Promise<ReadonlyMap<string, number> | undefined> {
    const { grants } = context.inForce().policies;
    if ([...grants.values()].every(({ callsADay }) => callsADay === undefined)) return undefined;
    return await callsToday(context).catch(() => undefined);
  }
  function summaryOf(
    grant: Grant,
    suspensions: Suspensions,
    use: GrantUse | undefined,
    made?: ReadonlyMap<string, number>,
  ): GrantSummary {
    const { clients } = context.inForce().policies;
    const since = context.now() - DAYS * DAY;
    const used = use !== undefined && use.last >= since ? use : undefined;
    return {
      grant,
      state: stateOf(grant, suspensions),
      client: clients.get(grant.client)?.name ?? { zh: grant.client, en: grant.client },
      dataset: workspace.contracts.get(grant.dataset)?.name ?? { zh: grant.dataset, en: grant.dataset },
      ...(used === undefined ? {} : { last: used.last }),
      requests: used?.requests ?? 0,
      ...(made === undefined ? {} : { calls: made.get(grant.id) ?? 0 }),
      // a branch is used if anything below it is
      unused: grant.fields
        .map(({ path }) => path)
        .filter(
          (path) =>
            !Object.entries(used?.fields ?? {}).some(
              ([field, at]) =>
                at >= since &&
                (field === path ||
                  field.startsWith(`${path}.`) ||
                  field.startsWith(`${path}[]`) ||
                  path.startsWith(`${field}.`)),
            ),
        ),
    };
  }
  function known(id: string): Grant {
    const grant = [...context.inForce().policies.grants.values()].find((one) => one.id === id);
    if (grant === undefined) throw new YitongError('not_found', 'no such grant is in force');
    return grant;
  }

  const sharing = sharingDeskOf(context);
  app.addHook('onClose', () => sharing.close());
  /** How many records of the use of a grant there are; undefined where the workspace says nothing of sharing. */
  const records = async (grant: string): Promise<number | undefined> => {
    const desk = await sharing.desk().catch(() => undefined);
    return desk === undefined ? undefined : ((await useKept(desk.state)).get(grant)?.count ?? 0);
  };

  return { context, workspace, dataDir, dir, record, records, search, uses, calls, summaryOf, known };
}
type Desk = ReturnType<typeof openDesk>;

/** Suspends a grant or lets it go on. @returns its id */
async function change(
  { context, dir, record, known }: Desk,
  request: FastifyRequest<Route>,
  action: 'grant_suspended' | 'grant_resumed',
): Promise<string> {
  const { person } = sessionOf(request);
  const grant = known(request.params.id);
  const reason = request.body.reason?.trim() ?? '';
  if (reason.length < MIN_REASON || reason.length > MAX_REASON)
    throw formFault({
      reason: {
        zh: `请用 ${MIN_REASON} 至 ${MAX_REASON} 字说明理由。`,
        en: `Say in ${MIN_REASON} to ${MAX_REASON} characters why.`,
      },
    });
  // of the store that all share, before anything is on record: one that is away says so here
  const suspended = ((await context.suspensions?.read()) ?? readSuspensions(dir).grants).has(grant.id);
  if (suspended === (action === 'grant_suspended')) return grant.id;
  if (action === 'grant_suspended' && suspendedByFile(grant))
    throw new YitongError('bad_request', 'the grant is suspended by its file already');
  // on record first: what stands on disk points to who did it
  const { id: entry } = await record.did(person, {
    action,
    role: 'sharing-authority',
    target: grant.id,
    detail: { requestId: request.id },
    about: { reason },
  });
  const apply = (grants: Map<string, Suspension>): void => {
    if (action === 'grant_resumed') grants.delete(grant.id);
    else if (!grants.has(grant.id))
      grants.set(grant.id, { at: new Date(context.now()).toISOString(), by: 'sharing-authority', reason, entry });
  };
  await changeSuspended({ dir, ...present({ shared: context.suspensions }) }, apply);
  return grant.id;
}

/** The grants in force. */
function grantsRoute(app: FastifyInstance, { context, workspace, dir, record, uses, calls, summaryOf }: Desk): void {
  app.get<Route>(
    PATH,
    { schema: { hide: true }, config: { roles: ROLES, nav: { title: { zh: '共享授权', en: 'Grants' }, order: 13 } } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { q = '', state = '', page = '1' } = request.query;
      const asked = GRANT_STATES.find((one) => one === state);
      if (q.length > MAX_QUERY || (state !== '' && asked === undefined))
        throw new YitongError('bad_request', 'the filter has a value that does not exist');
      if (!/^[1-9]\d{0,5}$/.test(page)) throw new YitongError('bad_request', '`page` is not a number from 1');
      const suspensions = readSuspensions(dir);
      const [used, made] = await Promise.all([uses(), calls()]);
      const all = [...context.inForce().policies.grants.values()]
        .map((grant) => summaryOf(grant, suspensions, used[grant.id], made))
        .sort((a, b) => (a.grant.id < b.grant.id ? -1 : 1));
      const word = q.trim().toLowerCase();
      const fits = ({ grant, client, dataset }: GrantSummary): boolean =>
        [grant.id, grant.client, grant.dataset, ...grant.purposes, client.zh, client.en, dataset.zh, dataset.en].some(
          (text) => text.toLowerCase().includes(word),
        );
      const grants = all.filter(
        (one) =>
          (word === '' || fits(one)) &&
          (asked === undefined || (asked === 'unused' ? one.last === undefined : one.state === asked)),
      );
      await record.looked(person, {
        requestId: request.id,
        action: 'grants',
        role: 'sharing-authority',
        detail: asked === undefined ? {} : { state: asked },
        ...(word === '' ? {} : { about: { filter: word } }),
        results: grants.length,
      });
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? '共享授权' : 'Grants',
        workspace,
        children: grantsPage({
          language: request.language,
          all,
          grants: grants.slice((Number(page) - 1) * PAGE, Number(page) * PAGE),
          found: grants.length,
          page: Number(page),
          pages: Math.ceil(grants.length / PAGE),
          q,
          state: asked,
          days: DAYS,
          names: namesOf(context, request.language),
        }),
      });
    },
  );
}

/** One grant, and what was released by it. */
function grantRoute(
  app: FastifyInstance,
  { context, workspace, dataDir, dir, record, records, search, uses, summaryOf, known }: Desk,
): void {
  app.get<Route>(`${PATH}/:id`, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const grant = known(request.params.id);
    const suspensions = readSuspensions(dir);
    const { entries } = await search().page({ grant: grant.id, type: 'released' }, { limit: ACCESSES });
    const summary = summaryOf(grant, suspensions, (await uses())[grant.id]);
    await record.looked(person, {
      requestId: request.id,
      action: 'grant',
      role: 'sharing-authority',
      detail: { grant: grant.id },
      results: entries.length,
    });
    const { purposes } = context.inForce().policies;
    const suspension = suspensions.grants.get(grant.id);
    const fields = workspace.contracts.get(grant.dataset)?.latest.fields ?? [];
    return sendFramed(request, reply, {
      title: `${summary.client[request.language]} · ${summary.dataset[request.language]}`,
      workspace,
      children: grantPage({
        language: request.language,
        summary,
        days: DAYS,
        accesses: entries.map(({ index, body }) => ({ index, body })),
        inForce: grant.status === 'suspended',
        ...present({ records: await records(grant.id) }),
        ...present({ suspension, application: originOf(readApplied(appliedDir(dataDir)).grants, grant.id).matter }),
        purposes: grant.purposes.map((id) => ({ id, name: purposes.get(id)?.name ?? { zh: id, en: id } })),
        titles: new Map(fields.map(({ path, title }) => [path as string, title])),
        mayAudit: person.roles.includes('auditor'),
      }),
    });
  });
}

/** Suspends a grant, or lets it go on. */
function changeRoutes(app: FastifyInstance, desk: Desk): void {
  for (const [name, action] of [
    ['suspend', 'grant_suspended'],
    ['resume', 'grant_resumed'],
  ] as const) {
    app.post<Route>(
      `${PATH}/:id/${name}`,
      { schema: { hide: true }, config: { roles: ROLES } },
      async (request, reply) =>
        reply.header('cache-control', 'no-store').redirect(`${PATH}/${await change(desk, request, action)}`, 303),
    );
  }
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    grantsRoute(app, desk);
    grantRoute(app, desk);
    changeRoutes(app, desk);
  },
};
export default service;
