/** A whole city for end-to-end tests: `yitong up` as a user starts it, on free ports and a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type Client, connect, connectionOf } from '../../gateway/client/index.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { stateOfCity } from '../support/servers/city-state.js';

export const cli = fileURLToPath(new URL('../../gateway/cli/main.js', import.meta.url));

export interface City {
  readonly api: string;
  readonly people: string;
  readonly health: string;
  readonly data: string;
  readonly pki: string;
  /** Speaks as a client of the workspace, with its certificate. */
  as(client: string): Promise<Client>;
  /** All that its processes wrote to stderr so far. */
  said(): string;
  stop(): Promise<void>;
}

export interface CityOptions {
  readonly workspace?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The command line to run; default this build's. */
  readonly cli?: string;
  readonly data?: string;
  /** A program under which it runs, with its arguments; it must end when `up` does, and is stopped through it. */
  readonly under?: readonly string[];
}

/** The first JSON line of a child's stdout; what it said on stderr if it ends before. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-4000);
    });
    if (child.stdout !== null) createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`yitong up ended with ${code}: ${complaints}`)));
  });
}

/** Starts it and stops it with the test. */
export async function city(t: Test, options: CityOptions = {}): Promise<City> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'yitong-test-')));
  const state = await stateOfCity(t, data, options);
  const args = [
    options.cli ?? cli,
    'up',
    '--json',
    '--data',
    data,
    '--port',
    '0',
    ...(options.workspace === undefined ? [] : ['--workspace', options.workspace]),
    ...(options.args ?? []),
  ];
  const [program = process.execPath, ...before] = [...(options.under ?? []), process.execPath];
  const child = spawn(program, [...before, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...state, ...options.env },
  });
  // a suite that runs out of time is killed without a teardown: its city must not go on beside the suites that come
  // after it
  const reaper = spawn('sh', ['-c', `cat > /dev/null; kill -TERM ${String(child.pid)}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  reaper.unref();
  (reaper.stdin as Socket).unref();
  child.once('exit', () => reaper.kill('SIGKILL'));
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const clients: Client[] = [];
  const stop = async (): Promise<void> => {
    for (const client of clients) client.close();
    // a tracer that is told to end would leave what it traces
    if (options.under === undefined) child.kill('SIGTERM');
    else if (child.exitCode === null) process.kill(runningUp(data)?.pid ?? Number.NaN, 'SIGTERM');
    await ended;
    // one that a test killed on purpose has no order to end in
    if (!ready || child.exitCode === 0 || child.signalCode === 'SIGKILL') return;
    ready = false;
    throw new Error(
      `yitong up did not end in good order (${String(child.signalCode ?? child.exitCode)}): ` +
        `${Buffer.concat(said).toString('utf8').slice(-4000)}`,
    );
  };
  let ready = false;
  t.teardown(async () => {
    await stop();
    if (options.data === undefined) await rm(data, { recursive: true, force: true });
  });
  const up = JSON.parse(await firstLine(child)) as Omit<City, 'as' | 'said' | 'stop'>;
  ready = true;
  return {
    ...up,
    stop,
    said: () => Buffer.concat(said).toString('utf8'),
    async as(client) {
      const connected = connect(await connectionOf(up.api, up.pki, client));
      clients.push(connected);
      return connected;
    },
  };
}
