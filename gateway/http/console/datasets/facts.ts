/** What a page of a dataset says, gathered from the workspace, what is in force, and the quality that was measured. */
import { loadFeed } from '../../../../connectors/feeds.js';
import { loadSourceKinds } from '../../../../connectors/sources/load.js';
import { bundlesOf } from '../../../../contracts/bundle/load.js';
import { isYitongError } from '../../../../contracts/errors.js';
import { oncePer } from '../../../../contracts/once.js';
import { present } from '../../../../contracts/present.js';
import { reportsOf } from '../../../../contracts/reports.js';
import type { Authority, Contract, FieldInfo, Localised, Workspace } from '../../../../contracts/types.js';
import { endOfDay, startOfDay } from '../../../../policies/dates.js';
import type { Grant } from '../../../../policies/types.js';
import { type Freshness, statusOf } from '../../../answer/question/status.js';
import type { GatewayContext } from '../../../documents/context.js';
import { type QualityDay, qualityDays } from '../../../procedures/catalogue/days.js';
import { type VersionChange, versionChanges } from './changes.js';
import { syntheticValues } from './synthetic.js';

/** Examples of each field. */
const EXAMPLES = 2;

export interface FieldFacts {
  readonly field: FieldInfo;
  readonly codelist?: Localised;
  readonly examples: readonly Localised[];
}

export interface GrantedTo {
  readonly grant: Grant;
  readonly client: Localised;
  readonly authority: Localised;
  readonly purposes: readonly Localised[];
}

/** What is made of answers. */
interface Made {
  readonly kind: 'report' | 'bundle';
  readonly id: string;
  readonly name: Localised;
  /** Grants by which it asks. */
  readonly grants: readonly string[];
}

export interface DatasetFacts {
  readonly contract: Contract;
  readonly authority?: Authority;
  readonly scheme?: Localised;
  readonly freshness: Freshness;
  readonly records: number;
  readonly fields: readonly FieldFacts[];
  readonly grants: readonly GrantedTo[];
  readonly made: readonly Made[];
  /** Of its feed: what kind of source, and when it is read; absent where it has none. */
  readonly feed?: { readonly kind: Localised; readonly schedule: string };
  readonly days: readonly QualityDay[];
  readonly changes: readonly VersionChange[];
}

/** What a list is called, in Chinese without the number of its standard. */
export const listName = ({ zh, en }: Localised): Localised => ({
  zh: zh.replace(/（[^（）]*[A-Za-z]{2}[^（）]*）/g, ''),
  en,
});

const named = (id: string, name: Localised | undefined): Localised => name ?? { zh: '未登记的名称', en: id };

const kindsOnce = oncePer((_: Workspace) => loadSourceKinds());

type Needs = Pick<GatewayContext, 'workspace' | 'inForce' | 'view' | 'dataDir' | 'now'>;

/** Those that are in force today. */
function grantsOf({ inForce, workspace, now }: Needs, { id }: Contract): readonly GrantedTo[] {
  const { policies } = inForce();
  const at = now();
  return [...policies.grants.values()]
    .filter(
      ({ dataset, status, from, until }) =>
        dataset === id && status === 'active' && at >= startOfDay(from) && at < endOfDay(until),
    )
    .map((grant): GrantedTo => {
      const client = policies.clients.get(grant.client);
      const authority = client === undefined ? undefined : workspace.authorities.get(client.authority);
      return {
        grant,
        client: named(grant.client, client?.name),
        authority: named(client?.authority ?? '', authority?.name),
        purposes: grant.purposes.map((purpose) => named(purpose, policies.purposes.get(purpose)?.name)),
      };
    });
}

/** Reports and bundles that ask by these grants. */
async function madeOf({ workspace }: Needs, granted: readonly GrantedTo[], { id }: Contract): Promise<readonly Made[]> {
  const by = (client: string, purpose: string): readonly string[] =>
    granted.flatMap(({ grant }) =>
      grant.client === client && grant.purposes.some((one) => one === purpose) ? [grant.id] : [],
    );
  const reports = [...(await reportsOf(workspace)).values()].flatMap((report): Made[] => {
    const uses = report.register.contract.id === id || report.datasets.some(({ contract }) => contract.id === id);
    const grants = by(report.client, report.purpose);
    return uses && grants.length > 0 ? [{ kind: 'report', id: report.id, name: report.title, grants }] : [];
  });
  const bundles = [...(await bundlesOf(workspace)).bundles.values()].flatMap((bundle): Made[] => {
    const grants = by(bundle.client, bundle.purpose);
    return grants.length > 0 ? [{ kind: 'bundle', id: bundle.id, name: bundle.title, grants }] : [];
  });
  return [...reports, ...bundles];
}

async function feedOf({ workspace }: Needs, { id }: Contract): Promise<DatasetFacts['feed']> {
  const kinds = await kindsOnce(workspace);
  const feed = await loadFeed(workspace, id, kinds).catch((error: unknown) => {
    // its owner is told on the page of the feed
    if (isYitongError(error)) return undefined;
    throw error;
  });
  const kind = feed === undefined ? undefined : kinds.get(feed.source.kind)?.title;
  return feed === undefined || kind === undefined ? undefined : { kind, schedule: feed.schedule };
}

export async function factsOf(context: Needs, contract: Contract): Promise<DatasetFacts> {
  const { workspace, view, dataDir, now } = context;
  const { codelists, schemes, authorities } = workspace;
  const nameOfList = (id: string | undefined): Localised | undefined => {
    const list = id === undefined ? undefined : codelists.get(id);
    return list === undefined ? undefined : listName(list.name);
  };
  const state = view.datasetState(contract.id);
  const grants = grantsOf(context, contract);
  return {
    contract,
    freshness: statusOf(contract, state, now()),
    records: state.records,
    fields: contract.latest.fields.map((field) => ({
      field,
      examples: syntheticValues(contract, field, EXAMPLES, workspace),
      ...present({ codelist: nameOfList(field.codelist) }),
    })),
    grants,
    made: await madeOf(context, grants, contract),
    days: qualityDays(dataDir, contract.id),
    changes: versionChanges(contract),
    ...present({
      authority: authorities.get(contract.authority),
      scheme: schemes.get(contract.subject.scheme)?.name,
      feed: await feedOf(context, contract),
    }),
  };
}
