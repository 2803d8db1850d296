/** What a reader of the PDF gets: all that the model holds, in text that can be searched, on pages that say where they can be checked. */
import t from 'tap';
import { canonicalJson } from '../../contracts/canonical.js';
import type { Localised } from '../../contracts/types.js';
import type { ReportModel } from '../../gateway/reports/model.js';
import { draw } from '../../gateway/reports/pdf/draw.js';
import { kinds, labels, sentences, states } from '../../gateway/reports/pdf/words.js';
import { CODE, SIGNER, URL_OF_CODE, office, pictures, programForTest, run, saved } from './documents.js';
import { sampleReport } from './sample.js';

t.setTimeout(180_000);

const squeezed = (text: string): string => text.replace(/\s/g, '');
/** Text of the structure, in the order in which it is read aloud: header and footer are not in it. */
const spoken = (file: string): string => squeezed(run('pdfinfo', '-struct-text', file).split('\n').map((line) => /^ *"(.*)"$/.exec(line)?.[1] ?? '').join(''));

/** What has to be said, in its order. */
function* said(model: ReportModel): Generator<string, void> {
  const both = function* ({ zh, en }: Localised): Generator<string, void> {
    yield zh;
    yield en;
  };
  yield* both(model.title);
  const missing = function* (): Generator<string, void> {
    yield labels.missing.zh;
    yield* both({ zh: '云州市水务局', en: 'Water Authority of Yunzhou' });
  };
  if (model.subjects.length > 1) {
    for (const { name } of model.subjects) yield name;
    yield* missing();
  }
  for (const [s, subject] of model.subjects.entries()) {
    yield subject.name;
    const own = model.sections.filter((section) => section.subject === s);
    for (const { domain, state, records } of own) {
      yield* both(model.domains[domain]?.title ?? { zh: '?', en: '?' });
      yield* both(states[state](records.length));
    }
    for (const section of own) {
      for (const [i, record] of section.records.entries()) {
        yield `${model.domains[section.domain]?.title.zh ?? '?'} · ${kinds[record.kind].zh}（${String(i + 1)}/${String(section.records.length)}）`;
        yield* both(record.authority);
        for (const { title, value } of record.facts) {
          yield* both(title);
          if (typeof value === 'string') yield value;
          else yield* both(value);
        }
        if (record.endedOn !== undefined) yield record.endedOn;
        yield record.reportableUntil ?? (record.endedOn === undefined ? sentences.goesOn : sentences.noEnd).zh;
        yield* both(record.displayed ? sentences.yes : sentences.no);
        yield* both(record.marks.length > 0 ? sentences.objection : sentences.noObjection);
        if (record.register !== undefined) yield* both(record.register);
      }
    }
  }
  if (model.subjects.length === 1) yield* missing();
  for (const note of model.notes) yield* both(note);
  yield model.definition;
  yield model.cut.digest;
}

t.test('the text of the document is the model: every domain, state, record and fact, in order, and no finding more', async (t) => {
  if (!programForTest(t, 'pdfinfo', 'poppler-utils')) return;
  const { issue } = await office(t.testdir());
  for (const [name, model] of [['one', sampleReport({ seed: 4 })], ['group', sampleReport({ subjects: 6, seed: 2 })]] as const) {
    const file = saved(`${t.testdirName}/${name}`, (await issue(model)).bytes);
    const text = spoken(file);
    let at = 0;
    for (const part of said(model)) {
      const found = text.indexOf(squeezed(part), at);
      if (found < 0) t.fail(`\`${part}\` does not come`, { after: text.slice(Math.max(0, at - 60), at) });
      else at = found + squeezed(part).length;
    }
    for (const state of ['none', 'records', 'at_least', 'not_answered'] as const) {
      const wanted = model.sections.filter((section) => section.state === state);
      const { zh, en } = states[state](wanted[0]?.records.length ?? 0);
      // these two stand over the counts of each company as well
      const titles = state === 'none' || state === 'not_answered' ? model.subjects.length : 0;
      t.equal(text.split(squeezed(`${zh}${en}`)).length - 1, wanted.length + titles, `${name}: ${state}`);
    }
  }
});

