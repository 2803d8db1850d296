import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import t from 'tap';
import { dateText, meaningOf, numberText } from '../../connectors/sources/xlsx/values.js';
import { digit9 } from './fixtures.js';
import { openOffice } from './office.js';
import { counts, type Reading, read, seen } from './reading.js';
import { makeWorkbook, row } from './workbook.js';

const KEY = digit9.make(1);
const mapping = { fields: { code: { from: 'code' }, name: { from: 'name' } } };
const of = (dir: string, more: object = {}, reading: Reading = {}) =>
  read(dir, { kind: 'xlsx', path: 'a.xlsx', ...more }, { mapping, ...reading });

t.test('a cell is given as the program shows it, not as the file stores it', async (t) => {
  const dir = t.testdir();
  const cells: readonly (readonly [xml: string, shown: unknown])[] = [
    ['<c r="C2" t="s"><v>0</v></c>', '上海 & 有限公司'],
    ['<c r="C2" t="s"><v>1</v></c>', '東京'],
    ['<c r="C2" t="s"><v>2</v></c>', 'two\r\nlines'],
    ['<c r="C2" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c>', 'inline'],
    ['<c r="C2" t="str"><f>A1&amp;"x"</f><v>made</v></c>', 'made'],
    ['<c r="C2"><f>1+1</f><v>2</v></c>', '2'],
    ['<c r="C2"><v>0.30000000000000004</v></c>', '0.3'],
    ['<c r="C2"><v>310101199001011234</v></c>', '310101199001011234'],
    ['<c r="C2"><v>3.1010119900101E+17</v></c>', '310101199001010000'],
    ['<c r="C2"><v>1E-7</v></c>', '0.0000001'],
    ['<c r="C2" t="b"><v>1</v></c>', 'TRUE'],
    ['<c r="C2" t="d"><v>2024-03-01</v></c>', '2024-03-01'],
    ['<c r="C2" s="1"><v>45352</v></c>', '2024-03-01'],
    ['<c r="C2" s="2"><v>45352.354166666664</v></c>', '2024-03-01T08:30:00'],
    ['<c r="C2" s="3"><v>45352.99999999999</v></c>', '2024-03-02'],
    ['<c r="C2" s="4"><v>0.5</v></c>', '12:00:00'],
    ['<c r="C2" s="5"><v>1234.5</v></c>', '1234.5'],
    ['<c r="C2" s="1"/>', null],
    ['', null],
  ];
  for (const [xml, shown] of cells) {
    const sheet =
      '<row r="1"><c r="A1" t="inlineStr"><is><t>code</t></is></c><c r="B1" ' +
      't="inlineStr"><is><t>name</t></is></c><c r="C1" t="inlineStr"><is><t>x</t></is></c></row><row r="2"><c ' +
      `r="A2"><v>1</v></c>${xml}</row>`;
    const strings = [
      '<t>上海 &amp; 有限公司</t>',
      '<r><t>東</t></r><r><t>京</t></r><rPh sb="0" eb="1"><t>とうきょう</t></rPh>',
      '<t>two_x000D_\nlines</t>',
    ];
    writeFileSync(
      join(dir, 'a.xlsx'),
      makeWorkbook({
        sheets: { one: sheet },
        strings,
        formats: ['yyyy"年"m"月"d"日" hh:mm', '[$-804]yyyy/mm/dd;@', 'hh:mm:ss', '#,##0.00"d"'],
        styles: [0, 14, 164, 165, 166, 167],
      }),
    );
    t.match(seen(await of(dir)), [{ code: '1', name: null, x: shown }], xml);
  }
});

t.test('dates of both calendars are the days that people see', async (t) => {
  for (const [serial, meaning, from1904, text] of [
    ['1', 'date', false, '1900-01-01'],
    ['59', 'date', false, '1900-02-28'],
    ['60', 'date', false, undefined],
    ['61', 'date', false, '1900-03-01'],
    ['0', 'date', true, '1904-01-01'],
    ['43890', 'date', true, '2024-03-01'],
    ['2958465', 'date', false, '9999-12-31'],
    ['2958466', 'date', false, undefined],
    ['-1', 'date', false, undefined],
    ['1.5', 'time', false, '36:00:00'],
    ['45352.999999', 'datetime', false, '2024-03-02T00:00:00'],
  ] as const) {
    t.equal(dateText(serial, meaning, from1904), text, `${serial} ${from1904}`);
  }
  for (const [id, code, meaning] of [
    [0, undefined, 'number'],
    [14, undefined, 'date'],
    [22, undefined, 'datetime'],
    [31, undefined, 'date'],
    [57, undefined, 'date'],
    [10, undefined, 'number'],
    [164, '0.00E+00', 'number'],
    [164, 'General', 'number'],
    [164, '[Red]#,##0', 'number'],
    [164, '"day" 0', 'number'],
    [164, 'm"月"', 'date'],
    [164, '[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy', 'date'],
    [164, '[h]:mm', 'time'],
    [164, 'h:mm AM/PM', 'time'],
    [164, '[DBNum1][$-804]yyyy"年"m"月"', 'date'],
    [164, '0.0_d', 'number'],
  ] as const) {
    t.equal(meaningOf(id, code), meaning, `${id} ${code}`);
  }
  t.strictSame(
    ['007', '1.50', '-0', 'x', '', '1e999', '123456.789'].map((raw) => numberText(raw)),
    ['7', '1.5', '0', undefined, undefined, undefined, '123456.789'],
  );
});

