/** Every kind of PDF that is made claims PDF/UA-1, and a validator of others finds nothing against it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadReports } from '../../../contracts/reports.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { renderPdf } from '../../../gateway/documents/pdf/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { CODE, office, programForTest, run, saved, URL_OF_CODE } from './documents.js';
import { sampleReport } from './sample.js';
import { judgedByVeraPdf } from './verapdf.js';

t.setTimeout(240_000);

t.test('reports on one company, on a group, long ones, empty ones and odd ones are PDF/UA-1', async (t) => {
  const dir = t.testdir();
  const { issue, sign, now } = await office(dir);
  const plain = sampleReport({ domains: 5, seed: 3 });
  const group = sampleReport({ subjects: 31, domains: 9, seed: 2 });
  const [first] = plain.subjects;
  if (first === undefined) throw new Error('the sample has a company');
  const long = Array.from({ length: 900 }, (_, i) => `第${String(i)}条违法行为；`).join('');
  const models = {
    one: sampleReport({ seed: 4 }),
    group: sampleReport({ subjects: 6, seed: 2 }),
    many: sampleReport({ subjects: 71, domains: 8, seed: 7 }),
    // a fact that is longer than a page
    long: {
      ...plain,
      sections: plain.sections.map((section) => ({
        ...section,
        records: section.records.map((record) => ({
          ...record,
          facts: [...record.facts, { field: 'a', title: { zh: '经过', en: 'Account' }, value: long }],
        })),
      })),
    },
    empty: {
      ...plain,
      sections: plain.sections.map((section) => ({ ...section, state: 'none' as const, records: [], missing: [] })),
    },
    // those without a record are told together, one is left out by name
    alike: {
      ...group,
      leftOut: [
        { subject: 'uscc:91990106MA000011WH', name: '云州未授权餐饮有限公司', relation: 'subsidiary' as const },
      ],
      sections: group.sections.map(({ missing: _, ...section }) =>
        section.subject === 3 && section.records.length > 0
          ? { ...section, state: 'records' as const, missing: [] }
          : { ...section, state: 'none' as const, records: [], missing: [] },
      ),
    },
    // characters that the font has not, and such as XML gives a meaning
    odd: {
      ...plain,
      title: { zh: '信用报告 <A&B>', en: 'Report <A&B> "c"' },
      issuer: { zh: '云州 & 中心', en: 'Centre & Co' },
      subjects: [{ ...first, name: '云州\u{2A6D7}业\u0E01有限公司 <&>' }],
    },
  };
  const files: string[] = [];
  for (const [name, model] of Object.entries(models)) {
    mkdirSync(join(dir, name));
    files.push(saved(join(dir, name), (await issue(model)).bytes));
  }
  const seal = (await loadReports(await loadWorkspace(packageRoot()))).get('credit')?.seal;
  if (seal === undefined) throw new Error('the report of the invented city has a seal');
  mkdirSync(join(dir, 'sealed'));
  files.unshift(
    saved(join(dir, 'sealed'), (await renderPdf(plain, { code: CODE, url: URL_OF_CODE, sign, at: now, seal })).bytes),
  );
  if (programForTest(t, 'pdfinfo', 'poppler-utils')) {
    for (const file of files) t.match(run('pdfinfo', '-meta', file), /<pdfuaid:part>1<\/pdfuaid:part>/);
    // and it is XML that says the title
    t.match(run('pdfinfo', '-meta', files.at(-1) ?? ''), /信用报告 &#60;A&#38;B&#62;/);
  }
  const found = judgedByVeraPdf(t, files);
  if (found !== undefined)
    t.strictSame(
      found,
      files.map((file) => `${file}: ok`),
    );
});
