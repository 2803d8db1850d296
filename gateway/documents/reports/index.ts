/**
 * Reports (专用信用报告 and its like): the port for services and pages. Each function puts on record what it tells before it
 * tells it.
 */

import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { loadReports, type ReportDefinition } from '../../../contracts/reports.js';
import { parseSubject } from '../../answer/question/request.js';
import type { ActionName, LookName } from '../../log/entries/actions.js';
import { administrationBody, issuedBody, lookedBody, verifiedBody } from '../../log/entries/events.js';
import type { Receipt } from '../../log/entries/port.js';
import { sha256 } from '../compute/digest.js';
import { type Computed, dayIn, type Order, openComputing } from '../compute/index.js';
import { isDay } from '../compute/rules.js';
import type { GatewayContext } from '../context.js';
import { noMarks, type RecordMarks } from '../model/marks.js';
import { type Authorisation, type Invitation, isOpen, missingAuthorisations } from './authorisation.js';
import { changesSince, type ReportChanges } from './changes.js';
import { codeHash, newCode } from './code.js';
import { type Entry, entryOf, type Member, membersOf, namedMembers, subjectsOf } from './group.js';
import { partOf, releasedOf } from './part.js';
import type { Asking, Missing, ReportRequest, Reports, Verified } from './port.js';
import { release } from './release.js';
import { revoking } from './revoking.js';
import { type Issued, NO_NUMBERS, newId, type Outcome, openReportStore, type ReportStore } from './store.js';

export type { Authorisation, Invitation } from './authorisation.js';
export type { RecordChange, ReportChanges, SectionChange } from './changes.js';
export type { Member } from './group.js';
export type * from './port.js';
export type { Issued, IssuedRow, Numbers, Outcome } from './store.js';

const MAX_BEARER = 200;
/** The longest that one authorisation holds, in days. */
const MAX_AUTHORISED = 366;
/** Days within which an invitation can be answered. */
const INVITED = 90;
const DAY = 86_400_000;
const SWEEP = 3_600_000;

type Needs = Pick<GatewayContext, 'workspace' | 'view' | 'inForce' | 'now' | 'journal' | 'dataDir'>;

