/** Two gateways over one PostgreSQL and one Kafka, which elect who sequences their log; each may be killed. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Test } from 'tap';
import { packageRoot } from '../../../../gateway/ground/files/places.js';
import { ask, type RawAnswer, until } from '../../../e2e/ask.js';
import { cli } from '../../../e2e/city.js';
import { replicaFiles } from '../../../log/replicas.js';
import { freePorts } from '../../../support/servers/ports.js';
import { postgresForTest } from '../../../support/servers/postgres.js';
import { stateForTest } from '../../../support/servers/state.js';
import { Service } from '../service.js';
import { caseContent } from './cases.js';
import { Database } from './database.js';

/** ms; on a machine that twenty others use as well a gateway takes minutes to start. */
export const READY_WITHIN = 600_000;
export const NAMES = ['east', 'west'] as const;
export type Name = (typeof NAMES)[number];

export interface Up {
  readonly api: string;
  readonly people: string;
  readonly health: string;
  readonly pki: string;
}

export class GatewayOfPair {
  readonly service: Service;
  /** Where it is; the ports stay the same. */
  up: Up | undefined;
  ready = false;

  constructor(
    readonly name: Name,
    readonly data: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.service = new Service(
      args,
      (line) => {
        if (!line.startsWith('{')) return;
        this.up = JSON.parse(line) as Up;
        this.ready = true;
      },
      env,
    );
  }
}

/** A request to a gateway as a client of the workspace; undefined where no whole answer came. */
export async function asked(
  at: GatewayOfPair,
  client: string,
  request: Parameters<typeof ask>[3],
): Promise<RawAnswer | undefined> {
  const { up } = at;
  if (up === undefined) return undefined;
  return await Promise.race([
    ask(up.api, up.pki, client, request).catch(() => undefined),
    wait(30_000, undefined, { ref: false }),
  ]);
}

/** Stands for a suite where there is none: what is to be torn down is, in the opposite order. */
export class Ends {
  readonly #ends: (() => unknown)[] = [];
  readonly test = {
    teardown: (end: () => unknown) => void this.#ends.unshift(end),
    comment: () => undefined,
  } as unknown as Test;

  async all(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
  }
}

export interface Pair {
  readonly gateways: readonly [GatewayOfPair, GatewayOfPair];
  readonly database: Database;
  readonly dir: string;
}

/** @param standby whether the database has one that can take over */
export async function startPair(ends: Ends, broker: string, standby: boolean): Promise<Pair | undefined> {
  const postgres = await postgresForTest(ends.test, { own: true });
  if (postgres === undefined) return undefined;
  const { user, passwords, schema } = await stateForTest(ends.test, postgres);
  const dir = await mkdtemp(join(tmpdir(), 'yitong-shared-'));
  ends.test.teardown(() => rm(dir, { recursive: true, force: true }));
  const workspace = join(dir, 'city');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  writeFileSync(join(dir, 'password'), passwords.user, { mode: 0o600 });
  writeFileSync(join(dir, 'installation'), randomBytes(32).toString('hex'), { mode: 0o600 });
  const database = await Database.of(ends.test, postgres, standby);
  const { pathname } = new URL(postgres.url);
  const prefix = `shared-${randomBytes(4).toString('hex')}`;
  const file = join(workspace, 'yitong.json');
  const bus = {
    driver: 'kafka',
    brokers: [broker],
    clientId: prefix,
    groupId: prefix,
    replication: 1,
    minInsyncReplicas: 1,
  };
  const state = {
    driver: 'postgres',
    servers: database.addresses,
    database: pathname.slice(1),
    schema,
    user,
    passwordFile: join(dir, 'password'),
    installationKeyFile: join(dir, 'installation'),
    tls: false,
  };
  const before = JSON.parse(readFileSync(file, 'utf8')) as { readonly gateway?: object };
  const gateway = { ...before.gateway, caseDrivers: 'development' };
  writeFileSync(file, JSON.stringify({ ...before, prefix, bus, state, gateway }));
  for (const [path, value] of Object.entries(caseContent)) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), JSON.stringify(value));
  }
  const ports = await freePorts(8);
  const portOf = (name: Name, which: number): string => String(ports[NAMES.indexOf(name) * 4 + which]);
  const all = Object.fromEntries(
    NAMES.map((name) => [
      name,
      { url: `https://127.0.0.1:${portOf(name, 3)}`, spiffe: `spiffe://log.test/replica/${name}` },
    ]),
  );
  const made: GatewayOfPair[] = [];
  for (const name of NAMES) {
    const { replicaCert, replicaKey, replicaCa } = await replicaFiles(join(dir, 'pki'), name);
    const data = join(dir, `data-${name}`);
    const one = new GatewayOfPair(
      name,
      data,
      ['up', '--json', '--workspace', workspace, '--data', data, '--companies', '30'],
      {
        YITONG_BUS_GROUP_ID: `${prefix}-${name}`,
        YITONG_GATEWAY_WORKERS: '1',
        YITONG_GATEWAY_PORT: portOf(name, 0),
        YITONG_GATEWAY_PEOPLE_PORT: portOf(name, 1),
        YITONG_GATEWAY_HEALTH_PORT: portOf(name, 2),
        YITONG_AUDIT_TAKEOVER: 'automatic',
        YITONG_AUDIT_REPLICA: name,
        YITONG_AUDIT_REPLICAS: JSON.stringify(all),
        YITONG_AUDIT_REPLICA_PORT: portOf(name, 3),
        YITONG_AUDIT_REPLICA_CERT: replicaCert,
        YITONG_AUDIT_REPLICA_KEY: replicaKey,
        YITONG_AUDIT_REPLICA_CA: replicaCa,
      },
    );
    ends.test.teardown(async () => {
      one.service.kill(true);
      await one.service.stop();
    });
    made.push(one);
    one.service.start();
    await isUp(one);
  }
  return { gateways: made as unknown as Pair['gateways'], database, dir };
}

export async function isUp(one: GatewayOfPair): Promise<void> {
  await until(
    `${one.name} to be ready (${one.service.complaints.slice(-500)})`,
    () => Promise.resolve(one.ready),
    (ready) => ready,
    READY_WITHIN,
  );
}
