/**
 * What `up` and `demo` share: a whole city in one process group, with its development CA, on a data folder of its own.
 */

import { fork } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BusSettings } from '../../../connectors/bus/open.js';
import { YitongError } from '../../../contracts/errors.js';
import { holderName } from '../../../contracts/holder.js';
import { present } from '../../../contracts/present.js';
import type { GatewaySettings } from '../../ground/config/index.js';
import { runningUp, type UpFile } from '../../ground/files/places.js';
import { logSettings, openLog, warningsTo } from '../../ground/logging/log.js';
import { serveHealth } from './health.js';
import { lazyProvider } from './lazy-provider.js';
import type { TakenPort } from './ports.js';
import type { PrepareArguments, Prepared } from './prepare.js';
import { PROVIDER_SECRET } from './provider-secret.js';
import { type Group, type GroupOptions, startGroup } from './supervisor.js';

const DAY = 86_400_000;

export interface UpOptions {
  readonly workspace: string;
  readonly data: string;
  readonly bus: BusSettings;
  readonly flags: Partial<GatewaySettings>;
  /** For sources: companies, seed, day. */
  readonly options: Readonly<Record<string, string>>;
  readonly onProgress?: NonNullable<GroupOptions['onProgress']>;
  /**
   * Said before anything is loaded: ports that are taken, and the ones that are opened in their place (0: free ones).
   */
  readonly onPorts?: (taken: readonly TakenPort[], ports: Partial<GatewaySettings>) => void;
  /** Ends the start as well, with `shutting_down`. */
  readonly signal?: AbortSignal;
  /** What it logs is errors only, where yitong.json says nothing else. */
  readonly quiet?: boolean;
  /** How often certificates and revocation list of the development CA are renewed while it runs, ms. Default: a day. */
  readonly renewMs?: number;
}

export interface Up extends UpFile {
  readonly clients: readonly string[];
  /** Whether the workspace has a tour. */
  readonly tour: boolean;
  readonly reports: Awaited<Group['firstPass']>;
  stop(): Promise<void>;
}

/** @throws YitongError whatever is wrong with the workspace */
async function prepared(args: PrepareArguments): Promise<Extract<Prepared, { ok: true }>> {
  const child = fork(fileURLToPath(new URL('./prepare.js', import.meta.url)), [JSON.stringify(args)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const said = await new Promise<Prepared>((resolve, reject) => {
    child.once('message', (message: Prepared) => resolve(message));
    child.once('exit', (code, signal) =>
      reject(new YitongError('internal', `preparing ended before it was done (${signal ?? code})`)),
    );
  });
  if (!said.ok) throw new YitongError(said.code, said.message, said.place === undefined ? {} : { place: said.place });
  return said;
}

/**
 * Starts everything and waits until the first pass of every feed can be queried.
 * @throws YitongError `bad_config` if another group runs on the data folder; whatever is wrong with the workspace
 */
export async function startUp(options: UpOptions): Promise<Up> {
  const running = runningUp(options.data);
  if (running !== undefined) {
    throw new YitongError(
      'bad_config',
      `a group (process ${running.pid}) runs on this data folder already; stop it, or give another --data`,
      { place: { file: options.data } },
    );
  }
  const pki = join(options.data, 'pki');
  const preparing: PrepareArguments = {
    workspace: options.workspace,
    data: options.data,
    flags: options.flags,
    opening: true,
  };
  const { clients, tour, gateway, audit, ports: chosen, taken } = await prepared(preparing);
  if (taken.length > 0) options.onPorts?.(taken, chosen);
  const flags = { ...options.flags, ...chosen };

  const provider = await lazyProvider({ workspace: options.workspace, secretFile: join(pki, PROVIDER_SECRET) });
  const asked = logSettings(gateway);
  // in a terminal the first run says what it is up to itself
  const level =
    asked.level !== 'info' ? asked.level : options.quiet === true ? 'error' : asked.format === 'text' ? 'warn' : 'info';
  const settings = { ...asked, level } as const;
  const log = openLog('supervisor', settings);
  warningsTo(log);
  const group = startGroup({
    args: {
      workspace: options.workspace,
      data: options.data,
      bus: options.bus,
      flags,
      developmentPki: pki,
      developmentIssuer: provider.issuer,
      log: settings,
      options: options.options,
    },
    workers: gateway.workers,
    feeds: true,
    log,
    drainSeconds: gateway.drainSeconds,
    ...present({ onProgress: options.onProgress }),
  });
  options.signal?.addEventListener('abort', () => void group.stop(), { once: true });
  let health: Awaited<ReturnType<typeof serveHealth>> | undefined;
  const file = join(options.data, 'up.json');
  // a list is good for thirty days, a certificate for a year; what is not renewed is told a month ahead as any list or
  // certificate that ends
  let renewing: Promise<void> = Promise.resolve();
  let renewal: NodeJS.Timeout | undefined;
  const renewLater = (): void => {
    renewal = setTimeout(() => {
      renewing = prepared({ ...preparing, flags, opening: false })
        .catch((error: unknown) =>
          log(
            'warn',
            'the certificates and the revocation list of the development CA could not be renewed; it is tried again',
            { err: error },
          ),
        )
        .then(() => {
          if (!stopping) renewLater();
        });
    }, options.renewMs ?? DAY);
    renewal.unref();
  };
  let stopping = false;
  renewLater();
  const stop = async (): Promise<void> => {
    stopping = true;
    clearTimeout(renewal);
    await renewing;
    await group.stop();
    await provider.close();
    await health?.close();
    await rm(file, { force: true });
  };
  try {
    const ports = await group.ready;
    provider.serve(`https://127.0.0.1:${ports.people}`);
    health = await serveHealth(group, {
      host: gateway.healthHost,
      port: gateway.healthPort,
      data: options.data,
      audit,
    });
    const up: UpFile = {
      pid: process.pid,
      holder: holderName('up'),
      api: `https://127.0.0.1:${ports.api}`,
      people: `https://127.0.0.1:${ports.people}`,
      health: `http://${gateway.healthHost}:${health.port}`,
      data: options.data,
      pki,
    };
    await writeFile(file, `${JSON.stringify(up, null, 2)}\n`);
    return { ...up, clients, tour, reports: await group.firstPass, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
