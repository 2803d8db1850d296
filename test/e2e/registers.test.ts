/**
 * Real registers of two countries behind the gateway: each by its own workspace, client and grants, asked over mTLS.
 */
import { cp, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import type { DatasetAnswer } from '../../gateway/client/index.js';
import { declareData, fixture } from '../registers/run.js';
import { testData } from '../support/data.js';
import { type City, city } from './city.js';
import { query } from './suite.js';

t.setTimeout(300_000);

async function country(
  t: Test,
  name: string,
  folder: string,
): Promise<{ readonly running: City; readonly data: string } | undefined> {
  const data = testData(t, folder);
  if (data === undefined) return undefined;
  const workspace = join(t.testdir(), 'workspace');
  await cp(fixture(name), workspace, { recursive: true });
  await declareData(workspace, dirname(data));
  return { running: await city(t, { workspace }), data };
}

const DAY = 86_400_000;
/** These files are years old: what they say is shown, and never called current on the strength of an old file. */
function fresh(t: Test, time: string, { id, status, sourceTime }: DatasetAnswer, frequency: number): void {
  t.ok(sourceTime !== undefined, `${id} says of when it is`);
  t.equal(status, Date.parse(time) - Date.parse(String(sourceTime)) <= frequency ? 'current' : 'stale', id);
}

void t.test(
  'Brazil: a firm on two of three sanctions lists is answered from both, and not from the third',
  async (t) => {
    const here = await country(t, 'brazil', 'br-sanctions');
    if (here === undefined) return;
    // every cell is quoted and none holds a quote, so lines split into cells without our code
    const rows = async (file: string): Promise<string[][]> =>
      (await readFile(join(here.data, file), 'latin1'))
        .trimEnd()
        .split('\r\n')
        .slice(1)
        .map((line) => line.slice(1, -1).split('";"'));
    const [debarred, fined, impeded] = await Promise.all(
      ['ceis-2018-11-28.cp1252.csv', 'cnep-2018-10-29.cp1252.csv', 'cepim-2018-11-27.cp1252.csv'].map(rows),
    );
    if (debarred === undefined || fined === undefined || impeded === undefined) throw new Error('a list is missing');
    const impededFirms = new Set(impeded.map((row) => row[0]));
    const fines = (cnpj: string) =>
      fined
        .filter((row) => row[1] === cnpj)
        .map((row) => String(row[16]).replace(',', '.'))
        .sort();
    const twice = [...new Set(debarred.map((row) => row[1] ?? ''))].filter(
      (cnpj) => fines(cnpj).length > 0 && !impededFirms.has(cnpj),
    );
    t.ok(twice.length >= 10, `${twice.length} firms are on both lists`);
    const datasets = ['cgu.ceis', 'cgu.cnep', 'cgu.cepim'].map((id) => ({ id }));
    for (const cnpj of twice) {
      const answer = await query(here.running, 'procurement', {
        purpose: 'supplier-check',
        subject: `cnpj:${cnpj}`,
        datasets,
      });
      const [ceis, cnep, cepim] = answer.datasets;
      if (ceis === undefined || cnep === undefined || cepim === undefined)
        throw new Error('a list is missing from the answer');
      for (const one of answer.datasets) fresh(t, answer.time, one, DAY);
      t.equal(ceis.records.length, debarred.filter((row) => row[1] === cnpj).length, 'every debarment of the list');
      t.strictSame(cnep.records.map(({ record }) => record['fine']).sort(), fines(cnpj), 'every fine, to the cent');
      t.strictSame(cepim.records, []);
      t.ok([...ceis.records, ...cnep.records].every(({ record }) => record['cnpj'] === cnpj));
    }
    const formatted = twice[0]?.replace(/^(..)(...)(...)(....)(..)$/, '$1.$2.$3/$4-$5');
    const asWritten = await query(here.running, 'procurement', {
      purpose: 'supplier-check',
      subject: `cnpj:${String(formatted)}`,
      datasets,
    });
    t.ok((asWritten.datasets[0]?.records.length ?? 0) > 0, 'a CNPJ as it is written on paper is the same subject');
    await t.rejects(
      query(here.running, 'procurement', { purpose: 'curiosity', subject: `cnpj:${String(twice[0])}`, datasets }),
      { status: 403, code: 'denied' },
    );
  },
);

void t.test('France: three authorities answer about one SIREN, and each SIRET comes whole', async (t) => {
  const here = await country(t, 'france', 'fr-siren');
  if (here === undefined) return;
  const siren = '399315613';
  const datasets = ['travail.equality-index', 'insee.sirene', 'agriculture.food-inspections'].map((id) => ({ id }));
  const answer = await query(here.running, 'buyer', { purpose: 'supplier-file', subject: `siren:${siren}`, datasets });
  const [index, firms, inspections] = answer.datasets;
  if (index === undefined || firms === undefined || inspections === undefined)
    throw new Error('a register is missing from the answer');
  fresh(t, answer.time, index, 365 * DAY);
  fresh(t, answer.time, firms, DAY);
  fresh(t, answer.time, inspections, DAY);
  t.strictSame(
    answer.datasets.map(({ authority }) => authority),
    ['travail', 'insee', 'agriculture'],
  );
  t.ok(index.records.length >= 1);
  t.equal(firms.records.length, 1);
  const lines = (await readFile(join(here.data, 'alimconfiance-2017-08-22.csv'), 'utf8')).trimEnd().split('\n');
  const sirets = lines
    .flatMap((line) => /,(\d{14})\r?$/.exec(line)?.[1] ?? [])
    .filter((siret) => siret.startsWith(siren));
  t.equal(sirets.length, 36);
  t.strictSame(
    inspections.records.map(({ record }) => record['siret']).sort(),
    sirets.sort(),
    'every establishment that was inspected, by its whole number',
  );
  t.ok([...index.records, ...firms.records, ...inspections.records].every(({ record }) => record['siren'] === siren));
  for (const { record } of inspections.records)
    t.strictSame(
      Object.keys(record).filter(
        (name) => !['siren', 'siret', 'inspection', 'inspectedOn', 'result', 'name', 'address'].includes(name),
      ),
      [],
      'only what the grant names',
    );
});
