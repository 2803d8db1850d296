/**
 * What a reader of the PDF gets: all that the model holds, in text that can be searched, on pages that say where they
 * can be checked.
 */
import t from 'tap';
import { canonicalJson } from '../../../contracts/canonical.js';
import { loadReports } from '../../../contracts/reports.js';
import type { Localised } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import type { ReportModel } from '../../../gateway/documents/model/model.js';
import { draw } from '../../../gateway/documents/pdf/draw.js';
import { renderPdf } from '../../../gateway/documents/pdf/index.js';
import { verifyPdf } from '../../../gateway/documents/pdf/verify.js';
import { kindOf, labels, sentences, states } from '../../../gateway/documents/pdf/words.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { CODE, office, pictures, programForTest, run, SIGNER, saved, URL_OF_CODE } from './documents.js';
import { sampleReport } from './sample.js';

t.setTimeout(180_000);

const squeezed = (text: string): string => text.replace(/\s/g, '');
/** Text of the structure, in the order in which it is read aloud: header and footer are not in it. */
const spoken = (file: string): string =>
  squeezed(
    run('pdfinfo', '-struct-text', file)
      .split('\n')
      .map((line) => /^ *"(.*)"$/.exec(line)?.[1] ?? '')
      .join(''),
  );

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
        const place = `${String(i + 1)}/${String(section.records.length)}`;
        yield `${model.domains[section.domain]?.title.zh ?? '?'} · ${kindOf(record).zh}（${place}）`;
        yield* both(record.authority);
        for (const { title, value } of record.facts) {
          yield* both(title);
          if (typeof value === 'string') yield value;
          else yield* both(value);
        }
        if (record.endedOn !== undefined) yield record.endedOn;
        yield record.reportableUntil ?? (record.endedOn === undefined ? sentences.goesOn : sentences.noEnd).zh;
        yield* both(record.displayed ? sentences.yes : sentences.no);
        yield* both(record.marks.includes('objection') ? sentences.objection : sentences.noObjection);
        if (record.marks.includes('correction')) yield* both(sentences.correction);
        if (record.register !== undefined) yield* both(record.register);
      }
    }
  }
  if (model.subjects.length === 1) yield* missing();
  for (const note of model.notes) yield* both(note);
  yield model.definition;
  yield model.cut.digest;
}

t.test(
  'the text of the document is the model: every domain, state, record and fact, in order, and no finding more',
  async (t) => {
    if (!programForTest(t, 'pdfinfo', 'poppler-utils')) return;
    const { issue } = await office(t.testdir());
    for (const [name, model] of [
      ['one', sampleReport({ seed: 4 })],
      ['group', sampleReport({ subjects: 6, seed: 2 })],
    ] as const) {
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
  },
);

t.test('a search in the document finds Chinese, on the page where it stands', async (t) => {
  if (!programForTest(t, 'pdftotext', 'poppler-utils')) return;
  const model = sampleReport({ seed: 3 });
  const { issue } = await office(t.testdir());
  const file = saved(t.testdirName, (await issue(model)).bytes);
  const pages = run('pdftotext', '-raw', file, '-').split('\f').slice(0, -1).map(squeezed);
  for (const { title } of model.domains)
    t.match(pages[0] ?? '', title.zh, 'all domains stand on the first page of a report on one company');
  for (const value of model.sections.flatMap(({ records }) =>
    records.flatMap(({ facts }) => facts.map((fact) => (typeof fact.value === 'string' ? fact.value : fact.value.zh))),
  )) {
    t.ok(
      pages.some((page) => page.includes(squeezed(value))),
      `on one page: ${value}`,
    );
  }
  for (const [i, page] of pages.entries()) {
    for (const part of [
      CODE,
      URL_OF_CODE,
      `第${String(i + 1)}页/共${String(pages.length)}页`,
      squeezed(sentences.synthetic.zh),
      squeezed(model.title.zh),
    ])
      t.ok(page.includes(part), `page ${String(i + 1)}: ${part}`);
  }
  t.notMatch(run('pdfinfo', file), /Encrypted: *yes|JavaScript: *yes/);
});

t.test(
  'fonts are embedded as subsets and give their characters back; the document is tagged, in Chinese, and has a title',
  async (t) => {
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
    for (const type of ['Document', 'H1', 'H2', 'H3', 'P', 'Table', 'TR', 'TH', 'TD', 'Figure'])
      t.match(structure, new RegExp(`^ *${type}\\b`, 'm'), type);
    t.equal(structure.split(/^ *Figure\b/m).length - 1, 1, 'the code is told once, not on each page');
  },
);

t.test('each page has a QR code that a scan of 150 dpi reads', async (t) => {
  if (!programForTest(t, 'zbarimg', 'zbar-tools') || !programForTest(t, 'pdftoppm', 'poppler-utils')) return;
  const { issue } = await office(t.testdir());
  const file = saved(t.testdirName, (await issue(sampleReport({ subjects: 2, seed: 5 }))).bytes);
  const pages = pictures(t.testdirName, file);
  t.ok(pages.length > 4);
  for (const page of pages) t.equal(run('zbarimg', '--quiet', '--raw', page).trim(), URL_OF_CODE);
});

t.test(
  'a character that the font has not is shown by its code point, told to the caller and named in a note',
  async (t) => {
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
    for (const code of outside)
      t.ok(
        text.includes(squeezed(`${labels.notes.zh}${labels.notes.en}`)) && text.split(code).length > 2,
        `${code} stands in its place and in the note`,
      );
  },
);

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
  const sections = model.sections.map((section) => ({
    ...section,
    records: section.records.map((record) => ({
      ...record,
      facts: [
        ...record.facts,
        { field: 'a', title: { zh: '经过', en: 'Account' }, value: long },
        { field: 'b', title: { zh: '附件', en: 'Attachment' }, value: `${url}\n第二行` },
      ],
    })),
  }));
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
  const none = {
    ...model,
    sections: model.sections.map((section) => ({ ...section, state: 'none' as const, records: [], missing: [] })),
  };
  const { issue } = await office(t.testdir());
  const text = spoken(saved(t.testdirName, (await issue(none)).bytes));
  t.ok(text.includes(squeezed(sentences.noMissing.zh)) && text.includes(squeezed(sentences.noRecords.zh)));
  t.notOk(text.includes('“未答复”'));
});

