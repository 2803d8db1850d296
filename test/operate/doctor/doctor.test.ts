/**
 * `yitong doctor`: each thing that is wrong with an installation is found, said in words, and with what to do about it.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openBus } from '../../../connectors/bus/open.js';
import { Told } from '../../../gateway/ground/logging/words.js';
import { examine, loadChecks } from '../../../gateway/operate/doctor/examine.js';
import { type Check, ok, type Patient } from '../../../gateway/operate/doctor/port.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import { city } from '../../e2e/city.js';
import { run } from '../../e2e/command.js';
import { freePort } from '../../support/servers/ports.js';
import { complaints, findingsOf, type Installation, installation } from './world.js';

t.setTimeout(180_000);
const template = join(t.testdir(), 'template');
t.match(await run('init', template), { code: 0 });

/**
 * A folder of the machine's own, on a disk (the one for temporary files may be in memory, which a log must not be), to
 * which everybody gets: one that is closed keeps others from what is open in it.
 */
async function place(t: Test): Promise<string> {
  const dir = await mkdtemp(join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), 'yitong-doctor-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await chmod(dir, 0o755);
  return dir;
}

const served = async (
  t: Test,
  answer: (server: { readonly url: string }) => { readonly body: object; readonly date?: Date },
): Promise<string> => {
  const server: Server = createServer((_request, response) => {
    const { body, date } = answer({ url });
    response.writeHead(200, date === undefined ? {} : { date: date.toUTCString() }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return url;
};

t.test('a development city that runs is well, from the outside and on request from the inside', async (t) => {
  const running = await city(t, { data: join(await place(t), 'data') });
  const { code, stdout } = await run('doctor', '--data', running.data, '--deep', '--json');
  const told = JSON.parse(stdout) as {
    ok: boolean;
    failed: number;
    checks: { check: string; findings: { level: string; what: string; mend?: string }[] }[];
  };
  t.match({ code, ...told }, { code: 0, ok: true, failed: 0 });
  t.strictSame(
    told.checks.map(({ check }) => check),
    (await loadChecks()).map(([name]) => name),
    'every check was run',
  );
  const said = (check: string): string =>
    told.checks
      .find((one) => one.check === check)
      ?.findings.map(({ what }) => what)
      .join('\n') ?? '';
  t.match(said('running'), /is ready/);
  t.match(said('log'), /all [\d,]+ entries, \d+ bodies and \d+ journals verify/);
  t.match(said('datasets'), /never loaded: transport\.weighbridge-checks/, 'what was never pushed is named');
  const strict = await run('doctor', '--data', running.data, '--strict');
  t.equal(strict.code, 1, 'with --strict a warning counts');
  t.match(strict.stdout, /WARN .*never loaded.*\n +→ /, 'people read what to do below it');

  // a log that was changed: the checkpoint is looked at each time, the entries by a deep look
  await running.stop();
  const look = async (...more: readonly string[]) => run('doctor', '--data', running.data, '--only', 'log', ...more);
  const sound = await look('--deep');
  t.equal(sound.code, 0, sound.stdout);
  const file = join(running.data, 'log', 'checkpoint');
  const good = await readFile(file, 'utf8');
  await writeFile(file, good.replace(/\n\d+\n/, '\n999\n'));
  t.match(await look(), { code: 1, stdout: /FAIL .*\[log_invalid\]/ });
  await writeFile(file, good);
  const bodies = join(running.data, 'audit', 'bodies');
  const [name = ''] = (await readdir(bodies)).filter((entry) => entry.endsWith('.dat'));
  const bytes = await readFile(join(bodies, name));
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  await writeFile(join(bodies, name), bytes);
  t.match(await look(), { code: 0 });
  t.match(await look('--deep'), { code: 1, stdout: /FAIL .*the log does not verify/ });
});

t.test('a production installation that was never started is well, and looking makes nothing', async (t) => {
  const here = await installation(await place(t), template);
  const results = await here.look();
  t.strictSame(
    complaints(results).filter((line) => line.startsWith('fail')),
    [],
  );
  t.notOk(existsSync(join(here.data, 'bus')));
  t.notOk(existsSync(join(here.data, 'view')));
  t.notOk(existsSync(join(here.data, 'log')));
});

/** What is spoiled, the check that finds it, and how it says so. */
const FAULTS: readonly (readonly [string, string, RegExp, (here: Installation, t: Test) => Promise<void>])[] = [
  [
    'a certificate that is not there',
    'certificates',
    /fail: .*server\.pem cannot be read/,
    async ({ set }) => set({ gateway: { serverCert: '/nowhere/server.pem' } }),
  ],
  [
    'a key of another certificate',
    'certificates',
    /fail: the key in .* is not that of the certificate/,
    async ({ server, certify }) => {
      const cert = await readFile(server.cert);
      await certify(-1, 365);
      await writeFile(server.cert, cert);
    },
  ],
  [
    'a certificate that has ended',
    'certificates',
    /fail: the server certificate ended on/,
    async ({ certify }) => certify(-30, -1),
  ],
  [
    'a certificate that ends within the month',
    'certificates',
    /warn: the server certificate ends on 20\S+Z, in \d+ days/,
    async ({ certify }) => certify(-30, 12),
  ],
  [
    'a certificate of tomorrow',
    'certificates',
    /fail: the server certificate counts from .* on only/,
    async ({ certify }) => certify(1, 365),
  ],
  [
    'a key that everybody may read',
    'certificates',
    /warn: everybody on this machine may read/,
    async ({ server }) => chmod(server.key, 0o644),
  ],
  [
    'a certificate of the development CA',
    'certificates',
    /fail: the server certificate is of a development CA/,
    async ({ set, workspace }) => {
      const pki = join(workspace, '..', 'dev');
      await initPki(pki);
      await issueServer(pki);
      await set({
        gateway: { serverCert: join(pki, 'server', 'cert.pem'), serverKey: join(pki, 'server', 'key.pem') },
      });
    },
  ],
  [
    'a revocation list that is due',
    'anchors',
    /warn: the revocation list of anchor `city` was due on/,
    async ({ list }) => list(-0.02),
  ],
  [
    'a revocation list that has ended',
    'anchors',
    /fail: the revocation list of anchor `city` ended on .*nobody of it is let in/,
    async ({ list }) => list(-2),
  ],
  [
    'an anchor without a list',
    'anchors',
    /warn: anchor `city` has no revocation list/,
    async ({ anchor }) => {
      const { crl: _, crlGrace: __, ...rest } = JSON.parse(await readFile(anchor, 'utf8')) as Record<string, unknown>;
      await writeFile(anchor, JSON.stringify({ ...rest, noCrlBecause: 'its certificates live for a day' }));
    },
  ],
  [
    'an anchor that says nothing of its lists',
    'anchors',
    /fail: .*write `crl`, the file of its revocation lists, or `noCrlBecause`/,
    async ({ anchor }) => {
      const { crl: _, crlGrace: __, ...rest } = JSON.parse(await readFile(anchor, 'utf8')) as Record<string, unknown>;
      await writeFile(anchor, JSON.stringify(rest));
    },
  ],
  [
    'a grant whose term is over',
    'policies',
    /warn: the term of .* is over/,
    async ({ workspace }) => {
      const file = join(workspace, 'policies', 'grants', 'front-desk-shops.json');
      await writeFile(
        file,
        JSON.stringify({
          ...(JSON.parse(await readFile(file, 'utf8')) as object),
          from: '2020-01-01',
          until: '2020-12-31',
        }),
      );
    },
  ],
  ['an unknown key', 'configuration', /fail: .*\[bad_config\]/, async ({ set }) => set({ gateway: { prot: 1 } })],
  [
    'the name that every new log has',
    'configuration',
    /warn: the log is called `yitong\.example\/log`/,
    async ({ set }) => set({ audit: { origin: 'yitong.example/log' } }),
  ],
  [
    'a contract that does not load',
    'workspace',
    /fail: .*contract\.json/,
    async ({ workspace }) =>
      writeFile(join(workspace, 'contracts', 'datasets', 'office', 'shops', 'contract.json'), '{'),
  ],
  [
    'a topic with other partitions',
    'bus',
    /fail: topic .* has 7 partitions/,
    async ({ data, workspace }) => {
      const { prefix } = JSON.parse(await readFile(join(workspace, 'yitong.json'), 'utf8')) as { prefix: string };
      const bus = await openBus({ driver: 'embedded', dir: join(data, 'bus') });
      await bus.ensureTopics([{ topic: `${prefix}.office.shops`, partitions: 7, history: 'full' }]);
      await bus.close();
    },
  ],
  [
    'a broker that does not answer',
    'bus',
    /fail: .*\[bus_unavailable\]/,
    async ({ set }) =>
      set({
        bus: {
          driver: 'kafka',
          brokers: [`127.0.0.1:${await freePort()}`],
          clientId: 'y',
          replication: 1,
          minInsyncReplicas: 1,
          groupId: 'y',
        },
      }),
  ],
  [
    'a folder of the log that everybody may look into',
    'data',
    /warn: everybody on this machine may look into .*journal/,
    async ({ data }) => {
      await mkdir(join(data, 'journal'), { mode: 0o755 });
      await chmod(join(data, 'journal'), 0o755);
      await chmod(data, 0o755);
    },
  ],
  [
    'an identity provider that is away',
    'others',
    /warn: the identity provider cannot be reached/,
    async ({ set }) => set({ people: { issuer: `https://127.0.0.1:${await freePort()}` } }),
  ],
  [
    'an identity provider that calls itself otherwise',
    'others',
    /warn: the identity provider answers 200, and not as/,
    async ({ set }, t) =>
      set({ people: { issuer: await served(t, () => ({ body: { issuer: 'https://somebody.else' } })) } }),
  ],
  [
    'a clock that is an hour off',
    'others',
    /warn: the clock of the identity provider is 3[56]\d\d s ahead of ours/,
    async ({ set }, t) =>
      set({
        people: {
          issuer: await served(t, ({ url }) => ({ body: { issuer: url }, date: new Date(Date.now() + 3_600_000) })),
        },
      }),
  ],
  [
    'a port that somebody has',
    'running',
    /fail: 127\.0\.0\.1:\d+ cannot be listened on \(EADDRINUSE\)/,
    async ({ set }, t) => set({ gateway: { port: Number(new URL(await served(t, () => ({ body: {} }))).port) } }),
  ],
  [
    'a server that is no gateway on the health port',
    'running',
    /fail: .*not ready|fail: something else/,
    async ({ set }, t) => {
      const server = createServer((_request, response) => response.end('<html>'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      t.teardown(() => server.close());
      await set({ gateway: { healthPort: (server.address() as AddressInfo).port } });
    },
  ],
];

for (const [what, check, said, spoil] of FAULTS) {
  t.test(`${what} is found, with what to do about it`, async (t) => {
    const here = await installation(await place(t), template);
    await spoil(here, t);
    const results = await here.look([check]);
    t.ok(
      complaints(results).some((line) => said.test(line)),
      complaints(results).join('\n'),
    );
    for (const { level, what: found, mend } of findingsOf(results))
      if (level === 'fail' || level === 'warn') t.ok((mend ?? '').length > 10, `says what to do: ${found}`);
  });
}

t.test('a check that breaks or hangs is a finding, and the others are run', async (t) => {
  const patient = { deep: false, signal: AbortSignal.timeout(10_000) } as Patient;
  const check = (order: number, run: Check['run']): Check => ({ about: 'x', order, run });
  const results = await examine(
    patient,
    [
      [
        'breaks',
        check(0, async () => {
          throw new Told('no such thing');
        }),
      ],
      ['hangs', check(1, () => new Promise(() => undefined))],
      [
        'breaks again',
        check(2, async () => {
          throw new Told('no such thing');
        }),
      ],
      ['works', check(3, async () => [ok('fine')])],
    ],
    undefined,
    50,
  );
  t.match(
    results.map(({ findings }) => findings),
    [
      [{ level: 'fail', what: 'no such thing' }],
      [{ level: 'fail', what: /within 0.05 s/ }],
      [{ level: 'note', what: /not looked at/ }],
      [{ level: 'ok' }],
    ],
  );
});

t.test('an unknown check is refused by name, and the list says what each looks at', async (t) => {
  const unknown = await run('doctor', '--only', 'wether');
  t.match(unknown, { code: 2, stderr: /no check `wether`.*bad_request/ });
  t.match(await run('doctor', '--only', 'list'), { code: 0, stdout: /bus +the bus and its topics/ });
});
