/**
 * The whole source through the proposed feed, by the code that runs feeds, against a bus that keeps nothing: what would
 * be published, and what would not and why. Nothing is decided here, so a forecast cannot differ from the run that
 * follows it.
 *
 * State and quarantine stand meanwhile in a folder of their own among the temporary files, readable by its owner only,
 * and are removed. They hold what the source holds: what a killed process left there is removed by the next trial.
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeRecord } from '../../contracts/avro.js';
import { YitongError } from '../../contracts/errors.js';
import { holderLives } from '../../contracts/holder.js';
import { present } from '../../contracts/present.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import { FRAME_BYTES } from '../../contracts/wire.js';
import { type Ack, type Bus, dataTopic, type OutRecord } from '../bus/port.js';
import type { Feed } from '../feed.js';
import { State } from '../publish/index.js';
import { Quarantine } from '../quarantine.js';
import { type Progress, runFeed } from '../run.js';

interface Refused {
  readonly field: string;
  readonly code: string;
  readonly reason: string;
  readonly rows: number;
  /** Numbers of the first of them, as the source counts its rows. */
  readonly at: readonly number[];
}

export interface TrialReport {
  readonly rows: number;
  readonly published: number;
  /** The same in every mapped field as an earlier row. */
  readonly merged: number;
  readonly quarantined: number;
  /** Not the dataset's: the source says that they have left. */
  readonly skipped: number;
  /** By the first problem of each row, most frequent first. */
  readonly refused: readonly Refused[];
  /** Field → rows with a problem in it; a row may have several. Rows that meet another one are not among them. */
  readonly byField: Readonly<Record<string, number>>;
  /** Rows that have the key of an earlier one and other content. */
  readonly duplicates: number;
  readonly first: readonly Readonly<Record<string, unknown>>[];
}

interface TrialOptions {
  readonly contract: Contract;
  readonly feed: Feed;
  readonly workspace: Workspace;
  /** Folders of the files that were named. */
  readonly roots?: readonly string[];
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly onProgress?: (progress: Progress) => void;
}

const SHOWN = 2;
const MAX_REASONS = 200;
/** Rows of a reason that are told by their numbers. */
const MAX_AT = 5;
/** Refused rows read back at once. */
const PAGE = 1000;
const FOLDER = 'yitong-trial-';

/** A bus that takes everything and has nothing; it keeps the first values of one topic. */
function nowhere(topic: string, first: Buffer[]): Bus {
  const take = (to: string, records: readonly OutRecord[]): readonly Ack[] => {
    if (to === topic) for (const { value } of records) if (first.length < SHOWN && value !== null) first.push(value);
    return records.map(() => ({ partition: 0, offset: 0 }));
  };
  return {
    driver: 'embedded',
    ensureTopics: () => Promise.resolve(),
    topicState: () => Promise.resolve(undefined),
    clusterId: () => Promise.resolve('trial'),
    producer: () =>
      Promise.resolve({ send: (to, records) => Promise.resolve(take(to, records)), close: () => Promise.resolve() }),
    consume: () => Promise.reject(new Error('nothing is read back from a trial')),
    close: () => Promise.resolve(),
  };
}

/** A folder of this process for what is tried and thrown away; what another that has ended left behind goes before. */
export async function trialFolder(): Promise<string> {
  await removeLeftBehind();
  return mkdtemp(join(tmpdir(), `${FOLDER}${process.pid}-`));
}

async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(FOLDER) ? name.slice(FOLDER.length).split('-')[0] : undefined;
    // another user's folder is not ours to remove, and cannot be
    if (pid !== undefined && /^[1-9]\d*$/.test(pid) && !holderLives(pid))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function refusedRows(
  dataDir: string,
  contract: Contract,
  now: () => Date,
): Promise<Pick<TrialReport, 'refused' | 'byField' | 'duplicates'>> {
  const reasons = new Map<string, { field: string; code: string; reason: string; rows: number; at: number[] }>();
  const byField = new Map<string, number>();
  let duplicates = 0;
  let otherwise = 0;
  const quarantine = Quarantine.open(dataDir, contract.id, now);
  try {
    for (let after = ''; ; ) {
      const page = await quarantine.page(after, PAGE);
      for (const { id, problems, rowNumber } of page) {
        after = id;
        const { field = '', code = 'bad_value', reason = '' } = problems[0] ?? {};
        const key = `${field}\n${code}\n${reason}`;
        const known = reasons.get(key);
        if (known !== undefined) {
          known.rows += 1;
          known.at.push(rowNumber);
          known.at.sort((a, b) => a - b).splice(MAX_AT);
        } else if (reasons.size < MAX_REASONS) reasons.set(key, { field, code, reason, rows: 1, at: [rowNumber] });
        else otherwise += 1;
        if (code === 'conflicting_duplicate') duplicates += 1;
        else
          for (const one of new Set(problems.map((problem) => problem.field)))
            byField.set(one, (byField.get(one) ?? 0) + 1);
      }
      if (page.length < PAGE) break;
    }
  } finally {
    await quarantine.close();
  }
  if (otherwise > 0)
    reasons.set('', { field: '', code: 'bad_value', reason: 'for other reasons', rows: otherwise, at: [] });
  return {
    refused: [...reasons.values()].sort((a, b) => b.rows - a.rows),
    byField: Object.fromEntries(byField),
    duplicates,
  };
}

/** @throws YitongError as the run of a feed: `shutting_down` if it is stopped, the source's errors */
export async function tryOut({
  contract,
  feed,
  workspace,
  roots,
  signal,
  now,
  onProgress,
}: TrialOptions): Promise<TrialReport> {
  const dataDir = await trialFolder();
  try {
    const first: Buffer[] = [];
    const state = State.open(dataDir);
    const here = { ...workspace, contracts: new Map([[contract.id, contract]]) };
    const bus = nowhere(dataTopic(workspace.prefix, contract.id), first);
    const { rows, published, merged, unchanged, quarantined, skipped } = await runFeed({
      feed,
      workspace: here,
      bus,
      state,
      dataDir,
      signal,
      now,
      ...present({ roots, onProgress }),
    }).finally(() => state.close());
    if (signal.aborted) throw new YitongError('shutting_down', 'stopped; nothing was written');
    const refused = await refusedRows(dataDir, contract, now);
    return {
      rows,
      published,
      // of several files the later may repeat the earlier
      merged: merged + unchanged,
      quarantined,
      skipped,
      ...refused,
      first: first.map(
        (value) => decodeRecord(contract.latest, value, FRAME_BYTES) as Readonly<Record<string, unknown>>,
      ),
    };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
