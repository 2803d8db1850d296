import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestPostgres } from './postgres.js';

export interface Programs {
  readonly data: string;
  run(program: string, ...args: readonly string[]): Promise<void>;
}

/** Runs PostgreSQL's programs as the user whose the data folder is. */
export async function programs(postgres: Pick<TestPostgres, 'sql'>): Promise<Programs> {
  const { rows } = await postgres.sql(
    "SELECT current_setting('data_directory') AS data, setting AS bin FROM pg_config WHERE name = 'BINDIR'",
  );
  const [{ data, bin }] = rows as [{ readonly data: string; readonly bin: string }];
  const as = process.getuid?.() === 0 ? ['runuser', '-u', await ownerOf(data), '--'] : [];
  return {
    data,
    run: (program, ...args) =>
      new Promise((resolve, reject) => {
        const [first = '', ...rest] = [...as, join(bin, program), ...args];
        // what is started by it keeps its output open
        execFile(first, rest, { cwd: '/' }, (error) => (error === null ? resolve() : reject(error)));
      }),
  };
}

const ownerOf = async (path: string): Promise<string> =>
  (await promisify(execFile)('stat', ['-c', '%U', path])).stdout.trim();
