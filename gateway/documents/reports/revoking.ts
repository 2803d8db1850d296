/** A report that is revoked: on record first, then its code says so, and no credential is made of it any more. */
import { YitongError } from '../../../contracts/errors.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import { administrationBody, verifiedBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import type { Reports } from './port.js';
import type { ReportStore } from './store.js';

const MAX_REASON = 500;
const revoked = (): YitongError => new YitongError('report_revoked', 'the report is revoked');

interface Needs {
  readonly kept: () => ReportStore;
  readonly journal: Journal;
  /** ms since 1970 */
  readonly now: () => number;
  readonly definitions: ReadonlyMap<string, ReportDefinition>;
}

export function revoking({
  kept,
  journal,
  now,
  definitions,
}: Needs): Pick<Reports, 'credentialUntil' | 'remember' | 'revoke' | 'presented' | 'revocations'> {
  return {
    credentialUntil(id) {
      const until = kept().keptUntil(id);
      if (until === undefined) throw new YitongError('not_found', 'there is no such report');
      if (kept().revokedAt(id) !== undefined) throw revoked();
      return until;
    },
    remember(id, place) {
      if (!kept().putPlace(id, place)) throw revoked();
    },
    async revoke(id, reason, asking) {
      const issued = kept().report(id);
      // of another's report nobody is told that there is one
      if (issued === undefined || definitions.get(issued.model.report)?.client !== asking.by)
        throw new YitongError('not_found', 'you have issued no such report');
      const why = reason.trim();
      if (why === '' || why.length > MAX_REASON)
        throw new YitongError('bad_request', `\`reason\` says why, in 1 to ${String(MAX_REASON)} characters`);
      const time = new Date(now()).toISOString();
      const receipt = await journal.append({
        clear: administrationBody({
          time,
          action: 'document_revoked',
          by: asking.by,
          target: id,
          detail: { report: issued.model.report, document: issued.document, requestId: asking.requestId },
        }),
        subject: { subject: issued.issuer, json: JSON.stringify({ ...asking.stated, reason: why }) },
      });
      const done = kept().revoke(id, time);
      if (done === undefined) throw new YitongError('not_found', 'you have issued no such report');
      return { ...done, receipt };
    },
    async presented(outcome, asking, about) {
      const receipt = await journal.append({
        clear: verifiedBody({
          time: new Date(now()).toISOString(),
          requestId: asking.requestId,
          report: about?.report,
          by: asking.by,
          outcome,
        }),
        ...(about === undefined
          ? {}
          : { subject: { subject: about.subject, json: JSON.stringify({ ...asking.stated }) } }),
      });
      await kept().verified(outcome);
      return receipt;
    },
    revocations: () => (definitions.size === 0 ? 0 : kept().revocations()),
  };
}
