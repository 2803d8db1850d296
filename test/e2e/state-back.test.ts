/**
 * `yitong state move --to`: what people did goes from server to server and back into a data folder, with a city that
 * goes on there; killed at any moment and said again it is whole in the end, and never in two places that can be used.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { dayIn } from '../../gateway/documents/compute/index.js';
import { openEmbeddedRows } from '../../gateway/ground/state/lmdb/rows.js';
import { openEmbeddedState } from '../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../gateway/ground/state/port.js';
import { Pool } from '../../gateway/ground/state/postgres/pool.js';
import { withSchemaRows } from '../../gateway/ground/state/postgres/rows.js';
import { PostgresState } from '../../gateway/ground/state/postgres/state.js';
import { PARTS, type RowSource } from '../../gateway/ground/state/rows.js';
import { wholenessOf } from '../../gateway/ground/state/taken.js';
import { examplePlan } from '../../gateway/procedures/materials/example.js';
import { named, written } from '../procedures/cases/office.js';
import { postgresForTest, type TestPostgres } from '../support/servers/postgres.js';
import { stateForTest, type TestState } from '../support/servers/state.js';
import { sectionNaming, setState, workspaceNaming } from '../support/servers/state-workspace.js';
import { anyChange } from '../support/state-changes.js';
import { ask, until } from './ask.js';
import { Browser } from './browser.js';
import { type City, city, cli } from './city.js';
import { run } from './command.js';
import { companies } from './stories.js';

t.setTimeout(600_000);
const SUSPENDED = '/console/grants/counter-fire-checks';
const CENTRE = 'credit-report-centre';
const bundle = named('open-restaurant');
const MARK = 'taken-over';

interface Place {
  readonly postgres: TestPostgres;
  readonly stands: TestState;
}

async function places(t: Test, count: number): Promise<readonly Place[] | undefined> {
  const found: Place[] = [];
  for (let i = 0; i < count; i++) {
    const postgres = await postgresForTest(t);
    if (postgres === undefined) return undefined;
    found.push({ postgres, stands: await stateForTest(t, postgres) });
  }
  return found;
}

/** A file that names a server to move to. */
function target(dir: string, name: string, { postgres, stands }: Place) {
  const state = sectionNaming(dir, postgres, stands);
  const file = join(dir, `${name}.json`);
  writeFileSync(file, JSON.stringify({ state }));
  return { file, state };
}

const move = (workspace: string, data: string, ...more: readonly string[]) =>
  run('state', 'move', '--workspace', workspace, '--data', data, '--json', ...more);

async function rowsOf(source: RowSource): Promise<readonly string[]> {
  const found: string[] = [];
  for (const part of PARTS)
    for await (const some of source.rows(part))
      for (const row of some) if (row[0] !== MARK) found.push(`${part} ${sorted(row)}`);
  return found.sort();
}

/** The same text for the same JSON, whatever the order of its members. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

async function rowsAt({ stands }: Place): Promise<readonly string[]> {
  const owner = new Pool(stands.owner);
  try {
    return await withSchemaRows(owner, stands.schema, rowsOf);
  } finally {
    await owner.close();
  }
}

async function rowsIn(dir: string): Promise<readonly string[]> {
  const rows = openEmbeddedRows(dir);
  try {
    return await rowsOf(rows);
  } finally {
    await rows.close();
  }
}

/** Runs the command and kills it after so many ms, some times; then says it to its end. */
async function killedThenSaid(t: Test, args: Parameters<typeof move>, kills: readonly number[]): Promise<void> {
  const [workspace, data, ...more] = args;
  for (const ms of kills) {
    const words = ['state', 'move', '--workspace', workspace, '--data', data, ...more];
    const child = spawn(process.execPath, [cli, ...words], { stdio: 'ignore' });
    const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await Promise.race([over, pause(ms)]);
    child.kill('SIGKILL');
    await over;
  }
  const said = await move(...args);
  t.equal(said.code, 0, said.stderr);
}

