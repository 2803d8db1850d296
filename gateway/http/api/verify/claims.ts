/** What can be said of a claim before its subject is looked up: how it would be compared, or why it is not answered. */

import type { DatasetId } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import type { Plan, PlannedDataset } from '../../../answer/question/plan.js';
import type { Comparisons, Normal } from './compare.js';
import type { VerifyRequest } from './schema.js';

type Claim = VerifyRequest['claims'][number];

export type Ready =
  | { readonly kind: 'not_answered'; readonly reason: string }
  /** `dataset` counts among the plan's allowed datasets; `value` is in normal form. */
  | {
      readonly kind: 'compare';
      readonly dataset: number;
      readonly id: DatasetId;
      readonly path: string;
      readonly value: string;
      readonly normal: Normal;
    };

/** Each dataset once, with the claimed fields of it: two claims on one dataset are under one grant. */
export function askedOf({ purpose, case: stated, claims }: VerifyRequest) {
  const datasets = new Map<string, Set<string>>();
  for (const { dataset, field } of claims) {
    const fields = datasets.get(dataset);
    if (fields === undefined) datasets.set(dataset, new Set([field]));
    else fields.add(field);
  }
  return {
    purpose,
    ...present({ case: stated }),
    datasets: [...datasets].map(([id, fields]) => ({ id, fields: [...fields] })),
  };
}

function reasonOf({ decision }: PlannedDataset, field: string): string {
  const withheld = decision.withheld.find((one) => one.field === field)?.reason;
  if (withheld !== undefined) return withheld;
  // a branch that is granted, or a map: there is no one value to compare with
  return decision.fields.some(({ path }) => path.startsWith(`${field}.`) || path.startsWith(`${field}[`))
    ? 'not_comparable'
    : 'field_not_granted';
}

export function readyClaims(claims: readonly Claim[], plan: Plan, comparison: Comparisons): Ready[] {
  const allowedAt = new Map(plan.read.map((allowed, index) => [allowed, index]));
  const byId = new Map(plan.datasets.map((dataset) => [dataset.id, dataset]));
  return claims.map(({ dataset: id, field, value }): Ready => {
    const planned = byId.get(id);
    const dataset = planned?.allowed === undefined ? undefined : allowedAt.get(planned.allowed);
    if (planned?.allowed === undefined || dataset === undefined) {
      const withheld = planned?.decision.withheld.find((one) => one.field === field)?.reason;
      return { kind: 'not_answered', reason: withheld ?? planned?.decision.reasons[0]?.code ?? 'not_granted' };
    }
    const { contract } = planned.allowed;
    const released = planned.decision.fields.find(({ path }) => path === field);
    if (released === undefined) return { kind: 'not_answered', reason: reasonOf(planned, field) };
    const normal = comparison(contract, released.path);
    if (normal === undefined) return { kind: 'not_answered', reason: 'not_comparable' };
    const claimed = normal(value);
    if (claimed === undefined) return { kind: 'not_answered', reason: 'bad_value' };
    return { kind: 'compare', dataset, id: contract.id, path: released.path, value: claimed, normal };
  });
}
