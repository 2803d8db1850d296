/**
 * Matters of sharing of a worker: opened with the first request, once for all services of a port, over the state that
 * all share or that of the data folder.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { loadActs } from '../../../contracts/acts.js';
import { YitongError } from '../../../contracts/errors.js';
import type { DatasetId, GrantId } from '../../../contracts/ids.js';
import { lifecyclesOf } from '../../../contracts/lifecycle/load.js';
import { present } from '../../../contracts/present.js';
import { loadSharingPlaces } from '../../../contracts/sharing-places.js';
import type { Workspace } from '../../../contracts/types.js';
import { appliedDir, copyApplied } from '../../answer/inforce/applied-grants.js';
import { changeSuspended, type SharedSuspensions } from '../../answer/inforce/shared-suspensions.js';
import { COUNTS_EVERYWHERE, type InForce } from '../../answer/inforce/snapshot.js';
import { suspensionsDir } from '../../answer/inforce/suspensions.js';
import type { ViewReader } from '../../answer/view/port.js';
import type { StateSettings } from '../../ground/config/state.js';
import type { Blobs } from '../../ground/state/blobs.js';
import type { State } from '../../ground/state/port.js';
import { administrationBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import { openSearch } from '../../log/search/index.js';
import { openCaseGround } from '../cases/opened.js';
import type { GrantGround } from './grant-sides.js';
import { applicationRules } from './machines/application.js';
import type { ConsequenceNeeds } from './machines/consequences.js';
import { grantFinder } from './machines/grant-of.js';
import { allRules, otherRules } from './machines/others.js';
import { paperRules } from './machines/papers.js';
import { openMatters } from './matters.js';
import { tellingReceivers } from './receivers.js';
import type { FiguresOf } from './shown.js';
import { type SharingStatistics, statisticsOf } from './statistics/index.js';
import type { Period } from './statistics/period.js';
import { type Supplying, supplyAgreed } from './supplying.js';
import { publishMatters } from './topics.js';
import type { MatterAct, MatterDeed, Matters } from './types.js';

interface Surroundings {
  readonly workspace: Workspace;
  readonly settings: { readonly state: StateSettings; readonly gateway: { readonly caseTopics: readonly string[] } };
  readonly view: ViewReader;
  readonly journal: Journal;
  readonly inForce: () => Pick<InForce, 'decider' | 'policies' | 'purposes'>;
  readonly dataDir: string;
  /** Undefined: that of the data folder. */
  readonly state?: State;
  /** Those of the state that all share; undefined: those of the data folder. */
  readonly suspensions?: Pick<SharedSuspensions, 'change'>;
  readonly now: () => number;
}

export interface SharingDesk {
  readonly matters: Matters;
  /** For sides of grants. */
  readonly grants: GrantGround;
  readonly state: State;
  readonly keys: SealingKeys;
  readonly statistics: (whose: FiguresOf, period: Period) => Promise<SharingStatistics>;
  readonly blobs: Blobs;
  /** Puts on record what the gateway does itself. */
  readonly recordOwn: MatterAct['record'];
}

interface OpenedDesk extends SharingDesk {
  close(): Promise<void>;
}

/** @throws YitongError `bad_lifecycle`, `bad_calendar`, `bad_workspace`, `not_found`, `store_damaged` */
async function openDesk(around: Surroundings): Promise<OpenedDesk> {
  const { workspace, settings, view, journal, inForce, dataDir, suspensions, now } = around;
  const places = await loadSharingPlaces(workspace);
  if (places === undefined)
    throw new YitongError('not_found', 'the workspace does not say who looks after sharing: contracts/sharing.json');
  const declared = await lifecyclesOf(workspace);
  const ground = await openCaseGround(around);
  const { state, keys, blobs } = ground;
  try {
    const parts = { workspace, places, policies: () => inForce().policies, state };
    const search = openSearch(dataDir);
    const statistics = (whose: FiguresOf, period: Period): Promise<SharingStatistics> =>
      statisticsOf({ ...parts, declared, search, dataDir, now }, whose, period);
    const platform: { act?: ConsequenceNeeds['platform'] } = {};
    const rules = allRules([
      applicationRules({ ...parts, answerable: (grants) => answerable(grants, { workspace, view, inForce, now }) }),
      otherRules({
        ...parts,
        acts: await loadActs(workspace.layers),
        grant: grantFinder(parts),
        suspend: (change) =>
          changeSuspended({ dir: suspensionsDir(dataDir), ...present({ shared: suspensions }) }, change),
        platform: async (matter, act) => platform.act?.(matter, act),
        tellReceivers: tellingReceivers({ search, policies: parts.policies }),
      }),
      paperRules({ ...parts, statistics }),
    ]);
    const publish = publishMatters(workspace.prefix, settings.gateway.caseTopics);
    const recordOwn = ({ action, target, detail }: MatterDeed) =>
      journal.append({
        clear: administrationBody({ time: new Date(now()).toISOString(), action, by: 'platform', target, detail }),
      });
    const matters = openMatters({
      state,
      keys,
      declared,
      rules,
      now,
      recordOwn,
      // in force in this data folder at once, and on others as soon as they hear of it
      committed: () => copyApplied(state, appliedDir(dataDir)),
      ...present({ publish }),
    });
    platform.act = async (matter, act) => {
      await matters.act(matter, { actor: { kind: 'platform' }, record: recordOwn, ...act });
    };
    await copyApplied(state, appliedDir(dataDir));
    return {
      matters,
      grants: parts,
      state,
      keys,
      statistics,
      blobs,
      recordOwn,
      close: async () => {
        await search.close();
        await ground.close();
      },
    };
  } catch (error) {
    await ground.close();
    throw error;
  }
}