void t.test('random contents go round, killed on the way, and every row arrives', async (t) => {
  const found = await places(t, 3);
  if (found === undefined) return;
  const [first, second, third] = found as [Place, Place, Place];
  const dir = t.testdir();
  const data = join(dir, 'data');
  const workspace = workspaceNaming(dir, first.postgres, first.stands);
  const stateOf = ({ stands: { server, schema, user } }: Place) => new PostgresState({ server, schema, user });
  const seed = Math.floor(Math.random() * 1e9);
  t.comment(`seed ${String(seed)}`);
  const changes = fc.sample(anyChange, { numRuns: 900, seed });
  const commit = async (state: State, from: number, to: number): Promise<void> => {
    for (const change of changes.slice(from, to)) await state.commit([change]);
    await state.close();
  };
  const kills = (): readonly number[] => Array.from({ length: 3 }, () => 400 + Math.random() * 2600);

  await commit(stateOf(first), 0, 300);
  setState(workspace, sectionNaming(workspace, first.postgres, first.stands));

  await t.test('not while a gateway has sessions there', async (t) => {
    const inUse = stateOf(first);
    await inUse.revision();
    const { file } = target(dir, 'second', second);
    for (const to of [file, 'embedded']) {
      const refused = await move(workspace, data, '--to', to);
      t.not(refused.code, 0);
      t.match(refused.stderr + refused.stdout, /stop all gateways/);
    }
    t.strictSame(await rowsAt(second), [], 'nothing went');
    await inUse.close();
  });

  await t.test('not onto itself, nor into a schema that is in use', async (t) => {
    const same = await move(workspace, data, '--to', target(dir, 'first', first).file);
    t.match(same.stderr + same.stdout, /source and target at once/);
    const taken = stateOf(third);
    await taken.commit([{ do: 'put', kind: 'paper', id: 'there', body: 1 }]);
    await taken.close();
    const full = await move(workspace, data, '--to', target(dir, 'third', third).file);
    t.match(full.stderr + full.stdout, /only an empty one/);
    const emptied = stateOf(third);
    await emptied.commit([{ do: 'remove', kind: 'paper', id: 'there' }]);
    await emptied.close();
  });

  await t.test('from server to server', async (t) => {
    const before = await rowsAt(first);
    t.ok(before.length > 150, `${String(before.length)} rows`);
    const { file, state } = target(dir, 'second', second);
    await killedThenSaid(t, [workspace, data, '--to', file], kills());
    t.strictSame(await rowsAt(second), before);
    const left = stateOf(first);
    await t.rejects(left.check(), { code: 'state_denied' }, 'nobody goes on where it was');
    await left.close();
    setState(workspace, state);
    await commit(stateOf(second), 300, 500);
  });

  await t.test('into a data folder', async (t) => {
    const before = await rowsAt(second);
    await killedThenSaid(t, [workspace, data, '--to', 'embedded'], kills());
    t.strictSame(await rowsIn(join(data, 'state')), before);
    const again = await move(workspace, data, '--to', 'embedded');
    t.equal(again.code, 0, 'said again it changes nothing');
    const state = openEmbeddedState({ dir: join(data, 'state') });
    t.equal((await wholenessOf(state))?.kind, 'all');
    await commit(state, 500, 700);
  });

  await t.test('what went on there is not replaced', async (t) => {
    const refused = await move(workspace, data, '--to', 'embedded');
    t.not(refused.code, 0);
    t.match(refused.stderr + refused.stdout, /only an empty one/);
  });

  await t.test('and to a server again, with all that came since; then back over what is older', async (t) => {
    const before = await rowsIn(join(data, 'state'));
    setState(workspace, { ...target(dir, 'third', third).state, driver: 'embedded' });
    await killedThenSaid(t, [workspace, data], kills());
    t.strictSame(await rowsAt(third), before);
    await commit(stateOf(third), 700, 900);
    setState(workspace, target(dir, 'third', third).state);
    const newest = await rowsAt(third);
    await killedThenSaid(t, [workspace, data, '--to', 'embedded'], kills());
    t.strictSame(await rowsIn(join(data, 'state')), newest);
  });
});

const credit = (company: string) => ({
  ...{ report: 'credit', from: '2022-01-01', to: dayIn(Date.now()), purpose: 'listing', bearer: '云州银行' },
  ...{ as: company, subjects: [company] },
});

/** What people and services see of what they did. */
async function seen(at: City, company: string, did: { readonly code: string; readonly case: string }) {
  const bidding = await at.as('bidding-centre');
  const counter = await at.as('one-stop-counter');
  const own = { headers: { 'yitong-subject': company } };
  const { text } = await ask(at.api, at.pki, CENTRE, { path: '/v1/objections?show=open', ...own });
  const one = await counter.oneCase(did.case, { as: company });
  const plan = await ask(at.api, at.pki, 'one-stop-counter', { path: `/v1/cases/${did.case}/materials/plan`, ...own });
  return {
    verified: (await bidding.verifyDocuments({ codes: [did.code] })).results.map(({ outcome }) => outcome),
    tickets: JSON.parse(text) as unknown,
    case: { phase: one.phase, items: one.items.map(({ item, status }) => `${item} ${status}`), values: one.values },
    events: (await counter.caseEvents(did.case, 0, { as: company })).map(({ by, act }) => `${by} ${act}`),
    plan: { status: plan.status, digest: plan.text.length },
  };
}

