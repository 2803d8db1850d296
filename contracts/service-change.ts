/**
 * A change of a dataset that others are given by an application takes effect once it was negotiated with each of them
 * and filed (政务数据共享条例 Art.27(3)). Grants and filings come as plain data.
 */
import type { Finding } from './compat.js';
import type { DatasetId } from './ids.js';
import { type GrantFacts, impact } from './impact.js';
import { present } from './present.js';
import type { Workspace } from './types.js';

/** What was filed of one dataset. */
export interface FiledChange {
  readonly dataset: string;
  readonly change: 'contract' | 'delivery' | 'end';
  /** Ways of delivery that go. */
  readonly delivery?: readonly string[];
}

export interface Services {
  /** Living grants that came of applications. */
  readonly grants: readonly GrantFacts[];
  /** Filed, and not in effect yet. */
  readonly filed: readonly FiledChange[];
}

/** Changes of services that nobody has filed. */
export function unfiledChanges(before: Workspace, after: Workspace, { grants, filed }: Services): readonly Finding[] {
  const touched = new Map<string, Set<string>>();
  const messages = new Map<string, Set<string>>();
  for (const { dataset, client, effects } of impact(before, after, grants)) {
    // what somebody is given more changes nothing of what they had
    const changes = effects.filter(({ kind }) => kind !== 'gains');
    if (changes.length === 0) continue;
    touched.set(dataset, (touched.get(dataset) ?? new Set()).add(client));
    const said = messages.get(dataset) ?? new Set<string>();
    for (const { message } of changes) said.add(message);
    messages.set(dataset, said);
  }
  return [...touched].flatMap(([dataset, clients]): Finding[] => {
    if (isFiled(dataset, before, after, filed)) return [];
    const place = after.contracts.get(dataset as DatasetId)?.dir;
    return [
      {
        severity: 'error',
        code: 'service_change_unfiled',
        dataset: dataset as DatasetId,
        message:
          `${[...(messages.get(dataset) ?? [])].join('; ')}: ${[...clients].sort().join(', ')} would feel it; ` +
          'negotiate with each department and file the change first (政务数据共享条例 Art.27(3))',
        ...present({ place: place === undefined ? undefined : { file: `${place}/contract.json` } }),
      },
    ];
  });
}

/** That it is given no more covers everything; a version, all but that and ways of delivery. */
function isFiled(dataset: string, before: Workspace, after: Workspace, filed: readonly FiledChange[]): boolean {
  const mine = filed.filter((one) => one.dataset === dataset);
  if (mine.some(({ change }) => change === 'end')) return true;
  const [was, now] = [before.contracts.get(dataset as DatasetId), after.contracts.get(dataset as DatasetId)];
  if (was === undefined || now === undefined || now.sharing.attribute === 'none') return false;
  const gone = was.sharing.delivery.filter((way) => !now.sharing.delivery.includes(way));
  const ways = new Set(mine.flatMap(({ delivery = [] }) => delivery));
  if (gone.some((way) => !ways.has(way))) return false;
  // besides ways that go, nothing else changed: then their filing is enough
  const others = impact(before, after, [
    { id: '', client: '', dataset, fields: was.latest.fields.map(({ path }) => path) },
  ])
    .flatMap(({ effects }) => effects)
    .filter(({ kind, message }) => kind !== 'gains' && !/^delivery by /.test(message));
  return others.length === 0 || mine.some(({ change }) => change === 'contract');
}
