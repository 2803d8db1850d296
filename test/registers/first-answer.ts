/**
 * From a file to the first governed answer, with a stopwatch: `init`, `feed new --yes`, `up`, `query`, each as a user
 * runs it, in a new workspace a file. `node dist/test/registers/first-answer.js [file …]`; without files those of the
 * test data, and a workbook. Prints a table.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { permitsWorkbook, type Told, toldOf } from '../connectors/proposed.js';
import { cli } from '../e2e/city.js';

const run = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [cli, ...args], { maxBuffer: 64 * 1_048_576 })).stdout;

async function upOn(workspace: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [cli, 'up', '--json', '--port', '0', '--workspace', workspace], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => Promise.reject(new Error('`yitong up` ended'))),
  ]);
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}

interface Answered {
  readonly datasets: readonly { readonly status: string; readonly records: readonly unknown[] }[];
}

async function measure(files: readonly string[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'yitong-first-'));
  const workspace = join(dir, 'city');
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  try {
    await run('init', workspace);
    const told: Told = toldOf(
      await run(
        'feed',
        'new',
        ...files,
        '--workspace',
        workspace,
        '--yes',
        '--json',
        '--grant',
        'front-desk:permit-check',
      ),
    );
    const proposed = seconds();
    const stop = await upOn(workspace);
    const ready = seconds();
    try {
      const { datasets } = JSON.parse(
        await run(
          'query',
          told.subject,
          '--datasets',
          told.dataset,
          '--purpose',
          'permit-check',
          '--as',
          'front-desk',
          '--workspace',
          workspace,
          '--json',
        ),
      ) as Answered;
      const [first] = datasets;
      const { rows, published, merged, quarantined } = told.trial;
      const name = `${basename(files[0] ?? '')}${files.length > 1 ? ` and ${files.length - 1} more` : ''}`;
      return [
        name,
        rows,
        `${published} / ${merged} / ${quarantined}`,
        told.of('subject'),
        told.of('key'),
        told.open.join(', '),
        proposed,
        ready,
        seconds(),
        `${first?.status ?? '?'}, ${first?.records.length ?? 0}`,
      ].join(' | ');
    } finally {
      await stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Registers of the test data: a file each, the files of Shanghai together. */
async function registers(): Promise<string[][]> {
  const data = resolve(
    fileURLToPath(new URL('../../../', import.meta.url)),
    process.env['YITONG_TEST_DATA'] ?? '../shared/data',
  );
  const csv = (folder: string): string[] =>
    existsSync(join(data, folder))
      ? readdirSync(join(data, folder))
          .filter((name) => name.endsWith('.csv'))
          .map((name) => join(data, folder, name))
      : [];
  const workbook = join(await mkdtemp(join(tmpdir(), 'yitong-first-')), '许可证.xlsx');
  await writeFile(workbook, permitsWorkbook(2_000));
  const shanghai = csv('cn-shanghai-registry');
  return [
    ...csv('br-sanctions').map((file) => [file]),
    ...csv('fr-siren').map((file) => [file]),
    ...(shanghai.length > 0 ? [shanghai] : []),
    [workbook],
  ];
}

const given = process.argv.slice(2);
console.log(
  'file | rows | published / merged / quarantined | subject | key | not sure | proposed after | up after | ' +
    'answered after | status, records',
);
console.log('---|---|---|---|---|---|---|---|---|---');
for (const files of given.length > 0 ? [given] : await registers()) console.log(await measure(files));
