/** A PostgreSQL of a test's own that can be killed, paused and started again on the same data. Linux only. */
import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { missingHere } from '../missing.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../../../.ci/postgres', import.meta.url));
const NOT_INSTALLED = 3;

export interface FaultyPostgres {
  /** As its superuser. */
  readonly url: string;
  /** All of its processes at once, as the loss of power to them. */
  kill(): Promise<void>;
  /** On the same data and port, after `kill`. */
  start(): Promise<void>;
  /** It answers nobody any more, and its connections stay open. */
  pause(): void;
  resume(): void;
}

const alive = (pid: number): boolean => existsSync(`/proc/${String(pid)}`);

/** The process and all that it has started. */
function family(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        // the name of the program may hold anything, and ends with the last parenthesis
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
  return [pid, ...children];
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // gone by now
    }
  }
}

/** Undefined where PostgreSQL is not installed: then the test is skipped by name. */
export async function faultyPostgres(t: Test): Promise<FaultyPostgres | undefined> {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-faulty-postgres-'));
  // as root, the server runs as another user, who must reach its folder
  chmodSync(dir, 0o711);
  const state = join(dir, 'state');
  const env: NodeJS.ProcessEnv = { ...process.env, YITONG_POSTGRES_STATE: state, YITONG_POSTGRES_OWNER: '' };
  // a suite that is killed leaves no server: the script's own guard would take one that is killed on purpose for ended
  const reaper = spawn('sh', ['-c', 'cat > /dev/null; exec "$0" stop', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env,
  });
  reaper.unref();
  (reaper.stdin as Socket).unref();
  const data = join(state, 'data');
  const pidOf = (): number => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  let pid = 0;
  t.teardown(async () => {
    reaper.kill('SIGKILL');
    if (pid !== 0 && alive(pid)) signal(family(pid), 'SIGCONT');
    if (existsSync(state)) await run(script, ['stop'], { env });
    rmSync(dir, { recursive: true, force: true });
  });
  let url: string;
  try {
    url = (await run(script, ['start'], { env })).stdout.trim().slice('YITONG_TEST_POSTGRES='.length);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === NOT_INSTALLED)
      return missingHere(t, 'real PostgreSQL: not installed here');
    throw error;
  }
  pid = pidOf();
  const control = join(dirname(readlinkSync(`/proc/${String(pid)}/exe`)), 'pg_ctl');
  const { port } = new URL(url);
  return {
    url,
    async kill() {
      // stopped first, so that it starts none that would outlive it
      signal([pid], 'SIGSTOP');
      const all = family(pid);
      signal(all, 'SIGKILL');
      while (all.some(alive)) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    async start() {
      // what a server that was killed has left says that it runs
      rmSync(join(data, 'postmaster.pid'), { force: true });
      const args = [
        control,
        '-D',
        data,
        '-l',
        join(state, 'postgres.log'),
        '-o',
        `-p ${port}`,
        '-w',
        '-t',
        '60',
        'start',
      ];
      const asRoot = process.getuid?.() === 0;
      const [program = '', ...rest] = asRoot ? ['runuser', '-u', ownerOf(data), '--', ...args] : args;
      await run(program, rest, { cwd: '/' });
      pid = pidOf();
    },
    pause: () => signal(family(pid), 'SIGSTOP'),
    resume: () => signal(family(pid), 'SIGCONT'),
  };
}

const ownerOf = (data: string): string => {
  const passwords = readFileSync('/etc/passwd', 'utf8').split('\n');
  const { uid } = statSync(data);
  return passwords.find((line) => line.split(':')[2] === String(uid))?.split(':')[0] ?? 'postgres';
};
