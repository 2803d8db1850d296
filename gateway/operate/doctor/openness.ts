/**
 * Who else may read what should be ours alone: by what stands above it as well, and what can be done about it by
 * whoever runs this.
 */
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Finding, note, warn } from './port.js';

const EXECUTE = 0o001;

/**
 * Whether somebody who is neither the owner nor in the group gets as far as this: each folder above it lets everybody
 * through.
 */
function reachable(path: string): boolean {
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & EXECUTE) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

/**
 * Whether everybody on this machine may read this file, or look into this folder. Never on Windows, which has no such
 * modes.
 */
export function openToAll(path: string): boolean {
  if (process.platform === 'win32') return false;
  const real = realpathSync(path);
  return (statSync(real).mode & 0o007) !== 0 && reachable(real);
}

/** Whether this user may change its mode: it is the owner, or root, and the file system can be written. */
function changeable(path: string): boolean {
  const real = realpathSync(path);
  const us = process.geteuid?.() ?? -1;
  if (us !== 0 && statSync(real).uid !== us) return false;
  try {
    accessSync(real, constants.W_OK);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EROFS';
  }
}

/**
 * Whether this runs in a container, where nobody else is: what is mounted there is seen by its processes, which all are
 * this user.
 */
const inContainer = (): boolean =>
  process.env['KUBERNETES_SERVICE_HOST'] !== undefined ||
  ['/.dockerenv', '/run/.containerenv'].some((file) => existsSync(file));

/**
 * What to say of paths that are open to all. What this user can close is a warning with the command. What it cannot, as
 * a read-only mount or a volume that root owns and lends to our group, is for whoever mounts it; inside of a container
 * it harms only where the machine's own folder is mounted.
 * @param mode for `chmod`
 */
export function openFindings(
  what: string,
  paths: readonly string[],
  mode: string,
  contained = inContainer(),
): readonly Finding[] {
  const [ours, others] = [paths.filter(changeable), paths.filter((path) => !changeable(path))];
  const say = (some: readonly string[]): string => `everybody on this machine may ${what} ${some.join(', ')}`;
  const mounted =
    'it cannot be changed from here: whoever mounts it closes it to others (Kubernetes: `defaultMode: 0440` ' +
    'and `fsGroup`; a folder of the machine: its owner there)';
  return [
    ...(ours.length === 0 ? [] : [warn(say(ours), `chmod ${mode} ${ours.join(' ')}`)]),
    ...(others.length === 0
      ? []
      : contained
        ? [
            note(
              `${others.join(', ')}: open to others, of whom there are none in this container; a folder of the ` +
                'machine that is mounted here would be open to its users',
              mounted,
            ),
          ]
        : [warn(say(others), mounted)]),
  ];
}
