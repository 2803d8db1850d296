import type { SharingMethods } from '../../../gateway/http/api/sharing/client.js';
import type { Calls } from '../calls.js';

const ID = '0123456789abcdef';

export const calls = (client: SharingMethods): Calls => ({
  matters: () => client.matters({ tray: 'open', machine: 'application', limit: 3 }),
  matter: () => client.matter(ID),
  openMatter: () => client.openMatter({ machine: 'application', act: 'draft', content: { datasets: [] } }),
  actOnMatter: () => client.actOnMatter(ID, { act: 'x', part: 'a.b' }),
  standingConsents: () => client.standingConsents(),
  consentStanding: () => client.consentStanding('a.b', { reason: 'once for all' }),
  withdrawStanding: () => client.withdrawStanding('a.b', { reason: 'no longer' }),
  sharingStatistics: () => client.sharingStatistics({ period: '2026-Q3', role: 'sharing-authority' }),
  sharingDocument: () => client.sharingDocument(ID),
});
