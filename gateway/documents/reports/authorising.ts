/** Authorisations that companies give each other, and invitations to give them: each is on record before it counts. */
import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import type { Receipt } from '../../log/entries/port.js';
import { dayIn } from '../compute/index.js';
import { isDay } from '../compute/rules.js';
import type { Day } from '../model/model.js';
import { type Authorisation, type Invitation, isOpen } from './authorisation.js';
import { type ReportDesk, refuse } from './desk.js';
import { membersFor } from './members.js';
import type { Asking, AuthorisationRequest, Authorisations, ReportRequest } from './port.js';
import { type CheckedRequest, checkedRequest } from './request.js';
import { newId } from './store.js';

/** The longest that one authorisation holds, in days. */
const MAX_AUTHORISED = 366;
/** Days within which an invitation can be answered. */
const INVITED = 90;
const DAY = 86_400_000;

const keyIn = (subject: SubjectKey): string => subject.slice(subject.indexOf(':') + 1);

export class Authorising {
  readonly #desk: ReportDesk;

  constructor(desk: ReportDesk) {
    this.#desk = desk;
  }

  // authorisations

  async authorise(
    request: AuthorisationRequest,
    asking: Asking,
  ): Promise<{ readonly authorisation: Authorisation; readonly receipt: Receipt }> {
    const definition = this.#desk.definitionOf(request.report);
    const from = this.#desk.subjectOf(definition, request.from);
    const to = this.#desk.subjectOf(definition, request.to);
    if (from === to) refuse('a company asks about itself without an authorisation');
    const { since, until, domains, purposes } = request;
    checkTerm(since, until, this.#desk.today());
    checkScope(definition, request);
    const authorisation: Authorisation = {
      id: newId(),
      report: definition.id,
      from,
      to,
      since,
      until,
      recordedAt: this.#desk.time(),
      ...(domains === undefined ? {} : { domains: [...domains] }),
      ...(purposes === undefined ? {} : { purposes: [...purposes] }),
    };
    const detail = { since, until, domains: authorisation.domains, purposes: authorisation.purposes };
    const receipt = await this.#desk.recordAct(asking, 'authorisation_recorded', authorisation, detail);
    await this.#desk.store.putAuthorisation(authorisation, this.#keptUntil(authorisation));
    return { authorisation, receipt };
  }

  async withdraw(id: string, from: string, asking: Asking): Promise<Receipt> {
    const { store } = this.#desk;
    const found = await store.authorisation(id);
    if (found === undefined || found.from !== this.#desk.parse(from))
      throw new YitongError('not_found', 'you have given no such authorisation');
    const receipt = await this.#desk.recordAct(asking, 'authorisation_withdrawn', found, {});
    const withdrawnAt = found.withdrawnAt ?? this.#desk.time();
    await store.putAuthorisation({ ...found, withdrawnAt }, this.#keptUntil(found));
    return receipt;
  }

  async authorisationsOf(subject: string, asking: Asking): Promise<Authorisations> {
    const { store } = this.#desk;
    const key = this.#desk.parse(subject);
    const [given, received, invited, inviting] = await Promise.all([
      store.given(key),
      store.received(key),
      store.invited(key),
      store.inviting(key),
    ]);
    const found: Authorisations = {
      given,
      received,
      invited: await this.#unanswered(invited),
      inviting: await this.#unanswered(inviting),
    };
    const results = found.given.length + found.received.length + found.invited.length + found.inviting.length;
    await this.#desk.recordLook(asking, 'authorisations', key, {}, results);
    return found;
  }

  async hasAuthorised(report: string, from: string, to: string): Promise<boolean> {
    const [giver, taker] = [this.#desk.parse(from), this.#desk.parse(to)];
    const today = this.#desk.today();
    const given = await this.#desk.store.given(giver);
    return given.some(
      (one) => one.report === report && one.to === taker && (one.withdrawnAt !== undefined || one.until >= today),
    );
  }

  /** ms since 1970: as long after its last day as a report is kept. */
  #keptUntil({ report, until }: Pick<Authorisation, 'report' | 'until'>): number {
    return Date.parse(until) + (this.#desk.definitions.get(report)?.retention ?? 0);
  }

  // invitations

  async invite(request: ReportRequest, asking: Asking): Promise<readonly Invitation[]> {
    const desk = this.#desk;
    const checked = checkedRequest(desk, request);
    const started = desk.now();
    const { members, missing, register } = await membersFor(desk, checked, asking);
    const companies = [...new Set(missing.map(({ company }) => company))];
    // read before it is said what was read
    const names = new Map(
      await Promise.all(
        [checked.asker, ...companies].map(
          async (one) => [one, (await register.entry(one)).name ?? keyIn(one)] as const,
        ),
      ),
    );
    await register.recordRead(checked.asker, started, canonicalJson(members));
    return Promise.all(companies.map((company) => this.#inviteOne(company, checked, names, started, asking)));
  }

  async #inviteOne(
    from: SubjectKey,
    checked: CheckedRequest,
    names: ReadonlyMap<SubjectKey, string>,
    started: number,
    asking: Asking,
  ): Promise<Invitation> {
    const known = await this.#invitedAlready(from, checked, dayIn(started));
    if (known !== undefined) return known;
    const { definition, asker, domains, purpose, bearer } = checked;
    const until = dayIn(started + INVITED * DAY);
    const nameOf = (company: SubjectKey): string => names.get(company) ?? keyIn(company);
    const invitation: Invitation = {
      id: newId(),
      report: definition.id,
      from,
      to: asker,
      names: { from: nameOf(from), to: nameOf(asker) },
      ...(domains.length === definition.domains.length ? {} : { domains: domains.map(({ id }) => id) }),
      purposes: [purpose],
      bearer,
      invitedAt: new Date(started).toISOString(),
      until,
    };
    const detail = { until, domains: invitation.domains, purposes: invitation.purposes };
    await this.#desk.recordAct(asking, 'authorisation_requested', invitation, detail);
    await this.#desk.store.putInvitation(invitation, this.#keptUntil(invitation));
    return invitation;
  }

  /** An invitation to the same that is not answered yet, or was declined and is not over. */
  async #invitedAlready(
    from: SubjectKey,
    { definition, asker, domains, purpose }: CheckedRequest,
    today: Day,
  ): Promise<Invitation | undefined> {
    const covers = (one: Invitation): boolean =>
      one.report === definition.id &&
      one.to === asker &&
      one.purposes.includes(purpose) &&
      (one.domains === undefined || domains.every(({ id }) => one.domains?.includes(id)));
    const same = (await this.#desk.store.invited(from)).filter(covers);
    const unanswered = await this.#unanswered(same);
    return same.find((one) => unanswered.includes(one) || (one.declinedAt !== undefined && today <= one.until));
  }

  async isInvited(subject: string, id?: string): Promise<boolean> {
    const key = this.#desk.parse(subject);
    if (this.#desk.definitions.size === 0) return false;
    const meant = (await this.#desk.store.invited(key)).filter((one) => id === undefined || one.id === id);
    return (await this.#unanswered(meant)).length > 0;
  }

  async decline(id: string, from: string, asking: Asking): Promise<Receipt> {
    const { store } = this.#desk;
    const found = await store.invitation(id);
    if (found === undefined || found.from !== this.#desk.parse(from))
      throw new YitongError('not_found', 'nobody has asked you for such an authorisation');
    const receipt = await this.#desk.recordAct(asking, 'authorisation_declined', found, {});
    const declinedAt = found.declinedAt ?? this.#desk.time();
    await store.putInvitation({ ...found, declinedAt }, this.#keptUntil(found));
    return receipt;
  }

  /** Those that wait for an answer, in the order in which they came. */
  async #unanswered(invitations: readonly Invitation[]): Promise<readonly Invitation[]> {
    const askedOf = [...new Set(invitations.map(({ from }) => from))];
    const given = new Map(
      await Promise.all(askedOf.map(async (from) => [from, await this.#desk.store.given(from)] as const)),
    );
    return invitations.filter((invitation) => this.#isUnanswered(invitation, given.get(invitation.from) ?? []));
  }

  #isUnanswered(invitation: Invitation, given: readonly Authorisation[]): boolean {
    const definition = this.#desk.definitions.get(invitation.report);
    if (definition === undefined) return false;
    const allDomains = definition.domains.map(({ id }) => id);
    return isOpen(invitation, this.#desk.today(), allDomains, given);
  }
}

/** @throws YitongError `bad_request` */
function checkTerm(since: string, until: string, today: Day): void {
  if (!isDay(since) || !isDay(until) || since > until)
    refuse('`since` and `until` are days, `YYYY-MM-DD`, the first not after the second');
  if (until < today) refuse('`until` is over');
  if (Date.parse(until) - Date.parse(since) > MAX_AUTHORISED * DAY)
    refuse(`an authorisation holds ${String(MAX_AUTHORISED)} days at most; it can be given anew`);
}

/** @throws YitongError `bad_request` */
function checkScope(definition: ReportDefinition, { domains, purposes }: AuthorisationRequest): void {
  if (domains !== undefined && !domains.every((id) => definition.domains.some((domain) => domain.id === id)))
    refuse('`domains` names domains of the report');
  if (purposes !== undefined && !purposes.every((id) => definition.purposes.has(id)))
    refuse('`purposes` names purposes of the report');
}
