/**
 * Volumes against the thresholds of a dataset: so many calls a day its provider is ready for, of one consumer and in
 * all. Beyond either a person decides. Of an application it is asked with what it would grant among the others.
 */
import type { Contract } from '../contracts/types.js';
import type { Grant } from './types.js';

type Threshold = 'perConsumer' | 'total';
type Volumed = Pick<Grant, 'client' | 'dataset' | 'callsADay' | 'status'>;

/** Grants of one client of a dataset, or all of the dataset, beyond a threshold. */
export interface GrantsBeyond {
  readonly dataset: string;
  /** Absent: all together. */
  readonly client?: string;
  readonly threshold: Threshold;
  /** Calls a day that there may be. */
  readonly limit: number;
  /** That there are; undefined where a grant has no volume, so that nobody knows. */
  readonly calls: number | undefined;
}

const sumOf = (grants: readonly Volumed[]): number | undefined =>
  grants.some(({ callsADay }) => callsADay === undefined)
    ? undefined
    : grants.reduce((sum, { callsADay = 0 }) => sum + callsADay, 0);

/** By dataset, then by client, all together last. */
export function grantsBeyond(
  contracts: Iterable<Pick<Contract, 'id' | 'sharing'>>,
  grants: Iterable<Volumed>,
): readonly GrantsBeyond[] {
  const active = [...grants].filter(({ status }) => status === 'active');
  return [...contracts].flatMap(({ id, sharing: { volume } }): GrantsBeyond[] => {
    const own = active.filter(({ dataset }) => dataset === id);
    if (volume === undefined || own.length === 0) return [];
    const beyond = (threshold: Threshold, some: readonly Volumed[], client?: string): GrantsBeyond[] => {
      const limit = volume[threshold];
      const calls = sumOf(some);
      if (limit === undefined || (calls !== undefined && calls <= limit)) return [];
      return [{ dataset: id, threshold, limit, calls, ...(client === undefined ? {} : { client }) }];
    };
    const ofClient = (client: string): GrantsBeyond[] =>
      beyond(
        'perConsumer',
        own.filter((one) => one.client === client),
        client,
      );
    return [...[...new Set(own.map(({ client }) => client))].sort().flatMap(ofClient), ...beyond('total', own)];
  });
}
