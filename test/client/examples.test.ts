import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { bytesOf, type ReceiptAnswer, receiptId, verifyPromise, verifyReceipt } from '../../gateway/client/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { issueClient } from '../../gateway/operate/pki/authority.js';
import { until } from '../e2e/ask.js';
import type { City } from '../e2e/city.js';
import { missingHere } from '../support/missing.js';
import { pythonForTest } from '../support/python.js';
import { exampleCity } from './city.js';
import { project } from './outside.js';

t.setTimeout(300_000);

const examples = join(packageRoot(), 'docs', 'examples');
const COMPANY = 'uscc:91990102MA00001692';
const FLEETS = ['uscc:91990101MA000013H9', 'uscc:91990101MA000015BQ'];
const DATASET = 'transport.weighbridge-checks';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program as its reader starts it. */
type Start = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
  told?: (stdout: string) => void,
) => Promise<Ended>;

const started =
  (program: string, before: readonly string[]): Start =>
  (args, env, input = '', told = () => undefined) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, [...before, ...args], {
        env: { ...process.env, ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => told((stdout += text)));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
      child.stdin.end(input);
    });

/** A folder as the programs want it, of one client. */
function credentials(city: City, dir: string, client: string): string {
  const folder = join(dir, client);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(city.pki, 'ca.pem'), join(folder, 'ca.pem'));
  for (const name of ['cert.pem', 'key.pem']) copyFileSync(join(city.pki, 'clients', client, name), join(folder, name));
  return folder;
}

const checks = (of: string, from: number): string =>
  [`91990101MA000013H9`, `91990101MA000013H8`]
    .map((uscc, i) =>
      JSON.stringify({
        position: `${of}/${String(from + i)}`,
        value: {
          checkNumber: `${of}-${String(from + i)}`,
          uscc,
          name: null,
          plate: '云XA2421',
          station: '望江渡口超限检测站',
          checkedAt: '2026-10-27T01:12:40.000Z',
          totalMass: 40_000,
          limit: 49_000,
          overloaded: false,
          position: null,
        },
      }),
    )
    .join('\n');

/** One byte of the receipt or of the answer changed, in ways that keep the file readable. */
const forged = (answer: string): readonly (readonly [string, string])[] => [
  ['another answer', answer.replace('"status":"current"', '"status":"stale"')],
  ['another leaf', answer.replace(/"leaf":"(.)/, (_, one: string) => `"leaf":"${one === 'A' ? 'B' : 'A'}`)],
];
const forgedPromise = (answer: string): readonly (readonly [string, string])[] => [
  ...forged(answer).slice(1),
  ['a later time', answer.replace(/"mergeBy":"\d/, '"mergeBy":"3')],
  [
    'another signature',
    answer.replace(
      /"signature":"(.{20})(.)/,
      (_, head: string, one: string) => `"signature":"${head}${one === 'A' ? 'B' : 'A'}`,
    ),
  ],
];

