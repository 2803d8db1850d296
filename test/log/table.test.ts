/** The log as a table that a spreadsheet opens, as CSV and as a workbook: read by others' readers. */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import t from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import { inForceOf } from '../../gateway/answer/inforce/snapshot.js';
import { namesOf } from '../../gateway/documents/words/names.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { exportWords } from '../../gateway/http/ui/export-words.js';
import { type ExportFormat, exportEntries } from '../../gateway/log/search/export/export.js';
import { columnsOf, type ExportWords } from '../../gateway/log/search/export/table.js';
import { zipped } from '../../gateway/log/search/export/zip.js';
import { openSearch } from '../../gateway/log/search/index.js';
import { loadPolicies } from '../../policies/load.js';
import { pythonForTest } from '../support/python.js';
import { storedLog } from './stored.js';

t.setTimeout(120_000);

const ODD = [
  '=1+1',
  '+8613800000000',
  '-2+3',
  '@SUM(A1)',
  '\t=1',
  '＝1+1',
  ' =cmd|calc',
  'two\r\nlines',
  'a"b,c;d',
  '<&>"\'',
  '\u0007bell',
  '\uD83D lone',
];
const [FIRST] = ODD;

const workspace = await loadWorkspace(packageRoot());
const inForce = inForceOf(await loadPolicies(workspace), [], workspace);
const words = (language: 'zh' | 'en'): ExportWords =>
  exportWords(namesOf({ workspace, inForce: () => inForce }, language), language);

/** Entries of the reference city, and such as somebody made up. */
function filled(dir: string): { readonly search: ReturnType<typeof openSearch>; close(): Promise<void> } {
  const log = storedLog(dir);
  const datasets = [
    {
      dataset: 'samr.food-licence',
      grant: 'counter-food-licence',
      effect: 'allow',
      fields: ['licenceNumber', 'status'],
      records: 2,
    },
    { dataset: 'tax.tax-arrears', effect: 'deny', reason: 'not_granted', fields: [], records: 0 },
  ];
  log.add([
    {
      clear: {
        type: 'released',
        time: '2026-02-28T16:30:05.250Z',
        requestId: 'r-1',
        client: 'one-stop-counter',
        authority: 'gov-service',
        purpose: 'open-restaurant',
        stated: [],
        datasets,
        policyVersion: 'v',
        bytes: 1,
      },
    },
    ...ODD.map((text, n) => ({
      clear: {
        type: 'released',
        time: '2026-03-01T00:00:00.000Z',
        requestId: `odd-${String(n)}`,
        client: text,
        purpose: 'open-restaurant',
        datasets: [{ dataset: text, effect: 'allow', fields: [text, 'x'] }],
      },
    })),
    { clear: { type: 'administration', time: '2026-03-01T01:00:00.000Z', action: 'complaint', by: 'gateway' } },
  ]);
  const search = openSearch(dir);
  return { search, close: () => search.close().then(() => log.close()) };
}

async function exported(
  dir: string,
  search: ReturnType<typeof openSearch>,
  format: ExportFormat,
  language: 'zh' | 'en',
  query = {},
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of exportEntries(dir, search, format, query, { words: words(language) }))
    pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const titled = (language: 'zh' | 'en'): readonly string[] =>
  columnsOf(words(language)).map(({ title }) => title[language]);

t.test(
  'CSV: the mark of UTF-8, times of the city with their zone, names beside ids, a value a cell, and no formula',
  async (t) => {
    const dir = t.testdir();
    const { search, close } = filled(dir);
    t.teardown(close);
    const bytes = await exported(dir, search, 'csv', 'zh');
    t.equal(bytes.subarray(0, 3).toString('hex'), 'efbbbf');
    const rows = parse(bytes, { columns: true, bom: true, relax_column_count: false }) as Readonly<
      Record<string, string>
    >[];
    t.strictSame(Object.keys(rows[0] ?? {}), titled('zh'));
    t.match(rows.slice(0, 2), [
      {
        序号: '0',
        '时间（北京时间 UTC+08:00）': '2026-03-01 00:30:05',
        事项: '答复',
        应用代码: 'one-stop-counter',
        数据集: workspace.contracts.get('samr.food-licence' as never)?.name.zh,
        数据集代码: 'samr.food-licence',
        结果: '提供',
        '字段代码（以“; ”分隔）': 'licenceNumber; status',
        记录数: '2',
        请求编号: 'r-1',
      },
      {
        序号: '0',
        数据集代码: 'tax.tax-arrears',
        结果: '拒绝',
        理由代码: 'not_granted',
        记录数: '0',
        请求编号: 'r-1',
        存证原文: '',
      },
    ]);
    for (const [i, name] of ['应用', '使用单位', '用途', '数据集', '理由', '字段（以“; ”分隔）'].entries())
      t.match(rows[i === 4 ? 1 : 0]?.[name], /\p{Script=Han}/u, name);
    for (const row of rows)
      for (const [name, value] of Object.entries(row)) t.notMatch(value, /^[\s\u0000]*[=+@＝＋＠-]/u, name);
    t.equal(rows.find((row) => row['请求编号'] === 'odd-0')?.['应用代码'], `'${FIRST ?? ''}`);
    t.equal(rows.find((row) => row['请求编号'] === 'odd-7')?.['应用代码'], ODD[7], 'a cell of two lines is one cell');
    t.match(
      (await exported(dir, search, 'csv', 'en')).toString(),
      /^\uFEFFindex,"time \(Asia\/Shanghai, UTC\+08:00\)",event,type,/,
    );
    t.strictSame(
      parse(await exported(dir, search, 'csv', 'zh', { client: 'nobody' }), { bom: true }),
      [titled('zh')],
      'of nothing there is the head',
    );
  },
);

