/**
 * The sharing authority's pages: every grant, how it is used and what of it is not, and the suspension of one. A
 * suspension is on record with its person before it stands on disk, and in force in every worker of the data folder
 * within two seconds (`answer/inforce/suspensions.ts`), of other replicas that share a store within five.
 */

import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { appliedDir, originOf, readApplied } from '../../../answer/inforce/applied-grants.js';
import { readSuspensions } from '../../../answer/inforce/suspensions.js';
import type { Service } from '../../../documents/context.js';
import { namesOf } from '../../../documents/words/names.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { changeGrants, DAYS, type Desk, openDesk, PATH, ROLES } from './desk.js';
import { grantPage } from './grant.js';
import { type ClientCount, GRANT_STATES, type GrantSummary, grantsPage } from './grants.js';
import { ofClientRoutes } from './of-client.js';

const ACCESSES = 10;
const MAX_QUERY = 100;
const PAGE = 20;
/** Systems that are named above the list. */
const MOST_CLIENTS = 12;

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: { readonly q?: string; readonly state?: string; readonly page?: string };
  readonly Body: { readonly reason?: string };
}

/** Whose they are, those with the most first. */
function clientsOf(grants: readonly GrantSummary[]): readonly ClientCount[] {
  const counts = new Map<string, ClientCount>();
  for (const { grant, client } of grants)
    counts.set(grant.client, { id: grant.client, name: client, grants: (counts.get(grant.client)?.grants ?? 0) + 1 });
  return [...counts.values()].sort((a, b) => b.grants - a.grants).slice(0, MOST_CLIENTS);
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
      const { purposes } = context.inForce().policies;
      const fits = ({ grant, client, dataset }: GrantSummary): boolean =>
        [
          ...[grant.id, grant.client, grant.dataset, ...grant.purposes],
          ...[client, dataset, ...grant.purposes.map((id) => purposes.get(id)?.name)].flatMap((name) =>
            name === undefined ? [] : [name.zh, name.en],
          ),
        ].some((text) => text.toLowerCase().includes(word));
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
          clients: clientsOf(grants),
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
    grantRoute(app, desk);
    changeRoutes(app, desk);
    ofClientRoutes(app, desk);
  },
};
export default service;
