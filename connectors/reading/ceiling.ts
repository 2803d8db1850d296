/**
 * Which hosts and folders sources may reach at all, whatever their feeds say: the operator's word, section `connectors`
 * of yitong.json or the environment.
 */
import { dirname, join, resolve } from 'node:path';
import { type Place, YitongError } from '../../contracts/errors.js';
import { type Environment, readSection } from '../../contracts/settings.js';
import type { Workspace } from '../../contracts/types.js';
import { shape } from '../../contracts/validate.js';

/**
 * `name`, `address` or `[IPv6]`, each with or without a port: without one it stands for the usual port of the kind of
 * source.
 */
export const HOST_PATTERN = '^(?:[A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(?::[0-9]{1,5})?$';

/** s */
const READ_AGAIN = 60;

interface Settings {
  /** Absent: as feeds say. Empty: none. */
  readonly allowHosts?: readonly string[];
  readonly roots?: readonly string[];
  readonly mends?: 'write' | 'hand';
  readonly readAgainSeconds?: number;
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
      description:
        'the only hosts that sources may reach, whatever feeds say, each with or without a port; absent: as ' +
        'feeds say; empty: none',
    },
    roots: {
      type: 'array',
      maxItems: 1000,
      uniqueItems: true,
      items: { type: 'string', minLength: 1, maxLength: 4000 },
      description:
        'folders beside the workspace from which feeds may read files, whatever feeds say: drop folders, and ' +
        'mounted credentials; relative to the workspace. No link is followed below them',
    },
    mends: {
      type: 'string',
      enum: ['write', 'hand'],
      description:
        'what becomes of a mend that a second officer approved: `write`: it is written into the feed, where the ' +
        'file is of this workspace, may be written and is not kept in git; `hand`: always a file to hand on',
      default: 'write',
    },
    readAgainSeconds: {
      type: 'integer',
      minimum: 1,
      maximum: 86_400,
      description:
        'seconds between two runs of a feed that people ask for by hand (page, API, command line), whoever asks; ' +
        'runs of its schedule, and those that follow a mend, do not count',
      default: READ_AGAIN,
    },
  },
} as const;

const check = shape<Settings>(ceilingSchema, 'bad_config');

/** `host` with its port in one form, so that two ways of writing one place are the same. */
export const hostAndPort = (host: string, usualPort: number): string =>
  (/:\d+$/.test(host) ? host : `${host}:${usualPort}`).toLowerCase();

export interface Ceiling {
  /** @param host as it is written in `allowHosts`, an IPv6 address in brackets */
  allows(host: string, usualPort: number): boolean;
}

type Declared = Pick<Workspace, 'dir' | 'settings'>;

function settingsOf({ dir, settings }: Declared, env: Environment): Settings {
  const { connectors: given } = settings;
  const section =
    given === undefined || (typeof given === 'object' && given !== null)
      ? readSection('connectors', ceilingSchema.properties, given, env)
      : given;
  return check(section, { file: join(dir, 'yitong.json') });
}

/** @throws YitongError `bad_config` with the file */
export function ceilingOf(workspace: Declared, env: Environment = process.env): Ceiling {
  const allowed = settingsOf(workspace, env).allowHosts;
  if (allowed === undefined) return { allows: () => true };
  return {
    allows: (host, usualPort) => allowed.some((one) => hostAndPort(one, usualPort) === hostAndPort(host, usualPort)),
  };
}

/**
 * The folders below which a feed's files lie: the workspace, then those of `connectors.roots`, absolute.
 * @throws YitongError `bad_config` with the file; also where one is the root of the file system, which would be no
 * limit
 */
export function rootsOf(workspace: Declared, env: Environment = process.env): readonly string[] {
  const dir = resolve(workspace.dir);
  const roots = (settingsOf(workspace, env).roots ?? []).map((root) => resolve(dir, root));
  if (roots.some((root) => dirname(root) === root))
    throw new YitongError(
      'bad_config',
      '`connectors.roots` names the root of the file system; name the folders that feeds read from',
      { place: { file: join(dir, 'yitong.json') } },
    );
  return [dir, ...roots];
}

/**
 * Of a run: its feeds' paths are relative to `baseDir`, which is the workspace's folder wherever nobody says another.
 * @throws YitongError as `rootsOf`
 */
export const filesRoots = ({
  baseDir,
  workspace,
  roots = [],
}: {
  readonly baseDir: string;
  readonly workspace: Declared;
  readonly roots?: readonly string[];
}): readonly string[] => [...rootsOf({ dir: baseDir, settings: workspace.settings }), ...roots];

/** Whether feeds are never written here, whatever people approve. @throws YitongError `bad_config` with the file */
export const mendsByHand = (workspace: Declared, env: Environment = process.env): boolean =>
  settingsOf(workspace, env).mends === 'hand';

/** ms between two runs that people ask for by hand. @throws YitongError `bad_config` with the file */
export const readAgainEvery = (workspace: Declared, env: Environment = process.env): number =>
  (settingsOf(workspace, env).readAgainSeconds ?? READ_AGAIN) * 1000;

/** What is said of a host above the ceiling, when a feed is loaded and when it runs. */
export const aboveCeiling = (host: string): string =>
  `\`${host}\` is not one of \`connectors.allowHosts\` of yitong.json, beyond which no source may go`;

/** For a kind that names one host. @throws YitongError `bad_feed` */
export function checkReach(
  workspace: Pick<Workspace, 'dir' | 'settings'>,
  host: string,
  usualPort: number,
  place: Place,
): void {
  if (!ceilingOf(workspace).allows(host, usualPort)) throw new YitongError('bad_feed', aboveCeiling(host), { place });
}
