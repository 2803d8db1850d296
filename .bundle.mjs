// Puts the compiled program and most of its packages into one file, dist/bundle/all.js: a process that starts loads it
// in place of some 1,500 files. `npm start`, `npm test` and `npm run build` run it after compiling; gateway/cli/main.ts
// says when it is used. Nothing in the program's text knows of it: this changes, in our own files,
//   import.meta.url                                   to the address of the compiled file that it stands in, so that
//                                                     what is read from beside it is found,
//   new URL('./program.js', import.meta.url)          of a program that runs as a process or a thread of its own, to
//                                                     the file below dist/bundle that starts it out of all.js,
//   import(address)                                   of a module that is found by its folder, to its place in all.js.
// Beside it stands what V8 made of it (all.cache, and one more for the flags that some processes have: V8 takes
// no other one's), for the Node.js that made it; another one does without. V8 compiles a function when it is first
// called, and keeps those that were: so `yitong demo` is run once out of the file, and each of the processes that an
// answer waits for keeps its own.
//   node .bundle.mjs [--if-needed] [--without-start]     the second: without that run, as for an image, which has no cache
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const out = join(dist, 'bundle');

/** What runs as a process or a thread of its own. The provider of the development, and small threads, run as they are. */
const PROGRAMS = [
  'gateway/cli/run.js',
  'gateway/operate/process/prepare.js',
  'gateway/operate/process/check.js',
  'gateway/operate/process/writer.js',
  'gateway/operate/process/worker.js',
  'gateway/operate/process/feeds.js',
  'gateway/operate/process/files.js',
  'gateway/log/verify/replay.js',
];
/** What an answer waits for when a gateway starts: the supervisor, in the command, the writer and a worker. */
const STARTED = ['gateway/cli/run.js', 'gateway/operate/process/writer.js', 'gateway/operate/process/worker.js'];
/** Folders whose modules are found by their names. */
const FOUND = [
  'contracts/subjects',
  'connectors/sources',
  'gateway/cli/commands',
  'gateway/documents/renderers/kinds',
  'gateway/http/api',
  'gateway/http/console',
  'gateway/operate/doctor/checks',
  'gateway/procedures/watch/rules',
];
/** Packages that stay as they are: with an addon or files of their own, patched in their place, or seldom loaded. */
const OUTSIDE = [
  '@cedar-policy/cedar-wasm',
  '@expo-google-fonts/*',
  '@modelcontextprotocol/*',
  '@node-rs/jieba',
  '@opentelemetry/*',
  'kafkajs',
  'lmdb',
  'mysql2',
  'oidc-provider',
  'pdfkit',
  'pg',
  'pg-logical-replication',
  'pino',
];

const isOurs = (file) => /^(?:contracts|policies|connectors|gateway)\//.test(file);
const below = (folder) =>
  readdirSync(join(dist, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => relative(dist, join(entry.parentPath ?? entry.path, entry.name)))
    // what a browser loads is sent as it is; what was compiled from a source that is gone stays in a developer's dist
    .filter(
      (file) =>
        !file.includes('/browser/') &&
        ['.ts', '.tsx'].some((end) => existsSync(join(root, file.replace(/\.js$/, end)))),
    )
    .sort();

/** What tells whether something was compiled since. */
const compiled = () =>
  readdirSync(join(dist, '.build'))
    // suites are not in it
    .filter((name) => name !== 'test.tsbuildinfo')
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(dist, '.build', name));
      return [`.build/${name}`, size, mtimeMs];
    });

function isMade() {
  try {
    return (
      readFileSync(join(out, 'made.json'), 'utf8') === JSON.stringify({ of: compiled() }) &&
      statSync(join(out, 'made.json')).mtimeMs >= statSync(fileURLToPath(import.meta.url)).mtimeMs
    );
  } catch {
    return false;
  }
}