t.test('a search in the document finds Chinese, on the page where it stands', async (t) => {
  if (!programForTest(t, 'pdftotext', 'poppler-utils')) return;
  const model = sampleReport({ seed: 3 });
  const { issue } = await office(t.testdir());
  const file = saved(t.testdirName, (await issue(model)).bytes);
  const pages = run('pdftotext', '-raw', file, '-').split('\f').slice(0, -1).map(squeezed);
  for (const { title } of model.domains) t.match(pages[0] ?? '', title.zh, 'all domains stand on the first page of a report on one company');
  for (const value of model.sections.flatMap(({ records }) => records.flatMap(({ facts }) => facts.map((fact) => (typeof fact.value === 'string' ? fact.value : fact.value.zh))))) {
    t.ok(pages.some((page) => page.includes(squeezed(value))), `on one page: ${value}`);
  }
  for (const [i, page] of pages.entries()) {
    for (const part of [CODE, URL_OF_CODE, `第${String(i + 1)}页/共${String(pages.length)}页`, squeezed(sentences.synthetic.zh), squeezed(model.title.zh)]) t.ok(page.includes(part), `page ${String(i + 1)}: ${part}`);
  }
  t.notMatch(run('pdfinfo', file), /Encrypted: *yes|JavaScript: *yes/);
});

t.test('fonts are embedded as subsets and give their characters back; the document is tagged, in Chinese, and has a title', async (t) => {
  if (!programForTest(t, 'pdffonts', 'poppler-utils')) return;
  const { issue } = await office(t.testdir());
  const model = sampleReport();
  const { bytes } = await issue(model);
  const file = saved(t.testdirName, bytes);
  const fonts = run('pdffonts', file).trim().split('\n').slice(2);
  t.equal(fonts.length, 2);
  for (const font of fonts) t.match(font, /^[A-Z]{6}\+NotoSansSC-\w+ +CID TrueType +Identity-H +yes yes yes/);
  t.ok(bytes.length < 400_000, 'a report is no megabyte of font');
  const info = run('pdfinfo', file);
  t.match(info, /Tagged: *yes/);
  t.ok(info.includes(model.title.zh));
  t.match(bytes.toString('latin1'), /\/Lang \(zh-CN\)/);
  const structure = run('pdfinfo', '-struct', file);
  for (const type of ['Document', 'H1', 'H2', 'H3', 'P', 'Table', 'TR', 'TH', 'TD', 'Figure']) t.match(structure, new RegExp(`^ *${type}\\b`, 'm'), type);
  t.equal(structure.split(/^ *Figure\b/m).length - 1, 1, 'the code is told once, not on each page');
});

t.test('each page has a QR code that a scan of 150 dpi reads', async (t) => {
  if (!programForTest(t, 'zbarimg', 'zbar-tools') || !programForTest(t, 'pdftoppm', 'poppler-utils')) return;
  const { issue } = await office(t.testdir());
  const file = saved(t.testdirName, (await issue(sampleReport({ subjects: 2, seed: 5 }))).bytes);
  const pages = pictures(t.testdirName, file);
  t.ok(pages.length > 4);
  for (const page of pages) t.equal(run('zbarimg', '--quiet', '--raw', page).trim(), URL_OF_CODE);
});

