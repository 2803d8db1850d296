/**
 * What is taken away although the rest of `policies/` does not load. Only ever narrows: a client or a grant whose file
 * is gone or says `suspended`, and a grant whose file ends it earlier. Each file is looked at by itself; one that is
 * malformed says nothing.
 */
import { createHash } from 'node:crypto';
import { isYitongError } from '../contracts/errors.js';
import { contentFiles, readJson } from '../contracts/files.js';
import type { ClientId, GrantId } from '../contracts/ids.js';
import type { Workspace } from '../contracts/types.js';
import { regionClientId, regionFile } from './regions.js';
import { clientFile, grantFile } from './shapes.js';
import type { PolicySet } from './types.js';

interface Withdrawals {
  /** Whose file is gone. */
  readonly clients: readonly ClientId[];
  readonly regions: readonly string[];
  readonly suspendedRegions: readonly string[];
  readonly grants: readonly GrantId[];
  readonly suspendedClients: readonly ClientId[];
  readonly suspendedGrants: readonly GrantId[];
  /** ISO dates, earlier than in force. */
  readonly ended: readonly (readonly [GrantId, string])[];
}

/** Undefined where the file cannot be read as what it should be. */
async function readable<T>(
  path: string,
  check: (value: unknown, place: { readonly file: string }) => T,
): Promise<T | undefined> {
  try {
    return check(await readJson(path, 'bad_policy'), { file: path });
  } catch (error) {
    if (isYitongError(error)) return undefined;
    throw error;
  }
}

/** What the files under `policies/` take away from `set`; undefined if nothing. */
export async function readWithdrawals(
  set: PolicySet,
  workspace: Pick<Workspace, 'layers'>,
): Promise<Withdrawals | undefined> {
  const paths = async (folder: string): Promise<ReadonlyMap<string, string>> =>
    new Map(
      (await contentFiles(workspace.layers, `policies/${folder}`, '.json', 1)).map(({ name, path }) => [
        name.slice(0, -'.json'.length),
        path,
      ]),
    );
  const [clientPaths, grantPaths, regionPaths] = [
    await paths('clients'),
    await paths('grants'),
    await paths('regions'),
  ];
  const suspendedClients: ClientId[] = [];
  for (const { id, status } of set.clients.values()) {
    const path = clientPaths.get(id);
    if (path !== undefined && status === 'active' && (await readable(path, clientFile))?.status === 'suspended')
      suspendedClients.push(id);
  }
  const regions: string[] = [];
  const suspendedRegions: string[] = [];
  for (const { id, status } of set.regions.values()) {
    const path = regionPaths.get(id);
    if (path === undefined) regions.push(id);
    else if (status === 'active' && (await readable(path, regionFile))?.status === 'suspended')
      suspendedRegions.push(id);
  }
  const suspendedGrants: GrantId[] = [];
  const ended: [GrantId, string][] = [];
  for (const { id, status, until } of set.grants.values()) {
    const path = grantPaths.get(id);
    if (path === undefined || status !== 'active') continue;
    const file = await readable(path, grantFile);
    if (file?.status === 'suspended') suspendedGrants.push(id);
    else if (file !== undefined && file.until < until) ended.push([id, file.until]);
  }
  const found: Withdrawals = {
    clients: [...set.clients.keys()].filter((id) => set.clients.get(id)?.region === undefined && !clientPaths.has(id)),
    regions,
    suspendedRegions,
    grants: [...set.grants.keys()].filter((id) => !grantPaths.has(id)),
    suspendedClients,
    suspendedGrants,
    ended,
  };
  return Object.values(found).every((list) => list.length === 0) ? undefined : found;
}

/** The set without what was withdrawn, under a version of its own. */
export function withdrawnFrom(set: PolicySet, withdrawals: Withdrawals): PolicySet {
  const clients = new Map(set.clients);
  const grants = new Map(set.grants);
  const regions = new Map(set.regions);
  for (const id of withdrawals.clients) clients.delete(id);
  for (const id of withdrawals.regions) {
    regions.delete(id);
    clients.delete(regionClientId(id));
  }
  for (const id of withdrawals.suspendedRegions) {
    const [region, client] = [regions.get(id), clients.get(regionClientId(id))];
    if (region !== undefined) regions.set(id, { ...region, status: 'suspended' });
    if (client !== undefined) clients.set(client.id, { ...client, status: 'suspended' });
  }
  for (const id of withdrawals.grants) grants.delete(id);
  for (const id of withdrawals.suspendedClients) {
    const client = clients.get(id);
    if (client !== undefined) clients.set(id, { ...client, status: 'suspended' });
  }
  const narrow = (id: GrantId, parts: { readonly status: 'suspended' } | { readonly until: string }): void => {
    const grant = grants.get(id);
    if (grant !== undefined) grants.set(id, { ...grant, ...parts });
  };
  for (const id of withdrawals.suspendedGrants) narrow(id, { status: 'suspended' });
  for (const [id, until] of withdrawals.ended) narrow(id, { until });
  return {
    ...set,
    version: createHash('sha256')
      .update(`${set.version}\n${JSON.stringify(withdrawals)}`)
      .digest('hex'),
    clients,
    regions,
    grants,
  };
}
