import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import t from 'tap';
import { headerNames } from '../../connectors/reading/columns.js';
import type { BrokenRow, SourceRow } from '../../connectors/reading/port.js';
import { csvItems } from '../../connectors/sources/csv/records.js';
import { type Reading, read } from './reading.js';

const KEY = '000000019';

const of = (dir: string, source: object, reading: Reading = {}) =>
  read(dir, { kind: 'csv', settle: 'PT1S', ...source }, reading);

/** Rows, or the reason where one is broken; the text comes in pieces of `cut`. */
async function scan(text: string, cut: number, separator: string): Promise<(readonly string[] | string)[]> {
  async function* pieces() {
    const characters = [...text]; // a decoder never gives half of one
    for (let at = 0; at < characters.length; at += cut) yield characters.slice(at, at + cut).join('');
  }
  const rows: (readonly string[] | string)[] = [];
  for await (const items of csvItems(pieces(), { separator, quote: '"' }))
    for (const item of items) rows.push(item.kind === 'fields' ? item.fields : item.reason);
  return rows;
}

const names = (rows: readonly (SourceRow | BrokenRow)[], column = 'name') =>
  rows.map((row) =>
    'cells' in row && row.cells !== undefined ? row.cells[column] : 'broken' in row ? row.broken.reason : undefined,
  );

t.test('names survive the charset in which the department wrote them', async (t) => {
  const dir = t.testdir();
  const cases: readonly (readonly [charset: string, name: string])[] = [
    ['utf-8', '上海康定建筑工程有限公司'],
    ['gb18030', '上海㐂䶮有限公司'],
    ['gbk', '上海镕镒有限公司'],
    ['big5', '臺灣有限公司'],
    ['utf-16le', '上海有限公司'],
    ['windows-1252', 'RAZÃO SOCIAL – CADASTRO €'],
    ['latin1', 'ÓRGÃO'],
  ];
  for (const [charset, name] of cases) {
    writeFileSync(
      join(dir, 'a.csv'),
      iconv.encode(`code,name,status\r\n${KEY},"${name}",\r\n`, charset === 'latin1' ? 'iso-8859-1' : charset),
    );
    const read = await of(dir, { path: 'a.csv', charset });
    t.strictSame(names(read?.rows ?? []), [name], charset);
  }
  writeFileSync(
    join(dir, 'a.csv'),
    Buffer.concat([Buffer.from('code,name,status\n1,a'), Buffer.from([0x96]), Buffer.from('b,\n')]),
  );
  t.strictSame(names((await of(dir, { path: 'a.csv', charset: 'windows-1252' }))?.rows ?? []), ['a–b']);
  writeFileSync(
    join(dir, 'a.csv'),
    Buffer.concat([Buffer.from('code,name,status\n1,a,\n2,b'), Buffer.from([0xff]), Buffer.from(',\n')]),
  );
  for (const charset of ['utf-8', 'gb18030', 'big5']) {
    const read = await of(dir, { path: 'a.csv', charset });
    t.match(
      read?.rows,
      [{ broken: { code: 'wrong_charset', reason: `the file is not in \`${charset}\`` }, tail: true }],
      `${charset} is refused before any row`,
    );
    t.equal(read?.rows.length, 1);
  }
});

t.test('a byte order mark, a repeated header and a header of one’s own do not lose a column', async (t) => {
  const dir = t.testdir({ 'a.csv': `\ufeffcode,name,name,,status\n${KEY},a,b,c,d\n`, 'b.csv': `${KEY};x;y\n` });
  const read = await of(dir, { path: 'a.csv' });
  t.match(read?.rows, [
    { position: 'a.csv#1', rowNumber: 1, cells: { code: KEY, name: 'a', 'name#2': 'b', '#4': 'c', status: 'd' } },
  ]);
  const own = await of(dir, { path: 'b.csv', separator: ';', header: ['code', 'name', 'status'] });
  t.match(own?.rows, [{ position: 'b.csv#1', cells: { name: 'x' } }]);
  t.strictSame(headerNames(['a', 'a', 'a']), ['a', 'a#2', 'a#3']);
});

