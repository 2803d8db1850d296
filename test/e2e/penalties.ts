/** A workspace in which the transport bureau pushes its penalties over HTTP, and the penalties that it pushes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../gateway/client/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { cli } from './city.js';

export const BUREAU = 'transport-connector';
const DATASET = 'transport.penalties';
const read = (...path: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(join(...path), 'utf8')) as Record<string, unknown>;

/** @returns the folder */
export function bureauCity(dir: string): string {
  const workspace = join(dir, 'yunzhou');
  const root = packageRoot();
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', root]);
  writeFileSync(
    join(workspace, 'yitong.json'),
    JSON.stringify({ ...read(workspace, 'yitong.json'), synthetic: read(root, 'yitong.json')['synthetic'] }),
  );
  const feeds = join(workspace, 'connectors', 'feeds', 'transport');
  mkdirSync(feeds, { recursive: true });
  writeFileSync(join(feeds, 'penalties.json'), JSON.stringify({ source: { kind: 'http-push' }, schedule: 'push' }));
  return workspace;
}

const sample = read(packageRoot(), 'contracts/datasets/transport/penalties/examples/valid/penalty.json');
export const penalty = (company: string, n: number): Record<string, unknown> => ({
  ...sample,
  decisionNumber: `云交执罚〔2026〕${String(n).padStart(6, '0')}号`,
  uscc: company.slice(company.indexOf(':') + 1),
  conduct: { summary: '夜间超限运输砂石', endedOn: '2026-06-01', place: null },
});

/**
 * Resolves when the bus has acknowledged it.
 * @param whole all that the bureau has, so that its register counts as current
 */
export async function decide(
  bureau: Client,
  penalties: readonly Record<string, unknown>[],
  whole = false,
): Promise<void> {
  const { results } = await bureau.publish(DATASET, {
    sourceTime: new Date().toISOString(),
    ...(whole ? { snapshot: true } : {}),
    records: penalties.map((value) => ({ position: String(value['decisionNumber']), value })),
  });
  const bad = results.find(({ status }) => status === 'quarantined');
  if (bad !== undefined) throw new Error(`a penalty was quarantined: ${String(bad.code)}`);
}