/**
 * So many companies, of which these have the records of the sample and the others none; `silent` domains answered for
 * nobody.
 */
function groupOf(companies: number, found: readonly number[], silent = 0): ReportModel {
  const model = sampleReport({ subjects: companies, seed: 2 });
  const sections = model.sections.map((section) => {
    const { missing: _, ...rest } = section;
    if (section.domain < silent)
      return {
        ...rest,
        state: 'not_answered' as const,
        records: [],
        missing: [{ authority: 'water', name: { zh: '云州市水务局', en: 'Water Authority of Yunzhou' } }],
      };
    return found.includes(section.subject) && section.records.length > 0
      ? { ...rest, state: 'records' as const, missing: [] }
      : { ...rest, state: 'none' as const, records: [], missing: [] };
  });
  return { ...model, sections };
}
const pagesOf = (file: string): readonly string[] => run('pdftotext', '-layout', file, '-').split('\f').slice(0, -1);

t.test(
  'a report on a group opens with what was found of each company and where; those without records are told together',
  async (t) => {
    if (!programForTest(t, 'pdftotext', 'poppler-utils')) return;
    const found = [0, 7, 40];
    const whole = groupOf(71, found);
    const model: ReportModel = {
      ...whole,
      leftOut: [{ subject: 'uscc:91990106MA000011WH', name: '云州未授权餐饮有限公司', relation: 'subsidiary' }],
    };
    const { issue } = await office(t.testdir());
    const file = saved(t.testdirName, (await issue(model)).bytes);
    const pages = pagesOf(file);
    t.ok(pages.length < 40, `${String(pages.length)} pages for 71 companies`);
    t.match(
      squeezed(pages[0] ?? ''),
      /查询结果总表Whatwasfound共72家企业、41个领域：3家有记录，68家均无记录，1家未授权、未列入。/,
    );
    const table = pages.slice(0, 4).join('\n').split('\n');
    for (const [n, { name }] of model.subjects.entries()) {
      const row = table.find((line) => new RegExp(`^ *${String(n + 1)} .*${name}( |$)`).test(line)) ?? '';
      const page = squeezed(pages[Number(/(\d+)\s*$/.exec(row)?.[1]) - 1] ?? '');
      const heading = found.includes(n) ? `${String(n + 1)}．${name}` : squeezed(`${labels.clean.zh}（68 家）`);
      if (!page.includes(heading)) t.fail(`the table leads nobody to company ${String(n + 1)}`, { row });
    }
    const text = spoken(file);
    t.match(text, /云州未授权餐饮有限公司91990106MA000011WH子公司Subsidiary未授权，未列入notauthorised,leftout/);
    t.ok(text.includes(squeezed(sentences.leftOutNote.zh)));
    t.ok(text.includes('下列68家企业，已逐一查询41个领域，各部门均已答复，查询期间内均无可报告的记录。'));
    t.equal(text.split(squeezed(`${labels.clean.zh}`)).length - 1, 1);
  },
);

