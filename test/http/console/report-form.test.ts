import fc from 'fast-check';
import { h } from 'preact';
import { render } from 'preact-render-to-string';
import t from 'tap';
import { subjectKey } from '../../../contracts/ids.js';
import type { Authorisation } from '../../../gateway/documents/reports/authorisation.js';
import { ReportContent } from '../../../gateway/http/console/reporting/content.js';
import { monthsBefore } from '../../../gateway/http/console/reporting/form.js';
import { standings } from '../../../gateway/http/console/reporting/standing.js';
import { sampleReport } from '../../documents/reports/sample.js';

const [self, branch, daughter, grandbranch, friend] = ['A', 'B', 'C', 'D', 'E'].map((key) =>
  subjectKey('uscc', key),
) as [
  ReturnType<typeof subjectKey>,
  ReturnType<typeof subjectKey>,
  ReturnType<typeof subjectKey>,
  ReturnType<typeof subjectKey>,
  ReturnType<typeof subjectKey>,
];
const members = [
  { subject: self, name: 'a', relation: 'self' },
  { subject: branch, name: 'b', relation: 'branch', company: self },
  { subject: daughter, name: 'c', relation: 'subsidiary' },
  { subject: grandbranch, name: 'd', relation: 'branch', company: daughter },
] as const;
const given = (from: typeof self, parts: Partial<Authorisation> = {}): Authorisation => ({
  id: 'x',
  report: 'credit',
  from,
  to: self,
  since: '2026-01-01',
  until: '2026-12-31',
  recordedAt: '',
  ...parts,
});
const asker = { report: 'credit', by: self, today: '2026-11-26' };
const states = (received: readonly Authorisation[]): readonly string[] =>
  standings(members, asker, received).map(({ standing }) => standing.state);

t.test('a company needs nobody for itself and its branches; a branch goes with its company', (t) => {
  t.same(states([]), ['own', 'own', 'missing', 'missing']);
  t.same(states([given(daughter)]), ['own', 'own', 'authorised', 'authorised']);
  t.same(states([given(daughter, { domains: ['tax'] })]), ['own', 'own', 'limited', 'limited']);
  t.same(
    states([given(daughter, { domains: ['tax'] }), given(daughter, { until: '2026-11-26' })]),
    ['own', 'own', 'authorised', 'authorised'],
    'the one without limits counts',
  );
  for (const none of [
    { until: '2026-11-25' },
    { since: '2026-11-27' },
    { withdrawnAt: '2026-11-01T00:00:00Z' },
    { report: 'other' },
  ])
    t.same(states([given(daughter, none)]), ['own', 'own', 'missing', 'missing'], JSON.stringify(none));
  t.match(
    standings(members, asker, [given(friend)]).at(-1),
    { member: { subject: friend, name: 'E', relation: 'named' }, standing: { state: 'authorised' } },
    'whoever else authorised can be chosen too',
  );
  t.end();
});

t.test('so many months back is the same day, or the last of a shorter month', (t) => {
  t.equal(monthsBefore('2026-11-26', 60), '2021-11-26');
  t.equal(monthsBefore('2028-02-29', 12), '2027-02-28');
  t.equal(monthsBefore('2026-05-31', 3), '2026-02-28');
  const day = fc
    .date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 120 }), (from, months) => {
      const back = monthsBefore(from, months);
      const [a, b] = [from, back].map((one) => Number(one.slice(0, 4)) * 12 + Number(one.slice(5, 7))) as [
        number,
        number,
      ];
      return (
        a - b === months &&
        (back.slice(8) === from.slice(8) ||
          (back.slice(8) < from.slice(8) && new Date(Date.parse(back) + 86_400_000).getUTCDate() === 1))
      );
    }),
  );
  t.end();
});

t.test('who did not answer stands at the top with its day, and its domains are never called clean', (t) => {
  const model = sampleReport({ subjects: 3, domains: 12 });
  const html = render(h(ReportContent, { model, language: 'zh' }));
  t.match(html, /^<div class="notice warn"[^]*未答复：云州市水务局[^]*自 2026-11-20 09:00 起/);
  const cells = [
    ...html.matchAll(
      /<td class="(\w+)"[^>]*><span aria-hidden="true">([^<]*)<\/span><span class="unseen">([^<]*)<\/span>/g,
    ),
  ].map(([, state, mark, words]) => [state, mark, words]);
  t.same(
    cells,
    model.sections.map(
      ({ state, records }) =>
        ({
          none: ['none', '·', '无记录'],
          records: ['records', String(records.length), `有记录 ${records.length}`],
          at_least: ['at_least', `≥${records.length}`, `至少 ${records.length}`],
          not_answered: ['not_answered', '?', '未答复'],
        })[state],
    ),
  );
  t.ok(
    ['none', 'records', 'at_least', 'not_answered'].every((state) => cells.some(([one]) => one === state)),
    'each state is there',
  );
  t.equal(
    html.split('异议处理中').length - 1,
    model.sections.flatMap(({ records }) => records).filter(({ marks }) => marks.length > 0).length,
  );
  t.end();
});
