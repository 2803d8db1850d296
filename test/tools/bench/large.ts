/** `memory`, `flatness` and `restart`: what a city of many records costs. It is loaded once for the three. */
import { readFileSync, statSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { companies } from '../../e2e/stories.js';
import { flatnessRow } from './flatness.js';
import { memoryRow } from './memory.js';
import { recordsOf, restartRows } from './restart.js';
import type { BenchRow } from './rows.js';
import { type CityAddresses, type Running, startCity } from './servers.js';

/** Records a company in the reference city, about; counted again in what was loaded. */
const RECORDS_A_COMPANY = 17.77;
const TOLD_EVERY = 15_000;

export interface LargeCity extends CityAddresses, Running {
  readonly records: number;
  readonly subjects: readonly string[];
}

/** As the start page says it. */
function recordsShown(people: string, ca: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${people}/?lang=en`, { ca }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve(Number((/<b>([\d,]+)<\/b><span>current records/.exec(text)?.[1] ?? 'NaN').replaceAll(',', ''))),
      );
    }).on('error', reject);
  });
}

const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
export const viewFile = (data: string): string => join(data, 'view', 'view.mdb');

/** @param env of its processes, beside the environment */
export async function loadCity(
  data: string,
  records: number,
  env: Readonly<Record<string, string>> = {},
): Promise<LargeCity> {
  const started = performance.now();
  const told = setInterval(() => {
    process.stderr.write(
      `  loading ${records.toLocaleString('en')} records: ${Math.round((performance.now() - started) / 1000)} ` +
        `s, view ${Math.round(size(viewFile(data)) / 1e6)} MB\n`,
    );
  }, TOLD_EVERY);
  try {
    const city = await startCity(data, ['--companies', String(Math.round(records / RECORDS_A_COMPANY))], env);
    return {
      ...city,
      records: await recordsShown(city.people, readFileSync(join(city.pki, 'ca.pem'))),
      subjects: await companies(city.data),
    };
  } finally {
    clearInterval(told);
  }
}

export async function largeRows(
  dir: string,
  wanted: (id: string) => boolean,
  records = 1_000_000,
): Promise<BenchRow[]> {
  const city = await loadCity(join(dir, 'large'), records);
  const rows: BenchRow[] = [];
  let running = true;
  try {
    if (wanted('memory')) rows.push(await memoryRow(city));
    if (wanted('flatness')) rows.push(await flatnessRow(dir, city));
    if (!wanted('restart') && !wanted('rebuild')) return rows;
    const before = await recordsOf(city);
    running = false;
    await city.stop();
    rows.push(...(await restartRows(city, wanted, before)));
  } finally {
    if (running) await city.stop();
  }
  return rows;
}
