/** Matters of sharing over the reference city, for suites: people of its departments, and an application. */
import { loadLifecycles } from '../../../contracts/lifecycle/load.js';
import { present } from '../../../contracts/present.js';
import { loadSharingPlaces } from '../../../contracts/sharing-places.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { Role } from '../../../gateway/ground/identity/person.js';
import type { Json, State } from '../../../gateway/ground/state/port.js';
import { sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import type { Application } from '../../../gateway/procedures/sharing/application.js';
import { applicationRules } from '../../../gateway/procedures/sharing/machines/application.js';
import { openMatters } from '../../../gateway/procedures/sharing/matters.js';
import { publishMatters } from '../../../gateway/procedures/sharing/topics.js';
import type { MatterAct, MatterActor, MatterDeed, Matters } from '../../../gateway/procedures/sharing/types.js';
import { loadPolicies } from '../../../policies/load.js';

export const workspace = await loadWorkspace(packageRoot());
export const policies = await loadPolicies(workspace);
export const declared = await loadLifecycles(workspace);
const places = await loadSharingPlaces(workspace);
if (places === undefined) throw new Error('the reference city says who looks after sharing');

export const person = (role: Role, authority: string, name = role as string): MatterActor => ({
  kind: 'person',
  person: { id: `https://people|${name}-${authority}`, name, roles: [role], authority, subjects: [] },
});

export const people = {
  officer: person('sharing-officer', 'transport'),
  head: person('sharing-head', 'transport'),
  taxOfficer: person('sharing-officer', 'tax'),
  taxHead: person('sharing-head', 'tax'),
  samrOfficer: person('sharing-officer', 'samr'),
  samrHead: person('sharing-head', 'samr'),
  bureau: person('sharing-authority', 'data-bureau'),
} as const;

/** One conditional dataset and one unconditional, of two providers; lacks nothing. */
export const application = (until = '2035-12-31'): Application => ({
  basis: ['道路运输条例第二十四条'],
  item: '000118011000',
  purposes: ['open-transport-company'],
  scenario: '核验道路运输经营许可申请人的纳税情况',
  necessity: '依法审查申请条件，申请人无需另行提交纳税证明',
  truthful: true,
  contact: { office: '行政审批处', phone: '021-00000000' },
  datasets: [
    {
      dataset: 'tax.tax-arrears',
      fields: [
        { path: 'amount', reason: '核验是否欠税' },
        { path: 'taxKind', reason: '区分欠缴税种' },
      ],
      rows: { all: true },
      delivery: ['query'],
      frequency: '每次受理时查询',
      callsADay: 200,
      from: '2026-01-01',
      until,
      systems: ['transport-licensing'],
      contractors: [],
    },
    {
      dataset: 'tax.dishonesty-list',
      fields: [{ path: 'reason', reason: '核验失信情形' }],
      rows: { all: true },
      delivery: ['query'],
      frequency: '每次受理时查询',
      callsADay: 200,
      from: '2026-01-01',
      until,
      systems: ['transport-licensing'],
      contractors: [],
    },
  ],
});

export interface World {
  readonly matters: Matters;
  readonly deeds: readonly MatterDeed[];
  /** @param more `part`, `fields`, `content`, `clock`, `days`, `key` */
  act(actor: MatterActor, act: string, more?: Partial<MatterAct>): MatterAct;
}

interface Given {
  /** Told over the bus; default nobody. */
  readonly told?: readonly string[];
  readonly now: () => number;
  readonly answerable?: (grants: readonly string[]) => Promise<void>;
}

export async function sharingOver(
  state: State,
  { now, told = [], answerable = async () => undefined }: Given,
): Promise<World> {
  const deeds: MatterDeed[] = [];
  const record = (deed: MatterDeed) =>
    Promise.resolve({ id: `w1:${String(deeds.push(deed))}-${String(Math.random())}`, json: '{}' });
  const rules = applicationRules({
    workspace,
    places: places!,
    policies: () => policies,
    state,
    answerable,
  });
  const keys = await sharedSealingKeys(state);
  const publish = publishMatters('town', told);
  return {
    matters: openMatters({ state, keys, declared, rules, recordOwn: record, now, ...present({ publish }) }),
    deeds,
    act: (actor, act, more = {}) => ({ actor, act, fields: {}, record, ...more }),
  };
}

export const asContent = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
