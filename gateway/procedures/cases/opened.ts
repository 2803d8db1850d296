/** The cases of one worker: opened with the first request, over the state that all share or that of the data folder. */
import { join } from 'node:path';
import { loadBundles } from '../../../contracts/bundle/load.js';
import type { Elements } from '../../../contracts/bundle/types.js';
import { loadCalendars } from '../../../contracts/calendar.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Workspace } from '../../../contracts/types.js';
import type { InForce } from '../../answer/inforce/snapshot.js';
import type { ViewReader } from '../../answer/view/port.js';
import type { StateSettings } from '../../ground/config/state.js';
import { blobsInFolder, blobsInState } from '../../ground/state/blobs.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { auditLayout } from '../../log/entries/layout.js';
import { sealingKeysOf, sharedSealingKeys } from '../../log/entries/sealing-keys.js';
import type { RecordEffects } from '../lifecycles/effects.js';
import { type Cases, openCases } from './cases.js';
import type { StepDrivers } from './ports.js';
import { registersOf } from './registers.js';

interface Surroundings {
  readonly workspace: Workspace;
  readonly settings: { readonly state: StateSettings };
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
  close(): Promise<void>;
}

/** By which terms of cases are counted. */
const CALENDAR = 'mainland';

/** @throws YitongError `bad_bundle`, `bad_calendar`, `store_damaged` */
export async function openCaseDesk(
  around: Surroundings,
  drivers: (elements: Elements) => StepDrivers,
): Promise<OpenedDesk> {
  const { workspace, settings, view, inForce, tickets, dataDir, now } = around;
  const { bundles, elements } = await loadBundles(workspace);
  const calendar = (await loadCalendars(workspace.layers)).get(CALENDAR);
  if (calendar === undefined)
    throw new YitongError('bad_calendar', `there is no calendar \`${CALENDAR}\`, by which terms are counted`);
  const place = { file: join(dataDir, 'state') };
  const own =
    around.state === undefined
      ? await openState({ settings: settings.state, data: dataDir, baseDir: dataDir, place, now })
      : undefined;
  const state = around.state ?? (own as State);
  const keys =
    own === undefined ? await sharedSealingKeys(state) : sealingKeysOf(auditLayout(dataDir).subjectKeys, 1000);
  const registers = registersOf({ workspace, view, inForce, effects: tickets.effects, now }, elements);
  // files beside a state of one replica; in the state where replicas share it
  const blobs = own === undefined || state.driver === 'postgres' ? blobsInState(state, now) : blobsInFolder(dataDir);
  const { codelists } = workspace;
  const ground = { bundles, elements, state, keys, calendar, now, registers, blobs, codelists };
  return {
    cases: openCases({ ...ground, drivers: drivers(elements) }),
    async close() {
      await keys.close();
      await own?.close();
    },
  };
}
