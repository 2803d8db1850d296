import type { ReportsMethods } from '../../../gateway/http/api/reports/client.js';
import type { Calls } from '../calls.js';

const report = {
  report: 'r',
  as: 'a:1',
  subjects: 'group',
  from: '2026-01-01',
  to: '2026-02-01',
  purpose: 'p',
  bearer: 'b',
} as const;

export const calls = (client: ReportsMethods): Calls => ({
  reportDefinitions: () => client.reportDefinitions(),
  previewReport: () => client.previewReport(report),
  issueReport: () => client.issueReport(report),
  listReports: () => client.listReports('a:1'),
  showReport: () => client.showReport('i', 'a:1'),
  authorise: () => client.authorise({ report: 'r', from: 'a:1', to: 'a:2', since: '2026-01-01', until: '2026-02-01' }),
  authorisations: () => client.authorisations('a:1'),
  withdrawAuthorisation: () => client.withdrawAuthorisation('i', 'a:1'),
});
