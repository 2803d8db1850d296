/**
 * The cases of a worker: opened with the first request, once for all services of a port, over the state that all share
 * or that of the data folder.
 */
import { join } from 'node:path';
import { type Bundles, bundlesOf } from '../../../contracts/bundle/load.js';
import type { Elements } from '../../../contracts/bundle/types.js';
import { type Calendar, loadCalendars } from '../../../contracts/calendar.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import type { InForce } from '../../answer/inforce/snapshot.js';
import type { ViewReader } from '../../answer/view/port.js';
import type { RegionSettings } from '../../ground/config/region.js';
import type { StateSettings } from '../../ground/config/state.js';
import { type Blobs, blobsInFolder, blobsInState } from '../../ground/state/blobs.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { auditLayout } from '../../log/entries/layout.js';
import type { Journal } from '../../log/entries/port.js';
import { type SealingKeys, sealingKeysOf, sharedSealingKeys } from '../../log/entries/sealing-keys.js';
import type { RecordEffects } from '../lifecycles/effects.js';
import { Abroad } from './abroad.js';
import { openCases } from './cases.js';
import { developmentDrivers, type StepDrivers } from './ports.js';
import { registersOf } from './registers.js';
import { publishSteps } from './topics.js';
import type { Cases } from './types.js';

interface Surroundings {
  readonly workspace: Workspace;
  readonly settings: {
    readonly state: StateSettings;
    readonly gateway: { readonly caseTopics: readonly string[] };
    readonly region: RegionSettings;
  };
  readonly journal: Pick<Journal, 'append'>;
  readonly view: ViewReader;
  readonly inForce: () => Pick<InForce, 'decider' | 'policies' | 'purposes'>;
  readonly tickets: { readonly effects: RecordEffects };
  readonly dataDir: string;
  /** Undefined: that of the data folder. */
  readonly state?: State;
  readonly now: () => number;
}

interface OpenedDesk {
  readonly cases: Cases;
  readonly state: State;
  readonly abroad: Abroad;
  close(): Promise<void>;
}

/** By which terms of cases are counted. */
export const CALENDAR = 'mainland';

/** What a workspace says of cases. @throws YitongError `bad_bundle`, `bad_calendar` */
export async function caseContent(workspace: Workspace): Promise<Bundles & { readonly calendar: Calendar }> {
  const calendar = (await loadCalendars(workspace.layers)).get(CALENDAR);
  if (calendar === undefined)
    throw new YitongError('bad_calendar', `there is no calendar \`${CALENDAR}\`, by which terms are counted`);
  return { ...(await bundlesOf(workspace)), calendar };
}

/** Where cases stand, with the keys of what is written in them. */
export interface CaseGround {
  readonly state: State;
  readonly keys: SealingKeys;
  /** Where uploads stand: files of the data folder to which the state belongs; in the state where replicas share it. */
  readonly blobs: Blobs;
  close(): Promise<void>;
}

/**
 * @param around `state`: that all replicas share; undefined: that of the data folder
 * @throws YitongError `store_damaged`
 */
export async function openCaseGround(
  around: Pick<Surroundings, 'dataDir' | 'state' | 'now'> & { readonly settings: { readonly state: StateSettings } },
): Promise<CaseGround> {
  const { settings, dataDir, now, state: shared } = around;
  if (shared !== undefined) {
    const keys = await sharedSealingKeys(shared);
    const blobs = shared.folder === undefined ? blobsInState(shared, now) : blobsInFolder(shared.folder);
    return { state: shared, keys, blobs, close: () => keys.close() };
  }
  const place = { file: join(dataDir, 'state') };
  const state = await openState({ settings: settings.state, data: dataDir, baseDir: dataDir, place, now });
  const keys = sealingKeysOf(auditLayout(dataDir).subjectKeys, 1000);
  return {
    state,
    keys,
    blobs: state.driver === 'postgres' ? blobsInState(state, now) : blobsInFolder(dataDir),
    async close() {
      await keys.close();
      await state.close();
    },
  };
}

/** @throws YitongError `bad_bundle`, `bad_calendar`, `store_damaged` */
async function openCaseDesk(around: Surroundings, drivers: (elements: Elements) => StepDrivers): Promise<OpenedDesk> {
  const { workspace, settings, view, inForce, tickets, now } = around;
  const content = await caseContent(workspace);
  const { state, keys, blobs, close } = await openCaseGround(around);
  const { elements } = content;
  const abroad = new Abroad(around);
  const registers = registersOf({ workspace, view, inForce, effects: tickets.effects, now, abroad }, elements);
  const publish = publishSteps(workspace.prefix, settings.gateway.caseTopics);
  const { codelists } = workspace;
  const ground = {
    ...content,
    state,
    keys,
    blobs,
    codelists,
    requiresUploads: true,
    now,
    registers,
    mayGo: (region: string, bundle: string, item: string) => abroad.mayGo(region, bundle, item),
    ...present({ publish }),
  };
  return {
    cases: openCases({ ...ground, drivers: drivers(elements), requiresUploads: true }),
    state,
    abroad,
    close() {
      abroad.close();
      return close();
    },
  };
}

interface CaseDesk {
  /** Opened with the first call; one that failed is tried again. @throws YitongError as `openCaseDesk` */
  cases(): Promise<Cases>;
  /** With what they stand on. @throws YitongError as `openCaseDesk` */
  ground(): Promise<Pick<OpenedDesk, 'cases' | 'state' | 'abroad'>>;
  /** May be called by each service that has it. */
  close(): Promise<void>;
}

type Context = Surroundings & { readonly settings: { readonly gateway: { readonly caseDrivers: string } } };
const desks = new WeakMap<object, CaseDesk>();

/** The one desk of all services of this port. */
export function caseDeskOf(context: Context): CaseDesk {
  let desk = desks.get(context);
  if (desk === undefined) desks.set(context, (desk = deskOf(context)));
  return desk;
}

function deskOf(context: Context): CaseDesk {
  const drivers = context.settings.gateway.caseDrivers === 'development' ? developmentDrivers : () => ({});
  let opened: Promise<OpenedDesk> | undefined;
  let closed: Promise<void> | undefined;
  const ground = async (): Promise<OpenedDesk> => {
    opened ??= openCaseDesk(context, drivers).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    cases: async () => (await ground()).cases,
    ground,
    close: () => (closed ??= (async () => (await opened?.catch(() => undefined))?.close())()),
  };
}
