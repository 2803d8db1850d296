/**
 * A workspace of one register whose feed and inbox a test writes, and a real `yitong connector … --once` on it, watched
 * while it runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerSchemas } from '../../../contracts/register.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';

export const DATASET = 'office.shops';
export const cli = new URL('../../../gateway/cli/main.js', import.meta.url).pathname;

/** Column `k` is the key, `n` the name, `d` the district. */
const MAPPING = {
  fields: { uscc: { from: 'k', steps: [{ key: 'uscc' }] }, name: { from: 'n' }, district: { from: 'd' } },
};

/** A valid key, another for each number. */
export const key = (n: number): string => uscc.make(n);

export async function makeCity(dir: string): Promise<void> {
  mkdirSync(join(dir, 'inbox'), { recursive: true });
  cpSync(join(packageRoot(), 'gateway/cli/template'), dir, { recursive: true });
  cpSync(join(packageRoot(), 'policies/rules/base'), join(dir, 'policies/rules/base'), { recursive: true });
  await registerSchemas(dir);
}

export function writeFeed(dir: string, source: object): void {
  const feed = { source, schedule: 'PT1H', snapshot: false, mapping: MAPPING };
  writeFileSync(join(dir, 'connectors/feeds/office/shops.json'), JSON.stringify(feed));
}

/** RssAnon of a process in bytes: what it holds itself, without the pages of mapped files. 0 where it is gone. */
export function rssAnon(pid: number): number {
  try {
    const line = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

const SAMPLE_MS = 10;

/** Looks at a process until it is told to stop; returns the most that it held, in bytes. */
export function watchMemory(pid: number): () => number {
  let most = rssAnon(pid);
  const timer = setInterval(() => (most = Math.max(most, rssAnon(pid))), SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return Math.max(most, rssAnon(pid));
  };
}

/** No child outlives this process. Returns what forgets the child, once it has ended. */
export function endsWithUs(child: ChildProcess): () => void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return () => process.off('exit', kill);
}

export interface Outcome {
  readonly exit: number | null;
  /** The report of the run; undefined where it failed as a whole. */
  readonly report:
    | {
        readonly rows: number;
        readonly published: number;
        readonly quarantined: number;
        readonly codes: Readonly<Record<string, number>>;
        readonly state: string;
      }
    | undefined;
  readonly stderr: string;
  /** Bytes. */
  readonly most: number;
}

/** One run of the connector as its user starts it. */
export async function runConnector(workspace: string, data: string): Promise<Outcome> {
  const child = spawn(
    process.execPath,
    [cli, 'connector', DATASET, '--once', '--json', '--workspace', workspace, '--data', data],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const outlived = endsWithUs(child);
  const stop = watchMemory(child.pid ?? 0);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
  outlived();
  return {
    exit,
    report: exit === 0 || exit === 1 ? (JSON.parse(stdout) as NonNullable<Outcome['report']>) : undefined,
    stderr,
    most: stop(),
  };
}
