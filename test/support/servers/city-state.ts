/**
 * Where a run of a suite is on PostgreSQL (`YITONG_TEST_STATE=postgres`), each city of it has a state of its own there,
 * which stays with its data folder; commands beside it find it by that folder.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { readState } from '../../../gateway/ground/config/state.js';
import { dumpShared } from '../../../gateway/ground/state/open.js';
import { postgresForTest } from './postgres.js';
import { stateForTest } from './state.js';

type Env = Readonly<Record<string, string>>;

/** By data folder. */
const known = new Map<string, Env>();

const onPostgres = (): boolean => process.env['YITONG_TEST_STATE'] === 'postgres';

/** Whether the settings of a workspace say themselves where its state stands. */
function saysItself(workspace: string | undefined): boolean {
  if (workspace === undefined) return false;
  const settings = JSON.parse(readFileSync(join(workspace, 'yitong.json'), 'utf8')) as { readonly state?: object };
  return settings.state !== undefined;
}

/**
 * Environment of a city; none where the run is not on PostgreSQL, or the city says itself where its state stands.
 * @throws Error where this machine has no PostgreSQL
 */
export async function stateOfCity(
  t: Test,
  data: string,
  { workspace, env }: { readonly workspace?: string | undefined; readonly env?: Env | undefined },
): Promise<Env> {
  if (!onPostgres() || env?.['YITONG_STATE_DRIVER'] !== undefined || saysItself(workspace)) return {};
  const before = known.get(data);
  if (before !== undefined) return before;
  const postgres = await postgresForTest(t);
  if (postgres === undefined) throw new Error('this machine has no PostgreSQL');
  const { user, passwords, schema } = await stateForTest(t, postgres);
  const { hostname, port, pathname } = new URL(postgres.url);
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'password'), passwords.user, { mode: 0o600 });
  const made = {
    YITONG_STATE_DRIVER: 'postgres',
    YITONG_STATE_SERVERS: JSON.stringify([`${hostname}:${port}`]),
    YITONG_STATE_TLS: 'false',
    YITONG_STATE_DATABASE: pathname.slice(1),
    YITONG_STATE_SCHEMA: schema,
    YITONG_STATE_USER: user,
    YITONG_STATE_PASSWORD_FILE: join(dir, 'password'),
  };
  known.set(data, made);
  return made;
}

/** All that stands in the state of a city, as text; undefined where it stands in its data folder. */
export async function sharedText(data: string): Promise<Buffer | undefined> {
  const env = known.get(data);
  if (env === undefined) return undefined;
  const settings = readState(undefined, { file: 'yitong.json' }, env);
  const lines: string[] = [];
  await dumpShared({ settings, baseDir: data, place: { file: 'yitong.json' } }, (line) => void lines.push(line));
  return Buffer.from(lines.join('\n'));
}

/** Of a command that names the data folder of a city. */
export function stateBeside(args: readonly string[]): Env {
  const data = args[args.indexOf('--data') + 1];
  return (args.includes('--data') && data !== undefined && known.get(data)) || {};
}
