/**
 * `yitong state join`: the stores of a data folder that a program of before began become one, all of them or none, and
 * what was done in them is found in it as it was.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { joinStores } from '../../gateway/cli/state-moves.js';
import { openStatuses } from '../../gateway/documents/credentials/status/lmdb.js';
import { statusesIn } from '../../gateway/documents/credentials/status/state.js';
import { bit } from '../../gateway/documents/model/status.js';
import { openReports } from '../../gateway/documents/reports/index.js';
import { openReportStore } from '../../gateway/documents/reports/store.js';
import { readState } from '../../gateway/ground/config/state.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { openState, openWholeState } from '../../gateway/ground/state/open.js';
import { openGuesses } from '../../gateway/http/api/verify/guesses.js';
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
