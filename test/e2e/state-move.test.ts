/**
 * `yitong state move` as an operator runs it: a city that worked on its data folder goes on over PostgreSQL with
 * reports, tickets, suspensions and cases with their uploads. Where the move is killed at any moment, it is whole in
 * the end: said again, or with the first start.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { dayIn } from '../../gateway/documents/compute/index.js';
import { type Blobs, blobsInFolder, blobsInState } from '../../gateway/ground/state/blobs.js';
import { openEmbeddedState } from '../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../gateway/ground/state/port.js';
import { PostgresState } from '../../gateway/ground/state/postgres/state.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { destroySharedKey, sealingKeysOf, sharedSealingKeys } from '../../gateway/log/entries/sealing-keys.js';
import { adoptStores, takeStoresOver } from '../../gateway/operate/process/adopt.js';
import { openCases } from '../../gateway/procedures/cases/cases.js';
import { developmentDrivers } from '../../gateway/procedures/cases/ports.js';
import type { Cases } from '../../gateway/procedures/cases/types.js';
import { examplePlan } from '../../gateway/procedures/materials/example.js';
import { applicantOf, bundles, calendar, elements, named, START, saying, written } from '../procedures/cases/office.js';
import { postgresForTest, type TestPostgres } from '../support/servers/postgres.js';
import { stateForTest } from '../support/servers/state.js';
import { workspaceNaming } from '../support/servers/state-workspace.js';
import { ask, until } from './ask.js';
import { Browser } from './browser.js';
import { type City, city, cli } from './city.js';
import { run } from './command.js';
import { companies } from './stories.js';

t.setTimeout(700_000);
const SUSPENDED = '/console/grants/counter-fire-checks';
const bundle = named('open-restaurant');

const moveArguments = (workspace: string, data: string): readonly string[] => [
  ...['state', 'move', '--workspace', workspace, '--data', data, '--json'],
];

const CENTRE = 'credit-report-centre';
const credit = (company: string) => ({
  ...{ report: 'credit', from: '2022-01-01', to: dayIn(Date.now()), purpose: 'listing', bearer: '云州银行' },
  ...{ as: company, subjects: [company] },
});

/** What people and services see of what they did. */
async function seen(at: City, company: string, did: { readonly code: string; readonly case: string }) {
  const bidding = await at.as('bidding-centre');
  const counter = await at.as('one-stop-counter');
  const own = { headers: { 'yitong-subject': company } };
  const list = async (path: string): Promise<unknown> => {
    const { status, text } = await ask(at.api, at.pki, CENTRE, { path, ...own });
    return status === 200 ? (JSON.parse(text) as unknown) : text;
  };
  const one = await counter.oneCase(did.case, { as: company });
  const plan = await ask(at.api, at.pki, 'one-stop-counter', { path: `/v1/cases/${did.case}/materials/plan`, ...own });
  return {
    verified: (await bidding.verifyDocuments({ codes: [did.code] })).results.map(({ outcome }) => outcome),
    tickets: await list('/v1/objections?show=open'),
    case: { phase: one.phase, items: one.items.map(({ item, status }) => `${item} ${status}`), values: one.values },
    events: (await counter.caseEvents(did.case, 0, { as: company })).map(({ by, act }) => `${by} ${act}`),
    plan: { status: plan.status, digest: plan.text.length },
  };
}

void t.test('a city goes on over PostgreSQL with all that was done before', (t) => goesOn(t, false));
void t.test('also one of which a program of before began the folder', (t) => goesOn(t, true));