t.test('a character that the font has not is shown by its code point, told to the caller and named in a note', async (t) => {
  const model = sampleReport();
  const [first] = model.subjects;
  if (first === undefined) throw new Error('the sample has a company');
  // a rare ideograph of a name, a surrogate pair; a letter of another script; a control character
  const odd = { ...model, subjects: [{ ...first, name: '云州\u{2A6D7}业\u0E01有限公司' }], bearer: '云州\u0007银行' };
  const { issue } = await office(t.testdir());
  const { outside, bytes } = await issue(odd);
  t.same([...outside].sort(), ['U+0007', 'U+0E01', 'U+2A6D7']);
  t.same((await issue(model)).outside, []);
  if (!programForTest(t, 'pdfinfo', 'poppler-utils')) return;
  const text = spoken(saved(t.testdirName, bytes));
  t.ok(text.includes('云州［U+2A6D7］业［U+0E01］有限公司'));
  t.ok(text.includes('云州［U+0007］银行'));
  for (const code of outside) t.ok(text.includes(squeezed(`${labels.notes.zh}${labels.notes.en}`)) && text.split(code).length > 2, `${code} stands in its place and in the note`);
});

t.test('two characters of one outline come out as they went in', async (t) => {
  if (!programForTest(t, 'pdfinfo', 'poppler-utils')) return;
  const model = sampleReport();
  const [first] = model.subjects;
  if (first === undefined) throw new Error('the sample has a company');
  // a Kangxi radical and the ideograph that looks the same; Ohm sign and Omega
  const name = '⼀一⼈人Ω公司';
  const { issue } = await office(t.testdir());
  t.ok(spoken(saved(t.testdirName, (await issue({ ...model, subjects: [{ ...first, name }] })).bytes)).includes(name));
});

t.test('values as long as pages, and with lines of their own, come out whole', async (t) => {
  if (!programForTest(t, 'pdfinfo', 'poppler-utils')) return;
  const model = sampleReport({ domains: 3 });
  const long = Array.from({ length: 900 }, (_, i) => `第${String(i)}条违法行为；`).join('');
  const url = `https://example.cn/${'long-path/'.repeat(30)}`;
  const sections = model.sections.map((section) => ({ ...section, records: section.records.map((record) => ({ ...record, facts: [...record.facts, { field: 'a', title: { zh: '经过', en: 'Account' }, value: long }, { field: 'b', title: { zh: '附件', en: 'Attachment' }, value: `${url}\n第二行` }] })) }));
  const { issue } = await office(t.testdir());
  const text = spoken(saved(t.testdirName, (await issue({ ...model, sections })).bytes));
  t.ok(sections.some(({ records }) => records.length > 0));
  t.equal(text.split(long).length - 1, sections.flatMap(({ records }) => records).length);
  t.ok(text.includes(`${url}第二行`));
});

t.test('the same model, code, address and time give the same bytes, whenever they are drawn', async (t) => {
  const options = { code: CODE, url: URL_OF_CODE, signer: SIGNER, at: new Date('2026-11-24T02:03:05Z'), room: 4096 };
  const model = sampleReport({ subjects: 2 });
  const first = draw(model, options);
  // a copy whose members stand in another order
  const again = draw(JSON.parse(canonicalJson(model)) as ReportModel, options);
  t.ok(first.bytes.equals(again.bytes));
  t.notOk(first.bytes.equals(draw(model, { ...options, at: new Date('2026-11-24T02:03:06Z') }).bytes));
  t.notOk(first.bytes.equals(draw(sampleReport({ subjects: 2, seed: 2 }), options).bytes));
});

t.test('a report without a missing authority says so, and one without records says so', async (t) => {
  if (!programForTest(t, 'pdfinfo', 'poppler-utils')) return;
  const model = sampleReport({ domains: 5, seed: 3 });
  const none = { ...model, sections: model.sections.map((section) => ({ ...section, state: 'none' as const, records: [], missing: [] })) };
  const { issue } = await office(t.testdir());
  const text = spoken(saved(t.testdirName, (await issue(none)).bytes));
  t.ok(text.includes(squeezed(sentences.noMissing.zh)) && text.includes(squeezed(sentences.noRecords.zh)));
  t.notOk(text.includes('“未答复”'));
});
