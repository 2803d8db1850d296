import type { QuarantineMethods } from '../../../gateway/http/api/quarantine/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: QuarantineMethods): Calls => ({
  quarantine: () => client.quarantine('a.b', { limit: 5, rows: true }),
  retryQuarantine: () => client.retryQuarantine('a.b', ['p1']),
});
