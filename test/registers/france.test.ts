import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { account, accounted, openRegister, pace, type Value } from './run.js';

const INDEX = 'travail.equality-index';
const FIRMS = 'insee.sirene';
const INSPECTIONS = 'agriculture.food-inspections';

/** Lines without a quote, cell by cell, read without any of our code. */
async function plainRows(file: string, separator: string): Promise<string[][]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split(/\r?\n/).slice(1);
  return lines.filter((line) => !line.includes('"')).map((line) => line.split(separator));
}
const clean = (cell = ''): string | null => cell.replace(/\s+/g, ' ').trim() || null;

void t.test('France: three departments on one key by configuration alone, each row accounted for', async (t) => {
  const register = await openRegister(t, 'france', 'fr-siren');
  if (register === undefined) return;
  t.teardown(() => register.close());
  const quiet = { unchanged: 0, merged: 0, skipped: 0, withdrawn: 0, state: 'complete' };

  const index = await register.run(INDEX);
  pace(t, INDEX, index);
  t.strictSame(account(index), { ...quiet, rows: 18_782, published: 18_782, quarantined: 0 });
  const firms = await register.run(FIRMS);
  pace(t, FIRMS, firms);
  t.strictSame(account(firms), { ...quiet, rows: 7_361, published: 7_361, quarantined: 0 });
  const inspections = await register.run(INSPECTIONS);
  pace(t, INSPECTIONS, inspections);
  t.strictSame(account(inspections), { ...quiet, rows: 19_053, published: 19_022, quarantined: 31 });
  for (const report of [index, firms, inspections]) t.equal(accounted(report), report.rows);

  await t.test('pseudo-SIRETs name no subject: 31 rows, 30 different ones', async (t) => {
    const set = await register.quarantined(INSPECTIONS);
    t.strictSame(
      set.map(({ rowNumber }) => rowNumber),
      Array.from({ length: 31 }, (_, i) => 19_023 + i),
    );
    t.ok(
      set.every(({ problems }) =>
        problems.every(({ code, field }) => code === 'bad_value' && (field === 'siret' || field === 'siren')),
      ),
    );
    const lines = (await readFile(join(register.data, 'alimconfiance-2017-08-22.csv'), 'utf8')).trimEnd().split('\n');
    t.equal(new Set(set.map(({ rowNumber }) => lines[rowNumber]?.split(',').at(-1))).size, 30);
  });

  const inspected = await register.records(INSPECTIONS);
  await t.test('an inspection keeps its SIRET whole and hangs on the SIREN', async (t) => {
    t.equal(inspected.size, 19_022);
    t.ok(
      [...inspected].every(
        ([key, { siren, siret, inspection }]) =>
          String(siret).length === 14 &&
          String(siret).startsWith(String(siren)) &&
          key === `siren:${String(siren)}|${String(inspection)}`,
      ),
    );
    const post = [...inspected.values()].filter(({ siren }) => siren === '356000000').map(({ siret }) => siret);
    t.strictSame(
      post.sort(),
      ['35600000024582', '35600000033582', '35600000035684', '35600000048702'],
      'La Poste passes by its own rule',
    );
  });

  await t.test('two numbers out of one cell, lists out of cells, the first of two columns of one name', async (t) => {
    const rows = await plainRows(join(register.data, 'alimconfiance-2017-08-22.csv'), ',');
    let compared = 0;
    const wrong = rows.flatMap((row) => {
      const [
        activity,
        name,
        street,
        postalCode,
        commune,
        ,
        date,
        ,
        approvals = '',
        ,
        ,
        categories = '',
        inspection = '',
        siret = '',
      ] = row;
      const record = inspected.get(`siren:${siret.slice(0, 9)}|${inspection}`);
      if (row.length !== 14 || record === undefined) return [];
      compared += 1;
      const list = (cell: string) =>
        cell
          .split('|')
          .map((part) => part.trim())
          .filter((part) => part !== '');
      const right =
        record['activity'] === clean(activity) &&
        record['name'] === clean(name) &&
        record['inspectedOn'] === date?.slice(0, 10) &&
        JSON.stringify(record['address']) ===
          JSON.stringify({ street: clean(street), postalCode: clean(postalCode), commune: clean(commune) }) &&
        JSON.stringify(record['approvals']) === JSON.stringify(list(approvals)) &&
        JSON.stringify(record['categories']) === JSON.stringify(list(categories));
      return right ? [] : [inspection];
    });
    t.ok(compared > 9_000, `${compared} rows compared`);
    t.strictSame(wrong, []);

    // the cell with both numbers is quoted, as it holds a comma
    const lines = (await readFile(join(register.data, 'alimconfiance-2017-08-22.csv'), 'utf8')).trimEnd().split('\n');
    const located = lines.flatMap((line) => {
      const found = /,"(-?[0-9.]+), (-?[0-9.]+)",.*,(\d\d-\d{6}-\d),(\d{14})$/.exec(line);
      return found === null ? [] : [found];
    });
    t.equal(located.length, 19_053 - 10_536 - 6, 'rows with a place, less those with a pseudo-SIRET');
    const off = located.filter(([, latitude, longitude, inspection, siret = '']) => {
      const location = inspected.get(`siren:${siret.slice(0, 9)}|${inspection}`)?.['location'] as
        | { latitude: number; longitude: number }
        | undefined;
      return location?.latitude !== Number(latitude) || location.longitude !== Number(longitude);
    });
    t.equal(off.length, 0);
  });

  await t.test(
    'a blank Note is not zero, and the members of a unit are told apart though their names hold commas',
    async (t) => {
      const ratings = await register.records(INDEX);
      t.equal([...ratings.values()].filter(({ score }) => score === null).length, 2_503);
      t.equal([...ratings.values()].filter(({ score }) => score === 0).length, 1);
      const rows = await plainRows(join(register.data, 'index-egalite-fh.csv'), ';');
      const wrong = rows.filter(([name, siren, year, note, , , members, region, department]) => {
        const record = ratings.get(`siren:${siren}|${year}`) as
          | (Value & { members: readonly { siren: string; name: string }[] })
          | undefined;
        return !(
          record?.['name'] === clean(name) &&
          record['score'] === (note === '' ? null : Number(note)) &&
          record['region'] === region &&
          record['department'] === department &&
          record.members.map(({ siren }) => siren).join() ===
            [...(members ?? '').matchAll(/\((\d{9})\)/g)].map(([, siren]) => siren).join()
        );
      });
      t.ok(rows.length > 18_000);
      t.equal(wrong.length, 0, 'every row without a quote');
      const largest = Math.max(...[...ratings.values()].map(({ members }) => (members as readonly unknown[]).length));
      t.ok(largest > 100, `the largest unit has ${largest} members`);
      t.equal(
        [...(await register.records(FIRMS)).values()].filter(({ createdOn }) => createdOn === null).length,
        735 + 1,
        '1900-01-01 is no date of creation',
      );
    },
  );

  await t.test('a second reading changes nothing', async (t) => {
    const again = { published: 0, merged: 0, skipped: 0, withdrawn: 0, quarantined: 0, state: 'complete' };
    t.strictSame(account(await register.run(INDEX, true)), { ...again, rows: 18_782, unchanged: 18_782 });
    t.strictSame(account(await register.run(FIRMS, true)), { ...again, rows: 7_361, unchanged: 7_361 });
    t.strictSame(account(await register.run(INSPECTIONS, true)), {
      ...again,
      rows: 19_053,
      unchanged: 19_022,
      quarantined: 31,
    });
  });

  await t.test('one question about a SIREN is answered by three departments', async (t) => {
    const answer = await register.subject('siren', '399315613', [INDEX, FIRMS, INSPECTIONS]);
    const count = (dataset: string) => answer.filter(([from]) => from === dataset).length;
    t.strictSame([count(FIRMS), count(INSPECTIONS)], [1, 36]);
    t.ok(count(INDEX) >= 1);
    const asked = new Set([...inspected.values()].map(({ siren }) => String(siren)));
    const joined = [...(await register.records(FIRMS)).values()].filter(({ siren }) => asked.has(String(siren)));
    t.equal(joined.length, 556, 'firms that all three know');
  });
});
