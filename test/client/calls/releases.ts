import type { ReleasesMethods } from '../../../gateway/http/api/releases/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: ReleasesMethods): Calls => ({
  releaseReport: () => client.releaseReport('i', 'a:1', { domains: ['d'] }),
  releaseState: () => client.releaseState('i', 'A'.repeat(43), 'a:1'),
  withdrawRelease: () => client.withdrawRelease('i', 'A'.repeat(43), 'a:1'),
  lookAtReport: () => client.lookAtReport({ code: 'A'.repeat(43) }),
});
