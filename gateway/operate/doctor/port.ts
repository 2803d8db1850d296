/** What `yitong doctor` finds out about an installation. A check is one file of `checks/`, found by its folder. */

import type { BusSettings } from '../../../connectors/bus/open.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import type { PolicySet } from '../../../policies/types.js';
import type { Settings } from '../../ground/config/index.js';

/**
 * `fail`: it does not work, or the law or a promise is broken. `warn`: it works, and somebody should see to it. `note`:
 * worth knowing.
 */
export type Level = 'ok' | 'note' | 'warn' | 'fail';

export interface Finding {
  readonly level: Level;
  /** In words; no personal data, no secret. */
  readonly what: string;
  /** What to do about it. Each `warn` and `fail` says it. */
  readonly mend?: string;
}

/**
 * The installation that is looked at. A part that cannot be had throws, where it is asked for, what `workspace`,
 * `policies` or `configuration` tells.
 */
export interface Patient {
  readonly workspaceDir: string;
  readonly data: string;
  /** Whether this is the development city of `yitong up`, with its own CA. */
  readonly development: boolean;
  /** Look at everything, however long it takes. */
  readonly deep: boolean;
  /** ms since 1970 */
  readonly now: () => number;
  readonly signal: AbortSignal;
  workspace(): Promise<Workspace>;
  policies(): Promise<PolicySet>;
  settings(): Promise<Settings>;
  bus(): Promise<BusSettings>;
}

export interface Check {
  /** What it looks at, after "looks at". */
  readonly about: string;
  /** Where it stands among the others: what others build on comes first. */
  readonly order: number;
  run(patient: Patient): Promise<readonly Finding[]>;
}

export const ok = (what: string): Finding => ({ level: 'ok', what });
export const note = (what: string, mend?: string): Finding => ({
  level: 'note',
  what,
  ...present({ mend }),
});
export const warn = (what: string, mend: string): Finding => ({ level: 'warn', what, mend });
export const fail = (what: string, mend: string): Finding => ({ level: 'fail', what, mend });
