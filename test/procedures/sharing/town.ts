/** All matters of sharing over the reference city, with what comes of them: grants, suspensions, who is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { loadActs } from '../../../contracts/acts.js';
import { isYitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadSharingPlaces, type SharingPlaces } from '../../../contracts/sharing-places.js';
import { appliedIn, appliedTo } from '../../../gateway/answer/inforce/applied-grants.js';
import { shareSuspensions } from '../../../gateway/answer/inforce/shared-suspensions.js';
import { readSuspensions, suspendedIn } from '../../../gateway/answer/inforce/suspensions.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { applicationRules } from '../../../gateway/procedures/sharing/machines/application.js';
import type { ConsequenceNeeds } from '../../../gateway/procedures/sharing/machines/consequences.js';
import { grantFinder } from '../../../gateway/procedures/sharing/machines/grant-of.js';
import { allRules, otherRules } from '../../../gateway/procedures/sharing/machines/others.js';
import { openMatters } from '../../../gateway/procedures/sharing/matters.js';
import type {
  MatterAct,
  MatterActor,
  MatterDeed,
  Matters,
  OpenedMatter,
  Opening,
} from '../../../gateway/procedures/sharing/types.js';
import { makeDecider } from '../../../policies/decide.js';
import type { PolicySet } from '../../../policies/types.js';
import { application, asContent, workspace as base, declared, people as few, person, policies } from './world.js';

const referencePlaces = await loadSharingPlaces(base);
const acts = await loadActs(base.layers);

export const people = {
  ...few,
  director: person('department-head', 'transport'),
  taxDirector: person('department-head', 'tax'),
  government: person('government', 'yunzhou-government'),
  province: person('superior-authority', 'province-data-bureau'),
  provinceGovernment: person('government', 'province-government'),
  district: person('sharing-officer', 'beita-approval-bureau'),
} as const;

export const refusal = async (act: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> => {
  try {
    await act;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return { code: error.code, message: error.message };
  }
  return { code: 'done', message: '' };
};

export interface Town {
  readonly matters: Matters;
  readonly deeds: readonly MatterDeed[];
  readonly state: State;
  act(actor: MatterActor, act: string, more?: Partial<MatterAct>): MatterAct;
  open(
    machine: string,
    actor: MatterActor,
    act: string,
    more?: Partial<MatterAct> & { readonly opening?: Opening },
  ): Promise<OpenedMatter>;
  does(id: string, actor: MatterActor, act: string, more?: Partial<MatterAct>): Promise<OpenedMatter>;
  /** What is in force now, as gateways would have it. */
  inForce(): Promise<PolicySet>;
  /** What a question about tax arrears is answered: the grant and its fields, or why not. */
  asked(purpose?: string): Promise<readonly string[] | string>;
}

interface Given {
  readonly now: () => number;
  readonly tellReceivers?: ConsequenceNeeds['tellReceivers'];
  /** Of authorities that are not of the city's own area. */
  readonly areas?: Readonly<Record<string, string>>;
  /** Who looks after sharing where; default as the reference city says. */
  readonly places?: SharingPlaces;
  /** Clients that are gateways of other regions, and of which. */
  readonly regions?: Readonly<Record<string, string>>;
}

const ASKED = 'tax.tax-arrears';

/** @param state opened anew for another replica of the same town */
export async function townOver(
  t: Test,
  state: State,
  { now, tellReceivers, areas = {}, places = referencePlaces, regions = {} }: Given,
): Promise<Town> {
  const workspace = {
    ...base,
    authorities: new Map(
      [...base.authorities].map(([id, one]) => [id, { ...one, ...present({ area: areas[id] }) }] as const),
    ),
  };
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const suspended = shareSuspensions(state, dir, () => undefined);
  t.teardown(() => suspended.stop());
  await suspended.known;
  const deeds: MatterDeed[] = [];
  const record = (deed: MatterDeed) =>
    Promise.resolve({ id: `w1:${String(deeds.push(deed))}-${String(Math.random())}`, json: '{}' });
  const declaredPolicies: PolicySet = {
    ...policies,
    clients: new Map(
      [...policies.clients].map(([id, one]) => [id, { ...one, ...present({ region: regions[id] }) }] as const),
    ),
  };
  let current = declaredPolicies;
  const refresh = async (): Promise<void> => {
    current = appliedTo(declaredPolicies, workspace, (await appliedIn(state)).grants).set;
  };
  const of: { matters?: Matters } = {};
  const parts = { workspace, policies: () => current, state };
  const rules = allRules([
    applicationRules({ ...parts, places: places!, answerable: async () => undefined }),
    otherRules({
      ...parts,
      places,
      acts,
      grant: grantFinder(parts),
      suspend: (change) => suspended.change(change),
      platform: async (matter, act) => {
        await of.matters?.act(matter, { actor: { kind: 'platform' }, record, ...act });
      },
      tellReceivers: tellReceivers ?? (async () => []),
    }),
  ]);
  const matters = openMatters({ state, keys: await sharedSealingKeys(state), declared, rules, recordOwn: record, now });
  of.matters = matters;
  const act: Town['act'] = (actor, name, more = {}) => ({ actor, act: name, fields: {}, record, ...more });
  const inForce = async (): Promise<PolicySet> => {
    await refresh();
    return suspendedIn(current, readSuspensions(dir));
  };
  return {
    matters,
    deeds,
    state,
    act,
    async open(machine, actor, name, { opening = {}, ...more } = {}) {
      await refresh();
      return matters.open(machine, opening, act(actor, name, more));
    },
    async does(id, actor, name, more = {}) {
      await refresh();
      return matters.act(id, act(actor, name, more));
    },
    inForce,
    async asked(purpose = 'open-transport-company') {
      const set = await inForce();
      const client = set.clients.get('transport-licensing' as never);
      const { effect, grant, fields, reasons } = makeDecider(set, workspace).decide({
        client: client!,
        purpose,
        dataset: ASKED,
        delivery: 'query',
        case: { item: '000118011000', caseId: 'C1', actor: 'a' },
        now: now(),
      });
      return effect === 'allow' ? [String(grant), ...fields.map(({ path }) => String(path))] : (reasons[0]?.code ?? '');
    },
  };
}

/** An application for tax arrears that was agreed to, with one field refused, and supplied. @returns matter and grant */
export async function supplied(town: Town): Promise<{ readonly id: string; readonly grant: string }> {
  const [first] = application().datasets;
  const content = asContent({ ...application(), datasets: [first] });
  const { id } = (await town.open('application', people.officer, 'draft', { content })).head;
  await town.does(id, people.head, 'approve');
  await town.does(id, people.officer, 'file');
  const reply = {
    fields: [
      { path: 'taxKind', decision: 'agree' },
      { path: 'amount', decision: 'refuse', reason: '依法不得提供具体数额' },
    ],
  };
  await town.does(id, people.taxOfficer, 'propose', { part: ASKED, content: asContent(reply) });
  await town.does(id, people.taxHead, 'agree', { part: ASKED });
  await town.does(id, people.taxOfficer, 'supply', { part: ASKED });
  await town.does(id, people.officer, 'use', { part: ASKED });
  return { id, grant: `a-${id}-0-0` };
}
