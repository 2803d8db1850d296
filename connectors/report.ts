/** What a run did, with every row accounted for exactly once. */

import { YitongError } from '../contracts/errors.js';
import { present } from '../contracts/present.js';

export interface RunReport {
  /** Rows that the source gave: `published + unchanged + merged + quarantined + skipped`. */
  readonly rows: number;
  readonly published: number;
  readonly unchanged: number;
  /** Rows equal to another one of the run, or replaced by it where the feed says `last`. */
  readonly merged: number;
  readonly quarantined: number;
  readonly skipped: number;
  /** Withdrawals for records that left a snapshot. Those that the source says itself are `published`. */
  readonly withdrawn: number;
  readonly notes: Readonly<Record<string, number>>;
  /** Codes of quarantined rows. */
  readonly codes: Readonly<Record<string, number>>;
  readonly state: 'complete' | 'refused' | 'nothing-new';
  /** ISO 8601 UTC; of the last run where there was nothing new. */
  readonly sourceTime?: string;
  /** What the source must keep until it is read, as of the last run. */
  readonly backlogBytes?: number;
  /** Records that left and are not withdrawn, since rows that cannot be read may be theirs; after the run. */
  readonly held?: number;
  /** The run before this one was cut off: it has no report of its own. */
  readonly cutOff?: CutOff;
  /** Rows that wait in the feed's quarantine after the run. */
  readonly inQuarantine?: number;
  readonly ms: number;
}

export interface CutOff {
  /** ISO 8601 UTC */
  readonly began: string;
  /** That it had read when it was last looked at. */
  readonly rows: number;
}

type Counter = 'rows' | 'published' | 'unchanged' | 'merged' | 'quarantined' | 'skipped' | 'withdrawn';

export class Tally {
  readonly counts: Record<Counter, number> = {
    rows: 0,
    published: 0,
    unchanged: 0,
    merged: 0,
    quarantined: 0,
    skipped: 0,
    withdrawn: 0,
  };
  private readonly notes = new Map<string, number>();
  private readonly codes = new Map<string, number>();

  add(counter: Counter, by = 1): void {
    this.counts[counter] += by;
  }

  note(name: string, by = 1): void {
    this.notes.set(name, (this.notes.get(name) ?? 0) + by);
  }

  quarantined(code: string): void {
    this.counts.quarantined += 1;
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }

  /** @throws YitongError `internal` if a row is missing from the account */
  report(state: RunReport['state'], ms: number, sourceTime: string | undefined): RunReport {
    const { rows, published, unchanged, merged, quarantined, skipped } = this.counts;
    const accounted = published + unchanged + merged + quarantined + skipped;
    if (accounted !== rows) throw new YitongError('internal', `${rows} rows were read and ${accounted} accounted for`);
    return {
      ...this.counts,
      notes: Object.fromEntries(this.notes),
      codes: Object.fromEntries(this.codes),
      state,
      ...present({ sourceTime }),
      ms,
    };
  }
}

/** Runs that followed each other at once, as one. */
export function joinReports(reports: readonly RunReport[]): RunReport | undefined {
  const [first, ...rest] = reports;
  if (first === undefined) return undefined;
  const sum = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> => {
    const out: Record<string, number> = { ...a };
    for (const [name, count] of Object.entries(b)) out[name] = (out[name] ?? 0) + count;
    return out;
  };
  return rest.reduce<RunReport>(
    (a, b) => ({
      ...b,
      rows: a.rows + b.rows,
      published: a.published + b.published,
      unchanged: a.unchanged + b.unchanged,
      merged: a.merged + b.merged,
      quarantined: a.quarantined + b.quarantined,
      skipped: a.skipped + b.skipped,
      withdrawn: a.withdrawn + b.withdrawn,
      notes: sum(a.notes, b.notes),
      codes: sum(a.codes, b.codes),
      // a look behind that found nothing new does not undo what was done
      state: a.state === 'refused' || b.state === 'nothing-new' ? a.state : b.state,
      ...present({ cutOff: a.cutOff }),
      ms: a.ms + b.ms,
    }),
    first,
  );
}