t.test(
  'of companies without records it is not said that there is none where a department has not answered',
  async (t) => {
    if (!programForTest(t, 'pdfinfo', 'poppler-utils')) return;
    const { issue } = await office(t.testdir());
    const text = spoken(saved(t.testdirName, (await issue(groupOf(20, [3], 2))).bytes));
    t.ok(text.includes('共20家企业、41个领域：1家有记录，19家有领域未答复、其余无记录。'));
    t.ok(
      text.includes('下列19家企业，已逐一查询41个领域：2个领域未答复，不能判断有无记录；其余领域均无可报告的记录。'),
    );
    t.notOk(text.includes('均已答复'));
    t.notMatch(text, /(?<!已答复领域)均无记录的企业（/, 'none of them is without any record for certain');
    // one whose register was granted in part stands apart from those that stand alike
    const model = groupOf(20, [3]);
    const sections = model.sections.map((section) =>
      section.subject === 5 && section.domain === 0
        ? {
            ...section,
            state: 'not_answered' as const,
            missing: [{ authority: 'samr', name: { zh: '市场监管局', en: 'Market Regulation' } }],
          }
        : section,
    );
    const apart = spoken(saved(t.testdirName, (await issue({ ...model, sections })).bytes));
    t.ok(apart.includes('下列18家企业，已逐一查询41个领域，各部门均已答复'));
    t.ok(apart.includes('下列1家企业，已逐一查询41个领域：1个领域未答复'));
  },
);

t.test(
  'a seal is shown where the definition has one, with its words; it is a picture with an alternative, on the ' +
    'last page alone',
  async (t) => {
    if (!programForTest(t, 'pdfimages', 'poppler-utils')) return;
    const { sign, issue, now, ca } = await office(t.testdir());
    const definition = (await loadReports(await loadWorkspace(packageRoot()))).get('credit');
    const model = sampleReport({ seed: 3 });
    t.match(definition?.seal?.words.zh, /示例/, 'that of the invented city says that it is none');
    const plain = saved(t.testdirName, (await issue(model)).bytes);
    t.equal(run('pdfimages', '-list', plain).trim().split('\n').length, 2, 'no seal is shown that nobody has declared');
    const { bytes } = await renderPdf(model, {
      code: CODE,
      url: URL_OF_CODE,
      sign,
      at: now,
      ...(definition?.seal === undefined ? {} : { seal: definition.seal }),
    });
    const file = saved(t.testdirName, bytes);
    const images = run('pdfimages', '-list', file).trim().split('\n').slice(2);
    t.equal(images.length, 1);
    t.match(images[0], new RegExp(`^ *${String(pagesOf(file).length)} .* image +480 +480 +rgb`));
    t.equal(run('pdfinfo', '-struct', file).split(/^ *Figure\b/m).length - 1, 2);
    t.ok(spoken(file).includes(squeezed(definition?.seal?.words.zh ?? '?')));
    t.match(await verifyPdf(bytes, [ca]), { ok: true }, 'and is checked as any other');
  },
);

t.test(
  'where a company says that something is missing, it stands beside the finding and in a sentence, and beside no other',
  async (t) => {
    if (!programForTest(t, 'pdfinfo', 'poppler-utils')) return;
    const { issue } = await office(t.testdir());
    const plain = sampleReport({ seed: 4 });
    const at = plain.sections.findIndex(({ state }) => state === 'none');
    const title = plain.domains[plain.sections[at]?.domain ?? 0]?.title.zh ?? '';
    const model: ReportModel = {
      ...plain,
      sections: plain.sections.map((section, i) => (i === at ? { ...section, marks: ['objection'] } : section)),
    };
    const text = spoken(saved(`${t.testdirName}/objection`, (await issue(model)).bytes));
    t.ok(text.includes(squeezed('无记录，异议')));
    t.equal(text.split(squeezed('，异议')).length - 1, 2, 'once at the finding, once in the sentence');
    t.ok(text.includes(squeezed(`${title}：企业认为该领域的信息有遗漏，异议处理中。`)));
  },
);