/** @param older its stores stand beside one another, as before a new folder had one */
async function goesOn(t: Test, older: boolean): Promise<void> {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const stands = await stateForTest(t, postgres);
  const dir = t.testdir();
  const workspace = workspaceNaming(dir, postgres, stands);
  const data = join(dir, 'data');
  if (older) mkdirSync(join(data, 'audit'), { recursive: true });
  const before = await city(t, { workspace, data, args: ['--companies', '60'], env: { YITONG_GATEWAY_WORKERS: '1' } });
  const [company = ''] = await companies(data);
  const centre = await before.as(CENTRE);
  const { code } = await centre.issueReport(credit(company));
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

  const refused = await run(...moveArguments(workspace, data));
  t.not(refused.code, 0, 'while the gateway runs');
  t.match(refused.stderr + refused.stdout, /stop it first/);
  await before.stop();
  t.equal(existsSync(join(data, 'reports', 'store')), older);
  const { server, schema, user } = stands;
  if (!older) {
    const empty = new PostgresState({ server, schema, user });
    const taking = takeStoresOver(empty, data, () => undefined);
    await t.rejects(taking.tried, { code: 'state_conflict' }, 'no start leaves it behind');
    await taking.stop();
    await empty.close();
  }
  const moved = await run(...moveArguments(workspace, data));
  t.equal(moved.code, 0, moved.stderr);
  t.match(JSON.parse(moved.stdout), { adopted: { tickets: older ? 1 : 0, uploads: 1 } });
  const again = await run(...moveArguments(workspace, data));
  t.equal(again.code, 0, again.stderr);
  t.match(JSON.parse(again.stdout), { rows: { documents: 0 }, adopted: { keys: 0, reports: 0, uploads: 0 } });

  const env = { YITONG_GATEWAY_WORKERS: '1', YITONG_STATE_DRIVER: 'postgres' };
  const after = await city(t, { workspace, data, args: ['--companies', '60'], env });
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
  const counterAfter = await after.as('one-stop-counter');
  t.match(await counterAfter.actOnCase(id, { act: 'withdraw' }, { as: company }), { phase: 'withdrawn' });
  await after.stop();

  const left = openEmbeddedState({ dir: join(data, 'state') });
  await left.commit([{ do: 'put', kind: 'paper', id: 'late', body: 1 }]);
  await left.close();
  const late = await run(...moveArguments(workspace, data));
  t.not(late.code, 0);
  t.match(
    late.stderr + late.stdout,
    /went on after it was moved/,
    'what was done in the folder since is not lost in silence',
  );
}

const SUBJECTS = 700;
const CASES = 4;

/** A data folder with cases, their uploads and many keys; it never had a report or a ticket. */
async function folderWithCases(data: string): Promise<readonly string[]> {
  const keys = sealingKeysOf(auditLayout(data).subjectKeys);
  const state = openEmbeddedState({ dir: join(data, 'state') });
  const cases = casesOf(state, keys, blobsInFolder(data));
  const how = { actor: applicantOf(bundle), record: () => Promise.resolve({ id: 'w1:1', json: '{}' }) };
  const ids: string[] = [];
  for (let i = 0; i < CASES; i++) {
    const { id } = await cases.open(bundle.id, how);
    await cases.act(id, { act: 'save', answers: bundle.usual.answers, values: written(bundle) }, how);
    await cases.putMaterial(id, 'plan', () => Promise.resolve(examplePlan()), how);
    ids.push(id);
  }
  for (let i = 0; i < SUBJECTS; i++) await keys.secretOf(`somebody ${String(i)}`);
  await keys.close();
  await state.close();
  return ids;
}

const casesOf = (state: State, keys: Parameters<typeof openCases>[0]['keys'], blobs: Blobs): Cases =>
  openCases({
    ...{ bundles, elements, calendar, state, keys, blobs, requiresUploads: true, now: () => START },
    registers: (its, known, id) => saying(its.usual.registers)(its, known, id),
    drivers: developmentDrivers(elements),
  });

/** What of it can be read. */
async function readable(state: State, ids: readonly string[]) {
  const keys = await sharedSealingKeys(state);
  const cases = casesOf(state, keys, blobsInState(state, Date.now));
  const how = { actor: applicantOf(bundle), record: () => Promise.resolve({ id: 'w1:1', json: '{}' }) };
  const found: string[] = [];
  for (const id of ids) {
    const { contents } = await cases.get(id, how);
    const plan = await cases.openMaterial(id, 'plan', how);
    found.push(`${String(Object.keys(contents?.values ?? {}).length > 3)} ${plan.kind}`);
  }
  let subjects = 0;
  for (let i = 0; i < SUBJECTS; i++) if ((await keys.find(`somebody ${String(i)}`)) !== undefined) subjects++;
  await keys.close();
  return { found, subjects };
}

