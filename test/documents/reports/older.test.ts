/**
 * Reports that an earlier version issued open, verify and print still, and say of what is told no longer that the law
 * leaves it out: never that somebody took it back.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { h } from 'preact';
import t from 'tap';
import { canonicalJson } from '../../../contracts/canonical.js';
import { salted, sha256 } from '../../../gateway/documents/compute/digest.js';
import type { ReportModel, ReportRecord } from '../../../gateway/documents/model/model.js';
import { reportsIn } from '../../../gateway/documents/reports/state-store.js';
import { newId, openReportStore } from '../../../gateway/documents/reports/store.js';
import { codeHash, newCode } from '../../../gateway/ground/identity/lookup-code.js';
import { ReportContent } from '../../../gateway/http/console/reporting/content.js';
import { page } from '../../../gateway/http/ui/page.js';
import { office, programForTest } from './documents.js';
import { company, entry, NOW, openWorld, REGISTER } from './world.js';

t.setTimeout(120_000);
const CONVICT = /刑事|判决|[Cc]riminal|[Jj]udg(e)?ment/;

t.test('a report that told of a debtor as a criminal judgment, and of a list with fewer facts', async (t) => {
  const made = await openWorld();
  t.teardown(() => made.close());
  await made.put(REGISTER, company(0), '', entry('云州甲有限公司'));
  await made.put('samr.dishonesty-list', company(0), 'L1', {
    listedOn: '2024-05-14',
    removedOn: null,
    displayTier: 'serious',
    displayUntil: '2027-05-14',
    removalTerms: '移出条件',
    remedy: '救济途径',
    removal: null,
  });
  await made.seen();
  const { id } = await made.reports.issue(made.request({ domains: ['market-regulation', 'taxation'] }), made.asking());
  const issued = await made.reports.find(id, company(0), made.asking());
  const [first, second] = issued.model.sections;
  const listed = first?.records[0];
  if (first === undefined || second === undefined || listed === undefined) throw new Error('the list is not told');
  const FEWER = new Set(['decisionNumber', 'kind', 'reason', 'listedOn', 'removedOn', 'decidingBody']);
  const debtor = {
    kind: 'judgment',
    dataset: 'court.judgment-debtors',
    authority: { zh: '云州市中级人民法院', en: 'Yunzhou Intermediate People’s Court' },
    facts: [{ field: 'caseNumber', title: { zh: '案号', en: 'Case' }, value: '（2024）云01执100号' }],
    endedOn: '2024-03-01',
    reportableUntil: '2029-03-01',
    displayed: true,
    marks: [],
    version: '0:1',
  } as unknown as ReportRecord;
  const { register: _, ...unnamed } = listed;
  const bodies = [
    { ...first, records: [{ ...unnamed, facts: listed.facts.filter(({ field }) => FEWER.has(field)) }, debtor] },
    second,
  ].map(({ salt: __, digest: ___, ...body }) => body);
  const model: ReportModel = {
    ...issued.model,
    definition: sha256('the definition of then'),
    sections: salted(bodies),
  };
  const code = newCode();
  const { dataDir, state } = made.context;
  const store = state === undefined ? openReportStore(dataDir) : reportsIn(state);
  const old = {
    id: newId(),
    document: sha256(canonicalJson(model)),
    issuer: issued.issuer,
    model,
    keys: [[...(issued.keys[0] ?? []), JSON.stringify([0, 'court.judgment-debtors', 'C1'])], issued.keys[1] ?? []],
  };
  await store.putReport(old, codeHash(code) ?? '', NOW + 86_400_000);
  await store.close();

  t.ok(
    (await made.reports.listFor(company(0), made.asking())).some((row) => row.id === old.id),
    'it stands in the list',
  );
  t.equal(
    (await made.reports.find(old.id, company(0), made.asking())).document,
    old.document,
    'and opens as it was issued',
  );
  const { outcome, changes } = await made.reports.verifyCode(code, made.asking());
  t.equal(outcome, 'changed');
  t.strictSame(
    changes?.sections.map(({ domain, added, records }) => ({ domain, added, records })),
    [{ domain: 0, added: 0, records: [{ record: 1, change: 'excluded' }] }],
    'left out by law; the court has taken nothing back, and the list was not corrected',
  );
  for (const language of ['zh', 'en'] as const) {
    const shown = page({
      language,
      workspace: { name: { zh: '城', en: 'city' }, synthetic: true },
      title: 't',
      children: h(ReportContent, { model, language }),
    });
    t.match(shown, language === 'zh' ? /其他信息 · 云州市中级人民法院/ : /other information · Yunzhou Intermediate/);
    t.notMatch(shown, CONVICT);
  }
  const { sign: _sign, ...desk } = await office(t.testdir());
  const { bytes } = await desk.issue(model);
  if (!programForTest(t, 'pdftotext', 'poppler-utils')) return;
  const file = join(t.testdir(), 'old.pdf');
  writeFileSync(file, bytes);
  const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
  t.match(text, /市场监管 · 其他信息/);
  t.notMatch(text, CONVICT);
});
