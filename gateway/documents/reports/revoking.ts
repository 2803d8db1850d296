/** A report that is revoked: on record first, then its code says so, and no credential is made of it any more. */
import { YitongError } from '../../../contracts/errors.js';
import { administrationBody, verifiedBody } from '../../log/entries/events.js';
import type { Receipt } from '../../log/entries/port.js';
import type { StatusPlace } from '../model/status.js';
import type { ReportDesk } from './desk.js';
import type { Asking, Reports } from './port.js';
import type { Outcome } from './store.js';

const MAX_REASON = 500;
const revoked = (): YitongError => new YitongError('report_revoked', 'the report is revoked');

export class Revoking {
  readonly #desk: ReportDesk;

  constructor(desk: ReportDesk) {
    this.#desk = desk;
  }

  async credentialUntil(id: string): Promise<number> {
    const until = await this.#desk.store.keptUntil(id);
    if (until === undefined) throw new YitongError('not_found', 'there is no such report');
    if ((await this.#desk.store.revokedAt(id)) !== undefined) throw revoked();
    return until;
  }

  async remember(id: string, place: StatusPlace): Promise<void> {
    if (!(await this.#desk.store.putPlace(id, place))) throw revoked();
  }

  async revoke(id: string, reason: string, asking: Asking): ReturnType<Reports['revoke']> {
    const issued = await this.#desk.store.report(id);
    // of another's report nobody is told that there is one
    if (issued === undefined || this.#desk.definitions.get(issued.model.report)?.client !== asking.by)
      throw new YitongError('not_found', 'you have issued no such report');
    const why = reason.trim();
    if (why === '' || why.length > MAX_REASON)
      throw new YitongError('bad_request', `\`reason\` says why, in 1 to ${String(MAX_REASON)} characters`);
    const time = this.#desk.time();
    const receipt = await this.#desk.journal.append({
      clear: administrationBody({
        time,
        action: 'document_revoked',
        by: asking.by,
        target: id,
        detail: { report: issued.model.report, document: issued.document, requestId: asking.requestId },
      }),
      subject: { subject: issued.issuer, json: JSON.stringify({ ...asking.stated, reason: why }) },
    });
    const done = await this.#desk.store.revoke(id, time);
    if (done === undefined) throw new YitongError('not_found', 'you have issued no such report');
    return { ...done, receipt };
  }

  async presented(
    outcome: Outcome,
    asking: Asking,
    about?: { readonly report: string; readonly subject: string },
  ): Promise<Receipt> {
    const json = JSON.stringify({ ...asking.stated });
    const receipt = await this.#desk.journal.append({
      clear: verifiedBody({
        time: this.#desk.time(),
        requestId: asking.requestId,
        report: about?.report,
        by: asking.by,
        outcome,
      }),
      ...(about === undefined ? {} : { subject: { subject: about.subject, json } }),
    });
    await this.#desk.store.verified(outcome);
    return receipt;
  }

  async revocations(): Promise<number> {
    return this.#desk.definitions.size === 0 ? 0 : this.#desk.store.revocations();
  }
}
