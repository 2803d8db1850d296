/**
 * A subject that is erased at one of two gateways with one state is erased at both: no file of either, no table, no
 * dump of the server and no topic names it, and no key is left under which anything of it could be read.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import { dayIn } from '../../gateway/documents/compute/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { PostgresState } from '../../gateway/ground/state/postgres/state.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { sharedSealingKeys } from '../../gateway/log/entries/sealing-keys.js';
import { missingHere } from '../support/missing.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { ask, until } from './ask.js';
import { type City, cli } from './city.js';
import type { Ended } from './command.js';
import { type Pair, pairOfCities, type Side } from './pair.js';
import { companies } from './stories.js';
import { contentOf, filesOf, topicsOf, traces } from './traces.js';

t.setTimeout(900_000);

const HALF = 32;
const asked = { report: 'credit', from: '2022-01-01', to: dayIn(Date.now()), purpose: 'listing', bearer: '云州银行' };

/** A command beside one of the two, as its operator runs it. */
const command = ({ workspace, env }: Pair, side: Side, at: City, ...args: string[]): Promise<Ended> =>
  promisify(execFile)(process.execPath, [cli, ...args, '--workspace', workspace, '--json', ...dataOf(args, at)], {
    env: { ...process.env, ...env(side) },
    maxBuffer: 64 << 20,
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: Ended) => failed,
  );
const dataOf = ([first]: readonly string[], { data }: City): string[] => (first === 'state' ? [] : ['--data', data]);

const found = async (pair: Pair, side: Side, at: City, subject: string): Promise<number> => {
  const { stdout, stderr, code } = await command(pair, side, at, 'audit', 'search', '--subject', subject);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as readonly unknown[]).length;
};

/** All that the server gives out of the database: as its administrator copies it. */
async function dumped(t: Test, { postgres }: Pair): Promise<Buffer> {
  const run = promisify(execFile);
  const binary = await run('sh', ['-c', 'command -v pg_dump || ls /usr/lib/postgresql/*/bin/pg_dump | tail -1']);
  const program = binary.stdout.trim();
  if (program === '') missingHere(t, 'pg_dump: not installed here');
  else {
    const { stdout } = await run(program, ['--dbname', postgres.url, '--inserts'], { maxBuffer: 512 << 20 });
    return Buffer.from(stdout);
  }
  const { rows } = await postgres.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'yitong'");
  const parts = await Promise.all(
    rows.map(async ({ tablename }) => (await postgres.sql(`SELECT x::text FROM yitong.${String(tablename)} x`)).rows),
  );
  return Buffer.from(JSON.stringify(parts));
}

/** Halves of keys that stand in a folder, in hexadecimal. */
function halvesOf(at: City): ReadonlySet<string> {
  const bytes = readFileSync(join(auditLayout(at.data).subjectKeys, 'halves'));
  const all = new Set<string>();
  for (let i = HALF; i + HALF <= bytes.length; i += HALF) all.add(bytes.subarray(i, i + HALF).toString('hex'));
  all.delete('00'.repeat(HALF));
  return all;
}

async function pseudonymAt(at: City, subject: string): Promise<string | undefined> {
  const keys = openSubjectKeys({ dir: auditLayout(at.data).subjectKeys });
  try {
    return keys.get(subject)?.pseudonym;
  } finally {
    await keys.close();
  }
}