/** ms between two looks whether what was granted is in force. */
const COMES_LOOK = 50;

/** In force on this replica, and its dataset is on the bus and in the view: a question would be answered. */
async function answerable(
  grants: readonly string[],
  { workspace, view, inForce, now }: Pick<Surroundings, 'workspace' | 'view' | 'inForce' | 'now'>,
): Promise<void> {
  const refuse = (what: string): never => {
    throw new YitongError('act_refused', what);
  };
  // what was agreed to in another process of this replica comes into force here a moment later
  const until = performance.now() + COUNTS_EVERYWHERE;
  while (!grants.every((id) => inForce().policies.grants.has(id as GrantId)) && performance.now() < until)
    await pause(COMES_LOOK);
  const { policies, decider } = inForce();
  let answers = 0;
  for (const id of grants) {
    const grant = policies.grants.get(id as GrantId) ?? refuse('the grant is not in force yet');
    const client = policies.clients.get(grant.client) ?? refuse('the system is not let in');
    const [purpose = '', delivery = 'query'] = [grant.purposes[0], grant.delivery[0]];
    const decision = decider.decide({
      client,
      purpose,
      dataset: grant.dataset,
      delivery,
      now: now(),
      case: { item: '-', caseId: '-', actor: '-' },
    });
    if (decision.effect === 'deny')
      refuse(`no question under it would be answered: ${decision.reasons.map(({ code }) => code).join(', ')}`);
    const dataset = workspace.contracts.get(grant.dataset)?.id ?? (grant.dataset as DatasetId);
    const reading = view.fetch === undefined ? view : await view.fetch([], [dataset], { kind: 'now' });
    const state = reading.datasetState(dataset);
    if (state.unavailable === true || (state.complete === undefined && state.records === 0))
      refuse('the dataset has not arrived, so no question could be answered');
    answers++;
  }
  if (answers === 0) refuse('there is no grant under which a question could be asked');
}

interface Desk {
  /** Opened with the first call; one that failed is tried again. @throws YitongError as `openDesk` */
  desk(): Promise<SharingDesk>;
  /** May be called by each service that has it. */
  close(): Promise<void>;
}
const desks = new WeakMap<object, Desk>();

/** The one desk of all services of this port. */
export function sharingDeskOf(context: Surroundings): Desk {
  let desk = desks.get(context);
  if (desk === undefined) desks.set(context, (desk = deskOf(context)));
  return desk;
}

function deskOf(context: Surroundings): Desk {
  let opened: Promise<OpenedDesk> | undefined;
  let closed: Promise<void> | undefined;
  return {
    desk: () =>
      (opened ??= openDesk(context).catch((error: unknown) => {
        opened = undefined;
        throw error;
      })),
    close: () => (closed ??= (async () => (await opened?.catch(() => undefined))?.close())()),
  };
}

/** ms between two looks whether there is a state yet, in which something could wait. */
const LOOK = 1000;

/**
 * Supplies what was agreed to and can be given, once there is a state in which it could wait.
 * @returns stops it
 */
export function supplying(
  context: Surroundings,
  desk: Pick<Desk, 'desk'>,
  onTrouble: (error: unknown) => void,
): () => Promise<void> {
  const { inForce, now, dataDir, state: shared } = context;
  let begun: Promise<Supplying | undefined> | undefined;
  const begin = async (): Promise<Supplying | undefined> => {
    // a workspace that says nothing of sharing has no applications
    if ((await loadSharingPlaces(context.workspace)) === undefined) return undefined;
    const { state, matters, recordOwn: record } = await desk.desk();
    return supplyAgreed({
      state,
      matters,
      record,
      inForce: (grant) => inForce().policies.grants.has(grant as GrantId),
      now,
      onTrouble,
    });
  };
  const timer = setInterval(() => {
    if (begun !== undefined || (shared === undefined && !existsSync(join(dataDir, 'state')))) return;
    begun = begin();
    begun.catch((error: unknown) => {
      onTrouble(error);
      begun = undefined;
    });
  }, LOOK).unref();
  return async () => {
    clearInterval(timer);
    await (await begun?.catch(() => undefined))?.stop();
  };
}
