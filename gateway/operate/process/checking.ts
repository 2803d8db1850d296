/**
 * Asks a process of its own (`check.ts`) whether a workspace may be taken while running; what it loads does not stay in
 * the supervisor.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ContentVersion } from '../../answer/inforce/content.js';
import type { ProcessArguments } from '../children/messages.js';
import type { FixedSettings } from '../children/settings.js';

export interface CheckArguments {
  readonly args: Pick<ProcessArguments, 'workspace' | 'data' | 'flags' | 'developmentPki'>;
  /** Workspace that holds the contracts in force; undefined where nobody knows them. */
  readonly before: string | undefined;
  readonly fixed: FixedSettings;
}

export type Checked =
  | {
      readonly ok: true;
      readonly version: ContentVersion;
      readonly layers: readonly string[];
      /** Ids of datasets, as the audit log is told. */
      readonly changes: Readonly<Record<string, unknown>>;
      readonly workers: number;
      readonly drainSeconds: number;
    }
  | { readonly ok: false; readonly why: string };

/** Ms; a workspace of a hundred datasets takes a few seconds on a busy machine. */
const WITHIN = 120_000;

/** Never throws: what goes wrong is a reason as well. */
export function checkContent(args: CheckArguments, signal: AbortSignal): Promise<Checked> {
  const child = fork(fileURLToPath(new URL('./check.js', import.meta.url)), [JSON.stringify(args)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    signal,
    timeout: WITHIN,
  });
  return new Promise<Checked>((resolve) => {
    child.once('message', (message: Checked) => resolve(message));
    child.once('error', (error) => resolve({ ok: false, why: `checking could not be done: ${error.message}` }));
    child.once('exit', (code, by) =>
      resolve({ ok: false, why: `checking ended before it was done (${String(by ?? code)})` }),
    );
  });
}
