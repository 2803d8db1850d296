// Packs the TypeScript client alone: `yitong/client` and what it imports of this build, and no other package.
//   npm run pack:client -- FOLDER    writes yitong-client-<version>.tgz there; default: here
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version, description, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entry = join(root, 'dist', 'gateway', 'client', 'index.js');
if (!existsSync(entry)) {
  console.error('not compiled so far: run `npm run build` first');
  process.exit(2);
}

/** Each file of the build that `index.js` and `index.d.ts` lead to. */
const files = new Set();
const waiting = [entry, entry.replace(/\.js$/, '.d.ts')];
for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
  if (files.has(file)) continue;
  files.add(file);
  for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)['"]([^'"]+)['"]/g)) {
    if (specifier.startsWith('node:')) continue;
    if (!specifier.startsWith('.')) {
      console.error(`the client imports the package \`${specifier}\` in ${relative(root, file)}: it is to bring none`);
      process.exit(1);
    }
    const found = resolve(dirname(file), specifier);
    waiting.push(file.endsWith('.d.ts') ? found.replace(/\.js$/, '.d.ts') : found);
  }
}

const work = mkdtempSync(join(tmpdir(), 'yitong-client-'));
try {
  for (const file of files) {
    const target = join(work, relative(root, file));
    mkdirSync(dirname(target), { recursive: true });
    // without the note on source maps, which are not packed
    writeFileSync(target, readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
  }
  const exports = {
    './client': { types: './dist/gateway/client/index.d.ts', default: './dist/gateway/client/index.js' },
    './package.json': './package.json',
  };
  const manifest = {
    name: 'yitong',
    version,
    description: `The client alone. ${description}`,
    license,
    private: true,
    type: 'module',
    engines,
    exports,
    files: ['dist'],
  };
  writeFileSync(join(work, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  cpSync(join(root, 'docs', 'api', 'client.md'), join(work, 'README.md'));
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--ignore-scripts'], {
    cwd: work,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(stderr);
    process.exit(1);
  }
  const target = join(resolve(process.env.INIT_CWD ?? '.', process.argv[2] ?? '.'), `yitong-client-${version}.tgz`);
  cpSync(join(work, JSON.parse(stdout)[0].filename), target);
  console.log(target);
} finally {
  rmSync(work, { recursive: true, force: true });
}
