/**
 * A city as an operator watches it: a gateway of two workers with feeds, a witness of its log and a connector of
 * another office, each with its health port.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { type City, city, cli } from '../../e2e/city.js';
import { run } from '../../e2e/command.js';
import { freePort } from '../../support/servers/ports.js';

export interface Program {
  readonly pid: number;
  /** The first JSON line of its stdout. */
  readonly first: Readonly<Record<string, unknown>>;
  /** All that it wrote to stderr and stdout so far. */
  said(): { readonly stderr: string; readonly stdout: string };
  stop(): Promise<void>;
}

/** A command of `yitong` that goes on until it is told to stop; it must end in good order. */
export async function program(
  t: Test,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  // a suite that ends without a teardown must not leave it behind
  const reaper = spawn('sh', ['-c', `cat > /dev/null; kill -TERM ${String(child.pid)}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  reaper.unref();
  (reaper.stdin as Socket).unref();
  child.once('exit', () => reaper.kill('SIGKILL'));
  const stderr: Buffer[] = [];
  const stdout: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const code = await ended;
    if (code !== 0)
      throw new Error(`\`yitong ${args.join(' ')}\` ended with ${String(code)}: ${Buffer.concat(stderr).toString()}`);
  };
  t.teardown(() => (stopping ??= stop()));
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    ended.then((code) =>
      Promise.reject(new Error(`it ended with ${String(code)}: ${Buffer.concat(stderr).toString()}`)),
    ),
  ]);
  return {
    pid: child.pid ?? 0,
    first: JSON.parse(line) as Record<string, unknown>,
    said: () => ({ stderr: Buffer.concat(stderr).toString('utf8'), stdout: Buffer.concat(stdout).toString('utf8') }),
    stop: () => (stopping ??= stop()),
  };
}

export const put = (file: string, content: object): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content));
};

export interface Watched {
  readonly workspace: string;
  readonly gateway: City;
  readonly witness: Program;
  readonly connector: Program;
  /** Of the connector. */
  readonly office: string;
  /** Health addresses. */
  readonly addresses: { readonly gateway: string; readonly witness: string; readonly connector: string };
}

/** @param inbox the CSV that the office's connector reads, default that of the template */
export async function watched(t: Test, { inbox }: { readonly inbox?: string } = {}): Promise<Watched> {
  const dir = t.testdir();
  const workspace = join(dir, 'city');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const read = (file: string): Readonly<Record<string, unknown>> =>
    JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const key = join(dir, 'witness.key');
  const { vkey } = JSON.parse(
    (await run('witness', 'key', '--key', key, '--name', 'witness.test/w1', '--json')).stdout,
  ) as { vkey: string };
  const port = await freePort();
  put(join(workspace, 'yitong.json'), {
    ...read(join(workspace, 'yitong.json')),
    synthetic: read(join(packageRoot(), 'yitong.json'))['synthetic'],
    audit: { witnesses: [{ vkey, url: `http://127.0.0.1:${port}` }], required: 1 },
  });
  const gateway = await city(t, { workspace, args: ['--companies', '40'], env: { YITONG_GATEWAY_WORKERS: '2' } });
  const config = join(dir, 'witness.json');
  put(config, {
    name: 'witness.test/w1',
    state: join(dir, 'witness-state'),
    port,
    logs: [{ vkey: readFileSync(join(gateway.data, 'log', 'vkey'), 'utf8').trim() }],
  });
  const witness = await program(t, ['witness', '--key', key, '--config', config, '--health-port', '0', '--json']);
  const office = join(dir, 'office');
  execFileSync(process.execPath, [cli, 'init', office]);
  if (inbox !== undefined) writeFileSync(join(office, 'inbox/shops.csv'), inbox);
  const connector = await program(t, [
    'connector',
    'office.shops',
    '--workspace',
    office,
    '--data',
    join(dir, 'office-data'),
    '--health-port',
    '0',
    '--json',
  ]);
  return {
    workspace,
    gateway,
    witness,
    connector,
    office,
    addresses: {
      gateway: gateway.health,
      witness: String(witness.first['health']),
      connector: String(connector.first['health']),
    },
  };
}

export const textOf = async (url: string): Promise<string> => (await fetch(url)).text();
