/**
 * Issued reports: for the company that asked for them, for whoever holds their code, and beside the registers as they
 * are now.
 */
import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { codeHash } from '../../ground/identity/lookup-code.js';
import { verifiedBody } from '../../log/entries/events.js';
import type { Receipt } from '../../log/entries/port.js';
import type { Order } from '../compute/index.js';
import type { Moment } from '../model/model.js';
import { changesSince, type ReportChanges } from './changes.js';
import type { ReportDesk } from './desk.js';
import type { Asking, Look, Verified } from './port.js';
import { partOf, type ReleasedReport, releasedOf } from './released-part.js';
import type { Issued, IssuedRow, Outcome } from './store.js';

/** A report beside the registers: its changes are told to nobody before `record` resolves. */
interface Comparison {
  readonly changes: ReportChanges;
  record(): Promise<Receipt>;
}

const outcomeOf = (changes: ReportChanges | undefined): 'genuine' | 'changed' =>
  changes?.changed === true ? 'changed' : 'genuine';

export class Verifying {
  readonly #desk: ReportDesk;

  constructor(desk: ReportDesk) {
    this.#desk = desk;
  }

  // for the company that asked for the report

  async listFor(subject: string, asking: Asking): Promise<readonly IssuedRow[]> {
    const key = this.#desk.parse(subject);
    const rows = await this.#desk.store.reportsOf(key);
    await this.#desk.recordLook(asking, 'reports', key, {}, rows.length);
    return rows;
  }

  async find(id: string, subject: string, asking: Asking): Promise<Issued & { readonly revokedAt?: Moment }> {
    const issued = await this.#issuedTo(id, subject);
    await this.#desk.recordLook(asking, 'report', issued.issuer, { document: issued.document }, 1);
    const revokedAt = await this.#desk.store.revokedAt(id);
    return { ...issued, ...present({ revokedAt }) };
  }

  async changesOf(id: string, subject: string, asking: Asking): Promise<ReportChanges | undefined> {
    const issued = await this.#issuedTo(id, subject);
    await this.#desk.recordLook(asking, 'report_changes', issued.issuer, { document: issued.document }, 1);
    return this.#compareOnRecord(issued, asking);
  }

  async #issuedTo(id: string, subject: string): Promise<Issued> {
    const issued = await this.#desk.store.report(id);
    if (issued === undefined || issued.issuer !== this.#desk.parse(subject))
      throw new YitongError('not_found', 'there is no such report of this company');
    return issued;
  }

  // for whoever holds its code

  async idOfCode(code: string): Promise<string | undefined> {
    return (await this.#issuedByCode(code))?.id;
  }

  async isCodeOf(id: string, code: string): Promise<boolean> {
    return (await this.idOfCode(code)) === id;
  }

  async verifyCode(code: string, asking: Asking): Promise<Verified> {
    const issued = await this.#issuedByCode(code);
    if (issued === undefined) return this.#verifiedUnknown(asking);
    const revokedAt = await this.#desk.store.revokedAt(issued.id);
    const found = revokedAt === undefined ? await this.#compare(issued, asking) : undefined;
    const outcome = revokedAt === undefined ? outcomeOf(found?.changes) : 'revoked';
    await Promise.all([found?.record(), this.#recordVerified(issued, outcome, asking)]);
    await this.#desk.store.verified(outcome);
    return { outcome, issued, ...present({ revokedAt, changes: found?.changes }) };
  }

  async changes(code: string, asking: Asking): Promise<ReportChanges | undefined> {
    return (await this.verifyCode(code, asking)).changes;
  }

  async #issuedByCode(code: string): Promise<Issued | undefined> {
    const hash = codeHash(code);
    return hash === undefined ? undefined : this.#desk.store.byCode(hash);
  }

  async #verifiedUnknown({ requestId, by }: Asking): Promise<Verified> {
    const { journal, store } = this.#desk;
    await journal.append({ clear: verifiedBody({ time: this.#desk.time(), requestId, by, outcome: 'unknown' }) });
    await store.verified('unknown');
    return { outcome: 'unknown' };
  }

  #recordVerified({ model, document, issuer }: Issued, outcome: Outcome, asking: Asking): Promise<Receipt> {
    return this.#desk.journal.append({
      clear: verifiedBody({
        time: this.#desk.time(),
        requestId: asking.requestId,
        report: model.report,
        document,
        by: asking.by,
        outcome,
      }),
      subject: { subject: issuer, json: JSON.stringify({ ...asking.stated }) },
    });
  }

  // beside the registers as they are now

  async compare(id: string, asking: Asking): Promise<ReportChanges | undefined> {
    const issued = await this.#desk.store.report(id);
    return issued === undefined ? undefined : this.#compareOnRecord(issued, asking);
  }

  async part(id: string, domains: readonly string[], asking: Asking): Promise<ReleasedReport | undefined> {
    const { store } = this.#desk;
    const issued = await store.report(id);
    if (issued === undefined) return undefined;
    if ((await store.revokedAt(id)) !== undefined) throw new YitongError('report_revoked', 'the report was revoked');
    const part = partOf(issued, domains);
    return releasedOf(part.model, await this.#compareOnRecord({ ...issued, ...part }, asking));
  }

  async look(id: string, asking: Asking): Promise<Look | undefined> {
    const { store } = this.#desk;
    const issued = await store.report(id);
    if (issued === undefined) return undefined;
    const revokedAt = await store.revokedAt(id);
    const found = revokedAt === undefined ? await this.#compare(issued, asking) : undefined;
    if (found === undefined && revokedAt === undefined) return undefined;
    const outcome = revokedAt === undefined ? outcomeOf(found?.changes) : 'revoked';
    return {
      outcome,
      issued,
      changes: found?.changes ?? { at: revokedAt ?? '', sections: [] },
      tell: async (by) => {
        await Promise.all([found?.record(), this.#recordVerified(issued, outcome, { ...asking, by })]);
        await store.verified(outcome);
      },
    };
  }

  async #compareOnRecord(issued: Issued, asking: Asking): Promise<ReportChanges | undefined> {
    const found = await this.#compare(issued, asking);
    await found?.record();
    return found?.changes;
  }

  /** Undefined where the report's definition is gone, so that there is nothing to compare it with. */
  async #compare(issued: Issued, asking: Asking): Promise<Comparison | undefined> {
    const order = this.#orderOf(issued);
    if (order === undefined) return undefined;
    const now = await this.#desk.compute(order, asking);
    const changes = changesSince(issued.model, issued.keys, now);
    // no record leaves, only that some changed
    const none = order.subjects.map(() => []);
    return { changes, record: () => this.#desk.recordRelease(now, order, asking, none, canonicalJson(changes)) };
  }

  /** The report as it was asked for, to be computed again. */
  #orderOf({ model }: Issued): Order | undefined {
    const definition = this.#desk.definitions.get(model.report);
    if (definition === undefined) return undefined;
    return {
      definition,
      domains: definition.domains.filter(({ id }) => model.domains.some((domain) => domain.id === id)),
      subjects: model.subjects.map((subject) => ({
        ...subject,
        subject: this.#desk.subjectOf(definition, subject.subject),
      })),
      from: model.range.from,
      to: model.range.to,
      purpose: model.purpose.id,
      bearer: model.bearer,
    };
  }
}
