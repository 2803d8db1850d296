/** What comes of acts of the other matters (政务数据共享条例): grants that stop, end, widen or flow, and who is told. */
import { dayOf } from '../../../../contracts/calendar.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { WHOLE } from '../../../../contracts/lifecycle/matter.js';
import { present } from '../../../../contracts/present.js';
import type { Workspace } from '../../../../contracts/types.js';
import { grantOf as readGrantOf } from '../../../../policies/load.js';
import type { GrantFile } from '../../../../policies/shapes.js';
import type { PolicySet } from '../../../../policies/types.js';
import { APPLIED, type AppliedGrant, appliedGrants, endedGrants } from '../../../answer/inforce/applied-grants.js';
import type { Suspension } from '../../../answer/inforce/suspensions.js';
import type { Change, State } from '../../../ground/state/port.js';
import { links, MatterStore, type StoredMatter } from '../store.js';
import type { MatterRules, PlatformAct, StepAround } from '../types.js';
import { type ConcernNeeds, type GrantOf, type OfArea, type OfService, type OfWidening, ownArea } from './concern.js';

export interface ConsequenceNeeds extends ConcernNeeds {
  readonly workspace: Workspace;
  readonly policies: () => PolicySet;
  readonly state: State;
  /** Changes the suspensions that are in force on every replica; durable when it resolves. */
  readonly suspend: (change: (grants: Map<string, Suspension>) => void) => Promise<void>;
  /** An act of the platform on another matter. @throws YitongError `act_refused` where it is not possible (any more) */
  readonly platform: (matter: string, act: PlatformAct) => Promise<void>;
  /** Tells whoever received a record that it was corrected, or kept. */
  readonly tellReceivers: (around: StepAround, entry: string) => Promise<readonly Change[]>;
}

/** States in which misuse keeps its grant from being used. */
const HELD: ReadonlySet<string> = new Set(['suspended', 'rectifying', 'reported', 'terminated']);
const stateOf = ({ state }: Pick<StoredMatter, 'state'>): string => state.parts[WHOLE]?.state ?? '';

/** All matters of a machine about something. */
async function mattersAbout(state: State, what: string, machine: string): Promise<readonly StoredMatter[]> {
  const store = new MatterStore(state);
  const found = new Map<string, StoredMatter>();
  for (let after: string | undefined; ; ) {
    const page = await store.list(links.about(what), { limit: 100, ...present({ after }) });
    for (const one of page.matters) if (one.head.machine === machine) found.set(one.head.id, one);
    if (page.next === undefined) return [...found.values()];
    after = page.next;
  }
}

/** Matters of misuse about a grant, with the receipts of the acts by which they suspended it. */
async function misuses(state: State, grant: string) {
  const store = new MatterStore(state);
  const matters = await mattersAbout(state, `grant/${grant}`, 'misuse');
  const entries = new Set<string>();
  for (const { head } of matters)
    for (const { event, entry } of await store.steps(head.id)) if (event.act.startsWith('suspend')) entries.add(entry);
  return { matters, entries };
}

const grantIn = ({ contents }: Pick<StepAround, 'contents'>): GrantOf => contents['of-grant'] as unknown as GrantOf;

async function applied(state: State, id: string): Promise<AppliedGrant | undefined> {
  const found = (await state.set(APPLIED)).members.get(id) as unknown as Partial<AppliedGrant> | undefined;
  return found?.grant === undefined ? undefined : (found as AppliedGrant);
}

export function consequences(needs: ConsequenceNeeds): Pick<MatterRules, 'effects' | 'next'> {
  const { state } = needs;
  const suspend = (id: string, { event, lifecycle }: StepAround, entry: string): Promise<void> =>
    needs.suspend((grants) => {
      if (!grants.has(id))
        grants.set(id, {
          at: new Date(event.at).toISOString(),
          by: lifecycle.parties[event.party]?.role ?? event.party,
          reason: event.fields['reason'] ?? lifecycle.title.zh,
          entry,
        });
    });
  const ended = async (id: string, { event }: StepAround, entry: string): Promise<readonly Change[]> =>
    (await applied(state, id)) === undefined ? [] : endedGrants([id], { at: new Date(event.at).toISOString(), entry });
  return {
    effects: {
      // it takes away, so it comes before the step: a step that is not stored leaves nothing open
      suspend: async (around, entry) => {
        await suspend(grantIn(around).id, around, entry);
        return [];
      },
      terminate: (around, entry) => ended(grantIn(around).id, around, entry),
      'end-use': async (around, entry) => {
        const { id, application } = grantIn(around);
        // a grant in a file ends when its file goes; until then nothing is given under it
        if (application === undefined) await suspend(id, around, entry);
        return ended(id, around, entry);
      },
      'flow-back': (around, entry) => [...flowing(needs, around, entry)],
      'end-flow': (around, entry) => ended(flowId(around), around, entry),
      widen: async (around, entry) => [...(await widened(needs, around, entry))],
      'change-service': async (around, entry) => {
        const { dataset, change } = around.contents['of-service'] as unknown as OfService;
        if (change !== 'end') return [];
        const { members } = await state.set(APPLIED);
        const ids = [...members].flatMap(([id, member]) =>
          (member as unknown as Partial<AppliedGrant>).grant?.dataset === dataset ? [id] : [],
        );
        return endedGrants(ids, { at: new Date(around.event.at).toISOString(), entry });
      },
      'tell-receivers': needs.tellReceivers,
    },
    next: async (around) => {
      await follow(needs, around);
      return [];
    },
  };
}

