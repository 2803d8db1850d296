/** A real Prometheus on a free port, in a folder of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { until } from '../../e2e/ask.js';
import { missingHere } from '../../support/missing.js';
import { freePort } from '../../support/servers/ports.js';

export interface Prometheus {
  /** Data of the answer of its API. @param path behind `/api/v1/` */
  ask<T>(path: string): Promise<T>;
}

/** Scrapes the addresses each second and evaluates the rules as often. None where Prometheus is not installed. */
export async function prometheusForTest(
  t: Test,
  addresses: readonly string[],
  rules: string,
): Promise<Prometheus | undefined> {
  if (spawnSync('prometheus', ['--version']).status !== 0)
    return missingHere(t, "Prometheus: not installed here, it is Debian's package `prometheus`");
  const dir = await mkdtemp(join(tmpdir(), 'yitong-prometheus-'));
  const file = join(dir, 'prometheus.yml');
  writeFileSync(
    file,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [
        {
          job_name: 'yitong',
          static_configs: [
            { targets: addresses.map((address) => new URL(address).host), labels: { namespace: 'city' } },
          ],
        },
      ],
    }),
  );
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(port)}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(dir, { recursive: true, force: true });
  });
  await until(
    'Prometheus',
    async () =>
      child.exitCode === null
        ? ((await fetch(`http://127.0.0.1:${String(port)}/-/ready`).catch(() => undefined))?.status ?? 0)
        : said,
    (status) => status === 200,
    60_000,
  );
  return {
    async ask<T>(path: string) {
      const answer = (await (await fetch(`http://127.0.0.1:${String(port)}/api/v1/${path}`)).json()) as {
        readonly status: string;
        readonly error?: string;
        readonly data: T;
      };
      if (answer.status !== 'success') throw new Error(`${path}: ${answer.error ?? ''}`);
      return answer.data;
    },
  };
}
