/**
 * What a changed mapping would do, tried on all rows that are held back and on the rows of the source as it is now, by
 * the code that reads rows. Nothing is published, kept or moved on.
 */
import { setImmediate } from 'node:timers/promises';
import { isYitongError } from '../../contracts/errors.js';
import type { Mapping } from '../feed.js';
import type { Quarantine } from '../quarantine.js';
import { causeOf, type QuarantineCause } from '../quarantine-causes.js';
import { JUST_READING, type SourceKind } from '../reading/port.js';
import { cellsOfRow, type MendGround, type Outcome, outcomes } from './mend-rows.js';

export interface HeldPreview {
  /** All rows that are held back. */
  readonly looked: number;
  /** Of the cause: good then, not the dataset's then, held for another reason then, as before. */
  readonly good: number;
  readonly skipped: number;
  readonly otherwise: number;
  readonly same: number;
  /** Of other causes, which the mend was not made for. */
  readonly goodOfOthers: number;
}

export interface SourcePreview {
  /** Rows of the source that were read, and whether these are all. */
  readonly looked: number;
  readonly whole: boolean;
  /** Their record is the same, another one, comes in, or is not the dataset's or not good any more. */
  readonly same: number;
  readonly changed: number;
  readonly comesIn: number;
  readonly goesOut: number;
  /** Held back by either mapping. */
  readonly bad: number;
}

/** Why the source was not looked at: records come by themselves, reading would move it on, or it could not be read. */
export type NotRead = 'pushed' | 'moves' | 'failed';

interface Watching {
  readonly signal: AbortSignal;
  /** Rows so far. */
  readonly onProgress?: (rows: number) => void;
}

/** Rows between two looks at what else there is to do. */
const BREATH = 250;

export async function previewHeld(
  ground: MendGround,
  { mapping, cause }: { readonly mapping: Mapping; readonly cause: QuarantineCause },
  quarantine: Pick<Quarantine, 'page'>,
  { signal, onProgress }: Watching,
): Promise<HeldPreview> {
  const of = outcomes(ground, mapping, false);
  const counts = { looked: 0, good: 0, skipped: 0, otherwise: 0, same: 0, goodOfOthers: 0 };
  for (let after = ''; ; ) {
    const page = await quarantine.page(after, BREATH);
    for (const row of page) {
      after = row.id;
      counts.looked += 1;
      const cells = cellsOfRow(row);
      const outcome = cells === undefined ? undefined : of(cells);
      const own = causeOf(row);
      if (own.code !== cause.code || own.field !== cause.field) {
        if (outcome !== undefined && 'ok' in outcome && outcome.ok && own.code !== 'conflicting_duplicate')
          counts.goodOfOthers += 1;
      } else if (outcome === undefined) counts.same += 1;
      else if ('skipped' in outcome) counts.skipped += 1;
      else if (outcome.ok) counts.good += 1;
      else {
        const next = causeOf(outcome);
        counts[next.code === cause.code && next.field === cause.field ? 'same' : 'otherwise'] += 1;
      }
    }
    onProgress?.(counts.looked);
    signal.throwIfAborted();
    if (page.length < BREATH) return counts;
    await setImmediate();
  }
}

const isGood = (outcome: Outcome): outcome is Extract<Outcome, { ok: true }> => 'ok' in outcome && outcome.ok;

class SourceCounts {
  looked = 0;
  readonly counts = { same: 0, changed: 0, comesIn: 0, goesOut: 0, bad: 0 };

  add(was: Outcome, is: Outcome): void {
    this.looked += 1;
    if (isGood(was)) {
      const kind = !isGood(is) ? 'goesOut' : is.hash === was.hash ? 'same' : 'changed';
      this.counts[kind] += 1;
    } else this.counts[isGood(is) ? 'comesIn' : 'bad'] += 1;
  }
}

/**
 * @param most rows that are read; Infinity: all
 * @param until ms since 1970 after which no more are read
 */
export async function previewSource(
  ground: MendGround,
  mapping: Mapping,
  kind: SourceKind,
  limits: Watching & {
    readonly most: number;
    readonly until: number;
    readonly baseDir: string;
    readonly now: () => Date;
  },
): Promise<SourcePreview | NotRead> {
  if (kind.pushed === true) return 'pushed';
  if (kind.slot === true) return 'moves';
  const { feed, workspace } = ground;
  const { signal, most, until, onProgress, baseDir, now } = limits;
  const counts = new SourceCounts();
  const [was, is] = [outcomes(ground, feed.mapping), outcomes(ground, mapping)];
  let whole = true;
  try {
    const run = await kind.open({
      feed,
      workspace,
      baseDir,
      now,
      memory: { get: () => undefined, set: () => undefined },
      signal,
      options: { again: 'true' },
      ...JUST_READING,
    });
    if (run === undefined || 'unchanged' in run) return { looked: 0, whole: true, ...counts.counts };
    let breath = 0;
    reading: for await (const batch of run.rows) {
      for (const row of batch) {
        if (counts.looked >= most || now().getTime() > until) {
          whole = false;
          break reading;
        }
        if ('broken' in row || row.withdrawn !== undefined) continue;
        counts.add(was(row.cells), is(row.cells));
        if (++breath % BREATH === 0) await setImmediate();
      }
      signal.throwIfAborted();
      onProgress?.(counts.looked);
    }
    return { looked: counts.looked, whole: whole && run.more !== true, ...counts.counts };
  } catch (error) {
    if (!isYitongError(error) || signal.aborted) throw error;
    return 'failed';
  }
}
