import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import t from 'tap';
import { LineSplitter } from '../../connectors/sources/fixed-width/lines.js';
import { digit9 } from './fixtures.js';
import { openOffice } from './office.js';
import { counts, read, seen } from './reading.js';

const KEY = digit9.make(1);
const columns = [
  { name: 'code', start: 1, length: 9 },
  { name: 'name', start: 10, length: 12 },
  { name: 'status', start: 22, length: 2 },
];
/** A value filled up to so many bytes of a charset. */
const field = (text: string, bytes: number, charset: string) =>
  Buffer.concat([iconv.encode(text, charset), Buffer.alloc(bytes, ' ')]).subarray(0, bytes);
const line = (charset: string, code: string, name: string, status: string) =>
  Buffer.concat([field(code, 9, charset), field(name, 12, charset), field(status, 2, charset)]);

t.test('columns counted in bytes or characters give the same names in every charset', async (t) => {
  const dir = t.testdir();
  for (const [charset, name] of [
    ['gb18030', '上海㐂公司'],
    ['gbk', '上海镕公司'],
    ['big5', '臺灣公司'],
    ['utf-8', '上海公司'],
    ['windows-1252', 'RAZÃO – €'],
    ['latin1', 'ÓRGÃO'],
  ] as const) {
    writeFileSync(
      join(dir, 'a.txt'),
      Buffer.concat([line(charset === 'latin1' ? 'iso-8859-1' : charset, KEY, name, 'A '), Buffer.from('\r\n')]),
    );
    t.strictSame(
      seen(await read(dir, { kind: 'fixed-width', path: 'a.txt', charset, columns, unit: 'bytes' })),
      [{ code: KEY, name, status: 'A' }],
      `${charset} in bytes`,
    );
  }
  for (const [charset, name] of [
    ['gb18030', '上海㐂公司'],
    ['utf-8', '😀𠮷有限公司'],
    ['utf-16le', '𠮷野家'],
    ['big5', '臺灣公司'],
  ] as const) {
    const text = `\ufeff${KEY}${name}${' '.repeat(12 - [...name].length)}OK\n`;
    writeFileSync(
      join(dir, 'a.txt'),
      iconv.encode(charset === 'utf-8' || charset === 'utf-16le' ? text : text.slice(1), charset),
    );
    t.strictSame(
      seen(await read(dir, { kind: 'fixed-width', path: 'a.txt', charset, columns, unit: 'characters' })),
      [{ code: KEY, name, status: 'OK' }],
      `${charset} in characters`,
    );
  }
  writeFileSync(join(dir, 'a.txt'), Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), line('utf-8', KEY, '上海', '')]));
  t.strictSame(
    seen(await read(dir, { kind: 'fixed-width', path: 'a.txt', columns, unit: 'bytes', trim: false })),
    [{ code: KEY, name: '上海      ', status: '  ' }],
    'a mark at the beginning moves no column',
  );
});

t.test('a line that does not fit its columns is refused, and the next is read', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const rows = [
    line('gb18030', digit9.make(1), '上海', 'A'),
    Buffer.from(`${digit9.make(2)}short`),
    Buffer.concat([line('gb18030', digit9.make(3), 'x', ''), Buffer.from(' surplus')]),
    Buffer.concat([line('gb18030', digit9.make(4), 'blanks behind', ''), Buffer.from('   ')]),
    iconv.encode(`${digit9.make(5)}12345678901上A`, 'gbk'),
    Buffer.concat([field('上', 2, 'gbk'), Buffer.alloc(1_048_577, 'x')]),
    Buffer.from(''),
    Buffer.from('   '),
    line('gb18030', '123456789', 'bad key', ''),
  ];
  writeFileSync(
    join(dir, 'in.txt'),
    Buffer.concat([Buffer.from('HEADER 2024\n'), ...rows.flatMap((row) => [row, Buffer.from('\n')])]),
  );
  const source = {
    kind: 'fixed-width',
    path: 'in.txt',
    charset: 'gb18030',
    columns,
    unit: 'bytes',
    skipLines: 1,
  } as const;
  const report = await office.run({ source });
  t.strictSame(counts(report), [7, 2, 0, 0, 5, 0, 0, 'complete']);
  t.strictSame(report.codes, { bad_row: 3, record_too_large: 1, bad_check_digit: 1 });
  t.match(
    (await office.quarantine()).map(({ rowNumber, problems }) => [rowNumber, problems[0]?.reason]),
    [
      [2, 'the line has 14 bytes, the columns 23'],
      [3, 'text follows the last column'],
      [5, 'a column begins or ends within a character'],
      [6, /longer than/],
      [7, /check digit/],
    ],
  );
  t.match((await office.quarantine())[3]?.raw, /^上x+$/);
  t.strictSame(await office.current(), {
    [`digit9:${digit9.make(1)}|`]: '上海',
    [`digit9:${digit9.make(4)}|`]: 'blanks behin',
  });
  const lenient = await office.run({ source: { ...source, shortLines: 'fill', surplus: 'ignore' } });
  t.strictSame([lenient.published, lenient.unchanged, lenient.quarantined], [2, 2, 3]);
});

t.test('lines are found wherever pieces end', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'bc', '\n', '\r', '\r\n')),
      fc.integer({ min: 1, max: 4 }),
      (parts, cut) => {
        const text = parts.join('');
        const splitter = new LineSplitter(100);
        const lines: string[] = [];
        for (let at = 0; at < text.length; at += cut)
          lines.push(...splitter.push(text.slice(at, at + cut)).map(({ line }) => line));
        lines.push(...splitter.end().map(({ line }) => line));
        const expected = text.split(/\r\n|\r|\n/);
        if (expected.at(-1) === '') expected.pop();
        t.strictSame(lines, expected);
      },
    ),
    { numRuns: 200 },
  );
});

t.test('a layout that cannot be meant is refused before a line is read', async (t) => {
  const dir = t.testdir({ 'a.txt': '' });
  const of = (more: object) => read(dir, { kind: 'fixed-width', path: 'a.txt', columns, unit: 'characters', ...more });
  await t.rejects(of({ unit: 'bytes', charset: 'utf-16le' }), { code: 'bad_feed', message: /utf-16le/ });
  await t.rejects(of({ columns: [...columns, columns[0]] }), { code: 'bad_feed', message: /two of .*`code`/ });
  await t.rejects(of({ columns: columns.slice(0, 2) }), { code: 'bad_feed', message: /lacks the column `status`/ });
  await t.rejects(of({ columns: [{ name: 'code', start: 0, length: 9 }] }), { code: 'bad_feed', message: /start/ });
  await t.rejects(of({ separator: ',' }), { code: 'bad_feed', message: /unknown key `separator`/ });
});
