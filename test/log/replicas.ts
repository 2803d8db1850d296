/** Data folders that are replicas of one log, with their ports, in one process. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { readSettings } from '../../gateway/ground/config/index.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { type Fence, openFence, openRegister, type Register } from '../../gateway/log/replicas/epoch.js';
import {
  type Following,
  type FollowOptions,
  followReplicas,
  type ReplicaAlert,
} from '../../gateway/log/replicas/follow.js';
import { type ReplicaSetup, replicaSetup } from '../../gateway/log/replicas/peers.js';
import { type ReplicaPortOptions, serveReplicaPort } from '../../gateway/log/replicas/serve.js';
import { openReplicaSigner } from '../../gateway/log/store/signer.js';
import { replicaKeys } from '../../gateway/log/verify/verify.js';
import { initPki, issueClient } from '../../gateway/operate/pki/authority.js';
import { freePort } from '../support/servers/ports.js';

const spiffe = (name: string): string => `spiffe://log.test/replica/${name}`;

/** PEM files of a replica's certificate, from the development CA in `dir`. */
export async function replicaFiles(
  dir: string,
  name: string,
): Promise<{ readonly replicaCert: string; readonly replicaKey: string; readonly replicaCa: string }> {
  await initPki(dir);
  const { cert, key } = await issueClient(dir, name, { spiffe: [spiffe(name)], server: true });
  return { replicaCert: cert, replicaKey: key, replicaCa: join(dir, 'ca.pem') };
}

export interface Replica {
  readonly name: string;
  readonly data: string;
  readonly setup: ReplicaSetup;
  readonly register: Register;
  readonly alerts: ReplicaAlert[];
  serve(more?: Partial<ReplicaPortOptions>): Promise<() => Promise<void>>;
  fence(epoch?: number): Fence;
  follow(more?: Partial<FollowOptions>): Following;
}

/** Replicas of these names that know each other; each in a folder of its own. */
export async function replicas<Name extends string>(
  t: Test,
  dir: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, Replica>>> {
  const pki = join(dir, 'pki');
  const ports = new Map(await Promise.all(names.map(async (name) => [name, await freePort()] as const)));
  const made: Replica[] = [];
  for (const name of names) {
    const files = await replicaFiles(pki, name);
    const others = names.filter((other) => other !== name);
    const { audit } = readSettings(
      {
        audit: {
          replica: name,
          replicas: Object.fromEntries(
            others.map((other) => [other, { url: `https://127.0.0.1:${ports.get(other)}`, spiffe: spiffe(other) }]),
          ),
          replicaPort: ports.get(name),
          ...files,
        },
      },
      { file: 'yitong.json' },
      {},
    );
    const setup = await replicaSetup(audit, dir, { file: 'yitong.json' });
    if (setup === undefined) throw new Error('a replica alone');
    const data = join(dir, name);
    openReplicaSigner(data, 'replica-1.test'); // as filled.ts calls it
    const register = openRegister(data);
    const alerts: ReplicaAlert[] = [];
    made.push({
      name,
      data,
      setup,
      register,
      alerts,
      async serve(more = {}) {
        const port = await serveReplicaPort({
          dataDir: data,
          setup,
          register,
          vkeys: () => replicaKeys(auditLayout(data).log),
          look: 5,
          onHeard: () => undefined,
          onError: (message) => t.fail(message),
          ...more,
        });
        let closing: Promise<void> | undefined;
        const close = (): Promise<void> => (closing ??= port.close());
        t.teardown(close);
        return close;
      },
      fence: (epoch = 1) => openFence(register, { name, epoch, others }),
      follow(more = {}) {
        const following = followReplicas({
          dataDir: data,
          setup,
          copies: false,
          now: Date.now,
          pause: 0,
          patience: 0,
          onAlert: (alert) => void alerts.push(alert),
          ...more,
        });
        t.teardown(() => following.stop());
        return following;
      },
    });
  }
  return Object.fromEntries(made.map((one) => [one.name, one])) as Record<Name, Replica>;
}

export const pem = (file: string): Promise<string> => readFile(file, 'utf8');
