import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { account, accounted, openRegister, pace } from './run.js';

const LISTS = ['cgu.ceis', 'cgu.cnep', 'cgu.cepim'];
/** CEIS keys (CNPJ, proceedings, kind, body) that stand twice: row numbers. README.md of the workspace says why. */
const TWO_SANCTIONS = [
  [339, 355],
  [386, 391],
  [1438, 1443],
  [1465, 1472],
  [2898, 2899],
  [2901, 2902],
  [2906, 2907],
  [2911, 2926],
  [2914, 2923],
  [2916, 4794],
  [3855, 5425],
] as const;
const ENTERED_TWICE = [
  [342, 344],
  [328, 3789],
  [345, 3777],
  [350, 5177],
  [3781, 3782],
  [1283, 1295],
  [3016, 3019],
] as const;

/**
 * Rows read without any of our code: every cell is quoted, none holds a quote, and the only byte apart from latin-1 is
 * the dash of the header.
 */
async function plainRows(file: string): Promise<string[][]> {
  const lines = (await readFile(file, 'latin1')).replaceAll('\x96', '–').trimEnd().split('\r\n');
  return lines.slice(1).map((line) => line.slice(1, -1).split('";"'));
}
const clean = (cell = ''): string | null => cell.replace(/\s+/g, ' ').trim() || null;
const isoDate = (cell = ''): string | null => (cell === '' ? null : cell.split('/').reverse().join('-'));

