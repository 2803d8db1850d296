import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import t from 'tap';
import { loadKeySchemes } from '../../contracts/subjects.js';
import type { KeyScheme } from '../../contracts/types.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { testData } from '../support/data.js';

const schemes = await loadKeySchemes();
const scheme = (id: string): KeyScheme => schemes.get(id)!;
const verdict = (id: string, input: string): string => {
  const result = scheme(id).parse(input);
  return result.ok ? `${result.changed ? 'changed ' : ''}${result.key}` : result.code;
};

t.test('every scheme accepts what it makes, refuses a slip of the finger, and masks it', async (t) => {
  const files = await readdir(join(packageRoot(), 'contracts/subjects'));
  t.same(
    [...schemes.keys()],
    files.map((file) => file.replace(/\.ts$/, '')).sort(),
    'each file is a scheme, and no other is there',
  );
  for (const { id, parse, make, mask, slips } of schemes.values()) {
    fc.assert(
      fc.property(fc.nat(50_000_000), fc.nat(), fc.integer({ min: 1, max: 9 }), (n, place, by) => {
        const key = make(n);
        const result = parse(key);
        if (!result.ok || result.key !== key || result.changed) throw new Error(`${id} refuses its own ${key}`);
        const at = place % key.length;
        const digit = key.charCodeAt(at) - 48;
        if (digit <= 9) {
          const slipped = key.slice(0, at) + String((digit + by) % 10) + key.slice(at + 1);
          if (slips === undefined && parse(slipped).ok) throw new Error(`${id} takes ${slipped} for ${key}`);
        }
        const masked = mask(key);
        if (masked.length !== key.length || masked.replace(/[^*]/g, '').length < 5)
          throw new Error(`${id} shows too much`);
      }),
      { numRuns: 2000 },
    );
    const made = new Set(Array.from({ length: 20_000 }, (_, n) => make(n)));
    t.equal(made.size, 20_000, `${id} makes different keys`);
  }
});

t.test('no input makes a scheme throw', (t) => {
  const wild = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...'0123456789ABCDEXx .-/'), maxLength: 20 }),
  );
  for (const { parse } of schemes.values()) {
    fc.assert(
      fc.property(wild, (input) => {
        const result = parse(input);
        if (result.ok && parse(result.key).ok !== true) throw new Error('not in normal form');
      }),
      { numRuns: 3000 },
    );
  }
  t.end();
});

t.test('vectors of the standards', (t) => {
  const cases: readonly [string, string, string][] = [
    ['uscc', '91350100M000100Y43', '91350100M000100Y43'],
    ['uscc', '91350100m000100y43', 'changed 91350100M000100Y43'],
    ['uscc', '91 350100 M000100Y43', 'changed 91350100M000100Y43'],
    ['uscc', '91350100M000100Y44', 'bad_check_digit'],
    ['uscc', '91350100M00010OY43', 'bad_value'],
    ['uscc', '９１350100M000100Y43', 'bad_value'],
    ['cn-id', '11010519491231002X', '11010519491231002X'],
    ['cn-id', '11010519491231002x', 'changed 11010519491231002X'],
    ['cn-id', '440524188001010014', '440524188001010014'],
    ['cn-id', '110105194913310020', 'bad_value'],
    ['cn-id', '110105194912310021', 'bad_check_digit'],
    ['cn-id', '110105491231002', 'bad_value'],
    ['cnpj', '11222333000181', '11222333000181'],
    ['cnpj', '11.222.333/0001-81', 'changed 11222333000181'],
    ['cnpj', '12ABC34501DE35', '12ABC34501DE35'],
    ['cnpj', '12.abc.345/01de-35', 'changed 12ABC34501DE35'],
    ['cnpj', '12ABC34501DE36', 'bad_check_digit'],
    ['cnpj', '11222333000182', 'bad_check_digit'],
    ['cnpj', '00000000000000', 'bad_value'],
    ['cnpj', '11111111111111', 'bad_value'],
    ['siren', '732829320', '732829320'],
    ['siren', '732 829 320', 'changed 732829320'],
    ['siren', '732829321', 'bad_check_digit'],
    ['siren', '000000000', 'bad_value'],
    ['siret', '73282932000074', '73282932000074'],
    ['siret', '35600000000048', '35600000000048'],
    ['siret', '35600000049837', '35600000049837'],
    ['siret', '35600000049838', 'bad_check_digit'],
    ['siret', 'A70001799001', 'bad_value'],
  ];
  for (const [id, input, expected] of cases) t.equal(verdict(id, input), expected, `${id} ${input}`);
  t.end();
});

