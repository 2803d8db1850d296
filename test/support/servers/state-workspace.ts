/** Workspaces whose settings name a server of the state. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { cli } from '../../e2e/city.js';
import type { TestPostgres } from './postgres.js';
import type { TestState } from './state.js';

/** The section of the settings, with its passwords beside it. */
export function sectionNaming(
  dir: string,
  postgres: Pick<TestPostgres, 'url'>,
  { user, passwords, schema, owner }: TestState,
): Readonly<Record<string, unknown>> {
  const files = { passwordFile: `${dir}/password-${user}`, ownerPasswordFile: `${dir}/owner-password-${user}` };
  writeFileSync(files.passwordFile, passwords.user, { mode: 0o600 });
  writeFileSync(files.ownerPasswordFile, passwords.owner, { mode: 0o600 });
  const { hostname, port, pathname } = new URL(postgres.url);
  const at = { servers: [`${hostname}:${port}`], database: pathname.slice(1), tls: false };
  return { driver: 'postgres', ...at, schema, user, owner: owner.user, ...files };
}

/** Puts a section `state` into the settings of a workspace. */
export function setState(workspace: string, state: Readonly<Record<string, unknown>>): void {
  const file = join(workspace, 'yitong.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), state }));
}

/** A workspace that names the server, and works on its data folder still. */
export function workspaceNaming(dir: string, postgres: Pick<TestPostgres, 'url'>, stands: TestState): string {
  const workspace = join(dir, `city-${randomBytes(3).toString('hex')}`);
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  setState(workspace, { ...sectionNaming(workspace, postgres, stands), driver: 'embedded' });
  return workspace;
}
