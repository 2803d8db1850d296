/** The command line as a user runs it, to its end. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { stateBeside } from '../support/servers/city-state.js';
import { cli } from './city.js';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const run = (...args: readonly string[]): Promise<Ended> =>
  promisify(execFile)(process.execPath, [cli, ...args], {
    maxBuffer: 64 * 1_048_576,
    env: { ...process.env, ...stateBeside(args) },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: Ended) => failed,
  );

/** All that stands in the audit log under these filters, as its reader gets it; newest first. */
export async function entries<Body>(data: string, ...filters: readonly string[]): Promise<readonly Body[]> {
  const { stdout } = await run('audit', 'search', '--data', data, '--limit', '1000000', ...filters, '--json');
  return (JSON.parse(stdout) as { readonly body: Body }[]).map(({ body }) => body);
}
