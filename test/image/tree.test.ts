/** What is in the image, and that whoever builds the same commit gets the same bytes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { environment, finalStage, instructions, only } from './dockerfile.js';
import { filesBelow, makeTree, PLAIN, temporary } from './root.js';

t.setTimeout(340_000);

const clone = packageRoot();
const EPOCH = { SOURCE_DATE_EPOCH: '1767225600' };

/** What the engine is sent: the files that .dockerignore lets through, with the packages that are installed here. */
function context(dir: string): string {
  mkdirSync(dir, { recursive: true });
  const lines = readFileSync(join(clone, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  t.equal(lines[0], '*', 'nothing is sent that is not named');
  for (const line of lines.slice(1))
    cpSync(join(clone, line.replace(/^!/, '')), join(dir, line.replace(/^!/, '')), { recursive: true });
  symlinkSync(join(clone, 'node_modules'), join(dir, 'node_modules'));
  return dir;
}

/**
 * What the Dockerfile's build stage runs to make the tree, in `dir`.
 * @returns the layer's digest as the script says it
 */
function build(dir: string, tar: string, before: string): string {
  const run = instructions().find(({ name, text }) => name === 'RUN' && text.includes('.image.mjs'))?.text ?? '';
  t.match(run, / \/out$/);
  const { status, stdout, stderr } = spawnSync(
    PLAIN[0],
    [...PLAIN.slice(1), 'sh', '-c', `${before}; ${run.replace(/\/out$/, `out --tar ${tar}`)}`],
    { cwd: dir, encoding: 'utf8', env: { ...process.env, ...EPOCH } },
  );
  if (status !== 0) throw new Error(`the build stage failed: ${stdout}${stderr}`);
  return /sha256 ([0-9a-f]{64})/.exec(stdout)?.[1] ?? '';
}

t.test('the same commit gives the same bytes, in whichever folder and by whomever it is built', (t) => {
  const dir = temporary(t);
  const one = build(
    context(join(dir, 'quite/another/place')),
    join(dir, 'one.tar'),
    'umask 077; export TZ=Asia/Shanghai LC_ALL=C',
  );
  t.match(one, /^[0-9a-f]{64}$/);
  // the same, as it comes of the clone in which this is run
  t.match(makeTree(join(dir, 'here'), ['--tar', join(dir, 'here.tar')], clone, EPOCH), one);
  t.equal(
    execFileSync('sha256sum', [join(dir, 'one.tar')], { encoding: 'utf8' }).slice(0, 64),
    one,
    'and it says what it wrote',
  );
  t.ok(readFileSync(join(dir, 'one.tar')).equals(readFileSync(join(dir, 'here.tar'))), 'every byte');

  // read by a program of others
  const opened = join(dir, 'opened');
  mkdirSync(opened);
  execFileSync('tar', ['-xpf', join(dir, 'one.tar'), '-C', opened]);
  t.equal(
    spawnSync('diff', ['-r', opened, join(dir, 'quite/another/place/out')]).status,
    0,
    'the tar file holds the tree',
  );
  const listed = execFileSync('tar', ['--numeric-owner', '--full-time', '--utc', '-tvf', join(dir, 'one.tar')], {
    encoding: 'utf8',
    maxBuffer: 64 * 1_048_576,
  })
    .trim()
    .split('\n');
  const strange = listed.filter(
    (line) => !/^(?:drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) 0\/0 +\d+ 2026-01-01 00:00:00 /.test(line),
  );
  t.match(
    strange,
    [/^drwx------ 65532\/65532 +0 2026-01-01 00:00:00 data\/$/],
    'root owns everything but the data folder',
  );
  t.equal(strange.length, 1);
  t.strictSame(
    listed.filter((line) => line.startsWith('-rwx')).map((line) => line.split(' ').at(-1)),
    ['app/dist/gateway/cli/main.js'],
    'one file can be executed',
  );
  const program = readFileSync(join(opened, 'app/dist/bundle/all.js'), 'latin1');
  t.notOk(/[^\0-\x7f]/.test(program), 'one character beyond ASCII, and each process holds the program twice as large');
  const mib = statSync(join(dir, 'one.tar')).size / 1_048_576;
  t.ok(mib < 90, `the layer has ${mib.toFixed(1)} MiB`);
  t.end();
});

t.test('without packages, without a build or without a time there is no tree', (t) => {
  const dir = temporary(t);
  const half = context(join(dir, 'half'));
  const said = (env: Readonly<Record<string, string>>): string => {
    const { status, stderr } = spawnSync(process.execPath, ['.image.mjs', join(dir, 'out')], {
      cwd: half,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    t.equal(status, 2);
    return stderr;
  };
  t.match(said({ SOURCE_DATE_EPOCH: 'yesterday' }), /not a number of seconds/);
  t.match(said(EPOCH), /compile first/);
  t.match(said({ SOURCE_DATE_EPOCH: '' }), /SOURCE_DATE_EPOCH/);
  t.end();
});

const LOADS = /(?:\brequire\(\s*|\bfrom\s*|\bimport\(\s*|\bimport\s+)(['"])([^'"\n\s]+)\1/g;
/** As `require` tries them. */
const tried = (path: string): string[] => [
  path,
  ...['.js', '.cjs', '.mjs', '.json', '.node'].map((ending) => path + ending),
  ...['index.js', 'index.cjs', 'index.json'].map((name) => join(path, name)),
];
const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

t.test('what was left out is nothing that a file of the image loads', (t) => {
  const out = temporary(t);
  makeTree(out);
  const app = join(out, 'app');
  const lost: string[] = [];
  let checked = 0;
  for (const file of filesBelow(app).filter((path) => /\.[cm]?js$/.test(path))) {
    const path = relative(app, file);
    const original = join(clone, path);
    const require = createRequire(original);
    const program = readFileSync(file, 'utf8').replace(/^\s*\/\/.*$/gm, '');
    for (const [, , to = ''] of program.matchAll(LOADS)) {
      let target: string | undefined;
      if (to.startsWith('.')) target = tried(join(dirname(original), to)).find(isFile);
      else {
        // a package that is not of production is optional where it is named, or named in a comment
        if (!existsSync(join(app, 'node_modules', /^(?:@[^/]+\/)?[^/]+/.exec(to)?.[0] ?? ''))) continue;
        try {
          target = require.resolve(to);
        } catch {
          // under another condition of `exports`
        }
      }
      // types are named in comments
      if (target === undefined || !target.startsWith('/') || /\.d\.[cm]?ts$/.test(target)) continue;
      const inside = relative(clone, target).replace(/^(?:\.\.\/)+.*?(?=node_modules\/)/, '');
      checked++;
      if (!existsSync(join(app, inside))) lost.push(`${path} loads ${to}: ${inside}`);
    }
  }
  t.ok(checked > 5000, `${checked} loads were followed`);
  t.strictSame(lost, []);
  t.end();
});

t.test('neither tests nor sources nor keys are in it, and all that a workspace declares is', (t) => {
  const out = temporary(t);
  makeTree(out);
  const all = filesBelow(join(out, 'app')).map((path) => relative(join(out, 'app'), path));
  t.strictSame(
    all.filter((path) => /\.(?:pem|key|p12|map|tsbuildinfo)$|(?:^|\/)\.|^dist\/test|^dist\/.*\.test\.js$/.test(path)),
    [],
  );
  const declared = all.filter((path) => path.endsWith('.d.ts'));
  t.ok(declared.includes('dist/gateway/client/index.d.ts'), 'programs in TypeScript find the client');
  const open = declared
    .flatMap((path) =>
      [...readFileSync(join(out, 'app', path), 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g)].map(
        ([, to]) => join(dirname(path), `${to}.d.ts`),
      ),
    )
    .filter((path) => !declared.includes(path));
  t.strictSame(open, [], 'with all that its declarations name');
  t.strictSame(
    all.filter((path) => path.endsWith('.ts') && !declared.includes(path)),
    [],
  );
  for (const layer of ['contracts', 'policies', 'connectors', 'gateway/cli/template']) {
    const content = filesBelow(join(clone, layer))
      .map((path) => relative(clone, path))
      .filter((path) => !/\.tsx?$|tsconfig\.json$/.test(path));
    t.ok(content.length > 0);
    t.strictSame(
      content.filter((path) => !all.includes(path)),
      [],
      layer,
    );
  }
  t.end();
});

t.test('the Dockerfile pins its bases, runs without root and needs no shell', (t) => {
  const bases = instructions()
    .filter(({ name }) => name === 'FROM')
    .map(({ text }) => text);
  t.equal(bases.length, 2);
  for (const base of bases) t.match(base, /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}( AS build)?$/);
  t.equal(only('USER'), '65532:65532');
  t.equal(only('STOPSIGNAL'), 'SIGTERM');
  t.equal(only('EXPOSE'), '8443 8444 8445');
  t.strictSame(JSON.parse(only('ENTRYPOINT')), ['/nodejs/bin/node', '/app/dist/gateway/cli/main.js']);
  // COPY copies what is in a folder and makes the folder itself with 0755: one with a mode of its own comes as part of
  // what is copied
  const copies = finalStage()
    .filter(({ name }) => name === 'COPY')
    .map(({ text }) => text.split(/\s+/).filter((word) => !word.startsWith('--')));
  t.notOk(
    copies.some(([, to]) => to === '/data'),
    '/data would lose its mode',
  );
  t.ok(copies.some(([from, to]) => from === '/volumes/' && to === '/'));
  t.ok(
    instructions().some(({ name, text }) => name === 'RUN' && text === 'mkdir /volumes && mv /out/data /volumes/data'),
  );
  t.strictSame(JSON.parse(only('CMD')), ['gateway', '--workspace', '/workspace', '--data', '/data']);
  t.match(only('HEALTHCHECK'), / CMD \["\/nodejs\/bin\/node", /);
  t.strictSame(
    finalStage().filter(({ name }) => ['RUN', 'SHELL', 'ADD'].includes(name)),
    [],
  );
  t.strictSame(
    environment(),
    { NODE_ENV: 'production' },
    'addresses are left to who deploys it: the defaults are loopback',
  );
  t.equal(only('WORKDIR'), '/app');
  t.strictSame(
    readdirSync(join(clone, 'docs')).filter((name) => name === 'image.md'),
    ['image.md'],
  );
  t.end();
});
