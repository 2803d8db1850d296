import type { DocumentsMethods } from '../../../gateway/http/api/documents/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: DocumentsMethods): Calls => ({
  verifyDocuments: () => client.verifyDocuments({ codes: ['c'], watch: 'P1D' }),
  documentChanges: () => client.documentChanges(3, 5),
});