void t.test(
  'Brazil: three sanctions lists in Windows-1252 by configuration alone, each row accounted for',
  async (t) => {
    const register = await openRegister(t, 'brazil', 'br-sanctions');
    if (register === undefined) return;
    t.teardown(() => register.close());
    const quiet = { unchanged: 0, skipped: 0, withdrawn: 0, state: 'complete' };

    const ceis = await register.run('cgu.ceis');
    pace(t, 'cgu.ceis', ceis);
    t.strictSame(account(ceis), { ...quiet, rows: 6_676, published: 6_669, merged: 0, quarantined: 7 });
    t.strictSame(ceis.codes, { conflicting_duplicate: 7 });
    const cnep = await register.run('cgu.cnep');
    t.strictSame(account(cnep), { ...quiet, rows: 66, published: 66, merged: 0, quarantined: 0 });
    const cepim = await register.run('cgu.cepim');
    pace(t, 'cgu.cepim', cepim);
    t.strictSame(account(cepim), { ...quiet, rows: 5_192, published: 5_133, merged: 59, quarantined: 0 });
    t.strictSame(cepim.notes, { default_used: 223 + 508 }, 'agreements and granting bodies that the list leaves out');
    for (const report of [ceis, cnep, cepim]) t.equal(accounted(report), report.rows);

    const rows = await plainRows(join(register.data, 'ceis-2018-11-28.cp1252.csv'));
    const records = await register.records('cgu.ceis');

    await t.test(
      'the 18 natural keys that stand twice: eleven are two sanctions, seven are one entered twice',
      async (t) => {
        const natural = (row: readonly string[]) => [row[1], clean(row[5]), row[6], clean(row[9])].join('|');
        const seen = new Map<string, number[]>();
        rows.forEach((row, i) => seen.set(natural(row), [...(seen.get(natural(row)) ?? []), i + 1]));
        const twice = [...seen.values()].filter((numbers) => numbers.length > 1);
        const byFirst = (a: readonly number[], b: readonly number[]) => (a[0] ?? 0) - (b[0] ?? 0);
        t.strictSame(
          twice.sort(byFirst),
          [...TWO_SANCTIONS, ...ENTERED_TWICE].map((pair) => [...pair]).sort(byFirst),
          'the register has these and no others',
        );

        const key = (number: number) => {
          const row = rows[number - 1] ?? [];
          return `cnpj:${row[1]}|${[clean(row[5]), row[6], clean(row[9]), isoDate(row[7])].map((part) => String(part).replaceAll('%', '%25').replaceAll('|', '%7C')).join('|')}`;
        };
        for (const [first, second] of TWO_SANCTIONS) {
          t.not(key(first), key(second), `rows ${first} and ${second} begin on different days`);
          t.ok(records.has(key(first)) && records.has(key(second)), 'and both are published');
        }
        for (const [first, second] of ENTERED_TWICE) {
          t.equal(key(first), key(second), `rows ${first} and ${second} are of one day`);
          t.equal(
            records.get(key(first))?.['reportedName'],
            clean(rows[first - 1]?.[2]),
            'the earlier row stands, so the firm stays on the list',
          );
        }
        const set = await register.quarantined('cgu.ceis');
        t.strictSame(
          set.map(({ rowNumber }) => rowNumber),
          ENTERED_TWICE.map(([, second]) => second).sort((a, b) => a - b),
        );
        t.ok(set.every(({ problems }) => problems.length === 1 && problems[0]?.code === 'conflicting_duplicate'));
      },
    );

    await t.test('accents, dates and amounts are right', async (t) => {
      const set = new Set((await register.quarantined('cgu.ceis')).map(({ rowNumber }) => rowNumber));
      const wrong = rows.flatMap((row, i) => {
        const body = clean(row[9]) ?? clean(row[11]);
        const key = `cnpj:${row[1]}|${[clean(row[5]), row[6], body, isoDate(row[7])].map((part) => String(part).replaceAll('%', '%25').replaceAll('|', '%7C')).join('|')}`;
        const record = records.get(key);
        const right =
          record?.['reportedName'] === clean(row[2]) &&
          record['legalName'] === clean(row[3]) &&
          record['sanctioningBody'] === body &&
          record['endDate'] === isoDate(row[8]) &&
          record['publishedOn'] === isoDate(row[13]) &&
          record['sanctioningState'] === (row[10] === '' ? null : row[10]?.toUpperCase());
        return right || set.has(i + 1) ? [] : [i + 1];
      });
      t.strictSame(wrong, [], 'every row of CEIS');
      t.equal(
        [...records.values()].filter((record) => record['endDate'] === null).length,
        1_287 - 6,
        'open-ended sanctions, less those entered twice',
      );

      const fines = await plainRows(join(register.data, 'cnep-2018-10-29.cp1252.csv'));
      const cents = fines.map((row) => row[16]?.replace(',', '.')).sort();
      t.strictSame(
        [...(await register.records('cgu.cnep')).values()].map((record) => record['fine']).sort(),
        cents,
        'every fine to the cent',
      );
    });

    await t.test('a second reading changes nothing', async (t) => {
      const again = {
        rows: 6_676,
        published: 0,
        unchanged: 6_669,
        merged: 0,
        quarantined: 7,
        skipped: 0,
        withdrawn: 0,
        state: 'complete',
      };
      t.strictSame(account(await register.run('cgu.ceis', true)), again);
      t.strictSame(account(await register.run('cgu.cnep', true)), {
        ...again,
        rows: 66,
        unchanged: 66,
        quarantined: 0,
      });
      t.strictSame(account(await register.run('cgu.cepim', true)), {
        ...again,
        rows: 5_192,
        unchanged: 5_133,
        merged: 59,
        quarantined: 0,
      });
    });

    await t.test('a buyer who asks about one CNPJ hears of every list that it is on', async (t) => {
      const penalties = new Set(
        (await plainRows(join(register.data, 'cnep-2018-10-29.cp1252.csv'))).map((row) => row[1] ?? ''),
      );
      const impeded = new Set(
        (await plainRows(join(register.data, 'cepim-2018-11-27.cp1252.csv'))).map((row) => row[0] ?? ''),
      );
      const debarred = new Set(rows.map((row) => row[1] ?? ''));
      const both = (other: ReadonlySet<string>) => [...debarred].filter((cnpj) => other.has(cnpj));
      t.equal(both(penalties).length, 18);
      t.equal(both(impeded).length, 24);
      const listed = async (cnpj: string) => [
        ...new Set((await register.subject('cnpj', cnpj, LISTS)).map(([dataset]) => dataset)),
      ];
      for (const cnpj of both(penalties)) t.strictSame(await listed(cnpj), ['cgu.ceis', 'cgu.cnep']);
      for (const cnpj of both(impeded)) t.strictSame(await listed(cnpj), ['cgu.ceis', 'cgu.cepim']);
      t.strictSame(await listed('11222333000181'), [], 'and of none for a firm that is on none');
    });
  },
);
