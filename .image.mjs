// Makes the file tree of the container image, and on demand its layer as a tar file. The Dockerfile's build stage runs
// it, and so does test/image.
//   node .image.mjs OUT [--tar FILE]      OUT must be empty or not there; the packages are installed and compiled
// The same commit gives the same bytes: paths sorted, modes and owners set, each time that of the commit
// (SOURCE_DATE_EPOCH, else git's).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(fileURLToPath(import.meta.url));
const LAYERS = ['contracts', 'policies', 'connectors', 'gateway'];
/**
 * What the image runs on: packages for another system are left out, and so are addons that are built for another Node.
 */
const TARGET = { os: 'linux', cpu: process.arch, libc: 'glibc', abi: '137' /* Node 24 */ };
/** uid and gid of `nonroot` in distroless images; the data folder is theirs. */
const NONROOT = 65532;

const fail = (message) => {
  console.error(message);
  process.exit(2);
};
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const byPath = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Paths below `folder`, with `/`; those that `skip` names are not entered. */
function* files(folder, skip = () => false, below = '') {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = posix.join(below, entry.name);
    if (skip(path)) continue;
    if (entry.isDirectory()) yield* files(folder, skip, path);
    else if (entry.isFile()) yield path;
    else fail(`${join(folder, path)} is neither a file nor a folder`);
  }
}

const fits = (wanted, have) =>
  wanted === undefined ||
  [wanted].flat().some((one) => one === have) ||
  ([wanted].flat().every((one) => one.startsWith('!')) && !wanted.includes(`!${have}`));

/** The production packages that belong to this image, as the lock has them: path → what it says. */
export function packages(lock) {
  const found = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '' || entry.dev === true || entry.link === true) continue;
    if (!fits(entry.os, TARGET.os) || !fits(entry.cpu, TARGET.cpu) || !fits(entry.libc, TARGET.libc)) continue;
    found.set(path, entry);
  }
  return found;
}

const LICENCE = /^(?:licen[cs]e|notice|copying|authors)/i;
/**
 * Of a package: what Node never loads. Sources of addons are among it, since scripts of packages are turned off
 * (.npmrc).
 */
const NOT_LOADED = /\.(?:map|[cm]?tsx?|md|markdown|flow|tsbuildinfo|c|cc|cpp|h|hpp|gyp|gypi|swf|html?)$/i;
const NOT_RUN =
  /^(?:tests?(?:\.[cm]?js)?|__tests__|specs?|scripts|docs?|examples?|bench(?:marks?)?|coverage|tsconfig.*\.json|makefile|rollup\..*|vitest\..*)$/i;

const BROWSER_BUILDS = {
  pdfkit: /^js\/pdfkit\.(?:browser|standalone|old|browser\.old)\./,
  'node-forge': /^dist\//,
  'csv-parse': /^dist\/(?:umd|iife|esm)\//,
};

/** Says of a path in a package whether the image takes it. */
function rule(name, manifest, dist, licensed) {
  // bundlers read these two fields, Node reads neither: without `exports` it takes `main`
  const forBundlers =
    manifest.exports === undefined
      ? [manifest.module, manifest.esnext].flatMap((file) =>
          typeof file === 'string' && file.includes('/') ? [`${posix.dirname(posix.normalize(file))}/`] : [],
        )
      : [];
  const main = posix.normalize(manifest.main || 'index.js');
  const unread = forBundlers.filter((folder) => folder !== './' && !main.startsWith(folder));
  return (path) => {
    if (/(?:^|\/)\./.test(path)) return false;
    if (LICENCE.test(basename(path)) || (!licensed && /^readme/i.test(path))) return true;
    if (NOT_LOADED.test(path) || NOT_RUN.test(path.split('/')[0])) return false;
    if (unread.some((folder) => path.startsWith(folder))) return false;
    // addons: `node.napi.glibc.node`, `node.abi137.glibc.node`
    const addon = /(?:^|\/)node\.(?:napi|abi(\d+))\.?(glibc|musl)?\.node$/.exec(path);
    if (addon !== null) return (addon[1] ?? TARGET.abi) === TARGET.abi && (addon[2] ?? TARGET.libc) === TARGET.libc;
    // of fonts, the files that our code names; their scripts are for another framework
    if (name.startsWith('@expo-google-fonts/'))
      return path === 'package.json' || (path.endsWith('.ttf') && dist.includes(path));
    // builds for browsers, beside those for Node
    if (BROWSER_BUILDS[name]?.test(path) === true) return false;
    // three builds of one program: ours takes this one
    if (name === '@cedar-policy/cedar-wasm') return !/^(?:esm|web)\//.test(path);
    // the one file of the programs takes them by `require`, and one form of their schemas
    if (name.startsWith('@modelcontextprotocol/') || name === 'zod')
      return (
        !/^v3\/|(?:^|\/)(?:cfWorker|shimsBrowser|shimsWorkerd)|\.mjs$/.test(path) &&
        !(name === 'zod' && /\.js$/.test(path))
      );
    // dictionaries of the language at large: ours is made of the workspace's words
    if (name === '@node-rs/jieba') return !/^(?:dict|idf)\./.test(path);
    return true;
  };
}

