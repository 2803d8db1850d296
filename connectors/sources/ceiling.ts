/** Which hosts sources may reach at all, whatever their feeds say: the operator's word, section `connectors` of yitong.json. */
import { join } from 'node:path';
import { YitongError, type Place } from '../../contracts/errors.js';
import type { Workspace } from '../../contracts/types.js';
import { shape } from '../../contracts/validate.js';

/** `name`, `address` or `[IPv6]`, each with or without a port: without one it stands for the usual port of the kind of source. */
export const HOST_PATTERN = '^(?:[A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(?::[0-9]{1,5})?$';

interface Settings {
  /** Absent: as feeds say. Empty: none. */
  readonly allowHosts?: readonly string[];
}

/** JSON schema of the section; unknown keys are refused. */
export const ceilingSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    allowHosts: {
      type: 'array',
      maxItems: 1000,
      uniqueItems: true,
      items: { type: 'string', pattern: HOST_PATTERN },
      description: 'the only hosts that sources may reach, whatever feeds say, each with or without a port; absent: as feeds say; empty: none',
    },
  },
} as const;

const check = shape<Settings>(ceilingSchema, 'bad_config');

/** `host` with its port in one form, so that two ways of writing one place are the same. */
export const hostAndPort = (host: string, usualPort: number): string => (/:\d+$/.test(host) ? host : `${host}:${usualPort}`).toLowerCase();

export interface Ceiling {
  /** @param host as it is written in `allowHosts`, an IPv6 address in brackets */
  allows(host: string, usualPort: number): boolean;
}

/** @throws YitongError `bad_config` with the file */
export function ceilingOf(workspace: Pick<Workspace, 'dir' | 'settings'>): Ceiling {
  const section = workspace.settings['connectors'];
  const allowed = section === undefined ? undefined : check(section, { file: join(workspace.dir, 'yitong.json') }).allowHosts;
  if (allowed === undefined) return { allows: () => true };
  return { allows: (host, usualPort) => allowed.some((one) => hostAndPort(one, usualPort) === hostAndPort(host, usualPort)) };
}

/** What is said of a host above the ceiling, when a feed is loaded and when it runs. */
export const aboveCeiling = (host: string): string => `\`${host}\` is not one of \`connectors.allowHosts\` of yitong.json, beyond which no source may go`;

/** For a kind that names one host. @throws YitongError `bad_feed` */
export function checkReach(workspace: Pick<Workspace, 'dir' | 'settings'>, host: string, usualPort: number, place: Place): void {
  if (!ceilingOf(workspace).allows(host, usualPort)) throw new YitongError('bad_feed', aboveCeiling(host), { place });
}
