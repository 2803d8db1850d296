import type { MendsMethods } from '../../../gateway/http/api/mends/client.js';
import type { Calls } from '../calls.js';

const officer = { id: 'chen' };
const DRAFT = '0123456789abcdef';

export const calls = (client: MendsMethods): Calls => ({
  mends: () => client.mends('a.b'),
  proposedMend: () => client.proposedMend('a.b', { code: 'bad_value', field: 'c' }),
  proposeMend: () => client.proposeMend('a.b', { code: 'bad_value', field: 'c', parts: [DRAFT], officer }),
  mend: () => client.mend('a.b', DRAFT),
  actOnMend: () => client.actOnMend('a.b', DRAFT, { act: 'approve', officer }),
});
