/** Chosen domains of an issued report, as if it had been asked for those alone. Pure. */

import type { Localised } from '../../../contracts/localised.js';
import { present } from '../../../contracts/present.js';
import type { Day, LeftOut, Moment, ReportDomain, ReportModel, ReportSection, ReportSubject } from '../model/model.js';
import { kindsOf, type SectionKinds } from './change-kinds.js';
import type { ReportChanges } from './changes.js';
import type { Issued } from './store.js';

/**
 * What a company released of a report, beside the registers as they are now. Nothing in it depends on a domain that it
 * does not name.
 */
export interface ReleasedReport {
  /** Id of the definition. */
  readonly report: string;
  readonly title: Localised;
  readonly issuer: Localised;
  readonly synthetic: boolean;
  readonly issuedAt: Moment;
  readonly range: { readonly from: Day; readonly to: Day };
  readonly purpose: ReportModel['purpose'];
  readonly bearer: string;
  readonly subjects: readonly ReportSubject[];
  /** Of the whole report, whichever domains were released: a group is not to look complete where it is not. */
  readonly leftOut?: readonly LeftOut[];
  /** Those that were released, in the report's order. Which others it has nobody learns. */
  readonly domains: readonly ReportDomain[];
  /** One a subject and domain, subjects outside; without salt and digest, which name the sections of the whole. */
  readonly sections: readonly Omit<ReportSection, 'salt' | 'digest'>[];
  readonly notes: readonly Localised[];
  readonly outcome: 'genuine' | 'changed';
  /** Absent where its definition is gone, so that there is nothing to compare it with. */
  readonly comparedAt?: Moment;
  /** Released sections that stand otherwise now. */
  readonly changes: readonly SectionKinds[];
}

/** Model and keys with these domains alone, sections numbered anew. */
export function partOf(
  { model, keys }: Pick<Issued, 'model' | 'keys'>,
  chosen: readonly string[],
): Pick<Issued, 'model' | 'keys'> {
  const kept = model.domains.flatMap(({ id }, at) => (chosen.includes(id) ? [at] : []));
  const places = model.sections.flatMap(({ domain }, i) => (kept.includes(domain) ? [i] : []));
  return {
    model: {
      ...model,
      domains: kept.map((at) => model.domains[at]!),
      sections: places.map((i) => ({ ...model.sections[i]!, domain: kept.indexOf(model.sections[i]!.domain) })),
    },
    keys: places.map((i) => keys[i] ?? []),
  };
}

/** Member by member: whatever a model has besides stays away. */
export function releasedOf(part: ReportModel, changes: ReportChanges | undefined): ReleasedReport {
  const {
    report,
    title,
    issuer,
    synthetic,
    issuedAt,
    range,
    purpose,
    bearer,
    subjects,
    leftOut,
    domains,
    sections,
    notes,
  } = part;
  return {
    report,
    title,
    issuer,
    synthetic,
    issuedAt,
    range,
    purpose,
    bearer,
    subjects,
    ...present({ leftOut }),
    domains,
    sections: sections.map(({ salt: _, digest: __, ...said }) => said),
    notes,
    outcome: changes?.changed === true ? 'changed' : 'genuine',
    ...(changes === undefined ? {} : { comparedAt: changes.at }),
    changes: kindsOf(part, changes),
  };
}
