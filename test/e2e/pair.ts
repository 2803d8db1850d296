/** Two gateways of one workspace that share a state on PostgreSQL and a bus on Kafka, each with its own data folder. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { replicaFiles } from '../log/replicas.js';
import { freePorts } from '../support/servers/ports.js';
import { postgresForTest, type TestPostgres } from '../support/servers/postgres.js';
import { stateForTest, type TestState } from '../support/servers/state.js';
import { type City, city, cli } from './city.js';

export type Side = 'east' | 'west';

export interface Pair {
  readonly workspace: string;
  /** Of the topics. */
  readonly prefix: string;
  readonly postgres: TestPostgres;
  readonly state: TestState;
  /** Of a command that runs beside one of them. */
  readonly env: (side: Side) => Readonly<Record<string, string>>;
  readonly start: (side: Side, more?: { readonly args?: readonly string[] }) => Promise<City>;
}

interface PairOptions {
  /** Both write to one log, which `west` sequences; else each has a log of its own. */
  readonly oneLog?: boolean;
  readonly companies?: number;
  /** Of each gateway. */
  readonly workers?: number;
  /** A workspace of its own, not the reference: what is made of it before anything starts. */
  readonly own?: (workspace: string, prefix: string) => Promise<void>;
}

/** Undefined where this machine has no PostgreSQL, which the test then says. */
export async function pairOfCities(
  t: Test,
  broker: string,
  { oneLog = false, companies = 60, workers = 2, own }: PairOptions = {},
): Promise<Pair | undefined> {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return undefined;
  const state = await stateForTest(t, postgres);
  const { user, passwords, schema } = state;
  const dir = t.testdir();
  const workspace = join(dir, 'city');
  execFileSync(process.execPath, [cli, 'init', workspace, ...(own === undefined ? ['--extends', packageRoot()] : [])]);
  writeFileSync(join(dir, 'password'), passwords.user, { mode: 0o600 });
  const { hostname, port, pathname } = new URL(postgres.url);
  const prefix = `e2e-s${randomBytes(4).toString('hex')}`;
  const file = join(workspace, 'yitong.json');
  const made = JSON.parse(readFileSync(file, 'utf8')) as object;
  const bus = {
    driver: 'kafka',
    brokers: [broker],
    clientId: prefix,
    groupId: prefix,
    replication: 1,
    minInsyncReplicas: 1,
  };
  const settings = {
    driver: 'postgres',
    servers: [`${hostname}:${port}`],
    database: pathname.slice(1),
    schema,
    user,
    passwordFile: join(dir, 'password'),
    tls: false,
  };
  writeFileSync(file, JSON.stringify({ ...made, prefix, bus, state: settings }));
  await own?.(workspace, prefix);
  const among = oneLog ? await amongReplicas(join(dir, 'pki')) : (): Record<string, string> => ({});
  const env = (side: Side): Readonly<Record<string, string>> => ({
    YITONG_BUS_GROUP_ID: `${prefix}-${side}`,
    YITONG_GATEWAY_WORKERS: String(workers),
    ...among(side),
  });
  return {
    workspace,
    prefix,
    postgres,
    state,
    env,
    start: (side, { args = [] } = {}) =>
      city(t, {
        workspace,
        data: join(dir, `data-${side}`),
        args: [...(own === undefined ? ['--companies', String(companies)] : []), ...args],
        env: env(side),
      }),
  };
}

/** Settings of two replicas of one log. */
async function amongReplicas(pki: string): Promise<(side: Side) => Record<string, string>> {
  const [east = 0, west = 0] = await freePorts(2);
  const ports = { east, west };
  const files = { east: await replicaFiles(pki, 'east'), west: await replicaFiles(pki, 'west') };
  return (side) => {
    const other = side === 'east' ? 'west' : 'east';
    const { replicaCert, replicaKey, replicaCa } = files[side];
    return {
      YITONG_AUDIT_REPLICA: side,
      YITONG_AUDIT_REPLICA_PORT: String(ports[side]),
      YITONG_AUDIT_SEQUENCER: String(side === 'west'),
      YITONG_AUDIT_REPLICAS: JSON.stringify({
        [other]: { url: `https://127.0.0.1:${String(ports[other])}`, spiffe: `spiffe://log.test/replica/${other}` },
      }),
      YITONG_AUDIT_REPLICA_CERT: replicaCert,
      YITONG_AUDIT_REPLICA_KEY: replicaKey,
      YITONG_AUDIT_REPLICA_CA: replicaCa,
    };
  };
}
