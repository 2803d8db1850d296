import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { readSettings } from '../../ground/config/index.js';
import { busOf } from '../bus.js';
import type { Patient } from './port.js';

/** Each part is read once, when it is first asked for. */
const once = <T>(read: () => Promise<T>): (() => Promise<T>) => {
  let value: Promise<T> | undefined;
  return () => (value ??= read());
};

interface PatientOptions {
  readonly workspaceDir: string;
  readonly data: string;
  /** `--bus` */
  readonly bus: string | undefined;
  readonly deep: boolean;
  readonly signal: AbortSignal;
}

export function patientOf({ workspaceDir, data, bus, deep, signal }: PatientOptions): Patient {
  const workspace = once(() => loadWorkspace(workspaceDir));
  return {
    workspaceDir,
    data,
    // only `up` makes a CA in its data folder
    development: existsSync(join(data, 'pki', 'ca.pem')),
    deep,
    now: Date.now,
    signal,
    workspace,
    policies: once(async () => loadPolicies(await workspace())),
    settings: once(async () =>
      readSettings((await workspace()).settings, { file: join(workspaceDir, 'yitong.json') }, process.env),
    ),
    bus: once(() => busOf(bus, workspaceDir, data)),
  };
}
