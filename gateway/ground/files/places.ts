/** Where commands find things: the built-in workspace, a group's data folder, and what a running `up` left there. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YitongError } from '../../../contracts/errors.js';
import { holderLives } from '../../../contracts/holder.js';

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
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { readonly version: string }).version;

/** `--workspace`, else the workspace that the current folder is or lies in, else the reference city. */
export function workspaceDir(given: string | undefined): string {
  if (given !== undefined) return resolve(given);
  for (let dir = process.cwd(); ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'yitong.json'))) return dir;
    if (dirname(dir) === dir) return packageRoot();
  }
}

/**
 * What has to be said behind a command so that it means this workspace from the current folder: nothing, or `
 * --workspace my-city`.
 */
export function workspaceFlag(workspace: string): string {
  if (workspaceDir(undefined) === workspace) return '';
  const at = relative(process.cwd(), workspace);
  return ` --workspace ${at.startsWith('..') ? workspace : at === '' ? '.' : at}`;
}

/** How the command line is called by whoever reads it: through npx where it was reached so. */
export const program = (env: Readonly<Record<string, string | undefined>> = process.env): string =>
  env['npm_execpath'] === undefined ? 'yitong' : 'npx yitong';

/** `--data`, else `.yitong/data` in the workspace. */
export const dataDir = (given: string | undefined, workspace: string): string =>
  given === undefined ? join(workspace, '.yitong', 'data') : resolve(given);

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

const runFolder = (workspace: string): string => join(workspace, '.yitong', 'running');

/**
 * Every city that runs on a workspace with a data folder that somebody named says so there. Files of cities that have
 * ended are taken away.
 */
function runningElsewhere(workspace: string): readonly UpFile[] {
  const folder = runFolder(workspace);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const file = join(folder, name);
    try {
      const { data } = JSON.parse(readFileSync(file, 'utf8')) as { readonly data: string };
      const up = runningUp(data);
      if (up !== undefined && `${String(up.pid)}.json` === name) return [up];
      rmSync(file, { force: true });
    } catch {
      // one that is being written, or that this user may not read
    }
    return [];
  });
}

/**
 * Says in a workspace that a city runs on another data folder than its own, so that `yitong query --workspace …` finds
 * it.
 * @returns takes it back
 */
export function announce(workspace: string, data: string, pid: number): () => void {
  if (data === dataDir(undefined, workspace)) return () => undefined;
  const file = join(runFolder(workspace), `${String(pid)}.json`);
  try {
    runningElsewhere(workspace);
    mkdirSync(runFolder(workspace), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ data })}\n`);
  } catch {
    // a workspace that may only be read: whoever asks names the data folder
    return () => undefined;
  }
  return () => rmSync(file, { force: true });
}

type Value = string | boolean | string[] | undefined;

/** An option that was given as text; an empty one counts as not given. */
export const text = (value: Value): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The values of an option that can be given several times. */
export const list = (value: Value): readonly string[] =>
  Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];

/** The options by which every command finds its workspace and data folder. */
export const workspaceOption = {
  type: 'string',
  zh: '工作区目录；默认：当前目录所在的工作区，否则为参考城市',
  describe: 'folder with yitong.json; default: the one that this folder lies in, else the reference city',
} as const;
export const dataOption = {
  type: 'string',
  zh: '数据目录；默认：工作区内的数据目录',
  describe: 'data folder; default: .yitong/data in the workspace',
} as const;

/** Both folders, from `--workspace` and `--data`. */
export function folders(values: Readonly<Record<string, Value>>): {
  readonly workspace: string;
  readonly data: string;
} {
  const workspace = workspaceDir(text(values['workspace']));
  return { workspace, data: dataDir(text(values['data']), workspace) };
}

/**
 * The city that runs on the workspace and data folder that are asked about.
 * @throws YitongError `bad_request` where several do
 */
export function runningFor(values: Readonly<Record<string, Value>>): UpFile | undefined {
  const { workspace, data } = folders(values);
  const own = runningUp(data);
  if (own !== undefined || text(values['data']) !== undefined) return own;
  const [first, ...more] = runningElsewhere(workspace);
  if (more.length === 0) return first;
  const all = [first, ...more].flatMap((up) => (up === undefined ? [] : [`\`${up.data}\``]));
  throw new YitongError(
    'bad_request',
    `several cities run on \`${workspace}\`; say which with \`--data\`: ${all.join(', ')}`,
  );
}

/**
 * Both folders, for a command that reads what a city left: the data folder of the city that runs on the workspace, else
 * its own or the one that is named.
 * @param holds what of it must be there, as `log`
 * @throws YitongError `bad_request`
 */
export function foldersThere(
  values: Readonly<Record<string, Value>>,
  holds?: { readonly path: string; readonly what: string },
): { readonly workspace: string; readonly data: string } {
  const { workspace, data: named } = folders(values);
  const data = runningFor(values)?.data ?? named;
  const start = `\`yitong up${workspaceFlag(workspace)}\` starts a city`;
  if (!existsSync(data))
    throw new YitongError(
      'bad_request',
      `there is no data folder \`${data}\`; name it with \`--data\`, or its workspace with \`--workspace\`; ${start}`,
    );
  if (!statSync(data).isDirectory())
    throw new YitongError('bad_request', `\`${data}\` is no folder; \`--data\` names the data folder of a city`);
  if (holds !== undefined && !existsSync(join(data, holds.path)))
    throw new YitongError('bad_request', `the data folder \`${data}\` holds no ${holds.what}; ${start}`);
  return { workspace, data };
}

/** What commands over the audit log need. */
export const AUDIT = { path: 'audit', what: 'audit log' } as const;
