/**
 * What `feed new` says that a file will become is what a run then makes of it, and no good row is lost to the key that
 * it proposes.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import t, { type Test } from 'tap';
import type { Proposal } from '../../connectors/propose/propose.js';
import { present } from '../../contracts/present.js';
import cnpj from '../../contracts/subjects/cnpj.js';
import siren from '../../contracts/subjects/siren.js';
import uscc from '../../contracts/subjects/uscc.js';
import { testData } from '../support/data.js';
import { context, forecastOf, newCity, outcomeOf, proposeFile, proposeText } from './proposing.js';

t.setTimeout(300_000);
const at = await context(newCity());

const of = ({ decisions }: Proposal, about: string) => decisions.find((decision) => decision.about === about);
/** `1,006 rows would be quarantined` → 1006; 0 where no row would. */
const forecast = (found: Proposal, about: string): number =>
  Number(/([\d,]+) rows? would be quarantined/.exec(of(found, about)?.reason ?? '')?.[1]?.replaceAll(',', '') ?? 0);
const table = (head: string, rows: number, row: (i: number) => string): string =>
  [head, ...Array.from({ length: rows }, (_, i) => row(i + 1))].join('\n') + '\n';

let runs = 0;
async function holds(t: Test, found: Proposal, what: string): Promise<void> {
  const dir = join(t.testdirName, `run${(runs += 1)}`);
  mkdirSync(dir, { recursive: true });
  t.strictSame(forecastOf(found), await outcomeOf(found, at.workspace, dir), what);
}

t.test('a nullable column in the key that was said: what is said of it is what a run does', async (t) => {
  // 300 penalties, a third of them without an end, some of them meeting
  const text = table(
    '统一社会信用代码,处罚结束日,金额',
    300,
    (i) =>
      `${uscc.make(Math.ceil(i / 3))},${i % 3 === 0 ? '' : `2024-0${1 + (Math.ceil(i / 3) % 5)}-1${i % 2}`},${i}.50`,
  );
  const found = await proposeText(t, at, text, { key: ['处罚结束日'] });
  t.equal(forecast(found, 'key'), found.trial.quarantined);
  await holds(t, found, 'said key');
  t.equal(found.trial.quarantined, 0, 'rows that only lack a day are good rows');
});

t.test('the key that is proposed loses no row that any columns could tell apart', async (t) => {
  // told apart by a day that most lack, five columns that each tell little, and an amount
  const head = '统一社会信用代码,开始,结束,a1,a2,a3,a4,a5,金额';
  const text = table(head, 640, (i) => {
    const n = i % 64;
    return [
      uscc.make(1 + Math.floor(i / 64)),
      '2024-01-01',
      n % 2 === 0 ? '' : '2024-05-05',
      ...[2, 4, 8, 16].map((bit) => ((n & bit) === 0 ? 'x' : 'y')),
      'z',
      `${n & 32}.50`,
    ].join(',');
  });
  const found = await proposeText(t, at, text);
  t.equal(found.trial.quarantined, 0, of(found, 'key')?.reason ?? '');
  t.equal(found.trial.published, 640);
  await holds(t, found, 'proposed key');
});

t.test('one row in two hundred needs a second column: it gets it', async (t) => {
  const text = table(
    '统一社会信用代码,许可证编号,种类,区',
    400,
    (i) =>
      `${uscc.make(i <= 200 ? 1 : i)},N${i <= 200 ? Math.ceil(i / 2) : i},${i <= 200 && i % 2 === 0 && i > 190 ? 'b' : 'a'},${i <= 190 ? i % 2 : 0}`,
  );
  const found = await proposeText(t, at, text);
  t.equal(found.trial.quarantined, 0, of(found, 'key')?.reason ?? '');
  await holds(t, found, 'second column');
});

t.test('a number written in two ways is counted beforehand', async (t) => {
  const found = await proposeText(
    t,
    at,
    table('统一社会信用代码;金额', 1000, (i) => `${uscc.make(i)};${i % 300 === 0 ? `${i},5` : `${i}.25`}`),
  );
  t.equal(found.trial.quarantined, 3);
  t.equal(of(found, '金额 type')?.sure ?? of(found, 'amount type')?.sure, false, 'rows are lost, so it is asked');
  t.equal(forecast(found, 'amount type'), 3);
});

