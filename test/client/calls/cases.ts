import type { CasesMethods } from '../../../gateway/http/api/cases/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: CasesMethods): Calls => ({
  cases: () => client.cases({ show: 'open', limit: 3 }),
  openCase: () => client.openCase({ bundle: 'open-company' }, { as: 'cn-id:11010519491231002X' }),
  oneCase: () => client.oneCase('0123456789abcdef'),
  caseForm: () => client.caseForm('0123456789abcdef', { as: 'cn-id:11010519491231002X' }),
  actOnCase: () => client.actOnCase('0123456789abcdef', { act: 'submit' }),
  caseMaterials: () => client.caseMaterials('0123456789abcdef', { as: 'cn-id:11010519491231002X' }),
  caseMaterial: () => client.caseMaterial('0123456789abcdef', 'application'),
  putCaseMaterial: () => client.putCaseMaterial('0123456789abcdef', 'plan', Buffer.from('%PDF-1.7')),
  caseEvents: () => client.caseEvents('0123456789abcdef', 1),
});
