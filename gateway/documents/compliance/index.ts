/** Compliance codes of one face of a worker, answered from the reports of the workspace. */
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import { dayIn } from '../compute/index.js';
import type { GatewayContext } from '../context.js';
import { type Asking, reportsOf } from '../reports/index.js';
import { lastMonths } from './answer.js';
import { type Codes, openCodes } from './codes.js';
import type { Question } from './machine.js';
import { openReleases, type Releases } from './release.js';
import type { Scope } from './release-record.js';
import { codesIn } from './state-store.js';
import { type CodeStore, openCodeStore } from './store.js';

export type { CompanyView, ComplianceAnswer, ScannerView } from './codes.js';
export { codeId } from './codes.js';
export type { Question, Scanner } from './machine.js';
export type { Releases, ReleaseView, Releasing } from './release.js';
export type { ReleaseState, Scope } from './release-record.js';

/** How far back a question may go. */
export const MAX_MONTHS = 120;

export interface Compliance {
  readonly definitions: ReadonlyMap<string, ReportDefinition>;
  /** @throws YitongError `not_found` where the workspace has no report that a code could answer from */
  codes(): Codes;
  /** Issued reports that companies release by a code. @throws YitongError as `codes` */
  releases(): Releases;
  /**
   * What of its report a company releases, checked.
   * @param domains absent: all of them
   * @throws YitongError `bad_request`, `not_found`, `report_revoked`, `audit_unavailable`
   */
  scope(id: string, subject: string, domains: readonly string[] | undefined, asking: Asking): Promise<Scope>;
  /** The last months up to today. @throws YitongError `bad_request` */
  question(asked: { readonly report: string; readonly domains: readonly string[]; readonly months: number }): Question;
  close(): Promise<void>;
}

export async function complianceOf(context: GatewayContext): Promise<Compliance> {
  const { dataDir, state, journal, now } = context;
  const reports = await reportsOf(context);
  const { definitions } = reports;
  let opened: { readonly store: CodeStore; readonly codes: Codes; readonly releases: Releases } | undefined;
  const known = (report: string, domain: string): boolean =>
    definitions.get(report)?.domains.some(({ id }) => id === domain) === true;
  function open(): NonNullable<typeof opened> {
    if (definitions.size === 0)
      throw new YitongError('not_found', 'there is no report from which a code could be answered');
    if (opened === undefined) {
      const store =
        state === undefined ? openCodeStore(join(dataDir, 'reports', 'compliance'), now) : codesIn(state, now);
      const asking = (requestId: string): Asking => ({ requestId, by: 'compliance code' });
      const answer = (subject: string, { report, domains, from, to }: Question, requestId: string) =>
        reports.states({ report, subject, domains, from, to }, asking(requestId));
      const part = ({ id, domains }: Scope, requestId: string) => reports.part(id, domains, asking(requestId));
      opened = {
        store,
        codes: openCodes({ store, journal, now, known, answer }),
        releases: openReleases({ store, journal, now, part }),
      };
    }
    return opened;
  }
  return {
    definitions,
    codes: () => open().codes,
    releases: () => open().releases,
    async scope(id, subject, chosen, asking) {
      const {
        model: {
          report,
          range: { from, to },
          domains: has,
        },
        revokedAt,
      } = await reports.find(id, subject, asking);
      if (revokedAt !== undefined)
        throw new YitongError('report_revoked', 'the report was revoked; it is released to nobody');
      const domains = has.map((domain) => domain.id).filter((domain) => chosen?.includes(domain) !== false);
      if (domains.length === 0 || (chosen !== undefined && chosen.length !== domains.length))
        throw new YitongError('bad_request', '`domains` names domains of the report, each once');
      return { id, report, from, to, domains, whole: domains.length === has.length };
    },
    question({ report, domains, months }) {
      if (!Number.isInteger(months) || months < 1 || months > MAX_MONTHS)
        throw new YitongError('bad_request', `\`months\` is between 1 and ${String(MAX_MONTHS)}`);
      return { report, domains, ...lastMonths(months, dayIn(now())) };
    },
    async close() {
      await opened?.store.close();
      await reports.close();
    },
  };
}