async function erases(t: Test, broker: string, oneLog: boolean): Promise<void> {
  const pair = await pairOfCities(t, broker, { oneLog });
  if (pair === undefined) return;
  let west = await pair.start('west');
  const east = await pair.start('east');
  const [erased = '', other = ''] = await companies(east.data);

  const everything = async (): Promise<void> => {
    for (const at of [east, west]) {
      const centre = await at.as('credit-report-centre');
      for (const subject of [erased, other]) {
        const body = { ...asked, as: subject, subjects: [subject] };
        await until(
          'the registers',
          async () => (await centre.previewReport(body)).model,
          (model) => model?.sections.every(({ missing }) => missing.length === 0) === true,
        );
        await centre.issueReport(body);
        const opened = await ask(at.api, at.pki, 'credit-report-centre', {
          method: 'POST',
          path: '/v1/objections',
          body: {
            lifecycle: 'omission',
            dataset: 'samr.penalties',
            subject,
            act: 'file',
            fields: { missing: '2026年3月的不予处罚决定没有登记' },
          },
          headers: { 'yitong-subject': subject },
        });
        // of two at both, the first has it
        t.ok(opened.status === 201 || opened.status === 409, opened.text);
      }
    }
  };
  /** Nothing names either of the two companies: not before, not after. */
  const scan = async (): Promise<string> => {
    const texts = new Map<string, Buffer>();
    for (const [side, at] of Object.entries({ east, west })) {
      for (const [file, bytes] of filesOf(at.data)) texts.set(`${side}/${file}`, bytes);
      texts.set(`${side}: stderr`, Buffer.from(at.said()));
      texts.set(`${side}: /metrics`, Buffer.from(await (await fetch(`${at.health}/metrics`)).text()));
    }
    for (const folder of ['east/journal', 'west/journal', 'west/audit/bodies', 'east/audit/keys', 'west/audit/keys'])
      t.ok(
        [...texts.keys()].some((file) => file.startsWith(`${folder}/`)),
        `${folder} is looked through`,
      );
    const dump = await dumped(t, pair);
    t.ok(dump.length > 10_000 && dump.includes('subject-key'), 'the dump has what is shared');
    texts.set('the dump', dump);
    const { contracts } = await loadWorkspace(packageRoot());
    const records = new Set([...contracts.keys()].map((id) => `${pair.prefix}.${id}`));
    const topics = (await topicsOf(broker, pair.prefix)).filter((name) => !records.has(name));
    t.ok(topics.length > 0);
    for (const [topic, bytes] of await contentOf(broker, topics)) texts.set(topic, bytes);
    t.same(traces(texts, [erased, other]), []);
    return dump.toString('latin1');
  };

  await everything();
  const sides = { east, west };
  // where there is one log, the one that sequences has the entries of both
  const searched = oneLog ? (['west'] as const) : (['east', 'west'] as const);
  for (const side of searched)
    await until(
      `entries of ${side}`,
      () => found(pair, side, sides[side], erased),
      (count) => count >= 2,
    );
  const state = new PostgresState({ server: pair.state.server, schema: 'yitong', user: pair.state.user });
  t.teardown(() => state.close());
  const shared = await sharedSealingKeys(state);
  const sharedKey = await shared.find(erased);
  t.ok(sharedKey, 'there is a key that both share');
  const before = { east: await pseudonymAt(east, erased), west: await pseudonymAt(west, erased) };
  t.ok(before.east !== undefined && before.west !== undefined && before.east !== before.west, 'each has its own');
  const halves = { east: halvesOf(east), west: halvesOf(west) };
  const dump = await scan();
  const [kept] = (await state.documents('subject-key', { link: `pseudonym/${sharedKey?.pseudonym ?? ''}` })).documents;
  const wrapped = (kept?.body as { readonly key?: string } | undefined)?.key ?? '-';
  t.ok(dump.includes(wrapped), 'wrapped it stands in the dump');

  const order = ['--reason', 'order 1', '--legal-basis', '个人信息保护法 Art.47'];
  const done = await command(pair, 'east', east, 'audit', 'erase', erased, ...order);
  t.equal(done.code, 0, done.stderr);
  t.match(JSON.parse(done.stdout), { erased: true, waiting: undefined });
  for (const side of ['east', 'west'] as const) {
    t.not(await pseudonymAt(sides[side], erased), before[side], `the key of ${side} is gone`);
    const left = halvesOf(sides[side]);
    const gone = [...halves[side]].filter((half) => !left.has(half));
    t.equal(gone.length, 1, 'one half was overwritten');
    const files = filesOf(sides[side].data);
    t.same(
      [...files]
        .filter(([, bytes]) => gone.some((half) => bytes.includes(Buffer.from(half, 'hex'))))
        .map(([name]) => name),
      [],
      `it stands in no file of ${side}`,
    );
  }
  t.equal(await (await sharedSealingKeys(state)).find(erased), undefined, 'the key that both shared is gone');
  const after = await scan();
  t.notOk(after.includes(wrapped), 'and from the dump');
  for (const side of searched) {
    await until(
      `the log of ${side} without it`,
      () => found(pair, side, sides[side], erased),
      (count) => count === 0,
    );
    t.ok((await found(pair, side, sides[side], other)) > 0, 'the other company is there');
    const verified = await command(pair, side, sides[side], 'audit', 'verify');
    t.match(JSON.parse(verified.stdout), { ok: true });
    t.ok((JSON.parse(verified.stdout) as { readonly erased: number }).erased >= 2);
  }

  // one that is down when it is ordered carries it out when it is back, and until then everybody sees that it waits
  const mine = await pseudonymAt(oneLog ? east : west, other);
  const down = oneLog ? 'east' : 'west';
  const [up, upSide] = oneLog ? ([west, 'west'] as const) : ([east, 'east'] as const);
  await sides[down].stop();
  const without = await command(pair, upSide, up, 'audit', 'erase', other, ...order);
  t.equal(without.code, 1);
  t.match(JSON.parse(without.stdout), { erased: true, waiting: [String] });
  t.match(without.stderr, /not seen to be carried out by/);
  const replicas = await command(pair, upSide, up, 'state', 'replicas');
  t.equal(replicas.code, 1);
  t.match(
    (JSON.parse(replicas.stdout) as { readonly replicas: readonly { readonly waiting: number }[] }).replicas
      .map(({ waiting }) => waiting)
      .sort(),
    [0, 1],
  );
  await until(
    'the age of what waits',
    async () =>
      Number(
        /yitong_erasures_age_seconds\{of="any"\} ([\d.]+)/.exec(
          await (await fetch(`${up.health}/metrics`)).text(),
        )?.[1],
      ),
    (age) => age > 0,
  );
  t.equal(await pseudonymAt(sides[down], other), mine, 'its key is there still');
  const back = await pair.start(down);
  if (down === 'west') west = back;
  await until(
    'the replica that was down',
    async () => (await command(pair, upSide, up, 'state', 'replicas')).code,
    (code) => code === 0,
  );
  t.not(await pseudonymAt(back, other), mine, 'and then it is gone');
}

const broker = kafkaForTest(t);
if (broker !== undefined) {
  void t.test('erased at one of two with logs of their own', (t) => erases(t, broker, false));
  void t.test('erased at one of two with one log', (t) => erases(t, broker, true));
}
