import type { SharingMethods } from '../../../gateway/http/api/sharing/client.js';
import type { Calls } from '../calls.js';

const ID = '0123456789abcdef';
const FILE = '0123456789abcdef0123456789abcdef';

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
  useRecords: () => client.useRecords({ lacking: 'true', role: 'sharing-authority' }),
  useRecordsOf: () => client.useRecordsOf('a-0-0-0'),
  recordUse: () =>
    client.recordUse('a-0-0-0', {
      scenario: 'a licence',
      effect: 'no paper',
      storage: 'not kept',
      destruction: 'none yet',
      status: 'in-use',
    }),
  correctionsTold: () => client.correctionsTold({ matter: ID }),
  deputies: () => client.deputies(),
  handOver: () =>
    client.handOver({
      officer: { id: 'yu', role: 'sharing-head' },
      role: 'sharing-head',
      deputy: { id: 'sun', name: 'Sun' },
      name: 'Yu',
      from: '2026-12-07',
      until: '2026-12-11',
      reason: 'a training',
    }),
  takeBack: () => client.takeBack(ID, { officer: { id: 'yu', role: 'sharing-head' } }),
  attachments: () => client.attachments(ID),
  attachment: () => client.attachment(ID, FILE),
  attach: () => client.attach(ID, { to: 'application', kind: 'basis' }, Buffer.from('%PDF-1.7')),
  detach: () => client.detach(ID, FILE),
});
