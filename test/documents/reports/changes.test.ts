/**
 * What has changed since a report was issued: told to whoever holds its code, without a word of what they were not
 * given.
 */
import t, { type Test } from 'tap';
import type { ReportChanges } from '../../../gateway/documents/reports/index.js';
import { company, entry, NOW, openWorld, PENALTIES, penalty, REGISTER, type ReportWorld } from './world.js';

t.setTimeout(120_000);
const DAY = 86_400_000;

async function issued(
  t: Test,
  records: Readonly<Record<string, object>>,
): Promise<{ made: ReportWorld; code: string; changes(): Promise<ReportChanges> }> {
  const made = await openWorld();
  t.teardown(() => made.close());
  await made.put(REGISTER, company(0), '', entry('云州甲有限公司'));
  for (const [id, parts] of Object.entries(records)) await made.put(PENALTIES, company(0), id, parts as never);
  await made.seen();
  const { code } = await made.reports.issue(
    made.request({ domains: ['market-regulation', 'taxation'] }),
    made.asking(),
  );
  return {
    made,
    code,
    async changes() {
      const changes = await made.reports.changes(code, made.asking());
      if (changes === undefined) throw new Error('there is nothing to compare');
      return changes;
    },
  };
}
const of = ({ sections }: ReportChanges) =>
  sections.map(({ subject, domain, was, is, added, records }) => ({ subject, domain, was, is, added, records }));

void t.test('where nothing changed nothing is said to have changed', async (t) => {
  const { changes, made } = await issued(t, { a: penalty('2025-01-01') });
  t.match(await changes(), { changed: false, sections: [] });
  await made.put(PENALTIES, company(0), 'a', penalty('2025-01-01', { officers: ['YZ000001'] }));
  t.match(await changes(), { changed: false, sections: [] }, 'nor where a new version says the same of what is told');
  await made.put(PENALTIES, company(1), 'other', penalty('2025-01-01'));
  t.match(await changes(), { changed: false }, 'nor where another company got a record');
});

void t.test(
  'a new record is counted; a repaired, a withdrawn and a corrected one are named by their place',
  async (t) => {
    const { changes, made, code } = await issued(t, {
      a: penalty('2025-04-01'),
      b: penalty('2025-03-01'),
      c: penalty('2025-02-01'),
      d: penalty('2025-01-01'),
    });
    await made.put(
      PENALTIES,
      company(0),
      'a',
      penalty('2025-04-01', { repair: { status: 'repaired', on: '2026-11-26' } }),
    );
    await made.withdraw(PENALTIES, company(0), 'b');
    await made.put(
      PENALTIES,
      company(0),
      'c',
      penalty('2025-02-01', { conduct: { summary: '更正后的事实', endedOn: '2025-02-01', place: null } }),
    );
    await made.put(
      PENALTIES,
      company(0),
      'new',
      penalty('2025-05-01', { conduct: { summary: '新的违法事实', endedOn: '2025-05-01', place: null } }),
    );
    const found = await changes();
    t.strictSame(of(found), [
      {
        subject: 0,
        domain: 0,
        was: 'records',
        is: 'records',
        added: 1,
        records: [
          { record: 0, change: 'repaired' },
          { record: 1, change: 'withdrawn' },
          { record: 2, change: 'corrected' },
        ],
      },
    ]);
    t.equal(found.changed, true);
    t.notMatch(JSON.stringify(found), /违法事实|更正后|new|云州/, 'and nothing of what it says now');
    const { outcome, issued: original } = await made.reports.verifyCode(code, made.asking());
    t.equal(outcome, 'changed');
    t.equal(original?.model.sections[0]?.records.length, 4, 'the original stays as it was issued');
    t.match(
      made.entries.filter(({ body }) => body['type'] === 'verified').map(({ body }) => body['outcome']),
      ['changed', 'changed'],
    );
  },
);

void t.test('an objection, its end, and a revocation are changes', async (t) => {
  const { changes, made } = await issued(t, { a: penalty('2025-01-01') });
  made.marks = { marks: () => ['objection'], hidden: () => undefined };
  t.match(of(await changes()), [{ records: [{ record: 0, change: 'objection' }] }]);
  made.marks = { marks: () => [], hidden: () => 'revoked' };
  t.match(of(await changes()), [{ was: 'records', is: 'none', records: [{ record: 0, change: 'revoked' }] }]);
});

void t.test('a record whose term is over since is told as such, the day after and not before', async (t) => {
  const { changes, made } = await issued(t, { a: penalty('2021-11-26') });
  t.match(await changes(), { changed: false });
  made.now = NOW + DAY;
  await made.seen();
  t.match(of(await changes()), [{ records: [{ record: 0, change: 'expired' }] }]);
});

void t.test('a register that does not answer now is named, and that is no change of what was said', async (t) => {
  const { changes, made, code } = await issued(t, { a: penalty('2025-01-01') });
  made.now = NOW + 3 * DAY;
  let found = await changes();
  t.match(found, { changed: false });
  t.match(
    found.sections.map(({ was, is, missing }) => [was, is, missing.map(({ authority }) => authority)]),
    [
      ['records', 'at_least', ['samr']],
      ['none', 'not_answered', ['tax']],
    ],
  );
  made.grants((grant) => (grant.dataset === PENALTIES ? undefined : grant));
  found = await changes();
  t.match(found, { changed: false, sections: [{ records: [{ record: 0, change: 'not_answered' }] }, {}] });
  t.equal((await made.reports.verifyCode(code, made.asking())).outcome, 'genuine');
});