t.test('the examples of docs/examples run as their reader runs them', async (t) => {
  const city = await exampleCity(t);
  const dir = t.testdir();
  const counter = { API: city.api, CREDENTIALS: credentials(city, dir, 'one-stop-counter') };
  const publisher = { API: city.api, CREDENTIALS: credentials(city, dir, 'transport-connector') };
  const licensing = { API: city.api, CREDENTIALS: credentials(city, dir, 'transport-licensing') };
  const bidding = { API: city.api, CREDENTIALS: credentials(city, dir, 'bidding-centre') };
  const away = { ...counter, API: 'https://127.0.0.1:9' };
  const vkeys = join(city.data, 'log', 'replicas');
  const logVkey = (): string => readFileSync(join(city.data, 'log', 'vkey'), 'utf8').trim();
  const replicaVkey = (): string => readFileSync(join(vkeys, readdirSync(vkeys)[0] ?? ''), 'utf8').trim();
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };

  await t.test('TypeScript', async (t) => {
    const { dir: outside, compile } = project(t.testdir());
    for (const name of readdirSync(join(examples, 'typescript')))
      if (name.endsWith('.ts')) copyFileSync(join(examples, 'typescript', name), join(outside, name));
    t.equal(await compile(), '');
    const node = (name: string): Start => started(process.execPath, [join(outside, 'out', name)]);
    const asked = await node('query.js')([COMPANY, 'open-restaurant', 'samr.food-licence', 'tax.tax-arrears'], {
      ...counter,
      REPLICA_VKEY: replicaVkey(),
    });
    t.match(
      asked,
      {
        code: 0,
        stdout: new RegExp(
          'samr\\.food-licence: current\\n {2}\\{.*JY29901050000156.*\\n[^]*' +
            'tax\\.tax-arrears: denied \\(not_granted\\)\\nreceipt w1-[0-9a-f]+:\\d+, in the log by 20',
        ),
      },
      asked.stderr,
    );
    t.match(await node('query.js')([COMPANY, 'open-restaurant', 'tax.tax-arrears'], counter), {
      code: 1,
      stderr: /refused: denied \(403\)[^]*tax\.tax-arrears: not_granted/,
    });
    t.match(
      await node('query.js')([COMPANY, 'open-restaurant', 'samr.food-licence'], {
        ...counter,
        API: 'https://127.0.0.1:9',
      }),
      { code: 2, stderr: /no answer: ECONNREFUSED/ },
    );
    t.match(await node('publish.js')([DATASET], publisher, checks('ts', 1)), {
      code: 1,
      stdout: 'ts/1: published\nts/2: quarantined (bad_check_digit)\n',
    });
    t.match(await node('publish.js')([DATASET], publisher, checks('ts', 1).split('\n')[0]), {
      code: 0,
      stdout: 'ts/1: unchanged\n',
    });
    const centre = await city.as('credit-report-centre');
    const { id, code } = await centre.issueReport({
      report: 'food-safety',
      as: COMPANY,
      subjects: [COMPANY],
      from: '2021-11-01',
      to: '2026-10-27',
      purpose: 'supply',
      bearer: 'canteen',
    });
    // revoked once the program has said what it found: by then it watches
    let revoked: Promise<unknown> | undefined;
    const watching = node('watch.js')([code, 'nobodys'], bidding, '', (said) => {
      if (said.includes('2: unknown')) revoked ??= centre.revokeReport(id, 'by mistake');
    });
    t.match(await watching, { code: 0, stdout: /^1: genuine \(food-safety\)\n2: unknown\n\S{8} is revoked\n$/ });
    await revoked;
  });

  await t.test('Python', async (t) => {
    if (spawnSync('python3', ['--version']).status !== 0) return missingHere(t, 'Python 3: not here');
    const python = (name: string, program = 'python3'): Start =>
      started(program, ['-B', join(examples, 'python', name)]);
    const asked = await python('query.py')(
      [COMPANY, 'open-restaurant', 'samr.food-licence', 'tax.tax-arrears'],
      counter,
    );
    t.match(asked, {
      code: 0,
      stdout: /JY29901050000156/,
      stderr: /samr\.food-licence: current[^]*tax\.tax-arrears: denied not_granted/,
    });
    t.match(await python('query.py')([COMPANY, 'open-restaurant', 'tax.tax-arrears'], counter), {
      code: 1,
      stderr: /refused: denied \(403\)[^]*tax\.tax-arrears: not_granted/,
    });
    t.match(
      await python('verify.py')(
        [COMPANY, 'bidder-check', 'samr.company-register', 'registeredOn', '2004-11-25'],
        bidding,
      ),
      { code: 0, stdout: 'registeredOn: match\n' },
    );
    t.match(
      await python('batch.py')(['overload-control', 'transport.vehicle-certificates'], licensing, FLEETS.join('\n')),
      { code: 0, stdout: `${FLEETS.map((one) => `${one}: current, 1 records`).join('\n')}\n` },
    );
    t.match(await python('batch.py')(['overload-control', 'transport.vehicle-certificates'], counter, FLEETS[0]), {
      code: 1,
      stderr: /denied/,
    });
    t.match(await python('publish.py')([DATASET], publisher, checks('py', 1)), {
      code: 1,
      stdout: 'py/1: published\npy/2: quarantined bad_check_digit\n',
    });
    t.match(
      await python('verify.py')([COMPANY, 'bidder-check', 'samr.company-register', 'name', 'x'], {
        ...away,
        CREDENTIALS: bidding.CREDENTIALS,
      }),
      { code: 2, stderr: /no answer/ },
    );

    const centre = await city.as('credit-report-centre');
    const handed = await centre.issueReport({
      report: 'credit',
      as: COMPANY,
      subjects: [COMPANY],
      from: '2021-11-01',
      to: '2026-10-27',
      purpose: 'financing',
      bearer: 'Bank of Yunzhou',
    });
    const bank = { API: city.api, CREDENTIALS: credentials(city, dir, 'partner-bank') };
    const state = join(dir, 'documents.after');
    t.match(
      await python('documents.py')([state, handed.code, 'nobodys'], bank),
      { code: 0, stdout: `1: genuine ${handed.document}\n2: unknown\n` },
      'a bank verifies what it was handed',
    );
    await centre.revokeReport(handed.id, 'by mistake');
    const told = `${handed.document} is revoked\n`;
    await until(
      'what has changed',
      () => python('documents.py')([state], bank),
      ({ stdout }) => stdout === told,
    );
    t.equal((await python('documents.py')([state], bank)).stdout, '', 'and is told it once');

    const able = pythonForTest(t, 'cryptography', 'cryptography');
    if (able === undefined) return;
    const receipt = (answer: string, more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
      python('receipt.py', able)([answer], { ...counter, LOG_VKEY: logVkey(), ...more });
    t.match(await receipt(file('answer.json', asked.stdout)), {
      code: 0,
      stdout: /^verified: entry \d+, one-stop-counter for open-restaurant\n$/,
    });
    for (const [what, text] of forged(asked.stdout)) {
      t.not(text, asked.stdout);
      t.match(await receipt(file('forged.json', text)), { code: 1, stderr: /does not verify/ }, what);
    }
    t.match(
      await receipt(join(dir, 'answer.json'), { LOG_VKEY: replicaVkey() }),
      { code: 1, stderr: /does not verify/ },
      'another key',
    );
  });

  await t.test('Java', async (t) => {
    const modules = spawnSync('java', ['--list-modules'], { encoding: 'utf8' });
    if (modules.status !== 0 || !/^jdk\.compiler@(?:1[7-9]|[2-9]\d)/m.test(modules.stdout))
      return missingHere(t, 'JDK 17 with its compiler: not here');
    // from source once, as a reader starts it; then compiled, since each start from source compiles anew
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
    const fromSource = (name: string): Start => started('java', [join(examples, 'java', `${name}.java`)]);
    const java = (name: string): Start => started('java', ['-cp', classes, name]);
    const env = async (client: string): Promise<Readonly<Record<string, string>>> => {
      const files = await issueClient(city.pki, client, { p12: true, trustDomain: 'yunzhou.example' });
      return {
        API: city.api,
        CA: join(city.pki, 'ca.pem'),
        BUNDLE: files.p12 ?? '',
        BUNDLE_PASSWORD_FILE: files.password ?? '',
      };
    };
    const own = await env('one-stop-counter');
    const asked = await fromSource('Query')([COMPANY, 'open-restaurant', 'samr.food-licence', 'tax.tax-arrears'], own);
    t.match(asked, { code: 0, stdout: /JY29901050000156/ }, asked.stderr);
    t.match(await java('Query')([COMPANY, 'open-restaurant', 'tax.tax-arrears'], own), {
      code: 1,
      stderr: /refused: denied \(403\), request \S/,
    });
    t.match(
      await java('Query')([COMPANY, 'open-restaurant', 'samr.food-licence'], { ...own, API: 'https://127.0.0.1:9' }),
      { code: 2, stderr: /no answer/ },
    );
    const batch = await java('Batch')(
      ['overload-control', 'transport.vehicle-certificates'],
      await env('transport-licensing'),
      FLEETS.join('\n'),
    );
    t.equal(batch.code, 0, batch.stderr);
    t.strictSame(
      batch.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { subject: string }).subject),
      FLEETS,
    );
    t.match(await java('Batch')(['overload-control', 'transport.vehicle-certificates'], own, FLEETS[0]), {
      code: 1,
      stderr: /refused: denied/,
    });

    const receipt = (answer: string, vkey = replicaVkey()): Promise<Ended> => java('Receipt')([answer, vkey], {});
    t.match(await receipt(file('java.json', asked.stdout)), {
      code: 0,
      stdout: /^promised: w1-[0-9a-f]+:\d+ is in the log by 20/,
    });
    for (const [what, text] of forgedPromise(asked.stdout)) {
      t.not(text, asked.stdout);
      t.match(await receipt(file('forged-java.json', text)), { code: 1, stderr: /does not verify/ }, what);
    }
    t.match(await receipt(join(dir, 'java.json'), logVkey()), { code: 1, stderr: /does not verify/ }, 'another key');
  });

  await t.test(
    'a receipt is verified offline, and every changed character of entry, proof, answer or promise is found',
    async (t) => {
      const gateway = await city.as('one-stop-counter');
      const answer = await gateway.query({
        purpose: 'open-restaurant',
        subject: COMPANY,
        datasets: [{ id: 'samr.food-licence', fields: ['status'] }],
      });
      const [vkey, replicaVkeys] = [logVkey(), replicaVkey()];
      t.equal(verifyPromise(answer, replicaVkeys).id, receiptId(answer.receipt));
      t.throws(
        () => verifyReceipt({ id: 'w:1', state: 'not_yet' }, vkey),
        { name: 'TypeError' },
        'what is not logged is not verified',
      );
      const logged = await until(
        'the entry',
        () => gateway.receipt(receiptId(answer.receipt)),
        ({ state }) => state === 'logged',
      );
      const verified = verifyReceipt(logged, vkey, { answer, replicaVkeys });
      t.match(verified, {
        index: logged.index,
        entry: { client: 'one-stop-counter', purpose: 'open-restaurant' },
        cosigned: [],
      });

      const other = (text: string, at: number): string =>
        `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      const refused = (call: () => unknown): boolean => {
        try {
          call();
          return false;
        } catch {
          return true;
        }
      };
      const found = (text: string, check: (changed: string) => unknown): readonly number[] =>
        [...text].flatMap((_, at) => (refused(() => check(other(text, at))) ? [] : [at]));
      for (const part of ['body', 'salt', 'proof'] as const)
        t.strictSame(
          found(logged[part] ?? '', (changed) => verifyReceipt({ ...logged, [part]: changed } as ReceiptAnswer, vkey)),
          [],
          part,
        );
      const bytes = bytesOf(answer) ?? Buffer.alloc(0);
      const without = bytes.subarray(0, bytes.lastIndexOf(',"receipt":'));
      const missed = [...without.keys()].filter(
        (at) =>
          !refused(() => {
            const changed = Buffer.from(bytes);
            changed[at] = (changed[at] ?? 0) ^ 1;
            verifyReceipt(logged, vkey, { answer: changed });
          }),
      );
      t.strictSame(missed, [], 'the answer, byte for byte');
      const { receipt } = answer;
      for (const part of ['journal', 'leaf', 'root', 'mergeBy', 'key', 'signature'] as const)
        t.strictSame(
          found(receipt[part], (changed) => verifyPromise({ ...receipt, [part]: changed }, replicaVkeys)),
          [],
          part,
        );
      for (const part of ['seq', 'first', 'count'] as const)
        t.ok(
          refused(() => verifyPromise({ ...receipt, [part]: receipt[part] + 1 }, replicaVkeys)),
          part,
        );
      t.throws(() => verifyReceipt(logged, replicaVkeys), { code: 'log_invalid' }, 'another key');
      t.throws(
        () => verifyReceipt(logged, vkey, { answer: { ...answer } }),
        { name: 'TypeError' },
        'a copy is not what was received',
      );
      const second = await gateway.query({
        purpose: 'open-restaurant',
        subject: COMPANY,
        datasets: [{ id: 'samr.food-licence', fields: ['status'] }],
      });
      t.throws(
        () => verifyReceipt(logged, vkey, { answer: second }),
        { code: 'log_invalid' },
        'another answer to the same question',
      );
    },
  );

  t.notMatch(city.said(), /MA00001692/, "and nobody's key stands in what the gateway said");
});
