import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { account, accounted, openRegister, pace } from './run.js';

const FILES = [1991, 1995, 1997, 2003, 2006, 2019].map((year) => `shanghai-${year}.csv`);
const DATASET = 'amr.enterprises';
const COLUMNS = [
  '企业名称',
  '统一社会信用代码',
  '注册日期',
  '企业类型',
  '注册资金',
  '经营范围',
  '所在省份',
  '地区',
  '注册地址',
];

const SHIFTED = ['shanghai-1995.csv#2918', 'shanghai-1997.csv#2559', 'shanghai-2006.csv#2147'];

/** The rows that need no CSV reader, as they hold no quote: what the register says, read without any of our code. */
async function plainRows(data: string): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = [];
  for (const file of FILES) {
    for (const [i, line] of (await readFile(join(data, file), 'utf8')).trim().split('\n').slice(1).entries()) {
      // the file has no line breaks within cells, so the line's number is the row's
      if (!line.includes('"') && !SHIFTED.includes(`${file}#${i + 1}`))
        rows.push(
          Object.fromEntries(
            line
              .replace('\r', '')
              .split(',')
              .map((cell, i) => [COLUMNS[i] ?? '', cell]),
          ),
        );
    }
  }
  return rows;
}
const orNull = (cell: string | undefined): string | null =>
  cell === undefined || ['', 'N/A', '-'].includes(cell.trim()) ? null : cell.trim();

void t.test('Shanghai: 29,566 registrations by configuration alone, each row accounted for', async (t) => {
  const register = await openRegister(t, 'shanghai', 'cn-shanghai-registry');
  if (register === undefined) return;
  t.teardown(() => register.close());

  const first = await register.run(DATASET);
  pace(t, DATASET, first);
  t.strictSame(account(first), {
    rows: 29_566,
    published: 29_563,
    unchanged: 0,
    merged: 0,
    quarantined: 3,
    skipped: 0,
    withdrawn: 0,
    state: 'complete',
  });
  t.equal(accounted(first), first.rows);
  t.strictSame(first.notes, { key_normalised: 21 }, 'the 21 codes with a lower-case x');

  await t.test('the three shifted rows are set aside, with their place and what is wrong', async (t) => {
    const rows = await register.quarantined(DATASET);
    t.strictSame(
      rows.map(({ position, rowNumber }) => [position, rowNumber]),
      SHIFTED.map((position) => [position, Number(position.split('#')[1])]),
    );
    const province = (code: string) => [
      ['not_in_codelist', 'enterpriseType'],
      ['bad_value', 'registeredCapital.amount'],
      [code, 'province'],
    ];
    t.strictSame(
      rows.map(({ problems }) => problems.map(({ code, field }) => [code, field])),
      [province('not_in_codelist'), province('missing_value'), province('not_in_codelist')],
    );
  });

  await t.test('what is published is what the register says', async (t) => {
    const records = await register.records(DATASET);
    t.equal(records.size, 29_563);
    const rows = await plainRows(register.data);
    t.ok(rows.length > 20_000, `${rows.length} rows compared`);
    const wrong: string[] = [];
    for (const row of rows) {
      const code = row['统一社会信用代码']?.toUpperCase() ?? '';
      const record = records.get(`uscc:${code}|`);
      const capital = record?.['registeredCapital'] as
        | { text: string | null; amount: string | null; currency: string | null }
        | undefined;
      const text = orNull(row['注册资金']);
      const right =
        record !== undefined &&
        record['uscc'] === code &&
        record['name'] === row['企业名称'] &&
        record['registeredOn'] === row['注册日期'] &&
        record['businessScope'] === orNull(row['经营范围']) &&
        record['district'] === orNull(row['地区']) &&
        record['address'] === row['注册地址'] &&
        record['registrationArea'] === code.slice(2, 8) &&
        (record['enterpriseType'] === null) === (orNull(row['企业类型']) === null) &&
        capital?.text === text &&
        (text === null
          ? capital.amount === null && capital.currency === null
          : Number(capital.amount) === Number.parseFloat(text.replaceAll(',', '')));
      if (!right) wrong.push(code);
    }
    t.equal(wrong.length, 0, 'every compared row');

    const currencies = new Map<unknown, number>();
    for (const record of records.values()) {
      const { text, currency } = record['registeredCapital'] as { text: string | null; currency: string | null };
      const said = text === null ? 'none' : (currency ?? 'amount only');
      currencies.set(said, (currencies.get(said) ?? 0) + 1);
    }
    t.strictSame(Object.fromEntries([...currencies].sort()), {
      CNY: 24_860,
      DEM: 2,
      EUR: 22,
      HKD: 14,
      JPY: 39,
      USD: 1_299,
      'amount only': 1,
      none: 3_326,
    });
  });

  await t.test('a second reading changes nothing', async (t) => {
    t.equal((await register.run(DATASET)).state, 'nothing-new', 'unchanged files are not read');
    const again = await register.run(DATASET, true);
    pace(t, `${DATASET} again`, again);
    t.strictSame(account(again), {
      rows: 29_566,
      published: 0,
      unchanged: 29_563,
      merged: 0,
      quarantined: 3,
      skipped: 0,
      withdrawn: 0,
      state: 'complete',
    });
    t.equal((await register.quarantined(DATASET)).length, 3);
  });

  await t.test('an enterprise is found by the code in its normal form', async (t) => {
    const row = (await plainRows(register.data)).find((row) => row['统一社会信用代码']?.includes('x'));
    const found = await register.subject('uscc', row?.['统一社会信用代码']?.toUpperCase() ?? '', [DATASET]);
    t.strictSame(
      found.map(([dataset, value]) => [dataset, value['name']]),
      [[DATASET, row?.['企业名称']]],
    );
  });
});
