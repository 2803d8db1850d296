/** The reference workspace as its tests see it: feeds read, and the rows of one of them on one day. */

import type { Feed } from '../../connectors/feed.js';
import { loadFeeds } from '../../connectors/feeds.js';
import type { JsonRecord } from '../../connectors/mapping/compile.js';
import { compileMapping } from '../../connectors/mapping/index.js';
import { JUST_READING, type SourceRow } from '../../connectors/reading/port.js';
import synthetic from '../../connectors/sources/synthetic/index.js';
import type { DatasetId } from '../../contracts/ids.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';

export const root = new URL('../../../', import.meta.url).pathname;

export interface Town {
  readonly workspace: Workspace;
  readonly feeds: ReadonlyMap<DatasetId, Feed>;
}

export async function town(): Promise<Town> {
  const workspace = await loadWorkspace(root);
  return { workspace, feeds: await loadFeeds(workspace) };
}

export interface When {
  readonly companies: number;
  readonly day: number;
  readonly seed?: number;
}

export async function* rowsOf(
  feed: Feed,
  workspace: Workspace,
  { companies, day, seed }: When,
): AsyncGenerator<SourceRow> {
  const run = await synthetic.open({
    feed,
    workspace,
    baseDir: root,
    now: () => new Date('2026-06-01T00:00:00Z'),
    memory: { get: () => undefined, set: () => undefined },
    ...JUST_READING,
    signal: new AbortController().signal,
    options: { companies: String(companies), day: String(day), ...(seed === undefined ? {} : { seed: String(seed) }) },
  });
  if (run === undefined || 'unchanged' in run) return;
  for await (const batch of run.rows) for (const row of batch) if (!('broken' in row)) yield row;
}

/** A row as the feed maps it; throws where it would go to quarantine. */
export function mapper(feed: Feed, contract: Contract, { schemes }: Workspace): (row: SourceRow) => JsonRecord {
  const mapping = compileMapping(feed.mapping, contract, schemes, feed.file);
  return (row) => {
    const mapped = mapping.map(row.cells);
    if ('skipped' in mapped) throw new Error('the feed skips its own row');
    if (!mapped.ok)
      throw new Error(mapped.problems.map(({ code, field, reason }) => `${field} ${reason} [${code}]`).join('; '));
    return mapped.value;
  };
}

/** Subject and record id, as in a topic's key. */
export function keyOf(record: JsonRecord, contract: Contract): string {
  const at = (path: string): unknown =>
    path.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], record);
  return [contract.subject.field, ...contract.recordId].map((path) => String(at(path))).join('|');
}
