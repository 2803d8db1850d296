/** Rows of a source that has no feed yet, by the same reader that its feed will have. */

import { YitongError } from '../../contracts/errors.js';
import { authorityId, datasetId } from '../../contracts/ids.js';
import { present } from '../../contracts/present.js';
import type { Workspace } from '../../contracts/types.js';
import type { Feed, Mapping } from '../feed.js';
import { type BrokenRow, JUST_READING, type SourceRow } from '../reading/port.js';
import type { Progress } from '../run.js';
import { loadSourceKinds } from '../sources/load.js';

interface Reading {
  readonly workspace: Workspace;
  readonly source: Feed['source'];
  readonly schedule: string;
  readonly snapshot: boolean;
  /** Of files that were named on the command line, wherever they lie. */
  readonly roots?: readonly string[];
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly onProgress?: (progress: Progress) => void;
}

/** As it stands before it has a file, of a dataset that is only looked at. */
export const feedOf = (
  { source, schedule, snapshot }: Pick<Feed, 'source' | 'schedule' | 'snapshot'>,
  mapping: Mapping,
): Feed => ({
  dataset: datasetId('proposed.source'),
  authority: authorityId('proposed'),
  source,
  schedule,
  snapshot,
  maxWithdrawShare: 1,
  onDuplicate: 'quarantine',
  mapping,
  file: 'the proposed feed',
});

/** @throws YitongError as the source's reader; `shutting_down` if it is stopped */
export async function* readRows(
  { workspace, source, schedule, snapshot, roots = [], signal, now, onProgress }: Reading,
  mapping: Mapping = { fields: {} },
): AsyncGenerator<readonly (SourceRow | BrokenRow)[]> {
  const kind = (await loadSourceKinds()).get(source.kind);
  if (kind === undefined) throw new YitongError('bad_feed', `there is no source kind \`${source.kind}\``);
  const feed = feedOf({ source, schedule, snapshot }, mapping);
  const run = await kind.open({
    feed,
    workspace,
    baseDir: workspace.dir,
    roots,
    now,
    memory: { get: () => undefined, set: () => undefined },
    signal,
    options: {},
    ...JUST_READING,
  });
  if (run === undefined || 'unchanged' in run) return;
  let rows = 0;
  for await (const batch of run.rows) {
    if (signal.aborted) throw new YitongError('shutting_down', 'stopped; nothing was written');
    rows += batch.length;
    const done = run.progress?.();
    onProgress?.({
      rows,
      ...present({ done, total: run.total }),
    });
    yield batch;
  }
}
