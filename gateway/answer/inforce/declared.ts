/**
 * All declared content of a workspace, checked as `yitong contracts check` tells it, and as it is taken while running.
 */

import { loadFeeds } from '../../../connectors/feeds.js';
import { type Acts, forbidsProblem, loadActs } from '../../../contracts/acts.js';
import { checkBundles } from '../../../contracts/bundle/check.js';
import { type Bundles, loadBundles, NO_BUNDLES } from '../../../contracts/bundle/load.js';
import { canonicalJson } from '../../../contracts/canonical.js';
import { checkWorkspace, type Finding } from '../../../contracts/compat.js';
import { isYitongError, type YitongError } from '../../../contracts/errors.js';
import type { DatasetId } from '../../../contracts/ids.js';
import { loadLifecycles } from '../../../contracts/lifecycle/load.js';
import { loadNames } from '../../../contracts/names.js';
import { present } from '../../../contracts/present.js';
import { loadReports, type ReportDefinition } from '../../../contracts/reports.js';
import { type Services, unfiledChanges } from '../../../contracts/service-change.js';
import { loadSharingPlaces } from '../../../contracts/sharing-places.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import { loadWorkspace, UNREGISTERED } from '../../../contracts/workspace.js';

interface Declared {
  readonly workspace: Workspace;
  readonly lifecycles: number;
  readonly reports: ReadonlyMap<string, ReportDefinition>;
  readonly bundles: Bundles;
  readonly findings: readonly Finding[];
  /** Datasets whose contract does not load. */
  readonly refused: ReadonlySet<string>;
}

/**
 * What a workspace refuses to load is found as well, all of it, not only the first.
 * @throws YitongError where the workspace itself is none
 */
export async function readDeclared(dir: string): Promise<Declared> {
  const findings: Finding[] = [];
  const workspace = await loadWorkspace(dir, {
    allowUnregistered: true,
    onRefused: (dataset, { code, message, extra: { place } }) =>
      findings.push({ severity: 'error', code, dataset, message, ...present({ place }) }),
  });
  for (const { id, versions } of workspace.contracts.values()) {
    for (const { version, schemaId } of versions) {
      if (schemaId === UNREGISTERED)
        findings.push({
          severity: 'note',
          code: 'schema_unregistered',
          dataset: id,
          message: `v${version} has no id yet; run \`yitong contracts register\``,
        });
    }
  }
  const refused = new Set(findings.filter(({ severity }) => severity === 'error').map(({ dataset }) => dataset));
  const refuse = (dataset: Finding['dataset'], { code, message, extra: { place } }: YitongError): void =>
    void findings.push({ severity: 'error', code, dataset, message, ...present({ place }) });
  const { lifecycles, matters } = await loadLifecycles({
    ...workspace,
    onRefused: (lifecycle, error) => refuse(`lifecycle ${lifecycle}`, error),
  });
  await loadSharingPlaces(workspace).catch((error: unknown) => {
    if (!isYitongError(error)) throw error;
    refuse('sharing', error);
  });
  await loadNames(workspace).catch((error: unknown) => {
    if (!isYitongError(error)) throw error;
    refuse('names', error);
  });
  await loadFeeds(workspace, undefined, (dataset, error) => {
    // a contract that does not load is reported above, and not again for its feed
    if (!refused.has(dataset)) refuse(dataset, error);
  });
  const reports = await loadReports(workspace, (report, error) => refuse(`reports/${report}`, error));
  const bundles = await loadBundles({
    ...workspace,
    lifecycles: new Set(lifecycles.keys()),
    onRefused: (bundle, error) => refuse(`bundles/${bundle}`, error),
  }).catch((error: unknown) => {
    if (!isYitongError(error)) throw error;
    refuse('elements', error);
    return NO_BUNDLES;
  });
  const acts = await loadActs(workspace.layers);
  findings.push(...refusalsWithoutAct(workspace, acts));
  findings.push(...checkBundles({ ...bundles, contracts: workspace.contracts, acts, now: Date.now() }));
  return { workspace, lifecycles: lifecycles.size + matters.size, reports, bundles, findings, refused };
}

/** Entries that are not shared, and of which no act says so, on the day of their approval. */
function refusalsWithoutAct({ contracts }: Workspace, acts: Acts | undefined): readonly Finding[] {
  return [...contracts.values()].flatMap(({ id, dir, sharing: { refusal }, approval }): Finding[] => {
    const problem =
      refusal === undefined || acts === undefined
        ? undefined
        : forbidsProblem(refusal.legalBasis, acts, { from: approval.date });
    return problem === undefined
      ? []
      : [
          {
            severity: 'error',
            code: 'entry_without_act',
            dataset: id,
            message: `\`sharing.refusal.legalBasis\`: ${problem}`,
            place: { file: `${dir}/contract.json` },
          },
        ];
  });
}

/**
 * Those of the content, and what `contracts check` says of it against an earlier state, errors first.
 * @param services given under applications; undefined: nobody looks whether a change of them was filed
 */
export async function findingsOf(
  { workspace, findings, refused }: Declared,
  before: Workspace | undefined,
  services?: Services,
): Promise<readonly Finding[]> {
  // a contract that does not load is not also "removed"
  const compared = (await checkWorkspace(workspace, before)).filter(
    ({ dataset, code }) => !refused.has(dataset) || code !== 'schema_incompatible',
  );
  const unfiled =
    before === undefined || services === undefined
      ? []
      : unfiledChanges(before, workspace, services).filter(({ dataset }) => !refused.has(dataset));
  return [...findings, ...compared, ...unfiled].sort(
    (a, b) => Number(a.severity === 'note') - Number(b.severity === 'note'),
  );
}

/** Which datasets an administrator finds in the log; the rest is counted. */
const NAMED = 20;

interface ContractChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** Dataset → its newest version, where it has a new one. */
  readonly versions: Readonly<Record<string, number>>;
  /** How many there are in all, where not all are named. */
  readonly of?: number;
}

function textOf({ versions, latest: _, dir: __, ...contract }: Contract): string {
  return canonicalJson({
    ...contract,
    versions: versions.map(({ version, schemaId, schema }) => ({ version, schemaId, schema })),
  });
}

export function contractChanges(before: Workspace, after: Workspace): ContractChanges {
  const was = (id: DatasetId): Contract | undefined => before.contracts.get(id);
  const all = [...after.contracts.values()];
  const added = all.filter(({ id }) => was(id) === undefined).map(({ id }) => id);
  const changed = all.filter((contract) => {
    const old = was(contract.id);
    return old !== undefined && textOf(old) !== textOf(contract);
  });
  const newer = changed.filter(({ id, latest }) => (was(id)?.latest.version ?? 0) < latest.version);
  const of = added.length + changed.length;
  return {
    added: added.slice(0, NAMED),
    changed: changed.slice(0, NAMED).map(({ id }) => id),
    versions: Object.fromEntries(newer.slice(0, NAMED).map(({ id, latest }) => [id, latest.version])),
    ...(of > NAMED ? { of } : {}),
  };
}