t.test('rows that are only the same once they are mapped are merged, and no duplicates', async (t) => {
  const found = await proposeText(
    t,
    at,
    table('统一社会信用代码,年度,备注', 200, (i) => `${uscc.make(Math.ceil(i / 2))},2024,${i % 2 === 0 ? 'N/A' : ''}`),
  );
  t.match(found.trial, { merged: 100, quarantined: 0 });
  t.equal(forecast(found, 'key'), 0, of(found, 'key')?.reason ?? '');
  t.match(of(found, 'key'), { proposed: 'none', reason: /100 rows that repeat another entirely/ });
  await holds(t, found, 'merged');
});

t.test('forecast = outcome, whatever the table and whatever was said', async (t) => {
  const cell = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', '') },
    { weight: 2, arbitrary: fc.nat(30).map(String) },
    { weight: 2, arbitrary: fc.constantFrom('2024-01-31', '2024-02-29', '01/02/2024', '2023-02-30', '') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '1,5',
        '1.5',
        '1.234,50',
        '007',
        'N/A',
        '-',
        '无',
        ' x  y ',
        '9007199254740993',
        '3000000000',
      ),
    },
  );
  const kinds = fc.array(fc.constantFrom('mixed', 'words', 'numbers', 'days', 'money'), { minLength: 1, maxLength: 4 });
  const byKind = {
    mixed: cell,
    words: fc.constantFrom('a', 'b', '', 'c'),
    numbers: fc.oneof(fc.nat(9).map(String), fc.constant('')),
    days: fc.constantFrom('2024-01-31', '2024-02-29', '', '2023-12-01'),
    money: fc.constantFrom('1.50', '2.5', '1,000.25', '3', '', '2,5'),
  } as const;
  const tables = kinds.chain((columns) =>
    fc.record({
      columns: fc.constant(columns),
      keys: fc.array(
        fc.tuple(
          fc.integer({ min: 1, max: 12 }),
          fc.constantFrom('', '', '', '', 'bad', 'none', 'lower'),
          fc.tuple(...columns.map((kind) => byKind[kind])),
        ),
        { minLength: 20, maxLength: 60 },
      ),
      said: fc.option(fc.subarray(columns.map((_, i) => `c${i}`)), { nil: undefined }),
    }),
  );
  t.testdir();
  await fc.assert(
    fc.asyncProperty(tables, async ({ columns, keys, said }) => {
      const lines = keys.map(([n, slip, cells]) => {
        const code = uscc.make(n);
        const key =
          slip === 'bad'
            ? `${code.slice(0, 17)}${code.endsWith('A') ? 'B' : 'A'}`
            : slip === 'none'
              ? ''
              : slip === 'lower'
                ? code.toLowerCase()
                : code;
        return [key, ...cells.map((text) => `"${text}"`)].join(',');
      });
      const text = `${['code', ...columns.map((_, i) => `c${i}`)].join(',')}\n${lines.join('\n')}\n`;
      const path = join(t.testdirName, `table${runs}.csv`);
      writeFileSync(path, text);
      const found = await proposeFile(path, at, {
        subject: { column: 'code', scheme: 'uscc' },
        ...present({ key: said }),
      });
      const dir = join(t.testdirName, `run${(runs += 1)}`);
      mkdirSync(dir, { recursive: true });
      const [before, after] = [forecastOf(found), await outcomeOf(found, at.workspace, dir)];
      if (JSON.stringify(before) !== JSON.stringify(after)) {
        const sorted = (one: typeof before): string =>
          JSON.stringify({ ...one, refused: Object.entries(one.refused).sort() });
        if (sorted(before) !== sorted(after)) throw new Error(`forecast ${sorted(before)}, outcome ${sorted(after)}`);
      }
      const spoken =
        forecast(found, 'key') +
        forecast(found, 'subject') +
        found.fields.reduce((sum, { field }) => sum + forecast(found, `${field} type`), 0);
      if (spoken < after.quarantined)
        throw new Error(`${after.quarantined} rows are quarantined, the reasons speak of ${spoken}`);
    }),
    { numRuns: 30, endOnFailure: true },
  );
});

