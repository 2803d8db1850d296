/** Whom a report is about: companies that are named or that the register ties together, and who has to authorise. */
import type { Order } from '../compute/index.js';
import { missingAuthorisations } from './authorisation.js';
import type { ReportDesk } from './desk.js';
import { type Member, membersOf, namedMembers, subjectsOf } from './group.js';
import type { Asking, Missing } from './port.js';
import { CompanyRegister } from './register.js';
import type { CheckedRequest } from './request.js';

/** Members that are looked at where the companies are named: only those are in the report. */
const MOST_LOOKED_AT = 10_000;

interface ReportMembers {
  readonly members: readonly Member[];
  readonly missing: readonly Missing[];
  /** Those of the members whom the report is about. */
  readonly included: readonly Member[];
  /** What is missing and not left out: while there is any, there is no report. */
  readonly lacking: readonly Missing[];
  readonly order: Order;
  readonly register: CompanyRegister;
}

/** Reads the register; nothing of it is on record yet. @throws YitongError `bad_request` for too large a group */
export async function membersFor(desk: ReportDesk, request: CheckedRequest, asking: Asking): Promise<ReportMembers> {
  const { asker: _, named: __, leaveOut, ...order } = request;
  const register = new CompanyRegister(desk, request.definition, asking);
  const members = register.denied ? [] : await membersIn(register, request);
  const missing = await missingIn(desk, request, members);
  const out = new Set(leaveOut ? missing.map(({ member }) => member) : []);
  const included = members.filter((_member, at) => !out.has(at));
  const leftOut = members.flatMap(({ subject, name, relation }, at) =>
    out.has(at) ? [{ subject, name, relation }] : [],
  );
  return {
    members,
    missing,
    included,
    lacking: out.size > 0 && included.length > 0 ? [] : missing,
    register,
    order: { ...order, subjects: subjectsOf(included), leftOut },
  };
}

async function membersIn(
  register: CompanyRegister,
  { definition, asker, named }: CheckedRequest,
): Promise<readonly Member[]> {
  const entry = register.entry.bind(register);
  const { maxSubjects } = definition;
  if (named === 'group') return membersOf(asker, entry, maxSubjects);
  return namedMembers(await membersOf(asker, entry, Math.max(maxSubjects, MOST_LOOKED_AT)), named, entry);
}

/** By the authorisations as they are now. */
export async function missingIn(
  desk: ReportDesk,
  { definition, asker, domains, purpose }: CheckedRequest,
  members: readonly Member[],
): Promise<readonly Missing[]> {
  const asked = {
    report: definition.id,
    by: asker,
    domains: domains.map(({ id }) => id),
    purpose,
    today: desk.today(),
  };
  const lacking = await missingAuthorisations(members, asked, (company) => desk.store.given(company));
  return lacking.map((member) => {
    const { subject, company } = members[member]!;
    return { member, company: company ?? subject };
  });
}
