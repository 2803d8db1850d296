/** Reports that are asked for: their group, how they would look, their issuing, and the mere states of domains. */
import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { codeHash, newCode } from '../../ground/identity/lookup-code.js';
import { issuedBody } from '../../log/entries/events.js';
import type { Receipt } from '../../log/entries/port.js';
import { sha256 } from '../compute/digest.js';
import type { Computed, Order } from '../compute/index.js';
import type { ReportDesk } from './desk.js';
import { type Member, membersOf } from './group.js';
import { membersFor, missingIn } from './members.js';
import type { Asking, IssuedReport, Missing, Preview, ReportRequest, States, StatesRequest } from './port.js';
import { CompanyRegister } from './register.js';
import { type CheckedRequest, checkedRequest } from './request.js';
import { newId } from './store.js';

export class Issuing {
  readonly #desk: ReportDesk;

  constructor(desk: ReportDesk) {
    this.#desk = desk;
  }

  async groupOf(report: string, subject: string, asking: Asking): Promise<readonly Member[]> {
    const definition = this.#desk.definitionOf(report);
    const self = this.#desk.subjectOf(definition, subject);
    const started = this.#desk.now();
    const register = new CompanyRegister(this.#desk, definition, asking);
    const members = register.denied
      ? []
      : await membersOf(self, (company) => register.entry(company), definition.maxSubjects);
    await register.recordRead(self, started, canonicalJson(members));
    return members;
  }

  async preview(request: ReportRequest, asking: Asking): Promise<Preview> {
    const desk = this.#desk;
    const checked = checkedRequest(desk, request);
    const started = desk.now();
    const { members, missing, lacking, order, register } = await membersFor(desk, checked, asking);
    if (lacking.length > 0 || members.length === 0) {
      const receipt = await register.recordRead(checked.asker, started, canonicalJson(members));
      return { members, missing, receipt };
    }
    const found = await desk.compute(order, asking);
    await register.recordLeftOut(order.leftOut, started);
    const receipt = await desk.recordRelease(found, order, asking, found.counts, canonicalJson(found.model));
    return { members, missing, model: found.model, receipt };
  }

  async issue(request: ReportRequest, asking: Asking): Promise<IssuedReport> {
    const desk = this.#desk;
    const checked = checkedRequest(desk, request);
    const { members, included, lacking, order, register } = await membersFor(desk, checked, asking);
    if (members.length === 0) await register.recordRead(checked.asker, desk.now(), '');
    if (lacking.length > 0) await register.recordRead(checked.asker, desk.now(), '');
    refuseUnauthorised(lacking, members);
    const found = await desk.compute(order, asking);
    // what was withdrawn while a large group was read counts
    refuseUnauthorised(await missingIn(desk, checked, included), members);
    const text = canonicalJson(found.model);
    const document = sha256(text);
    const [, , receipt] = await Promise.all([
      register.recordLeftOut(order.leftOut, found.started),
      desk.recordRelease(found, order, asking, found.counts, text),
      this.#recordIssued(checked, found, document, asking),
    ]);
    return this.#keep(checked, found, document, receipt);
  }

  #recordIssued(
    { definition, asker, purpose }: CheckedRequest,
    { model }: Computed,
    document: string,
    { requestId, stated }: Asking,
  ): Promise<Receipt> {
    return this.#desk.journal.append({
      clear: issuedBody({
        time: this.#desk.time(),
        requestId,
        report: definition.id,
        document,
        client: definition.client,
        purpose,
        domains: model.domains.map((domain) => domain.id),
        subjects: model.subjects.length,
        bodySha256: document,
      }),
      subject: { subject: asker, json: JSON.stringify({ ...stated, bearer: model.bearer }) },
    });
  }

  /** What was issued, once it is on record. */
  async #keep(
    { definition, asker }: CheckedRequest,
    { model, keys, started }: Computed,
    document: string,
    receipt: Receipt,
  ): Promise<IssuedReport> {
    const [id, code] = [newId(), newCode()];
    const keptUntil = started + definition.retention;
    await this.#desk.store.putReport({ id, document, issuer: asker, model, keys }, codeHash(code) ?? '', keptUntil);
    return { id, code, document, model, keptUntil: new Date(keptUntil).toISOString(), receipt };
  }

  async states(request: StatesRequest, asking: Asking): Promise<States> {
    const desk = this.#desk;
    const order = this.#stateOrder(request, asking);
    const found = await desk.compute(order, asking);
    const states = statesOf(found, order);
    // no record leaves, only how many there are
    await desk.recordRelease(found, order, asking, [[]], canonicalJson(states));
    return states;
  }

  #stateOrder({ report, subject: text, domains, from, to }: StatesRequest, { by }: Asking): Order {
    const definition = this.#desk.definitionOf(report);
    const subject = this.#desk.subjectOf(definition, text);
    this.#desk.checkDays(from, to);
    return {
      definition,
      domains: this.#desk.domainsOf(definition, domains),
      // the register's name takes the place of the key where there is one
      subjects: [{ subject, name: subject.slice(definition.scheme.length + 1), relation: 'self' }],
      from,
      to,
      purpose: definition.purpose,
      bearer: by,
    };
  }
}

/** How many, and not who: names and codes stand in no message. @throws YitongError `authorisation_missing` */
function refuseUnauthorised(missing: readonly Missing[], members: readonly Member[]): void {
  if (missing.length > 0)
    throw new YitongError(
      'authorisation_missing',
      `${String(missing.length)} of ${String(members.length)} companies have not authorised this; the ` +
        'preview names them',
    );
}

function statesOf({ model: { subjects, domains, sections } }: Computed, order: Order): States {
  const name = subjects[0]?.name;
  return {
    ...(name === undefined || name === order.subjects[0]?.name ? {} : { name }),
    domains: sections.map(({ domain, state, records, asOf }) => ({
      domain: domains[domain]?.id ?? '',
      state,
      ...(records.length === 0 ? {} : { count: records.length }),
      ...present({ asOf }),
    })),
  };
}
