/**
 * Who asks what in the reference city, for tests and benchmarks. The tour of `yitong demo` stands in the workspace
 * itself.
 */
import { State } from '../../connectors/publish/index.js';
import type { DatasetId } from '../../contracts/ids.js';

export const stories = {
  /** Five datasets of one company, all granted. */
  allowed: {
    client: 'one-stop-counter',
    purpose: 'open-restaurant',
    datasets: [
      'samr.company-register',
      'samr.business-licence',
      'samr.food-licence',
      'fire.fire-checks',
      'urban-management.shop-signs',
    ],
    /** What a counter needs of each; for the benchmark. */
    fields: {
      'samr.company-register': ['name', 'status'],
      'samr.business-licence': ['licenceNumber'],
      'samr.food-licence': ['status', 'validUntil'],
      'fire.fire-checks': ['result', 'issuedOn'],
      'urban-management.shop-signs': ['status'],
    },
  },
  /** Granted for another purpose, so denied for this one. */
  denied: {
    client: 'bidding-centre',
    purpose: 'open-restaurant',
    datasets: ['samr.company-register', 'tax.tax-arrears'],
  },
  /** A valid code of nobody. */
  missing: 'uscc:91350100M000100Y43',
  push: {
    publisher: 'transport-connector',
    reader: { client: 'transport-licensing', purpose: 'overload-control', dataset: 'transport.weighbridge-checks' },
  },
} as const;

/** Companies of a running city: what its connectors have published, sorted. */
export async function companies(data: string, dataset = 'samr.company-register'): Promise<string[]> {
  const state = State.open(data);
  const found = new Set<string>();
  try {
    for await (const { subject } of state.all(dataset as DatasetId)) found.add(subject);
  } finally {
    await state.close();
  }
  return [...found].sort();
}
