/** A process that is started again whenever it ends, as a service manager does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { cli } from '../../e2e/city.js';
import { childrenOf } from '../bench/servers.js';

/** What runs now; none of it outlives the harness, however that ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) killTree(child);
});

function killTree(child: ChildProcess): void {
  const { pid } = child;
  const below = pid === undefined ? [] : childrenOf(pid, '');
  child.kill('SIGKILL');
  for (const one of below) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
}

const AGAIN = 100;

export class Service {
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #stopping = false;
  /** The end of what it said on stderr. */
  complaints = '';
  /** Times that it ended although nobody had killed it. */
  failures = 0;
  #killed = false;

  constructor(
    readonly args: readonly string[],
    readonly onLine: (line: string) => void,
    /** Beside those of this process. */
    readonly env: Readonly<Record<string, string>> = {},
  ) {}

  start(): void {
    const child = spawn(process.execPath, [cli, ...this.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.env },
    });
    running.add(child);
    this.#child = child;
    this.#killed = false;
    child.stderr.on('data', (chunk: Buffer) => (this.complaints = (this.complaints + chunk.toString()).slice(-8000)));
    createInterface({ input: child.stdout }).on('line', this.onLine);
    this.#ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        running.delete(child);
        if (!this.#killed && !this.#stopping) {
          this.failures += 1;
          this.complaints = `${this.complaints}\nended with ${signal ?? code}\n`.slice(-8000);
        }
        resolve(code);
        if (!this.#stopping) void wait(AGAIN).then(() => this.#stopping || this.start());
      }),
    );
  }

  /** Of the process that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Pids of its children whose command line holds `word`. */
  children(word: string): readonly number[] {
    return this.#child?.pid === undefined ? [] : childrenOf(this.#child.pid, word);
  }

  /** @param all its children as well, as when a machine goes down; else they find out by themselves */
  kill(all: boolean): boolean {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    this.#killed = true;
    if (all) killTree(child);
    else child.kill('SIGKILL');
    return true;
  }

  /** In order; resolves with its exit code. */
  async stop(): Promise<unknown> {
    this.#stopping = true;
    this.#child?.kill('SIGTERM');
    return await this.#ended;
  }
}