/** One that is not possible any more was done before. */
async function platform(needs: ConsequenceNeeds, matter: string, act: PlatformAct): Promise<void> {
  try {
    await needs.platform(matter, act);
  } catch (error) {
    if (!isYitongError(error) || error.code !== 'act_refused') throw error;
  }
}

/** What happens once the step is stored: nothing is let go, and no other matter moved, for a step that is not. */
async function follow(needs: ConsequenceNeeds, around: StepAround): Promise<void> {
  const { lifecycle, event } = around;
  const act = `${lifecycle.id}.${event.act}`;
  const application = async (name: 'end' | 'close'): Promise<void> => {
    const { application: of } = grantIn(around);
    const reason = lifecycle.acts[event.act]?.title.zh ?? lifecycle.title.zh;
    if (of !== undefined) await platform(needs, of.matter, { act: name, part: of.part, fields: { reason } });
  };
  if (act === 'misuse.resume') return resumed(needs, around);
  if (act === 'service-change.take-effect') return serviceEnded(needs, around);
  if (act === 'misuse.terminate' || act === 'disposal.notice') return application('end');
  if (act === 'disposal.confirm') return application('close');
}

/** Applications under which the dataset was given have ended with it. */
async function serviceEnded(needs: ConsequenceNeeds, around: StepAround): Promise<void> {
  const { dataset, change } = around.contents['of-service'] as unknown as OfService;
  if (change !== 'end') return;
  for (const { head } of await mattersAbout(needs.state, `dataset/${dataset}`, 'application'))
    await platform(needs, head.id, {
      act: 'end',
      part: dataset,
      fields: { reason: around.lifecycle.acts[around.event.act]?.title.zh ?? '' },
    });
}

/** The grant goes on where no other matter holds it, and where nobody has suspended it by hand. */
async function resumed(needs: ConsequenceNeeds, around: StepAround): Promise<void> {
  const { id } = grantIn(around);
  const { matters, entries } = await misuses(needs.state, id);
  if (matters.some((one) => one.head.id !== around.head.id && HELD.has(stateOf(one)))) return;
  await needs.suspend((grants) => {
    const now = grants.get(id);
    if (now !== undefined && entries.has(now.entry)) grants.delete(id);
  });
}

/** A grant as it would stand in a file. @throws YitongError `act_refused` */
function checked(needs: ConsequenceNeeds, id: string, grant: GrantFile): GrantFile {
  try {
    readGrantOf(id, grant, { workspace: needs.workspace, ...needs.policies() }, { file: 'the matter' });
    return grant;
  } catch (cause) {
    throw new YitongError('act_refused', `no grant can come of it: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    });
  }
}

const flowId = ({ head }: Pick<StepAround, 'head'>): string => `r-${head.id}`;

/** Every field of the rows of the requester's own area, and no condition (Art.24). */
function flowing(needs: ConsequenceNeeds, around: StepAround, entry: string): readonly Change[] {
  const { dataset, client, purpose, field, until } = around.contents['of-area'] as unknown as OfArea;
  const contract = needs.workspace.contracts.get(dataset as never);
  const id = flowId(around);
  const grant: GrantFile = {
    client,
    dataset,
    fields: (contract?.latest.fields ?? []).filter(({ path }) => !/[.[]/.test(path)).map(({ path }) => path),
    rows: { area: { field, areas: [ownArea(needs, around.head.sides[WHOLE]?.requester ?? '')] } },
    purposes: [purpose],
    delivery: (contract?.sharing.delivery ?? []).filter((way) => way !== 'subscription'),
    from: dayOf(around.now),
    until,
    legalBasis: ['政务数据共享条例第二十四条第一款'],
    requires: [],
    subjectNotice: { mode: 'immediate' },
    status: 'active',
  };
  return appliedGrants([{ id, grant: checked(needs, id, grant), matter: around.head.id, part: WHOLE, entry }]);
}

/** The grant as it was, and what the provider has agreed to. Nothing else of it changes. */
async function widened(needs: ConsequenceNeeds, around: StepAround, entry: string): Promise<readonly Change[]> {
  const { grant: id, fields = [], purposes = [], areas = [] } = around.contents['of-widening'] as unknown as OfWidening;
  const before = await applied(needs.state, id);
  if (before === undefined) throw new YitongError('act_refused', 'the grant has ended; a new application is needed');
  const { grant } = before;
  const { area } = grant.rows;
  if (areas.length > 0 && area === undefined) throw new YitongError('act_refused', 'the grant is not of certain areas');
  const known = new Set(grant.fields.map((one) => (typeof one === 'string' ? one : one.path)));
  const wider: GrantFile = {
    ...grant,
    fields: [...grant.fields, ...fields.filter((path) => !known.has(path))],
    purposes: [...new Set([...grant.purposes, ...purposes])],
    rows: area === undefined ? grant.rows : { area: { ...area, areas: [...new Set([...area.areas, ...areas])] } },
  };
  return appliedGrants([{ ...before, id, grant: checked(needs, id, wider), entry }]);
}