t.test('the sheet, the header and the first row that the feed names are those that are read', async (t) => {
  const dir = t.testdir();
  const one =
    row('title') +
    row('code', 'name', null, 'name', '') +
    row('(text)', '(text)') +
    row(KEY, 'a', null, 'b', 'c', 'beside') +
    row(null, null) +
    '<row r="9"><c r="A9"><v>1</v></c></row>';
  writeFileSync(join(dir, 'a.xlsx'), makeWorkbook({ sheets: { notes: row('nothing'), '数据 & 1': one }, level: 0 }));
  const expected = [
    {
      position: 'a.xlsx#4',
      rowNumber: 4,
      cells: { code: KEY, name: 'a', '#3': null, 'name#2': 'b', '#5': 'c', '#6': 'beside' },
    },
    { position: 'a.xlsx#9', rowNumber: 9, cells: { code: '1', name: null, '#3': null, 'name#2': null } },
  ];
  for (const sheet of ['数据 & 1', 2])
    t.strictSame((await of(dir, { sheet, headerRow: 2, firstRow: 4 }))?.rows, expected);
  t.match(seen(await of(dir, { sheet: 3 })), ['the workbook has no sheet `3`']);
  await t.rejects(of(dir, { sheet: 1 }), { code: 'bad_feed', message: /lacks the column `code`/ });
  await t.rejects(of(dir, { sheet: 2, headerRow: 8 }), { code: 'bad_feed', message: /has no header in row 8/ });
  await t.rejects(of(dir, { headerRow: 3, firstRow: 2 }), { code: 'bad_feed', message: /below/ });
  await t.rejects(of(dir, { password: 'x' }), { code: 'bad_feed', message: /unknown key `password`/ });
});

t.test('every row of a workbook is published or quarantined with its reason', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const rows = Array.from({ length: 1500 }, (_, n) => row(digit9.make(n), `n${n}`, n));
  const bad = [
    '<row><c t="inlineStr"><is><t>1</t></is></c><c><f>NOW()</f></c></row>',
    '<row><c t="e"><v>#REF!</v></c></row>',
    row('123456789', 'x'),
    row(digit9.make(5000), 'x'.repeat(1_048_600)),
    '<row><c t="s"><v>99</v></c></row>',
  ];
  const write = (body: string) =>
    writeFileSync(join(dir, 'in.xlsx'), makeWorkbook({ sheets: { one: row('code', 'name', 'status') + body } }));
  write(
    rows.join('') +
      bad.join('') +
      `<row><c t="inlineStr"><is><t>${digit9.make(1501)}</t></is></c><c ` +
      't="inlineStr"><is><t>last</t></is></c><c/><c t="e"><v>#N/A</v></c></row>',
  );
  const source = { kind: 'xlsx', path: 'in.xlsx' } as const;
  const report = await office.run({ source });
  t.strictSame(counts(report), [1506, 1501, 0, 0, 5, 0, 0, 'complete']);
  t.strictSame(report.codes, { bad_row: 3, bad_check_digit: 1, record_too_large: 1 });
  t.strictSame(
    (await office.quarantine()).map(({ position, problems }) => [position, problems[0]?.reason]),
    [
      ['in.xlsx#1502', 'the column `name` holds a formula without its result'],
      ['in.xlsx#1503', 'the column `code` holds the error of a formula'],
      ['in.xlsx#1504', 'column `code`: does not satisfy its check digit'],
      ['in.xlsx#1505', 'the row has more than 1048576 characters or 16384 columns'],
      ['in.xlsx#1506', 'the column `code` points to a text that the workbook lacks'],
    ],
  );
  t.equal((await office.run({ source })).state, 'nothing-new');
  write(rows.slice(0, 1490).join(''));
  t.strictSame(counts(await office.run({ source })), [1490, 0, 1490, 0, 0, 0, 11, 'complete']);
  writeFileSync(
    join(dir, 'in.xlsx'),
    makeWorkbook({ sheets: { one: `${row('code', 'name', 'status')}${rows[0]}<row><c></row>` } }),
  );
  t.strictSame(
    counts(await office.run({ source })),
    [2, 0, 1, 0, 1, 0, 0, 'refused'],
    'what cannot be read to its end withdraws nothing',
  );
  t.equal(Object.keys(await office.current()).length, 1490);
});

