/** Papers of cases as PDF: accessible, whole, the same each time, and signed where somebody signs them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { drawMaterial } from '../../gateway/documents/pdf/material/draw.js';
import { pdfPool } from '../../gateway/documents/pdf/pool.js';
import { inspectFile } from '../../gateway/procedures/materials/inspect/index.js';
import { samplePaper } from '../procedures/materials/sample.js';
import { office, programForTest, run } from './reports/documents.js';
import { judgedByVeraPdf } from './reports/verapdf.js';

t.setTimeout(240_000);

const city = { zh: '云州市（虚构）', en: 'Yunzhou (invented)' };
const options = { city, synthetic: true, at: '2026-11-30T02:00:00Z' };
const long = Array.from({ length: 900 }, (_, i) => `经营范围第${String(i)}项；`).join('');

t.test(
  'papers short and long, signed, unsigned, changed, as extracts and with odd characters are PDF/UA-1',
  async (t) => {
    const dir = t.testdir();
    const plain = samplePaper();
    const [first] = plain.values;
    if (first === undefined) throw new Error('the sample has a value');
    const { filedAt: _, signed: __, ...open } = plain;
    const papers = {
      filed: plain,
      draft: { ...open, state: 'draft' as const },
      changed: { ...plain, state: 'changed' as const },
      extract: samplePaper({ hidden: 7, values: [first], attached: [], parts: [] }),
      // without the form: its data stand behind the text
      text: samplePaper({ blocks: [{ block: 'text', text: '关于增加经营范围的决议。' }], attached: [], parts: [] }),
      // one group of the form; the rest stands behind the text
      part: samplePaper({
        values: [first, { ...first, element: 'other.one', title: { zh: '另一项', en: 'Another' } }],
        blocks: [{ block: 'form', group: 'other' }],
        attached: [],
        parts: [],
      }),
      nothing: samplePaper({ blocks: [], values: [], attached: [], parts: [] }),
      long: samplePaper({
        values: [
          { ...first, text: { zh: long, en: long } },
          ...Array.from({ length: 70 }, (___, i) => ({ ...first, element: `a.n${String(i)}` })),
        ],
        blocks: [{ block: 'text', text: long }, { block: 'form' }],
      }),
      odd: samplePaper({
        heading: '申请书 <A&B>\u{2A6D7}',
        title: { zh: '申请书 <A&B>', en: 'Application <A&B> "c"' },
      }),
    };
    const files: string[] = [];
    for (const [name, paper] of Object.entries(papers)) {
      const file = join(dir, `${name}.pdf`);
      const { bytes } = drawMaterial(paper, options);
      t.ok(bytes.equals(drawMaterial(paper, options).bytes), `${name} is the same each time`);
      t.match(await inspectFile(bytes), { type: 'application/pdf' }, `${name} can be uploaded elsewhere`);
      writeFileSync(file, bytes);
      files.push(file);
    }
    if (programForTest(t, 'pdftotext', 'poppler-utils')) {
      const textOf = (name: string): string => run('pdftotext', '-layout', join(dir, `${name}.pdf`), '-');
      t.match(
        textOf('filed'),
        /企业登记信息[\s\S]*2026-11-30 00:00/,
        'a register with its moment, as people of the city read it',
      );
      t.match(textOf('filed'), /ibk-aiRw0u2dCKiAETHMGiwfLSlBEIQ8UusFtdiUksA/, 'the digest that was signed');
      t.match(textOf('filed'), /signature-48f3daf068e9aacc/, 'and under which reference');
      t.match(textOf('draft'), /尚未签名/);
      t.notMatch(textOf('draft'), /signature-48f3daf068e9aacc/);
      t.match(textOf('changed'), /须重新签名/);
      t.notMatch(textOf('changed'), /signature-48f3daf068e9aacc/, 'a signature of something else is not shown');
      t.match(textOf('extract'), /另有 7 项/);
      t.match(
        textOf('part'),
        /另一项[\s\S]*本件所载数据及其来源[\s\S]*申请人签名/,
        'a part of the form, then what else it holds',
      );
      t.equal(textOf('part').split('另一项').length, 2, 'each value once');
      t.match(textOf('long'), /经营范围第899项/, 'a value longer than a page is there to its end');
      for (const file of files) t.match(run('pdfinfo', '-meta', file), /<pdfuaid:part>1<\/pdfuaid:part>/);
    }
    const found = judgedByVeraPdf(t, files);
    if (found !== undefined)
      t.strictSame(
        found,
        files.map((file) => `${file}: ok`),
      );
  },
);

t.test('what is said of a signature stands on one page, wherever the text ends', (t) => {
  if (!programForTest(t, 'pdftotext', 'poppler-utils')) return t.end();
  const dir = t.testdir();
  const [first] = samplePaper().values;
  if (first === undefined) throw new Error('the sample has a value');
  for (let rows = 12; rows < 30; rows++) {
    const values = Array.from({ length: rows }, (_, i) => ({ ...first, element: `a.n${String(i)}` }));
    const file = join(dir, `${String(rows)}.pdf`);
    writeFileSync(file, drawMaterial(samplePaper({ values, blocks: [{ block: 'form' }] }), options).bytes);
    const pages = run('pdftotext', '-layout', file, '-').split('\f');
    const signed = pages.filter((page) => page.includes('申请人签名') || page.includes('签名所及内容摘要'));
    t.equal(signed.length, 1, `${String(rows)} rows`);
  }
  t.end();
});

t.test('what was filed is signed by whoever issues it, in a thread of its own', async (t) => {
  const dir = t.testdir();
  const { sign } = await office(dir);
  const pool = pdfPool({ threads: 1 });
  t.teardown(() => pool.close());
  const { bytes } = await pool.material(samplePaper(), options, sign);
  if (programForTest(t, 'pdfsig', 'poppler-utils')) {
    const file = join(dir, 'signed.pdf');
    writeFileSync(file, bytes);
    t.match(run('pdfsig', '-nocert', file), /Signature is Valid/);
  }
  t.match(await inspectFile(bytes), { type: 'application/pdf' }, 'a signature is nothing that acts');
  const unsigned = await pool.material(samplePaper(), options);
  t.notOk(unsigned.bytes.includes('/ByteRange'));
});