void t.test('a city goes on in its data folder with all that was done on the server', async (t) => {
  const found = await places(t, 1);
  const [place] = found ?? [];
  if (place === undefined) return;
  const dir = t.testdir();
  const data = join(dir, 'data');
  const workspace = workspaceNaming(dir, place.postgres, place.stands);
  setState(workspace, sectionNaming(workspace, place.postgres, place.stands));
  const options = { workspace, data, args: ['--companies', '60'], env: { YITONG_GATEWAY_WORKERS: '1' } };
  const before = await city(t, options);
  const [company = '', gone = ''] = await companies(data);
  const centre = await before.as(CENTRE);
  const { code } = await centre.issueReport(credit(company));
  const other = await centre.issueReport(credit(gone));
  const opened = await ask(before.api, before.pki, CENTRE, {
    method: 'POST',
    path: '/v1/objections',
    headers: { 'yitong-subject': company },
    body: {
      ...{ lifecycle: 'omission', dataset: 'samr.penalties', subject: company, act: 'file' },
      fields: { missing: '2026年3月的不予处罚决定没有登记' },
    },
  });
  t.equal(opened.status, 201, opened.text);
  const counter = await before.as('one-stop-counter');
  const { id } = await counter.openCase({ bundle: bundle.id }, { as: company });
  const answers = bundle.usual.answers as Readonly<Record<string, string | number | boolean>>;
  await counter.actOnCase(id, { act: 'save', answers, values: written(bundle) }, { as: company });
  await counter.putCaseMaterial(id, 'plan', examplePlan(), { as: company });
  const browser = new Browser();
  await browser.signIn(before, 'gao-sharing');
  const suspended = await browser.post(before, SUSPENDED, `${SUSPENDED}/suspend`, { reason: '超出目的' });
  t.equal(suspended.status, 303, suspended.text.slice(0, 300));
  const wanted = await seen(before, company, { code, case: id });
  t.match(wanted, { verified: ['genuine'], plan: { status: 200 } });
  const refused = await move(workspace, data, '--to', 'embedded');
  t.match(refused.stderr + refused.stdout, /stop it first/);
  await before.stop();

  const moved = await move(workspace, data, '--to', 'embedded');
  t.equal(moved.code, 0, moved.stderr);
  setState(workspace, { driver: 'embedded' });
  const doctor = await run('doctor', '--workspace', workspace, '--data', data);
  t.match(doctor.stdout, /holds all that people did/);
  const after = await city(t, options);
  t.strictSame(await seen(after, company, { code, case: id }), wanted);
  const page = await until(
    'the suspension',
    async () => {
      const someone = new Browser();
      await someone.signIn(after, 'gao-sharing');
      return (await someone.get(after, SUSPENDED)).text;
    },
    (text) => text.includes(`${SUSPENDED}/resume`),
  );
  t.match(page, /超出目的/);
  const fresh = await (await after.as(CENTRE)).issueReport(credit(company));
  const bidding = await after.as('bidding-centre');
  t.match(await bidding.verifyDocuments({ codes: [fresh.code] }), { results: [{ outcome: 'genuine' }] });
  const goesOn = await after.as('one-stop-counter');
  t.match(await goesOn.actOnCase(id, { act: 'withdraw' }, { as: company }), { phase: 'withdrawn' });

  const erased = await run(
    'audit',
    'erase',
    gone,
    '--reason',
    '依法删除',
    '--legal-basis',
    '个人信息保护法 Art.47',
    '--workspace',
    workspace,
    '--data',
    data,
  );
  t.equal(erased.code, 0, erased.stderr);
  const own = { path: `/v1/reports/${other.id}`, headers: { 'yitong-subject': gone } };
  await until(
    'the report of the erased company to be gone',
    async () => (await ask(after.api, after.pki, CENTRE, own)).status,
    (status) => status !== 200,
  );
  const backup = join(dir, 'backup');
  const backedUp = await run('backup', backup, '--workspace', workspace, '--data', data);
  t.equal(backedUp.code, 0, backedUp.stderr + backedUp.stdout);
  await after.stop();
});
