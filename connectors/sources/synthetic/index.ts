/**
 * The synthetic source: an invented city's registers, deterministic from a seed, in any size, with time running on. It
 * knows no dataset, department or form; a feed carries the recipe (`language.ts`), the workspace the population.
 *
 * Options: `companies`, `seed`, `day` (whole days since `synthetic.start` of yitong.json; without it, today).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { readJson } from '../../../contracts/files.js';
import type { Workspace } from '../../../contracts/types.js';
import { shape } from '../../../contracts/validate.js';
import type { SourceContext, SourceKind, SourceRow, SourceRun } from '../../reading/port.js';
import { dayAt, dayOf } from './days.js';
import { city } from './population.js';
import { type Recipe, recipe } from './recipe.js';

/** `synthetic` of yitong.json. */
interface Settings {
  readonly seed: number;
  readonly companies: number;
  /** Day 0, ISO date. */
  readonly start: string;
  /** The file that describes it, relative to the workspace or to one that it extends. */
  readonly population: string;
}

const settingsOf = shape<Settings>(
  {
    type: 'object',
    required: ['population', 'seed', 'companies', 'start'],
    additionalProperties: false,
    properties: {
      seed: { type: 'integer', minimum: 0, maximum: 0xffff_ffff },
      companies: { type: 'integer', minimum: 1, maximum: 100_000_000 },
      start: { type: 'string', format: 'date' },
      population: { type: 'string', minLength: 1 },
    },
  },
  'bad_config',
);

const BATCH = 500;

function option(options: Readonly<Record<string, string>>, name: string, otherwise: number): number {
  const text = options[name];
  if (text === undefined) return otherwise;
  if (!/^\d{1,10}$/.test(text)) throw new YitongError('bad_config', `the option \`${name}\` must be a whole number`);
  return Number(text);
}

function populationFile(workspace: Workspace, name: string): string {
  for (const layer of workspace.layers) if (existsSync(join(layer, name))) return join(layer, name);
  throw new YitongError('bad_config', `the population file \`${name}\` is in no layer of the workspace`, {
    place: { file: join(workspace.dir, 'yitong.json') },
  });
}

async function open({ feed, workspace, options, now, signal }: SourceContext): Promise<SourceRun> {
  const settings = settingsOf(workspace.settings['synthetic'], { file: join(workspace.dir, 'yitong.json') });
  const seed = option(options, 'seed', settings.seed);
  const companies = option(options, 'companies', settings.companies);
  const opened = now();
  const today = options['day'] === undefined ? dayAt(opened) : dayOf(settings.start) + option(options, 'day', 0);
  const file = populationFile(workspace, settings.population);
  const known = city({ value: await readJson(file, 'bad_config'), path: '', place: { file } }, workspace, seed);
  const node = { value: feed.source, path: 'source', place: { file: feed.file } };
  const made = recipe(node, known, feed.dataset, [...workspace.contracts.keys()], seed);
  const far = { companies: 0 };
  return {
    sourceTime: opened.toISOString(),
    total: companies,
    rows: rows(made, companies, today, signal, far),
    progress: () => far.companies,
  };
}

/** Rows are made as they are asked for; nothing is kept. */
async function* rows(
  made: Recipe,
  companies: number,
  today: number,
  signal: AbortSignal,
  far: { companies: number },
): AsyncGenerator<readonly SourceRow[]> {
  let batch: SourceRow[] = [];
  let rowNumber = 0;
  for (const member of made.quarter.members(companies, today)) {
    far.companies = (member.host ?? member).index + 1;
    made.records(member, today, (record, cells) => {
      batch.push({
        position: `${made.quarter.population.name}/${member.index}.${record}@${today}`,
        rowNumber: ++rowNumber,
        cells,
      });
    });
    if (batch.length < BATCH) continue;
    signal.throwIfAborted();
    yield batch;
    batch = [];
    // lets signals and timers through, however eager the reader
    await pause();
  }
  if (batch.length > 0) yield batch;
}

const synthetic: SourceKind = {
  kind: 'synthetic',
  title: { zh: '模拟数据（演示用）', en: 'an invented city' },
  description: 'an invented city: records made from a recipe and a seed, changing day by day',
  schema: {
    type: 'object',
    required: ['kind', 'for', 'fields'],
    additionalProperties: false,
    properties: {
      kind: { const: 'synthetic' },
      for: { type: 'string', description: 'a population of the population file' },
      like: { type: 'string', description: 'the register with which it agrees where both draw the same' },
      where: { type: 'object', description: 'which members have records' },
      count: { type: 'object', description: 'records of one member' },
      most: { type: 'integer', minimum: 1, maximum: 10000 },
      let: { type: 'object', description: 'values to compute with' },
      fields: { type: 'object', description: 'the cells of a row, in the contract’s JSON form' },
      since: { type: 'string', description: 'the date from which the record is there' },
      until: { type: 'string', description: 'the date from which the record is gone' },
    },
  },
  open,
};

export default synthetic;
