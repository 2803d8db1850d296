/**
 * The sharing authority's pages: every grant, how it is used and what of it is not, and the suspension of one. A
 * suspension is on record with its person before it stands on disk, and in force in every worker of the data folder
 * within two seconds (`answer/inforce/suspensions.ts`), of other replicas that share a store within five.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { present } from '../../../../contracts/present.js';
import { appliedDir, originOf, readApplied } from '../../../answer/inforce/applied-grants.js';
import { readSuspensions, suspendedByFile } from '../../../answer/inforce/suspensions.js';
import type { Service } from '../../../documents/context.js';
import { namesOf } from '../../../documents/words/names.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { choicesIn } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { backTo, type Listed, listed, sendListed } from '../../ui/listing.js';
import { changeGrants, DAYS, type Desk, openDesk, ROLES } from './desk.js';
import { grantPage } from './grant.js';
import { type ClientCount, type GrantSummary, grantListing, grantsPage, PATH } from './grants.js';
import { ofClientRoutes } from './of-client.js';

const ACCESSES = 10;
/** Grants that are suspended at once. */
const MOST_PICKED = 200;
/** Systems that are named above the list. */
const MOST_CLIENTS = 12;

interface Route {
  readonly Params: { readonly id: string };
  readonly Body: { readonly reason?: string; readonly grant?: string | readonly string[]; readonly back?: string };
}

/** Whose they are, those with the most first. */
function clientsOf(grants: readonly GrantSummary[]): readonly ClientCount[] {
  const counts = new Map<string, ClientCount>();
  for (const { grant, client } of grants)
    counts.set(grant.client, { id: grant.client, name: client, grants: (counts.get(grant.client)?.grants ?? 0) + 1 });
  return [...counts.values()].sort((a, b) => b.grants - a.grants).slice(0, MOST_CLIENTS);
}

/** The grants in force as somebody looks at them, once that is on record. */
async function foundGrants(
  { context, dir, record, uses, calls, summaryOf }: Desk,
  request: FastifyRequest,
  isExport: boolean,
): Promise<{ readonly all: readonly GrantSummary[]; readonly grants: Listed<GrantSummary> }> {
  const suspensions = readSuspensions(dir);
  const [used, made] = await Promise.all([uses(), calls()]);
  const all = [...context.inForce().policies.grants.values()]
    .map((grant) => summaryOf(grant, suspensions, used[grant.id], made))
    .sort((a, b) => (a.grant.id < b.grant.id ? -1 : 1));
  const { language } = request;
  const listing = grantListing(language, namesOf(context, language), context.now());
  const grants = await listed(request, context, listing, all);
  const { q } = grants.chosen;
  await record.looked(sessionOf(request).person, {
    requestId: request.id,
    action: 'grants',
    role: 'sharing-authority',
    detail: { ...choicesIn(grants.filters, grants.chosen), ...(isExport ? { export: true } : {}) },
    ...(q === undefined ? {} : { about: { filter: q.toLowerCase() } }),
    results: grants.rows.length,
  });
  return { all, grants };
}

/** The grants in force, as a page and as a file. */
function grantsRoute(app: FastifyInstance, desk: Desk): void {
  app.get(
    PATH,
    {
      schema: { hide: true },
      config: { roles: ROLES, lists: ['cols'], nav: { title: { zh: '共享授权', en: 'Grants' }, order: 13 } },
    },
    async (request, reply) => {
      const { all, grants } = await foundGrants(desk, request, false);
      const logBegins = await desk.logBegins();
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? '共享授权' : 'Grants',
        workspace: desk.workspace,
        scripts: ['choose.js'],
        children: grantsPage({
          language: request.language,
          all,
          clients: clientsOf(grants.rows),
          grants,
          days: DAYS,
          logBegins,
        }),
      });
    },
  );
  app.get(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, (await foundGrants(desk, request, true)).grants),
  );
}

/** What is picked of the list is suspended by one reason, each on record by itself. */
function suspendRoute(app: FastifyInstance, desk: Desk): void {
  app.post<Route>(
    `${PATH}/suspend`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['grant'] } },
    async (request, reply) => {
      const { reason, grant, back = '' } = request.body;
      const picked = [...new Set([grant ?? []].flat())].slice(0, MOST_PICKED).map((id) => desk.known(id));
      const open = picked.filter((one) => !suspendedByFile(one));
      if (open.length === 0) throw formFault({ reason: { zh: '请先勾选要暂停的授权。', en: 'Pick grants first.' } });
      await changeGrants(desk, request, open, 'grant_suspended', reason);
      return reply.header('cache-control', 'no-store').redirect(backTo(PATH, back), 303);
    },
  );
}

/** One grant, and what was released by it. */
function grantRoute(
  app: FastifyInstance,
  { context, workspace, dataDir, dir, record, records, search, uses, logBegins, summaryOf, known }: Desk,
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
        logBegins: await logBegins(),
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
      async (request, reply) => {
        const grant = desk.known(request.params.id);
        await changeGrants(desk, request, [grant], action, request.body.reason);
        return reply.header('cache-control', 'no-store').redirect(`${PATH}/${grant.id}`, 303);
      },
    );
  }
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    grantsRoute(app, desk);
    suspendRoute(app, desk);
    grantRoute(app, desk);
    changeRoutes(app, desk);
    ofClientRoutes(app, desk);
  },
};
export default service;
