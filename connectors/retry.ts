/** Rows of the quarantine once more, through the mapping and the contract as they are now. */

import { type ErrorCode, YitongError } from '../contracts/errors.js';
import { present } from '../contracts/present.js';
import type { Workspace } from '../contracts/types.js';
import type { Bus } from './bus/port.js';
import type { Feed } from './feed.js';
import { restColumns } from './mapping/columns.js';
import { type Crosswalks, openCrosswalks } from './mapping/crosswalks/index.js';
import { compileMapping } from './mapping/index.js';
import { openSession, type PublishRow, restOfCells, type State, type TurnOptions, takeTurn } from './publish/index.js';
import type { Quarantine, QuarantineEntry } from './quarantine.js';

interface RetryOptions {
  readonly workspace: Workspace;
  readonly feed: Feed;
  readonly bus: Bus;
  readonly state: State;
  readonly quarantine: Quarantine;
  readonly now: () => Date;
  /** Default all but conflicting duplicates: which of two rows counts is for a person to say, by naming it. */
  readonly ids?: readonly string[];
  /** Ids that are not there are left out instead of refused. */
  readonly skipAbsent?: boolean;
  /** Refuses to retry more rows than this at once. */
  readonly most?: number;
  readonly turn?: TurnOptions;
}

export interface RetriedRow {
  readonly position: string;
  /**
   * `merged`: older than what is published of its record since; `skipped`: not the dataset's by the mapping as it is
   * now.
   */
  readonly status: 'published' | 'unchanged' | 'merged' | 'skipped' | 'quarantined';
  readonly code?: ErrorCode;
}

export interface RetryReport {
  readonly tried: number;
  readonly published: number;
  readonly unchanged: number;
  /** Older than what is published of their record since, so they left without being published. */
  readonly outdated: number;
  /** Not the dataset's by the mapping as it is now. */
  readonly skipped: number;
  readonly stillBad: number;
  /** Lines that no source could read: they must come again from the source. */
  readonly unreadable: number;
  /** Each row that was tried, in no order. */
  readonly results: readonly RetriedRow[];
}

/**
 * Idempotent: what is published leaves the quarantine, and if that was cut short it is `unchanged` the next time.
 * @throws YitongError `not_found` for an id that is not in the quarantine, `bad_request` for more rows than `most`,
 * `dataset_busy`, `bus_unavailable`
 */
export async function retryQuarantine(options: RetryOptions): Promise<RetryReport> {
  // read before the turn is taken: catching up with a crosswalk may take long
  const crosswalks = await openCrosswalks({ ...options, signal: options.turn?.signal ?? new AbortController().signal });
  try {
    return await takeTurn(options.state, options.feed.dataset, options.turn ?? {}, async () => {
      await options.quarantine.refresh();
      return retryInTurn(options, crosswalks);
    });
  } finally {
    await crosswalks.close();
  }
}

/** As `retryQuarantine`, for a run that has the turn. */
export async function retryInTurn(options: RetryOptions, crosswalks: Crosswalks): Promise<RetryReport> {
  const { workspace, feed, quarantine } = options;
  const contract = workspace.contracts.get(feed.dataset);
  if (contract === undefined)
    throw new YitongError('bad_feed', `there is no contract of \`${feed.dataset}\``, { place: { file: feed.file } });
  const { ids, most = Infinity } = options;
  if (ids === undefined && quarantine.count() > most)
    throw new YitongError(
      'bad_request',
      `more than ${most} rows are in quarantine; name positions, or have the source sent again`,
    );
  const entries =
    ids === undefined
      ? (await quarantine.list()).filter(({ problems }) => problems[0]?.code !== 'conflicting_duplicate')
      : await named(quarantine, ids, options.skipAbsent === true);
  const mapping =
    Object.keys(feed.mapping.fields).length === 0
      ? undefined
      : compileMapping(feed.mapping, contract, workspace.schemes, feed.file, crosswalks.find);
  const rest = restColumns(feed.mapping, contract);
  const report = {
    tried: entries.length,
    published: 0,
    unchanged: 0,
    outdated: 0,
    skipped: 0,
    stillBad: 0,
    unreadable: 0,
  };
  const results: RetriedRow[] = [];
  const rows: { readonly entry: QuarantineEntry; readonly row: PublishRow }[] = [];
  for (const entry of entries) {
    const { position, rowNumber, sourceTime } = entry;
    const place = { position, rowNumber, sourceTime };
    if (entry.withdraw !== undefined) rows.push({ entry, row: { ...place, withdraw: entry.withdraw } });
    else if (entry.value !== undefined) rows.push({ entry, row: { ...place, value: entry.value } });
    else if (entry.cells !== undefined && mapping !== undefined) {
      const mapped = mapping.map(entry.cells);
      if ('skipped' in mapped) {
        report.skipped += 1;
        results.push({ position, status: 'skipped' });
        quarantine.remove(entry.id);
      } else if (mapped.ok)
        rows.push({
          entry,
          row: { ...place, value: mapped.value, cells: entry.cells, rest: restOfCells(rest, entry.cells) },
        });
      else {
        report.stillBad += 1;
        results.push(bad(position, mapped.problems));
        quarantine.add({ ...place, problems: mapped.problems, cells: entry.cells }, entry.run);
      }
    } else {
      report.unreadable += 1;
      results.push(bad(position, entry.problems));
    }
  }
  const session = await openSession({
    workspace,
    contract,
    bus: options.bus,
    state: options.state,
    quarantine,
    now: options.now,
    mode: 'stream',
    skipOlder: true,
    maxWithdrawShare: feed.maxWithdrawShare,
    run: 'retry',
  });
  try {
    // entries of one record in the order of their rows, so that the newest is the one that stays
    rows.sort((a, b) =>
      a.row.sourceTime < b.row.sourceTime
        ? -1
        : a.row.sourceTime > b.row.sourceTime
          ? 1
          : a.row.rowNumber - b.row.rowNumber,
    );
    const published = await session.publish(rows.map(({ row }) => row));
    published.forEach(({ position, status, code }, i) => {
      results.push({ position, status, ...present({ code }) });
      const entry = rows[i]?.entry;
      if (status === 'quarantined' || entry === undefined) report.stillBad += 1;
      else {
        quarantine.remove(entry.id);
        report[status === 'merged' ? 'outdated' : status] += 1;
      }
    });
    await quarantine.flushed();
  } finally {
    await session.close();
  }
  return { ...report, results };
}

function bad(position: string, problems: QuarantineEntry['problems']): RetriedRow {
  const code = problems[0]?.code;
  return { position, status: 'quarantined', ...present({ code }) };
}

async function named(quarantine: Quarantine, ids: readonly string[], skipAbsent: boolean): Promise<QuarantineEntry[]> {
  const found: QuarantineEntry[] = [];
  for (const id of ids) {
    const entry = await quarantine.get(id);
    if (entry === undefined && skipAbsent) continue;
    if (entry === undefined)
      throw new YitongError('not_found', `there is no row \`${id.slice(0, 40)}\` in the quarantine`);
    found.push(entry);
  }
  return found;
}