/** Our own file, with its addresses as they were. */
function adapted(file) {
  const program = (_, path) => {
    const named = posix.join(posix.dirname(file), path);
    return PROGRAMS.includes(named)
      ? `new URL(${JSON.stringify(`bundle/${named}`)}, yitongDist)`
      : `new URL(${JSON.stringify(path)}, import.meta.url)`;
  };
  return readFileSync(join(dist, file), 'utf8')
    .replace(/new URL\('(\.[^']+\.js)', import\.meta\.url\)/g, program)
    .replaceAll('import.meta.url', `(yitongDist + ${JSON.stringify(file)})`)
    .replace(/\bimport\((?!\s*['"])/g, 'yitongImport(');
}

const BANNER = `const yitongDist = require('node:url').pathToFileURL(__dirname + '/../').href;
const yitongFound = {};
const yitongImport = (address) => {
  const found = address.startsWith(yitongDist) ? yitongFound[address.slice(yitongDist.length)] : undefined;
  return found === undefined ? yitongImportFile(address) : found();
};`;

/**
 * The file as a function of what a module is given. It is read as Latin-1, so that V8 has it once, outside of its heap,
 * a byte a character: one character beyond ASCII, or a piece put before it, makes each process copy the whole, twice as
 * large. Only regular expressions still have such characters, and an escape says the same there.
 */
const scriptOf = (text) =>
  '(function (exports, require, module, __filename, __dirname, yitongImportFile) {' +
  text.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`) +
  '\n})';

/** Loads all.js with what V8 made of it before: for this program, else for all. */
const loader = (flags) => `const { existsSync, readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');
const STARTED = ${JSON.stringify(STARTED)};
const FLAGS = ${JSON.stringify(flags)};
const filename = join(__dirname, 'all.js');
// what V8 made stands for the flags that it had
const cacheOf = (name) => [name, ...process.execArgv.filter((flag) => FLAGS.includes(flag)), 'cache'].join('.');
exports.open = (program) => {
  const own = cacheOf(STARTED.includes(program) ? program.replace(/\\.js$/, '') : 'all');
  const cache = existsSync(join(__dirname, own)) ? own : cacheOf('all');
  let cachedData;
  try {
    cachedData = readFileSync(join(__dirname, cache));
  } catch {}
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
  const module_ = { exports: {} };
  // what is outside is loaded by \`require\`: a script of its own may not import
  script.runInThisContext()(module_.exports, createRequire(filename), module_, filename, __dirname, (address) => import(address));
  return { ...module_.exports, script, cache, own };
};
exports.start = (name) => exports.open(name).programs[name]();
`;

/**
 * Starts a program as load.js does, and keeps what V8 has made of it by the end of the process, also of what was not
 * needed for long. Run by itself it loads what the programs load when they start. Stands there while this runs only.
 */
const KEEP = `const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const v8 = require('node:v8');
const { open } = require('./load.js');
function opened(program) {
  const found = open(program);
  const { setFlagsFromString } = v8;
  // V8 takes what it made under the same flags, and a module sets its own after the program was read
  v8.setFlagsFromString = (flag) => {
    if (flag.endsWith('expose-gc')) setFlagsFromString(flag);
  };
  setFlagsFromString('--no-flush-bytecode');
  process.once('exit', () => {
    setFlagsFromString('--flush-bytecode');
    writeFileSync(join(__dirname, found.own), found.script.createCachedData());
  });
  return found;
}
exports.start = (name) => opened(name).programs[name]();
if (require.main === module)
  (async () => {
    for (const load of Object.values(opened('').modules)) await load();
    // addons that were loaded may hold the process
    process.exit(0);
  })();
`;

/** Makes a module of compiled checks out of the schemas that the program's modules declare (contracts/validate.ts). */
const CHECKS = `import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import standalone from 'ajv/dist/standalone/index.js';
const [, dist, to, ...files] = process.argv;
const load = (file) => import(pathToFileURL(dist + '/' + file).href);
globalThis.yitongSchemas = [];
const modules = await Promise.all(files.map(load));
const { compiler, schemaDigest } = await load('contracts/validate.js');
const kinds = modules.map((one) => one.default).filter((kind) => kind?.open !== undefined && kind.schema !== undefined);
const schemas = [...globalThis.yitongSchemas, ...kinds.map(({ schema }) => schema)];
const byDigest = new Map(schemas.map((schema) => [schemaDigest(schema), schema]));
const digests = [...byDigest.keys()].sort();
const ajv = compiler({ code: { source: true, lines: true } });
const names = {};
for (const [n, digest] of digests.entries()) {
  ajv.addSchema(byDigest.get(digest), digest);
  names['c' + n] = digest;
}
const table = digests.map((digest, n) => JSON.stringify(digest) + ': exports.c' + n).join(', ');
writeFileSync(to, standalone.default(ajv, names) + '\\nmodule.exports = { ' + table + ' };\\n');
process.exit(0);
`;

/** Modules that the programs import first, and all that is found by folder and loaded at each start. */
function firstLoaded() {
  const imported = PROGRAMS.flatMap((program) =>
    [...readFileSync(join(dist, program), 'utf8').matchAll(/^(?:import|export) .*?from '(\.[^']+\.js)';$/gm)].map(
      ([, path]) => posix.join(posix.dirname(program), path),
    ),
  );
  const found = [...below('gateway/http/api'), ...below('gateway/http/console'), ...below('connectors/sources')];
  return [
    ...new Set([
      // for the benchmark of a restart
      'gateway/operate/process/supervisor.js',
      ...imported,
      ...found.filter((file) => /\/[^/]+\/index\.js$/.test(file)),
      ...below('contracts/subjects'),
    ]),
  ];
}

async function main() {
  if (process.argv.includes('--if-needed') && isMade()) return;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const lazily = (names) =>
    names.map((name) => `${JSON.stringify(name)}: () => import(${JSON.stringify(`./${name}`)}),`).join('\n');
  const of = compiled();
  const checks = join(out, 'checks.cjs');
  execFileSync(process.execPath, ['--input-type=module', '-e', CHECKS, dist, checks, ...firstLoaded()], { cwd: root });
  await build({
    stdin: {
      contents:
        `globalThis.yitongChecks = () => require('./bundle/checks.cjs');\n` +
        `Object.assign(yitongFound, {\n${lazily(FOUND.flatMap(below))}\n});\n` +
        `exports.programs = {\n${lazily(PROGRAMS)}\n};\nexports.modules = {\n${lazily(firstLoaded())}\n};`,
      resolveDir: dist,
      loader: 'js',
    },
    outfile: join(out, 'all.js'),
    // addresses in it are of this folder, wherever its packages stand
    absWorkingDir: root,
    preserveSymlinks: true,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    external: OUTSIDE,
    supported: { 'dynamic-import': false },
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: BANNER },
    plugins: [
      {
        name: 'addresses of our own files',
        setup({ onLoad }) {
          onLoad({ filter: /\.js$/ }, ({ path }) => {
            const file = relative(dist, path);
            return isOurs(file) ? { contents: adapted(file), loader: 'js' } : undefined;
          });
        },
      },
    ],
  });
  rmSync(checks);
  writeFileSync(join(out, 'all.js'), scriptOf(readFileSync(join(out, 'all.js'), 'utf8')));
  writeFileSync(join(out, 'package.json'), '{"type":"commonjs"}\n');
  const { STREAM_FLAGS } = await import(pathToFileURL(join(dist, 'gateway/operate/children/frugal.js')).href);
  writeFileSync(join(out, 'load.js'), loader(STREAM_FLAGS));
  const keep = join(out, 'keep.js');
  writeFileSync(keep, KEEP);
  for (const flags of [[], STREAM_FLAGS]) execFileSync(process.execPath, [...flags, keep], { stdio: 'inherit' });
  writePrograms('keep.js', 'load.js');
  if (!process.argv.includes('--without-start')) goThrough();
  writePrograms('load.js', 'load.js');
  rmSync(keep);
  // last, and whole: from now on it is used
  writeFileSync(join(out, 'made.json.new'), JSON.stringify({ of }));
  renameSync(join(out, 'made.json.new'), join(out, 'made.json'));
}

/** The files that start the programs, by the file that loads those of `STARTED` and the others. */
function writePrograms(started, others) {
  for (const program of PROGRAMS) {
    const file = join(out, program);
    mkdirSync(dirname(file), { recursive: true });
    const by = posix.relative(posix.dirname(program), STARTED.includes(program) ? started : others);
    writeFileSync(file, `require(${JSON.stringify(by)}).start(${JSON.stringify(program)});\n`);
  }
}

/**
 * Runs `yitong demo`: a small city that is started, asked and stopped, with nothing of who builds but their Node.js.
 * Where that cannot be done, a start takes some tenths of a second more, and is none the worse.
 */
function goThrough() {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('YITONG_') && name !== 'NODE_OPTIONS'),
  );
  const { status, stderr } = spawnSync(process.execPath, [join(out, 'gateway/cli/run.js'), 'demo', '--json'], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: 120_000,
  });
  // 1: the terms of the grants are over; it was gone through all the same
  if (status !== 0 && status !== 1) console.warn(`a start could not be gone through beforehand:\n${stderr}`);
}

await main();
