/** A container of the image: what it can touch, and a first run of everything in it. */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { ask, until } from '../e2e/ask.js';
import { missingHere } from '../support/missing.js';
import { execContained, notContained, runContained, startContained } from './contained.js';
import { command, only } from './dockerfile.js';
import { makeRoot, temporary } from './root.js';

t.setTimeout(340_000);

const LOOK = `
const fs = require('node:fs');
const tries = {};
for (const folder of ['/', '/app', '/app/dist', '/etc', '/workspace', '/nodejs/bin', '/lib', '/dev', '/data', '/tmp']) {
  try { fs.writeFileSync(folder + '/probe', 'x'); tries[folder] = 'written'; } catch ({ code }) { tries[folder] = code; }
}
const status = fs.readFileSync('/proc/self/status', 'utf8');
const one = (name) => new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm').exec(status)[1];
const folders = fs.readdirSync('/').filter((name) => !['proc', 'dev', 'data', 'tmp'].includes(name));
const files = folders.flatMap((name) => fs.readdirSync('/' + name, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => entry.parentPath + '/' + entry.name);
const programs = files.filter((path) => (fs.statSync(path).mode & 0o111) !== 0 && !/\\.so[.\\d]*$/.test(path));
console.log(JSON.stringify({ tries, pid: process.pid, uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), capabilities: one('CapEff'), noNewPrivileges: one('NoNewPrivs'), programs }));
`;

t.test('the image runs as 65532, writes to /data and /tmp only, and holds no program but Node', (t) => {
  const missing = notContained();
  if (missing !== undefined) {
    missingHere(t, missing);
    return t.end();
  }
  const root = makeRoot(t);
  const dir = temporary(t);
  chmodSync(dir, 0o711);
  const workspace = join(dir, 'workspace');
  mkdirSync(workspace);
  const looked = runContained({ root, data: join(dir, 'data'), workspace }, ['/nodejs/bin/node', '-e', LOOK]);
  t.equal(looked.code, 0, looked.stderr);
  const seen = JSON.parse(looked.stdout) as { tries: Record<string, string>; programs: string[] };
  t.match(seen, {
    pid: 1,
    uid: 65532,
    gid: 65532,
    groups: [65532],
    capabilities: '0000000000000000',
    noNewPrivileges: '1',
  });
  const { '/data': data, '/tmp': tmp, ...others } = seen.tries;
  t.strictSame([data, tmp], ['written', 'written']);
  for (const [folder, outcome] of Object.entries(others)) t.equal(outcome, 'EROFS', `${folder} is read-only`);
  t.strictSame(seen.programs.sort(), ['/app/dist/gateway/cli/main.js', '/nodejs/bin/node']);
  t.match(runContained({ root, data: join(dir, 'data') }, command(['version'])), { code: 0, stdout: /^yitong / });
  t.match(
    runContained({ root, data: join(dir, 'data') }, command(['bench'])),
    { code: 2, stderr: /clone of the repository/ },
    'what is not in the image says so',
  );
  t.match(
    runContained({ root, data: join(dir, 'data') }, command()),
    { code: 2, stderr: /yitong\.json/ },
    'without a workspace it says what is missing',
  );
  t.end();
});

t.test(
  'a first run in a container: the city is up and healthy, answers, prints a report, and starts again after a kill',
  async (t) => {
    const missing = notContained();
    if (missing !== undefined) return missingHere(t, missing);
    const root = makeRoot(t);
    const dir = temporary(t);
    chmodSync(dir, 0o711);
    const options = { root, data: join(dir, 'data') };
    const start = async () => {
      const running = startContained(
        t,
        options,
        command(['up', '--data', '/data', '--port', '0', '--companies', '60', '--json']),
      );
      let code: number | null | undefined;
      void running.ended.then((ended) => (code = ended));
      const said = await until(
        'the city',
        () => Promise.resolve(running.said()),
        (text) => {
          if (code !== undefined) throw new Error(`up ended with ${code}: ${text.slice(-3000)}`);
          return text.includes('"ready":true');
        },
        120_000,
      );
      return {
        running,
        ...(JSON.parse(said.split('\n').find((line) => line.startsWith('{"ready"')) ?? '') as {
          api: string;
          health: string;
        }),
      };
    };
    const first = await start();
    const check = JSON.parse(only('HEALTHCHECK').replace(/^.* CMD /, '')) as string[];
    const port = new URL(first.health).port;
    t.equal(execContained(first.running, check, { YITONG_GATEWAY_HEALTH_PORT: port }).code, 0, 'it is healthy');
    t.equal(
      execContained(first.running, check, { YITONG_GATEWAY_HEALTH_PORT: '9' }).code,
      1,
      'and would be seen if it were not',
    );

    // the first step of the tour, which is declared beside the city
    const [step] = JSON.parse(readFileSync(join(packageRoot(), 'policies/tour.json'), 'utf8')) as {
      subject: string;
      datasets: string[];
      purpose: string;
      client: string;
    }[];
    if (step === undefined) throw new Error('the city has no tour');
    const { subject: company, datasets, purpose, client } = step;
    const asked = execContained(
      first.running,
      command([
        'query',
        company,
        '--datasets',
        datasets.join(','),
        '--purpose',
        purpose,
        '--as',
        client,
        '--data',
        '/data',
      ]),
    );
    t.equal(asked.code, 0, asked.stderr);
    const issued = execContained(
      first.running,
      command([
        'report',
        'issue',
        '--for',
        company,
        '--purpose',
        'listing',
        '--bearer',
        '云州证券',
        '--data',
        '/data',
        '--json',
      ]),
    );
    t.equal(issued.code, 0, issued.stderr);
    const { id, code } = JSON.parse(issued.stdout) as { id: string; code: string };
    const printed = await ask(first.api, join(options.data, 'pki'), 'credit-report-centre', {
      path: `/v1/reports/${id}`,
      headers: { accept: 'application/pdf', 'yitong-subject': company, 'yitong-code': code },
    });
    t.match(printed, { status: 200, text: /^%PDF-/ }, 'with its fonts');

    // as by the kernel for want of memory: its last words are the file that names process 1
    first.running.kill();
    await first.running.ended;
    const second = await start();
    second.running.terminate();
    t.equal(await second.running.ended, 0);
    t.match(runContained(options, command(['audit', 'verify', '--data', '/data'])), { code: 0, stdout: /verifies/ });
  },
);
