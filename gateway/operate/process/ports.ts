/**
 * The three ports of a group, looked at before anything is loaded: one that is taken is said at once, and not by a
 * stack trace half a minute later.
 */
import { createServer } from 'node:net';
import { YitongError } from '../../../contracts/errors.js';
import type { GatewaySettings } from '../../ground/config/index.js';
import { type Environment, variable } from '../../ground/config/read.js';

/** Host and port of each, by their settings; what each is called. */
const PORTS = [
  ['port', 'host', 'the mTLS port'],
  ['peoplePort', 'peopleHost', "the people's port"],
  ['healthPort', 'healthHost', 'the health port'],
] as const;

type PortKey = (typeof PORTS)[number][0];
type PortSettings = Pick<GatewaySettings, (typeof PORTS)[number][0 | 1]>;

/**
 * Where another set of three is looked for: so many after the one that is taken, so that they are remembered easily.
 */
const STEP = 10;
const STEPS = 50;

export interface TakenPort {
  readonly key: PortKey;
  readonly port: number;
}

/** @returns why it cannot be listened on: an error code of the system; undefined where it can, and for 0 */
export async function refusalOf(host: string, port: number): Promise<string | undefined> {
  if (port === 0) return undefined;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Those of the three that somebody named: in yitong.json, in the environment, or as a flag. */
export function namedPorts(section: unknown, env: Environment, flags: Partial<GatewaySettings>): ReadonlySet<PortKey> {
  const file = (typeof section === 'object' && section !== null ? section : {}) as Readonly<Record<string, unknown>>;
  return new Set(
    PORTS.map(([key]) => key).filter(
      (key) => file[key] !== undefined || env[variable('gateway', key)] !== undefined || flags[key] !== undefined,
    ),
  );
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program',
  EACCES: 'may not be opened by this user',
  EADDRNOTAVAIL: 'is on an address that this machine does not have',
};

/**
 * Which ports a group takes: those of its settings, or where one of them is taken that nobody named, others that are
 * free.
 * @param move false: others are never taken
 * @returns the ports that differ from the settings, and which were taken
 * @throws YitongError `port_taken` for one that somebody named, or that may not be moved
 */
export async function choosePorts(
  settings: PortSettings,
  named: ReadonlySet<PortKey>,
  move: boolean,
): Promise<{ readonly flags: Partial<GatewaySettings>; readonly taken: readonly TakenPort[] }> {
  const taken: TakenPort[] = [];
  for (const [key, host, what] of PORTS) {
    const [address, port] = [settings[host], settings[key]];
    const why = await refusalOf(address, port);
    if (why === undefined) continue;
    if (!move || named.has(key) || why !== 'EADDRINUSE') {
      throw new YitongError(
        'port_taken',
        `${what} ${String(port)} of ${address} ${WHY[why] ?? `cannot be opened (${why})`}; stop what ` +
          `uses it, or name another: \`gateway.${key}\` in yitong.json, or \`${variable('gateway', key)}\`` +
          (move ? ', or `--port`' : ''),
      );
    }
    taken.push({ key, port });
  }
  if (taken.length === 0) return { flags: {}, taken };
  const movable = PORTS.filter(([key]) => !named.has(key) && settings[key] !== 0);
  for (let step = 1; step <= STEPS; step++) {
    const flags = Object.fromEntries(movable.map(([key]) => [key, settings[key] + step * STEP]));
    const free = await Promise.all(
      movable.map(
        async ([key, host]) =>
          (flags[key] ?? 0) <= 65_535 && (await refusalOf(settings[host], flags[key] ?? 0)) === undefined,
      ),
    );
    if (free.every(Boolean)) return { flags, taken };
  }
  return { flags: Object.fromEntries(movable.map(([key]) => [key, 0])), taken };
}
