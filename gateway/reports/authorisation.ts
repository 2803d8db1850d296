/** Who may ask about whom: a company about itself, and about others that have authorised it. Pure. */
import type { SubjectKey } from '../../contracts/ids.js';
import type { Member } from './group.js';
import type { Day, Moment } from './model.js';

export interface Authorisation {
  readonly id: string;
  /** Which report. */
  readonly report: string;
  /** Who authorises. */
  readonly from: SubjectKey;
  /** Who may ask. */
  readonly to: SubjectKey;
  /** Absent: all. */
  readonly domains?: readonly string[];
  readonly purposes?: readonly string[];
  /** Days of Asia/Shanghai, both included. */
  readonly since: Day;
  readonly until: Day;
  readonly recordedAt: Moment;
  readonly withdrawnAt?: Moment;
}

export interface Asked {
  readonly report: string;
  readonly by: SubjectKey;
  readonly domains: readonly string[];
  readonly purpose: string;
  readonly today: Day;
}

export function covers(one: Authorisation, { report, by, domains, purpose, today }: Asked): boolean {
  if (one.report !== report || one.to !== by || one.withdrawnAt !== undefined || today < one.since || today > one.until) return false;
  if (one.domains !== undefined && !domains.every((domain) => one.domains?.includes(domain))) return false;
  return one.purposes === undefined || one.purposes.includes(purpose);
}

/**
 * Indexes of the members for which an authorisation is missing. Each legal person needs its own; a branch shares that of its company.
 * @param from authorisations that a company has given
 */
export function missingAuthorisations(members: readonly Member[], asked: Asked, from: (company: SubjectKey) => readonly Authorisation[]): readonly number[] {
  const granted = new Map<SubjectKey, boolean>();
  const may = (company: SubjectKey): boolean => {
    let known = granted.get(company);
    if (known === undefined) granted.set(company, (known = company === asked.by || from(company).some((one) => covers(one, asked))));
    return known;
  };
  return members.flatMap(({ subject, company }, i) => (may(company ?? subject) || subject === asked.by ? [] : [i]));
}
