// What `npm start` and `npm test` do first: install the locked packages, compile and bundle, each only if something changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`yitong needs Node.js 20.19 or newer; this is ${process.versions.node}`);
  process.exit(2);
}
function run(what, command, args) {
  process.stderr.write(`${what} …\n`);
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (result.status !== 0) {
    console.error(`${what} failed; run \`${command} ${args.join(' ')}\` to see why`);
    process.exit(2);
  }
}
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const stamp = join(root, 'node_modules', '.yitong-lock');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  run('installing packages', 'npm', ['ci']);
  // tap assembles its test class from the plugins of .taprc once; doing it now keeps the first test run right
  run('preparing tap', process.execPath, [join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs'), 'build']);
  // so that `npx yitong` finds this build in its own clone
  if (process.platform !== 'win32')
    symlinkSync(join('..', '..', 'dist', 'gateway', 'cli', 'main.js'), join(root, 'node_modules', '.bin', 'yitong'));
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}
run('compiling', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
run('bundling', process.execPath, [join(root, '.bundle.mjs'), '--if-needed']);
chmodSync(join(root, 'dist', 'gateway', 'cli', 'main.js'), 0o755);
