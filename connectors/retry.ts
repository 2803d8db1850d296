/** Rows of the quarantine once more, through the mapping and the contract as they are now. */
import { YitongError } from '../contracts/errors.js';
import type { Workspace } from '../contracts/types.js';
import type { Bus } from './bus/port.js';
import { openCrosswalks, type Crosswalks } from './crosswalk/index.js';
import type { Feed } from './feed.js';
import { compileMapping } from './mapping/index.js';
import { createPublisher, type PublishRow, type State } from './publish/index.js';
import type { Quarantine, QuarantineEntry } from './quarantine.js';

export interface RetryOptions {
  readonly workspace: Workspace;
  readonly feed: Feed;
  readonly bus: Bus;
  readonly state: State;
  readonly quarantine: Quarantine;
  readonly now: () => Date;
  /** Default all but conflicting duplicates: which of two rows counts is for a person to say, by naming it. */
  readonly ids?: readonly string[];
  /** Those of a run; else they are opened, and read to their end. */
  readonly crosswalks?: Crosswalks;
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
}

/** @throws YitongError `not_found` for an id that is not in the quarantine, `bus_unavailable` */
export async function retryQuarantine(options: RetryOptions): Promise<RetryReport> {
  if (options.crosswalks !== undefined) return retryWith(options, options.crosswalks);
  const crosswalks = await openCrosswalks({ ...options, signal: new AbortController().signal });
  try {
    return await retryWith(options, crosswalks);
  } finally {
    await crosswalks.close();
  }
}

async function retryWith(options: RetryOptions, crosswalks: Crosswalks): Promise<RetryReport> {
  const { workspace, feed, quarantine } = options;
  const contract = workspace.contracts.get(feed.dataset);
  if (contract === undefined) throw new YitongError('bad_feed', `there is no contract of \`${feed.dataset}\``, { place: { file: feed.file } });
  const entries = options.ids === undefined ? (await quarantine.list()).filter(({ problems }) => problems[0]?.code !== 'conflicting_duplicate') : await named(quarantine, options.ids);
  const mapping = Object.keys(feed.mapping.fields).length === 0 ? undefined : compileMapping(feed.mapping, contract, workspace.schemes, feed.file, crosswalks.find);
  const report = { tried: entries.length, published: 0, unchanged: 0, outdated: 0, skipped: 0, stillBad: 0, unreadable: 0 };
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
        quarantine.remove(entry.id);
      } else if (mapped.ok) rows.push({ entry, row: { ...place, value: mapped.value, cells: entry.cells } });
      else {
        report.stillBad += 1;
        quarantine.add({ ...place, problems: mapped.problems, cells: entry.cells }, entry.run);
      }
    } else report.unreadable += 1;
  }
  const publisher = await createPublisher({ workspace, contract, bus: options.bus, state: options.state, quarantine, now: options.now, mode: 'stream', skipOlder: true, run: 'retry' });
  try {
    // entries of one record in the order of their rows, so that the newest is the one that stays
    rows.sort((a, b) => (a.row.sourceTime < b.row.sourceTime ? -1 : a.row.sourceTime > b.row.sourceTime ? 1 : a.row.rowNumber - b.row.rowNumber));
    const results = await publisher.publish(rows.map(({ row }) => row));
    results.forEach(({ status }, i) => {
      const entry = rows[i]?.entry;
      if (status === 'quarantined' || entry === undefined) report.stillBad += 1;
      else {
        quarantine.remove(entry.id);
        report[status === 'merged' ? 'outdated' : status] += 1;
      }
    });
    await quarantine.flushed();
  } finally {
    await publisher.close();
  }
  return report;
}

async function named(quarantine: Quarantine, ids: readonly string[]): Promise<QuarantineEntry[]> {
  const found: QuarantineEntry[] = [];
  for (const id of ids) {
    const entry = await quarantine.get(id);
    if (entry === undefined) throw new YitongError('not_found', `there is no row \`${id.slice(0, 40)}\` in the quarantine`);
    found.push(entry);
  }
  return found;
}
