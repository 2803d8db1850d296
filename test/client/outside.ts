/**
 * A project of somebody else that has installed our package: packed as npm packs it, with no other package beside it
 * but Node's types.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../gateway/ground/files/places.js';

export interface Project {
  readonly dir: string;
  /**
   * Compiles its `*.ts`, as strictly as the compiler can, ours included. What the compiler says; empty where all is
   * well.
   */
  compile(): Promise<string>;
}

/** @param dir empty folder */
export function project(dir: string): Project {
  const root = packageRoot();
  const installed = join(dir, 'node_modules', 'yitong');
  mkdirSync(installed, { recursive: true });
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as readonly { readonly filename: string }[];
  execFileSync('tar', ['-xzf', join(dir, packed?.filename ?? ''), '-C', installed, '--strip-components=1']);
  mkdirSync(join(dir, 'node_modules', '@types'));
  symlinkSync(join(root, 'node_modules', '@types', 'node'), join(dir, 'node_modules', '@types', 'node'));
  symlinkSync(join(root, 'node_modules', 'undici-types'), join(dir, 'node_modules', 'undici-types'));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: ['node'],
    outDir: 'out',
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return {
    dir,
    compile: () =>
      // the runner's loaders, which it hands to each Node that is started, are none of a reader's
      promisify(execFile)(
        'env',
        ['-u', 'NODE_OPTIONS', process.execPath, join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', dir],
        { cwd: dir },
      ).then(
        () => '',
        (failed: { readonly stdout: string; readonly stderr: string }) => `${failed.stdout}${failed.stderr}`,
      ),
  };
}