t.test('the numbers that python-stdnum collected', async (t) => {
  const path = testData(t, 'cn-codes/stdnum-test_cn_uscc.doctest');
  if (path === undefined) return;
  const text = await readFile(path, 'utf8');
  const numbers = [...text.matchAll(/^\.\.\. ([0-9A-Z]{18})$/gm)].map((match) => match[1]!);
  t.equal(numbers.length, 200);
  t.same(
    numbers.filter((number) => verdict('uscc', number) !== number),
    [],
  );
  for (const number of ['12345', 'A1110000600037341L', '9111000060003IOZSV', '91110000600037341N'])
    t.match(verdict('uscc', number), /^bad_/, number);
  t.equal(verdict('uscc', '91 110000 600037341L'), 'changed 91110000600037341L');
});

t.test('every company of the Shanghai register has a valid code', async (t) => {
  const counts = { exact: 0, lower: 0, refused: 0 };
  for (const year of [1991, 1995, 1997, 2003, 2006, 2019]) {
    const path = testData(t, `cn-shanghai-registry/shanghai-${year}.csv`);
    if (path === undefined) return;
    const rows = parseCsv<Record<string, string>>(await readFile(path), {
      columns: true,
      bom: true,
      relax_column_count: true,
    });
    for (const row of rows) {
      const code = Object.values(row).find((cell) => /^[0-9A-Za-z]{18}$/.test(cell)) ?? '';
      const result = scheme('uscc').parse(code);
      if (!result.ok) counts.refused++;
      else if (result.changed) counts.lower++;
      else counts.exact++;
    }
  }
  t.same(counts, { exact: 29_545, lower: 21, refused: 0 });
});

t.test('every French key but the pseudo-SIRETs is valid', async (t) => {
  const [alim, egalite, sirens] = ['alimconfiance-2017-08-22.csv', 'index-egalite-fh.csv', 'sirens.csv'].map((name) =>
    testData(t, `fr-siren/${name}`),
  );
  if (alim === undefined || egalite === undefined || sirens === undefined) return;
  const sirets = new Set(
    parseCsv(await readFile(alim), { from_line: 2, relax_column_count: true }).map((row) => row.at(-1)!),
  );
  t.equal([...sirets].filter((key) => verdict('siret', key) !== key).length, 30);
  const labour = parseCsv<Record<string, string>>(await readFile(egalite), {
    columns: true,
    bom: true,
    delimiter: ';',
  });
  t.same(labour.filter((row) => verdict('siren', row['SIREN']!) !== row['SIREN']).length, 0);
  const insee = parseCsv<Record<string, string>>(await readFile(sirens), { columns: true, bom: true });
  t.same(insee.filter((row) => verdict('siren', row['siren']!) !== row['siren']).length, 0);
});

t.test('every Brazilian key is valid', async (t) => {
  for (const [name, column] of [
    ['ceis-2018-11-28', 1],
    ['cnep-2018-10-29', 1],
    ['cepim-2018-11-27', 0],
  ] as const) {
    const path = testData(t, `br-sanctions/${name}.cp1252.csv`);
    if (path === undefined) return;
    const rows = parseCsv(await readFile(path, 'latin1'), { delimiter: ';', from_line: 2, relax_column_count: true });
    t.ok(rows.length > 50);
    t.equal(rows.filter((row) => verdict('cnpj', row[column]!) !== row[column]).length, 0, name);
  }
});

t.test('a new scheme is one new file', async (t) => {
  const folder = `${t.testdir()}/subjects`;
  await mkdir(folder);
  await writeFile(`${folder}/package.json`, '{"type":"module"}');
  await writeFile(
    `${folder}/dog-tag.js`,
    `export default { id: 'dog-tag', name: { zh: '犬牌', en: 'dog tag' }, standard: 'none', persons: false, ` +
      `parse: (key) => ({ ok: true, key, changed: false }), mask: () => '*', make: String };`,
  );
  t.same([...(await loadKeySchemes(pathToFileURL(`${folder}/`))).keys()], ['dog-tag']);
  await writeFile(`${folder}/broken.js`, 'export default {};');
  await t.rejects(loadKeySchemes(pathToFileURL(`${folder}/`)), { code: 'bad_workspace' });
});