/** The declarations that `yitong/client` needs, from its own on. */
function declarations(dist) {
  const found = new Set();
  const take = (file) => {
    if (found.has(file) || !existsSync(join(dist, file))) return;
    found.add(file);
    for (const [, to] of readFileSync(join(dist, file), 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g))
      take(posix.join(posix.dirname(file), `${to}.d.ts`));
  };
  take('gateway/client/index.d.ts');
  return found;
}

/** path in the image → the file that it is copied from, or its text */
function tree() {
  const found = new Map();
  const dist = join(root, 'dist');
  const kept = declarations(dist);
  let text = '';
  for (const layer of LAYERS) {
    if (!existsSync(join(dist, layer))) fail(`dist/${layer} is not there: compile first (\`npm run build\`)`);
    for (const path of files(join(dist, layer))) {
      const file = `${layer}/${path}`;
      // what was compiled from a source that is gone stays in a developer's dist
      const isOurs =
        path.endsWith('.js') && ['.ts', '.tsx'].some((ending) => existsSync(join(root, file.replace(/\.js$/, ending))));
      if (!isOurs && !kept.has(file)) continue;
      found.set(`app/dist/${file}`, join(dist, file));
      if (isOurs && path.startsWith('documents/')) text += readFileSync(join(dist, file), 'utf8');
    }
    // declared content: all that is not program text
    for (const path of files(join(root, layer), (path) => basename(path).startsWith('.'))) {
      if (!/\.tsx?$|^(?:.*\/)?tsconfig\.json$/.test(path)) found.set(`app/${layer}/${path}`, join(root, layer, path));
    }
  }
  // the one file of the programs; what V8 made of it is of one version of Node.js, and not the same bytes each time
  if (!existsSync(join(dist, 'bundle', 'made.json'))) fail('dist/bundle is not there: run `npm run build`');
  for (const path of files(join(dist, 'bundle')))
    if (path.endsWith('.js') || path === 'package.json')
      found.set(`app/dist/bundle/${path}`, join(dist, 'bundle', path));
  found.set('app/dist/bundle/made.json', Buffer.from('{"of":[]}'));
  found.set('app/yitong.json', join(root, 'yitong.json'));
  const { name, version, description, license, type, engines, bin, exports, dependencies } = readJson(
    join(root, 'package.json'),
  );
  const manifest = { name, version, description, license, type, engines, bin, exports, dependencies };
  found.set('app/package.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));

  for (const [path, entry] of packages(readJson(join(root, 'package-lock.json')))) {
    const folder = join(root, path);
    if (!existsSync(folder)) {
      if (entry.optional === true) continue;
      fail(`${path} is not installed: run \`npm ci\``);
    }
    const manifest = readJson(join(folder, 'package.json'));
    if (manifest.version !== entry.version)
      fail(`${path} is ${manifest.version}, the lock says ${entry.version}: run \`npm ci\``);
    const takes = rule(
      path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      manifest,
      text,
      readdirSync(folder).some((file) => LICENCE.test(file)),
    );
    for (const file of files(folder, (below) => below === 'node_modules'))
      if (takes(file)) found.set(`app/${path}/${file}`, join(folder, file));
  }
  return found;
}

function epoch() {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && given !== '')
    return /^\d{1,10}$/.test(given) ? Number(given) : fail('SOURCE_DATE_EPOCH is not a number of seconds');
  try {
    return Number(
      execFileSync('git', ['log', '-1', '--format=%ct'], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  } catch {
    return fail('name the time of the commit in SOURCE_DATE_EPOCH (seconds): there is no git repository here');
  }
}

/** One header of a tar file (POSIX.1-2017, pax, "ustar Interchange Format"). */
function header({ path, folder, size, mode, owner, mtime }) {
  const name = folder ? `${path}/` : path;
  let cut = 0;
  if (Buffer.byteLength(name) > 100) {
    cut = name.indexOf('/', name.length - 101);
    if (cut <= 0 || Buffer.byteLength(name.slice(0, cut)) > 155 || Buffer.byteLength(name.slice(cut + 1)) > 100)
      fail(`the path is too long for a tar file: ${name}`);
  }
  const block = Buffer.alloc(512);
  const octal = (value, at, length) => block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(cut === 0 ? name : name.slice(cut + 1), 0, 'utf8');
  octal(mode, 100, 8);
  octal(owner, 108, 8);
  octal(owner, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(folder ? '5' : '0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(0, 329, 8);
  octal(0, 337, 8);
  if (cut > 0) block.write(name.slice(0, cut), 345, 'utf8');
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  );
  return block;
}

function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { tar: { type: 'string' } } });
  if (positionals.length !== 1) fail('usage: node .image.mjs OUT [--tar FILE]');
  const out = resolve(positionals[0]);
  if (existsSync(out) && (lstatSync(out).isFile() || readdirSync(out).length > 0)) fail(`${out} is not empty`);
  const mtime = epoch();

  const found = tree();
  const folders = new Set(['data', 'workspace']);
  for (const path of found.keys())
    for (let up = posix.dirname(path); up !== '.' && !folders.has(up); up = posix.dirname(up)) folders.add(up);
  const entries = [
    ...[...folders].map((path) => ({
      path,
      folder: true,
      size: 0,
      mode: path === 'data' ? 0o700 : 0o755,
      owner: path === 'data' ? NONROOT : 0,
      mtime,
    })),
    ...[...found].map(([path, from]) => ({
      path,
      from,
      folder: false,
      size: Buffer.isBuffer(from) ? from.length : lstatSync(from).size,
      mode: path.endsWith('/cli/main.js') ? 0o755 : 0o644,
      owner: 0,
      mtime,
    })),
  ].sort((a, b) => byPath(a.path, b.path));

  const tar = values.tar === undefined ? undefined : openSync(values.tar, 'w', 0o644);
  const digest = createHash('sha256');
  let written = 0;
  const write = (bytes) => {
    if (tar === undefined) return;
    writeSync(tar, bytes);
    digest.update(bytes);
    written += bytes.length;
  };
  for (const entry of entries) {
    const to = join(out, entry.path);
    write(header(entry));
    if (entry.folder) {
      mkdirSync(to, { recursive: true });
      continue;
    }
    if (Buffer.isBuffer(entry.from)) writeFileSync(to, entry.from);
    else copyFileSync(entry.from, to);
    if (tar === undefined) continue;
    write(readFileSync(to));
    write(Buffer.alloc((512 - (entry.size % 512)) % 512));
  }
  // last, from the leaves up: writing into a folder changes its time
  for (const { path, mode } of [...entries].reverse()) {
    chmodSync(join(out, path), mode);
    utimesSync(join(out, path), mtime, mtime);
  }
  write(Buffer.alloc(1024));
  if (tar !== undefined) closeSync(tar);

  const size = entries.reduce((sum, entry) => sum + entry.size, 0);
  const mib = (bytes) => `${(bytes / 1_048_576).toFixed(1)} MiB`;
  console.log(`${found.size} files, ${mib(size)}, in ${out}`);
  if (tar !== undefined) console.log(`${values.tar}: ${mib(written)}, sha256 ${digest.digest('hex')}`);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
