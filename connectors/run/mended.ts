/**
 * Rows that were held back by another mapping than the one that is there now, once more: a source gives only what it
 * has, and a row may have left it since. What a run has just read by the new mapping is not tried again.
 */
import { createHash } from 'node:crypto';
import type { Contract } from '../../contracts/types.js';
import type { Feed } from '../feed.js';
import type { Crosswalks } from '../mapping/crosswalks/index.js';
import type { Quarantine } from '../quarantine.js';
import { retryInTurn } from '../retry.js';
import type { RunOptions } from './options.js';

/** Rows that are published at once. */
const PIECE = 2_000;

const mappingMark = ({ mapping }: Pick<Feed, 'mapping'>, { latest }: Pick<Contract, 'latest'>): string =>
  createHash('sha256')
    .update(JSON.stringify([mapping, latest.version]))
    .digest('hex');

/**
 * Cut short anywhere, the next run begins it anew; what is published by then has left.
 * @param began of the run
 * @returns how many rows are published, or were so, by the new mapping
 */
export async function retryMended(
  { feed, workspace, bus, state, signal }: RunOptions,
  quarantine: Quarantine,
  crosswalks: Crosswalks,
  { now, began }: { readonly now: () => Date; readonly began: Date },
): Promise<number> {
  const contract = workspace.contracts.get(feed.dataset);
  if (contract === undefined || signal.aborted) return 0;
  const mark = mappingMark(feed, contract);
  const before = state.read('mapping', feed.dataset);
  if (before === mark) return 0;
  let mended = 0;
  // a state that is new, or older than this, knows no mapping to compare with
  if (before !== undefined && before !== null && quarantine.count() > 0) {
    const since = began.toISOString();
    for (let after = ''; ; ) {
      const page = await quarantine.page(after, PIECE);
      after = page.at(-1)?.id ?? after;
      const ids = page
        .filter(({ cells, run, problems }) => {
          const seen = run !== 'retry' && run >= since;
          return cells !== undefined && !seen && problems[0]?.code !== 'conflicting_duplicate';
        })
        .map(({ id }) => id);
      if (ids.length > 0) {
        const parts = { workspace, feed, bus, state, quarantine, now, ids, skipAbsent: true };
        const report = await retryInTurn(parts, crosswalks);
        mended += report.published + report.unchanged;
      }
      if (page.length < PIECE) break;
      if (signal.aborted) return mended;
    }
  }
  state.write('mapping', feed.dataset, mark);
  return mended;
}
