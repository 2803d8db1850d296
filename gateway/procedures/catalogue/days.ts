/**
 * How good a dataset was, day by day: small rows, kept in the data folder of each replica beside the quarantine that
 * they count. A row is of the day on which it was measured (Asia/Shanghai); what was measured last that day counts.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetId } from '../../../contracts/ids.js';
import { replaceFile } from '../../ground/files/durable.js';
import { readIfThere } from '../../ground/files/read-if-there.js';

/** Shares are from 0 to 1; absent is what cannot be said, as of a dataset without a record. */
export interface QualityDay {
  /** `YYYY-MM-DD` */
  readonly day: string;
  /** ms since 1970: when it was measured. */
  readonly at: number;
  readonly records: number;
  /** Published versions that were looked into: the newest ones. */
  readonly sampled: number;
  /** Of the fields that may be empty, the share that is filled in. */
  readonly completeness?: number;
  /** Of the keys and the values of code lists, the share that today's contract takes. */
  readonly validity?: number;
  /** Whether it was seen in full within its declared frequency, and ms since. */
  readonly fresh?: boolean;
  readonly age?: number;
  /** Rows held back, and their share of all; absent where the quarantine stands elsewhere. */
  readonly held?: number;
  readonly heldShare?: number;
  /** Objections and corrections that were opened within 90 days. */
  readonly corrections: number;
  readonly perThousand?: number;
}

/** Days that are kept, so that the same season of the year before can be compared. */
const KEPT = 400;

const fileOf = (dataDir: string, dataset: DatasetId): string => join(dataDir, 'quality', `${dataset}.json`);

/** Ascending; empty where nothing was measured. A file that cannot be read is measured anew from today on. */
export function qualityDays(dataDir: string, dataset: DatasetId): readonly QualityDay[] {
  const bytes = readIfThere(fileOf(dataDir, dataset));
  if (bytes === undefined) return [];
  try {
    const read: unknown = JSON.parse(bytes.toString('utf8'));
    return Array.isArray(read) ? (read as QualityDay[]) : [];
  } catch {
    return [];
  }
}

/** In place of what was measured before on that day. Written by one process of a data folder, its writer. */
export function putQualityDay(dataDir: string, dataset: DatasetId, day: QualityDay): void {
  const others = qualityDays(dataDir, dataset).filter((one) => one.day !== day.day);
  const all = [...others, day].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-KEPT);
  mkdirSync(join(dataDir, 'quality'), { recursive: true, mode: 0o700 });
  replaceFile(fileOf(dataDir, dataset), JSON.stringify(all));
}
