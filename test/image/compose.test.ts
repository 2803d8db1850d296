/**
 * compose.yaml, read by the loader that Docker Compose is built on: what it opens, what it may touch, and that its
 * settings are ones we take.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { readBusSettings } from '../../gateway/ground/config/bus.js';
import { readSettings } from '../../gateway/ground/config/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { buildForeign, goMissing } from '../log/foreign.js';
import { missingHere } from '../support/missing.js';
import { only } from './dockerfile.js';
import { temporary } from './root.js';

t.setTimeout(300_000);

interface Service {
  readonly image: string;
  readonly command?: readonly string[] | null;
  readonly build?: object;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly network_mode?: string;
  readonly user?: string;
  readonly stop_grace_period?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number; readonly published?: string }[];
  readonly volumes?: readonly {
    readonly type: string;
    readonly source: string;
    readonly target: string;
    readonly read_only?: boolean;
  }[];
}

t.test(
  'the compose file opens ports on loopback only, keeps roots read-only, and says nothing that we would refuse',
  (t) => {
    const missing = goMissing();
    if (missing !== undefined) {
      missingHere(t, missing);
      return t.end();
    }
    const dir = temporary(t);
    const load = buildForeign(dir, 'test/image/compose');
    const { services } = JSON.parse(
      execFileSync(join(dir, 'foreign'), [join(packageRoot(), 'compose.yaml')], { encoding: 'utf8' }),
    ) as { services: Readonly<Record<string, Service>> };
    t.ok(load);
    t.strictSame(Object.keys(services).sort(), ['city', 'connector', 'gateway', 'kafka']);
    for (const [name, service] of Object.entries(services)) {
      for (const { host_ip } of service.ports ?? [])
        t.equal(host_ip, '127.0.0.1', `${name} is reached from this machine only`);
      t.strictSame(
        [service.cap_drop, service.cap_add, service.privileged, service.security_opt, service.user],
        [['ALL'], undefined, undefined, ['no-new-privileges:true'], undefined],
        `${name} gains nothing over its image`,
      );
      if (service.build === undefined) {
        t.match(service.image, /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/, `${name} is pinned`);
        continue;
      }
      t.equal(service.read_only, true, `the root of ${name} is read-only`);
      t.match(service.tmpfs, [/^\/tmp:.*noexec/]);
      for (const { target, type, read_only } of service.volumes ?? [])
        t.ok(
          (target === '/data' && type === 'volume') || (target === '/workspace' && read_only === true),
          `${name} writes to its data only, not to ${target}`,
        );
      t.equal(service.stop_grace_period, '1m0s');

      // what it is told is told in words that the product knows
      const env = service.environment ?? {};
      const { gateway } = readSettings({}, { file: 'compose.yaml' }, env);
      const bus = readBusSettings(undefined, { file: 'compose.yaml' }, env);
      t.match(bus, { driver: 'kafka', brokers: [service.network_mode === 'host' ? '127.0.0.1:9092' : 'kafka:19092'] });
      t.equal(gateway.healthHost, '127.0.0.1');
      if (service.command?.[0] === 'up') {
        t.equal(service.network_mode, 'host', "keys of the development CA are on this machine's loopback");
        t.strictSame([gateway.host, gateway.peopleHost, service.ports], ['127.0.0.1', '127.0.0.1', undefined]);
      }
      for (const { target } of service.ports ?? []) t.match(only('EXPOSE').split(' '), new Set([String(target)]));
    }
    const data = Object.values(services).flatMap(({ volumes }) =>
      (volumes ?? []).filter(({ type }) => type === 'volume').map(({ source }) => source),
    );
    t.equal(new Set(data).size, data.length, 'no two containers share a data folder');
    t.end();
  },
);