t.test(
  'what somebody else says of an entry stands behind its summary, and what proves it stays where it was',
  async (t) => {
    const dir = t.testdir();
    const { search, close } = filled(dir);
    t.teardown(close);
    const more = [
      {
        title: { zh: '评判', en: 'judgement' },
        width: 10,
        cell: (index: number) => (index === 0 ? '=有疑问' : undefined),
      },
    ];
    const table = async (extra: Partial<ExportWords>): Promise<string[][]> => {
      let text = '';
      for await (const piece of exportEntries(dir, search, 'csv', {}, { words: { ...words('zh'), ...extra } }))
        text += String(piece);
      return parse(text, { bom: true });
    };
    const [plain, wide] = [await table({}), await table({ more })];
    const at = titled('zh').indexOf('摘要') + 1;
    t.strictSame(
      wide.map((row) => row.filter((_, i) => i !== at)),
      plain,
      'all else is the same',
    );
    t.strictSame(
      wide.slice(0, 4).map((row) => row[at]),
      ['评判', "'=有疑问", "'=有疑问", ''],
      'in each row of its entry, and no formula',
    );
  },
);

t.test('a workbook: another reader finds the same table, times as times, texts as texts', async (t) => {
  const dir = t.testdir();
  const { search, close } = filled(dir);
  t.teardown(close);
  const file = join(dir, 'audit.xlsx');
  writeFileSync(file, await exported(dir, search, 'xlsx', 'zh'));
  writeFileSync(join(dir, 'empty.xlsx'), await exported(dir, search, 'xlsx', 'en', { client: 'nobody' }));
  const python = pythonForTest(t, 'openpyxl', 'openpyxl');
  if (python === undefined) return;
  const program = `
import json, sys, zipfile, openpyxl
for name in sys.argv[1:]:
    assert zipfile.ZipFile(name).testzip() is None
    book = openpyxl.load_workbook(name)
    sheet = book.worksheets[0]
    cells = [[[c.data_type, c.value.isoformat(sep=" ") if c.is_date and c.value else c.value, c.number_format] for c in row] for row in sheet.iter_rows()]
    print(json.dumps({"sheets": book.sheetnames, "freeze": sheet.freeze_panes, "filter": sheet.auto_filter.ref, "cells": cells}))
`;
  const { stdout, stderr, status } = spawnSync(python, ['-c', program, file, join(dir, 'empty.xlsx')], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  t.equal(status, 0, stderr);
  const [book, empty] = stdout
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          readonly sheets: string[];
          readonly freeze: string;
          readonly filter: string;
          readonly cells: readonly (readonly (readonly [string, string | number | null, string])[])[];
        },
    );
  t.match(book, { sheets: ['审计日志', '说明'], freeze: 'C2' });
  t.match(
    empty?.cells.map((row) => row.map(([, value]) => value)),
    [titled('en')],
  );
  const csv = parse(await exported(dir, search, 'csv', 'zh'), { bom: true }) as string[][];
  t.equal(book?.cells.length, csv.length);
  // what XML cannot hold stands as a sign, and CSV guards against formulas by an apostrophe
  const plain = (text: string): string =>
    text
      .replace(/^'(?=[\s\u0000]*[=+@＝＋＠-])/u, '')
      .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/g, '\uFFFD')
      .replaceAll('\r\n', '\n');
  for (const [r, row] of (book?.cells ?? []).entries()) {
    t.strictSame(
      row.map(([, value]) => (value === null ? '' : String(value).replaceAll('\r\n', '\n'))),
      csv[r]?.map(plain),
      `row ${String(r)}`,
    );
    t.notOk(
      row.some(([type]) => type === 'f' || type === 'e'),
      'no formula, no error',
    );
  }
  t.match(book?.cells[1]?.[1], ['d', '2026-03-01 00:30:05', 'yyyy\\-mm\\-dd\\ hh:mm:ss']);
  t.match(book?.cells[1]?.[0], ['n', 0]);
});

t.test('whoever stops reading an archive lets go of what makes it', async (t) => {
  let ended = false;
  async function* endless(): AsyncGenerator<string> {
    try {
      for (let n = 0; ; n++) {
        yield `${String(n * 7919)}${'x'.repeat(1000)}`;
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      ended = true;
    }
  }
  for await (const piece of zipped([{ name: 'a', text: endless() }])) if (piece.length > 100) break;
  t.ok(ended);
  const failing = zipped([
    {
      name: 'a',
      text: (async function* () {
        yield 'x';
        throw new Error('the disk');
      })(),
    },
  ]);
  await t.rejects(
    (async () => {
      for await (const _ of failing);
    })(),
    { message: 'the disk' },
  );
});