t.test('nothing of the source stays behind, and what a killed trial left is removed', async (t) => {
  const [dir, before] = [
    t.testdir({ 'yitong-trial-4194305-abc': { data: 'rows' }, [`yitong-trial-${process.pid}-abc`]: {} }),
    process.env['TMPDIR'],
  ];
  process.env['TMPDIR'] = dir;
  t.teardown(() => void (before === undefined ? delete process.env['TMPDIR'] : (process.env['TMPDIR'] = before)));
  const path = join(t.testdirName, 'in.csv');
  writeFileSync(
    path,
    table('统一社会信用代码,姓名', 30, (i) => `${i === 3 ? 'x' : uscc.make(i)},王某`),
  );
  t.equal((await proposeFile(path, at)).trial.quarantined, 1);
  t.strictSame(
    readdirSync(dir),
    ['in.csv', `yitong-trial-${process.pid}-abc`],
    'the trial of a process that lives is its own',
  );
  const stop = new AbortController();
  await t.rejects(
    proposeFile(path, { ...at, signal: stop.signal, onProgress: (pass) => (pass === 3 ? stop.abort() : undefined) }),
    { code: 'shutting_down' },
  );
  t.strictSame(readdirSync(dir), ['in.csv', `yitong-trial-${process.pid}-abc`]);
});

/** Keys as a spreadsheet leaves them that took them for numbers. */
const unpadded = (key: string): string => key.replace(/^0+(?=\d)/, '');

t.test(
  'keys that a spreadsheet took for numbers get their zeros back by one step, and all rows are good',
  async (t) => {
    const numbers = await proposeText(
      t,
      at,
      table('CNPJ;razão social', 400, (i) => `${unpadded(i % 4 === 0 ? cnpj.make(i) : zeros(cnpj.id, i))};firma ${i}`),
    );
    t.match(numbers.draft.feed.mapping.fields['cnpj'], {
      from: 'CNPJ',
      steps: ['trim', { padStart: { length: 14, with: '0' } }, { key: 'cnpj' }],
    });
    t.match(of(numbers, 'zeros'), { proposed: 'padStart 14', sure: true });
    t.equal(numbers.trial.published, 400);
    await holds(t, numbers, 'padded');
    const kept = await proposeText(
      t,
      at,
      table('CNPJ;razão social', 400, (i) => `${unpadded(i % 4 === 0 ? cnpj.make(i) : zeros(cnpj.id, i))};firma ${i}`),
      { zeros: 'keep' },
    );
    t.strictSame(kept.draft.feed.mapping.fields['cnpj'], { from: 'CNPJ', steps: [{ key: 'cnpj' }] });
    t.equal(forecast(kept, 'subject'), 300);
    const few = await proposeText(
      t,
      at,
      table('SIREN;nom', 200, (i) => `${i === 7 ? '12345678' : siren.make(i)};firme ${i}`),
    );
    t.notMatch(
      JSON.stringify(few.draft.feed.mapping),
      /padStart/,
      'a key that lacks a digit anywhere is not made another one',
    );
  },
);

/** A valid key that begins with zeros. */
function zeros(id: string, n: number): string {
  const scheme = at.workspace.schemes.get(id);
  const length = scheme?.make(1).length ?? 0;
  for (let i = n * 1000; ; i++) {
    const key = String(i).padStart(length, '0');
    if (scheme?.parse(key).ok === true) return key;
  }
}

