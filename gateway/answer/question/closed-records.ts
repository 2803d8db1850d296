/**
 * Records that a register gives to nobody, however it is asked: past their term, repaired, deleted or taken down. The
 * register declares it (`notGiven` of its contract), and every way of asking goes through here: query, batch, verify
 * and reports.
 */
import type { FieldPath } from '../../../contracts/ids.js';
import { daysToDate } from '../../../contracts/logical.js';
import { lastDayOf } from '../../../contracts/terms.js';
import type { Contract } from '../../../contracts/types.js';
import { dayOf } from '../../../policies/dates.js';
import { Out, type Projection } from '../projection/index.js';
import type { VersionView } from '../view/port.js';
import { partsOf, valuesAt } from './values-at-path.js';

export type Closed = 'expired' | 'repaired' | 'revoked';

/** Why a record is given to nobody; undefined where it may be given. */
export type ClosedRecord = (subject: string, version: VersionView) => Closed | undefined;

export interface Closing {
  /** What tickets have deleted or taken down. */
  readonly hidden: (record: {
    readonly dataset: string;
    readonly subject: string;
    readonly recordId: string;
  }) => Closed | undefined;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Undefined where the register declares nothing. What cannot be read is held to be past its term. */
export function closedRecords(
  contract: Contract,
  { hidden, now }: Closing,
  projectionOf: (schemaId: number, paths: readonly FieldPath[]) => Projection | undefined,
): ClosedRecord | undefined {
  const rule = contract.notGiven;
  if (rule === undefined) return undefined;
  const scratch = new Out(4096);
  const paths = [rule.ended, ...(rule.repaired === undefined ? [] : [rule.repaired.field])];
  const [ended, repaired] = paths.map((path) => partsOf(path));
  return (subject, version) => {
    const gone = hidden({ dataset: contract.id, subject, recordId: version.recordId });
    if (gone !== undefined) return gone;
    const projection = projectionOf(version.schemaId, paths);
    if (projection === undefined) return 'expired';
    scratch.pos = 0;
    projection.write(version.bytes, version.start, version.end, scratch);
    const record: unknown = JSON.parse(scratch.written().toString('utf8'));
    if (
      repaired !== undefined &&
      valuesAt(record, repaired).some(
        (value) => typeof value === 'string' && rule.repaired?.values.includes(value) === true,
      )
    )
      return 'repaired';
    // what goes on has no term yet
    const [day] = valuesAt(record, ended ?? []);
    return typeof day === 'string' && (daysToDate(dayOf(now())) ?? '') > lastDayOf(day, rule.years)
      ? 'expired'
      : undefined;
  };
}
