/** Runs the programs of a page of docs/api against a city, and gives what each block wrote. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from './blocks.js';

/** Between what one block writes and the next: a character that no answer holds. */
const END = '\u001e';

export interface Where {
  /** The environment that docs/api/README.md lets its reader set. */
  readonly env: Readonly<Record<'API' | 'PEOPLE' | 'PKI', string>>;
  /** In which the programs stand; compiled where there is TypeScript. */
  readonly dir: string;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function ended(program: string, args: readonly string[], { env, dir }: Where): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: dir,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const parts: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    child.stdout.on('data', (chunk: Buffer) => parts.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => parts.stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(parts.stdout).toString('utf8'),
        stderr: Buffer.concat(parts.stderr).toString('utf8'),
      }),
    );
  });
}

const nameOf = (page: string): string => page.replace(/\.md$/, '');

/** Writes the TypeScript program of a page, for the compiler. */
export function writeProgram(dir: string, page: string, blocks: readonly Block[]): void {
  const parts = blocks.filter(({ kind }) => kind === 'ts').map(({ text }) => text);
  if (parts.length > 0)
    writeFileSync(
      join(dir, `${nameOf(page)}.ts`),
      parts.map((text) => `${text}\nprocess.stdout.write('${END}');\n`).join(''),
    );
}

/**
 * First the page's `sh` blocks as one program, then its `ts` blocks as one.
 * @returns what each block wrote, in the page's order
 * @throws Error with what a program said, where it ended early
 */
export async function runPage(where: Where, page: string, blocks: readonly Block[]): Promise<readonly string[]> {
  const outputs = new Map<Block, string>();
  const take = (kind: Block['kind'], { code, stdout, stderr }: Ended): void => {
    const own = blocks.filter((block) => block.kind === kind);
    const parts = stdout.split(END);
    if (code !== 0 || parts.length !== own.length + 1)
      throw new Error(
        `the ${kind} blocks of ${page} ended with ${String(code)} after ${String(parts.length - 1)} of ` +
          `${String(own.length)}: ${stderr}${parts.at(-1) ?? ''}`,
      );
    own.forEach((block, i) => outputs.set(block, parts[i] ?? ''));
  };
  const shell = blocks
    .filter(({ kind }) => kind === 'sh')
    .map(({ text }) => `${text}\nprintf '\\036'\n`)
    .join('');
  if (shell !== '') take('sh', await ended('bash', ['-euo', 'pipefail', '-c', shell], where));
  if (blocks.some(({ kind }) => kind === 'ts'))
    take('ts', await ended(process.execPath, [join(where.dir, 'out', `${nameOf(page)}.js`)], where));
  return blocks.map((block) => outputs.get(block) ?? '');
}
