/** Compliance codes of one face of a worker, answered from the reports of the workspace. */
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import type { GatewayContext } from '../../context.js';
import { dayIn } from '../compute/index.js';
import { reportsOf } from '../index.js';
import { lastMonths, openCodes, type Codes } from './codes.js';
import type { Question } from './machine.js';
import { openCodeStore, type CodeStore } from './store.js';

export type { CompanyView, ComplianceAnswer, ScannerView } from './codes.js';
export { codeId } from './codes.js';
export type { Question, Scanner } from './machine.js';

/** How far back a question may go. */
export const MAX_MONTHS = 120;

export interface Compliance {
  readonly definitions: ReadonlyMap<string, ReportDefinition>;
  /** @throws YitongError `not_found` where the workspace has no report that a code could answer from */
  codes(): Codes;
  /** The last months up to today. @throws YitongError `bad_request` */
  question(asked: { readonly report: string; readonly domains: readonly string[]; readonly months: number }): Question;
  close(): Promise<void>;
}

export async function complianceOf(context: GatewayContext): Promise<Compliance> {
  const { dataDir, journal, now } = context;
  const reports = await reportsOf(context);
  const { definitions } = reports;
  let opened: { readonly store: CodeStore; readonly codes: Codes } | undefined;
  const known = (report: string, domain: string): boolean => definitions.get(report)?.domains.some(({ id }) => id === domain) === true;
  return {
    definitions,
    codes() {
      if (definitions.size === 0) throw new YitongError('not_found', 'there is no report from which a code could be answered');
      if (opened === undefined) {
        const store = openCodeStore(join(dataDir, 'reports', 'compliance'), now);
        const answer = (subject: string, { report, domains, from, to }: Question, requestId: string) => reports.states({ report, subject, domains, from, to }, { requestId, by: 'compliance code' });
        opened = { store, codes: openCodes({ store, journal, now, known, answer }) };
      }
      return opened.codes;
    },
    question({ report, domains, months }) {
      if (!Number.isInteger(months) || months < 1 || months > MAX_MONTHS) throw new YitongError('bad_request', `\`months\` is between 1 and ${String(MAX_MONTHS)}`);
      return { report, domains, ...lastMonths(months, dayIn(now())) };
    },
    async close() {
      await opened?.store.close();
      await reports.close();
    },
  };
}