/** @throws YitongError `bad_report` */
export async function openReports(context: Needs, marks: RecordMarks = noMarks): Promise<Reports> {
  const definitions = await loadReports(context.workspace);
  // opened with the first question: a workspace without reports has no folder of them
  let store: ReportStore | undefined;
  const kept = (): ReportStore => (store ??= openReportStore(context.dataDir));
  const { workspace, journal, now } = context;
  const computing = openComputing(context, marks);
  const sweeping = setInterval(() => definitions.size > 0 && kept().sweep(now()), SWEEP).unref();

  let closing: Promise<void> | undefined;
  async function end(): Promise<void> {
    clearInterval(sweeping);
    await store?.close();
  }

  function definitionOf(report: string): ReportDefinition {
    const found = definitions.get(report);
    if (found === undefined) throw new YitongError('not_found', 'there is no such report');
    return found;
  }
  function subjectOf(definition: ReportDefinition, text: string): SubjectKey {
    const subject = parseSubject(text, workspace.schemes);
    if (!subject.startsWith(`${definition.scheme}:`))
      throw new YitongError('bad_subject', `the subjects of the report are keyed by \`${definition.scheme}\``);
    return subject;
  }
  const refuse = (what: string): never => {
    throw new YitongError('bad_request', what);
  };

  interface Checked extends Omit<Order, 'subjects' | 'leftOut'> {
    readonly asker: SubjectKey;
    readonly named: 'group' | readonly SubjectKey[];
    readonly leaveOut: boolean;
  }
  function checkDays(from: string, to: string): void {
    if (!isDay(from) || !isDay(to) || from > to)
      refuse('`from` and `to` are days, `YYYY-MM-DD`, the first not after the second');
    if (to > dayIn(now())) refuse('`to` lies in the future');
  }
  function domainsOf({ domains }: ReportDefinition, ids: readonly string[]): Order['domains'] {
    const found = domains.filter(({ id }) => ids.includes(id));
    if (found.length === 0 || found.length !== ids.length)
      refuse('`domains` names each domain of the report that is asked for, once');
    return found;
  }
  function checked(request: ReportRequest): Checked {
    const definition = definitionOf(request.report);
    const { from, to, purpose } = request;
    checkDays(from, to);
    if (!definition.purposes.has(purpose))
      refuse(`\`purpose\` must be one of ${[...definition.purposes.keys()].map((id) => `\`${id}\``).join(', ')}`);
    const bearer = request.bearer.trim();
    if (bearer === '' || bearer.length > MAX_BEARER)
      refuse(`\`bearer\` names who is shown the report, in 1 to ${String(MAX_BEARER)} characters`);
    const domains = domainsOf(definition, request.domains ?? definition.domains.map(({ id }) => id));
    const asker = subjectOf(definition, request.as);
    const named = request.subjects === 'group' ? 'group' : request.subjects.map((text) => subjectOf(definition, text));
    if (named !== 'group' && (named.length === 0 || new Set(named).size !== named.length))
      refuse('`subjects` names each company once, and at least one');
    if (named.length > definition.maxSubjects && named !== 'group')
      refuse(`the report is about ${String(definition.maxSubjects)} companies at most`);
    return { definition, domains, from, to, purpose, bearer, asker, named, leaveOut: request.leaveOut === true };
  }

  /** The register, read as it is needed; how many entries of whom is known afterwards. */
  function register(definition: ReportDefinition, asking: Asking) {
    const plan = computing.registerPlan(definition, asking.stated);
    const scheme = workspace.schemes.get(definition.scheme);
    const read = new Map<SubjectKey, Entry>();
    const entry = (subject: SubjectKey): Entry => {
      let known = read.get(subject);
      if (known === undefined) {
        const [row] = computing.reader.one(plan, subject)[0] ?? [];
        read.set(
          subject,
          (known =
            row === undefined || scheme === undefined ? { related: [] } : entryOf(definition, scheme, row.value)),
        );
      }
      return known;
    };
    return { plan, entry, read };
  }
  async function released(
    definition: ReportDefinition,
    asking: Asking,
    started: number,
    { plan, read }: ReturnType<typeof register>,
    self: SubjectKey,
    body: string,
  ): Promise<Receipt> {
    const subjects = read.size === 0 ? [self] : [...read.keys()];
    const counts = subjects.map((subject) => [read.get(subject)?.name === undefined ? 0 : 1]);
    const receipt = await release(journal, {
      plan,
      client: computing.clientOf(definition),
      purpose: definition.purpose,
      report: definition.id,
      ...asking,
      started,
      subjects,
      counts,
      body,
    });
    if (plan.read.length === 0) throw new YitongError('denied', 'the register of companies may not be asked');
    return receipt;
  }

  /** Who is left out is told by name, and so is on record. */
  async function releasedNames(
    { leftOut = [], definition }: Order,
    asking: Asking,
    started: number,
    { plan }: ReturnType<typeof register>,
  ): Promise<void> {
    if (leftOut.length === 0) return;
    const subjects = leftOut.map(({ subject }) => subject as SubjectKey);
    await release(journal, {
      plan,
      client: computing.clientOf(definition),
      purpose: definition.purpose,
      report: definition.id,
      ...asking,
      started,
      subjects,
      counts: subjects.map(() => [1]),
      body: canonicalJson(leftOut),
    });
  }

  interface Found {
    readonly members: readonly Member[];
    readonly missing: readonly Missing[];
    /** Those of the members whom the report is about. */
    readonly kept: readonly Member[];
    /** What is missing and not left out: while there is any, there is no report. */
    readonly lacking: readonly Missing[];
    readonly order: Order;
    readonly company: ReturnType<typeof register>;
  }
  function missingOf({ definition, asker, domains, purpose }: Checked, members: readonly Member[]): readonly Missing[] {
    const asked = {
      report: definition.id,
      by: asker,
      domains: domains.map(({ id }) => id),
      purpose,
      today: dayIn(now()),
    };
    return missingAuthorisations(members, asked, (company) => kept().given(company)).map((member) => {
      const { subject, company } = members[member]!;
      return { member, company: company ?? subject };
    });
  }
  function membersFor(given: Checked, asking: Asking): Found {
    const { definition, asker, named, leaveOut, ...rest } = given;
    const company = register(definition, asking);
    const { entry } = company;
    const denied = company.plan.read.length === 0;
    const group = denied
      ? []
      : membersOf(asker, entry, named === 'group' ? definition.maxSubjects : Math.max(definition.maxSubjects, 10_000));
    const members = named === 'group' || denied ? group : namedMembers(group, named, entry);
    const missing = missingOf(given, members);
    const out = new Set(leaveOut ? missing.map(({ member }) => member) : []);
    const kept = members.filter((_, i) => !out.has(i));
    const leftOut = members.flatMap(({ subject, name, relation }, i) =>
      out.has(i) ? [{ subject, name, relation }] : [],
    );
    return {
      members,
      kept,
      lacking: out.size > 0 && kept.length > 0 ? [] : missing,
      missing,
      company,
      order: { definition, ...rest, subjects: subjectsOf(kept), leftOut },
    };
  }

  async function computed(order: Order, asking: Asking): Promise<Computed> {
    const of = order.subjects.length;
    return computing.compute(order, asking.stated, (done) => asking.progress?.(done, of));
  }
  const releaseOf = (
    { plan, client, started }: Computed,
    order: Order,
    asking: Asking,
    counts: readonly (readonly number[])[],
    body: string,
  ): Promise<Receipt> =>
    release(journal, {
      plan,
      client,
      purpose: order.definition.purpose,
      report: order.definition.id,
      ...asking,
      started,
      subjects: order.subjects.map(({ subject }) => subject),
      counts,
      body,
    });

  /** What differs; it is told to nobody before `release` is on record. */
  async function differing(
    issued: Issued,
    asking: Asking,
  ): Promise<{ readonly changes: ReportChanges; release(): Promise<unknown> } | undefined> {
    const { model, keys } = issued;
    const definition = definitions.get(model.report);
    if (definition === undefined) return undefined;
    const domains = definition.domains.filter(({ id }) => model.domains.some((one) => one.id === id));
    const subjects = model.subjects.map((one) => ({ ...one, subject: subjectOf(definition, one.subject) }));
    const order: Order = {
      definition,
      domains,
      subjects,
      from: model.range.from,
      to: model.range.to,
      purpose: model.purpose.id,
      bearer: model.bearer,
    };
    const now = await computed(order, asking);
    const changes = changesSince(model, keys, now);
    // no record leaves, only that some changed
    return {
      changes,
      release: () =>
        releaseOf(
          now,
          order,
          asking,
          order.subjects.map(() => []),
          canonicalJson(changes),
        ),
    };
  }
  async function compared(issued: Issued, asking: Asking): Promise<ReportChanges | undefined> {
    const found = await differing(issued, asking);
    await found?.release();
    return found?.changes;
  }

  const keyIn = (subject: SubjectKey): string => subject.slice(subject.indexOf(':') + 1);
  const isUnanswered = (one: Invitation): boolean => {
    const definition = definitions.get(one.report);
    return (
      definition !== undefined &&
      isOpen(
        one,
        dayIn(now()),
        definition.domains.map(({ id }) => id),
        kept().given(one.from),
      )
    );
  };

  const administration = (
    asking: Asking,
    action: ActionName,
    one: Pick<Authorisation, 'id' | 'report' | 'from' | 'to'>,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<Receipt> =>
    journal.append({
      clear: administrationBody({
        time: new Date(now()).toISOString(),
        action,
        by: asking.by,
        target: one.id,
        detail: { report: one.report, ...detail },
      }),
      subject: { subject: one.from, json: JSON.stringify({ ...asking.stated, to: one.to }) },
    });

  const looked = (
    asking: Asking,
    action: LookName,
    subject: SubjectKey,
    detail: Readonly<Record<string, unknown>>,
    results: number,
  ): Promise<Receipt> =>
    journal.append({
      clear: lookedBody({
        time: new Date(now()).toISOString(),
        requestId: asking.requestId,
        action,
        role: asking.by,
        detail,
        results,
      }),
      subject: { subject, json: JSON.stringify({ ...asking.stated }) },
    });

  async function verifyCode(code: string, asking: Asking): Promise<Verified> {
    const hash = codeHash(code);
    const issued = hash === undefined ? undefined : kept().byCode(hash);
    const time = (): string => new Date(now()).toISOString();
    if (issued === undefined) {
      await journal.append({
        clear: verifiedBody({ time: time(), requestId: asking.requestId, by: asking.by, outcome: 'unknown' }),
      });
      await kept().verified('unknown');
      return { outcome: 'unknown' };
    }
    const revokedAt = kept().revokedAt(issued.id);
    const found = revokedAt === undefined ? await differing(issued, asking) : undefined;
    const outcome = revokedAt === undefined ? outcomeOf(found?.changes) : 'revoked';
    await Promise.all([found?.release(), seen(issued, outcome, asking)]);
    await kept().verified(outcome);
    return {
      outcome,
      issued,
      ...present({ revokedAt }),
      ...(found === undefined ? {} : { changes: found.changes }),
    };
  }
  const outcomeOf = (changes: ReportChanges | undefined): 'genuine' | 'changed' =>
    changes?.changed === true ? 'changed' : 'genuine';
  const seen = ({ model, document, issuer }: Issued, outcome: Outcome, asking: Asking): Promise<Receipt> =>
    journal.append({
      clear: verifiedBody({
        time: new Date(now()).toISOString(),
        requestId: asking.requestId,
        report: model.report,
        document,
        by: asking.by,
        outcome,
      }),
      subject: { subject: issuer, json: JSON.stringify({ ...asking.stated }) },
    });

  function ownReport(id: string, subject: string): Issued {
    const issued = kept().report(id);
    if (issued === undefined || issued.issuer !== parseSubject(subject, workspace.schemes))
      throw new YitongError('not_found', 'there is no such report of this company');
    return issued;
  }

  return {
    definitions,

    async groupOf(report, subject, asking) {
      const definition = definitionOf(report);
      const self = subjectOf(definition, subject);
      const started = now();
      const company = register(definition, asking);
      const members = company.plan.read.length === 0 ? [] : membersOf(self, company.entry, definition.maxSubjects);
      await released(definition, asking, started, company, self, canonicalJson(members));
      return members;
    },

    async preview(request, asking) {
      const given = checked(request);
      const started = now();
      const { members, missing, lacking, order, company } = membersFor(given, asking);
      if (lacking.length > 0 || members.length === 0) {
        const receipt = await released(given.definition, asking, started, company, given.asker, canonicalJson(members));
        return { members, missing, receipt };
      }
      const found = await computed(order, asking);
      await releasedNames(order, asking, started, company);
      const receipt = await releaseOf(found, order, asking, found.counts, canonicalJson(found.model));
      return { members, missing, model: found.model, receipt };
    },

    async issue(request, asking) {
      const given = checked(request);
      const { definition, asker } = given;
      const { members, kept: about, lacking, order, company } = membersFor(given, asking);
      if (members.length === 0) await released(definition, asking, now(), company, asker, '');
      // how many, and not who: names and codes stand in no message
      const unauthorised = (missing: readonly Missing[]): void => {
        if (missing.length > 0)
          throw new YitongError(
            'authorisation_missing',
            `${String(missing.length)} of ${String(members.length)} companies have not authorised this; the ` +
              'preview names them',
          );
      };
      if (lacking.length > 0) await released(definition, asking, now(), company, asker, '');
      unauthorised(lacking);
      const found = await computed(order, asking);
      // what was withdrawn while a large group was read counts
      unauthorised(missingOf(given, about));
      const { model, keys } = found;
      const text = canonicalJson(model);
      const document = sha256(text);
      const id = newId();
      const code = newCode();
      const [, , receipt] = await Promise.all([
        releasedNames(order, asking, found.started, company),
        releaseOf(found, order, asking, found.counts, text),
        journal.append({
          clear: issuedBody({
            time: new Date(now()).toISOString(),
            requestId: asking.requestId,
            report: definition.id,
            document,
            client: definition.client,
            purpose: given.purpose,
            domains: model.domains.map((domain) => domain.id),
            subjects: model.subjects.length,
            bodySha256: sha256(text),
          }),
          subject: { subject: asker, json: JSON.stringify({ ...asking.stated, bearer: model.bearer }) },
        }),
      ]);
      const keptUntil = found.started + definition.retention;
      kept().putReport({ id, document, issuer: asker, model, keys }, codeHash(code) ?? '', keptUntil);
      return { id, code, document, model, keptUntil: new Date(keptUntil).toISOString(), receipt };
    },

    async states({ report, subject: text, domains: ids, from, to }, asking) {
      const definition = definitionOf(report);
      const subject = subjectOf(definition, text);
      checkDays(from, to);
      const key = subject.slice(definition.scheme.length + 1);
      const order: Order = {
        definition,
        domains: domainsOf(definition, ids),
        subjects: [{ subject, name: key, relation: 'self' }],
        from,
        to,
        purpose: definition.purpose,
        bearer: asking.by,
      };
      const found = await computed(order, asking);
      const { subjects, domains, sections } = found.model;
      const name = subjects[0]?.name;
      const states = {
        ...(name === undefined || name === key ? {} : { name }),
        domains: sections.map(({ domain, state, records, asOf }) => ({
          domain: domains[domain]?.id ?? '',
          state,
          ...(records.length === 0 ? {} : { count: records.length }),
          ...present({ asOf }),
        })),
      };
      // no record leaves, only how many there are
      await releaseOf(found, order, asking, [[]], canonicalJson(states));
      return states;
    },

    async listFor(subject, asking) {
      const key = parseSubject(subject, workspace.schemes);
      const rows = kept().reportsOf(key);
      await looked(asking, 'reports', key, {}, rows.length);
      return rows;
    },
    async find(id, subject, asking) {
      const issued = ownReport(id, subject);
      await looked(asking, 'report', issued.issuer, { document: issued.document }, 1);
      const revokedAt = kept().revokedAt(id);
      return { ...issued, ...present({ revokedAt }) };
    },
    async changesOf(id, subject, asking) {
      const issued = ownReport(id, subject);
      await looked(asking, 'report_changes', issued.issuer, { document: issued.document }, 1);
      return compared(issued, asking);
    },
    isCodeOf(id, code) {
      const hash = codeHash(code);
      return hash !== undefined && kept().byCode(hash)?.id === id;
    },

    verifyCode,
    async compare(id, asking) {
      const issued = kept().report(id);
      return issued === undefined ? undefined : compared(issued, asking);
    },
    async part(id, domains, asking) {
      const issued = kept().report(id);
      if (issued === undefined) return undefined;
      if (kept().revokedAt(id) !== undefined) throw new YitongError('report_revoked', 'the report was revoked');
      const part = partOf(issued, domains);
      return releasedOf(part.model, await compared({ ...issued, ...part }, asking));
    },
    ...revoking({ kept, journal, now, definitions }),
    idOfCode(code) {
      const hash = codeHash(code);
      return hash === undefined ? undefined : kept().byCode(hash)?.id;
    },
    keptUntil: (id) => kept().keptUntil(id),
    async look(id, asking) {
      const issued = kept().report(id);
      const revokedAt = kept().revokedAt(id);
      const found = issued === undefined || revokedAt !== undefined ? undefined : await differing(issued, asking);
      if (issued === undefined || (found === undefined && revokedAt === undefined)) return undefined;
      const outcome = revokedAt === undefined ? outcomeOf(found?.changes) : 'revoked';
      return {
        outcome,
        issued,
        changes: found?.changes ?? { at: revokedAt ?? '', sections: [] },
        async tell(by) {
          await Promise.all([found?.release(), seen(issued, outcome, { ...asking, by })]);
          await kept().verified(outcome);
        },
      };
    },
    numbers: () => (definitions.size === 0 ? NO_NUMBERS : kept().numbers()),
    changes: async (code, asking) => (await verifyCode(code, asking)).changes,

    async authorise(request, asking) {
      const definition = definitionOf(request.report);
      const [from, to] = [subjectOf(definition, request.from), subjectOf(definition, request.to)];
      const { since, until, domains, purposes } = request;
      if (from === to) refuse('a company asks about itself without an authorisation');
      if (!isDay(since) || !isDay(until) || since > until)
        refuse('`since` and `until` are days, `YYYY-MM-DD`, the first not after the second');
      if (until < dayIn(now())) refuse('`until` is over');
      if (Date.parse(until) - Date.parse(since) > MAX_AUTHORISED * DAY)
        refuse(`an authorisation holds ${String(MAX_AUTHORISED)} days at most; it can be given anew`);
      if (domains !== undefined && !domains.every((id) => definition.domains.some((domain) => domain.id === id)))
        refuse('`domains` names domains of the report');
      if (purposes !== undefined && !purposes.every((id) => definition.purposes.has(id)))
        refuse('`purposes` names purposes of the report');
      const authorisation: Authorisation = {
        id: newId(),
        report: definition.id,
        from,
        to,
        since,
        until,
        recordedAt: new Date(now()).toISOString(),
        ...(domains === undefined ? {} : { domains: [...domains] }),
        ...(purposes === undefined ? {} : { purposes: [...purposes] }),
      };
      const receipt = await administration(asking, 'authorisation_recorded', authorisation, {
        since,
        until,
        domains: authorisation.domains,
        purposes: authorisation.purposes,
      });
      kept().putAuthorisation(authorisation, Date.parse(until) + definition.retention);
      return { authorisation, receipt };
    },

    async withdraw(id, from, asking) {
      const found = kept().authorisation(id);
      if (found === undefined || found.from !== parseSubject(from, workspace.schemes))
        throw new YitongError('not_found', 'you have given no such authorisation');
      const receipt = await administration(asking, 'authorisation_withdrawn', found, {});
      kept().putAuthorisation(
        { ...found, withdrawnAt: found.withdrawnAt ?? new Date(now()).toISOString() },
        Date.parse(found.until) + (definitions.get(found.report)?.retention ?? 0),
      );
      return receipt;
    },

    async authorisationsOf(subject, asking) {
      const key = parseSubject(subject, workspace.schemes);
      const invited = kept().invited(key).filter(isUnanswered);
      const inviting = kept().inviting(key).filter(isUnanswered);
      const found = { given: kept().given(key), received: kept().received(key), invited, inviting };
      await looked(
        asking,
        'authorisations',
        key,
        {},
        found.given.length + found.received.length + invited.length + inviting.length,
      );
      return found;
    },

    async invite(request, asking) {
      const given = checked(request);
      const { definition, asker, domains, purpose, bearer } = given;
      const started = now();
      const { members, missing, company } = membersFor(given, asking);
      const companies = [...new Set(missing.map((one) => one.company))];
      // read before it is said what was read
      const names = new Map([asker, ...companies].map((one) => [one, company.entry(one).name ?? keyIn(one)]));
      await released(definition, asking, started, company, asker, canonicalJson(members));
      const nameOf = (one: SubjectKey): string => names.get(one) ?? keyIn(one);
      const all = domains.length === definition.domains.length;
      const until = dayIn(started + INVITED * DAY);
      const same = (one: Invitation): boolean =>
        one.report === definition.id &&
        one.to === asker &&
        one.purposes.includes(purpose) &&
        (one.domains === undefined || domains.every(({ id }) => one.domains?.includes(id)));
      return Promise.all(
        companies.map(async (from) => {
          const known = kept()
            .invited(from)
            .find(
              (one) =>
                same(one) && (isUnanswered(one) || (one.declinedAt !== undefined && dayIn(started) <= one.until)),
            );
          if (known !== undefined) return known;
          const invitation: Invitation = {
            id: newId(),
            report: definition.id,
            from,
            to: asker,
            names: { from: nameOf(from), to: nameOf(asker) },
            ...(all ? {} : { domains: domains.map(({ id }) => id) }),
            purposes: [purpose],
            bearer,
            invitedAt: new Date(started).toISOString(),
            until,
          };
          await administration(asking, 'authorisation_requested', invitation, {
            until,
            domains: invitation.domains,
            purposes: invitation.purposes,
          });
          kept().putInvitation(invitation, Date.parse(until) + definition.retention);
          return invitation;
        }),
      );
    },

    isInvited(subject, id) {
      const key = parseSubject(subject, workspace.schemes);
      return (
        definitions.size > 0 &&
        kept()
          .invited(key)
          .some((one) => isUnanswered(one) && (id === undefined || one.id === id))
      );
    },

    async decline(id, from, asking) {
      const found = kept().invitation(id);
      if (found === undefined || found.from !== parseSubject(from, workspace.schemes))
        throw new YitongError('not_found', 'nobody has asked you for such an authorisation');
      const receipt = await administration(asking, 'authorisation_declined', found, {});
      kept().putInvitation(
        { ...found, declinedAt: found.declinedAt ?? new Date(now()).toISOString() },
        Date.parse(found.until) + (definitions.get(found.report)?.retention ?? 0),
      );
      return receipt;
    },

    hasAuthorised(report, from, to) {
      const [giver, taker] = [parseSubject(from, workspace.schemes), parseSubject(to, workspace.schemes)];
      return kept()
        .given(giver)
        .some(
          (one) =>
            one.report === report && one.to === taker && (one.withdrawnAt !== undefined || one.until >= dayIn(now())),
        );
    },
    sweep: (at) => kept().sweep(at),
    // by each service that uses them
    close: () => (closing ??= end()),
  };
}

const opened = new WeakMap<object, Promise<Reports>>();

/** The reports of one face of a worker, opened with the first question. */
export function reportsOf(context: GatewayContext): Promise<Reports> {
  let known = opened.get(context);
  if (known === undefined) opened.set(context, (known = openReports(context, context.tickets.effects)));
  return known;
}
