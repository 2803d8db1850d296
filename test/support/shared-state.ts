/**
 * Stores that stand in files of a data folder or in a state that replicas share: a suite runs on each. A suite that
 * knows of no kind runs on that of `YITONG_TEST_STATE`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openEmbeddedState } from '../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../gateway/ground/state/port.js';
import { driver as embedded } from '../ground/state/lmdb.driver.js';
import { driver as postgres } from '../ground/state/postgres.driver.js';

export const SHARED = ['embedded', 'postgres'] as const;
export type SharedKind = (typeof SHARED)[number];

/** Opens the same store each time, as another replica would; it is closed with the test. */
export type OpenState = () => Promise<State>;

/** An empty store; undefined where this machine has none of that kind, which the test then says. */
export async function sharedState(t: Test, kind: SharedKind): Promise<OpenState | undefined> {
  const place = await (kind === 'postgres' ? postgres.fresh(t) : folder(t));
  if (place === undefined) return undefined;
  return async () => {
    const state = await (kind === 'postgres' ? postgres : embedded).open(place);
    t.teardown(() => state.close());
    return state;
  };
}

async function folder(t: Test): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** As a data folder begins: with keys and uploads of its own beside it. */
export const OWN = 'own';

async function ownState(t: Test): Promise<OpenState> {
  const data = await folder(t);
  return async () => {
    const state = openEmbeddedState({ dir: join(data, 'state'), folder: data });
    t.teardown(() => state.close());
    return state;
  };
}

/** Of the kind that this run of a suite is on; undefined on files. @throws Error where this machine has none */
export async function stateOfRun(): Promise<OpenState | undefined> {
  const kind = process.env['YITONG_TEST_STATE'];
  if (kind === undefined || kind === '' || kind === 'files') return undefined;
  // only here: whatever loads tap is ended as a suite after tap's own time, and the bench uses worlds of suites
  const { default: t } = await import('tap');
  const open = await (kind === OWN ? ownState(t) : sharedState(t, kind === 'postgres' ? kind : 'embedded'));
  if (open === undefined) throw new Error(`this machine has no ${kind}`);
  return open;
}