t.test('the real registers with their zeros lost', async (t) => {
  for (const [name, charset, separator, column, scheme, length] of [
    ['fr-siren/sirens.csv', 'utf8', ',', 'siren', 'siren', 9],
    ['fr-siren/index-egalite-fh.csv', 'utf8', ';', 'SIREN', 'siren', 9],
    ['br-sanctions/ceis-2018-11-28.cp1252.csv', 'windows-1252', ';', 'CPF OU CNPJ DO SANCIONADO', 'cnpj', 14],
  ] as const) {
    const path = testData(t, name);
    if (path === undefined) continue;
    const text = iconv.decode(readFileSync(path), charset);
    // keys that begin with zeros, wherever they stand alone in a cell
    const lost = text.replace(
      new RegExp(`(^|${separator}|"|\\n)0+(\\d{${length - 6},${length - 1}})(?="?(?:${separator}|\\r?\\n))`, 'g'),
      (whole, before: string, digits: string) =>
        at.workspace.schemes.get(scheme)?.parse(whole.slice(before.length)).ok === true ? before + digits : whole,
    );
    t.not(lost, text);
    const found = await proposeText(t, at, iconv.encode(lost, charset), {}, 'lost.csv');
    t.match(of(found, 'zeros')?.proposed, `padStart ${length}`, name);
    t.equal(of(found, 'subject')?.proposed, `${column}:${scheme}`);
    t.equal(forecast(found, 'subject'), 0, name);
    await holds(t, found, name);
  }
});

t.test('odd files: each is refused with a reason, or becomes what was said', async (t) => {
  const code = '统一社会信用代码';
  const rows = (n: number, row: (i: number) => string): string =>
    Array.from({ length: n }, (_, i) => row(i + 1)).join('\n');
  const utf16 = (text: string): Uint8Array => iconv.encode(text, 'utf-16le', { addBOM: true });
  const shapes: Readonly<Record<string, string | Uint8Array>> = {
    'empty columns': `${code},a,b,\n${rows(60, (i) => `${uscc.make(i)},,,`)}\n`,
    'a column that is empty but once': `${code},a\n${rows(60, (i) => `${uscc.make(Math.ceil(i / 2))},${i === 7 ? '2024-01-31' : ''}`)}\n`,
    'two columns with keys': `${code},母公司代码,名称\n${rows(60, (i) => `${uscc.make(i)},${uscc.make(100 + (i % 7))},示例${i}`)}\n`,
    'headers that repeat': `${code},名称,名称,地址,地址\n${rows(60, (i) => `${uscc.make(Math.ceil(i / 2))},a${i},b,c,d`)}\n`,
    'short and long rows': `${code},名称,年度\n${rows(60, (i) => (i % 29 === 0 ? uscc.make(i) : i % 31 === 0 ? `${uscc.make(i)},a,2020,more` : `${uscc.make(i)},a,2020`))}\n`,
    'keys in small letters and with blanks': `${code},名称\n${rows(60, (i) => ` ${uscc.make(i).toLowerCase()} ,示例${i % 3}`)}\n`,
    'a quote that is not closed': `${code},名称\n${rows(60, (i) => `${uscc.make(i)},${i === 40 ? '"open' : 'x'}`)}\n`,
    'UTF-16': utf16(`${code}\t名称\n${rows(60, (i) => `${uscc.make(i)}\t示例${i}`)}\n`),
    GB18030: iconv.encode(`${code},名称\n${rows(60, (i) => `${uscc.make(i)},示例企业名称第${i}号`)}\n`, 'gb18030'),
    Big5: iconv.encode(
      `統一社會信用代碼,公司名稱\n${rows(60, (i) => `${uscc.make(i)},臺灣示範第${i}股份有限公司的營業處所`)}\n`,
      'big5',
    ),
    'a byte order mark and CRLF': `\ufeff${code},名称\r\n${rows(60, (i) => `${uscc.make(i)},x\r`)}\n`,
  };
  for (const [what, content] of Object.entries(shapes)) {
    const found = await proposeText(t, at, content);
    t.equal(of(found, 'subject')?.proposed.endsWith(':uscc'), true, what);
    t.equal(new Set(found.fields.map(({ field }) => field)).size, found.fields.length, `${what}: each field once`);
    t.ok(found.trial.published > 0, `${what}: something is published`);
    await holds(t, found, what);
  }
  for (const [what, content] of [
    ['only a header', `${code},名称\n`],
    ['a key column without a value', `${code},名称\n${rows(60, (i) => `,x${i}`)}\n`],
    ['nothing at all', ''],
    ['one byte', 'x'],
  ] as const) {
    await t.rejects(proposeText(t, at, content), { code: 'bad_feed' }, what);
  }
});
