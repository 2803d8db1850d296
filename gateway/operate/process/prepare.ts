/**
 * Before a group starts, and every day under `up`: checks the workspace, keeps the development CA and its certificates.
 * In a process of its own, so that what it loads (policy engine, certificate libraries) does not stay in the supervisor
 * for months.
 */

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, isYitongError, type Place } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { loadTour } from '../../../policies/tour.js';
import type { GatewaySettings } from '../../ground/config/index.js';
import { createOnce } from '../../ground/files/durable.js';
import { passedChecks } from '../../ground/files/passed.js';
import { inWords } from '../../ground/logging/words.js';
import { groupSettings } from '../children/settings.js';
import { keepPki } from '../pki/authority.js';
import { REGION_GATEWAY } from '../pki/region.js';
import type { WatchedAudit } from './log-health.js';
import { choosePorts, namedPorts, type TakenPort } from './ports.js';
import { PROVIDER_SECRET } from './provider-secret.js';

export interface PrepareArguments {
  readonly workspace: string;
  readonly data: string;
  readonly flags: Partial<GatewaySettings>;
  /** Whether the group is about to open its ports, so that they must be free; not so once it has them. */
  readonly opening: boolean;
}

export type Prepared =
  | {
      readonly ok: true;
      readonly ports: Partial<GatewaySettings>;
      readonly taken: readonly TakenPort[];
      readonly clients: readonly string[] /** Whether the workspace has a tour. */;
      readonly tour: boolean;
      readonly gateway: Pick<
        GatewaySettings,
        'workers' | 'healthHost' | 'healthPort' | 'drainSeconds' | 'logFormat' | 'logLevel'
      >;
      readonly audit: WatchedAudit;
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly place?: Place };

async function prepare({ workspace: dir, data, flags, opening }: PrepareArguments): Promise<Prepared> {
  const workspace = await loadWorkspace(dir);
  const asked = groupSettings(workspace, dir, flags, true);
  const { flags: ports, taken } = opening
    ? await choosePorts(asked.gateway, namedPorts(workspace.settings['gateway'], process.env, flags), true)
    : { flags: {}, taken: [] };
  const { gateway, audit, region } = groupSettings(workspace, dir, { ...flags, ...ports }, true);
  const policies = await loadPolicies(workspace, passedChecks(data));
  await mkdir(data, { recursive: true, mode: 0o700 });
  const pki = join(data, 'pki');
  // a client bound by its own CA's names or by a key brings its own certificate
  const clients = [...policies.clients.values()].flatMap(({ id, binding, region }) =>
    binding.kind === 'spiffe' && region === undefined ? [{ id, uri: binding.uri }] : [],
  );
  const gatewayOf = regionCertificate(region.id, clients);
  await keepPki(pki, { clients: [...clients, ...gatewayOf], signer: workspace.name.zh });
  createOnce(join(pki, PROVIDER_SECRET), () => randomBytes(32).toString('base64url'));
  return {
    ok: true,
    ports,
    taken,
    clients: clients.map(({ id }) => id),
    tour: (await loadTour(workspace)).length > 0,
    gateway: {
      workers: gateway.workers,
      healthHost: gateway.healthHost,
      healthPort: gateway.healthPort,
      drainSeconds: gateway.drainSeconds,
      logFormat: gateway.logFormat,
      logLevel: gateway.logLevel,
    },
    audit,
  };
}

/** By which a city goes to other regions, where it has a name among them. */
function regionCertificate(
  id: string,
  clients: readonly { readonly uri: string }[],
): readonly { readonly id: string; readonly uri: string }[] {
  if (id === '') return [];
  const domain = /^spiffe:\/\/([^/]+)/.exec(clients[0]?.uri ?? '')?.[1] ?? 'yitong.example';
  return [{ id: REGION_GATEWAY, uri: `spiffe://${domain}/region/${id}` }];
}

const tell = (prepared: Prepared): void => {
  process.send?.(prepared, () => process.disconnect());
};
prepare(JSON.parse(process.argv[2] ?? '{}') as PrepareArguments).then(tell, (error: unknown) => {
  if (isYitongError(error))
    tell({
      ok: false,
      code: error.code,
      message: error.message,
      ...present({ place: error.extra.place }),
    });
  else tell({ ok: false, code: 'internal', message: inWords(error) });
});
