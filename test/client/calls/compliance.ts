import type { ComplianceMethods } from '../../../gateway/http/api/compliance/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: ComplianceMethods): Calls => ({
  scan: () => client.scan({ code: 'A'.repeat(43), report: 'r', domains: ['d'], months: 3 }),
  scanAnswer: () => client.scanAnswer(`${'A'.repeat(43)}.${'B'.repeat(43)}`),
});
