/**
 * Runs a command of a root folder as a container engine would: in mount and process namespaces of its own, where it is
 * process 1; root read-only, `/data` and `/tmp` the only places to write, `/workspace` read-only; as 65532 without
 * capabilities or a way to gain any. The network is this machine's loopback.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Test } from 'tap';
import { childrenOf } from '../tools/bench/servers.js';
import { environment } from './dockerfile.js';

export const NONROOT = 65532;

const SCRIPT = `
set -eu
root=$1 data=$2 workspace=$3
shift 3
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=64m tmpfs "$root/tmp"
mount -t tmpfs -o nosuid,noexec,mode=755,size=64k tmpfs "$root/dev"
for device in null zero random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro,nosuid,noexec "$root/dev"
mount --bind "$data" "$root/data"
if [ -n "$workspace" ]; then
  mount --bind "$workspace" "$root/workspace"
  mount -o remount,bind,ro "$root/workspace"
fi
mount -o remount,bind,ro "$root"
cd /
exec "$@"
`;

/** What is missing for it here, in words; undefined where nothing is. */
export function notContained(): string | undefined {
  if (process.platform !== 'linux') return 'containers are of Linux';
  if (process.getuid?.() !== 0) return 'only root may make namespaces for another account';
  for (const [program, args] of [
    ['unshare', ['--mount', '--pid', '--fork', 'true']],
    ['setpriv', ['--no-new-privs', 'true']],
    ['nsenter', ['--version']],
    ['chroot', ['--version']],
    ['ldd', ['--version']],
  ] as const) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) return `${program} does not work here: ${(stderr ?? 'it is not installed').trim()}`;
  }
  return undefined;
}

export interface ContainOptions {
  readonly root: string;
  /** Of this machine; made and given to 65532 where it is not there. */
  readonly data: string;
  readonly workspace?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const argv = ({ root, data, workspace = '', env = {} }: ContainOptions, command: readonly string[]): string[] => {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  chownSync(data, NONROOT, NONROOT);
  // a PATH as the base image has it; nothing of it is there
  const variables = Object.entries({
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...environment(),
    ...env,
  }).map(([name, value]) => `${name}=${value}`);
  const enter = [
    'env',
    '-i',
    ...variables,
    'setpriv',
    '--no-new-privs',
    'chroot',
    `--userspec=${NONROOT}:${NONROOT}`,
    `--groups=${NONROOT}`,
    root,
    ...command,
  ];
  return [
    '--mount',
    '--pid',
    '--fork',
    '--propagation',
    'private',
    'bash',
    '-c',
    SCRIPT,
    'contained',
    root,
    data,
    workspace,
    ...enter,
  ];
};

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** To its end. */
export function runContained(options: ContainOptions, command: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync('unshare', argv(options, command), {
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 64 * 1_048_576,
  });
  return { code: status, stdout, stderr };
}

export interface Contained {
  readonly child: ChildProcess;
  /** Process 1 of the container, as this machine numbers it; undefined before it runs. */
  pid(): number | undefined;
  /** All that it wrote so far. */
  said(): string;
  /** What an engine does: SIGTERM to process 1. */
  terminate(): void;
  /** What the kernel does for want of memory. */
  kill(): void;
  readonly ended: Promise<number | null>;
}

/** Killed with the test, if it runs then. */
export function startContained(
  t: Pick<Test, 'teardown'>,
  options: ContainOptions,
  command: readonly string[],
): Contained {
  const child = spawn('unshare', argv(options, command), { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const pid = (): number | undefined => (child.pid === undefined ? undefined : childrenOf(child.pid, '')[0]);
  const signal = (name: 'SIGTERM' | 'SIGKILL'): void => {
    const one = pid();
    if (one === undefined)
      throw new Error(`the container does not run: ${Buffer.concat(said).toString('utf8').slice(-2000)}`);
    process.kill(one, name);
  };
  // a suite that runs out of time is killed without a teardown; with process 1 all of a container goes
  const reaper = spawn(
    'sh',
    ['-c', 'cat > /dev/null; kill -KILL $(cat /proc/$0/task/$0/children)', String(child.pid)],
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true },
  );
  reaper.unref();
  (reaper.stdin as Socket).unref();
  child.once('exit', () => reaper.kill('SIGKILL'));
  t.teardown(async () => {
    if (pid() !== undefined) signal('SIGKILL');
    await ended;
  });
  return {
    child,
    pid,
    said: () => Buffer.concat(said).toString('utf8'),
    ended,
    terminate: () => signal('SIGTERM'),
    kill: () => signal('SIGKILL'),
  };
}

/** A further command in a container that runs, as `docker exec` does it. */
export function execContained(
  running: Contained,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Ended {
  const pid = running.pid();
  if (pid === undefined) throw new Error('the container does not run');
  const variables = Object.entries({ ...environment(), ...env }).map(([name, value]) => `${name}=${value}`);
  const { status, stdout, stderr } = spawnSync(
    'env',
    [
      '-i',
      ...variables,
      '/usr/bin/nsenter',
      '--target',
      String(pid),
      '--mount',
      '--pid',
      '--root',
      '--wd',
      '--setuid',
      String(NONROOT),
      '--setgid',
      String(NONROOT),
      ...command,
    ],
    { encoding: 'utf8', timeout: 120_000, maxBuffer: 64 * 1_048_576 },
  );
  return { code: status, stdout, stderr };
}
