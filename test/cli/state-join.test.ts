/**
 * `yitong state join`: the stores of a data folder that a program of before began become one, all of them or none, and
 * what was done in them is found in it as it was.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { joinStores } from '../../gateway/cli/state-moves.js';
import { openStatuses } from '../../gateway/documents/credentials/status/lmdb.js';
import { statusesIn } from '../../gateway/documents/credentials/status/state.js';
import { bit } from '../../gateway/documents/model/status.js';
import { openReports } from '../../gateway/documents/reports/index.js';
import { openReportStore } from '../../gateway/documents/reports/store.js';
import { readState } from '../../gateway/ground/config/state.js';
import { tryLock } from '../../gateway/ground/files/lock.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { openState, openWholeState } from '../../gateway/ground/state/open.js';
import { openGuesses } from '../../gateway/http/api/verify/guesses.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { openTickets } from '../../gateway/procedures/lifecycles/tickets.js';
import { company, entry, NOW, openWorld, REGISTER } from '../documents/reports/world.js';
import { act, COMPANY, centre, filing, company as speaker } from '../procedures/acts.js';

t.setTimeout(120_000);
const self = company(0);
const settings = readState({}, { file: 'yitong.json' }, {});
const around = (data: string) => ({ settings, data, baseDir: data, place: { file: data } });
const noMarks = { marks: () => [], hidden: () => undefined };
const joined = (data: string) => joinStores(packageRoot(), data, () => undefined);

t.test('all of it, once', async (t) => {
  const made = await openWorld();
  t.teardown(() => made.close());
  const { dataDir, workspace } = made.context;
  await made.put(REGISTER, self, '', entry('云州有限公司'));
  await made.seen();
  const kept = await made.reports.issue(made.request(), made.asking());
  const gone = await made.reports.issue(made.request(), made.asking());
  await made.reports.revoke(gone.id, '出具对象有误', made.asking());
  const list = await made.reports.listFor(self, made.asking());
  const record = { ...COMPANY, recordId: 'r1' };
  const options = { dataDir, workspace, now: () => made.now, lag: 10 };
  const tickets = await openTickets(options);
  const file = { name: 'a.pdf', bytes: Buffer.from('%PDF-1.7 evidence') };
  const { head } = await tickets.open('objection', record, { ...filing, actor: speaker, files: [file] });
  await tickets.act(head.id, act(centre, 'mark'));
  await tickets.close();
  const statuses = openStatuses(join(dataDir, 'reports', 'status'), 256);
  const place = await statuses.allocate();
  await statuses.revoke(place);
  await statuses.close();
  const guesses = openGuesses(join(dataDir, 'verify'), 2);
  const guess = (value: string) => ({ client: 'c', subject: self, dataset: 'd', field: 'f', value });
  await guesses.admit([guess('1'), guess('2')], NOW);
  await guesses.close();
  const cases = await openState(around(dataDir));
  await cases.commit([{ do: 'put', kind: 'case', id: 'a', owner: 'somebody', links: ['of/a'], body: { a: 1 } }]);
  const { version } = (await cases.document('case', 'a')) ?? {};
  await cases.close();

  await t.test('not while a gateway has the folder', async (t) => {
    const lock = tryLock(auditLayout(dataDir).lock);
    await t.rejects(joined(dataDir), { code: 'bad_request' });
    lock?.release();
  });

  await t.test('where one of them is damaged nothing is changed', async (t) => {
    const watched = join(dataDir, 'reports', 'watched');
    writeFileSync(watched, Buffer.alloc(8192, 7));
    await t.rejects(joined(dataDir), { code: 'store_damaged' });
    rmSync(watched);
    t.equal(await openWholeState(around(dataDir)), undefined);
    t.match(await made.reports.verifyCode(kept.code, made.asking()), { outcome: 'genuine' });
    const again = await openState(around(dataDir));
    t.equal((await again.document('case', 'a'))?.version, version);
    await again.close();
  });

  t.match(await joined(dataDir), {
    rows: { documents: 1 },
    adopted: { keys: 0, reports: 2, tickets: 1, statuses: 1, guesses: 1, uploads: 0 },
  });
  t.equal(await joined(dataDir), undefined, 'again it changes nothing');
  t.notOk(existsSync(join(dataDir, 'state', 'moving')));
  t.strictSame(readdirSync(join(dataDir, 'older')).sort(), ['reports', 'tickets', 'verify']);
  t.throws(() => openReportStore(dataDir), { code: 'store_damaged' }, 'a program of before refuses the folder');
  t.throws(() => openGuesses(join(dataDir, 'verify'), 2), { code: 'store_damaged' });

  const state = await openWholeState(around(dataDir));
  if (state === undefined) throw new Error('it is not whole');
  t.equal(state.folder, dataDir);
  t.match(await state.document('case', 'a'), { version, owner: 'somebody', links: ['of/a'], body: { a: 1 } });
  const reports = await openReports({ ...made.context, state }, noMarks);
  const now = await openTickets({ ...options, state });
  t.teardown(async () => {
    await Promise.all([reports.close(), now.close()]);
    await state.close();
  });
  t.match(await reports.verifyCode(kept.code, made.asking()), { outcome: 'genuine', issued: { id: kept.id } });
  t.match(await reports.verifyCode(gone.code, made.asking()), { outcome: 'revoked' });
  t.strictSame(await reports.listFor(self, made.asking()), list);
  t.same(now.effects.marks(record), ['objection']);
  const { events } = await now.get(head.id, centre);
  t.same((await now.file(head.id, events[0]?.files?.[0]?.id ?? '', centre)).bytes, file.bytes);
  const bits = (await statusesIn(state, 256).read(0)) ?? Buffer.alloc(0);
  t.equal(bit(bits, place.index), true);
});

t.test('not of a folder in which nobody has worked', async (t) => {
  await t.rejects(joined(t.testdir()), { code: 'bad_request' });
});

t.test('where nothing was done, what is done next has a revision of its own', async (t) => {
  const data = t.testdir();
  await openSubjectKeys({ dir: auditLayout(data).subjectKeys }).close();
  t.match(await joined(data), { rows: { documents: 0 } });
  const state = await openWholeState(around(data));
  t.equal((await state?.commit([{ do: 'put', kind: 'paper', id: 'a', body: 1 }]))?.revision, 2);
  await state?.close();
});

/** @param kill ms after which it is killed @returns how long it took */
async function joinedApart(data: string, kill = 60_000): Promise<number> {
  const module = new URL('../../gateway/cli/state-moves.js', import.meta.url).href;
  const code = `const { joinStores } = await import(${JSON.stringify(module)});
    await joinStores(${JSON.stringify(packageRoot())}, ${JSON.stringify(data)}, () => undefined);`;
  const at = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await Promise.race([over, pause(kill, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await over;
  return performance.now() - at;
}

t.test('killed at any moment it is as it was, or joined; said again it is joined', async (t) => {
  const dir = t.testdir();
  const made = join(dir, 'made');
  await openSubjectKeys({ dir: auditLayout(made).subjectKeys }).close();
  const cases = await openState(around(made));
  for (let i = 0; i < 40; i++)
    await cases.commit(
      Array.from({ length: 20 }, (_, n) => ({ do: 'put', kind: 'case', id: `${String(i)}-${String(n)}`, body: i })),
    );
  await cases.close();
  const guesses = openGuesses(join(made, 'verify'), 2);
  const values = Array.from({ length: 60 }, (_, n) => `person:${String(n)}`);
  await guesses.admit(
    values.map((subject) => ({ client: 'c', subject, dataset: 'd', field: 'f', value: '1' })),
    NOW,
  );
  await guesses.close();
  const whole = join(dir, 'whole');
  cpSync(made, whole, { recursive: true });
  const ms = await joinedApart(whole);
  let before = 0;
  const rounds = 8;
  for (let round = 0; round < rounds; round++) {
    const data = join(dir, String(round));
    cpSync(made, data, { recursive: true });
    await joinedApart(data, ms * (0.4 + (0.6 * round) / rounds));
    const left = await openWholeState(around(data));
    await left?.close();
    if (left === undefined) {
      before++;
      t.ok(existsSync(join(data, 'verify', 'guesses')), 'the older stores are where they were');
    }
    await joined(data);
    const state = await openWholeState(around(data));
    if (state === undefined) throw new Error('it is not joined');
    t.equal(state.folder, data);
    t.equal((await state.document('case', '39-19'))?.version, 40);
    t.equal((await state.documents('case', { limit: 1000 })).documents.length, 800);
    t.equal((await state.documents('guesses', { limit: 1000 })).documents.length, values.length);
    await state.close();
    t.notOk(existsSync(join(data, 'verify', 'guesses')));
    t.ok(existsSync(join(data, 'older', 'verify', 'guesses')));
  }
  t.comment(`${String(before)} of ${String(rounds)} were as before`);
});
