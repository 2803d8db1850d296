/** Where commands find things: the built-in workspace, a group's data folder, and what a running `up` left there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YitongError } from '../../contracts/errors.js';
import { holderLives } from '../../contracts/holder.js';

/** The folder of package.json, which is itself the reference workspace. */
export function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json'))) {
    const up = dirname(dir);
    if (up === dir) throw new YitongError('bad_config', 'the folder of package.json is not above the build');
    dir = up;
  }
  return dir;
}

/** Of this build. */
export const packageVersion = (): string => (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { readonly version: string }).version;

/** `--workspace`, else the current folder if it is one, else the reference city. */
export function workspaceDir(given: string | undefined): string {
  if (given !== undefined) return resolve(given);
  return existsSync('yitong.json') ? process.cwd() : packageRoot();
}

/** `--data`, else `.yitong/data` in the workspace. */
export const dataDir = (given: string | undefined, workspace: string): string => (given === undefined ? join(workspace, '.yitong', 'data') : resolve(given));

/** What `up` leaves in its data folder while it runs. */
export interface UpFile {
  readonly pid: number;
  /** That process by `holderName`: its number alone may be another's by now. Files of older versions lack it. */
  readonly holder?: string;
  readonly api: string;
  readonly people: string;
  readonly health: string;
  readonly data: string;
  readonly pki: string;
}

/** Undefined where no `up` runs on this data folder. */
export function runningUp(data: string): UpFile | undefined {
  const file = join(data, 'up.json');
  if (!existsSync(file)) return undefined;
  const up = JSON.parse(readFileSync(file, 'utf8')) as UpFile;
  // in a container every group is process 1: after a kill, the file that the one before left names its successor itself
  return up.pid !== process.pid && holderLives(up.holder ?? `${up.pid}  up`) ? up : undefined;
}

type Value = string | boolean | string[] | undefined;

/** An option that was given as text; an empty one counts as not given. */
export const text = (value: Value): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** The values of an option that can be given several times. */
export const list = (value: Value): readonly string[] => (Array.isArray(value) ? value : typeof value === 'string' ? [value] : []);

/** The options by which every command finds its workspace and data folder. */
export const workspaceOption = { type: 'string', describe: 'folder with yitong.json; default: this folder, else the reference city' } as const;
export const dataOption = { type: 'string', describe: 'data folder; default: .yitong/data in the workspace' } as const;

/** Both folders, from `--workspace` and `--data`. */
export function folders(values: Readonly<Record<string, Value>>): { readonly workspace: string; readonly data: string } {
  const workspace = workspaceDir(text(values['workspace']));
  return { workspace, data: dataDir(text(values['data']), workspace) };
}