t.test('a broken line costs that line and no other', async (t) => {
  const text = [
    'code,name,status',
    '1,a,',
    '2,"b,',
    '3,c,',
    '4,"d"x,',
    '5,e,',
    '6,f',
    '7,g,,',
    '',
    '8,"h',
    'i",',
    '9,j "k",',
    '10,l,',
  ].join('\n');
  const dir = t.testdir({ 'a.csv': text });
  const read = await of(dir, { path: 'a.csv' });
  t.strictSame(names(read?.rows ?? []), [
    'a',
    'a closing quote is followed by other text',
    'c',
    'a closing quote is followed by other text',
    'e',
    'the row has 2 cells, the header 3',
    'the row has 4 cells, the header 3',
    'h\ni',
    'a quote stands within an unquoted cell',
    'l',
  ]);
  t.equal((read?.rows[1] as BrokenRow | undefined)?.raw, '2,"b,');
  t.equal(read?.rows.at(-1)?.position, 'a.csv#10');
  writeFileSync(join(dir, 'a.csv'), 'code,name,status\n1,a,\n2,"b,\n3,c,\n4,d,\n');
  t.strictSame(names((await of(dir, { path: 'a.csv' }))?.rows ?? []), ['a', 'a quote is not closed', 'c', 'd']);
});

t.test('a quote that swallows more than a record may hold is given up at its own line', async (t) => {
  const many = Array.from({ length: 120_000 }, (_, i) => `${i},name,`).join('\n');
  const dir = t.testdir({ 'a.csv': `code,name,status\n0,"b,\n${many}\n` });
  const read = await of(dir, { path: 'a.csv' });
  t.equal(read?.rows.length, 120_001);
  t.equal(read?.rows.filter((row) => 'broken' in row).length, 1);
});

t.test(
  'a file that is not what the feed says is given up in bounded time, and the rest of it does not count as gone',
  async (t) => {
    const dir = t.testdir({ 'a.csv': `code,name,status\n${'1,"b"x,\n'.repeat(10_100)}` });
    const odd = await of(dir, { path: 'a.csv' });
    t.equal(odd?.rows.length, 10_001);
    t.match(odd?.rows.at(-1), { rowNumber: 10_001, tail: true });
    writeFileSync(join(dir, 'a.csv'), `code,name,status\n1,a,\n2,${'b'.repeat(1_200_000)}`);
    const endless = await of(dir, { path: 'a.csv' });
    t.match(endless?.rows, [{ cells: { name: 'a' } }, { broken: { code: 'record_too_large' }, tail: true }]);
    t.equal(endless?.rows.length, 2);
    writeFileSync(join(dir, 'a.csv'), `code,name,status\n1,a,\n2,${'b'.repeat(1_200_000)}\n3,c,\n`);
    const long = await of(dir, { path: 'a.csv' });
    t.match(
      long?.rows,
      [
        { cells: { name: 'a' } },
        { rowNumber: 2, broken: { code: 'record_too_large' }, tail: undefined },
        { rowNumber: 3, cells: { name: 'c' } },
      ],
      'a row that is too long costs itself only',
    );
  },
);

t.test('a column that was renamed at the source stops the run instead of emptying a field', async (t) => {
  const dir = t.testdir({ 'a.csv': `code,title,status\n${KEY},a,\n` });
  await t.rejects(of(dir, { path: 'a.csv' }), { code: 'bad_feed', message: /lacks the column `name`/ });
  await t.rejects(of(dir, { path: 'none.csv' }), { code: 'bad_feed' });
  await t.rejects(of(dir, { path: 'a.csv', colour: 'red' }), { code: 'bad_feed', message: /unknown key `colour`/ });
});

t.test(
  'every file of a drop folder of additions is taken once, in name order, and again when it changed',
  async (t) => {
    const file = (name: string) => `code,name,status\n${KEY},${name},\n`;
    const dir = t.testdir({
      in: { '2.csv': file('two'), '1.csv': file('one'), '3.csv.part': file('half'), 'note.txt': '' },
    });
    const memory = {};
    const next = () => of(dir, { folder: 'in' }, { memory, overrides: { snapshot: false } });
    const first = await next();
    t.strictSame([names(first?.rows ?? []), first?.run.more], [['one'], true]);
    const second = await next();
    t.strictSame([names(second?.rows ?? []), second?.run.more], [['two'], false]);
    t.equal(await next(), undefined);
    utimesSync(join(dir, 'in', '1.csv'), new Date(), new Date());
    t.equal(await next(), undefined, 'a touched file is not a changed one');
    writeFileSync(join(dir, 'in', '1.csv'), file('three'));
    t.strictSame(names((await next())?.rows ?? []), ['three']);
    t.equal(await next(), undefined);
  },
);

