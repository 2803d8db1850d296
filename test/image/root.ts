/**
 * The root folder of a container without an engine: the layer of the image, and of this machine only what the base
 * image has for Node: its binary, the shared libraries that it and the addons name, accounts and certificates. No
 * shell, no other program.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';

/** Before a command: without the hooks that the test runner puts into every Node that it sees start. */
export const PLAIN = ['env', '-u', 'NODE_OPTIONS'] as const;

/** Runs the script that the Dockerfile runs. @returns what it printed */
export const makeTree = (
  out: string,
  args: readonly string[] = [],
  from: string = packageRoot(),
  env: Readonly<Record<string, string>> = {},
): string =>
  execFileSync(PLAIN[0], [...PLAIN.slice(1), process.execPath, join(from, '.image.mjs'), out, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** A folder that goes with the test, outside the clone. */
export function temporary(t: Pick<Test, 'teardown'>): string {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-image-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Paths of all files below a folder. */
export function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The shared libraries that a program or an addon names, the loader among them; absolute paths of this machine. */
function libraries(file: string): readonly string[] {
  const said = execFileSync('ldd', [file], { encoding: 'utf8' });
  if (/not found/.test(said)) throw new Error(`${file} needs a library that is not here: ${said}`);
  return [...said.matchAll(/(?:=>\s*)?(\/\S+)\s+\(0x/g)].map(([, path = '']) => path);
}

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** @param node the binary of Node; default: the one that runs the test, in CI one of the image's major version */
export function makeRoot(
  t: Pick<Test, 'teardown'>,
  node: string = process.env['YITONG_TEST_NODE_IMAGE'] ?? process.execPath,
): string {
  const root = join(temporary(t), 'root');
  makeTree(root);
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const take = (from: string, to: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(realpathSync(from), join(root, to));
  };
  take(node, 'nodejs/bin/node');
  chmodSync(join(root, 'nodejs/bin/node'), 0o755);
  const programs = [node, ...filesBelow(join(root, 'app')).filter((path) => path.endsWith('.node'))];
  for (const library of new Set(programs.flatMap(libraries))) take(library, library);
  put('etc/passwd', 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n');
  put('etc/group', 'root:x:0:\nnonroot:x:65532:\n');
  put('etc/nsswitch.conf', 'hosts: files dns\n');
  put('etc/hosts', '127.0.0.1 localhost\n::1 localhost\n');
  if (existsSync(CERTIFICATES)) take(CERTIFICATES, CERTIFICATES);
  for (const folder of ['proc', 'dev', 'tmp']) mkdirSync(join(root, folder));
  return root;
}
