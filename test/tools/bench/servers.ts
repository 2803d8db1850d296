/**
 * Processes that a benchmark starts: a city by `yitong up`, the bare reference, and the load generator on its own core.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoadOptions, LoadResult } from './load.js';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const cli = here('../../../gateway/cli/main.js');

export interface Running {
  readonly process: ChildProcess;
  readonly line: string;
  stop(): Promise<void>;
}

/** What runs now; none of it outlives the benchmark, however that ends. */
const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const child of running) child.kill('SIGKILL');
    process.exit(2);
  });
}

export function start(
  file: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Running> {
  // where the environment adds certificates for all of Node.js, each process of version 20 reads them before anything
  // else, 40 ms for the 150 of a Linux; nothing here is signed by them
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
  // the rate limit protects a gateway from a client; here it would only stop the measurement
  const env = { ...inherited, YITONG_GATEWAY_RATE_PER_MINUTE: '100000000', ...more };
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve({
        process: child,
        line,
        async stop() {
          child.kill('SIGTERM');
          await ended;
        },
      }),
    );
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
}

export interface CityAddresses {
  readonly api: string;
  readonly people: string;
  readonly data: string;
  readonly pki: string;
}

export async function startCity(
  data: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CityAddresses & Running> {
  const running = await start(cli, ['up', '--json', '--port', '0', '--data', data, ...args], env);
  return { ...running, ...(JSON.parse(running.line) as CityAddresses) };
}

export const startReference = (pki: string, bytes: number): Promise<Running> =>
  start(here('./reference.js'), [JSON.stringify({ pki, bytes })]);

/**
 * A spinner of the idle scheduling class on each core: any other thread takes its place at once. A virtual core that
 * sleeps wakes up late, by up to milliseconds on a shared host, and that is what would be measured, of us and of the
 * reference. Returns what ends it.
 */
export function keepAwake(cores: readonly number[]): () => void {
  const spinners = cores.map((core) =>
    spawn('taskset', ['-c', String(core), 'chrt', '-i', '0', process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  for (const spinner of spinners) {
    running.add(spinner);
    spinner.once('exit', () => running.delete(spinner));
  }
  return () => {
    for (const spinner of spinners) spinner.kill('SIGKILL');
  };
}

/** Main thread only: helper threads may use either core. */
export function pinMainThread(pid: number, core: number): void {
  spawnSync('taskset', ['-p', '-c', String(core), String(pid)]);
}

/** PIDs below `pid` whose command line holds `word`. */
export function childrenOf(pid: number, word: string): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(join('/proc', name, 'stat'), 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent === pid && readFileSync(join('/proc', name, 'cmdline'), 'utf8').includes(word))
        found.push(Number(name));
    } catch {
      // it ended while we looked
    }
  }
  return found;
}

export async function load(options: LoadOptions, core: number): Promise<LoadResult> {
  const child = spawn('taskset', ['-c', String(core), process.execPath, here('./load.js'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`the load generator ended with ${String(code)}`);
  return JSON.parse(text) as LoadResult;
}

/** `ext4`, `tmpfs`, …: where a benchmark's files are. Refuses tmpfs, where a sync costs nothing. */
export function fileSystem(dir: string): string {
  const name = spawnSync('stat', ['-f', '-c', '%T', dir], { encoding: 'utf8' }).stdout.trim();
  if (name === 'tmpfs' || name === 'ramfs')
    throw new Error('the data folder is on tmpfs, where a sync costs nothing; set TMPDIR to a disk');
  return name;
}