t.test(
  'of a drop folder of whole registers the newest file counts, and never one that is older than what was read',
  async (t) => {
    const file = (name: string, column = 'name') => `code,${column},status\n${KEY},${name},\n`;
    const dir = t.testdir({ in: { 'day-9.csv': file('nine'), 'day-10.csv': file('ten'), 'day-8.csv': file('eight') } });
    const memory = {};
    const next = (reading: Reading = {}) => of(dir, { folder: 'in' }, { memory, ...reading });
    const first = await next();
    t.strictSame(
      [names(first?.rows ?? []), first?.run.more, first?.run.notes?.()],
      [['ten'], false, { older_files_left: 2 }],
      'numbers count as numbers',
    );
    t.equal(await next(), undefined);
    writeFileSync(join(dir, 'in', 'day-7.csv'), file('late'));
    writeFileSync(join(dir, 'in', 'day-8.csv'), file('eight, mended'));
    t.equal(await next(), undefined, 'what comes late is the past');
    t.strictSame(names((await next({ options: { again: 'true' } }))?.rows ?? []), ['ten'], 'read again: the newest');
    const mapping = { fields: { code: { from: 'code', steps: [{ key: 'digit9' }] }, name: { from: 'title' } } };
    await t.rejects(next({ mapping }), { code: 'bad_feed' });
    writeFileSync(join(dir, 'in', 'day-11.csv'), file('eleven', 'title'));
    t.strictSame(
      names((await next({ mapping }))?.rows ?? [], 'title'),
      ['eleven'],
      'older files of another form stand in nobody’s way',
    );
    rmSync(join(dir, 'in', 'day-11.csv'));
    t.equal(await next({ mapping }), undefined, 'the newest that was read is remembered when it has left the folder');
    t.equal(await next({ mapping, options: { again: 'true' } }), undefined);
    writeFileSync(join(dir, 'in', 'day-12.csv'), file('twelve', 'title'));
    t.strictSame(names((await next({ mapping }))?.rows ?? [], 'title'), ['twelve']);
  },
);

t.test('additions that do not fit a new mapping stay as they were published', async (t) => {
  const file = (name: string, column = 'name') => `code,${column},status\n${KEY},${name},\n`;
  const dir = t.testdir({ in: { '1.csv': file('one'), '2.csv': file('two') } });
  const memory = {};
  const next = (reading: Reading = {}) =>
    of(dir, { folder: 'in' }, { memory, overrides: { snapshot: false }, ...reading });
  t.strictSame(
    [names((await next())?.rows ?? []), names((await next())?.rows ?? []), await next()],
    [['one'], ['two'], undefined],
  );
  writeFileSync(join(dir, 'in', '3.csv'), file('three', 'title'));
  await t.rejects(next(), { code: 'bad_feed' });
  const mapping = { fields: { code: { from: 'code', steps: [{ key: 'digit9' }] }, name: { from: 'title' } } };
  const runs = [await next({ mapping }), await next({ mapping }), await next({ mapping })];
  t.strictSame(
    runs.map((run) => [names(run?.rows ?? [], 'title'), run?.run.again, run?.run.notes?.()]),
    [
      [[], true, { files_of_another_form: 1 }],
      [[], true, { files_of_another_form: 1 }],
      [['three'], undefined, {}],
    ],
  );
  t.equal(await next({ mapping }), undefined);
  const again = await next({ mapping, options: { again: 'true' } });
  t.strictSame([again?.run.again, again?.run.more], [true, true]);
});

t.test('the source time is the file’s, not the clock’s', async (t) => {
  const dir = t.testdir({ 'ceis-2018-11-28.csv': 'code,name,status\n' });
  utimesSync(join(dir, 'ceis-2018-11-28.csv'), new Date('2019-01-02T03:04:05Z'), new Date('2019-01-02T03:04:05Z'));
  const time = async (from: string) =>
    (await of(dir, { path: 'ceis-2018-11-28.csv', sourceTime: { from } }))?.run.sourceTime;
  t.equal(await time('mtime'), '2019-01-02T03:04:05.000Z');
  t.equal(await time('name'), '2018-11-28T00:00:00.000Z');
  t.equal(await time('now'), '2030-01-01T00:00:00.000Z');
});

t.test('whatever is written as CSV is read back, wherever the text is cut', async (t) => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', '上', '😀'), maxLength: 6 });
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(',', ';;', '\t'),
      fc.constantFrom('\r\n', '\n', '\r'),
      async (rows, cut, separator, end) => {
        const text = rows.map((row) => row.map(quote).join(separator)).join(end);
        t.strictSame(await scan(text, cut, separator), rows, { diagnostic: false });
      },
    ),
    { numRuns: 300 },
  );
});
