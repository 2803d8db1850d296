/** Stores of a data folder are taken over into a state that replicas share: all of it, once, and nothing comes back. */
import { join } from 'node:path';
import t from 'tap';
import { openStatuses } from '../../../gateway/documents/credentials/status/lmdb.js';
import { statusesIn } from '../../../gateway/documents/credentials/status/state.js';
import { bit } from '../../../gateway/documents/model/status.js';
import { openReports } from '../../../gateway/documents/reports/index.js';
import { openWatched } from '../../../gateway/documents/reports/watched-documents.js';
import { watchedIn } from '../../../gateway/documents/reports/watched-in-state.js';
import { secretIn } from '../../../gateway/ground/state/secret.js';
import { guessesIn, openGuesses } from '../../../gateway/http/api/verify/guesses.js';
import { destroySharedKey } from '../../../gateway/log/entries/sealing-keys.js';
import { adoptStores } from '../../../gateway/operate/process/adopt.js';
import { openTickets } from '../../../gateway/procedures/lifecycles/tickets.js';
import { company, entry, NOW, openWorld, PENALTIES, penalty, REGISTER } from '../../documents/reports/world.js';
import { until } from '../../e2e/ask.js';
import { act, COMPANY, centre, filing, provider, company as speaker } from '../../procedures/acts.js';
import { SHARED, sharedState } from '../../support/shared-state.js';

t.setTimeout(120_000);
const self = company(0);
const daughter = company(1);

for (const kind of SHARED)
  void t.test(kind, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    const made = await openWorld();
    t.teardown(() => made.close());
    const { dataDir, workspace } = made.context;
    for (const one of [self, daughter]) await made.put(REGISTER, one, '', entry('云州有限公司'));
    await made.put(PENALTIES, self, 'old', penalty('2025-01-01'));
    await made.seen();
    const kept = await made.reports.issue(made.request(), made.asking());
    const gone = await made.reports.issue(made.request(), made.asking());
    await made.reports.remember(gone.id, { list: 0, index: 5 });
    await made.reports.revoke(gone.id, '出具对象有误', made.asking());
    await made.reports.authorise(
      { report: 'credit', from: daughter, to: self, since: '2026-11-26', until: '2027-01-01' },
      made.asking(),
    );
    const before = {
      list: await made.reports.listFor(self, made.asking()),
      given: await made.reports.authorisationsOf(daughter, made.asking()),
      numbers: await made.reports.numbers(),
    };
    const record = { ...COMPANY, recordId: 'r1' };
    const options = { dataDir, workspace, now: () => made.now, lag: 10 };
    const tickets = await openTickets(options);
    const file = { name: 'a.pdf', bytes: Buffer.from('%PDF-1.7 evidence') };
    const { head } = await tickets.open('objection', record, { ...filing, actor: speaker, files: [file] });
    await tickets.act(head.id, act(centre, 'mark'));
    const other = await tickets.open('objection', { ...record, recordId: 'r2' }, { ...filing, actor: speaker });
    await tickets.act(other.head.id, act(centre, 'mark'));
    await tickets.act(other.head.id, act(centre, 'forward'));
    await tickets.act(other.head.id, act(provider, 'tell-revoked', { decision: '云复决〔2026〕1号' }));
    await tickets.act(other.head.id, act(centre, 'delete'));
    await tickets.close();
    const statuses = openStatuses(join(dataDir, 'reports', 'status'), 256);
    const [a, b] = [await statuses.allocate(), await statuses.allocate()];
    await statuses.revoke(a);
    await statuses.close();
    const guesses = openGuesses(join(dataDir, 'verify'), 2);
    const guess = (value: string) => ({ client: 'c', subject: self, dataset: 'd', field: 'f', value });
    await guesses.admit([guess('1'), guess('2')], NOW);
    await guesses.close();

    const watched = openWatched(dataDir);
    const watch = { id: kept.id, until: NOW + 1e9, state: 's' };
    await watched.watch('bank', [watch], NOW);
    const [standing] = await watched.all(NOW);
    const change = {
      document: 'd',
      report: 'credit',
      at: new Date(NOW).toISOString(),
      outcome: 'changed',
      sections: [],
    };
    await watched.append(standing!, 't', self, change as never);
    await watched.close();

    const state = await open();
    t.match(await adoptStores(state, dataDir), { reports: 3, tickets: 2, statuses: 1, guesses: 1 });
    const reports = await openReports({ ...made.context, state }, { marks: () => [], hidden: () => undefined });
    const again = await openTickets({ ...options, state });
    t.teardown(() => Promise.all([reports.close(), again.close()]));

    await t.test('reports', async (t) => {
      t.match(await reports.verifyCode(kept.code, made.asking()), { outcome: 'genuine', issued: { id: kept.id } });
      t.match(await reports.verifyCode(gone.code, made.asking()), { outcome: 'revoked' });
      t.match(await reports.revoke(gone.id, 'again', made.asking()), { places: [{ list: 0, index: 5 }] });
      t.strictSame(await reports.listFor(self, made.asking()), before.list);
      t.strictSame(await reports.authorisationsOf(daughter, made.asking()), before.given);
      const { verified, ...counts } = await reports.numbers();
      t.strictSame(counts, { issued: before.numbers.issued, certificates: before.numbers.certificates });
      t.strictSame([verified.genuine, verified.revoked], [1, 1], 'and goes on counting');
    });
    await t.test('tickets', async (t) => {
      t.same(again.effects.marks(record), ['objection']);
      t.equal(again.effects.hidden({ ...record, recordId: 'r2' }), 'revoked');
      const opened = await again.get(head.id, centre);
      t.match(opened, {
        state: { state: 'marked' },
        events: [{ act: 'file', fields: filing.fields }, { act: 'mark' }],
      });
      const [kept] = opened.events[0]?.files ?? [];
      t.same((await again.file(head.id, kept?.id ?? '', centre)).bytes, file.bytes);
      await t.rejects(again.open('objection', record, { ...filing, actor: speaker }), { code: 'act_refused' });
      t.match(await again.act(head.id, act(speaker, 'withdraw')), { state: { state: 'withdrawn' } });
    });
    await t.test('watches', async (t) => {
      const taken = watchedIn(state);
      t.match(await taken.all(NOW), [{ client: 'bank', id: kept.id, state: 't' }]);
      t.match(await taken.changes('bank', 0, 10), [{ ...change, number: 1 }]);
      t.equal(await taken.last('bank'), 1);
    });
    await t.test('status lists and guesses', async (t) => {
      const bits = (await statusesIn(state, 256).read(0)) ?? Buffer.alloc(0);
      t.same([bit(bits, a.index), bit(bits, b.index)], [true, false]);
      t.equal(await statusesIn(state, 256).revoke(b), true, 'a place that was given');
      const counted = guessesIn(state, 2, await secretIn(state, 'guesses'));
      t.same(await counted.admit([guess('1'), guess('3')], NOW + 1000), [true, false]);
    });
    await t.test('again nothing is taken over, and nothing comes back', async (t) => {
      await destroySharedKey(state, self);
      t.same(await adoptStores(state, dataDir), {
        keys: 0,
        reports: 0,
        watched: 0,
        tickets: 0,
        statuses: 0,
        guesses: 0,
        uploads: 0,
      });
      await until(
        'the key to be forgotten',
        () => reports.verifyCode(kept.code, made.asking()),
        ({ outcome }) => outcome === 'unknown',
      );
      t.equal((await again.get(head.id, centre)).state.state, 'withdrawn');
    });
  });