t.test('a hostile or damaged workbook is refused whole, with its reason', async (t) => {
  const dir = t.testdir();
  const good = makeWorkbook({ sheets: { one: row('code', 'name') + row(KEY, 'a'.repeat(500)) } });
  const patched = (edit: (bytes: Buffer) => void): Uint8Array => {
    const bytes = Buffer.from(good);
    edit(bytes);
    return bytes;
  };
  /** The directory's entry of that name. */
  const central = (bytes: Buffer, name: string): number => bytes.lastIndexOf(name) - 46;
  const sheet = 'xl/worksheets/sheet0.xml';
  const twice = Buffer.from(makeWorkbook({ sheets: { one: '', two: '' } }));
  twice.write('0', twice.lastIndexOf('sheet1.xml') + 5);
  const cases: readonly (readonly [name: string, bytes: Uint8Array, reason: RegExp, code?: string])[] = [
    ['not a workbook', strToU8('code,name\n1,a\n'.repeat(10)), /no workbook/],
    ['empty', new Uint8Array(0), /no workbook/],
    ['cut short', good.subarray(0, good.length - 40), /no workbook/],
    ['protected', Buffer.concat([Buffer.of(0xd0, 0xcf, 0x11, 0xe0), Buffer.alloc(600)]), /password/],
    ['another archive', zipSync({ 'a.txt': strToU8('x') }), /part of the workbook is missing/],
    ['macros', makeWorkbook({ sheets: { one: '' }, more: { 'xl/vbaProject.bin': 'x' } }), /macros/],
    [
      'a document type',
      makeWorkbook({
        sheets: { one: '' },
        more: {
          [sheet]:
            '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet><sheetData>&b;</sheetData></worksheet>',
        },
      }),
      /document type/,
    ],
    [
      'an entity',
      makeWorkbook({ sheets: { one: '' }, more: { [sheet]: '<worksheet>&secret;</worksheet>' } }),
      /not well-formed/,
    ],
    ['deep', makeWorkbook({ sheets: { one: '<a>'.repeat(100) } }), /nested too deep/],
    [
      'a text without end',
      makeWorkbook({ sheets: { one: `<row><c t="str"><v>${'x'.repeat(3_000_000)}` } }),
      /text of the workbook is longer than 1048576/,
      'record_too_large',
    ],
    [
      'rows out of order',
      makeWorkbook({ sheets: { one: `${row('code', 'name')}<row r="1"/>` } }),
      /rows of the sheet are not in order/,
    ],
    [
      'cells out of order',
      makeWorkbook({ sheets: { one: `${row('code', 'name')}<row r="2"><c r="B2"/><c r="A2"/></row>` } }),
      /cells of the sheet are not in order/,
    ],
    [
      'a size that lies',
      patched((bytes) => bytes.writeUInt32LE(100, central(bytes, sheet) + 24)),
      /larger than the archive declares/,
    ],
    ['a checksum that lies', patched((bytes) => bytes.writeUInt32LE(1, central(bytes, sheet) + 16)), /damaged/],
    ['a place that lies', patched((bytes) => bytes.writeUInt32LE(3, central(bytes, sheet) + 42)), /damaged/],
    ['encrypted', patched((bytes) => bytes.writeUInt16LE(1, central(bytes, sheet) + 8)), /encrypted/],
    ['packed in another way', patched((bytes) => bytes.writeUInt16LE(12, central(bytes, sheet) + 10)), /unknown way/],
    [
      'damaged bytes',
      patched((bytes) =>
        bytes.fill(0xff, bytes.indexOf(sheet) + sheet.length + 4, bytes.indexOf(sheet) + sheet.length + 40),
      ),
      /damaged/,
    ],
    [
      'a bomb',
      makeWorkbook({ sheets: { one: row('code', 'name') + '<row/>'.repeat(4_000_000) } }),
      /unpacks to more than 250 times/,
    ],
    ['an entry twice', twice, /two entries of one name/],
  ];
  for (const [name, bytes, reason, code = 'bad_row'] of cases) {
    writeFileSync(join(dir, 'a.xlsx'), bytes);
    const found = await of(dir);
    t.match(found?.rows.at(-1), { broken: { code, reason }, tail: true, raw: '' }, name);
  }
  writeFileSync(
    join(dir, 'a.xlsx'),
    makeWorkbook({ sheets: { one: row('code', 'name') + row(KEY, 'a'.repeat(5000)) } }),
  );
  t.match(seen(await of(dir, { maxSheetBytes: 2000 })), ['a part of the workbook is larger than 2000 bytes']);
});

t.test('memory stays flat over a sheet that is larger than the heap', async (t) => {
  const dir = t.testdir();
  const body = Array.from({ length: 30 }, (_, n) => row(digit9.make(n), `${n}${Math.sin(n)}`.repeat(80)))
    .join('')
    .repeat(900);
  writeFileSync(join(dir, 'a.xlsx'), makeWorkbook({ sheets: { one: row('code', 'name') + body }, level: 0 }));
  const script = `
    import { kindOf, contextOf } from ${JSON.stringify(new URL('./reading.js', import.meta.url).href)};
    const run = await kindOf('xlsx').open(contextOf(process.argv[1], { kind: 'xlsx', path: 'a.xlsx' }, { mapping: ${JSON.stringify(mapping)} }));
    let rows = 0;
    for await (const batch of run.rows) rows += batch.length;
    console.log(rows);`;
  const output = execFileSync(process.execPath, ['--max-old-space-size=40', '--input-type=module', '-e', script, dir], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.equal(output, '27000\n');
});
