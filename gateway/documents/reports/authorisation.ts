/** Who may ask about whom: a company about itself, and about others that have authorised it. Pure. */
import type { SubjectKey } from '../../../contracts/ids.js';
import type { Day, Moment } from '../model/model.js';
import type { Member } from './group.js';

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

/** One company asks another to authorise it. */
export interface Invitation {
  readonly id: string;
  readonly report: string;
  /** Who is to authorise, and who asks; with their names in the register. */
  readonly from: SubjectKey;
  readonly to: SubjectKey;
  readonly names: { readonly from: string; readonly to: string };
  /** What the authorisation has to cover. Absent: all domains. */
  readonly domains?: readonly string[];
  readonly purposes: readonly string[];
  /** Who is to be shown the report. */
  readonly bearer: string;
  readonly invitedAt: Moment;
  /** The last day on which it can be answered. */
  readonly until: Day;
  readonly declinedAt?: Moment;
}

/**
 * Not declined, not over, and no authorisation in force covers it. An authorisation answers it, however it came about.
 */
export function isOpen(
  { report, from, to, domains, purposes, until, declinedAt }: Invitation,
  today: Day,
  allDomains: readonly string[],
  given: readonly Authorisation[],
): boolean {
  if (declinedAt !== undefined || today > until) return false;
  const covered = (purpose: string): boolean =>
    given.some(
      (one) => one.from === from && covers(one, { report, by: to, domains: domains ?? allDomains, purpose, today }),
    );
  return !purposes.every(covered);
}

interface Asked {
  readonly report: string;
  readonly by: SubjectKey;
  readonly domains: readonly string[];
  readonly purpose: string;
  readonly today: Day;
}

export function covers(one: Authorisation, { report, by, domains, purpose, today }: Asked): boolean {
  if (one.report !== report || one.to !== by || one.withdrawnAt !== undefined || today < one.since || today > one.until)
    return false;
  if (one.domains !== undefined && !domains.every((domain) => one.domains?.includes(domain))) return false;
  return one.purposes === undefined || one.purposes.includes(purpose);
}

/**
 * Indexes of the members for which an authorisation is missing. Each legal person needs its own; a branch shares that
 * of its company.
 * @param from authorisations that a company has given
 */
export async function missingAuthorisations(
  members: readonly Member[],
  asked: Asked,
  from: (company: SubjectKey) => Promise<readonly Authorisation[]>,
): Promise<readonly number[]> {
  const companies = [...new Set(members.map(({ subject, company }) => company ?? subject))];
  const granted = new Set<SubjectKey>();
  await Promise.all(
    companies.map(async (company) => {
      if (company === asked.by || (await from(company)).some((one) => covers(one, asked))) granted.add(company);
    }),
  );
  return members.flatMap(({ subject, company }, i) =>
    granted.has(company ?? subject) || subject === asked.by ? [] : [i],
  );
}
