import type { CredentialsMethods } from '../../../gateway/http/api/credentials/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: CredentialsMethods): Calls => ({
  verifyCredential: () =>
    client.verifyCredential({ presentation: 'p', nonce: '0123456789abcdef', audience: 'a', required: ['d'] }),
  revokeReport: () => client.revokeReport('i', 'r'),
});
