/**
 * Least privilege: what is granted and was not used for a while, so that somebody can ask whether it is still needed.
 */
import type { ClientId, DatasetId, GrantId } from '../contracts/ids.js';
import type { Workspace } from '../contracts/types.js';
import { endOfDay, startOfDay } from './dates.js';
import { grantedFields } from './fields.js';
import type { PolicySet } from './types.js';

/** What the log says of use; times in ms since 1970, of the newest. */
export interface Use {
  readonly grants: Readonly<
    Record<string, { readonly last: number; readonly fields: Readonly<Record<string, number>> }>
  >;
  readonly clients: Readonly<Record<string, number>>;
}

interface UnusedGrant {
  readonly grant: GrantId;
  readonly client: ClientId;
  readonly dataset: DatasetId;
  readonly until: string;
  /** Absent: never. */
  readonly last?: number;
}

interface UnusedFields {
  readonly grant: GrantId;
  readonly client: ClientId;
  readonly dataset: DatasetId;
  readonly fields: readonly { readonly field: string; readonly last?: number }[];
}

export interface UnusedReport {
  /** ms since 1970: what was used from here on counts as used. */
  readonly since: number;
  /** Grants in force of which nothing was released. */
  readonly grants: readonly UnusedGrant[];
  /** Fields of the other grants in force that were not released. */
  readonly fields: readonly UnusedFields[];
  /** Active clients that asked nothing. */
  readonly clients: readonly { readonly client: ClientId; readonly last?: number }[];
  /** Grants that are in force for less than the time looked at: nothing is said of them. */
  readonly young: number;
}

const DAY = 86_400_000;
const time = (last: number | undefined): { readonly last?: number } =>
  last === undefined || last === 0 ? {} : { last };

/** @param now ms since 1970 @param days looked back from there */
export function unused(set: PolicySet, workspace: Workspace, use: Use, now: number, days: number): UnusedReport {
  const since = now - days * DAY;
  const grants: UnusedGrant[] = [];
  const fields: UnusedFields[] = [];
  let young = 0;
  for (const grant of [...set.grants.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const { id, client, dataset, until } = grant;
    const contract = workspace.contracts.get(dataset);
    const gives =
      contract !== undefined &&
      grant.status === 'active' &&
      set.clients.get(client)?.status === 'active' &&
      startOfDay(grant.from) <= now &&
      now < endOfDay(until);
    if (!gives) continue;
    if (startOfDay(grant.from) > since) {
      young++;
      continue;
    }
    const used = use.grants[id];
    if (used === undefined || used.last < since) {
      grants.push({ grant: id, client, dataset, until, ...time(used?.last) });
      continue;
    }
    const idle = grantedFields(grant, contract).leaves.flatMap(({ released: { path } }) =>
      (used.fields[path] ?? 0) >= since ? [] : [{ field: path, ...time(used.fields[path]) }],
    );
    if (idle.length > 0) fields.push({ grant: id, client, dataset, fields: idle });
  }
  const clients = [...set.clients.values()]
    .filter(({ id, status }) => status === 'active' && (use.clients[id] ?? 0) < since)
    .map(({ id }) => ({ client: id, ...time(use.clients[id]) }))
    .sort((a, b) => (a.client < b.client ? -1 : 1));
  return { since, grants, fields, clients, young };
}
