import type { VerifyMethods } from '../../../gateway/http/api/verify/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: VerifyMethods): Calls => ({
  verify: () => client.verify({ purpose: 'p', subject: 'a:1', claims: [{ dataset: 'a.b', field: 'f', value: 1 }] }),
});
