/** What of a report's changes may be told to whoever holds its code: where, and of what kind. Pure. */

import { canonicalJson } from '../../../contracts/canonical.js';
import { present } from '../../../contracts/present.js';
import { sha256 } from '../compute/digest.js';
import type { ReportModel } from '../model/model.js';
import type { RecordChange, ReportChanges } from './changes.js';

/**
 * `added`: there is a new record. `answered`: a register that did not answer does. The others are of `RecordChange`.
 */
export type ChangeKind = 'added' | 'answered' | RecordChange;

export interface SectionKinds {
  /** Index into the report's companies, in the document's order. */
  readonly subject: number;
  /** Id of the domain. */
  readonly domain: string;
  readonly changes: readonly ChangeKind[];
}

const whole = (state: string): boolean => state === 'none' || state === 'records';

/** Sections that stand otherwise, each kind once. */
export function kindsOf(
  { domains }: Pick<ReportModel, 'domains'>,
  changes: Pick<ReportChanges, 'sections'> | undefined,
): readonly SectionKinds[] {
  return (changes?.sections ?? []).map(({ subject, domain, was, is, added, records, lacking }) => {
    const kinds = new Set<ChangeKind>(records.map(({ change }) => change));
    if (added > 0) kinds.add('added');
    if (lacking !== undefined) kinds.add(lacking);
    if (whole(was) && !whole(is)) kinds.add('not_answered');
    if (!whole(was) && whole(is)) kinds.add('answered');
    return { subject, domain: domains[domain]?.id ?? '', changes: [...kinds].sort() };
  });
}

/** Without what says only whether a register answers: that comes and goes, and changes nothing of what was said. */
export const lasting = (sections: readonly SectionKinds[]): readonly SectionKinds[] =>
  sections
    .map(({ changes, ...rest }) => ({
      ...rest,
      changes: changes.filter((kind) => kind !== 'answered' && kind !== 'not_answered'),
    }))
    .filter(({ changes }) => changes.length > 0);

/**
 * The same while nothing has come, gone or changed. Salted with what stands in the document alone, so that it tells
 * nothing to whoever reads where it is kept.
 */
export function stateOf(
  { sections: [first] }: Pick<ReportModel, 'sections'>,
  changes: Pick<ReportChanges, 'sections'> | undefined,
): string {
  const sections = (changes?.sections ?? []).flatMap(({ subject, domain, added, records, lacking }) => {
    const changed = records.filter(({ change }) => change !== 'not_answered');
    return changed.length === 0 && added === 0 && lacking === undefined
      ? []
      : [{ subject, domain, added, records: changed, ...present({ lacking }) }];
  });
  return sha256(`${first?.salt ?? ''}${canonicalJson(sections)}`);
}
