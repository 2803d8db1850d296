/**
 * A rendered pod as processes of this machine: the same arguments, environment and files, in folders instead of mounts,
 * as the user that the pod names where this machine lets us.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { cli } from '../e2e/city.js';
import type { Container, Pod, Volume } from './chart.js';

/** Secrets and ConfigMaps of the namespace: name → key → content. */
export type Store = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const USER = 65532;
/** Whether a process of the pod's user can run here: we are root, and it can read what was compiled. */
export const asUser =
  process.getuid?.() === 0 && spawnSync(process.execPath, [cli, '--help'], { uid: USER, gid: USER }).status === 0;

/** Files as the kubelet lays them out: a dated folder, `..data` that points to it, and links through that. */
function project(dir: string, files: Readonly<Record<string, string>>, mode: number): void {
  const dated = join(dir, '..2026_11_26');
  for (const [path, content] of Object.entries(files)) {
    const file = join(dated, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    // without the pod's user, who owns it is who runs
    chmodSync(file, asUser ? mode : mode & 0o700);
    if (asUser) chownSync(file, 0, USER);
  }
  symlinkSync('..2026_11_26', join(dir, '..data'));
  for (const top of new Set(Object.keys(files).map((path) => path.split('/')[0] ?? '')))
    symlinkSync(join('..data', top), join(dir, top));
}

function filesOf({ secret, projected, configMap }: Volume, store: Store): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (projected?.sources ?? [{ secret: secret ?? configMap }]).flatMap(({ secret: from }) => {
      const content = store[from?.secretName ?? from?.name ?? ''];
      if (content === undefined)
        throw new Error(`${String(from?.secretName ?? from?.name)} is not there: the pod would not start`);
      return (from?.items ?? Object.keys(content).map((key) => ({ key, path: key }))).map(({ key, path }) => {
        if (content[key] === undefined)
          throw new Error(`${String(from?.secretName ?? from?.name)} has no key ${key}: the pod would not start`);
        return [path, content[key]];
      });
    }),
  );
}

export interface PodOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly name: string;
  /** Folder of its files; `data` in it is its volume. */
  readonly dir: string;
  readonly workspace: string;
  readonly store: Store;
  /** Over what the chart sets: ports that are free here. */
  readonly env?: Readonly<Record<string, string>>;
  /** Texts that stand for addresses of the cluster. */
  readonly instead?: Readonly<Record<string, string>>;
  readonly without?: RegExp;
}

export interface Running {
  readonly dir: string;
  said(): string;
  /** Exit code. */
  readonly ended: Promise<number | null>;
  /** As the kubelet ends a pod. */
  stop(): Promise<number | null>;
}

/** Starts a container's process; it ends with the test. */
export function startContainer(
  t: Test,
  { pod, container, name, dir, workspace, store, env = {}, instead = {}, without }: PodOptions,
): Running {
  const places: (readonly [string, string])[] = [['/workspace', workspace]];
  const root = join(dir, container.name);
  // a container that starts again begins anew; its volume stays
  rmSync(root, { recursive: true, force: true });
  for (const { name: volume, mountPath, subPath } of container.volumeMounts) {
    const to = join(root, mountPath);
    const found = pod.spec.volumes.find((one) => one.name === volume);
    if (volume === 'data') {
      const from = join(dir, 'volume', subPath ?? '');
      mkdirSync(from, { recursive: true });
      mkdirSync(dirname(to), { recursive: true });
      symlinkSync(from, to);
      if (asUser)
        for (const each of [join(dir, 'volume'), from]) {
          chownSync(each, 0, USER);
          chmodSync(each, 0o2775);
        }
    } else {
      mkdirSync(to, { recursive: true });
      if (found?.secret !== undefined || found?.projected !== undefined || found?.configMap !== undefined)
        project(to, filesOf(found, store), found.projected?.defaultMode ?? found.secret?.defaultMode ?? 0o644);
    }
    places.push([mountPath, to]);
  }
  places.push(['/data', join(root, 'data')]);
  const here = (text: string): string =>
    places.reduce(
      (now, [from, to]) =>
        now === from || now.startsWith(`${from}/`)
          ? to + now.slice(from.length)
          : now.replaceAll(`"${from}/`, `"${to}/`),
      text,
    );
  const variables: Record<string, string> = {};
  for (const { name: variable, value = '', valueFrom } of container.env ?? []) {
    if (without?.test(variable) === true) continue;
    const raw =
      valueFrom?.fieldRef === undefined
        ? value.replaceAll(/\$\$\(|\$\(([A-Z_]+)\)/g, (all, known: string | undefined) =>
            known === undefined ? '$(' : (variables[known] ?? all),
          )
        : name;
    variables[variable] = Object.entries(instead).reduce((now, [from, to]) => now.replaceAll(from, to), here(raw));
  }
  // without what the test runner adds to processes, which writes beside the project
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, cli, ...container.args.map(here)], {
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: dir, ...variables, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: root,
    ...(asUser ? { uid: USER, gid: USER } : {}),
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    return await ended;
  };
  t.teardown(stop);
  return { dir: root, said: () => text, ended, stop };
}