/** Runs the command and kills it: after that many ms, or as many after its rows are there. */
async function killed(
  t: Test,
  { workspace, data, postgres }: { workspace: string; data: string; postgres: TestPostgres },
  { ms, behindRows }: { readonly ms: number; readonly behindRows: boolean },
): Promise<{ readonly ended: boolean; readonly rows: boolean; readonly keys: number }> {
  const child = spawn(process.execPath, [cli, ...moveArguments(workspace, data)], { stdio: 'ignore' });
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const count = async (kind: string): Promise<number> => {
    const sql = 'SELECT count(*)::int AS n FROM yitong.documents WHERE kind = $1';
    return (await postgres.sql(sql, [kind])).rows[0]?.['n'] as number;
  };
  while (behindRows && child.exitCode === null && (await count('case')) === 0) await pause(1);
  await Promise.race([over, pause(ms)]);
  child.kill('SIGKILL');
  await over;
  const [rows, keys] = [await count('case'), await count('subject-key')];
  t.comment(
    `${behindRows ? 'behind its rows, ' : ''}after ${String(ms)} ms: ${String(rows)} cases, ${String(keys)} keys`,
  );
  return { ended: child.exitCode === 0, rows: rows > 0, keys };
}

void t.test('killed at any moment, it is whole in the end', async (t) => {
  if ((await postgresForTest(t)) === undefined) return;
  const dir = t.testdir();
  const data = join(dir, 'data');
  const ids = await folderWithCases(data);
  t.notOk(existsSync(join(data, 'reports')), 'there was no report');
  let between = 0;
  const kills = [0, 0, 30, 100, 200, 300, 400].map((ms) => ({ ms, behindRows: true }));
  const early = [Math.random(), Math.random(), Math.random()].map((drawn) => ({ ms: drawn * 1500, behindRows: false }));
  for (const kill of [...kills, ...early]) {
    const postgres = await postgresForTest(t);
    if (postgres === undefined) return;
    const stands = await stateForTest(t, postgres);
    const workspace = workspaceNaming(dir, postgres, stands);
    const left = await killed(t, { workspace, data, postgres }, kill);
    if (left.rows && left.keys < SUBJECTS) between++;
    const { server, schema, user } = stands;
    const state = new PostgresState({ server, schema, user });
    // before its rows are there it is said again; behind them it is said again, or a gateway starts
    if (!left.rows || kill.ms === 0) {
      const again = await run(...moveArguments(workspace, data));
      t.equal(again.code, 0, again.stderr);
    } else await adoptStores(state, data);
    const { found, subjects } = await readable(state, ids);
    t.strictSame(
      found,
      Array.from({ length: CASES }, () => 'true upload'),
      'each case is read, with its upload',
    );
    t.equal(subjects, SUBJECTS, 'and every key is there');
    await state.close();
  }
  t.ok(between > 1, `${String(between)} were killed between the rows and their keys`);
});

void t.test('a key that was destroyed behind an interrupted move does not come back', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const stands = await stateForTest(t, postgres);
  const dir = t.testdir();
  const data = join(dir, 'data');
  await folderWithCases(data);
  const workspace = workspaceNaming(dir, postgres, stands);
  t.equal((await run(...moveArguments(workspace, data))).code, 0);
  const { server, schema, user } = stands;
  const state = new PostgresState({ server, schema, user });
  t.teardown(() => state.close());
  const mark = (await state.documents('taken-over')).documents.find(({ id }) => id.startsWith('subject-key/'));
  t.equal(await destroySharedKey(state, 'somebody 5'), true);
  // as if it had been killed before its last commit
  await state.commit([{ do: 'remove', kind: 'taken-over', id: mark?.id ?? '' }]);
  t.match(await adoptStores(state, data), { uploads: 0 });
  const keys = await sharedSealingKeys(state);
  t.equal(await keys.find('somebody 5'), undefined);
  t.ok(await keys.find('somebody 6'));
});
