/**
 * The examples as a reader of their README meets them: the client's package, packed and installed in a project of
 * somebody else without a network, compiles by the commands that stand there and brings no other; and what goes wrong
 * is told in one line with an exit code, in each language, never by a stack.
 */
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { initPki, issueClient, issueServer } from '../../gateway/operate/pki/authority.js';
import { missingHere } from '../support/missing.js';

t.setTimeout(300_000);

const root = packageRoot();
const examples = join(root, 'docs', 'examples');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ended(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // the runner's loaders, which it hands to each Node that is started, are none of a reader's
    const child = spawn('env', ['-u', 'NODE_OPTIONS', program, ...args], {
      cwd,
      env: { ...process.env, JAVA_TOOL_OPTIONS: undefined, API: undefined, CREDENTIALS: undefined, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end();
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The commands of the README of the TypeScript example, one a line, comments taken off. */
function commands(): readonly string[] {
  const [, block = ''] =
    /```sh\n([^]*?)```/.exec(readFileSync(join(examples, 'typescript', 'README.md'), 'utf8')) ?? [];
  return block
    .split('\n')
    .map((line) => line.replace(/ {2,}#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** What the second `npm install` of the README brings, which needs a registry: taken from this clone. */
function link(project: string): void {
  mkdirSync(join(project, 'node_modules', '@types'), { recursive: true });
  mkdirSync(join(project, 'node_modules', '.bin'), { recursive: true });
  for (const name of ['@types/node', 'undici-types', 'typescript', '@typescript'])
    if (existsSync(join(root, 'node_modules', name)))
      symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  symlinkSync(join('..', 'typescript', 'bin', 'tsc'), join(project, 'node_modules', '.bin', 'tsc'));
}

/** Follows the README up to where it runs a program. @returns the project's folder, and what each command said */
async function followed(
  dir: string,
): Promise<{ readonly project: string; readonly said: readonly (Ended & { readonly command: string })[] }> {
  const said: (Ended & { readonly command: string })[] = [];
  let here = dir;
  for (const command of commands()) {
    if (command.startsWith('YITONG=')) continue;
    if (command.startsWith('node ')) break;
    if (/^npm install .*typescript/.test(command)) {
      link(here);
      continue;
    }
    const [run = '', into] = command.split(' && cd ');
    said.push({
      command,
      ...(await ended(
        'bash',
        ['-c', run.replace(/^npm install/, 'npm install --offline --no-audit --no-fund')],
        { YITONG: root, npm_config_update_notifier: 'false' },
        here,
      )),
    });
    if (into !== undefined) here = join(here, into);
  }
  return { project: here, said };
}

interface World {
  readonly api: string;
  readonly pki: string;
  readonly folder: string;
  /** A folder as CREDENTIALS names it, changed. */
  credentials(name: string, change?: (folder: string) => void): string;
}

/** A server behind TLS of a CA, which says of everything that it is denied; credentials for it. */
async function world(t: Test, dir: string): Promise<World> {
  const pki = join(dir, 'pki');
  await initPki(pki);
  const files = await issueServer(pki);
  await issueClient(pki, 'counter');
  const server = createServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) }, (_request, response) =>
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html>not a gateway</html>'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const folder = join(pki, 'clients', 'counter');
  return {
    api: `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    pki,
    folder,
    credentials(name, change = () => undefined) {
      const made = join(dir, name);
      mkdirSync(made);
      for (const file of ['cert.pem', 'key.pem']) cpSync(join(folder, file), join(made, file));
      cpSync(join(pki, 'ca.pem'), join(made, 'ca.pem'));
      change(made);
      return made;
    },
  };
}

const SHOWN: readonly RegExp[] = [
  /Traceback|File "/,
  /^\s+at /m,
  /Exception in thread/,
  /node:internal/,
  /Error: .*\n\s/,
];

/** Told in one line, with the exit code of "no answer", and nothing on stdout. */
function oneLine(t: Test, what: string, { code, stdout, stderr }: Ended): void {
  t.equal(code, 2, `${what}: exit code`);
  t.equal(stdout, '', what);
  t.match(stderr, /^[^\n]+\n$/, `${what}: one line`);
  for (const shape of SHOWN) t.notMatch(stderr, shape, what);
}

/** Name → the environment, of what a newcomer gets wrong. */
async function wrong(
  here: World,
  other: string,
): Promise<Readonly<Record<string, Readonly<Record<string, string | undefined>>>>> {
  const CREDENTIALS = here.credentials('right');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    'no address': { CREDENTIALS },
    'an empty address': { API: '', CREDENTIALS },
    'no address but words': { API: 'the gateway', CREDENTIALS },
    'an address without a scheme': { API: '127.0.0.1:8443', CREDENTIALS },
    'a port that is none': { API: 'https://127.0.0.1:notaport', CREDENTIALS },
    'another scheme': { API: 'ftp://127.0.0.1', CREDENTIALS },
    'a host that is not there': { API: 'https://gateway.invalid', CREDENTIALS },
    'a port where nobody listens': { API: 'https://127.0.0.1:9', CREDENTIALS },
    'no credentials': { API: here.api },
    'a folder that is not there': { API: here.api, CREDENTIALS: join(CREDENTIALS, 'nowhere') },
    'a key that is none': {
      API: here.api,
      CREDENTIALS: here.credentials('no-key', (folder) => writeFileSync(join(folder, 'key.pem'), 'no key\n')),
    },
    'the key of another': {
      API: here.api,
      CREDENTIALS: here.credentials('other-key', (folder) =>
        writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' })),
      ),
    },
    'an authority that is none': {
      API: here.api,
      CREDENTIALS: here.credentials('no-ca', (folder) => writeFileSync(join(folder, 'ca.pem'), 'no certificate\n')),
    },
    'a gateway of another authority': {
      API: here.api,
      CREDENTIALS: here.credentials('other-ca', (folder) => cpSync(other, join(folder, 'ca.pem'))),
    },
  };
}

t.test('the TypeScript example: packed, installed without a network, compiled as its README says', async (t) => {
  const base = t.testdir({ mine: {}, theirs: {} });
  const { project, said } = await followed(join(base, 'mine'));
  t.ok(
    said.some(({ command }) => command.startsWith('npm install ')) &&
      said.some(({ command }) => command.includes('tsc --noEmit')),
    said.map(({ command }) => command).join('; '),
  );
  for (const { command, code, stdout, stderr } of said) t.equal(code, 0, `${command}\n${stdout}${stderr}`);
  const installed = readdirSync(join(project, 'node_modules')).filter(
    (name) => !name.startsWith('.') && !['@types', '@typescript', 'typescript', 'undici-types'].includes(name),
  );
  t.strictSame(installed, ['yitong'], 'it brings no other package');
  const {
    dependencies = {},
    peerDependencies = {},
    optionalDependencies = {},
  } = JSON.parse(readFileSync(join(project, 'node_modules', 'yitong', 'package.json'), 'utf8')) as Readonly<
    Record<string, object>
  >;
  t.strictSame({ ...dependencies, ...peerDependencies, ...optionalDependencies }, {});
  t.notOk(
    existsSync(join(project, 'node_modules', 'yitong', 'dist', 'gateway', 'http', 'app.js')),
    'and nothing of the server',
  );

  const here = await world(t, join(base, 'theirs'));
  const other = join(base, 'other-pki');
  await initPki(other);
  for (const [what, env] of Object.entries(await wrong(here, join(other, 'ca.pem'))))
    oneLine(
      t,
      what,
      await ended(
        process.execPath,
        ['out/query.js', 'uscc:91990102MA00001692', 'open-restaurant', 'samr.food-licence'],
        env,
        project,
      ),
    );
  const env = { API: here.api, CREDENTIALS: here.credentials('again') };
  for (const program of ['query', 'publish', 'watch'])
    oneLine(t, `${program} without arguments`, await ended(process.execPath, [`out/${program}.js`], env, project));
});

t.test('the Python examples', async (t) => {
  if (spawnSync('python3', ['--version']).status !== 0) return missingHere(t, 'Python 3: not here');
  const here = await world(t, t.testdir());
  const other = join(t.testdirName, 'other-pki');
  await initPki(other);
  const python = (args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<Ended> =>
    ended('python3', ['-B', ...args], env, join(examples, 'python'));
  for (const [what, env] of Object.entries(await wrong(here, join(other, 'ca.pem')))) {
    oneLine(
      t,
      what,
      await python(['verify.py', 'uscc:91990102MA00001692', 'bidder-check', 'samr.company-register', 'name', 'x'], env),
    );
  }
  const env = { API: here.api, CREDENTIALS: here.credentials('again') };
  for (const program of ['query.py', 'batch.py', 'publish.py', 'verify.py', 'receipt.py'])
    oneLine(t, `${program} without arguments`, await python([program], env));
  oneLine(
    t,
    'a file that is not there',
    await python(['receipt.py', '/nowhere/answer.json'], { ...env, LOG_VKEY: 'x' }),
  );
});

t.test('the Java examples', async (t) => {
  const modules = spawnSync('java', ['--list-modules'], { encoding: 'utf8' });
  if (modules.status !== 0 || !/^jdk\.compiler@(?:1[7-9]|[2-9]\d)/m.test(modules.stdout))
    return missingHere(t, 'JDK 17 with its compiler: not here');
  const here = await world(t, t.testdir());
  const dir = t.testdirName;
  const other = join(dir, 'other-pki');
  await initPki(other);
  const classes = join(dir, 'classes');
  const compiled = spawnSync(
    'java',
    [
      '--module',
      'jdk.compiler/com.sun.tools.javac.Main',
      '-d',
      classes,
      ...['Query', 'Batch', 'Receipt'].map((name) => join(examples, 'java', `${name}.java`)),
    ],
    { encoding: 'utf8' },
  );
  t.equal(compiled.status, 0, compiled.stderr);
  const java = (
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<Ended> => ended('java', ['-XX:TieredStopAtLevel=1', '-cp', classes, name, ...args], env, dir);
  const files = await issueClient(here.pki, 'counter2', { p12: true });
  const right = {
    API: here.api,
    CA: join(here.pki, 'ca.pem'),
    BUNDLE: files.p12 ?? '',
    BUNDLE_PASSWORD_FILE: files.password ?? '',
  };
  const wrongPassword = join(dir, 'password');
  writeFileSync(wrongPassword, 'guess\n');
  const cases: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
    'no address': { ...right, API: undefined },
    'no address but words': { ...right, API: 'the gateway' },
    'an address without a scheme': { ...right, API: '127.0.0.1:8443' },
    'a port where nobody listens': { ...right, API: 'https://127.0.0.1:9' },
    'a host that is not there': { ...right, API: 'https://gateway.invalid' },
    'no bundle': { ...right, BUNDLE: undefined },
    'a bundle that is not there': { ...right, BUNDLE: '/nowhere/a.p12' },
    'a bundle that is none': { ...right, BUNDLE: right.CA },
    'another password': { ...right, BUNDLE_PASSWORD_FILE: wrongPassword },
    'an authority that is none': { ...right, CA: wrongPassword },
    'a gateway of another authority': { ...right, CA: join(other, 'ca.pem') },
  };
  for (const [what, env] of Object.entries(cases)) {
    oneLine(
      t,
      `Query: ${what}`,
      await java('Query', ['uscc:91990102MA00001692', 'open-restaurant', 'samr.food-licence'], env),
    );
    oneLine(t, `Batch: ${what}`, await java('Batch', ['overload-control', 'transport.vehicle-certificates'], env));
  }
  for (const name of ['Query', 'Batch', 'Receipt'])
    oneLine(t, `${name} without arguments`, await java(name, [], right));
  oneLine(t, 'a file that is not there', await java('Receipt', ['/nowhere/answer.json', 'x'], right));
  t.ok(new X509Certificate(readFileSync(right.CA)).ca);
});
