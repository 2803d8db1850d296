/** What `up` and `demo` share: a whole city in one process group, with its development CA, on a data folder of its own. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BusSettings } from '../../connectors/bus/open.js';
import { YitongError } from '../../contracts/errors.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { loadPolicies } from '../../policies/load.js';
import { runningUp, type UpFile } from '../cli/places.js';
import { readSettings, type GatewaySettings } from '../config.js';
import { initPki, issueClient, issueServer } from '../pki/authority.js';
import { serveHealth } from './health.js';
import { startGroup, type Group, type GroupOptions } from './supervisor.js';

export interface UpOptions {
  readonly workspace: string;
  readonly data: string;
  readonly bus: BusSettings;
  readonly flags: Partial<GatewaySettings>;
  /** For sources: companies, seed, day. */
  readonly options: Readonly<Record<string, string>>;
  readonly log: GroupOptions['log'];
  readonly onProgress?: NonNullable<GroupOptions['onProgress']>;
}

export interface Up extends UpFile {
  readonly clients: readonly string[];
  readonly reports: Awaited<Group['firstPass']>;
  stop(): Promise<void>;
}

/**
 * Starts everything and waits until the first pass of every feed can be queried.
 * @throws YitongError `bad_config` if another group runs on the data folder; whatever is wrong with the workspace
 */
export async function startUp(options: UpOptions): Promise<Up> {
  const running = runningUp(options.data);
  if (running !== undefined) {
    throw new YitongError('bad_config', `a group (process ${running.pid}) runs on this data folder already; stop it, or give another --data`, { place: { file: options.data } });
  }
  const workspace = await loadWorkspace(options.workspace);
  const policies = await loadPolicies(workspace);
  const settings = readSettings(workspace.settings, { file: join(options.workspace, 'yitong.json') }, process.env, options.flags);
  await mkdir(options.data, { recursive: true, mode: 0o700 });
  const pki = join(options.data, 'pki');
  await initPki(pki);
  await issueServer(pki);
  const clients: string[] = [];
  for (const { id, binding } of policies.clients.values()) {
    // a client bound by its own CA's names or by a key brings its own certificate
    if (binding.kind !== 'spiffe') continue;
    if (!existsSync(join(pki, 'clients', id, 'cert.pem'))) await issueClient(pki, id, { spiffe: [binding.uri] });
    clients.push(id);
  }

  const group = startGroup({
    args: { workspace: options.workspace, data: options.data, bus: options.bus, flags: options.flags, developmentPki: pki, options: options.options },
    workers: settings.gateway.workers,
    feeds: true,
    log: options.log,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  let health: Awaited<ReturnType<typeof serveHealth>> | undefined;
  const file = join(options.data, 'up.json');
  const stop = async (): Promise<void> => {
    await group.stop();
    await health?.close();
    await rm(file, { force: true });
  };
  try {
    const ports = await group.ready;
    health = await serveHealth({ host: settings.gateway.healthHost, port: settings.gateway.healthPort, reasons: group.reasons });
    const up: UpFile = {
      pid: process.pid,
      api: `https://127.0.0.1:${ports.api}`,
      people: `https://127.0.0.1:${ports.people}`,
      health: `http://${settings.gateway.healthHost}:${health.port}`,
      data: options.data,
      pki,
    };
    await writeFile(file, `${JSON.stringify(up, null, 2)}\n`);
    return { ...up, clients, reports: await group.firstPass, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
