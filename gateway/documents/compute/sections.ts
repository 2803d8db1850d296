/**
 * Sections from what was read. A section is never blank, and never "none" unless each register of its domain is current
 * and was read in full.
 */
import { present } from '../../../contracts/present.js';
import type { DomainDefinition, RecordLayout, ReportDataset, ReportDefinition } from '../../../contracts/reports.js';
import type { Codelist } from '../../../contracts/types.js';
import type { Freshness } from '../../answer/question/status.js';
import type { Row } from '../../answer/registers/read.js';
import type { ReportRecord, ReportSection, SectionState } from '../model/model.js';
import type { RecordMarks } from '../model/record-marks.js';
import { factsOf, textAt, textsAt } from '../words/facts.js';
import { judge, type Reckoning, type RecordFacts } from './rules.js';

export type Body = Omit<ReportSection, 'salt' | 'digest'>;
type Untold = 'excluded' | 'repaired' | 'revoked' | 'expired' | 'outside';

/** A register as it can be answered for now. */
export interface Answering {
  readonly dataset: ReportDataset;
  /** Undefined where it is denied. */
  readonly fresh: Freshness | undefined;
  /** Denied, or only some of its rows are granted: then "none" cannot be said. */
  readonly partial: boolean;
}

export interface Sectioned {
  readonly bodies: readonly Body[];
  /** Of each section's records, in their order: what names a record over its versions. */
  readonly keys: readonly (readonly string[])[];
  /** Records that are there and not told, with why. */
  readonly untold: ReadonlyMap<string, Untold>;
}

const complete = ({ fresh, partial }: Answering): boolean => fresh?.status === 'current' && !partial;

/** Who did not answer; of two registers of one authority the one that has been away longer. */
function missingOf(answering: readonly Answering[]): ReportSection['missing'] {
  const missing = new Map<string, ReportSection['missing'][number]>();
  for (const one of answering) {
    if (complete(one)) continue;
    const { id, name } = one.dataset.authority;
    const since = one.fresh?.sourceTime;
    const known = missing.get(id);
    if (known === undefined) missing.set(id, { authority: id, name, ...present({ since }) });
    else if (since === undefined || (known.since !== undefined && since < known.since))
      missing.set(id, { authority: id, name, ...present({ since }) });
  }
  return [...missing.values()];
}

const stateOf = (records: number, missing: number): SectionState =>
  missing === 0 ? (records === 0 ? 'none' : 'records') : records === 0 ? 'not_answered' : 'at_least';

interface SectionInput {
  readonly definition: ReportDefinition;
  /** Chosen ones, in the order of the definition. */
  readonly domains: readonly DomainDefinition[];
  readonly subjects: readonly string[];
  /** By index into `definition.datasets`. */
  readonly answering: ReadonlyMap<number, Answering>;
  /** Rows of a subject in a dataset of the definition. */
  readonly rowsOf: (subject: number, dataset: number) => readonly Row[];
  readonly reckoning: Reckoning;
  readonly marks: RecordMarks;
  readonly codelists: ReadonlyMap<string, Codelist>;
}

/** One a subject and domain, subjects outside. */
export function sectionsOf(input: SectionInput): Sectioned {
  const { domains, subjects, answering, marks } = input;
  const fixed = domains.map(({ datasets }) => {
    const registers = datasets.flatMap((at) => answering.get(at) ?? []);
    const times = registers.flatMap(({ fresh }) => fresh?.sourceTime ?? []).sort();
    return { missing: missingOf(registers), asOf: times[0] };
  });
  const lackingOf = (name: string): readonly number[] =>
    [...answering].flatMap(([at, { dataset }]) =>
      (marks.missing?.({ subject: name, dataset: dataset.contract.id }).length ?? 0) > 0 ? [at] : [],
    );
  const bodies: Body[] = [];
  const keys: string[][] = [];
  const untold = new Map<string, Untold>();
  for (const [subject, name] of subjects.entries()) {
    const byDomain = recordsOf(input, subject, name, untold);
    const lacking = lackingOf(name);
    for (const domain of domains.keys()) {
      const { missing, asOf } = fixed[domain] ?? { missing: [], asOf: undefined };
      const found = (byDomain[domain] ?? []).sort(newestFirst);
      const marked = lacking.some((at) => domains[domain]?.datasets.includes(at) === true);
      bodies.push({
        subject,
        domain,
        state: stateOf(found.length, missing.length),
        records: found.map(({ record }) => record),
        missing,
        ...present({ asOf }),
        ...(marked ? { marks: ['objection'] } : {}),
      });
      keys.push(found.map(({ key }) => key));
    }
  }
  return { bodies, keys, untold };
}

interface SectionRecord {
  readonly key: string;
  readonly record: ReportRecord;
}

/** What goes on stands before what ended; the key decides between equals. */
function newestFirst(a: SectionRecord, b: SectionRecord): number {
  const [first, second] = [a.record.endedOn ?? '~', b.record.endedOn ?? '~'];
  if (first !== second) return first > second ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}

/** What the rules look at; what has no value is left out. */
function recordFacts(
  value: unknown,
  { began, ended, repaired, excludes, displayUntil, display }: RecordLayout,
): RecordFacts {
  const paths = {
    began,
    ended,
    repaired: repaired?.field,
    displayUntil,
    tier: display?.tier,
    displayFrom: display?.from,
  };
  const found = Object.entries(paths).flatMap(([fact, path]) => {
    const text = textAt(value, path);
    return text === undefined ? [] : [[fact, text] as const];
  });
  return {
    ...Object.fromEntries(found),
    values: Object.fromEntries(excludes.map(({ field }) => [field, textsAt(value, field)])),
  };
}

function recordsOf(input: SectionInput, subject: number, name: string, untold: Map<string, Untold>): SectionRecord[][] {
  const { domains, answering, rowsOf, reckoning, marks, codelists } = input;
  const byDomain: SectionRecord[][] = domains.map(() => []);
  for (const [at, { dataset }] of answering) {
    const { layout, contract, authority } = dataset;
    for (const { recordId, version, value, closed } of rowsOf(subject, at)) {
      const of = { subject: name, dataset: contract.id, recordId, version };
      const key = JSON.stringify([subject, contract.id, recordId]);
      if (closed !== undefined) {
        untold.set(key, closed);
        continue;
      }
      const facts = recordFacts(value, layout);
      const hidden = marks.hidden(of);
      const verdict = hidden === undefined ? judge(facts, layout, reckoning) : { told: false as const, why: hidden };
      if (!verdict.told) {
        untold.set(key, verdict.why);
        continue;
      }
      const { told: _, displayed, ...days } = verdict;
      const record: ReportRecord = {
        kind: layout.kind,
        dataset: contract.id,
        register: contract.name,
        authority: authority.name,
        facts: factsOf(value, layout.facts, codelists),
        ...days,
        displayed,
        marks: marks.marks(of),
        version,
      };
      const says = textAt(value, layout.domain);
      for (const [d, domain] of domains.entries()) {
        // a record that names a domain stands in it, also where the definition did not expect it of this register
        if (layout.domain === undefined ? domain.datasets.includes(at) : domain.value === says)
          byDomain[d]?.push({ key, record });
      }
    }
  }
  return byDomain;
}
