/**
 * A report is revoked for good, on record first and with every credential of it; and a company's standing is told
 * without its records.
 */
import t from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import { company, entry, NOW, openWorld, PENALTIES, penalty, REGISTER } from './world.js';

t.setTimeout(120_000);
const self = company(0);

void t.test('only whoever issued a report revokes it, and what cannot be put on record does not count', async (t) => {
  const made = await openWorld();
  t.teardown(() => made.close());
  const { reports } = made;
  await made.put(REGISTER, self, '', entry('母公司'));
  await made.seen();
  const { id, code, keptUntil } = await reports.issue(made.request(), made.asking());
  t.equal(new Date(await reports.credentialUntil(id)).toISOString(), keptUntil);
  await reports.remember(id, { list: 0, index: 70_001 });
  await reports.remember(id, { list: 2, index: 5 });
  await t.rejects(
    reports.remember('0'.repeat(32), { list: 0, index: 1 }),
    { code: 'report_revoked' },
    'nothing is made of a report that is not there',
  );

  for (const asking of [{ ...made.asking(), by: 'one-stop-counter' }, made.asking()]) {
    const of = asking.by === 'one-stop-counter' ? id : '0'.repeat(32);
    await t.rejects(reports.revoke(of, 'why', asking), { code: 'not_found' });
  }
  await t.rejects(reports.revoke(id, '  ', made.asking()), { code: 'bad_request' });
  made.gate = () => Promise.reject(new YitongError('audit_unavailable', 'the disk is full'));
  await t.rejects(reports.revoke(id, 'why', made.asking()), { code: 'audit_unavailable' });
  made.gate = () => Promise.resolve();
  t.match(await reports.verifyCode(code, made.asking()), { outcome: 'genuine', revokedAt: undefined });

  const { revokedAt, places } = await reports.revoke(id, '出具对象有误', made.asking());
  t.strictSame(
    [...places].sort((a, b) => a.list - b.list),
    [
      { list: 0, index: 70_001 },
      { list: 2, index: 5 },
    ],
  );
  const act = made.entries.at(-1);
  t.match(act?.body, { type: 'administration', action: 'document_revoked', target: id, detail: { report: 'credit' } });
  t.notMatch(JSON.stringify(act?.body), /有误/, "the reason stands under the company's key");
  t.match(act?.draft.subject, { subject: self, json: /有误/ });

  t.match(await reports.verifyCode(code, made.asking()), {
    outcome: 'revoked',
    revokedAt,
    changes: undefined,
    issued: { id },
  });
  t.match(made.entries.at(-1)?.body, { type: 'verified', outcome: 'revoked' });
  t.match(await reports.listFor(self, made.asking()), [{ id, revokedAt }]);
  t.match(await reports.find(id, self, made.asking()), { revokedAt });
  t.equal((await reports.numbers()).verified.revoked, 1);
  await t.rejects(reports.credentialUntil(id), { code: 'report_revoked' });
  await t.rejects(
    reports.remember(id, { list: 0, index: 9 }),
    { code: 'report_revoked' },
    'a credential that was under way does not slip through',
  );
  made.now += 60_000;
  t.match(
    await reports.revoke(id, 'again', made.asking()),
    { revokedAt, places: { length: 2 } },
    'again: the first time counts, and what was interrupted can be finished',
  );

  made.now = Date.parse(keptUntil) + 1;
  await reports.sweep(made.now);
  t.match(await reports.verifyCode(code, made.asking()), { outcome: 'unknown' });
  await t.rejects(reports.credentialUntil(id), { code: 'not_found' });
});

void t.test(
  'states tell of each domain how it stands and how many records, of no record anything, and are on record',
  async (t) => {
    const made = await openWorld();
    t.teardown(() => made.close());
    const asked = {
      report: 'credit',
      subject: self,
      domains: ['market-regulation', 'taxation'],
      from: '2024-11-26',
      to: '2026-11-26',
    };
    await made.seen();
    t.equal((await made.reports.states(asked, made.asking())).name, undefined, 'the register does not have it');
    await made.put(REGISTER, self, '', entry('母公司'));
    await made.put(PENALTIES, self, 'p1', penalty('2025-01-01'));
    await made.put(PENALTIES, self, 'p2', penalty('2023-01-01'));
    await made.seen();
    const states = await made.reports.states(asked, made.asking());
    t.match(states, {
      name: '母公司',
      domains: [
        { domain: 'market-regulation', state: 'records', count: 1 },
        { domain: 'taxation', state: 'none', count: undefined },
      ],
    });
    t.equal(states.domains.length, 2);
    t.notMatch(JSON.stringify(states), /未按规定|p1/);
    t.match(made.entries.at(-1), {
      body: { type: 'released', client: 'credit-report-centre' },
      draft: { subject: { subject: self } },
    });
    made.now = NOW + 400 * 86_400_000;
    t.match(
      (await made.reports.states(asked, made.asking())).domains.map(({ state }) => state),
      ['at_least', 'not_answered'],
      'registers that nobody has seen since are not "none"',
    );
    for (const wrong of [
      { domains: [] },
      { domains: ['no-such'] },
      { from: '2026-11-27' },
      { to: '2099-01-01' },
      { subject: 'uscc:1' },
      { report: 'no-such' },
    ]) {
      await t.rejects(made.reports.states({ ...asked, ...wrong }, made.asking()), {
        code: /bad_request|bad_subject|not_found/,
      });
    }
    made.gate = () => Promise.reject(new YitongError('audit_unavailable', 'the disk is full'));
    await t.rejects(made.reports.states(asked, made.asking()), { code: 'audit_unavailable' });
  },
);
