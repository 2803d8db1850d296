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
import { type Log, type LogSettings, logSettings, openLog, warningsTo } from '../../ground/logging/log.js';
import { serveHealth } from './health.js';
import { lazyProvider } from './lazy-provider.js';
import type { TakenPort } from './ports.js';
import type { PrepareArguments, Prepared } from './prepare.js';
import { PROVIDER_SECRET } from './provider-secret.js';
import { type Group, type GroupOptions, startGroup } from './supervisor.js';

const DAY = 86_400_000;

interface UpOptions {
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

interface Up extends UpFile {
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
  refuseRunning(options.data);
  const { workspace, data } = options;
  const pki = join(data, 'pki');
  const preparing: PrepareArguments = { workspace, data, flags: options.flags, opening: true };
  const { clients, tour, gateway, audit, ports: chosen, taken } = await prepared(preparing);
  if (taken.length > 0) options.onPorts?.(taken, chosen);
  const flags = { ...options.flags, ...chosen };

  const provider = await lazyProvider({ workspace, secretFile: join(pki, PROVIDER_SECRET) });
  const logged = logOf(gateway, options.quiet === true);
  const log = openLog('supervisor', logged);
  warningsTo(log);
  const group = startGroup({
    args: {
      workspace,
      data,
      bus: options.bus,
      flags,
      developmentPki: pki,
      developmentIssuer: provider.issuer,
      log: logged,
      options: options.options,
    },
    workers: gateway.workers,
    feeds: true,
    log,
    drainSeconds: gateway.drainSeconds,
    ...present({ onProgress: options.onProgress }),
  });
  options.signal?.addEventListener('abort', () => void group.stop(), { once: true });
  const renewal = new Renewal({ ...preparing, flags, opening: false }, options.renewMs ?? DAY, log);
  let health: Awaited<ReturnType<typeof serveHealth>> | undefined;
  const file = join(data, 'up.json');
  const stop = async (): Promise<void> => {
    await renewal.stop();
    await group.stop();
    await provider.close();
    await health?.close();
    await rm(file, { force: true });
  };
  try {
    const ports = await group.ready;
    provider.serve(`https://127.0.0.1:${ports.people}`);
    health = await serveHealth(group, { host: gateway.healthHost, port: gateway.healthPort, data, audit });
    const up: UpFile = {
      pid: process.pid,
      holder: holderName('up'),
      api: `https://127.0.0.1:${ports.api}`,
      people: `https://127.0.0.1:${ports.people}`,
      health: `http://${gateway.healthHost}:${health.port}`,
      data,
      pki,
    };
    await writeFile(file, `${JSON.stringify(up, null, 2)}\n`);
    return { ...up, clients, tour, reports: await group.firstPass, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @throws YitongError `bad_config` if another group runs on the data folder */
function refuseRunning(data: string): void {
  const running = runningUp(data);
  if (running === undefined) return;
  throw new YitongError(
    'bad_config',
    `a group (process ${running.pid}) runs on this data folder already; stop it, or give another --data`,
    { place: { file: data } },
  );
}

/** As yitong.json says it; in a terminal the first run says what it is up to itself, so that less is logged. */
function logOf(gateway: Parameters<typeof logSettings>[0], quiet: boolean): LogSettings {
  const configured = logSettings(gateway);
  if (configured.level !== 'info') return configured;
  if (quiet) return { ...configured, level: 'error' };
  return configured.format === 'text' ? { ...configured, level: 'warn' } : configured;
}

/**
 * Renews what the development CA issued, again and again. A revocation list is good for thirty days, a certificate for
 * a year; what is not renewed is told a month ahead as any list or certificate that ends.
 */
class Renewal {
  readonly #preparing: PrepareArguments;
  readonly #every: number;
  readonly #log: Log;
  #renewing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param every ms between two renewals */
  constructor(preparing: PrepareArguments, every: number, log: Log) {
    this.#preparing = preparing;
    this.#every = every;
    this.#log = log;
    this.#renewLater();
  }

  /** Resolves when none is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#renewing;
  }

  #renewLater(): void {
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew();
    }, this.#every);
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    try {
      await prepared(this.#preparing);
    } catch (error) {
      this.#log(
        'warn',
        'the certificates and the revocation list of the development CA could not be renewed; it is tried again',
        { err: error },
      );
    }
    if (!this.#stopped) this.#renewLater();
  }
}
