/**
 * What has changed since a report was issued, section by section. Of a new record it says that there is one, and
 * nothing of what it holds. Pure.
 */
import { canonicalJson } from '../../../contracts/canonical.js';
import type { Computed } from '../compute/index.js';
import type { Moment, ReportModel, ReportRecord, ReportSection, SectionState } from '../model/model.js';

/**
 * `withdrawn`: its department took it back. `excluded`: a rule of the report leaves it out. `revoked`, `repaired`:
 * 上海市社会信用条例 Art.37, Art.38. `expired`: its term is over. `corrected`: it now says something else. `objection`,
 * `objection_ended`: the mark came or went. `not_answered`: its register does not answer any more.
 */
export type RecordChange =
  | 'withdrawn'
  | 'excluded'
  | 'revoked'
  | 'repaired'
  | 'expired'
  | 'corrected'
  | 'objection'
  | 'objection_ended'
  | 'correction'
  | 'correction_ended'
  | 'not_answered';

export interface SectionChange {
  readonly subject: number;
  readonly domain: number;
  readonly was: SectionState;
  readonly is: SectionState;
  /** Records that are new. */
  readonly added: number;
  /** Of those that the report told, by their place in its section. */
  readonly records: readonly { readonly record: number; readonly change: RecordChange }[];
  /** That something is missing here is objected to now, or is not any more. */
  readonly lacking?: 'objection' | 'objection_ended';
  /** Who does not answer now. */
  readonly missing: ReportSection['missing'];
}

export interface ReportChanges {
  /** When it was compared, and with which state of the registers. */
  readonly at: Moment;
  readonly cut: ReportModel['cut'];
  /**
   * True where a record came, went or changed, or an objection did; that a register does not answer now changes nothing
   * of what was said.
   */
  readonly changed: boolean;
  /** Sections that stand otherwise. */
  readonly sections: readonly SectionChange[];
}

/**
 * What a record says, whatever version says it: of facts those that `told` had, as a later definition may tell of more,
 * or under other titles.
 */
function says(
  { version: _, marks: __, displayed: ___, register: ____, facts, ...rest }: ReportRecord,
  told: ReportRecord,
): string {
  const fields = new Set(told.facts.map(({ field }) => field));
  return canonicalJson({
    ...rest,
    facts: facts.flatMap(({ field, value }) => (fields.has(field) ? [{ field, value }] : [])),
  });
}

function recordChange(before: ReportRecord, now: ReportRecord, sameDefinition: boolean): RecordChange | undefined {
  // a fact that has come since is a correction only where the report would have told it
  const gained = sameDefinition && now.facts.length > before.facts.length;
  if (gained || says(before, before) !== says(now, before)) return 'corrected';
  for (const mark of ['objection', 'correction'] as const) {
    const [was, is] = [before, now].map(({ marks }) => marks.includes(mark));
    if (was !== is) return is === true ? mark : `${mark}_ended`;
  }
  return undefined;
}

/** @param keys of the report's sections, as they were kept with it */
export function changesSince(
  model: Pick<ReportModel, 'sections' | 'domains' | 'definition'>,
  keys: readonly (readonly string[])[],
  now: Pick<Computed, 'model' | 'keys' | 'untold' | 'denied' | 'read'>,
): ReportChanges {
  const elsewhere = new Set(now.keys.flat());
  const sameDefinition = model.definition === now.model.definition;
  const domainNow = new Map(now.model.domains.map(({ id }, at) => [id, at]));
  const sections = model.sections.flatMap((section, i): SectionChange[] => {
    const keysThen = keys[i] ?? [];
    const at = domainNow.get(model.domains[section.domain]?.id ?? '');
    const j = at === undefined ? -1 : section.subject * now.model.domains.length + at;
    const sectionNow = now.model.sections[j];
    // the definition has no such domain any more
    if (sectionNow === undefined) return [];
    const keysNow = now.keys[j] ?? [];
    const records = section.records.flatMap((record, r): SectionChange['records'] => {
      const key = keysThen[r] ?? '';
      const place = keysNow.indexOf(key);
      const found = sectionNow.records[place];
      const change = found === undefined ? goneAs(key, elsewhere, now) : recordChange(record, found, sameDefinition);
      return change === undefined ? [] : [{ record: r, change }];
    });
    const added = keysNow.filter((key) => !keysThen.includes(key)).length;
    const [before, after] = [section, sectionNow].map(({ marks = [] }) => marks.includes('objection'));
    if (records.length === 0 && added === 0 && sectionNow.state === section.state && before === after) return [];
    const lacking =
      before === after ? {} : { lacking: after === true ? ('objection' as const) : ('objection_ended' as const) };
    return [
      {
        subject: section.subject,
        domain: section.domain,
        was: section.state,
        is: sectionNow.state,
        added,
        records,
        ...lacking,
        missing: sectionNow.missing,
      },
    ];
  });
  return {
    at: now.model.issuedAt,
    cut: now.model.cut,
    changed: sections.some(
      ({ added, records, lacking }) =>
        added > 0 || lacking !== undefined || records.some(({ change }) => change !== 'not_answered'),
    ),
    sections,
  };
}

function goneAs(
  key: string,
  elsewhere: ReadonlySet<string>,
  { untold, denied, read }: Pick<Computed, 'untold' | 'denied' | 'read'>,
): RecordChange {
  const why = untold.get(key);
  if (why !== undefined) return why === 'outside' ? 'corrected' : why;
  if (elsewhere.has(key)) return 'corrected';
  const [, dataset] = JSON.parse(key) as [number, string];
  // the definition does not tell of that register any more: its authority has taken nothing back
  if (!read.has(dataset)) return 'excluded';
  return denied.has(dataset) ? 'not_answered' : 'withdrawn';
}
