/**
 * /console/datasets: the catalogue for whoever works for a department: a search, and a page for each dataset. Nothing
 * of a record stands on them; each look is on record first.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { Contract } from '../../../../contracts/types.js';
import { statusOf } from '../../../answer/question/status.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { ROLES as ALL, type Person, type Role } from '../../../ground/identity/person.js';
import { CatalogueSearch } from '../../../procedures/catalogue/search.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import { DESK } from '../developer/tabs.js';
import type { ApplyProps } from './apply.js';
import { datasetPage } from './dataset.js';
import { type DatasetFacts, factsOf } from './facts.js';
import { datasetListing, type ListedDataset, listPage } from './list.js';
import type { MineProps } from './mine.js';

const PATH = '/console/datasets';
/** Where a department applies for data. */
const APPLY = '/console/applications/new';
/** Companies and persons read their own history, not how departments share. */
const ROLES: readonly Role[] = ALL.filter((role) => role !== 'subject');
const MOST_CHARACTERS = 100;

interface Route {
  readonly Params: { readonly dataset: string };
  readonly Querystring: { readonly q?: string };
}

/** Made with the first search, and again when what is in force is another. */
function searchOf({ workspace, inForce }: GatewayContext): () => Promise<CatalogueSearch> {
  let made: { readonly version: string; readonly search: Promise<CatalogueSearch> } | undefined;
  return () => {
    const { policies } = inForce();
    if (made?.version !== policies.version)
      made = { version: policies.version, search: CatalogueSearch.over(workspace, policies, policies.purposes) };
    return made.search;
  };
}

function listRoute(app: FastifyInstance, context: GatewayContext): void {
  const { workspace, view, now } = context;
  const search = searchOf(context);
  const byId = new Map<string, Contract>([...workspace.contracts.values()].map((contract) => [contract.id, contract]));
  const rowOf = (contract: Contract, things: ListedDataset['things']): ListedDataset => {
    const state = view.datasetState(contract.id);
    return {
      id: contract.id,
      name: contract.name,
      authority: contract.authority,
      provider: workspace.authorities.get(contract.authority)?.name ?? { zh: '–', en: contract.authority },
      sharing: contract.sharing.attribute,
      status: statusOf(contract, state, now()).status,
      records: state.records,
      things,
    };
  };
  async function found(request: FastifyRequest<Route>, isExport: boolean) {
    const { person } = sessionOf(request);
    const q = (request.query.q ?? '').slice(0, MOST_CHARACTERS).trim();
    const rows =
      q === ''
        ? [...byId.keys()].sort().map((id) => rowOf(byId.get(id) as Contract, []))
        : (await search()).find(q).flatMap(({ dataset, things }) => {
            const contract = byId.get(dataset);
            return contract === undefined ? [] : [rowOf(contract, things)];
          });
    const datasets = await listed(request, context, datasetListing(request.language), rows);
    await app.people.record.looked(person, {
      requestId: request.id,
      action: 'datasets',
      role: roleOf(person.roles),
      ...(isExport ? { detail: { export: true } } : {}),
      results: datasets.rows.length,
    });
    return datasets;
  }
  app.get<Route>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: ROLES, lists: ['cols'], nav: { title: { zh: '数据目录', en: 'Catalogue' }, order: 60 } },
    },
    async (request, reply) => {
      const datasets = await found(request, false);
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? '数据目录' : 'Catalogue',
        workspace,
        children: listPage({ language: request.language, datasets, all: byId.size }),
      });
    },
  );
  app.get<Route>(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, await found(request, true)),
  );
}

/** In which of their roles they look: the first that may. */
const roleOf = (roles: readonly Role[]): Role => roles.find((role) => ROLES.includes(role)) ?? 'subject';

/** How whoever looks applies for it; undefined where they do not. */
function applyFor(
  { inForce }: GatewayContext,
  { roles, authority }: Person,
  contract: Contract,
): ApplyProps | undefined {
  if (!roles.includes('sharing-officer') || authority === contract.authority) return undefined;
  if (contract.sharing.attribute === 'none') return undefined;
  const { clients, purposes, grants } = inForce().policies;
  const all = [...grants.values()];
  const granted = new Set<string>(all.flatMap((grant) => (grant.dataset === contract.id ? grant.purposes : [])));
  const askedBy = (client: string): number => all.filter((grant) => grant.client === client).length;
  return {
    dataset: contract.id,
    clients: [...clients.values()]
      .filter((one) => one.authority === authority && one.status === 'active')
      .sort((a, b) => askedBy(b.id) - askedBy(a.id)),
    // for which others have it already, first
    purposes: [...purposes.values()].sort((a, b) => Number(granted.has(b.id)) - Number(granted.has(a.id))),
    more: `${APPLY}?q=${encodeURIComponent(contract.name.zh)}`,
  };
}

/** What systems of a developer's department may ask of it; undefined for whoever builds none. */
function mineOf(
  { inForce }: GatewayContext,
  { roles, authority }: Person,
  contract: Contract,
  granted: DatasetFacts['grants'],
): MineProps | undefined {
  if (!roles.includes('developer')) return undefined;
  const { clients } = inForce().policies;
  return {
    shared: contract.sharing.attribute !== 'none',
    granted: granted
      .filter(({ grant }) => grant.delivery.includes('query') && clients.get(grant.client)?.authority === authority)
      .flatMap(({ grant, client, purposes }) =>
        grant.purposes.map((purpose, at) => ({
          system: client,
          use: purposes[at] ?? client,
          tries: `${DESK}?${new URLSearchParams({ client: grant.client, purpose, dataset: contract.id }).toString()}`,
        })),
      ),
  };
}

function datasetRoute(app: FastifyInstance, context: GatewayContext): void {
  const { workspace } = context;
  app.get<Route>(`${PATH}/:dataset`, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const contract = [...workspace.contracts.values()].find(({ id }) => id === request.params.dataset);
    if (contract === undefined) throw new YitongError('not_found', 'the catalogue has no such dataset');
    const facts = await factsOf(context, contract);
    await app.people.record.looked(person, {
      requestId: request.id,
      action: 'dataset',
      role: roleOf(person.roles),
      detail: { dataset: contract.id },
    });
    const owns = person.roles.includes('data-officer') && person.authority === contract.authority;
    return sendFramed(request, reply, {
      title: contract.name[request.language],
      workspace,
      scripts: ['choose.js'],
      children: datasetPage({
        language: request.language,
        facts,
        apply: applyFor(context, person, contract),
        mine: mineOf(context, person, contract, facts.grants),
        rows: owns ? `/console/feeds/${contract.id}` : undefined,
      }),
    });
  });
}

const service: Service = {
  port: 'people',
  register(app, context) {
    listRoute(app, context);
    datasetRoute(app, context);
  },
};
export default service;
